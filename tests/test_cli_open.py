"""`with-tracking open`: the address of a run, and a browser where there is one."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import synthetic
from tests.forked import run
from with_tracking import archive

LOGGED = {"run_id": "f00d", "experiment_id": "7", "digest": "", "logged_at": datetime.now(UTC).isoformat()}


def logged(root: Path, tracking_uri: str) -> None:
    """Make a session that says that it was logged there."""
    folder = synthetic.parsed(root, "a").folder
    archive.write_whole(folder / "logged.json", json.dumps({**LOGGED, "tracking_uri": tracking_uri}).encode())


def test_on_a_server(tracking_root: Path, tmp_path: Path) -> None:
    """A run on a server is shown by it; the address is printed, and opened if there is a browser."""
    logged(tracking_root, "https://mlflow.example.org/team/")
    address = "https://mlflow.example.org/team/#/experiments/7/runs/f00d"
    shown = run("open", "a", DISPLAY="", WAYLAND_DISPLAY="", BROWSER="")
    assert (shown.returncode, shown.stdout) == (0, f"{address}\n")
    assert "no browser" in shown.stderr
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >{tmp_path}/opened\n')
    browser.chmod(0o755)
    shown = run("open", "a", BROWSER=f"{browser} %s")
    assert (shown.stdout, shown.stderr) == (f"{address}\n", "")
    assert (tmp_path / "opened").read_text() == f"{address}\n"


@pytest.mark.parametrize("running", [True, False])
def test_in_the_local_store(tracking_root: Path, running: bool) -> None:
    """A run in the local store is shown by the UI; if that is not running, how to start it is said."""
    logged(tracking_root, f"sqlite:///{tracking_root}/mlflow.db")
    (tracking_root / "ui").mkdir()
    server = {
        "pid": os.getpid() if running else 2**22 + 1,
        "port": 5000,
        "started_at": datetime.now(UTC).isoformat(),
        "url": "http://127.0.0.1:5000/#/experiments/1/runs?workflowType=machine_learning",
        "tracking_uri": "",
    }
    (tracking_root / "ui" / "server.json").write_text(json.dumps(server))
    shown = run("open", "last", "--url")
    if running:
        assert shown.stdout == "http://127.0.0.1:5000/#/experiments/7/runs/f00d\n"
    else:
        assert (shown.returncode, "Try: start-mlflow start" in shown.stderr) == (1, True)


def test_not_logged(tracking_root: Path) -> None:
    """A session that is in no store cannot be opened; what to do is said."""
    synthetic.parsed(tracking_root, "a")
    shown = run("open", "a")
    assert (shown.returncode, shown.stderr) == (1, "Error: a is not in MLflow yet. Try: with-tracking sync\n")
