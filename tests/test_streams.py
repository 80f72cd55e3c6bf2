"""Piped sessions: JSON streams of every assistant, and plain text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from parsers.reading import ScreenReading
from parsers.recording import Output, Recording
from parsers.session import AssistantText, Category, Error, ErrorKind, Prompt, Stopped, Tokens, ToolUse, Totals
from parsers.streams import read_json_recording, read_streams


def lines(*records: Mapping[str, Any]) -> bytes:
    """Write records as a program prints them."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def tools(reading: ScreenReading) -> list[ToolUse]:
    """Give the tool uses alone."""
    return [event for event in reading.events if isinstance(event, ToolUse)]


def texts(reading: ScreenReading) -> list[str]:
    """Give the assistant's messages alone."""
    return [event.text for event in reading.events if isinstance(event, AssistantText)]


def said(role: str, *content: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """Make a record of Claude's format."""
    return {"type": role, "message": {"role": role, "content": list(content)}, **fields}


CLAUDE_INIT = {"type": "system", "subtype": "init", "session_id": "s1", "model": "opus", "claude_code_version": "2.1.9"}
CLAUDE_CALL = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "pytest -q"}}


def test_claude_calls_get_their_results_by_id() -> None:
    """A failed command has its exit code, its output and its times, whatever came in between."""
    stream = lines(
        CLAUDE_INIT,
        said("assistant", CLAUDE_CALL, timestamp="2026-11-20T09:30:00Z"),
        said("assistant", {"type": "text", "text": "Meanwhile."}),
        said(
            "user",
            {"type": "tool_result", "tool_use_id": "t1", "is_error": True, "content": "Exit code 2\nboom"},
            timestamp="2026-11-20T09:30:01.500Z",
        ),
    )
    reading = read_streams(stream, b"", argv=["claude", "-p", "close-issue 583"])
    (tool,) = tools(reading)
    assert (tool.command, tool.ok, tool.exit_code, tool.duration_seconds) == ("pytest -q", False, 2, 1.5)
    assert (reading.provider, reading.provider_version, reading.model) == ("claude_code", "2.1.9", "opus")
    assert reading.native_session_id == "s1"
    assert [event.text for event in reading.events if isinstance(event, Prompt)] == ["close-issue 583"]


def test_claude_denied_calls_are_denied() -> None:
    """What the closing record lists as denied never ran."""
    closing = {"type": "result", "subtype": "success", "num_turns": 2, "permission_denials": [{"tool_use_id": "t1"}]}
    reading = read_streams(lines(CLAUDE_INIT, said("assistant", CLAUDE_CALL), closing), b"")
    assert [(tool.ok, tool.stopped) for tool in tools(reading)] == [(False, Stopped.DENIED)]


def test_claude_json_alone_gives_answer_and_totals() -> None:
    """`--output-format json` has one object: the answer, tokens and cost are all there is."""
    document = {"type": "result", "subtype": "success", "num_turns": 1, "result": "Done.", "total_cost_usd": 0.5}
    document["usage"] = {"input_tokens": 3, "output_tokens": 4, "cache_read_input_tokens": 5}
    reading = read_streams(json.dumps(document, indent=2).encode(), b"")
    assert texts(reading) == ["Done."]
    (totals,) = (event for event in reading.events if isinstance(event, Totals))
    assert (totals.cost_usd, totals.tokens) == (0.5, Tokens(input=3, output=4, cache_read=5))


def test_qwen_writes_claudes_format() -> None:
    """The version field tells Qwen Code from Claude Code."""
    init = {"type": "system", "subtype": "init", "session_id": "s", "qwen_code_version": "0.5.0"}
    reading = read_streams(lines(init), b"")
    assert (reading.provider, reading.provider_version) == ("qwen_code", "0.5.0")


def item(kind: str, **fields: Any) -> dict[str, Any]:
    """Make an item record of Codex."""
    return {"type": kind, "item": fields}


def test_codex_items_are_one_call_each() -> None:
    """An item that started and was completed is one call; the shell around the command is no part of it."""
    about = {"id": "i1", "type": "command_execution", "command": "/bin/bash -lc 'git log -1'"}
    reading = read_streams(
        lines(
            {"type": "thread.started", "thread_id": "th"},
            item("item.started", **about, status="in_progress"),
            item("item.completed", **about, status="failed", exit_code=128, aggregated_output="fatal: no"),
            {"type": "turn.completed", "usage": {"input_tokens": 9, "cached_input_tokens": 4, "output_tokens": 2}},
        ),
        b"",
    )
    (tool,) = tools(reading)
    assert (tool.command, tool.ok, tool.exit_code, tool.output) == ("git log -1", False, 128, "fatal: no")
    assert (reading.provider, reading.native_session_id) == ("openai_codex", "th")
    assert Totals(tokens=Tokens(input=5, output=2, cache_read=4)) in reading.events


def test_codex_patches_say_what_they_made_new() -> None:
    """Added files are told from changed ones; one that was deleted is neither."""
    changes = [{"path": "a.py", "kind": "update"}, {"path": "b.md", "kind": "add"}, {"path": "c", "kind": "delete"}]
    done = item("item.completed", id="i", type="file_change", changes=changes, status="completed")
    (tool,) = tools(read_streams(lines({"type": "turn.started"}, done), b""))
    assert (tool.category, tool.files, tool.created) == (Category.EDIT, ("a.py", "b.md"), ("b.md",))


def test_codex_old_messages() -> None:
    """0.39 wraps the core's messages; begin and end of a command are one call, retries are API errors."""
    reading = read_streams(
        lines(
            {"workdir": "/w", "model": "gpt-5"},
            {"prompt": "close-issue 583"},
            {"id": "0", "msg": {"type": "exec_command_begin", "call_id": "c", "command": ["bash", "-lc", "ls x"]}},
            {"id": "0", "msg": {"type": "exec_command_end", "call_id": "c", "exit_code": 2, "stdout": "no x"}},
            {"id": "0", "msg": {"type": "stream_error", "message": "stream error: 500; retrying 1/3"}},
        ),
        b"",
    )
    (tool,) = tools(reading)
    assert (tool.command, tool.ok, tool.exit_code) == ("ls x", False, 2)
    assert [event.kind for event in reading.events if isinstance(event, Error)] == [ErrorKind.API_ERROR]
    assert (reading.model, reading.cwd) == ("gpt-5", "/w")


GEMINI_INIT = {"type": "init", "session_id": "g", "model": "gemini-2.5-pro"}


def gemini_shell(command: str, output: str) -> bytes:
    """Make a Gemini stream with one shell command, which it always calls a success."""
    return lines(
        GEMINI_INIT,
        {"type": "tool_use", "tool_name": "run_shell_command", "tool_id": "1", "parameters": {"command": command}},
        {"type": "tool_result", "tool_id": "1", "status": "success", "output": output},
    )


def test_gemini_success_of_a_command_is_not_believed() -> None:
    """The output tells of a failure; where it does not, the outcome stays unknown."""
    failed = tools(read_streams(gemini_shell("pytest -q", "F\n1 failed, 2 passed in 0.03s"), b""))
    unknown = tools(read_streams(gemini_shell("pytest -q | tail", "1 failed, 2 passed in 0.03s"), b""))
    assert [(tool.ok, tool.exit_code) for tool in failed + unknown] == [(False, 1), (None, None)]


def test_gemini_pieces_make_one_message() -> None:
    """Deltas are joined until something else happens."""
    pieces = [{"type": "message", "role": "assistant", "content": c, "delta": True} for c in ("All ", "is well.")]
    assert texts(read_streams(lines(GEMINI_INIT, *pieces), b"")) == ["All is well."]


def test_gemini_json_counts_tools() -> None:
    """`-o json` names tools with counts: each counted call is a tool use."""
    stats = {"tools": {"byName": {"read_file": {"count": 3, "success": 2, "fail": 1}}}}
    reading = read_streams(json.dumps({"response": "Hi", "stats": stats}, indent=1).encode(), b"")
    assert [tool.ok for tool in tools(reading)] == [True, True, False]
    assert (reading.provider, texts(reading)) == ("gemini_cli", ["Hi"])


@pytest.mark.parametrize("count", [10**12, -1, "two", [], 1.5])
def test_gemini_json_with_counts_that_are_none(count: object) -> None:
    """What is no number of calls or errors counts none."""
    stats = {"tools": {"byName": {"read_file": {"success": count}}}, "models": {"m": {"api": {"totalErrors": count}}}}
    reading = read_streams(json.dumps({"response": "Hi", "stats": stats}, indent=1).encode(), b"")
    assert (tools(reading), texts(reading)) == ([], ["Hi"])


def test_opencode_exit_code_beats_its_status() -> None:
    """A command is `completed` to opencode whatever its exit code was."""
    state = {
        "status": "completed",
        "input": {"command": "x"},
        "metadata": {"exit": 1},
        "time": {"start": 0, "end": 500},
    }
    part = {"type": "tool", "tool": "bash", "callID": "c", "state": state}
    stream = lines({"type": "tool_use", "timestamp": 1000, "sessionID": "ses_1", "part": part})
    reading = read_streams(stream, b"")
    (tool,) = tools(reading)
    assert (tool.ok, tool.exit_code, tool.duration_seconds, tool.command) == (False, 1, 0.5, "x")
    assert (reading.provider, reading.native_session_id) == ("opencode", "ses_1")


def test_copilot_events() -> None:
    """The exit code in a result's text decides, not `success`."""
    call = {"toolCallId": "c", "toolName": "bash", "arguments": {"command": "false"}}
    result = {"content": "<shellId: 2 completed with exit code 127>"}
    reading = read_streams(
        lines(
            {"type": "session.start", "data": {"sessionId": "u", "copilotVersion": "1.0.102"}},
            {"type": "tool.execution_start", "data": call},
            {"type": "tool.execution_complete", "data": {"toolCallId": "c", "success": True, "result": result}},
        ),
        b"",
    )
    assert [(tool.ok, tool.exit_code) for tool in tools(reading)] == [(False, 127)]
    assert (reading.provider, reading.native_session_id) == ("github_copilot", "u")


def test_strange_records_are_counted_and_the_rest_is_read() -> None:
    """A broken line, an unknown type and a record of the wrong shape never end the reading."""
    strange = {"type": "telepathy"}, {"type": "message", "role": "user", "content": 7}
    understood = {"type": "message", "role": "user", "content": "hi"}
    stream = lines(GEMINI_INIT) + b'{"type": "mess\n\xff\xfe\n' + lines(*strange, understood)
    reading = read_streams(stream, b"")
    assert reading.unknown_lines == 4
    assert [event.text for event in reading.events if isinstance(event, Prompt)] == ["hi"]


STRANGE = [
    ({"type": "init", "session_id": "1"}, {"type": "result", "stats": {"input_tokens": {}, "total_tokens": 3}}),
    (said("assistant", {"type": "text", "text": "Hi"}), {"type": ["assistant"]}),
    ({"type": "thread.started", "thread_id": "1"}, {"type": []}),
    (
        {"type": "text", "sessionID": "1", "part": {"text": "Hi"}},
        {"type": "step_finish", "sessionID": "1", "part": {"tokens": {"output": "many"}}},
    ),
]


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(("known", "strange"), STRANGE, ids=["gemini", "claude", "codex", "opencode"])
def test_fields_of_another_type_make_a_record_strange(
    known: dict[str, Any], strange: dict[str, Any], place: int
) -> None:
    """It is counted wherever it stands; the others are read as always."""
    records = [known]
    records.insert(place, strange)
    assert read_streams(lines(*records), b"").unknown_lines == 1


def test_json_that_an_assistant_wrote_as_its_answer_is_text() -> None:
    """An answer that is JSON is no stream of records."""
    reading = read_streams(b'{"type": "object", "properties": {}}\n', b"", provider="claude_code")
    assert texts(reading) == ['{"type": "object", "properties": {}}']


def test_a_recorded_json_stream_has_the_recordings_times() -> None:
    """Lines are timed by when the terminal got their end, and never broken at its width."""
    chunks = (Output(1.0, lines(GEMINI_INIT)[:-1]), Output(2.0, b"\r\n"), Output(3.5, gemini_shell("ls", "a" * 500)))
    recording = Recording(
        command=None, term=None, rows=24, cols=20, started_at=None, duration_seconds=None, exit_code=None, chunks=chunks
    )
    reading = read_json_recording(recording)
    assert reading is not None
    assert [(tool.start_seconds, tool.output) for tool in tools(reading)] == [(3.5, "a" * 500)]


def test_stderr_and_stdout_are_read_apart() -> None:
    """Calls on stderr never swallow the answer on stdout (llm --td)."""
    first = b"Tool call: run_shell({'command': 'pytest -q'})\n  exit code: 1\n  1 failed\n\n\n"
    calls = first + b"Tool call: run_shell({'command': 'ls'})\n"
    reading = read_streams(b"  It failed.\n", calls, argv=["llm", "--td", "fix it"])
    assert [(tool.command, tool.ok, tool.start_seconds) for tool in tools(reading)] == [
        ("pytest -q", False, None), ("ls", None, None)
    ]  # fmt: skip
    assert (reading.client, texts(reading)) == ("llm", ["It failed."])
    assert [event.text for event in reading.events if isinstance(event, Prompt)] == ["fix it"]


def test_a_warning_on_stderr_is_no_answer() -> None:
    """What a runtime says beside an answer on stdout is kept as not understood."""
    warning = b"(node:7) [DEP0040] DeprecationWarning: The `punycode` module is deprecated.\n"
    for provider, argv in {"claude_code": ("claude", "-p", "add"), "gpt": ("llm", "add")}.items():
        reading = read_streams(b"The sum is 4.\n", warning, provider=provider, argv=argv)
        assert [event.text for event in reading.events if isinstance(event, AssistantText)] == ["The sum is 4."]
        assert reading.unknown_lines == 1
        assert "DeprecationWarning" in reading.transcript


def test_a_message_on_both_streams_is_one() -> None:
    """Codex prints its last message on stdout and, with everything else, on stderr."""
    said_twice = (
        b"OpenAI Codex v0.169.0\n--------\nworkdir: /w\n--------\nuser\ngo\ncodex\nAll is well now.\ntokens used\n5\n"
    )
    reading = read_streams(b"All is well now.\n", said_twice)
    assert (reading.provider, texts(reading)) == ("openai_codex", ["All is well now."])


def test_text_without_any_sign_is_a_guess() -> None:
    """Only an unknown command line makes it Claude's, and that with little confidence."""
    guess = read_streams(b"It **works**.\n", b"")
    assert (guess.provider, guess.detection.method, texts(guess)) == ("claude_code", "generic", ["It **works**."])
    assert guess.detection.confidence < 0.5
    assert read_streams(b"It works.\n", b"", argv=["other-assistant", "-x"]).provider == "generic"
