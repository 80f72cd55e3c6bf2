"""Copilot CLI's `--output-format json`: the events of its session log, one a line (names as in 1.0.102's log)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from parsers.session import ErrorKind, NoteKind, Stopped, Tokens, Totals
from parsers.streams.collecting import Collector
from parsers.tool_calls import tool_use

_FAMILIES = (
    "session.",
    "user.",
    "assistant.",
    "tool.",
    "permission.",
    "system.",
    "hook.",
    "subagent.",
    "skill.",
    "model.",
)
_EXIT_CODE = re.compile(
    r"<shellId: \S+ completed with exit code (\d{1,9})>|^<exited with exit code (\d{1,9})>", re.MULTILINE
)


class _Usage(msgspec.Struct):
    inputTokens: int = 0  # noqa: N815 - the format's own names
    outputTokens: int = 0  # noqa: N815
    cacheReadTokens: int = 0  # noqa: N815
    cacheWriteTokens: int = 0  # noqa: N815


class _Data(msgspec.Struct):
    """The `data` of an event of any type; each uses some of the fields."""

    content: Any = None
    deltaContent: Any = None  # noqa: N815 - the format's own names
    toolCallId: str = ""  # noqa: N815
    toolName: str = ""  # noqa: N815
    arguments: Any = None
    success: bool = True
    result: Any = None
    error: Any = None
    message: str | None = None
    model: str | None = None
    sessionId: str | None = None  # noqa: N815
    copilotVersion: str | None = None  # noqa: N815
    selectedModel: str | None = None  # noqa: N815
    newModel: str | None = None  # noqa: N815
    context: dict[str, Any] = {}
    modelMetrics: dict[str, Any] = {}  # noqa: N815


class _Record(msgspec.Struct):
    type: str
    data: _Data = msgspec.field(default_factory=_Data)
    timestamp: datetime | None = None
    sessionId: str | None = None  # noqa: N815 - the format's own name


def recognises(record: Mapping[str, Any]) -> bool:
    """Tell whether the record is one that only this format has."""
    return str(record.get("type")).startswith(_FAMILIES) and isinstance(record.get("data"), Mapping)


def read(record: Mapping[str, Any], into: Collector) -> None:
    """Take one record."""
    known = msgspec.convert(record, _Record)
    data, kind = known.data, known.type
    into.clock(known.timestamp)
    into.session_id = into.session_id or data.sessionId or known.sessionId
    if kind.startswith("session."):
        _session(kind, data, into)
    elif kind == "user.message":
        into.prompt(str(data.content or ""))
    elif kind == "assistant.message":
        into.says(str(data.content or ""))
        into.model = data.model or into.model
    elif kind == "assistant.reasoning":
        into.note(NoteKind.REASONING, str(data.content or ""))
    elif kind == "tool.execution_start":
        arguments = data.arguments if isinstance(data.arguments, dict) else {}
        into.call(tool_use(data.toolName, arguments, call_id=data.toolCallId))
    elif kind == "tool.execution_complete":
        _complete(data, into)
    elif kind == "abort":
        into.error("Operation cancelled by user", ErrorKind.INTERRUPTED)
    elif not (kind == "result" or kind.startswith(_FAMILIES)):
        into.strange(record)


def _session(kind: str, data: _Data, into: Collector) -> None:
    """Take what the session says of itself."""
    if kind in {"session.start", "session.resume"}:
        into.provider_version = data.copilotVersion or into.provider_version
        into.model = data.selectedModel or into.model
        into.cwd = str(data.context.get("cwd") or "") or into.cwd
    elif kind == "session.model_change":
        into.model = data.newModel or into.model
    elif kind == "session.error":
        into.error(data.message or "session error")
    elif kind == "session.compaction_complete":
        into.note(NoteKind.COMPACTION, "Conversation compacted")
    elif kind == "session.shutdown":
        for metrics in data.modelMetrics.values():
            usage = msgspec.convert(metrics.get("usage") or {} if isinstance(metrics, Mapping) else {}, _Usage)
            tokens = Tokens(
                input=usage.inputTokens - usage.cacheReadTokens,
                output=usage.outputTokens,
                cache_read=usage.cacheReadTokens,
                cache_write=usage.cacheWriteTokens,
            )
            into.events.append(Totals(tokens=tokens, seconds=into.at))


def _complete(data: _Data, into: Collector) -> None:
    """Give a call its outcome: `success` says that the tool ran, the exit code is in its text."""
    result = data.result if isinstance(data.result, Mapping) else {}
    error = data.error if isinstance(data.error, Mapping) else {}
    output = str(result.get("content") or error.get("message") or "")
    status = _EXIT_CODE.search(output[-200:])
    code = int(next(group for group in status.groups() if group)) if status else None
    outcome: dict[str, Any] = {"ok": data.success and not code, "exit_code": code, "output": output or None}
    if str(error.get("code")) in {"denied", "rejected"}:
        outcome["stopped"] = Stopped.DENIED
    into.settle(data.toolCallId, **outcome)
