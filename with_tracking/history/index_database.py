"""The SQLite file of the index: opened, made, made anew. Nothing is in it that the archive does not hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from with_tracking import archive

VERSION = 4
"""Counted up with every change of the tables or of what is put into them: the index is then made anew."""
BUSY_SECONDS = 20.0
PAGE_BYTES = 8192
"""Rows are about 1.3 kB: more of them fit than into pages of 4096."""
COLUMNS = ("prompts", "answers", "commands", "outputs", "errors", "files", "notes")
"""What is searched in. The texts themselves stay in the session folders: only where which word is, is kept."""

TOKENIZER = "unicode61 remove_diacritics 2"

_SCHEMA = f"""
CREATE TABLE sessions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- of the session's texts, never given twice
    path TEXT NOT NULL UNIQUE,                 -- the session folder below the root
    folder_stamp INTEGER NOT NULL,             -- when something in the folder was last replaced
    texts_stamp TEXT NOT NULL,                 -- of the files that the texts come from
    state TEXT NOT NULL,
    began REAL, duration REAL, success INTEGER,
    provider TEXT, assistant TEXT, model TEXT, procedure TEXT, issue TEXT, branch TEXT, repo TEXT, repo_path TEXT,
    facts TEXT NOT NULL                        -- a SessionRow as JSON
);
CREATE INDEX sessions_began ON sessions (began);
CREATE INDEX sessions_state ON sessions (state);
CREATE TABLE days (
    path TEXT PRIMARY KEY,
    stamp INTEGER NOT NULL                     -- when the folder last changed
) WITHOUT ROWID;
CREATE VIRTUAL TABLE texts USING fts5(
    {", ".join(COLUMNS)}, content='', tokenize='{TOKENIZER}'
);
"""


def database(root: Path) -> Path:
    """Return the file of the index."""
    return root / "index.db"


@contextmanager
def opened(root: Path) -> Iterator[sqlite3.Connection]:
    """Open the index; one that is missing, broken or of another version is made anew, empty.

    Where nothing can be written, the index is made in memory, for this time only.
    """
    connection = _open(root)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Change the index whole or not at all; other processes wait."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def compact(connection: sqlite3.Connection) -> None:
    """Make an index that was filled as small as it can be."""
    with suppress(sqlite3.OperationalError):  # somebody else uses it
        connection.execute("INSERT INTO texts (texts) VALUES ('optimize')")
        connection.execute("VACUUM")


def remove(root: Path) -> None:
    """Delete the index; a process that has it open goes on with what it had."""
    for ending in ("", "-wal", "-shm"):
        database(root).with_name(f"index.db{ending}").unlink(missing_ok=True)


def _open(root: Path) -> sqlite3.Connection:
    try:
        return _connect(root)
    except sqlite3.OperationalError:  # a folder in which nothing can be written, or no folder
        return _in_memory()
    except sqlite3.DatabaseError:  # not a database, or a broken one
        with archive.lock_file(root / "index.lock"):
            remove(root)
        return _connect(root)


def _connect(root: Path) -> sqlite3.Connection:
    with archive.private():  # its -wal and -shm take its mode
        return _connected(root)


def _connected(root: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(database(root), timeout=BUSY_SECONDS, isolation_level=None)
    try:
        if _version(connection) != VERSION:
            _make(connection, root)
        connection.execute("PRAGMA synchronous = OFF")  # what a power cut breaks is made anew, nothing is lost
    except BaseException:
        connection.close()
        raise
    return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _make(connection: sqlite3.Connection, root: Path) -> None:
    """Make the tables, unless another process did so meanwhile."""
    with archive.lock_file(root / "index.lock"):  # changing to WAL waits for nobody
        if _version(connection) == VERSION:
            return
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        with writing(connection):
            for table in ("sessions", "days", "texts"):
                connection.execute(f"DROP TABLE IF EXISTS {table}")
            _create(connection)


def _create(connection: sqlite3.Connection) -> None:
    for statement in _SCHEMA.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def in_memory() -> Iterator[sqlite3.Connection]:
    """Open an empty index that is gone afterwards."""
    connection = _in_memory()
    try:
        yield connection
    finally:
        connection.close()


def _in_memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    _create(connection)
    return connection
