"""Copilot CLI's own log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from parsers.native_logs import github_copilot
from parsers.native_logs.base import NativeLog, Places
from parsers.session import (
    AssistantText,
    Category,
    Error,
    ErrorKind,
    ModelCall,
    Prompt,
    Stopped,
    Tokens,
    ToolUse,
    Totals,
)

SESSION = "0badcafe-1111-4222-8333-444455556666"


def event(kind: str, second: int, data: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Make an event."""
    return {"type": kind, "data": data or {}, "id": f"e{second}", "timestamp": f"2026-01-02T10:00:{second:02}Z"} | more


START = event(
    "session.start",
    0,
    {
        "sessionId": SESSION,
        "copilotVersion": "1.0.9",
        "selectedModel": "gpt-4.1",
        "context": {"cwd": "/work/shop", "branch": "main"},
    },
)


def started(second: int, identity: str, name: str, arguments: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Make the start of a tool."""
    return event(
        "tool.execution_start", second, {"toolCallId": identity, "toolName": name, "arguments": arguments} | more
    )


def ended(second: int, identity: str, **data: Any) -> dict[str, Any]:
    """Make the end of a tool."""
    return event("tool.execution_complete", second, {"toolCallId": identity, "success": True} | data)


def write(home: Path, *records: object) -> Path:
    """Write a log where Copilot keeps it; a string is written as it is."""
    file = home / f".copilot/session-state/{SESSION}/events.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = (record if isinstance(record, str) else json.dumps(record) + "\n" for record in records)
    file.write_text("".join(lines))
    return file


def read(home: Path, *records: object, **more: Any) -> NativeLog:
    """Write a log, find it and read it."""
    write(home, *records)
    found = next(github_copilot.candidates(Places(home=home)))
    return github_copilot.read(found.files, **more)


def of(log: NativeLog, kind: type[Any]) -> list[Any]:
    """List the events of one kind."""
    return [event for event in log.events if isinstance(event, kind)]


def test_success_of_a_tool_is_not_its_command_s(home: Path) -> None:
    """A shell tool succeeds though its command fails: the exit code decides, which older versions put in the text."""
    log = read(
        home,
        START,
        event("user.message", 1, {"content": "test it"}),
        started(2, "c1", "bash", {"command": "make"}),
        ended(
            4, "c1", shellExecution={"exitCode": 2}, result={"content": "boom\n<shellId: 1 completed with exit code 2>"}
        ),
        started(5, "c2", "bash", {"command": "make again"}),
        ended(6, "c2", result={"content": "boom\n<exited with exit code 3>"}),
        started(7, "c3", "view", {"path": "a.py"}),
        ended(8, "c3", success=False, error={"message": "Path does not exist", "code": "failure"}),
    )
    uses = [(use.ok, use.exit_code, use.output) for use in of(log, ToolUse)]
    assert uses == [(False, 2, "boom"), (False, 3, "boom"), (False, None, "Path does not exist")]
    assert of(log, ToolUse)[0].duration_seconds == 2.0
    assert (log.provider_version, log.model, log.cwd, log.git_branch) == ("1.0.9", "gpt-4.1", "/work/shop", "main")


def test_a_call_is_told_once(home: Path) -> None:
    """The answer asks for a tool, the tool starts: one tool use, at the time of its start."""
    request = {"toolCallId": "c1", "name": "edit", "arguments": {"path": "a.py"}}
    diff = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1,2 @@\n-1\n+2\n+3\n"
    log = read(
        home,
        START,
        event("assistant.message", 1, {"content": "Editing.", "toolRequests": [request], "model": "gpt-5"}),
        started(2, "c1", "edit", {"path": "a.py"}),
        ended(3, "c1", result={"content": "ok", "detailedContent": diff}),
    )
    (use,) = of(log, ToolUse)
    assert (use.category, use.files, use.start_seconds) == (Category.EDIT, ("a.py",), 2.0)
    assert (use.lines_added, use.lines_removed) == (2, 1)
    assert [text.text for text in of(log, AssistantText)] == ["Editing."]
    assert log.model == "gpt-5"


def test_refused_stopped_and_open_calls(home: Path) -> None:
    """A refused call never ran, an aborted one did, and of one that just never ended nobody knows."""
    log = read(
        home,
        START,
        event("user.message", 1, {"content": "clean"}),
        started(2, "c1", "bash", {"command": "rm x"}),
        event("permission.completed", 3, {"toolCallId": "c1", "result": {"kind": "cancelled"}}),
        event("abort", 3, {"reason": "user_initiated"}),
        event("user.message", 4, {"content": "wait"}),
        started(5, "c2", "bash", {"command": "sleep 9"}),
        event("abort", 6, {"reason": "user_initiated"}),
        event("user.message", 7, {"content": "talk"}),
        event("abort", 8, {"reason": "user_initiated"}),
        started(9, "c3", "bash", {"command": "ls"}),
    )
    assert [use.stopped for use in of(log, ToolUse)] == [Stopped.DENIED, Stopped.INTERRUPTED, None]
    assert [use.ok for use in of(log, ToolUse)] == [False, False, None]
    assert [(error.kind, error.seconds) for error in of(log, Error)] == [(ErrorKind.INTERRUPTED, 8.0)]


def test_each_try_is_an_error(home: Path) -> None:
    """An answer that failed for good after two more tries is three errors of the API."""
    log = read(home, START, event("session.error", 9, {"message": "Failed; retried 2 times. Last error: 500"}))
    assert [error.kind for error in of(log, Error)] == [ErrorKind.API_ERROR] * 3


def test_tokens(home: Path) -> None:
    """Each call's usage counts; cached tokens are inside the input; the sum at the end is not counted besides."""
    usage = {"model": "gpt-5", "inputTokens": 100, "outputTokens": 9, "cacheReadTokens": 60, "cacheWriteTokens": 10}
    shutdown = event("session.shutdown", 9, {"modelMetrics": {"gpt-5": {"usage": usage}}})
    log = read(home, START, event("session.usage_record", 2, {"usage": usage | {"duration": 1500}}), shutdown)
    (call,) = of(log, ModelCall)
    assert call.tokens == Tokens(input=30, output=9, cache_read=60, cache_write=10)
    assert (call.seconds, call.duration_seconds) == (0.5, 1.5), "it is accounted for when it is over"
    assert not of(log, Totals)
    only_sum = of(read(home, START, shutdown), Totals)
    assert [total.tokens for total in only_sum] == [Tokens(input=30, output=9, cache_read=60, cache_write=10)]


def test_subagents(home: Path) -> None:
    """What a sub-agent does carries its name; what it is told is no prompt."""
    log = read(
        home,
        START,
        started(1, "c1", "task", {"prompt": "look"}),
        event("subagent.started", 1, {"toolCallId": "c1", "agentName": "explore"}),
        event("user.message", 2, {"content": "look", "parentToolCallId": "c1"}),
        started(3, "c2", "view", {"path": "a.py"}, parentToolCallId="c1"),
        ended(4, "c2"),
    )
    assert [(use.name, use.agent) for use in of(log, ToolUse)] == [("task", None), ("view", "explore")]
    assert not of(log, Prompt)


def test_mcp_tools(home: Path) -> None:
    """A tool of a server is of the category mcp, whatever its name says."""
    (use,) = of(read(home, START, started(1, "c1", "read_issue", {}, mcpServerName="github")), ToolUse)
    assert use.category is Category.MCP


def test_only_the_window_counts(home: Path) -> None:
    """Of a resumed session only this part is told, with what its beginning said of the whole."""
    yesterday = event("user.message", 1, {"content": "yesterday"})
    today = event("user.message", 50, {"content": "today"})
    log = read(home, START, yesterday, today, started_at=datetime(2026, 1, 2, 10, 0, 40, tzinfo=UTC))
    assert [(prompt.text, prompt.seconds) for prompt in of(log, Prompt)] == [("today", 10.0)]
    assert log.native_session_ids == (SESSION,)


def test_broken_and_unknown_events(home: Path) -> None:
    """Broken, half-written and unknown events are counted, known bookkeeping is not."""
    turn = event("assistant.turn_start", 1)
    log = read(
        home,
        START,
        turn,
        '{"type": "user.mes\n',
        event("hologram", 2),
        event("user.message", 3, {"content": "go"}),
        "{",
    )
    assert [prompt.text for prompt in of(log, Prompt)] == ["go"]
    assert log.unknown_records == 3


def test_flat_files_of_older_versions(home: Path) -> None:
    """Version 0.0.3xx wrote one file a session, without a folder."""
    file = home / f".copilot/session-state/{SESSION}.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(START) + "\n")
    found = next(github_copilot.candidates(Places(home=home)))
    assert (found.session_id, found.files) == (SESSION, (file,))


def test_names_that_are_no_texts(tmp_path: Path) -> None:
    """They are not known, and the session can be written and read again."""
    begun = {"selectedModel": 3, "copilotVersion": [], "context": {"cwd": 5, "branch": "main"}}
    log = read(tmp_path, event("session.start", 0, {"sessionId": SESSION, **begun}))
    assert (log.model, log.provider_version, log.cwd, log.git_branch) == (None, None, None, "main")
