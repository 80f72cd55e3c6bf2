"""opencode's `run --format json` (1.0 to 1.18): each finished part of a message, as its own storage keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from parsers.session import ModelCall, NoteKind, Source, Stopped, Tokens
from parsers.streams.collecting import MAX_OUTPUT, Collector
from parsers.tool_calls import tool_use

_SILENT = frozenset({"step_start", "snapshot", "patch", "agent"})


class _Time(msgspec.Struct):
    start: float | None = None  # milliseconds since 1970
    end: float | None = None


class _State(msgspec.Struct):
    status: str = ""
    input: dict[str, Any] = {}
    output: str | None = None
    error: str | None = None
    metadata: dict[str, Any] = {}
    time: _Time = msgspec.field(default_factory=_Time)


class _Cache(msgspec.Struct):
    read: int | None = None
    write: int | None = None


class _Tokens(msgspec.Struct):
    input: int | None = None
    output: int | None = None
    reasoning: int | None = None
    total: int | None = None
    cache: _Cache = msgspec.field(default_factory=_Cache)


class _Part(msgspec.Struct):
    """A part of any type; each uses some of the fields."""

    text: str = ""
    tool: str = ""
    callID: str = ""  # noqa: N815 - the format's own name
    state: _State = msgspec.field(default_factory=_State)
    tokens: _Tokens = msgspec.field(default_factory=_Tokens)
    messageID: str | None = None  # noqa: N815


def recognises(record: Mapping[str, Any]) -> bool:
    """Tell whether the record is one that only this format has."""
    return "sessionID" in record and ("part" in record or "error" in record)


def read(record: Mapping[str, Any], into: Collector) -> None:
    """Take one record."""
    kind, moment = str(record.get("type")), record.get("timestamp")
    into.clock(float(moment) if isinstance(moment, (int, float)) else None)
    into.session_id = into.session_id or str(record.get("sessionID"))
    part = msgspec.convert(record.get("part") or {}, _Part)
    if kind == "text":
        into.says(part.text)
    elif kind == "reasoning":
        into.note(NoteKind.REASONING, part.text)
    elif kind == "tool_use":
        _tool(part, into)
    elif kind == "step_finish":
        into.events.append(_model_call(part, into))
    elif kind == "error":
        into.error(_error_text(record.get("error")))
    elif kind not in _SILENT:
        into.strange(record)


def _tool(part: _Part, into: Collector) -> None:
    """Take a finished call: `metadata.exit` is its exit code, the status is `completed` whatever that is."""
    state, code = part.state, part.state.metadata.get("exit")
    code = code if isinstance(code, int) else None
    ok = state.status == "completed" and not code
    stopped = Stopped.DENIED if state.error and "rejected permission" in state.error else None
    output = (state.output or state.error or "")[:MAX_OUTPUT] or None
    duration = None
    if state.time.start is not None and state.time.end is not None:
        duration = round((state.time.end - state.time.start) / 1000, 3)
    known = {"call_id": part.callID, "exit_code": code, "stopped": stopped, "duration_seconds": duration}
    call = tool_use(part.tool, state.input, ok=ok, output=output, **known)
    if into.at is not None and duration is not None and not into.timed:
        into.at = max(0.0, into.at - duration)  # the record is written when the call is over
    into.call(call)


def _model_call(part: _Part, into: Collector) -> ModelCall:
    """Count one answer's tokens; whether `output` has the reasoning in it is told by the total."""
    told, output = part.tokens, part.tokens.output
    read, write = told.cache.read, told.cache.write
    apart = sum(number or 0 for number in (told.input, output, told.reasoning, read, write))
    if output is not None and told.reasoning and told.total == apart:
        output += told.reasoning
    counted = Tokens(input=told.input, output=output, cache_read=read, cache_write=write, reasoning=told.reasoning)
    return ModelCall(tokens=counted, seconds=into.at, message_id=part.messageID, source=Source.SCREEN)


def _error_text(error: Any) -> str:
    """Give the words of an error object: `{name, data: {message}}`."""
    if isinstance(error, Mapping):
        data = error.get("data")
        message = data.get("message") if isinstance(data, Mapping) else None
        return str(message or error.get("name") or error)
    return str(error)
