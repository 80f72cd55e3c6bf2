"""What is not in the index as it is in the archive: found by the times of folders, without opening any session."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from with_tracking import archive
from with_tracking.archive import State
from with_tracking.history.index_database import writing

RACY_SECONDS = 0.1
"""A folder that was changed so lately could be changed again without its time telling."""
NEW_DAYS = timedelta(days=2)
"""Sessions of these days are looked at one by one: they are few, and there most happens."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Paths below the root: session folders to read, rows to delete, days with the times of their folders."""

    changed: list[str]
    gone: list[str]
    days: Mapping[str, int]
    days_gone: list[str]


def find(connection: sqlite3.Connection, root: Path) -> Changes:
    """Compare the archive with the index."""
    before = dict(connection.execute("SELECT path, stamp FROM days"))
    days = {os.path.relpath(day, root): _time(day) for day in archive.days(root)}
    newest = os.path.relpath(archive.day_folder(root, date.today() - NEW_DAYS), root)
    differing = {day: stamp for day, stamp in days.items() if before.get(day) != stamp or day >= newest}
    days_gone = list(before.keys() - days.keys())
    changed, gone = set(_unfinished(connection)), set()
    for day in differing:
        there, known = dict(_folders(root, day)), dict(_known(connection, day))
        changed.update(path for path, stamp in there.items() if known.get(path) != stamp)
        gone.update(known.keys() - there.keys())
    gone.update(path for day in days_gone for path, _ in _known(connection, day))
    stamps = {day: settled(stamp) for day, stamp in differing.items() if before.get(day) != settled(stamp)}
    return Changes(sorted(changed - gone, reverse=True), sorted(gone), stamps, days_gone)


def settle(connection: sqlite3.Connection, changes: Changes) -> None:
    """Delete the rows of what is gone, and note the days that were looked into."""
    if not (changes.gone or changes.days or changes.days_gone):
        return
    with writing(connection):
        connection.executemany("DELETE FROM sessions WHERE path = ?", [(path,) for path in changes.gone])
        connection.executemany("DELETE FROM days WHERE path = ?", [(day,) for day in changes.days_gone])
        connection.executemany("REPLACE INTO days (path, stamp) VALUES (?, ?)", list(changes.days.items()))


def settled(stamp: int) -> int:
    """Return a folder's time (in nanoseconds) as it may be noted: 0, which is never right, while it may not tell."""
    return 0 if time.time_ns() - stamp < RACY_SECONDS * 1e9 else stamp


def _unfinished(connection: sqlite3.Connection) -> Iterator[str]:
    query = "SELECT path FROM sessions WHERE state IN (?, ?)"
    return (path for (path,) in connection.execute(query, [State.RECORDING, State.RECORDED]))


def _known(connection: sqlite3.Connection, day: str) -> Iterator[tuple[str, int]]:
    """Yield the sessions of a day in the index, with their folders' times."""
    query = "SELECT path, folder_stamp FROM sessions WHERE path > ? AND path < ?"
    return iter(connection.execute(query, [f"{day}/", f"{day}0"]))  # 0 comes after /


def _folders(root: Path, day: str) -> Iterator[tuple[str, int]]:
    """Yield the sessions of a day in the archive, with their folders' times."""
    with suppress(OSError), os.scandir(root / day) as entries:
        for entry in entries:
            if not entry.name.startswith(".") and entry.is_dir():
                with suppress(FileNotFoundError):
                    yield f"{day}/{entry.name}", entry.stat().st_mtime_ns


def _time(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0
