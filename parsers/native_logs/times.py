"""Times in logs: reading them, and seconds since the session's start."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

TAIL = 65_536  # bytes at a file's end in which its last time is looked for
TIMESTAMP = re.compile(rb'"timestamp"\s*:\s*"([0-9T:.Z+ -]{19,40})"')


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


def asked_at(asked: float | None, answered: float | None) -> tuple[float | None, float | None]:
    """Give when an answer began and how long it took, if it was asked for then: it is logged when it is there."""
    if asked is None or answered is None or asked > answered:
        return answered, None
    return asked, round(answered - asked, 3)


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
