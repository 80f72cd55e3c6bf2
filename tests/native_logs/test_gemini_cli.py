"""Gemini CLI's own log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from parsers.native_logs import gemini_cli
from parsers.native_logs.base import NativeLog, Places
from parsers.session import (
    AssistantText,
    Category,
    Error,
    ErrorKind,
    ModelCall,
    Note,
    NoteKind,
    Prompt,
    Stopped,
    ToolUse,
)

SESSION = "0badcafe-1111-4222-8333-444455556666"
HEADER = {"sessionId": SESSION, "projectHash": "00", "startTime": "2026-01-02T10:00:00Z", "kind": "main"}
CONTEXT = "<session_context>\n- **Workspace Directories:**\n  - /home/dev/shop\n</session_context>"


def at(second: int) -> str:
    """Give a time of the session."""
    return f"2026-01-02T10:00:{second:02}.000Z"


def user(identity: str, second: int, text: str) -> dict[str, Any]:
    """Make a user's message."""
    return {"id": identity, "timestamp": at(second), "type": "user", "content": [{"text": text}]}


def answer(identity: str, second: int, text: str = "", **more: Any) -> dict[str, Any]:
    """Make an answer that came just now."""
    return {"id": identity, "timestamp": at(second), "type": "gemini", "content": text, "model": "gemini-3-pro", **more}


def call(name: str, args: dict[str, Any], response: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Make a tool call with its result."""
    part = {"functionResponse": {"id": "c1", "name": name, "response": response}}
    known = {"id": "c1", "name": name, "args": args, "result": [part], "status": "success", "timestamp": at(9)}
    return known | more


def write_chat(home: Path, *records: object, name: str = "session-2026-01-02T10-00-0badcafe.jsonl") -> Path:
    """Write a chat of JSON lines where Gemini keeps it; a string is written as it is."""
    file = home / ".gemini/tmp/shop/chats" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = (record if isinstance(record, str) else json.dumps(record) + "\n" for record in records)
    file.write_text("".join(lines))
    return file


def read_home(home: Path, **more: Any) -> NativeLog:
    """Read the first session below a home folder."""
    found = next(gemini_cli.candidates(Places(home=home)))
    return gemini_cli.read(found.files, **more)


def of(log: NativeLog, kind: type[Any]) -> list[Any]:
    """List the events of one kind."""
    return [event for event in log.events if isinstance(event, kind)]


def test_last_version_of_a_message_wins(home: Path) -> None:
    """A message that is written again with its tool calls is one answer: its text and tokens count once."""
    tokens = {"input": 100, "output": 7, "cached": 40, "thoughts": 5, "tool": 0, "total": 112}
    done = call("run_shell_command", {"command": "make"}, {"output": "Output: boom\nExit Code: 2\n"})
    write_chat(
        home,
        HEADER,
        user("u1", 1, "build it"),
        answer("g1", 2, "Building.", tokens=tokens),
        answer("g1", 2, "Building.", tokens=tokens, toolCalls=[done]),
    )
    log = read_home(home)
    assert [text.text for text in of(log, AssistantText)] == ["Building."]
    (use,) = of(log, ToolUse)
    assert (use.category, use.command, use.ok, use.exit_code, use.output) == (Category.SHELL, "make", False, 2, "boom")
    (model,) = of(log, ModelCall)
    assert (model.tokens.input, model.tokens.cache_read) == (60, 40), "cached tokens are counted inside input"
    assert (model.tokens.output, model.tokens.reasoning) == (12, 5), "thoughts are not counted inside output"
    assert (model.seconds, model.duration_seconds) == (0.0, 1.0), "it began when it was asked for"


def test_no_exit_code_means_success(home: Path) -> None:
    """A shell command whose result names no exit code ended with 0."""
    write_chat(home, HEADER, answer("g1", 2, toolCalls=[call("run_shell_command", {"command": "ls"}, {"output": "a"})]))
    (use,) = of(read_home(home), ToolUse)
    assert (use.ok, use.exit_code) == (True, 0)


def test_repeated_history_is_no_news(home: Path) -> None:
    """What Gemini records again after an interruption, under new ids, is neither a prompt nor an answer."""
    write_chat(
        home,
        HEADER,
        {"$set": {"messages": [user("c0", 0, CONTEXT)]}},
        user("u1", 1, "first"),
        answer("g1", 2, "Done."),
        user("u2", 3, "second"),
        {"id": "i1", "timestamp": at(4), "type": "info", "content": "Request cancelled."},
        {"id": "u1b", "timestamp": at(4), "type": "user", "content": [{"text": CONTEXT}, {"text": "first"}]},
        {"id": "g1b", "timestamp": at(4), "type": "gemini", "content": [{"text": "Done."}], "tokens": None},
        {"id": "u2b", "timestamp": at(4).replace(".000", ".008"), "type": "user", "content": [{"text": "second"}]},
        {"$set": {"messages": [user("u1b", 4, "first")]}},
        {"$rewindTo": "u2"},
    )
    log = read_home(home)
    assert [prompt.text for prompt in of(log, Prompt)] == ["first", "second"]
    assert [text.text for text in of(log, AssistantText)] == ["Done."]
    assert [error.kind for error in of(log, Error)] == [ErrorKind.INTERRUPTED]
    assert log.cwd == "/home/dev/shop"


def test_denied_and_stopped_calls(home: Path) -> None:
    """A refused call never ran, a stopped one did; neither is an interruption of the answer besides."""
    refused = {"error": "[Operation Cancelled] Reason: User denied execution."}
    stopped = {"error": "[Operation Cancelled] Reason: Operation cancelled by user"}
    write_chat(
        home,
        HEADER,
        user("u1", 1, "clean"),
        answer("g1", 2, toolCalls=[call("run_shell_command", {"command": "rm x"}, refused, status="cancelled")]),
        {"id": "i1", "timestamp": at(3), "type": "info", "content": "Request cancelled."},
        user("u2", 4, "wait"),
        {"id": "i2", "timestamp": at(6), "type": "info", "content": "Request cancelled."},
        answer("g2", 7, toolCalls=[call("run_shell_command", {"command": "sleep 9"}, stopped, status="cancelled")]),
    )
    log = read_home(home)
    assert [use.stopped for use in of(log, ToolUse)] == [Stopped.DENIED, Stopped.INTERRUPTED]
    assert not of(log, Error)


def test_subagents_belong_to_their_caller(home: Path) -> None:
    """A sub-agent's file is found beside the chat; its task is no prompt, its calls carry its name."""
    child = "f00dfeed-1111-4222-8333-444455556666"
    asked = call("invoke_agent", {"agent_name": "investigator"}, {"output": "ok"}, agentId=child)
    write_chat(home, HEADER, user("u1", 1, "look"), answer("g1", 2, toolCalls=[asked]))
    read = call("read_file", {"file_path": "/home/dev/shop/a.py"}, {"output": "1"}, timestamp=at(4))
    write_chat(
        home,
        HEADER | {"sessionId": child, "kind": "subagent"},
        user("s1", 3, "Your task"),
        answer("s2", 4, toolCalls=[read]),
        name=f"{SESSION}/{child}.jsonl",
    )
    log = read_home(home)
    assert [(use.name, use.agent) for use in of(log, ToolUse)] == [
        ("invoke_agent", None),
        ("read_file", "investigator"),
    ]
    assert [prompt.text for prompt in of(log, Prompt)] == ["look"]
    assert log.native_session_ids == (SESSION,)


def test_only_the_window_counts(home: Path) -> None:
    """Of a resumed chat, only what happened during this session is told."""
    write_chat(home, HEADER, user("u1", 1, "yesterday"), answer("g1", 2, "Old."), user("u2", 30, "today"))
    log = read_home(home, started_at=datetime(2026, 1, 2, 10, 0, 20, tzinfo=UTC))
    assert [(prompt.text, prompt.seconds) for prompt in of(log, Prompt)] == [("today", 10.0)]
    assert not of(log, AssistantText)


def test_broken_lines_are_counted(home: Path) -> None:
    """Broken, unknown and half-written lines are counted and kept; the rest is read."""
    strange = {"id": "x1", "timestamp": at(2), "type": "hologram", "content": "?"}
    write_chat(home, HEADER, '{"id": "u0", "ty\n', user("u1", 1, "go"), strange, '{"id": "g1", "timest')
    log = read_home(home)
    assert [prompt.text for prompt in of(log, Prompt)] == ["go"]
    assert log.unknown_records == 3
    assert any("broken" in problem for problem in log.problems)
    assert any("half written" in problem for problem in log.problems)


def test_another_format_is_said_loudly(home: Path) -> None:
    """A file in which nothing is understood is a problem, not an empty session."""
    write_chat(home, HEADER, *({"event": "turn", "n": n} for n in range(12)))
    assert any("format may have changed" in problem for problem in read_home(home).problems)


def test_json_generation_and_what_it_dropped(home: Path) -> None:
    """One JSON file (0.24) holds the messages; a prompt that was cancelled is only in logs.json."""
    chats = home / ".gemini/tmp/0f0f/chats"
    chats.mkdir(parents=True)
    ran = call(
        "run_shell_command", {"command": "ls"}, {"output": "Command: ls\nOutput: a\nExit Code: 0\nSignal: (none)"}
    )
    messages = [user("u1", 1, "go") | {"content": "go"}, answer("g1", 2, "Went.", toolCalls=[ran])]
    (chats / "session-2026-01-02T10-00-0badcafe.json").write_text(json.dumps(HEADER | {"messages": messages}))
    typed = [
        {"sessionId": SESSION, "messageId": n, "type": "user", "message": text, "timestamp": at(second)}
        for n, (text, second) in enumerate([("go", 1), ("never mind", 5), ("/stats", 6)])
    ] + [{"sessionId": "other", "messageId": 9, "type": "user", "message": "elsewhere", "timestamp": at(5)}]
    (chats.parent / "logs.json").write_text(json.dumps(typed))
    log = read_home(home)
    assert [prompt.text for prompt in of(log, Prompt)] == ["go", "never mind"]
    assert [note.text for note in of(log, Note) if note.kind is NoteKind.SLASH_COMMAND] == ["/stats"]
    (use,) = of(log, ToolUse)
    assert (use.exit_code, use.output) == (0, "a")
    assert gemini_cli.extract(chats.parent / "logs.json", (SESSION,), home / "part.json")
    copied = (home / "part.json").read_text()
    assert "never mind" in copied
    assert "elsewhere" not in copied


def test_half_written_json_file(home: Path) -> None:
    """A JSON file that ends in the middle gives a problem and no exception."""
    write_chat(
        home, '{"sessionId": "' + SESSION + '", "messages": [{"id"', name="session-2026-01-02T10-00-0badcafe.json"
    )
    log = gemini_cli.read(sorted((home / ".gemini").rglob("session-*")))
    assert not log.events[:-1]
    assert log.problems


def test_shell_mode_is_no_prompt(home: Path) -> None:
    """A command that the person ran in shell mode is a note, though the model is told of it as if by a prompt."""
    told = "I ran the following shell command:\n```sh\ngit status\n```\n\nThis produced the following result:\n```\n```"
    write_chat(home, HEADER, user("u1", 1, told), user("u2", 2, "and now?"))
    log = read_home(home)
    assert [prompt.text for prompt in of(log, Prompt)] == ["and now?"]
    assert [note.text for note in of(log, Note)] == ["git status"]


def test_working_directory_of_a_project(home: Path) -> None:
    """projects.json tells the working directory of each folder below tmp."""
    write_chat(home, HEADER, user("u1", 1, "go"))
    (home / ".gemini/projects.json").write_text('{"projects": {"/work/elsewhere": "shop"}}')
    assert next(gemini_cli.candidates(Places(home=home))).cwd == "/work/elsewhere"


@pytest.mark.parametrize("identity", ["", "..", "/", "../chats", "9" * 5_000])
def test_an_id_that_is_no_name_of_a_folder(tmp_path: Path, identity: str) -> None:
    """Nothing else that lies about is taken for its sub-agents."""
    write_chat(tmp_path, HEADER, user("u1", 1, "another"), name="session-2026-01-02T09-00-0badbeef.jsonl")
    chat = write_chat(tmp_path, HEADER | {"sessionId": identity}, user("u1", 1, "hello"))
    found = [one for one in gemini_cli.candidates(Places(home=tmp_path)) if chat in one.files]
    assert [one.files for one in found] == [(chat,)]
