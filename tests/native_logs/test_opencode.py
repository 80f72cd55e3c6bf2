"""opencode's own log, in both of its generations."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parsers.native_logs import opencode
from parsers.native_logs.base import Places
from parsers.session import (
    AssistantText,
    Error,
    ErrorKind,
    ModelCall,
    Note,
    NoteKind,
    Prompt,
    Stopped,
    Tokens,
    ToolUse,
    Totals,
)

START = 1_770_000_000_000  # milliseconds
COUNTS = {"input": 10, "output": 5, "reasoning": 2, "cache": {"read": 3, "write": 1}}


def session(identity: str = "ses_root", **more: Any) -> dict[str, Any]:
    """Make a session as opencode 1.0 stores it."""
    known = {"id": identity, "version": "1.0.9", "directory": "/work/shop", "title": "t"}
    return known | {"time": {"created": START, "updated": START + 9_000}} | more


def message(identity: str, role: str, second: int, session_id: str = "ses_root", **more: Any) -> dict[str, Any]:
    """Make a message."""
    known = {"id": identity, "sessionID": session_id, "role": role, "modelID": "large", "agent": "build"}
    return known | {"time": {"created": START + second * 1000}} | more


def part(identity: str, message_id: str, kind: str, **more: Any) -> dict[str, Any]:
    """Make a part of a message."""
    return {"id": identity, "messageID": message_id, "sessionID": "ses_root", "type": kind} | more


def tool(identity: str, message_id: str, name: str, arguments: dict[str, Any], **state: Any) -> dict[str, Any]:
    """Make a tool call, completed if nothing else is said."""
    known = {"status": "completed", "input": arguments, "metadata": {}}
    return part(identity, message_id, "tool", tool=name, callID=identity, state=known | state)


def write_files(home: Path, *objects: dict[str, Any]) -> None:
    """Store objects as version 1.0 does: a JSON file each."""
    storage = home / ".local/share/opencode/storage"
    for item in objects:
        folder = {
            "ses": "session/p1",
            "msg": f"message/{item.get('sessionID')}",
            "prt": f"part/{item.get('messageID')}",
        }
        file = storage / folder[item["id"][:3]] / f"{item['id']}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(item, indent=2))


def write_database(home: Path, *objects: dict[str, Any]) -> Path:
    """Store objects as version 1.18 does: rows of a database in write-ahead-log mode."""
    file = home / ".local/share/opencode/opencode.db"
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(
        """CREATE TABLE IF NOT EXISTS session (id text, parent_id text, directory text, title text, version text,
               time_created integer, time_updated integer, extra text);
           CREATE TABLE IF NOT EXISTS message (id text, session_id text, time_created integer, data text);
           CREATE TABLE IF NOT EXISTS part (id text, message_id text, session_id text, time_created integer, data text);
        """
    )
    for item in objects:
        data = json.dumps({key: value for key, value in item.items() if key not in ("id", "sessionID", "messageID")})
        made = item.get("time", {}).get("created", START)
        if item["id"].startswith("ses"):
            row = (item["id"], item.get("parentID"), item["directory"], "t", item["version"], made, made + 9_000, "")
            connection.execute("INSERT INTO session VALUES (?,?,?,?,?,?,?,?)", row)
        elif item["id"].startswith("msg"):
            connection.execute("INSERT INTO message VALUES (?,?,?,?)", (item["id"], item["sessionID"], made, data))
        else:
            row = (item["id"], item["messageID"], item["sessionID"], made, data)
            connection.execute("INSERT INTO part VALUES (?,?,?,?,?)", row)
    connection.commit()
    connection.close()
    return file


@pytest.fixture(params=[write_files, write_database], ids=["files", "database"])
def write(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Store objects in one generation and in the other."""
    return request.param


def read_home(home: Path) -> Any:
    """Read the first session below a home folder."""
    found = next(opencode.candidates(Places(home=home)))
    return opencode.read(found.files, session_ids=(found.session_id,))


def of(log: Any, kind: type[Any]) -> list[Any]:
    """List the events of one kind."""
    return [event for event in log.events if isinstance(event, kind)]


def test_what_happened(home: Path, write: Any) -> None:
    """Prompt, answer, tool uses, tokens and cost are the same from files and from rows."""
    write(
        home,
        session(),
        message("msg_1", "user", 1),
        part("prt_1", "msg_1", "text", text='"fix the test"'),
        part("prt_1b", "msg_1", "text", text="reminder", synthetic=True),
        message("msg_2", "assistant", 2, parentID="msg_1", cost=0.25, tokens=COUNTS),
        part("prt_2", "msg_2", "text", text="On it.", time={"start": START + 2500, "end": START + 2600}),
        tool("prt_3", "msg_2", "bash", {"command": "make"}, output="boom", metadata={"exit": 2, "output": "boom"}),
        tool("prt_4", "msg_2", "read", {"filePath": "a.py"}, output="…"),
        part("prt_5", "msg_2", "step-finish", tokens=COUNTS),
        part("prt_6", "msg_2", "step-finish", tokens=COUNTS),
    )
    log = read_home(home)
    assert [prompt.text for prompt in of(log, Prompt)] == ["fix the test"]
    assert [(text.text, text.seconds) for text in of(log, AssistantText)] == [("On it.", 1.5)]
    uses = [(use.name, use.ok, use.exit_code, use.files) for use in of(log, ToolUse)]
    assert uses == [("bash", False, 2, ()), ("read", True, None, ("a.py",))]
    assert [call.tokens.output for call in of(log, ModelCall)] == [5, 5], "each step is a call"
    assert [total.cost_usd for total in of(log, Totals)] == [0.25]
    assert (log.provider_version, log.model, log.cwd, log.native_session_ids) == (
        "1.0.9",
        "large",
        "/work/shop",
        ("ses_root",),
    )
    assert not log.unknown_records


@pytest.mark.parametrize(("total", "output"), [(None, 5), (19, 5), (21, 7)])
def test_reasoning_beside_output(home: Path, total: int | None, output: int) -> None:
    """Whether reasoning is part of `output` differs between versions; the total tells."""
    counts = COUNTS | ({"total": total} if total else {})
    write_files(home, session(), message("msg_2", "assistant", 2, tokens=counts))
    (call,) = of(read_home(home), ModelCall)
    assert call.tokens == Tokens(input=10, output=output, cache_read=3, cache_write=1, reasoning=2)


def test_refused_and_stopped(home: Path, write: Any) -> None:
    """A rejected permission is a denial, an aborted command an interruption, each said once."""
    write(
        home,
        session(),
        message("msg_2", "assistant", 2, error={"name": "MessageAbortedError", "data": {"message": "aborted"}}),
        tool(
            "prt_1", "msg_2", "bash", {"command": "rm x"}, status="error", error="The user rejected permission to use …"
        ),
        tool("prt_2", "msg_2", "bash", {"command": "sleep 9"}, status="error", error="Tool execution aborted"),
        message("msg_3", "assistant", 5, error={"name": "MessageAbortedError", "data": {"message": "aborted"}}),
        part("prt_3", "msg_3", "text", text="Half an ans", time={"start": START + 5000}),
        message("msg_4", "assistant", 7, error={"name": "APIError", "data": {"message": "overloaded"}}),
    )
    log = read_home(home)
    assert [use.stopped for use in of(log, ToolUse)] == [Stopped.DENIED, Stopped.INTERRUPTED]
    assert [(error.kind, error.text) for error in of(log, Error)] == [
        (ErrorKind.INTERRUPTED, "aborted"),
        (ErrorKind.API_ERROR, "overloaded"),
    ]
    assert [text.cut for text in of(log, AssistantText)] == [True]


def test_subagents(home: Path, write: Any) -> None:
    """A session with a parent is a sub-agent: its calls count, its task is no prompt, it is no session of its own."""
    write(
        home,
        session(),
        session("ses_kid", parentID="ses_root"),
        message("msg_1", "user", 1),
        part("prt_1", "msg_1", "text", text="look"),
        message("msg_2", "user", 2, "ses_kid"),
        part("prt_2", "msg_2", "text", text="Your task") | {"sessionID": "ses_kid"},
        message("msg_3", "assistant", 3, "ses_kid", agent="general"),
        tool("prt_3", "msg_3", "grep", {"pattern": "x"}) | {"sessionID": "ses_kid"},
    )
    assert [found.session_id for found in opencode.candidates(Places(home=home))] == ["ses_root"]
    log = read_home(home)
    assert [prompt.text for prompt in of(log, Prompt)] == ["look"]
    assert [(use.name, use.agent) for use in of(log, ToolUse)] == [("grep", "general")]


def test_shell_mode(home: Path) -> None:
    """A command that the person ran with ! is a note, not a tool use of the model."""
    write_files(
        home,
        session(),
        message("msg_1", "user", 1),
        part("prt_1", "msg_1", "text", text="The following tool was executed by the user", synthetic=True),
        message("msg_2", "assistant", 1, parentID="msg_1"),
        tool("prt_2", "msg_2", "bash", {"command": "git status"}, metadata={"exit": 0}),
    )
    log = read_home(home)
    assert not of(log, ToolUse)
    assert [(note.kind, note.text) for note in of(log, Note)] == [(NoteKind.USER_SHELL, "git status")]


def test_patches_name_their_files(home: Path) -> None:
    """A patch edits the files that its text names, and makes some of them new."""
    text = "*** Begin Patch\n*** Update File: a.py\n@@\n-1\n+2\n*** Add File: b.py\n+3\n*** End Patch"
    write_files(
        home, session(), message("msg_2", "assistant", 2), tool("prt_1", "msg_2", "apply_patch", {"patchText": text})
    )
    (use,) = of(read_home(home), ToolUse)
    assert (use.files, use.created) == (("a.py", "b.py"), ("b.py",))


def test_live_database(home: Path) -> None:
    """Rows that are still in the write-ahead log are read, and nothing beside the database is touched."""
    file = write_database(home, session(), message("msg_1", "user", 1))
    live = sqlite3.connect(file)
    live.execute("PRAGMA wal_autocheckpoint = 0")
    data = json.dumps({"type": "text", "text": "just now"})
    live.execute("INSERT INTO part VALUES ('prt_1', 'msg_1', 'ses_root', ?, ?)", (START, data))
    live.commit()
    assert [prompt.text for prompt in of(read_home(home), Prompt)] == ["just now"]
    copy = home / "copy"
    copy.mkdir()
    for name in ("opencode.db", "opencode.db-wal"):  # what a crash leaves, without the shared memory
        (copy / name).write_bytes((file.parent / name).read_bytes())
    live.close()
    log = opencode.read(sorted(copy.iterdir()), session_ids=("ses_root",))
    assert [prompt.text for prompt in of(log, Prompt)] == ["just now"]
    assert sorted(path.name for path in copy.iterdir()) == ["opencode.db", "opencode.db-wal"]


def test_one_of_many(home: Path, tmp_path: Path) -> None:
    """From a database of many sessions only the one asked for is read, and only its rows are copied."""
    mine = [session(), message("msg_1", "user", 1), part("prt_1", "msg_1", "text", text="mine")]
    other = (
        message("msg_2", "user", 1, "ses_other"),
        part("prt_2", "msg_2", "text", text="secret") | {"sessionID": "ses_other"},
    )
    file = write_database(home, *mine, session("ses_other"), *other)
    assert opencode.extract(file, ("ses_root",), tmp_path / "part.db")
    assert b"secret" not in (tmp_path / "part.db").read_bytes()
    for source in (file, tmp_path / "part.db"):
        log = opencode.read([source], session_ids=("ses_root",))
        assert [prompt.text for prompt in of(log, Prompt)] == ["mine"]


def test_broken_objects(home: Path, write: Any) -> None:
    """Objects that are broken or of an unknown kind are counted; the rest is read."""
    write(home, session(), message("msg_1", "user", 1), part("prt_1", "msg_1", "text", text="go"))
    storage = home / ".local/share/opencode"
    if write is write_files:
        (storage / "storage/message/ses_root/msg_2.json").write_text('{"id": "msg_2", "ro')
    else:
        connection = sqlite3.connect(storage / "opencode.db")
        connection.execute("INSERT INTO message VALUES ('msg_2', 'ses_root', ?, '{\"ro')", (START,))
        connection.commit()
        connection.close()
    log = read_home(home)
    assert [prompt.text for prompt in of(log, Prompt)] == ["go"]
    assert log.unknown_records == 1


def test_no_database_at_all(tmp_path: Path) -> None:
    """A file that only looks like a database is a problem, no exception."""
    file = tmp_path / "opencode.db"
    file.write_bytes(b"SQLite format 3\0" + b"\xff" * 4000)
    assert opencode.read([file]).problems
