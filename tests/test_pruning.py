"""Making room: recordings first, then folders, never what is not logged."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import synthetic
from tests.forked import run
from with_tracking import archive, privacy
from with_tracking.settings import Retention
from with_tracking.upkeep import pruning, removal, tombstones
from with_tracking.upkeep.pruning import What

NOW = datetime(2026, 12, 31, tzinfo=UTC)


def logged(root: Path, days: int, **changes: object) -> Path:
    """Make a session that ended some days ago and is in MLflow."""
    ended = NOW - timedelta(days=days)
    folder = synthetic.parsed(root, f"days-{days}", started_at=ended, ended_at=ended, **changes).folder
    (folder / "native").mkdir()
    (folder / "native" / "log.jsonl").write_text("x" * 500)
    (folder / "logged.json").write_text("{}")
    return folder


def planned(root: Path, **limits: object) -> list[tuple[str, str]]:
    """Return what would go."""
    return [(one.session_id, one.what.value) for one in pruning.plan(root, Retention(**limits), NOW)]  # type: ignore[arg-type]


def test_recordings_then_folders(tracking_root: Path) -> None:
    """What is older than one limit loses its recording, what is older than the other its folder."""
    for days in (1, 20, 100):
        logged(tracking_root, days)
    ages = {"keep_raw": timedelta(days=14), "older_than": timedelta(days=90)}
    assert planned(tracking_root, **ages) == [("days-20", "raw"), ("days-100", "folder")]
    assert planned(tracking_root, keep_raw=timedelta(days=14)) == [("days-100", "raw"), ("days-20", "raw")]
    assert planned(tracking_root) == []


def test_size(tracking_root: Path) -> None:
    """Too much: the oldest recordings go first, all of them before the first folder."""
    folders = [logged(tracking_root, days) for days in (30, 20, 10)]
    total = sum(map(removal.size_of, folders))
    raw = pruning.plan(tracking_root, Retention(keep_raw=timedelta(0)), NOW)[0].bytes
    assert planned(tracking_root, max_size=total) == []
    assert planned(tracking_root, max_size=total - raw) == [("days-30", "raw")]
    assert planned(tracking_root, max_size=total - raw - 1) == [("days-30", "raw"), ("days-20", "raw")]
    assert planned(tracking_root, max_size=total - 3 * raw - 1) == [
        ("days-20", "raw"),
        ("days-10", "raw"),
        ("days-30", "folder"),
    ]
    assert [what for _, what in planned(tracking_root, max_size=0)] == ["folder"] * 3
    for limit in range(0, total, 300):
        plan = pruning.plan(tracking_root, Retention(max_size=limit), NOW)
        assert total - sum(one.bytes for one in plan) <= limit


def test_what_is_not_logged_stays(tracking_root: Path) -> None:
    """Neither age nor size removes a session that is pending, being recorded, or withheld for a secret."""
    pending = synthetic.parsed(tracking_root, "pending").folder
    withheld = logged(tracking_root, 100)
    (withheld / privacy.WITHHELD).write_text('["typescript"]')
    synthetic.record(
        tracking_root, "live", ended_at=None, end_reason=None, pid=os.getpid(), started_at=datetime.now(UTC)
    )
    assert planned(tracking_root, older_than=timedelta(0), keep_raw=timedelta(0), max_size=0) == []
    assert (pending / "typescript").exists()


def test_a_clock_that_went_backwards_deletes_nothing(tracking_root: Path) -> None:
    """A session that ended in the future is not old."""
    logged(tracking_root, -400)
    assert planned(tracking_root, older_than=timedelta(days=1)) == []


def test_done(tracking_root: Path) -> None:
    """What was planned is deleted, the days' folders with it; import is told; what changed meanwhile is left."""
    old, young, changed = (logged(tracking_root, days, native_session_id=f"n{days}") for days in (100, 20, 101))
    plan = pruning.plan(tracking_root, Retention(timedelta(days=90), timedelta(days=14)), NOW)
    (changed / "logged.json").unlink()
    done = list(pruning.prune(plan, tracking_root))
    assert {(one.session_id, one.what) for one in done} == {("days-100", What.FOLDER), ("days-20", What.RAW)}
    assert not old.parent.exists()
    assert sorted(entry.name for entry in young.iterdir()) == [
        ".lock",
        "events.jsonl",
        "logged.json",
        "parsed.json",
        "session.json",
        "transcript.txt",
    ]
    assert (changed / "typescript").exists()
    assert {each for stone in tombstones.load(tracking_root) for each in stone.native_session_ids} == {"n100", "n20"}
    assert tombstones.forgotten(tracking_root) == frozenset()
    assert archive.read_session(young) is not None


def test_command(tracking_root: Path) -> None:
    """--dry-run lists and deletes nothing; --json; wrong quantities are usage errors; nothing said is one, too."""
    folder = logged(tracking_root, 400)
    shown = run("prune", "--older-than", "9d", "--dry-run")
    assert (shown.returncode, shown.stdout.split()[:2]) == (0, ["days-400", "folder"])
    assert "Would delete 1 session" in shown.stderr
    assert folder.exists()
    assert run("prune").returncode == 2
    wrong = run("prune", "--older-than", "soon")
    assert (wrong.returncode, "'soon' is not an age" in wrong.stderr) == (2, True)
    assert json.loads(run("prune", "--older-than", "9d", "--json").stdout)["pruned"][0]["session_id"] == "days-400"
    assert not folder.exists()


@pytest.mark.parametrize("command", ["prune", "sync"])
def test_retention_of_the_settings(tracking_root: Path, home: Path, command: str) -> None:
    """[retention] is what prune does without options, and what sync does by itself, once a day."""
    file = home / ".config" / "with-tracking" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[retention]\nkeep_raw = '14d'\n")
    first = logged(tracking_root, 400)
    assert run(command).returncode == 0
    assert not (first / "typescript").exists()
    second = logged(tracking_root, 401)
    assert run(command).returncode == 0
    assert (second / "typescript").exists() == (command == "sync")
