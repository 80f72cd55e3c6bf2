"""The index over the archive: always what the archive holds, whoever changed it and however."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from parsers.session_header import Git
from tests import synthetic
from with_tracking import archive, index, remarks
from with_tracking.archive import State
from with_tracking.errors import WithTrackingError
from with_tracking.history import index_changes, index_database
from with_tracking.history.filters import Filters

CHECKOUT = Path(__file__).resolve().parents[1]


def ids(root: Path, filters: Filters | None = None) -> list[str]:
    """Return the sessions that fit."""
    return [row.session_id for row in index.sessions(root, filters)]


def words(root: Path, query: str) -> int:
    """Return in how many sessions of the index a word is."""
    with index.current(root) as connection:
        sql = "SELECT count(*) FROM texts JOIN sessions ON number = texts.rowid WHERE texts MATCH ?"
        return int(connection.execute(sql, [query]).fetchone()[0])


def test_it_follows_the_archive(tracking_root: Path) -> None:
    """Sessions that are added, read, changed or deleted behind its back are noticed."""
    assert ids(tracking_root) == []
    folder = synthetic.record(tracking_root, "a")
    assert [row.state for row in index.sessions(tracking_root)] == [State.RECORDED]
    synthetic.parse(folder, synthetic.events_of(2, prompt="find the walrus"))
    (row,) = index.sessions(tracking_root)
    assert (row.state, row.prompt, row.metrics["commands_executed"]) == (State.PARSED, "find the walrus", 2)
    assert words(tracking_root, "walrus") == 1
    synthetic.parse(folder, synthetic.events_of(3, prompt="find the narwhal"))
    archive.write_whole(folder / "parsed.json", (folder / "parsed.json").read_bytes())  # as keep() does: by renaming
    assert (words(tracking_root, "walrus"), words(tracking_root, "narwhal")) == (0, 1)
    (folder / "logged.json").write_text("{}")
    assert [row.state for row in index.sessions(tracking_root)] == [State.LOGGED]
    shutil.rmtree(folder)
    assert ids(tracking_root) == []
    assert words(tracking_root, "narwhal") == 0


def test_it_follows_old_days(tracking_root: Path) -> None:
    """Days long past are only looked into if something changed there; that is never missed."""
    began = synthetic.BEGAN - timedelta(days=200)
    folder = synthetic.parsed(tracking_root, "a", started_at=began, ended_at=began + timedelta(seconds=9)).folder
    synthetic.parsed(tracking_root, "b", started_at=began, ended_at=began + timedelta(seconds=9))
    assert ids(tracking_root) == ["b", "a"]
    time.sleep(2 * index_changes.RACY_SECONDS)
    assert ids(tracking_root) == ["b", "a"]
    archive.write_whole(folder / "logged.json", b"{}")
    assert [row.state for row in index.sessions(tracking_root)] == [State.PARSED, State.LOGGED]
    time.sleep(2 * index_changes.RACY_SECONDS)
    remarks.write_remarks(folder, remarks.Remarks(note="penguin"))
    assert words(tracking_root, "penguin") == 1
    time.sleep(2 * index_changes.RACY_SECONDS)
    assert words(tracking_root, "penguin") == 1
    shutil.rmtree(folder)
    assert ids(tracking_root) == ["b"]
    shutil.rmtree(folder.parent)
    assert ids(tracking_root) == []


def test_nothing_changed_nothing_read(tracking_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that is as it was is not read again."""
    synthetic.parsed(tracking_root, "a")
    time.sleep(2 * index_changes.RACY_SECONDS)
    assert ids(tracking_root) == ["a"]

    def fail(*_: object) -> None:
        raise AssertionError("it was read again")

    monkeypatch.setattr(index, "row_of", fail)
    assert ids(tracking_root) == ["a"]


def test_unfinished_sessions_are_looked_at_again(tracking_root: Path) -> None:
    """A recorder that dies leaves no trace in its folder; the index does not go on saying that it records."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    now = synthetic.datetime.now(synthetic.UTC)
    synthetic.record(tracking_root, "a", ended_at=None, end_reason=None, pid=process.pid, started_at=now)
    assert [row.state for row in index.sessions(tracking_root)] == [State.RECORDING]
    time.sleep(2 * index_changes.RACY_SECONDS)
    index.sessions(tracking_root)
    process.communicate(b"\n")
    assert [row.state for row in index.sessions(tracking_root)] == [State.RECORDED]


def test_remarks_are_in_it(tracking_root: Path) -> None:
    """Tags and notes of the person come with the row and are searched."""
    folder = synthetic.parsed(tracking_root, "a").folder
    ids(tracking_root)
    said = remarks.Remarks(tags={"mode": "fast"}, note="look at this penguin again")
    remarks.write_remarks(folder, said)
    (row,) = index.sessions(tracking_root)
    assert (row.tags, row.note) == ({"mode": "fast"}, "look at this penguin again")
    assert words(tracking_root, "penguin") == 1
    assert words(tracking_root, '"mode fast"') == 1


def test_broken_or_old_index_is_made_anew(tracking_root: Path) -> None:
    """A file that is no database, is cut, or is of another version, costs nothing but time."""
    synthetic.parsed(tracking_root, "a")
    file = index_database.database(tracking_root)
    file.write_bytes(b"this is no database " * 500)
    assert ids(tracking_root) == ["a"]
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 999")
        connection.execute("DROP TABLE sessions")
        connection.execute("CREATE TABLE sessions (something TEXT)")
    connection.close()
    assert ids(tracking_root) == ["a"]
    assert index.rebuild(tracking_root) == 1


def test_broken_pages(tracking_root: Path) -> None:
    """An index that is broken somewhere in the middle is said to be so once, and then made anew."""
    for number in range(20):
        synthetic.parsed(tracking_root, f"session-{number:02}")
    ids(tracking_root)
    file = index_database.database(tracking_root)
    data = bytearray(file.read_bytes())
    data[index_database.PAGE_BYTES :] = b"\xff" * (len(data) - index_database.PAGE_BYTES)
    file.write_bytes(data)
    with pytest.raises(WithTrackingError, match="The index was broken"):
        ids(tracking_root)
    assert len(ids(tracking_root)) == 20


def test_where_nothing_can_be_written(tracking_root: Path) -> None:
    """An index that cannot be made on disk is made in memory."""
    synthetic.parsed(tracking_root, "a")
    index_database.database(tracking_root).mkdir()
    assert ids(tracking_root) == ["a"]


def test_ten_processes_at_once(tracking_root: Path) -> None:
    """Ten processes make the index and add to it at the same time; no session is lost or there twice."""
    for number in range(30):
        synthetic.parsed(tracking_root, f"session-{number:02}", commands=2)
    code = (
        "import sys\nfrom pathlib import Path\nfrom with_tracking import archive, index\n"
        "root = Path(sys.argv[1])\n"
        "for folder in archive.folders(root):\n"
        "    index.add(root, folder, archive.read_events(folder))\n"
        "assert len(index.sessions(root)) == 30\n"
    )
    command = [sys.executable, "-c", code, str(tracking_root)]
    processes = [subprocess.Popen(command, cwd=CHECKOUT) for _ in range(10)]
    assert [process.wait(timeout=120) for process in processes] == [0] * 10
    assert sorted(ids(tracking_root)) == [f"session-{number:02}" for number in range(30)]


def test_an_index_that_fails_keeps_no_session_from_being_kept(tracking_root: Path) -> None:
    """Keeping writes the session, whatever is wrong with the index."""
    from parsers.parse_ai_session import parse_folder
    from with_tracking.keeping import keep

    folder = synthetic.record(tracking_root, "a")
    index_database.database(tracking_root).mkdir()
    keep(folder, parse_folder(folder))
    assert archive.state_of(folder) is State.PARSED
    index_database.database(tracking_root).rmdir()
    keep(folder, parse_folder(folder))
    connection = sqlite3.connect(index_database.database(tracking_root))
    assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (1,)
    connection.close()


def test_filters(tracking_root: Path) -> None:
    """Every condition leaves out what does not fit it, alone and with others."""
    later = synthetic.BEGAN + timedelta(days=2)
    synthetic.parsed(tracking_root, "plain")
    other = synthetic.parsed(
        tracking_root,
        "other",
        provider="openai_codex",
        wrapper="codex",
        argv=("codex", "review-pr 7"),
        started_at=later,
        ended_at=later + timedelta(minutes=10),
        exit_code=1,
        git=Git(root="/home/dev/shop", branch="feature/cart", commit="0" * 40),
    ).folder
    remarks.write_remarks(other, remarks.Remarks(tags={"mode": "fast"}))
    wanted = [
        Filters(provider=["openai_codex"]),
        Filters(provider=["Codex"]),
        Filters(provider=["codex", "gemini"], min_duration=timedelta(minutes=5)),
        Filters(since=later),
        Filters(branch=["feature/*"]),
        Filters(repo=["shop"]),
        Filters(repo=["/home/dev/shop/"]),
        Filters(failed=True),
        Filters(min_duration=timedelta(minutes=10)),
        Filters(tags=[("mode", "fast")]),
        Filters(tags=[("mode", None), ("git.branch", "feature/cart"), ("git.repo", "shop")]),
        Filters(tags=[("type", "ai_session"), ("session_id", "other")]),
    ]
    for filters in wanted:
        assert ids(tracking_root, filters) == ["other"], filters
    others = [Filters(provider=["claude"]), Filters(until=later), Filters(tags=[("type", "procedure")])]
    assert [ids(tracking_root, filters) for filters in others] == [["plain"], ["plain"], []]
    both = [Filters(), Filters(model=["Opus"]), Filters(procedure=["close-*"]), Filters(issue=["#583"])]
    assert [ids(tracking_root, filters) for filters in both] == [["other", "plain"]] * 4
    assert not Filters()
    assert Filters(failed=True)


def test_an_imported_session_is_of_the_same_assistant(tracking_root: Path) -> None:
    """`--provider claude` also finds what no wrapper recorded, and lists call it by the same name."""
    synthetic.parsed(tracking_root, "imported", wrapper=None, origin="import")
    found = index.sessions(tracking_root, Filters(provider=["claude"]))
    assert [(row.session_id, row.assistant) for row in found] == [("imported", "claude")]


def test_sorts(tracking_root: Path) -> None:
    """Sessions are sorted by any of the names, those of which it is not known last."""
    for number, commands in enumerate((3, 1, 2)):
        end = synthetic.BEGAN + timedelta(seconds=10 * commands)
        synthetic.parsed(tracking_root, f"id-{number}", commands=commands, ended_at=end)
    synthetic.record(tracking_root, "unread", ended_at=None)
    for sort in ("duration", "commands", "tokens"):
        rows = index.sessions(tracking_root, sort=sort)
        assert [row.session_id for row in rows] == ["id-0", "id-2", "id-1", "unread"], sort
    for sort in index.SORTS:
        assert len(index.sessions(tracking_root, sort=sort, ascending=True, limit=3)) == 3
