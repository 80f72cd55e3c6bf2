"""Moving the root: everything is there afterwards, and MLflow finds its files."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import synthetic
from tests.forked import run
from tests.runs import client_of, log, runs_in
from with_tracking import archive
from with_tracking.errors import WithTrackingError
from with_tracking.store import local_store
from with_tracking.upkeep import relocation

pytestmark = [pytest.mark.xdist_group("mlflow"), pytest.mark.usefixtures("ready_store")]


def has_moved(new: Path, names: set[str]) -> None:
    """Check that sessions, runs, their files and traces are found below the new root, and new sessions go there."""
    address = local_store.uri(new / "mlflow.db")
    assert {folder.name for folder in archive.folders(new)} == names
    found = runs_in(address)
    assert {each.data.tags["session_id"] for each in found} == names
    client = client_of(address)
    for each in found:
        assert each.info.artifact_uri.startswith((new / "artifacts").as_uri())
        assert {"raw", "transcript.txt"} <= {entry.path for entry in client.list_artifacts(each.info.run_id)}
    experiment = client.get_experiment_by_name("ai-sessions")
    assert experiment.artifact_location == (new / "artifacts").as_uri()
    for trace in client.search_traces(locations=[experiment.experiment_id]):
        assert trace.info.tags["mlflow.artifactLocation"].startswith(new.as_uri())
        assert len(client.get_trace(trace.info.trace_id).data.spans) > 1


@pytest.mark.parametrize("other_disk", [False, True], ids=["renamed", "copied"])
def test_moved(tracking_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other_disk: bool) -> None:
    """After the move the old root is empty but for what is the checkout's; sessions are logged at the new place."""
    (tracking_root / "mlflow.db").unlink()
    (tracking_root / "README.md").write_text("the checkout's")
    log(synthetic.parsed(tracking_root, "one"))
    synthetic.parsed(tracking_root, "two")
    new = tmp_path / "big disk" / "it's 100%"
    with monkeypatch.context() as patch:
        if other_disk:
            rename = Path.rename

            def only_within(source: Path, target: Path) -> Path:
                if source.parent != Path(target).parent:
                    raise OSError(18, "Invalid cross-device link")
                return rename(source, target)

            patch.setattr(Path, "rename", only_within)
        done = relocation.relocate(tracking_root, new)
    assert done.mended >= 3
    assert os.listdir(tracking_root) == ["README.md"]
    monkeypatch.setenv("WITH_TRACKING_HOME", str(new))
    (waiting,) = archive.pending(new)
    session, events = archive.read_session(waiting), archive.read_events(waiting)
    assert session is not None
    log(synthetic.Recorded(waiting, session, tuple(events or ())))
    has_moved(new, {"one", "two"})
    assert relocation.stale_locations(new / "mlflow.db") == []


def test_interrupted(tracking_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A move that died in the middle is finished by the same command."""
    (tracking_root / "mlflow.db").unlink()
    log(synthetic.parsed(tracking_root, "one"))
    new = tmp_path / "new"
    moves = []
    original = relocation._move

    def die_at_the_third(source: Path, target: Path) -> None:
        moves.append(source)
        if len(moves) == 3:
            raise KeyboardInterrupt
        original(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(relocation, "_move", die_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            relocation.relocate(tracking_root, new)
    with pytest.raises(WithTrackingError, match="not an empty folder"):
        relocation.relocate(tmp_path / "home", new)
    relocation.relocate(tracking_root, new)
    monkeypatch.setenv("WITH_TRACKING_HOME", str(new))
    has_moved(new, {"one"})


def test_moved_by_hand(tracking_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`with-tracking relocate` alone mends a store whose folder was moved, and keeps it as it was."""
    (tracking_root / "mlflow.db").unlink()
    log(synthetic.parsed(tracking_root, "one"))
    new = tmp_path / "new"
    tracking_root.rename(new)
    monkeypatch.setenv("WITH_TRACKING_HOME", str(new))
    for said in ("addresses mended", "no address to mend"):
        shown = run("relocate")
        assert shown.returncode == 0
        assert said in shown.stderr
    has_moved(new, {"one"})
    (backup,) = new.glob("mlflow.db.before-relocation-*")
    assert runs_in(local_store.uri(backup))[0].info.artifact_uri.startswith(tracking_root.as_uri())


def test_refused(tracking_root: Path, tmp_path: Path) -> None:
    """Nothing is moved into itself, onto other things, or while a session is recorded or logged."""
    folder = synthetic.parsed(tracking_root, "one").folder
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    for target in (tracking_root, tracking_root / "below", tmp_path / "full"):
        with pytest.raises(WithTrackingError):
            relocation.relocate(tracking_root, target)
    with archive.lock(folder), pytest.raises(WithTrackingError, match="being logged"):
        relocation.relocate(tracking_root, tmp_path / "new")
    synthetic.record(
        tracking_root, "live", ended_at=None, end_reason=None, pid=os.getpid(), started_at=datetime.now(UTC)
    )
    with pytest.raises(WithTrackingError, match="being recorded"):
        relocation.relocate(tracking_root, tmp_path / "new")
    assert folder.exists()
    assert not (tmp_path / "new").exists()
