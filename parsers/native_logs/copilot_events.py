"""Copilot CLI's events, one after the other, and what they say happened."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from parsers.native_logs.base import aware
from parsers.native_logs.copilot_tools import Call
from parsers.session import (
    AssistantText,
    Error,
    ErrorKind,
    Event,
    ModelCall,
    Note,
    NoteKind,
    Prompt,
    Source,
    Tokens,
    ToolUse,
    Totals,
)

_RETRIED = re.compile(r"retried (\d{1,3}) times?")
_SILENT = re.compile(  # bookkeeping of turns, dialogs, hooks and the window's state: says nothing of its own
    r"""session\.(resume|idle|info|title_changed|mode_\w+|plan_changed|workspace_file_changed|handoff|truncation
        |snapshot_rewind|context_changed|task_complete|usage_info|\w+_updated|\w+_loaded|\w+_changed|compaction_start)
    | system\.\w+ | assistant\.(turn_start|turn_end|intent|usage|\w+_delta|idle) | permission\.requested | hook\.\w+
    | (user_input|elicitation|exit_plan_mode|external_tool|command|sampling|mcp)\.\w+ | skill\.invoked
    | tool\.(user_requested|execution_partial_result|execution_progress) | subagent\.(de)?selected
    | pending_messages\.modified""",
    re.VERBOSE,
)


class Record(msgspec.Struct):
    """An event as it is written."""

    type: str
    data: dict[str, Any] = {}
    timestamp: datetime | None = None
    agent_id: str | None = msgspec.field(name="agentId", default=None)

    def __post_init__(self) -> None:
        """Take times without a zone as UTC."""
        self.timestamp = aware(self.timestamp)


RECORDS = msgspec.json.Decoder(Record)


class Reading:
    """What was read so far."""

    def __init__(self, origin: datetime | None) -> None:
        self.origin = origin
        self.events: list[Event] = []
        self.calls: dict[str, Call] = {}
        self.agents: dict[str, str] = {}  # id of a sub-agent, or of the call that started it -> its name
        self.version: str | None = None
        self.model: str | None = None
        self.session_ids: list[str] = []
        self.context: dict[str, str] = {}
        self.counted = False  # usage was recorded call by call
        self.aborts: list[tuple[float | None, str]] = []

    def agent(self, record: Record) -> str | None:
        """Name the sub-agent that did this, None for the main one."""
        identity = record.data.get("parentToolCallId") or record.agent_id
        return self.agents.get(identity, "subagent") if isinstance(identity, str) else None


def start(data: dict[str, Any], reading: Reading) -> None:
    """Take in what the session's first event says; a resumed session has it before the window."""
    reading.session_ids.append(str(data.get("sessionId")))
    reading.version = _first_text(data, "copilotVersion") or reading.version
    reading.model = _first_text(data, "selectedModel") or reading.model
    context = data.get("context")
    if isinstance(context, dict):
        reading.context = {name: value for name, value in context.items() if isinstance(value, str)}


def take(record: Record, seconds: float | None, reading: Reading) -> bool:
    """Take in one event; False if nobody knows its type."""
    handler = _HANDLERS.get(record.type)
    if handler is not None:
        handler(record, seconds, reading)
    return handler is not None or _SILENT.fullmatch(record.type) is not None


def _text(record: Record, *keys: str) -> str:
    """Give the first of the data's fields that is a text and not empty."""
    return _first_text(record.data, *keys)


def _first_text(data: Mapping[str, Any], *keys: str) -> str:
    values = (data.get(key) for key in keys)
    return next((value.strip() for value in values if isinstance(value, str) and value.strip()), "")


def _prompt(record: Record, seconds: float | None, reading: Reading) -> None:
    """`source` is set on messages that a skill, a hook or the program itself puts in."""
    text, source = _text(record, "content"), record.data.get("source")
    if text and reading.agent(record) is None and source in (None, "", "user"):
        reading.events.append(Prompt(text=text, seconds=seconds, source=Source.NATIVE))


def _answer(record: Record, seconds: float | None, reading: Reading) -> None:
    agent, text = reading.agent(record), _text(record, "content")
    thought = _text(record, "reasoningText")
    if thought:
        reading.events.append(Note(kind=NoteKind.REASONING, text=thought, seconds=seconds, source=Source.NATIVE))
    if text:
        reading.events.append(AssistantText(text=text, seconds=seconds, agent=agent, source=Source.NATIVE))
    if agent is None and isinstance(record.data.get("model"), str):
        reading.model = record.data["model"]
    requests = record.data.get("toolRequests")
    for request in requests if isinstance(requests, list) else ():
        if isinstance(request, dict) and isinstance(request.get("toolCallId"), str):
            call = reading.calls.setdefault(request["toolCallId"], Call(request["toolCallId"]))
            call.requested(str(request.get("name", "")), request.get("arguments"), seconds, agent)


def _tool_start(record: Record, seconds: float | None, reading: Reading) -> None:
    call = _call_of(record, reading)
    call.requested(_text(record, "toolName"), record.data.get("arguments"), seconds, reading.agent(record))
    call.started_at = seconds
    call.is_mcp = bool(record.data.get("mcpServerName"))


def _tool_end(record: Record, seconds: float | None, reading: Reading) -> None:
    call = _call_of(record, reading)
    call.ended_at, call.completed = seconds, record.data


def _permission(record: Record, seconds: float | None, reading: Reading) -> None:
    """Note whether a call was allowed; leaving the dialog by cancelling the turn refuses it as well."""
    result = record.data.get("result")
    kind = str(result.get("kind", "")) if isinstance(result, dict) else ""
    call = _call_of(record, reading)
    if kind.startswith(("denied", "rejected", "cancelled")):
        call.denied = True
    else:
        text = f"{kind}: {call.name}"
        reading.events.append(Note(kind=NoteKind.APPROVAL, text=text, seconds=seconds, source=Source.NATIVE))


def _call_of(record: Record, reading: Reading) -> Call:
    identity = str(record.data.get("toolCallId"))
    return reading.calls.setdefault(identity, Call(identity))


def _usage(record: Record, seconds: float | None, reading: Reading) -> None:
    usage = record.data.get("usage")
    if not isinstance(usage, dict):
        return
    reading.counted = True
    milliseconds = usage.get("duration")
    took = milliseconds / 1000 if isinstance(milliseconds, (int, float)) else None
    over = seconds is not None and took is not None  # a call is accounted for at its end
    began = round(max((seconds or 0.0) - (took or 0.0), 0.0), 3) if over else seconds
    call = ModelCall(
        model=usage.get("model"),
        tokens=_tokens(usage),
        seconds=began,
        duration_seconds=took,
        agent=reading.agent(record),
        message_id=usage.get("apiCallId"),
    )
    reading.events.append(call)


def _tokens(usage: dict[str, Any]) -> Tokens:
    """Turn the counts into ours: `inputTokens` counts what came from, or went to, the cache too."""
    names = ("inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens", "reasoningTokens")
    total, output, read_, write, reasoning = (usage.get(n) if isinstance(usage.get(n), int) else None for n in names)
    own = None if total is None else max(0, total - (read_ or 0) - (write or 0))
    return Tokens(input=own, output=output, cache_read=read_, cache_write=write, reasoning=reasoning)


def _error(record: Record, seconds: float | None, reading: Reading) -> None:
    """Take in an answer that failed for good; it says how often it was tried again, each try an error of its own."""
    text = _text(record, "message") or "unknown error"
    retried = _RETRIED.search(text)
    error = Error(kind=ErrorKind.API_ERROR, text=text, seconds=seconds, source=Source.NATIVE)
    reading.events += [error] * (1 + (int(retried[1]) if retried else 0))


def _abort(record: Record, seconds: float | None, reading: Reading) -> None:
    reading.aborts.append((seconds, _text(record, "reason") or "aborted"))


def _model_change(record: Record, seconds: float | None, reading: Reading) -> None:
    reading.model = _text(record, "newModel") or reading.model
    if record.data.get("source") != "startup":
        text = _text(record, "newModel")
        reading.events.append(Note(kind=NoteKind.MODEL, text=text, seconds=seconds, source=Source.NATIVE))


def _subagent(record: Record, seconds: float | None, reading: Reading) -> None:
    name = _text(record, "agentName", "agentDisplayName") or "subagent"
    for identity in (record.data.get("toolCallId"), record.agent_id):
        if isinstance(identity, str):
            reading.agents[identity] = name
    if record.type == "subagent.started":
        reading.events.append(Note(kind=NoteKind.SUBAGENT, text=name, seconds=seconds, source=Source.NATIVE))


def _shutdown(record: Record, seconds: float | None, reading: Reading) -> None:
    """Versions that do not record each call's usage still sum it up at the end."""
    metrics = record.data.get("modelMetrics")
    if reading.counted or not isinstance(metrics, dict):
        return
    usages = [m.get("usage") for m in metrics.values() if isinstance(m, dict)]
    tokens = sum((_tokens(usage) for usage in usages if isinstance(usage, dict)), Tokens())
    if tokens != Tokens():
        reading.events.append(Totals(tokens=tokens, seconds=seconds, source=Source.NATIVE))


def _note(kind: NoteKind) -> Callable[[Record, float | None, Reading], None]:
    def handler(record: Record, seconds: float | None, reading: Reading) -> None:
        text = _text(record, "content", "summaryContent", "message") or record.type
        reading.events.append(Note(kind=kind, text=text, seconds=seconds, source=Source.NATIVE))

    return handler


_HANDLERS: Mapping[str, Callable[[Record, float | None, Reading], None]] = MappingProxyType(
    {
        "session.start": lambda record, seconds, reading: None,
        "session.model_change": _model_change,
        "session.usage_record": _usage,
        "session.error": _error,
        "session.warning": _note(NoteKind.OTHER),
        "session.compaction_complete": _note(NoteKind.COMPACTION),
        "session.shutdown": _shutdown,
        "user.message": _prompt,
        "assistant.message": _answer,
        "assistant.reasoning": _note(NoteKind.REASONING),
        "tool.execution_start": _tool_start,
        "tool.execution_complete": _tool_end,
        "permission.completed": _permission,
        "subagent.started": _subagent,
        "subagent.completed": _subagent,
        "subagent.failed": _subagent,
        "abort": _abort,
    }
)


def interruptions(reading: Reading, uses: Sequence[ToolUse]) -> Iterator[Error]:
    """Yield the aborts that hit an answer, not a tool: none was stopped since the prompt before."""
    prompts = [e.seconds or 0.0 for e in reading.events if isinstance(e, Prompt)]
    for seconds, text in reading.aborts:
        begun = max((at for at in prompts if at <= (seconds or 0.0)), default=0.0)
        if not any(t.stopped and begun <= (t.start_seconds or 0.0) <= (seconds or 0.0) for t in uses):
            yield Error(kind=ErrorKind.INTERRUPTED, text=text, seconds=seconds, source=Source.NATIVE)
