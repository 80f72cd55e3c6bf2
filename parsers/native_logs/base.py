"""What every reader of an assistant's own log shares: the result, the contract, JSON lines, times, counts.

A reader is a module with `PROVIDER`, `read` and `candidates` (see `Reader`). Readers never raise on bad content: a
broken line, a half-written last line or a record of an unknown type becomes an `Unknown` event and is counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

import msgspec

from parsers.session import Event, SessionHeader, Source, Unknown

LogFile: TypeAlias = Path | bytes  # bytes are the content itself
T = TypeVar("T")

TAIL = 65_536  # bytes at a file's end in which its last time is looked for
TIMESTAMP = re.compile(rb'"timestamp"\s*:\s*"([0-9T:.Z+ -]{19,40})"')
MAX_OUTPUT = 20_000  # characters of a tool's output that an event keeps; the log itself is kept whole beside it
MAX_UNKNOWN_TEXT = 2_000  # characters of an unknown record that an event keeps
MAX_UNKNOWN_EVENTS = 200  # unknown records that become events; the rest is only counted
DRIFT_RECORDS = 10  # a log shorter than this says nothing about its format
END_SLACK = timedelta(seconds=1.5)  # an end computed from a start in whole seconds is up to a second early


@dataclass(frozen=True, slots=True)
class NativeLog:
    """What one session's log files say.

    `events` are in order of time, their seconds count from `started_at` as given to the reader, else from the log's
    first record. `started_at` and `ended_at` are the times of the first and the last record that was used. `records`
    counts all records of the session, `unknown_records` those nobody understood, broken lines included.
    """

    events: tuple[Event, ...] = ()
    provider_version: str | None = None
    client: str | None = None  # the program, where a provider has several
    model: str | None = None
    native_session_ids: tuple[str, ...] = ()
    cwd: str | None = None
    git_branch: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    records: int = 0
    unknown_records: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One session in an assistant's storage, as far as its first records and the file's times tell.

    `files` are all that `Reader.read` needs for it (sub-agents' files included). Storage shared by many sessions (a
    database) gives one candidate per session with the same file; `session_id` tells them apart. `cleared` marks a log
    that was begun by clearing an earlier conversation of the same run.
    """

    session_id: str
    files: tuple[Path, ...]
    cwd: str | None = None
    started_at: datetime | None = None
    last_at: datetime | None = None
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """Where an assistant may keep its logs: the home folder, overrides in the environment, the working directory."""

    home: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None

    def folder(self, variable: str, default: str) -> Path:
        """Give the folder that the environment variable names, else `default` below the home folder."""
        value = self.environ.get(variable)
        return Path(value) if value else self.home / default

    @classmethod
    def of(cls, header: SessionHeader, environ: Mapping[str, str]) -> Places:
        """Take HOME and the overrides from `environ`, the working directory from the session."""
        home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
        return cls(home=home, environ=environ, cwd=Path(header.cwd) if header.cwd else None)


@dataclass(frozen=True, slots=True)
class Hints:
    """What the screen and argv tell about which log is the right one.

    The times are needed where the header lacks them (no wrapper, or the recorder was killed).
    """

    session_ids: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None


class Reader(Protocol):
    """A module that reads one assistant's logs."""

    PROVIDER: str

    def read(
        self,
        files: Sequence[LogFile],
        *,
        started_at: datetime | None = None,
        ended_at: datetime | None = None,
        session_ids: Sequence[str] = (),
    ) -> NativeLog:
        """Read the files of one session; records outside of the time window are left out.

        `session_ids` pick the session out of storage that holds many; one file per session needs none.
        """

    def candidates(self, places: Places, *, since: datetime | None = None) -> Iterator[Candidate]:
        """List the sessions in storage, cheaply; those last touched before `since` may be left out."""


@dataclass(frozen=True, slots=True)
class Window:
    """The time between a session's start (before the assistant's) and its end; an open end holds everything."""

    started_at: datetime | None = None
    ended_at: datetime | None = None

    def holds(self, at: datetime | None) -> bool:
        """Tell whether something that happened then belongs to the session; unknown times do."""
        if at is None:
            return True
        if self.started_at is not None and at < self.started_at:
            return False
        return self.ended_at is None or at <= self.ended_at + END_SLACK


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
        if self.records >= DRIFT_RECORDS and (not understood or self.unknown * 2 > self.records):
            said.append(
                f"{provider}: of {self.records} log records {self.unknown} are of an unknown kind and {understood} "
                "events came out; the format may have changed"
            )
        if self.broken:
            said.append(f"{provider}: {self.broken} broken lines in the log")
        if self.unfinished:
            said.append(f"{provider}: the log's last line is only half written")
        return tuple(said)


def lines_of(source: LogFile) -> Iterator[bytes]:
    """Yield the lines of a file or of its content, one at a time, line ends included."""
    if isinstance(source, bytes):
        yield from source.splitlines(keepends=True)
        return
    with source.open("rb") as file:
        yield from file


def json_records(source: LogFile, decoder: msgspec.json.Decoder[T], tally: Tally) -> Iterator[tuple[T, bytes]]:
    """Decode a file of JSON lines; yields each record with its line.

    Lines that are no JSON, or not of the decoder's shape, are counted and kept in `tally`; a last line without a line
    end that does not parse is one that the assistant is still writing. An unreadable file is a problem, no exception.
    """
    decode = decoder.decode
    try:
        for line in lines_of(source):
            try:
                record = decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
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
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def is_json(line: bytes) -> bool:
    """Tell whether the line is JSON at all, whatever its shape."""
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def parse_time(text: str | None) -> datetime | None:
    """Read an ISO 8601 time; one without a zone is UTC. None for anything else."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def from_epoch(value: float | None) -> datetime | None:
    """Read seconds or milliseconds (told apart by their size) since 1970."""
    if value is None or value <= 0:
        return None
    try:
        return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def seconds_between(origin: datetime | None, at: datetime | None) -> float | None:
    """Give the seconds from the session's start to `at`, to the millisecond; None where one is not known."""
    return None if origin is None or at is None else round((at - origin).total_seconds(), 3)


def aware(at: datetime | None) -> datetime | None:
    """Give a time without a zone UTC's."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def touched_since(file: Path, since: datetime | None) -> bool:
    """Tell whether the file was changed after that moment; one that vanished was not."""
    try:
        return since is None or file.stat().st_mtime >= since.timestamp()
    except OSError:
        return False


def last_time(file: Path) -> datetime | None:
    """Give the time of a JSON-lines log's last record that has one: files' own times do not survive copying."""
    try:
        with file.open("rb") as handle:
            size = handle.seek(0, 2)
            handle.seek(max(size - TAIL, 0))
            times = TIMESTAMP.findall(handle.read())
        return parse_time(times[-1].decode()) if times else from_epoch(file.stat().st_mtime)
    except OSError:
        return None


def bounded(text: str | None, limit: int = MAX_OUTPUT) -> str | None:
    """Cut a long text, saying how much is missing."""
    if text is None or len(text) <= limit:
        return text
    return f"{text[:limit]}\n… (+{len(text) - limit} characters)"


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """Sort by time; what has no time stays behind its predecessor."""
    last = 0.0
    keyed: list[tuple[float, Event]] = []
    for event in events:
        last = event.seconds if event.seconds is not None else last
        keyed.append((last, event))
    keyed.sort(key=lambda pair: pair[0])
    return tuple(event for _, event in keyed)


def line_count(text: str) -> int:
    """Count the lines of a file's content."""
    return text.count("\n") + (not text.endswith("\n")) if text else 0


def diff_counts(lines: Iterable[str]) -> tuple[int, int]:
    """Count the lines added and removed in a unified diff (its ---/+++ headers aside)."""
    added = removed = 0
    for line in lines:
        if line.startswith("+") and not line.startswith("+++ "):
            added += 1
        elif line.startswith("-") and not line.startswith("--- "):
            removed += 1
    return added, removed
