"""Without MLflow, missing or not wanted, everything local works, and nothing is warned of twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.forked import run
from tests.mlflow_server import free_port
from tests.test_faults import KEY, recorded
from with_tracking import archive, sync
from with_tracking.archive import State

MISSING = "import sys; sys.modules['mlflow'] = None; from with_tracking.cli.main import main; main(sys.argv[1:])"


def run_without(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `with-tracking` where MLflow cannot be imported."""
    command = [sys.executable, "-c", MISSING, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def test_missing(tracking_root: Path) -> None:
    """MLflow cannot be imported: one line says so; sessions are read, masked, shown, listed and forgotten."""
    folders = [recorded(tracking_root, f"20261120-092939-0000000{n}", KEY.encode()) for n in range(3)]
    shown = run_without("sync", "--quiet")
    assert shown.returncode == 1
    assert shown.stderr.startswith("Error: MLflow cannot be loaded")
    assert len(shown.stderr.splitlines()) == 1
    for folder in folders:
        assert archive.state_of(folder) is State.PARSED
        assert KEY.encode() not in (folder / "typescript").read_bytes()
    assert run_without("show", "last").returncode == 0
    assert len(json.loads(run_without("list", "--json").stdout)) == 3
    assert run_without("forget", "last", "--yes").returncode == 0
    assert not folders[2].exists()
    report = run_without("doctor")
    assert report.returncode == 1
    assert "pending" in report.stdout


def test_switched_off(tracking_root: Path, home: Path) -> None:
    """[mlflow] enabled = false: sessions are read and masked, nothing fails, no store is made."""
    file = home / ".config" / "with-tracking" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[mlflow]\nenabled = false\n")
    folder = recorded(tracking_root, more=KEY.encode())
    shown = run("sync", "--quiet")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert archive.state_of(folder) is State.PARSED
    assert KEY.encode() not in (folder / "typescript").read_bytes()
    loud = run("sync")
    assert loud.returncode == 0
    assert loud.stderr.count("switched off") == 1
    findings = {one["name"]: one["level"] for one in json.loads(run("doctor", "--json").stdout)}
    assert (findings["store"], findings["sessions"], "pending" in findings) == ("note", "ok", False)
    assert run("forget", "last", "--yes").returncode == 0
    assert not (tracking_root / "mlflow.db").exists()


def test_one_project_holds_up_no_other(tracking_root: Path, tmp_path: Path) -> None:
    """The sessions of a project that wants no MLflow are read; the others are logged, or wait for the server."""
    (tmp_path / "off").mkdir()
    (tmp_path / "off" / ".with-tracking.toml").write_text("[mlflow]\nenabled = false\n")
    recorded(tracking_root, "1-off", cwd=str(tmp_path / "off"))
    recorded(tracking_root, "2-other", cwd=str(tmp_path))
    away = run("sync", "--json", MLFLOW_TRACKING_URI=f"http://127.0.0.1:{free_port()}")
    said = json.loads(away.stdout)
    assert (away.returncode, said["pending"], said["unwanted"], said["logged"]) == (1, 1, 1, [])
    summary = sync.sync(archive.pending(tracking_root), lambda session_id: None)
    assert [one.session_id for one in summary.logged] == ["2-other"]
    assert (summary.unwanted, summary.pending, summary.stopped_by) == (1, 0, None)
    states = {folder.name: archive.state_of(folder) for folder in archive.folders(tracking_root)}
    assert states == {"1-off": State.PARSED, "2-other": State.LOGGED}
