"""What every reader of an assistant's own log shares: the result, the contract, JSON lines, times, counts.

A reader is a module with `PROVIDER`, `read` and `candidates` (see `Reader`). Readers never raise on bad content: a
broken line, a half-written last line or a record of an unknown type becomes an `Unknown` event and is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from parsers.native_logs.json_lines import LogFile, Tally, decoded, is_json, json_records, lines_of
from parsers.native_logs.times import (
    asked_at,
    aware,
    from_epoch,
    last_time,
    parse_time,
    seconds_between,
    touched_since,
)
from parsers.session import Event
from parsers.session_header import SessionHeader

__all__ = [
    "Candidate",
    "Hints",
    "LogFile",
    "NativeLog",
    "Places",
    "Reader",
    "Tally",
    "Window",
    "asked_at",
    "aware",
    "bounded",
    "decoded",
    "diff_counts",
    "from_epoch",
    "in_order",
    "is_json",
    "json_records",
    "last_time",
    "line_count",
    "lines_of",
    "parse_time",
    "seconds_between",
    "touched_since",
]


MAX_OUTPUT = 20_000  # characters of a tool's output that an event keeps; the log itself is kept whole beside it
END_SLACK = timedelta(seconds=2)  # so much early is an end that was told, or reckoned from a start, in whole seconds


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


LOG_VARIABLES = (
    "HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "GEMINI_CLI_HOME", "QWEN_HOME", "COPILOT_HOME", "LLM_USER_PATH",
    "CHAT_CACHE_PATH", "AIDER_CHAT_HISTORY_FILE", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "TMPDIR",
)  # fmt: skip
"""The environment variables that say where assistants keep their logs; the recorder notes those that are set."""


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

    def folders(self, variable: str, default: str) -> tuple[Path, ...]:
        """Give the folders that the variable lists, with commas between them (one may have commas in its name)."""
        whole = self.folder(variable, default)
        several = tuple(Path(part.strip()) for part in self.environ.get(variable, "").split(",") if part.strip())
        return (whole,) if whole.is_dir() or not several else several

    @classmethod
    def of(cls, header: SessionHeader, environ: Mapping[str, str]) -> Places:
        """Take HOME and the overrides from the session, else from `environ`; the working directory from the session."""
        if header.log_places:
            environ = {name: value for name, value in environ.items() if name not in LOG_VARIABLES}
            environ |= header.log_places
        home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
        return cls(home=home, environ=environ, cwd=Path(header.cwd) if header.cwd else None)


@dataclass(frozen=True, slots=True)
class Hints:
    """What the screen and argv tell about which log is the right one.

    The times are needed where the header lacks them (no wrapper, or the recorder was killed).
    """

    session_ids: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
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
    """The time between a session's start (before the assistant's) and its end; an open end holds everything.

    An end to the fraction of a second is exact: the next session may begin right behind it, in the same log.
    """

    started_at: datetime | None = None
    ended_at: datetime | None = None

    def holds(self, at: datetime | None) -> bool:
        """Tell whether something that happened then belongs to the session; unknown times do."""
        if at is None:
            return True
        if self.started_at is not None and at < self.started_at:
            return False
        slack = END_SLACK if self.ended_at and not self.ended_at.microsecond else timedelta()
        return self.ended_at is None or at <= self.ended_at + slack


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
