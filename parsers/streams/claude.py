"""Claude Code's `--output-format stream-json` and `json`: its messages as they are sent, closed by a `result` record.

Field names as written by 1.0.128 to 2.1.328. Qwen Code writes the same format with its own tools.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from parsers.session import ErrorKind, NoteKind, Stopped, Tokens
from parsers.streams.collecting import Collector
from parsers.tool_calls import tool_use

# Records that say nothing of the conversation.
_SILENT_TYPES = frozenset(
    {"stream_event", "rate_limit_event", "keep_alive", "tool_progress", "auth_status", "prompt_suggestion"}
    | {"tool_use_summary", "control_request", "control_response", "control_cancel_request", "streamlined_text"}
)
_EXIT_CODE = re.compile(r"(?:Error: )?Exit code (\d{1,9})\b")
_NOT_ALLOWED = re.compile(
    r"Claude requested permissions|This command requires approval|permission to use \S+ (?:with|has been) "
    r"|The user doesn't want to (?:proceed|take this action)|haven't granted it yet"
)
_INTERRUPTED = "[Request interrupted by user"


class _Message(msgspec.Struct):
    content: str | list[dict[str, Any]] = ""
    model: str | None = None


class _Init(msgspec.Struct):
    session_id: str | None = None
    model: str | None = None
    cwd: str | None = None
    claude_code_version: str | None = None
    qwen_code_version: str | None = None


class _Turn(msgspec.Struct):
    """An `assistant` or a `user` record."""

    message: _Message
    parent_tool_use_id: str | None = None
    timestamp: datetime | None = None
    error: str | None = None
    tool_use_result: Any = None
    isSynthetic: bool = False  # noqa: N815 - the format's own name


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None


class _Result(msgspec.Struct):
    subtype: str = ""
    is_error: bool = False
    result: str | None = None
    session_id: str | None = None
    usage: _Usage | None = None
    total_cost_usd: float | None = None
    permission_denials: list[dict[str, Any]] = []
    errors: list[str] = []
    modelUsage: dict[str, Any] = {}  # noqa: N815 - the format's own name


def recognises(record: Mapping[str, Any]) -> bool:
    """Tell whether the record is one that only this format has."""
    kind = str(record.get("type"))
    if kind == "system":
        return "subtype" in record
    if kind == "result":
        return "subtype" in record and ("num_turns" in record or "total_cost_usd" in record)
    return kind in {"assistant", "user"} and isinstance(record.get("message"), Mapping)


def provider_of(records: list[Mapping[str, Any]]) -> str:
    """Tell which of the assistants that write this format wrote it."""
    return "qwen_code" if any("qwen_code_version" in record for record in records) else "claude_code"


def read(record: Mapping[str, Any], into: Collector) -> None:
    """Take one record."""
    kind = str(record.get("type"))
    if kind == "system":
        _system(record, into)
    elif kind == "assistant":
        _assistant(msgspec.convert(record, _Turn), into)
    elif kind == "user":
        _user(msgspec.convert(record, _Turn), into)
    elif kind == "result":
        _result(msgspec.convert(record, _Result), into)
    elif kind not in _SILENT_TYPES:
        into.strange(record)


def _system(record: Mapping[str, Any], into: Collector) -> None:
    """Take the first record, compaction and retries; the other subtypes are progress reports."""
    subtype = str(record.get("subtype"))
    if subtype == "init":
        init = msgspec.convert(record, _Init)
        into.session_id, into.model, into.cwd = init.session_id, init.model, init.cwd
        into.provider_version = init.claude_code_version or init.qwen_code_version
    elif subtype == "compact_boundary":
        into.note(NoteKind.COMPACTION, "Conversation compacted")
    elif subtype in {"api_retry", "api_error"}:
        into.error(f"{record.get('error_status') or ''} {record.get('error') or 'API error'}".strip())


def _assistant(turn: _Turn, into: Collector) -> None:
    """Take an answer: text, thoughts and tool calls, or the program's own report of an API error."""
    into.clock(turn.timestamp)
    agent = _agent(turn.parent_tool_use_id, into)
    synthetic = turn.message.model == "<synthetic>"
    if into.model is None and not synthetic:
        into.model = turn.message.model
    for block in _blocks(turn.message):
        kind, text = str(block.get("type")), str(block.get("text") or "")
        if kind == "text" and (turn.error or (synthetic and text.startswith("API Error"))):
            into.error(text)
        elif kind == "text":
            into.says(text, agent=agent)
        elif kind == "thinking":
            into.note(NoteKind.REASONING, str(block.get("thinking") or ""))
        elif kind in {"tool_use", "server_tool_use", "mcp_tool_use"}:
            arguments = block.get("input")
            name, call_id = str(block.get("name")), str(block.get("id"))
            into.call(tool_use(name, arguments if isinstance(arguments, dict) else {}, call_id=call_id, agent=agent))


def _user(turn: _Turn, into: Collector) -> None:
    """Take the results of tools, and prompts where the program repeats them."""
    into.clock(turn.timestamp)
    for block in _blocks(turn.message):
        text = str(block.get("text") or "")
        if block.get("type") == "tool_result":
            _tool_result(block, turn.tool_use_result, into)
        elif text.startswith(_INTERRUPTED):
            if not text.startswith(f"{_INTERRUPTED} for tool use"):
                into.error(text, ErrorKind.INTERRUPTED)
        elif text and not turn.isSynthetic and turn.parent_tool_use_id is None:
            into.prompt(text)


def _tool_result(block: Mapping[str, Any], details: Any, into: Collector) -> None:
    """Give a call its outcome."""
    output, failed = _text(block.get("content")), bool(block.get("is_error"))
    status = _EXIT_CODE.match(output) if failed else None
    outcome: dict[str, Any] = {"ok": not failed, "output": output}
    if status:
        outcome["exit_code"] = int(status[1])
    if isinstance(details, Mapping):
        outcome |= _changed_lines(details)
        if details.get("interrupted") is True:
            outcome |= {"ok": False, "stopped": Stopped.INTERRUPTED}
    if failed and _NOT_ALLOWED.match(output):
        outcome["stopped"] = Stopped.DENIED
    into.settle(str(block.get("tool_use_id")), **outcome)


def _result(result: _Result, into: Collector) -> None:
    """Take the closing record: totals, denials, and the answer where it is all there is (`json`)."""
    into.session_id = into.session_id or result.session_id
    into.model = into.model or next(iter(result.modelUsage), None)
    for denial in result.permission_denials:
        call_id = str(denial.get("tool_use_id"))
        if into.called(call_id) is None:
            arguments = denial.get("tool_input")
            arguments = arguments if isinstance(arguments, dict) else {}
            into.call(tool_use(str(denial.get("tool_name")), arguments, call_id=call_id))
        into.settle(call_id, ok=False, stopped=Stopped.DENIED)
    alone = not into.events
    if result.is_error and not any(getattr(event, "kind", None) is ErrorKind.API_ERROR for event in into.events):
        into.error(result.result or "; ".join(result.errors) or result.subtype)
    elif alone and result.result:
        into.says(result.result)
    usage = result.usage or _Usage()
    tokens = Tokens(
        input=usage.input_tokens,
        output=usage.output_tokens,
        cache_read=usage.cache_read_input_tokens,
        cache_write=usage.cache_creation_input_tokens,
    )
    into.totals(tokens, result.total_cost_usd)


def _agent(parent: str | None, into: Collector) -> str | None:
    """Name the sub-agent whose record it is: by its kind, else by the id of the call that started it."""
    call = into.called(parent) if parent else None
    return str(call.input.get("subagent_type") or parent) if call else parent


def _blocks(message: _Message) -> list[dict[str, Any]]:
    """Give the content as blocks, whichever of its two forms it has."""
    content = message.content
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _text(content: Any) -> str:
    """Give a result's text, of all its blocks."""
    if isinstance(content, list):
        return "\n".join(str(block.get("text") or "") for block in content if isinstance(block, Mapping))
    return str(content or "")


def _changed_lines(details: Mapping[str, Any]) -> dict[str, int]:
    """Count the lines that an edit added and removed."""
    hunks = details.get("structuredPatch")
    if not isinstance(hunks, list):
        return {}
    lines = [str(line) for hunk in hunks if isinstance(hunk, Mapping) for line in hunk.get("lines") or ()]
    if not lines and details.get("type") == "create":
        return {"lines_added": len(str(details.get("content") or "").splitlines()), "lines_removed": 0}
    return {
        "lines_added": sum(line[:1] == "+" for line in lines),
        "lines_removed": sum(line[:1] == "-" for line in lines),
    }
