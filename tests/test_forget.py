"""Forgetting a session: nothing of it is left anywhere, and nothing brings it back."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from parsers.native_logs import Places
from parsers.session import Prompt
from tests import synthetic
from tests.forked import run
from tests.mlflow_server import free_port
from tests.runs import client_of, log, runs_in
from with_tracking import archive
from with_tracking.errors import MlflowUnavailable, WithTrackingError
from with_tracking.history_import.import_plan import Skip, plan
from with_tracking.store import local_store
from with_tracking.upkeep import removal, tombstones

pytestmark = [pytest.mark.xdist_group("mlflow"), pytest.mark.usefixtures("ready_store")]

MARK = "zanzibar-4711"


def marked(tracking_root: Path, session_id: str = "20261120-092939-00000001") -> synthetic.Recorded:
    """Make a session whose every part holds a telling word."""
    folder = synthetic.record(tracking_root, session_id, native_session_id=f"native-{session_id}")
    (folder / "typescript").write_text(MARK)
    (folder / "native").mkdir()
    (folder / "native" / "log.jsonl").write_text(MARK)
    return synthetic.parse(folder, [Prompt(text=f"{MARK} please", seconds=1), *synthetic.events_of(3, prompt=MARK)])


def holding(root: Path, text: str) -> list[str]:
    """Return the files below a folder that hold a text."""
    return [str(f.relative_to(root)) for f in root.rglob("*") if f.is_file() and text.encode() in f.read_bytes()]


def test_nothing_is_left(tracking_root: Path) -> None:
    """Folder, index, run, replaced run, files and traces go; no byte of it is in any file, others are untouched."""
    recorded, other = marked(tracking_root), synthetic.parsed(tracking_root, "other")
    log(recorded)
    log(other)
    (recorded.folder / "logged.json").unlink()
    log(synthetic.parse(recorded.folder, [Prompt(text=f"{MARK} again", seconds=1)]))  # replaces the run
    (tracking_root / "index.db").write_text(MARK)
    local_store.back_up(tracking_root / "mlflow.db", "before-relocation")
    assert len(holding(tracking_root, MARK)) > 5
    done = removal.forget(tracking_root, recorded.folder, os.environ)
    assert done.runs == 2
    assert holding(tracking_root, MARK) == []
    (found,) = runs_in(local_store.uri(tracking_root / "mlflow.db"))
    assert found.data.tags["session_id"] == "other"
    client = client_of(local_store.uri(tracking_root / "mlflow.db"))
    assert len(client.list_artifacts(found.info.run_id)) > 3
    assert [folder.name for folder in archive.folders(tracking_root)] == ["other"]


def test_on_a_server(server: str, tracking_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a server the run is deleted as its API offers it: the files and tags go, the run is hidden."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "forget")
    recorded = marked(tracking_root, "20261120-092939-0000f09e")  # other tests use the same server
    run_id = log(recorded)
    assert removal.forget(tracking_root, recorded.folder, os.environ).runs == 1
    assert runs_in(server) == []
    client = client_of(server)
    assert client.list_artifacts(run_id) == []
    assert set(client.get_run(run_id).data.tags) == {"session_id"}


def test_import_does_not_bring_it_back(tracking_root: Path, home: Path) -> None:
    """A session in an assistant's log that was forgotten here is left out."""
    log_file = home / ".claude" / "projects" / "-w" / "11111111-2222-4333-8444-555555555555.jsonl"
    log_file.parent.mkdir(parents=True)
    record = {"type": "user", "sessionId": log_file.stem, "cwd": "/w", "timestamp": "2026-11-20T09:00:00.000Z"}
    log_file.write_text(json.dumps({**record, "uuid": "u", "message": {"role": "user", "content": "hello"}}) + "\n")
    places = Places(home=home)
    assert len(plan(["claude"], places, tracking_root).jobs) == 1
    recorded = synthetic.record(tracking_root, native_session_id=log_file.stem)
    synthetic.parse(recorded, synthetic.events_of(1))
    removal.forget(tracking_root, recorded, os.environ)
    found = plan(["claude"], places, tracking_root)
    assert (found.jobs, dict(found.skipped)) == ((), {("claude", Skip.DELETED): 1})


def test_what_is_being_recorded_is_refused(tracking_root: Path) -> None:
    """A session is not deleted under its recorder."""
    from datetime import UTC, datetime

    folder = synthetic.record(
        tracking_root, ended_at=None, end_reason=None, pid=os.getpid(), started_at=datetime.now(UTC)
    )
    with pytest.raises(WithTrackingError, match="being recorded"):
        removal.forget(tracking_root, folder, os.environ)
    assert folder.exists()
    assert tombstones.load(tracking_root) == []


def test_server_away(tracking_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the run cannot be deleted now, the folder stays, so that forgetting can be repeated."""
    recorded = marked(tracking_root)
    log(recorded)
    with monkeypatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")
        with pytest.raises(MlflowUnavailable):
            removal.forget(tracking_root, recorded.folder, os.environ)
    assert (recorded.folder / "logged.json").exists()
    removal.forget(tracking_root, recorded.folder, os.environ)
    assert holding(tracking_root, MARK) == []


def test_command(tracking_root: Path) -> None:
    """It asks; --yes does not; --json says what was deleted; a half-deleted session is finished by the next sync."""
    folder = synthetic.parsed(tracking_root, "one").folder
    asked = run("forget", "last")
    assert (asked.returncode, folder.exists()) == (130, True)
    assert "Delete the session one" in asked.stderr
    assert run("forget", "last", "--json").returncode == 2
    done = run("forget", "last", "--yes", "--json")
    assert json.loads(done.stdout)["session_id"] == "one"
    assert not folder.exists()
    again = synthetic.record(tracking_root, "one")
    assert run("sync", "--quiet").returncode == 0
    assert not again.exists()
