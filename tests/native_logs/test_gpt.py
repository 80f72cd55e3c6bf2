"""The logs of llm (both database schemas) and of shell-gpt."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from parsers.native_logs import gpt
from parsers.native_logs.base import NativeLog, Places
from parsers.session import AssistantText, Category, ModelCall, Note, Prompt, Stopped, Tokens, ToolUse

OLD = """
CREATE TABLE conversations (id TEXT, name TEXT, model TEXT);
CREATE TABLE responses (id TEXT, model TEXT, prompt TEXT, response TEXT, conversation_id TEXT, duration_ms INTEGER,
  datetime_utc TEXT, input_tokens INTEGER, output_tokens INTEGER, token_details TEXT);
CREATE TABLE tool_calls (id INTEGER PRIMARY KEY, response_id TEXT, name TEXT, arguments TEXT, tool_call_id TEXT);
CREATE TABLE tool_results (id INTEGER PRIMARY KEY, response_id TEXT, name TEXT, output TEXT, tool_call_id TEXT);
CREATE TABLE fragments (id INTEGER PRIMARY KEY, content TEXT);
CREATE TABLE prompt_fragments (response_id TEXT, fragment_id INTEGER, "order" INTEGER);
"""
NEW = """
CREATE TABLE threads (id TEXT, name TEXT, datetime_utc TEXT);
CREATE TABLE turns (id TEXT, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT, model TEXT,
  resolved_model TEXT, input_tokens INTEGER, output_tokens INTEGER, token_details TEXT, duration_ms INTEGER,
  datetime_utc TEXT, response_json TEXT);
CREATE TABLE messages (hash TEXT, parent_hash TEXT, role TEXT);
CREATE TABLE parts (id INTEGER PRIMARY KEY, message_hash TEXT, position INTEGER, type TEXT, tool_name TEXT, text TEXT,
  payload TEXT);
CREATE TABLE fragments (id INTEGER PRIMARY KEY, content TEXT);
CREATE TABLE part_fragments (part_id INTEGER, fragment_id INTEGER, "order" INTEGER);
"""
DETAILS = json.dumps(
    {"prompt_tokens_details": {"cached_tokens": 40}, "completion_tokens_details": {"reasoning_tokens": 4}}
)


def at(second: int) -> str:
    """Give a time as llm writes it."""
    return f"2026-01-02T10:00:{second:02}+00:00"


def database(home: Path, schema: str) -> sqlite3.Connection:
    """Make a database where llm keeps it."""
    file = home / ".config/io.datasette.llm/logs.db"
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(file, isolation_level=None)
    connection.executescript(schema)
    return connection


def fill_old(home: Path) -> None:
    """Write a conversation with two tools of the same call id, and another one."""
    rows = database(home, OLD)
    insert = "INSERT INTO responses VALUES (?, 'gpt-4o', ?, ?, ?, 500, ?, 100, 10, ?)"
    rows.execute(insert, ("r1", "run it", "Running.", "t1", at(1), DETAILS))
    rows.execute(insert, ("r2", "", "Failed.", "t1", at(2), None))
    rows.execute(insert, ("r3", "", "", "t1", at(4), None))
    rows.execute(insert, ("r9", "elsewhere", "Yes.", "t2", at(3), None))
    rows.execute("INSERT INTO fragments VALUES (1, 'from a file')")
    rows.execute("INSERT INTO prompt_fragments VALUES ('r3', 1, 0)")
    for response, command in (("r1", "make"), ("r2", "rm x")):
        arguments = json.dumps({"command": command})
        rows.execute("INSERT INTO tool_calls VALUES (NULL, ?, 'run_shell', ?, 'c1')", (response, arguments))
    for response, output in (("r2", "exit code: 2\nboom"), ("r3", "Cancelled: User cancelled tool call")):
        rows.execute("INSERT INTO tool_results VALUES (NULL, ?, 'run_shell', ?, 'c1')", (response, output))
    rows.close()


def fill_new(home: Path) -> None:
    """Write the same in the schema of 0.32 and later."""
    rows = database(home, NEW)
    messages = [
        ("m1", None, "user", [("text", None, "run it", None)]),
        ("m2", "m1", "assistant", [("text", None, "Running.", None), call("make")]),
        ("m3", "m2", "tool", [result("exit code: 2\nboom")]),
        ("m4", "m3", "assistant", [("text", None, "Failed.", None), call("rm x")]),
        ("m5", "m4", "tool", [result("Cancelled: User cancelled tool call")]),
        ("m6", "m5", "user", [("text", None, "", None)]),
        ("m7", "m6", "assistant", []),
        ("m8", None, "user", [("text", None, "elsewhere", None)]),
        ("m9", "m8", "assistant", [("text", None, "Yes.", None)]),
    ]
    for identity, parent, role, parts in messages:
        rows.execute("INSERT INTO messages VALUES (?, ?, ?)", (identity, parent, role))
        for position, part in enumerate(parts):
            rows.execute("INSERT INTO parts VALUES (NULL, ?, ?, ?, ?, ?, ?)", (identity, position, *part))
    rows.execute("INSERT INTO fragments VALUES (1, 'from a file')")
    rows.execute("INSERT INTO part_fragments SELECT id, 1, 0 FROM parts WHERE message_hash = 'm6'")
    insert = "INSERT INTO turns VALUES (?, ?, ?, ?, 'mine', ?, 100, 10, ?, 500, ?, ?)"
    rows.execute(insert, ("r1", "t1", "m1", "m2", "gpt-4o", DETAILS, at(1), None))
    rows.execute(insert, ("r2", "t1", "m3", "m4", None, None, at(2), '{"model": "gpt-4o"}'))
    rows.execute(insert, ("r3", "t1", "m6", "m7", "gpt-4o", None, at(4), None))
    rows.execute(insert, ("r9", "t2", "m8", "m9", "gpt-4o", None, at(3), None))
    rows.close()


def call(command: str) -> tuple[str, str, None, str]:
    """Make the part of a tool call."""
    payload = {"name": "run_shell", "arguments": {"command": command}, "tool_call_id": "c1"}
    return "tool_call", "run_shell", None, json.dumps(payload)


def result(output: str) -> tuple[str, str, None, str]:
    """Make the part of a tool's answer."""
    return "tool_result", "run_shell", None, json.dumps({"name": "run_shell", "output": output, "tool_call_id": "c1"})


def of(log: NativeLog, kind: type[Any]) -> list[Any]:
    """List the events of one kind."""
    return [event for event in log.events if isinstance(event, kind)]


@pytest.mark.parametrize("fill", [fill_old, fill_new])
def test_llm(home: Path, fill: Any, tmp_path: Path) -> None:
    """Both schemas tell the same: prompts, texts, each tool with its own answer, tokens."""
    fill(home)
    found = {one.session_id: one for one in gpt.candidates(Places(home=home))}
    assert set(found) == {"t1", "t2"}
    log = gpt.read(found["t1"].files, session_ids=("t1",))
    assert [(prompt.text, prompt.seconds) for prompt in of(log, Prompt)] == [("run it", 0.0), ("from a file", 3.0)]
    assert [(text.text, text.seconds) for text in of(log, AssistantText)] == [("Running.", 0.5), ("Failed.", 1.5)]
    uses = [(use.category, use.command, use.ok, use.exit_code, use.stopped, use.output) for use in of(log, ToolUse)]
    assert uses == [
        (Category.SHELL, "make", False, 2, None, "boom"),
        (Category.SHELL, "rm x", False, None, Stopped.DENIED, "Cancelled: User cancelled tool call"),
    ]
    assert of(log, ModelCall)[0].tokens == Tokens(input=60, output=10, cache_read=40, reasoning=4)
    assert {model_call.model for model_call in of(log, ModelCall)} == {"gpt-4o"}
    assert log.client == "llm"
    part = tmp_path / "part.db"
    assert gpt.extract(found["t1"].files[0], ("t1",), part)
    assert gpt.read((part,)).events == log.events, "a copy of its rows alone says the same"


@pytest.mark.parametrize("fill", [fill_old, fill_new])
def test_llm_by_time(home: Path, fill: Any) -> None:
    """Without a thread's id, what was asked in the session's time is its log."""
    fill(home)
    start, end = datetime(2026, 1, 2, 10, 0, 3, tzinfo=UTC), datetime(2026, 1, 2, 10, 0, 5, tzinfo=UTC)
    log = gpt.read([home / ".config/io.datasette.llm/logs.db"], started_at=start, ended_at=end)
    assert [(prompt.text, prompt.seconds) for prompt in of(log, Prompt)] == [("elsewhere", 0.0), ("from a file", 1.0)]


def test_llm_with_an_unknown_schema(home: Path) -> None:
    """A database without any known table is a problem, not an empty session."""
    database(home, "CREATE TABLE utterances (id TEXT)").close()
    log = gpt.read([home / ".config/io.datasette.llm/logs.db"])
    assert any("may have changed" in problem for problem in log.problems)


def test_llm_elsewhere(home: Path) -> None:
    """LLM_USER_PATH names the folder."""
    fill_old(home)
    (home / ".config/io.datasette.llm").rename(home / "mine")
    assert not list(gpt.candidates(Places(home=home, environ={"CHAT_CACHE_PATH": str(home / "none")})))
    assert list(gpt.candidates(Places(home=home, environ={"LLM_USER_PATH": str(home / "mine")})))


def chat(home: Path, name: str, *messages: dict[str, Any]) -> Path:
    """Write a chat of shell-gpt."""
    file = home / "cache" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(messages))
    return file


def test_shell_gpt(home: Path) -> None:
    """Prompts, function calls with their exit codes, and answers without the lines that repeat the calls."""
    function = {"name": "execute_shell_command", "arguments": json.dumps({"shell_command": "make"})}
    file = chat(
        home,
        "fix",
        {"role": "system", "content": "You are ShellGPT"},
        {"role": "user", "content": "test it"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": function}]},
        {"role": "tool", "content": "Exit code: 2, Output:\nboom", "tool_call_id": "c1"},
        {"role": "assistant", "content": "I test.\n> @FunctionCall `execute_shell_command(…)` \n\nIt fails."},
        {"role": "hologram", "content": "?"},
    )
    (found,) = gpt.candidates(Places(home=home, environ={"CHAT_CACHE_PATH": str(home / "cache")}))
    assert (found.session_id, found.files) == ("fix", (file,))
    log = gpt.read(found.files)
    (use,) = of(log, ToolUse)
    assert (use.category, use.command, use.ok, use.exit_code, use.output) == (Category.SHELL, "make", False, 2, "boom")
    assert [prompt.text for prompt in of(log, Prompt)] == ["test it"]
    assert [text.text for text in of(log, AssistantText)] == ["I test.", "It fails."]
    assert (log.client, log.unknown_records) == ("shell-gpt", 1)
    assert not of(log, Note)


def test_shell_gpt_function_calls(home: Path) -> None:
    """Before 1.4 a message held a function call; its answer is the next message."""
    function = {"name": "execute_shell_command", "arguments": '{"shell_command": "ls"}'}
    file = chat(
        home,
        "old",
        {"role": "assistant", "content": "", "function_call": function},
        {"role": "function", "name": "execute_shell_command", "content": "Exit code: 0, Output:\na"},
    )
    (use,) = of(gpt.read((file,)), ToolUse)
    assert (use.command, use.ok, use.output) == ("ls", True, "a")


def test_shell_gpt_settings(home: Path) -> None:
    """The cache's folder may be named in .sgptrc; broken chats are a problem."""
    settings = home / ".config/shell_gpt/.sgptrc"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"CACHE_PATH=/x\nCHAT_CACHE_PATH={home / 'cache'}\n")
    file = chat(home, "broken")
    file.write_text('[{"role": "us')
    (found,) = gpt.candidates(Places(home=home))
    assert gpt.read(found.files).problems
