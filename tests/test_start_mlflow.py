"""`start-mlflow`: one lean, checked UI server over the sessions, found again and ended for good."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.forked import CHECKOUT, run_in
from tests.mlflow_server import HOST, free_port
from with_tracking import ui_server
from with_tracking.cli.start_mlflow import main as start_mlflow_command

pytestmark = [pytest.mark.xdist_group("mlflow"), pytest.mark.usefixtures("ready_store", "stopped_at_the_end")]


@pytest.fixture
def stopped_at_the_end(tracking_root: Path) -> Iterator[None]:
    """Leave no server behind, whatever the test did."""
    yield
    server = ui_server.stop(tracking_root)
    assert server is None or not processes_of(server.pid)


def start_mlflow_anew(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does."""
    command = [str(CHECKOUT / "bin" / "start-mlflow"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


def start_mlflow(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run what the command runs, in a process that has everything loaded; the server is one of its own."""
    return run_in(os.environ, *arguments, module="with_tracking.cli.start_mlflow")


def assert_starts(address: str, *arguments: str) -> None:
    """Run the command and see that the UI is at this address; what the command says is in the failure."""
    started = start_mlflow(*arguments)
    assert (started.returncode, started.stdout) == (0, address + "\n"), started.stderr


def processes_of(group: int) -> list[int]:
    """Return the living processes of a group."""
    command = ["ps", "-eo", "pgid=,pid=,stat=,nlwp="]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in shown.splitlines()]
    ended = {pid for _, pid, state, threads in rows if state.startswith("Z") and int(threads) <= 1}
    return [int(pid) for pgid, pid, _, _ in rows if int(pgid) == group and pid not in ended]


def kill_and_look(server: ui_server.Server, root: Path) -> None:
    """Kill it: the file that is left means nothing, also when the number in it has gone to another process."""
    os.killpg(server.pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while processes_of(server.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert start_mlflow("status").returncode == 1
    file = root / "ui" / "server.json"
    left = json.loads(file.read_text())
    file.write_text(json.dumps({**left, "pid": os.getpid(), "started_at": "2020-01-01T00:00:00Z"}))
    assert ui_server.running_url(root) is None


@pytest.mark.slow
def test_a_servers_life(tracking_root: Path) -> None:
    """Start, find, refuse a second one on another port, restart, be killed, start again, stop: each tells."""
    port = str(free_port())
    assert (start_mlflow("status").returncode, start_mlflow("url").returncode) == (1, 1)
    started = start_mlflow_anew("start", "--port", port)
    address = f"http://{HOST}:{port}/#/experiments/1/runs?workflowType=machine_learning"
    assert (started.returncode, started.stdout) == (0, address + "\n")
    assert "ready" in started.stderr
    assert ui_server.running_url(tracking_root) == address
    with urllib.request.urlopen(f"http://{HOST}:{port}/", timeout=60) as page:
        assert b"MLflow" in page.read()
    server = ui_server.running(tracking_root)
    assert server is not None
    assert len(processes_of(server.pid)) == 2
    for pid in processes_of(server.pid):  # the address of a store may hold a password
        assert b"sqlite:" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert start_mlflow("status").stdout == start_mlflow("url").stdout == address + "\n"
    assert_starts(address, "start")
    other = start_mlflow("start", "--port", str(free_port()))
    assert other.returncode == 1
    assert f"Error: The UI already runs on port {port}. Try: bin/start-mlflow restart --port" in other.stderr
    assert_starts(address, "restart")
    again = ui_server.running(tracking_root)
    assert again is not None
    assert again.pid != server.pid
    kill_and_look(again, tracking_root)
    assert_starts(address, "start", "--port", port)
    last = ui_server.running(tracking_root)
    assert last is not None
    assert start_mlflow_anew("stop").returncode == 0
    assert processes_of(server.pid) + processes_of(again.pid) + processes_of(last.pid) == []
    assert "not running" in start_mlflow("stop").stderr


def test_a_port_in_use_is_named() -> None:
    """A port that belongs to something else is not waited for; a free one is proposed."""
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        refused = start_mlflow("start", "--port", str(port))
    assert refused.returncode == 1
    assert f"Error: Port {port} is in use by something else. Try: bin/start-mlflow start --port " in refused.stderr


def test_a_server_that_cannot_start_says_why(tracking_root: Path) -> None:
    """The last line of the server's log is in the error, and nothing is left running."""
    (tracking_root / "mlflow.db").write_bytes(b"this is no database" * 100)
    refused = start_mlflow("start", "--port", str(free_port()))
    assert refused.returncode == 1
    assert "Error: The MLflow server ended with" in refused.stderr
    assert "server.log" in refused.stderr
    assert ui_server.running(tracking_root) is None


def test_a_server_of_others_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the sessions go to a server, that has the UI."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example.org/")
    shown = start_mlflow("start")
    assert (shown.returncode, shown.stdout) == (0, "http://mlflow.example.org/#/experiments\n")


def test_a_restart_on_a_port_in_use_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The UI that runs is there afterwards: the port is looked at first."""
    stopped: list[Path] = []
    monkeypatch.setattr(ui_server, "stop", stopped.append)
    with socket.create_server((HOST, 0)) as taken:
        result = CliRunner().invoke(start_mlflow_command, ["restart", "--port", str(taken.getsockname()[1])])
    assert (result.exit_code, stopped) == (1, [])
    assert "is in use by something else" in result.stderr
