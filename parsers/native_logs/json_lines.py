"""Reading JSON lines, one at a time, and counting what is broken, half written or of an unknown kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeAlias, TypeVar

import msgspec

from parsers.lenient_json import UNDECODABLE, decode
from parsers.session import Source, Unknown

LogFile: TypeAlias = Path | bytes  # bytes are the content itself
T = TypeVar("T")
_ANYTHING = msgspec.json.Decoder(msgspec.Raw)

MAX_UNKNOWN_TEXT = 2_000  # characters of an unknown record that an event keeps
MAX_UNKNOWN_EVENTS = 200  # unknown records that become events; the rest is only counted
READ_AT_ONCE = 1 << 18  # bytes: lines are long, and io's 8 KiB take three times as long
DRIFT_RECORDS = 10  # a log shorter than this says nothing about its format


@dataclass(slots=True)
class Tally:
    """Counts while a log is read, what was not understood, and the span of time that was covered."""

    records: int = 0
    unknown: int = 0
    broken: int = 0
    unfinished: int = 0
    problems: list[str] = field(default_factory=list)
    kept: list[Unknown] = field(default_factory=list)
    first_at: datetime | None = None
    last_at: datetime | None = None

    def saw(self, at: datetime | None) -> None:
        """Widen the span of time that the session's records cover."""
        if at is None:
            return
        if self.first_at is None or at < self.first_at:
            self.first_at = at
        if self.last_at is None or at > self.last_at:
            self.last_at = at

    def not_understood(self, record: bytes | str, seconds: float | None = None) -> None:
        """Count a record that no rule understood, and keep it."""
        self.unknown += 1
        if len(self.kept) < MAX_UNKNOWN_EVENTS:
            text = record.decode("utf-8", "replace") if isinstance(record, bytes) else record
            self.kept.append(Unknown(text=text[:MAX_UNKNOWN_TEXT], seconds=seconds, source=Source.NATIVE))

    def all_problems(self, provider: str, *, understood: int) -> tuple[str, ...]:
        """Say what was wrong, loudest the drift of a format: many records, none (or few) understood.

        `understood` is the number of events that came out of the records.
        """
        said = list(self.problems)
        strange = not understood and (self.unknown or self.records >= 3 * DRIFT_RECORDS)
        if self.records >= DRIFT_RECORDS and (strange or self.unknown > 4 * understood):
            said.append(
                f"{provider}: of {self.records} log records {self.unknown} are of an unknown kind and {understood} "
                "events came out; the format may have changed"
            )
        if self.broken:
            said.append(f"{provider}: {self.broken} broken line{'' if self.broken == 1 else 's'} in the log")
        if self.unfinished:
            said.append(f"{provider}: the log's last line is only half written")
        return tuple(said)


def lines_of(source: LogFile) -> Iterator[bytes]:
    """Yield the lines of a file or of its content, one at a time, line ends included."""
    if isinstance(source, bytes):
        yield from source.splitlines(keepends=True)
        return
    with source.open("rb", buffering=READ_AT_ONCE) as file:
        yield from file


def json_records(source: LogFile, decoder: msgspec.json.Decoder[T], tally: Tally) -> Iterator[tuple[T, bytes]]:
    """Decode a file of JSON lines; yields each record with its line.

    Lines that are no JSON, or not of the decoder's shape, are counted and kept in `tally`; a last line without a line
    end that does not parse is one that the assistant is still writing. An unreadable file is a problem, no exception.
    """
    try:
        for line in lines_of(source):
            try:
                record = decode(decoder, line)
            except UNDECODABLE:
                _undecodable(line, tally)
                continue
            tally.records += 1
            yield record, line
    except OSError as error:
        tally.problems.append(f"cannot read the log {error.filename}: {error.strerror}")


def _undecodable(line: bytes, tally: Tally) -> None:
    if not line.strip():
        return
    tally.records += 1
    if not line.endswith(b"\n"):
        tally.unfinished += 1
    elif not is_json(line):
        tally.broken += 1
    tally.not_understood(line)


def decoded(decoder: msgspec.json.Decoder[T], raw: msgspec.Raw) -> T | None:
    """Decode a raw part of a record; None if it is absent or of another shape."""
    if not raw:
        return None
    try:
        return decode(decoder, raw)
    except UNDECODABLE:
        return None


def is_json(line: bytes) -> bool:
    """Tell whether the line is JSON at all, whatever its shape."""
    try:
        decode(_ANYTHING, line)
    except UNDECODABLE:
        return False
    return True
