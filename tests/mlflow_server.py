"""A real MLflow server for the tests, and a door before it that asks for a password or drops the connection."""

from __future__ import annotations

import base64
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from with_tracking.ui_address import is_healthy

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a port on which nothing listens, and none of those that a system gives away when it is not asked for one.

    Such a port could be somebody's by the time that a server, which takes seconds to start, comes to listen there.
    """
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port
    raise AssertionError("no port is free")


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """Run `mlflow server` over a store of its own and give its address."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{folder}/server.db"]
    command += ["--artifacts-destination", str(folder / "files"), "--host", HOST, "--port", str(port), "--workers", "1"]
    environ = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with open(folder / "server.log", "wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environ, start_new_session=True)
    try:
        address = f"http://{HOST}:{port}"
        deadline = time.monotonic() + 120
        while not is_healthy(address):
            assert server.poll() is None, (folder / "server.log").read_text()
            assert time.monotonic() < deadline, (folder / "server.log").read_text()
            time.sleep(0.1)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run one MLflow server for all tests and give its address; every test takes an experiment of its own."""
    with mlflow_server(tmp_path_factory.mktemp("server")) as address:
        yield address


Decision = Callable[[BaseHTTPRequestHandler], int | None]
"""What the door does with a request: None lets it through, 0 drops the connection, else the status to answer."""


@contextmanager
def door(server: str, decide: Decision) -> Iterator[str]:
    """Listen on another port and pass requests on to `server` as `decide` says; give that port's address."""

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status = decide(self)
            if status == 0:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            elif status is not None:
                self._answer(status, b"refused")
            else:
                self._pass_on(body)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any  # noqa: N815  (http.server wants these names)

        def _pass_on(self, body: bytes) -> None:
            inner = http.client.HTTPConnection(server.removeprefix("http://"), timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            inner.request(self.command, self.path, body, headers)
            answer = inner.getresponse()
            self._answer(answer.status, answer.read(), answer.getheader("Content-Type") or "text/plain")
            inner.close()

        def _answer(self, status: int, body: bytes, kind: str = "text/plain") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((HOST, 0), Door) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        try:
            yield f"http://{HOST}:{listening.server_address[1]}"
        finally:
            listening.shutdown()


def wants_password(user: str, password: str) -> Decision:
    """Let only those through who know the password."""
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return lambda request: None if request.headers.get("Authorization") == wanted else 401
