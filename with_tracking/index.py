"""The index over the archive: every session as a row, and which words are in it. Answers without opening the folders.

Whoever asks first brings it up to date: a session folder says by its time whether anything in it was replaced. It can
be deleted at any time.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from parsers.session import Event
from with_tracking import archive, paths
from with_tracking.errors import WithTrackingError
from with_tracking.history import index_changes, index_database
from with_tracking.history.filters import Filters
from with_tracking.history.index_changes import settled
from with_tracking.history.index_database import COLUMNS, writing
from with_tracking.history.session_rows import SessionRow, row_of
from with_tracking.history.session_texts import document
from with_tracking.history.unspaced import split_words
from with_tracking.remarks import FILE as REMARKS
from with_tracking.remarks import read_remarks

BATCH = 100
"""Sessions that are added at a time; others wait for so many at most."""

SORTS = {
    "when": "began",
    "duration": "duration",
    "cost": "json_extract(facts, '$.cost_usd')",
    "commands": """json_extract(facts, '$.metrics."commands_executed"')""",
    "failed": """json_extract(facts, '$.metrics."commands_failed"')""",
    "errors": """json_extract(facts, '$.metrics."errors_encountered"')""",
    "tokens": """json_extract(facts, '$.metrics."tokens.output"')""",
    "files": """json_extract(facts, '$.metrics."files_edited"')""",
}
"""What sessions can be sorted by, the largest (newest) first."""

Progress = Callable[[int, int], None]
"""Called with how many sessions were added, and of how many."""

_NOTHING: tuple[object, ...] = (None, {}, [])
_ROW = msgspec.json.Decoder(SessionRow)


def sessions(
    root: Path, filters: Filters | None = None, *, sort: str = "when", limit: int | None = None, ascending: bool = False
) -> list[SessionRow]:
    """Return the sessions that fit, newest first; the index is brought up to date before."""
    with current(root) as connection:
        return select(connection, filters or Filters(), sort=sort, limit=limit, ascending=ascending)


@contextmanager
def current(root: Path, progress: Progress | None = None) -> Iterator[sqlite3.Connection]:
    """Open the index as it has to be now. Raises WithTrackingError if it turns out to be broken; it is then deleted."""
    try:
        with index_database.opened(root) as connection:
            refresh(connection, root, progress)
            yield connection
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:  # found only when the broken page is read
        index_database.remove(root)
        raise WithTrackingError(f"The index was broken ({error})", "it again: the index is made anew") from error


def select(
    connection: sqlite3.Connection,
    filters: Filters,
    *,
    sort: str = "when",
    limit: int | None = None,
    ascending: bool = False,
    match: str | None = None,
) -> list[SessionRow]:
    """Return the rows that fit, and in whose texts `match` (of FTS5) is found. Unknown values come last."""
    source, values = _source(filters, match)
    expression = "-rank" if sort == "relevance" else SORTS[sort]
    order = f"{expression} {'ASC' if ascending else 'DESC'} NULLS LAST, path DESC"
    query = f"SELECT facts FROM {source} ORDER BY {order} LIMIT ?"
    found = connection.execute(query, [*values, -1 if limit is None else limit]).fetchall()
    return [_ROW.decode(facts) for (facts,) in found]


def count(connection: sqlite3.Connection, filters: Filters, match: str | None = None) -> int:
    """Return how many sessions fit."""
    source, values = _source(filters, match)
    return int(connection.execute(f"SELECT count(*) FROM {source}", values).fetchone()[0])


def _source(filters: Filters, match: str | None) -> tuple[str, list[object]]:
    """Return what comes after FROM, and the values in it."""
    conditions = filters.conditions()
    tables = "sessions"
    if match is not None:
        tables = "texts JOIN sessions ON sessions.number = texts.rowid"
        conditions = [("texts MATCH ?", [match]), *conditions]
    where = " AND ".join(f"({condition})" for condition, _ in conditions) or "1"
    return f"{tables} WHERE {where}", [value for _, some in conditions for value in some]


def ids(connection: sqlite3.Connection) -> list[str]:
    """Return the ids of all sessions."""
    return [os.path.basename(path) for (path,) in connection.execute("SELECT path FROM sessions")]


def add(root: Path, folder: Path, events: Iterable[Event]) -> None:
    """Put a session into the index that was just read. `events` save reading them again."""
    if folder.name.startswith(".") or not folder.is_relative_to(paths.sessions(root)):
        return  # being imported: it gets its name later; or a folder that is no part of the archive
    with index_database.opened(root) as connection, writing(connection):
        _put(connection, root, folder, events)


def put_row(connection: sqlite3.Connection, row: SessionRow) -> None:
    """Put a session into an index that is not of an archive."""
    began = row.started_at.timestamp() if row.started_at else 0.0
    columns = {"path": row.path, "folder_stamp": 0, "texts_stamp": "", "began": began, **_facts(row)}
    _insert(connection, columns)


def put_texts(connection: sqlite3.Connection, row: SessionRow, folder: Path) -> None:
    """Note which words are where for a session that is in the index already; `folder` holds its events."""
    (number,) = connection.execute("SELECT number FROM sessions WHERE path = ?", [row.path]).fetchone()
    _put_texts(connection, number, folder, None)


def _insert(connection: sqlite3.Connection, columns: dict[str, object]) -> int | None:
    marks = ", ".join("?" * len(columns))
    insert = f"INSERT INTO sessions ({', '.join(columns)}) VALUES ({marks})"
    return connection.execute(insert, list(columns.values())).lastrowid


def rebuild(root: Path, progress: Progress | None = None) -> int:
    """Make the index anew from the archive; return how many sessions are in it."""
    with archive.lock_file(root / "index.lock"):
        index_database.remove(root)
        with current(root, progress) as connection:
            index_database.compact(connection)
            return int(connection.execute("SELECT count(*) FROM sessions").fetchone()[0])


def refresh(connection: sqlite3.Connection, root: Path, progress: Progress | None = None) -> None:
    """Take in what was added, changed or deleted in the archive since.

    Only those days are looked into whose folder changed (`archive.write_whole` sees to that) and the newest; and the
    sessions that are not read yet, since a recorder may end without a trace in the folder.
    """
    changes = index_changes.find(connection, root)
    with suppress(sqlite3.OperationalError):  # an index that cannot be written is used as it is
        for start in range(0, len(changes.changed), BATCH):
            with writing(connection):
                for path in changes.changed[start : start + BATCH]:
                    _put(connection, root, root / path, None)
            if progress:
                progress(min(start + BATCH, len(changes.changed)), len(changes.changed))
        index_changes.settle(connection, changes)


def _put(connection: sqlite3.Connection, root: Path, folder: Path, events: Iterable[Event] | None) -> None:
    """Add a session or bring it up to date. Its texts are only looked at if their files were replaced."""
    path = os.path.relpath(folder, root)
    try:
        folder_stamp = settled(
            folder.stat().st_mtime_ns
        )  # before anything is read: what is replaced meanwhile is seen later
    except OSError:
        connection.execute("DELETE FROM sessions WHERE path = ?", [path])
        return
    texts_stamp = f"{_stamp(folder / 'parsed.json')} {_stamp(folder / REMARKS)}"
    row = row_of(folder, root)
    began = row.started_at.timestamp() if row.started_at else archive.last_written(folder)
    facts = {"began": began, **_facts(row)}
    known = connection.execute("SELECT number, texts_stamp FROM sessions WHERE path = ?", [path]).fetchone()
    if known and known[1] == texts_stamp:
        _update(connection, known[0], {"folder_stamp": folder_stamp, **facts})
        return
    connection.execute("DELETE FROM sessions WHERE path = ?", [path])
    columns = {"path": path, "folder_stamp": folder_stamp, "texts_stamp": texts_stamp, **facts}
    _put_texts(connection, _insert(connection, columns), folder, events)


def _put_texts(
    connection: sqlite3.Connection, number: int | None, folder: Path, events: Iterable[Event] | None
) -> None:
    """Note which words are where. A session that nobody has read yet has none."""
    if events is None:
        events = archive.read_events(folder) or ()
    texts = document(events)
    said = read_remarks(folder)
    texts["notes"] = [*filter(None, [said.note]), *(f"{key}={value}" for key, value in said.tags.items())]
    if any(texts.values()):
        joined = (split_words("\n".join(texts.get(column, ()))) for column in COLUMNS)
        values = [text.encode("utf-8", "replace").decode() for text in joined]
        marks = ", ".join("?" * (len(COLUMNS) + 1))
        connection.execute(f"INSERT INTO texts (rowid, {', '.join(COLUMNS)}) VALUES ({marks})", [number, *values])


def _update(connection: sqlite3.Connection, number: int, values: dict[str, object]) -> None:
    assignments = ", ".join(f"{column} = ?" for column in values)
    connection.execute(f"UPDATE sessions SET {assignments} WHERE number = ?", [*values.values(), number])


def _facts(row: SessionRow) -> dict[str, object]:
    """Return the columns of a session."""
    return {
        "state": row.state,
        "duration": row.duration_seconds,
        "success": row.success,
        "provider": row.provider,
        "assistant": row.assistant,
        "model": row.model,
        "procedure": row.procedure_name,
        "issue": row.issue_number,
        "branch": row.git.branch,
        "repo": row.repo,
        "repo_path": row.git.root,
        "facts": msgspec.json.encode(_known(msgspec.to_builtins(row))).decode(),
    }


def _known(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not known or empty: reading the row gives it back."""
    return {name: _known(value) if name == "git" else value for name, value in values.items() if value not in _NOTHING}


def _stamp(file: Path) -> str:
    """Return what differs as soon as a file was replaced."""
    try:
        found = file.stat()
    except OSError:
        return "-"
    return f"{found.st_ino}:{found.st_mtime_ns}:{found.st_size}"
