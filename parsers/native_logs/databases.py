"""Opening assistants' SQLite databases without ever writing to them or getting in their way."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from parsers.native_logs.base import LogFile, Tally

T = TypeVar("T", bound=msgspec.Struct)

_MAGIC = b"SQLite format 3\0"
_WAL = 2  # byte 18 of the header: the file is in write-ahead-log mode
COMPANIONS = ("-wal", "-shm")
ERRORS = (sqlite3.Error, OSError, UnicodeDecodeError)  # what reading a database may raise, a damaged one above all


def is_database(source: LogFile) -> bool:
    """Tell whether this is an SQLite file, by its first bytes."""
    if isinstance(source, bytes):
        return source.startswith(_MAGIC)
    try:
        with source.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def with_companions(database: Path) -> tuple[Path, ...]:
    """List the database and the write-ahead log beside it: without it, the newest rows are missing."""
    beside = (database.with_name(database.name + suffix) for suffix in COMPANIONS)
    return (database, *(path for path in beside if path.is_file()))


@contextmanager
def opened(database: LogFile) -> Iterator[sqlite3.Connection]:
    """Open for reading; rows can be asked by column name. Raises `ERRORS`.

    A database in write-ahead-log mode wants files beside itself even for reading. If its log is empty it is opened as
    immutable, which touches nothing; if there is one and the assistant is not running (no -shm), a copy is read.
    """
    with tempfile.TemporaryDirectory(prefix="with-tracking-") as scratch:
        path, mode = _readable(database, Path(scratch))
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True, timeout=2.0)) as connection:
            connection.row_factory = sqlite3.Row
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            yield connection


def _readable(database: LogFile, scratch: Path) -> tuple[Path, str]:
    """Choose how to open it: the file (a copy where needed) and the URI's parameters."""
    if isinstance(database, bytes):
        copy = scratch / "database"
        copy.write_bytes(database)
        return copy, "mode=ro&immutable=1"
    with database.open("rb") as file:
        header = file.read(20)
    if len(header) < 20 or header[18] != _WAL:
        return database, "mode=ro"
    log, shared = (database.with_name(database.name + suffix) for suffix in COMPANIONS)
    if not log.exists() or not log.stat().st_size:
        return database, "mode=ro&immutable=1"
    if shared.exists():
        return database, "mode=ro"
    for path in (database, log):
        shutil.copy(path, scratch / path.name)
    return scratch / database.name, "mode=rw"


def excerpt(source: Path, target: Path, wanted: Mapping[str, tuple[str, Sequence[str]]]) -> None:
    """Write a database that holds only the wanted rows: table -> (column, its values). Missing tables are left out.

    Raises `ERRORS`.
    """
    target.unlink(missing_ok=True)
    with opened(source) as there, closing(sqlite3.connect(target)) as here:
        for table, (column, values) in wanted.items():
            made = there.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone()
            if made is None:
                continue
            here.execute(made["sql"])
            for value in dict.fromkeys(values):
                for row in there.execute(f'SELECT * FROM "{table}" WHERE "{column}" = ?', (value,)):
                    here.execute(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(row))})', tuple(row))
        here.commit()


def columns(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """List a table's columns; none if there is no such table."""
    return tuple(row["name"] for row in connection.execute(f'PRAGMA table_info("{table}")'))


def records(
    connection: sqlite3.Connection, table: str, kind: type[T], tally: Tally, rest: str = "", values: Sequence[str] = ()
) -> Iterator[T]:
    """Read rows as structs whose fields name columns; a column that this version's schema lacks is NULL.

    `rest` is what follows the table's name (WHERE …, ORDER BY …), written in our code with a `?` for each of `values`.
    A table that is not there has no rows; a row that does not fit is counted in `tally`.
    """
    present = columns(connection, table)
    if not present:
        return
    fields = kind.__struct_fields__
    names = ", ".join(f'"{name}"' if name in present else f'NULL AS "{name}"' for name in fields)
    for row in connection.execute(f'SELECT {names} FROM "{table}" {rest}', values):
        found = {name: _text(row[name]) for name in fields}
        try:
            record = msgspec.convert(found, kind, strict=False)
        except msgspec.ValidationError:
            tally.records += 1
            tally.not_understood(f"{table}: {found}")
            continue
        yield record


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
