"""llm's turns, each one request to the model, and what they say happened.

A function given with --functions that runs a shell tells the exit code, if at all, in the first line of what it
returns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from parsers.native_logs.base import bounded, seconds_between
from parsers.session import (
    AssistantText,
    Category,
    Event,
    ModelCall,
    Note,
    NoteKind,
    Prompt,
    Source,
    Stopped,
    Tokens,
    ToolUse,
)
from parsers.tool_calls import tool_use

_EXIT_CODE = re.compile(r"\Aexit (?:code|status):? (-?\d{1,10})[^\n]*\n?", re.IGNORECASE)
_CANCELLED = re.compile(r"\A(?:Cancelled: |CancelToolCall: )")
_ERROR = re.compile(r"\AError: ")


@dataclass(slots=True)
class Result:
    """What a tool answered; `exception` is what it raised."""

    output: str = ""
    exception: str | None = None


@dataclass(slots=True)
class Asked:
    """A tool call in an answer."""

    name: str
    arguments: Mapping[str, Any]
    call_id: str | None = None
    result: Result | None = None


@dataclass(slots=True)
class Turn:
    """One request and its answer."""

    id: str
    thread_id: str | None
    at: datetime | None
    model: str | None = None
    milliseconds: int | None = None
    tokens: Tokens = field(default_factory=Tokens)
    prompt: str = ""
    reasoning: str = ""
    text: str = ""
    calls: list[Asked] = field(default_factory=list)


def events(listed: Sequence[Turn], origin: datetime | None) -> Iterator[Event]:
    """Yield what the turns say happened, seconds counted from `origin`."""
    for turn in sorted(listed, key=lambda t: (t.at.timestamp() if t.at else 0.0, t.id)):
        seconds = seconds_between(origin, turn.at)
        duration = None if turn.milliseconds is None else turn.milliseconds / 1000
        answered = seconds if seconds is None or duration is None else round(seconds + duration, 3)
        if turn.prompt.strip():
            yield Prompt(text=turn.prompt.strip(), seconds=seconds, source=Source.NATIVE)
        if turn.reasoning.strip():
            yield Note(kind=NoteKind.REASONING, text=turn.reasoning, seconds=answered, source=Source.NATIVE)
        if turn.text.strip():
            yield AssistantText(text=turn.text.strip(), seconds=answered, source=Source.NATIVE)
        yield ModelCall(
            model=turn.model, tokens=turn.tokens, seconds=seconds, duration_seconds=duration, message_id=turn.id
        )
        for call in turn.calls:
            yield _tool_use(call, answered)


def _tool_use(call: Asked, seconds: float | None) -> ToolUse:
    known = tool_use(call.name, call.arguments)
    output = None if call.result is None else call.result.output
    stopped = Stopped.DENIED if output is not None and _CANCELLED.match(output) else None
    found = _EXIT_CODE.match(output or "") if known.category is Category.SHELL else None
    exit_code = int(found[1]) if found else None
    return msgspec.structs.replace(
        known,
        ok=_ok(call.result, stopped, exit_code),
        exit_code=exit_code,
        stopped=stopped,
        output=bounded(output[found.end() :] if output is not None and found else output),
        start_seconds=seconds,
        call_id=call.call_id,
        source=Source.NATIVE,
    )


def _ok(result: Result | None, stopped: Stopped | None, exit_code: int | None) -> bool | None:
    if result is None:
        return None
    if stopped is not None or result.exception or _ERROR.match(result.output):
        return False
    return exit_code == 0 if exit_code is not None else True
