"""The MLflow UI over the store of the sessions: one lean server in the background, on loopback only.

What is running is written to `<root>/ui/server.json`, so that nothing needs mlflow to find it; importing this module
is cheap.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from with_tracking import archive, config, paths, processes
from with_tracking.errors import WithTrackingError
from with_tracking.store import local_store
from with_tracking.store.logged import without_password
from with_tracking.ui_address import experiment_id, is_healthy, runs_view

HOST = "127.0.0.1"
FIRST_PORT, PORTS_TO_TRY = 5000, 20
READY_SECONDS, STOP_SECONDS = 90.0, 10.0
LEAN = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
"""Two processes and 0.5 GB instead of eleven and 2 GB."""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A server that was started: server.json."""

    pid: int
    port: int
    started_at: datetime
    url: str
    tracking_uri: str


def running(root: Path) -> Server | None:
    """Return the server that runs over this root, None if there is none (also if only its file is left)."""
    try:
        server = msgspec.json.decode(_state_file(root).read_bytes(), type=Server)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return server if processes.is_running(server.pid, server.started_at) else None


def running_url(root: Path) -> str | None:
    """Return the address of the sessions in the running UI, None if it is not running."""
    server = running(root)
    return server.url if server else None


def start(root: Path, settings: config.Mlflow, port: int | None, say: Callable[[str], None]) -> Server:
    """Start the server, wait until it answers and return it; one that already runs is returned as it is.

    Raises WithTrackingError if the port belongs to something else or the server does not come up.
    """
    tracking_uri = settings.tracking_uri or local_store.uri(paths.local_store(root))
    folder = _state_file(root).parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with archive.lock(folder):
        if server := running(root):
            return _same_or_refused(server, port)
        chosen = _free_port(port, say)
        database = local_store.database_of(tracking_uri)
        if database is not None:
            local_store.ensure(database)
        began = datetime.now(UTC)
        process = _spawn(folder, tracking_uri, chosen)
        base = f"http://{HOST}:{chosen}"
        _wait_until_ready(process, base, folder / "server.log")
        location = local_store.artifacts_uri(database) if database else None
        url = runs_view(base, experiment_id(base, settings.experiment_name, location))
        server = Server(
            pid=process.pid, port=chosen, started_at=began, url=url, tracking_uri=without_password(tracking_uri)
        )
        archive.write_whole(_state_file(root), msgspec.json.encode(server) + b"\n")
        return server


def stop(root: Path) -> Server | None:
    """Stop the server and wait until it is gone; return what was running, None if nothing was."""
    server = running(root)
    if server is not None:
        _end(server.pid)
    _state_file(root).unlink(missing_ok=True)
    return server


def check_port(wanted: int) -> None:
    """Raise WithTrackingError if something else listens on this port."""
    if not _is_free(wanted):
        other = next((port for port in range(wanted + 1, min(wanted + PORTS_TO_TRY, 65536)) if _is_free(port)), 0)
        raise WithTrackingError(f"Port {wanted} is in use by something else", f"start-mlflow start --port {other}")


def _state_file(root: Path) -> Path:
    return root / "ui" / "server.json"


def _same_or_refused(server: Server, port: int | None) -> Server:
    if port in (None, server.port):
        return server
    raise WithTrackingError(f"The UI already runs on port {server.port}", f"start-mlflow restart --port {port}")


def _free_port(wanted: int | None, say: Callable[[str], None]) -> int:
    """Return the wanted port, or the first one that is free if none was asked for."""
    candidates = range(FIRST_PORT, FIRST_PORT + PORTS_TO_TRY)
    free = (port for port in candidates if _is_free(port))
    if wanted is not None:
        check_port(wanted)
        return wanted
    chosen = next(free, None)
    if chosen is None:
        last = candidates[-1]
        raise WithTrackingError(f"Ports {FIRST_PORT} to {last} are all in use", "start-mlflow start --port 8765")
    if chosen != FIRST_PORT:
        say(f"Port {FIRST_PORT} is in use by something else; taking {chosen}.")
    return chosen


def _is_free(port: int) -> bool:
    """Tell whether a server could listen there; a port that only waits for old connections to fade is free."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
            tried.listen()
        except OSError:
            return False
    return True


def _spawn(folder: Path, tracking_uri: str, port: int) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, so that it outlives the terminal and can be ended as a whole."""
    database = local_store.database_of(tracking_uri)
    artifacts = ["--artifacts-destination", local_store.artifacts_uri(database)] if database else []
    command = [sys.executable, "-m", "mlflow", "server", *artifacts]
    command += ["--host", HOST, "--port", str(port), "--workers", "1"]
    own = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    with archive.private(), open(folder / "server.log", "wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env={
                **own,
                **LEAN,
                "MLFLOW_BACKEND_STORE_URI": tracking_uri,
            },  # its password is no one's who lists processes
            start_new_session=True,
        )


def _wait_until_ready(process: subprocess.Popen[bytes], base: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if is_healthy(base):
            return
        time.sleep(0.1)
    state = (
        f"ended with {process.returncode}" if process.poll() is not None else f"did not answer in {READY_SECONDS:.0f} s"
    )
    _end(process.pid)
    raise WithTrackingError(f"The MLflow server {state}: {_last_line(log)}", f"less {log}")


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "it said nothing")


def _end(group: int) -> None:
    """End the server and all that it started: kindly, then not."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, kind)
        except (ProcessLookupError, PermissionError):
            return
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if not processes.group_is_running(group):
                return
            time.sleep(0.05)
