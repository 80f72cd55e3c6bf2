"""Making room: recordings of sessions that are logged go first, then their folders; what is not logged never goes.

Runs in MLflow stay. A recording that could not be logged because a secret in it could not be masked counts as not
logged. Sizes are of the session folders alone.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from with_tracking import archive, privacy
from with_tracking.archive import State
from with_tracking.history_import.importing import ORIGIN
from with_tracking.settings import Retention
from with_tracking.upkeep import removal, tombstones
from with_tracking.upkeep.tombstones import Reason

RAW = (*archive.RECORDED_FILES, "native")
STAMP = ".pruned"
AUTOMATIC_EVERY = timedelta(days=1)


class What(StrEnum):
    """What of a session goes."""

    RAW = "raw"
    FOLDER = "folder"


class Pruned(msgspec.Struct, frozen=True, kw_only=True):
    """One deletion, done or planned, and the bytes that it frees."""

    session_id: str
    folder: str
    what: What
    bytes: int


@dataclass(slots=True)
class _Session:
    """A session that is logged: when it ended, and what its files hold."""

    folder: Path
    ended_at: datetime
    raw: int
    rest: int
    going: list[What] = field(default_factory=list)


def plan(root: Path, limits: Retention, now: datetime | None = None) -> list[Pruned]:
    """Decide what goes, recordings before folders, the oldest first. Nothing is deleted."""
    now = now or datetime.now(UTC)
    sessions, others = _logged(root)
    for one in sessions:
        age = now - one.ended_at
        if limits.older_than is not None and age > limits.older_than:
            one.going = [What.FOLDER]
        elif limits.keep_raw is not None and age > limits.keep_raw and one.raw:
            one.going = [What.RAW]
    if limits.max_size is not None:
        _shrink(sessions, others + sum(_left(one) for one in sessions) - limits.max_size)
    return [pruned for what in What for one in sessions for pruned in _of(one, what)]


def prune(planned: Sequence[Pruned], root: Path) -> Iterator[Pruned]:
    """Delete what was planned, and yield what was: a session that is no longer there or logged is left out."""
    for one in planned:
        try:
            with archive.lock(Path(one.folder)):
                if archive.state_of(Path(one.folder)) is State.LOGGED:
                    _delete(one, root)
                    yield one
        except OSError:  # gone meanwhile, or not ours to delete: then it is found again the next time
            continue


def prune_now_and_then(root: Path, limits: Retention) -> list[Pruned]:
    """Do what [retention] says, once a day at most: looking through a large archive takes its time."""
    stamp = root / STAMP
    try:
        if not limits or 0 <= time.time() - stamp.stat().st_mtime < AUTOMATIC_EVERY.total_seconds():
            return []
    except FileNotFoundError:
        pass
    done = list(prune(plan(root, limits), root))
    stamp.touch(mode=0o600)
    return done


def _logged(root: Path) -> tuple[list[_Session], int]:
    """Return the sessions that may go, oldest first, and the bytes that all others hold."""
    sessions, others = [], 0
    for folder in archive.folders(root):
        size = removal.size_of(folder)
        if archive.state_of(folder) is State.LOGGED and not privacy.withheld(folder):
            raw = sum(map(_size, (folder / name for name in RAW)))
            sessions.append(_Session(folder, _ended_at(folder), raw, size - raw))
        else:
            others += size
    return sorted(sessions, key=lambda one: one.ended_at), others


def _ended_at(folder: Path) -> datetime:
    header = archive.read_header(folder)
    moment = (header.ended_at or header.started_at) if header else None
    if moment is None:
        return datetime.fromtimestamp(archive.last_written(folder), UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _shrink(sessions: Sequence[_Session], excess: int) -> None:
    """Choose more until so many bytes are freed."""
    for what in What:
        for one in sessions:
            if excess <= 0:
                return
            if What.FOLDER not in one.going and what not in one.going:
                before = _left(one)
                one.going.append(what)
                excess -= before - _left(one)


def _left(one: _Session) -> int:
    """Return how many bytes of a session stay."""
    if What.FOLDER in one.going:
        return 0
    return one.rest if What.RAW in one.going else one.rest + one.raw


def _of(one: _Session, what: What) -> Iterator[Pruned]:
    if what in one.going and not (what is What.RAW and (not one.raw or What.FOLDER in one.going)):
        freed = one.raw if what is What.RAW else one.rest + one.raw
        yield Pruned(session_id=one.folder.name, folder=str(one.folder), what=what, bytes=freed)


def _delete(one: Pruned, root: Path) -> None:
    folder = Path(one.folder)
    header = archive.read_header(folder)
    if header is None or header.origin != ORIGIN:  # imported ones are in the import's own ledger
        tombstones.add(root, removal.tombstone(folder, Reason.PRUNED))
    if one.what is What.FOLDER:
        removal.remove_folder(folder)
        return
    for name in RAW:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    os.utime(folder)  # it has changed


def _size(path: Path) -> int:
    if path.is_dir() and not path.is_symlink():
        return removal.size_of(path)
    return path.lstat().st_size if path.exists() else 0
