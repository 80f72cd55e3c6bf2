"""Puts the records of a JSON stream together: calls with results, pieces of text, what it says of the session."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from parsers.session import (
    AssistantText,
    Error,
    ErrorKind,
    Event,
    Note,
    NoteKind,
    Prompt,
    Tokens,
    ToolUse,
    Totals,
    Unknown,
)

MAX_OUTPUT = 20_000  # characters of a tool's output that an event keeps
MAX_UNKNOWN_TEXT = 2_000  # characters of an unknown record that an event keeps


class Collector:
    """The events of one stream in the making.

    `at` is the time of the record that is being read, in seconds from the start: given from outside where the lines
    were recorded with times, else counted from the first record that has a time of its own.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.provider_version: str | None = None
        self.model: str | None = None
        self.session_id: str | None = None
        self.cwd: str | None = None
        self.unknown = 0
        self.at: float | None = None
        self.timed = False  # whether times come from outside
        self._origin: datetime | None = None
        self._calls: dict[str, int] = {}

    def clock(self, moment: datetime | float | None) -> None:
        """Take the time of a record: a datetime, or milliseconds since 1970."""
        if self.timed or moment is None:
            return
        if not isinstance(moment, datetime):
            try:
                moment = datetime.fromtimestamp(moment / 1000, UTC)
            except (OverflowError, OSError, ValueError):
                return
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        self._origin = self._origin or moment
        self.at = max(0.0, (moment - self._origin).total_seconds())

    def prompt(self, text: str) -> None:
        """Add a prompt."""
        if text.strip():
            self.events.append(Prompt(text=text.strip(), seconds=self.at))

    def says(self, text: str, *, agent: str | None = None, piece: bool = False) -> None:
        """Add a message of the assistant; a `piece` continues the message before it."""
        last = self.events[-1] if self.events else None
        if piece and isinstance(last, AssistantText) and last.agent == agent:
            self.events[-1] = msgspec.structs.replace(last, text=last.text + text)
        elif text.strip() or (piece and text):
            self.events.append(AssistantText(text=text, seconds=self.at, agent=agent))

    def note(self, kind: NoteKind, text: str) -> None:
        """Add a note."""
        self.events.append(Note(kind=kind, text=text, seconds=self.at))

    def error(self, text: str, kind: ErrorKind = ErrorKind.API_ERROR) -> None:
        """Add an error that belongs to no tool use."""
        self.events.append(Error(kind=kind, text=text, seconds=self.at))

    def call(self, call: ToolUse) -> None:
        """Add a tool call, or replace the one with the same id by what is known now."""
        known = self._calls.get(call.call_id or "")
        if known is not None:
            before = self.events[known]
            self.events[known] = msgspec.structs.replace(call, start_seconds=before.seconds)
            return
        if call.call_id:
            self._calls[call.call_id] = len(self.events)
        self.events.append(msgspec.structs.replace(call, start_seconds=self.at))

    def called(self, call_id: str) -> ToolUse | None:
        """Give the call with this id as it is known so far."""
        place = self._calls.get(call_id)
        call = self.events[place] if place is not None else None
        return call if isinstance(call, ToolUse) else None

    def settle(self, call_id: str, **outcome: Any) -> None:
        """Add the outcome to a call; one that nobody saw begin is unknown."""
        call = self.called(call_id)
        if call is None:
            self.strange(f"a result of the unknown call {call_id}")
            return
        if call.start_seconds is not None and self.at is not None:
            outcome.setdefault("duration_seconds", round(self.at - call.start_seconds, 3))
        if isinstance(outcome.get("output"), str):
            outcome["output"] = outcome["output"][:MAX_OUTPUT]
        self.events[self._calls[call_id]] = msgspec.structs.replace(call, **outcome)

    def totals(self, tokens: Tokens, cost_usd: float | None = None) -> None:
        """Add the sums of the whole session so far: they take the place of earlier ones."""
        self.events = [event for event in self.events if not isinstance(event, Totals)]
        self._calls = {e.call_id: i for i, e in enumerate(self.events) if isinstance(e, ToolUse) and e.call_id}
        self.events.append(Totals(tokens=tokens, cost_usd=cost_usd, seconds=self.at))

    def strange(self, record: Mapping[str, Any] | str) -> None:
        """Count and keep a record that nobody understands."""
        self.unknown += 1
        text = record if isinstance(record, str) else json.dumps(record, ensure_ascii=False, default=str)
        self.events.append(Unknown(text=text[:MAX_UNKNOWN_TEXT], seconds=self.at))
