"""Codex `exec --json`: thread, turn and item events since about 0.44, before that the core's messages.

The newer names are those of 0.87 to 0.171, the older ones (`{"id", "msg": {"type": …}}`) those of 0.39.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from parsers.session import Category, ErrorKind, NoteKind, Stopped, Tokens, ToolUse
from parsers.streams.collecting import Collector
from parsers.tool_calls import tool_use, unwrap_command

_STATUSES = {"completed": True, "failed": False, "declined": False}


class _Usage(msgspec.Struct):
    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_output_tokens: int | None = None
    cache_write_input_tokens: int | None = None


class _Item(msgspec.Struct):
    """An item of any type; each uses some of the fields."""

    id: str = ""
    type: str = ""
    status: str | None = None
    text: str = ""
    command: str = ""
    aggregated_output: str = ""
    exit_code: int | None = None
    changes: list[dict[str, Any]] = []
    server: str = ""
    tool: str = ""
    arguments: Any = None
    query: str = ""
    prompt: str | None = None
    message: str = ""
    items: list[dict[str, Any]] = []


def recognises(record: Mapping[str, Any]) -> bool:
    """Tell whether the record is one that only this format has."""
    kind, message = str(record.get("type")), record.get("msg")
    return kind.startswith(("thread.", "turn.", "item.")) or (isinstance(message, Mapping) and "type" in message)


def read(record: Mapping[str, Any], into: Collector) -> None:
    """Take one record of either kind."""
    kind, message = record.get("type"), record.get("msg")
    if isinstance(message, Mapping):
        _message(message, into)
    elif kind == "thread.started":
        into.session_id = str(record.get("thread_id"))
    elif kind in ("item.started", "item.updated", "item.completed"):
        _item(msgspec.convert(record.get("item"), _Item), str(kind), record, into)
    elif kind == "turn.completed":
        _usage(msgspec.convert(record.get("usage") or {}, _Usage), into)
    elif kind == "turn.failed":
        error = record.get("error")
        _failure(str(error.get("message") if isinstance(error, Mapping) else error), into)
    elif kind == "error":
        _failure(str(record.get("message")), into)
    elif "prompt" in record and kind is None:  # 0.39 prints the prompt and its settings first
        into.prompt(str(record["prompt"]))
    elif kind is None and "workdir" in record:
        into.cwd, into.model = str(record["workdir"]), str(record.get("model") or "") or None
    elif kind != "turn.started":
        into.strange(record)


def _failure(text: str, into: Collector) -> None:
    """Add an API error: `turn.failed` repeats the `error` before it."""
    if not any(getattr(event, "text", None) == text for event in into.events[-2:]):
        into.error(text)


def _usage(usage: _Usage, into: Collector) -> None:
    """Add the tokens of the session so far."""
    tokens = Tokens(
        input=usage.input_tokens - usage.cached_input_tokens,
        output=usage.output_tokens,
        cache_read=usage.cached_input_tokens,
        cache_write=usage.cache_write_input_tokens,
        reasoning=usage.reasoning_output_tokens,
    )
    into.totals(tokens)


def _item(item: _Item, kind: str, record: Mapping[str, Any], into: Collector) -> None:
    """Take an item; a tool's item appears when it starts and again, whole, when it is done."""
    done = kind == "item.completed"
    build = _CALLS.get(item.type)
    if build is not None:
        into.call(build(item))
        if done:
            into.settle(item.id, **_outcome(item))
    elif item.type == "todo_list":
        _plan(item, kind, into)
    elif item.type == "agent_message" and done:
        into.says(item.text)
    elif item.type == "reasoning" and done:
        into.note(NoteKind.REASONING, item.text)
    elif item.type == "error":
        into.note(NoteKind.OTHER, item.message)  # a warning; what ends a turn is `turn.failed`
    elif done:
        into.strange(record)


def _command(item: _Item) -> ToolUse:
    command = unwrap_command(item.command)
    return ToolUse(
        name="shell", category=Category.SHELL, input={"command": item.command}, command=command, call_id=item.id
    )


def _patch(item: _Item) -> ToolUse:
    files = tuple(str(change.get("path")) for change in item.changes if change.get("kind") != "delete")
    created = tuple(str(change.get("path")) for change in item.changes if change.get("kind") == "add")
    arguments = {"changes": item.changes}
    return tool_use("apply_patch", arguments, files=files, created=created, call_id=item.id)


def _mcp(item: _Item) -> ToolUse:
    arguments = item.arguments if isinstance(item.arguments, dict) else {}
    return tool_use(f"mcp__{item.server}__{item.tool}", arguments, call_id=item.id)


def _search(item: _Item) -> ToolUse:
    return tool_use("web_search", {"query": item.query}, call_id=item.id)


def _agents(item: _Item) -> ToolUse:
    arguments = {"prompt": item.prompt} if item.prompt else {}
    return tool_use(item.tool or "agent", arguments, category=Category.TASK, call_id=item.id)


_CALLS: dict[str, Callable[[_Item], ToolUse]] = {
    "command_execution": _command,
    "file_change": _patch,
    "mcp_tool_call": _mcp,
    "web_search": _search,
    "collab_tool_call": _agents,
}


def _outcome(item: _Item) -> dict[str, Any]:
    """Say how a finished item ended."""
    ok = _STATUSES.get(item.status or "completed")
    if item.exit_code:
        ok = False
    outcome: dict[str, Any] = {"ok": ok, "exit_code": item.exit_code, "output": item.aggregated_output or None}
    if item.status == "declined":
        outcome["stopped"] = Stopped.DENIED
    return outcome


def _plan(item: _Item, kind: str, into: Collector) -> None:
    """Take a plan: its first form and each change of it is one call of the tool."""
    if kind == "item.completed":
        return  # at the end of the turn the list is said once more
    into.events.append(tool_use("update_plan", {"plan": item.items}, ok=True, start_seconds=into.at))


def _message(message: Mapping[str, Any], into: Collector) -> None:
    """Take one of the core's messages (0.39)."""
    kind, call_id = str(message.get("type")), str(message.get("call_id"))
    text = str(message.get("message") or message.get("text") or "")
    if kind in _TOLD:
        _TOLD[kind](text, into)
    elif kind == "session_configured":
        into.session_id = str(message.get("session_id"))
        into.model = str(message.get("model") or "") or into.model
    elif kind == "plan_update":
        into.events.append(tool_use("update_plan", {"plan": message.get("plan")}, ok=True, start_seconds=into.at))
    elif kind.endswith("_begin"):
        _begin(kind, call_id, message, into)
    elif kind.endswith("_end"):
        _end(call_id, message, into)
    elif kind == "token_count":
        info = message.get("info")
        total = info.get("total_token_usage") if isinstance(info, Mapping) else None
        if total:
            _usage(msgspec.convert(total, _Usage), into)
    elif not _SILENT_MESSAGES.fullmatch(kind):
        into.strange(message)


_TOLD: dict[str, Callable[[str, Collector], None]] = {
    "agent_message": lambda text, into: into.says(text),
    "agent_reasoning": lambda text, into: into.note(NoteKind.REASONING, text),
    "stream_error": lambda text, into: into.error(text),
    "error": lambda text, into: into.error(text),
    "turn_aborted": lambda _text, into: into.error("Turn aborted", ErrorKind.INTERRUPTED),
}
_SILENT_MESSAGES = re.compile(
    r"task_started|task_complete|\w+_delta|\w+_approval_request|agent_reasoning_(section_break|raw_content)|user_message"
    r"|turn_diff|\w+_response|background_event|shutdown_complete|conversation_path"
)


def _begin(kind: str, call_id: str, message: Mapping[str, Any], into: Collector) -> None:
    """Take the start of a call."""
    if kind == "exec_command_begin":
        into.call(tool_use("shell", {"command": message.get("command")}, call_id=call_id))
    elif kind == "patch_apply_begin":
        changes = message.get("changes")
        changes = changes if isinstance(changes, dict) else {}
        created = tuple(path for path, change in changes.items() if isinstance(change, Mapping) and "add" in change)
        gone = {path for path, change in changes.items() if isinstance(change, Mapping) and "delete" in change}
        files = tuple(path for path in changes if path not in gone)
        into.call(tool_use("apply_patch", {}, files=files, created=created, call_id=call_id))
    elif kind == "mcp_tool_call_begin":
        called = message.get("invocation")
        called = called if isinstance(called, Mapping) else {}
        arguments = called.get("arguments")
        name = f"mcp__{called.get('server')}__{called.get('tool')}"
        into.call(tool_use(name, arguments if isinstance(arguments, dict) else {}, call_id=call_id))
    elif kind == "web_search_begin":
        into.call(tool_use("web_search", {}, call_id=call_id))
    else:
        into.strange(message)


def _end(call_id: str, message: Mapping[str, Any], into: Collector) -> None:
    """Take the end of a call: commands have an exit code, patches `success`, MCP calls a result of two kinds."""
    code, success, result = message.get("exit_code"), message.get("success"), message.get("result")
    output = message.get("aggregated_output") or message.get("formatted_output") or message.get("stdout")
    ok: bool | None = True
    if isinstance(code, int):
        ok = code == 0
    elif isinstance(success, bool):
        ok = success
    elif isinstance(result, Mapping):
        ok = "Err" not in result
    into.settle(call_id, ok=ok, exit_code=code if isinstance(code, int) else None, output=output or None)
