"""Searching the sessions: the index says in which ones, their own events say where and when."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from parsers.session import Event
from with_tracking import archive, index
from with_tracking.errors import WithTrackingError
from with_tracking.history.filters import Filters
from with_tracking.history.index_database import COLUMNS, TOKENIZER
from with_tracking.history.search_query import Query
from with_tracking.history.session_rows import SessionRow
from with_tracking.history.session_texts import texts_of
from with_tracking.history.unspaced import SPLIT, split_words
from with_tracking.remarks import read_remarks

WORDS = 16
"""Length of a snippet."""
BEGIN, END = "\x02", "\x03"  # around what was found: signs that no cleaned text holds


class Snippet(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a session: in which of its texts, when (seconds from its start), and which characters were found."""

    where: str
    seconds: float | None
    text: str
    highlights: tuple[tuple[int, int], ...]


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A session in which it was found, the first places, and how many places there are."""

    session: SessionRow
    places: int
    snippets: tuple[Snippet, ...]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The sessions that are shown, and how many there are in all."""

    schema_version: int = 1
    sessions: int
    hits: tuple[Hit, ...]


def search(
    connection: sqlite3.Connection,
    root: Path,
    query: Query,
    filters: Filters,
    *,
    sort: str = "when",
    limit: int | None = 10,
    snippets: int = 3,
) -> Found:
    """Find the sessions that fit. Raises WithTrackingError if SQLite does not take the query."""
    try:
        rows = index.select(connection, filters, sort=sort, limit=limit, match=query.match)
        count = len(rows) if limit is None or len(rows) < limit else index.count(connection, filters, query.match)
    except sqlite3.OperationalError as error:
        raise WithTrackingError(f"This cannot be searched for ({error})", "fewer words or brackets") from error
    return Found(sessions=count, hits=tuple(_hit(root, row, query, snippets) for row in rows))


def _hit(root: Path, row: SessionRow, query: Query, limit: int) -> Hit:
    folder = root / row.path
    lookup = sqlite3.connect(":memory:", isolation_level=None)
    try:
        lookup.execute(f"CREATE VIRTUAL TABLE texts USING fts5({', '.join(COLUMNS)}, tokenize='{TOKENIZER}')")
        places = list(_places(archive.read_events(folder) or [], folder))
        for column in COLUMNS:
            texts = [(number, split_words(text)) for number, (where, _, text) in enumerate(places) if where == column]
            lookup.executemany(f"INSERT INTO texts (rowid, {column}) VALUES (?, ?)", texts)
        for wanted in (query.match, query.any_of):  # the words may be in several places
            found = _snippets(lookup, wanted, places, limit)
            if found:
                break
        where = "SELECT count(*) FROM texts WHERE texts MATCH ?"
        return Hit(session=row, places=lookup.execute(where, [wanted]).fetchone()[0], snippets=tuple(found))
    finally:
        lookup.close()


Place = tuple[str, float | None, str]
"""In which of the texts, when, and the text."""


def _places(events: Sequence[Event], folder: Path) -> Iterator[Place]:
    """Yield the texts of a session, as they came. One that is told twice (as an output and an error) is there once."""
    seen = set()
    for event in events:
        for where, text in texts_of(event):
            if (text, event.seconds) not in seen:
                seen.add((text, event.seconds))
                yield where, event.seconds, text.encode("utf-8", "replace").decode()
    said = read_remarks(folder)
    for text in (*filter(None, [said.note]), *(f"{key}={value}" for key, value in said.tags.items())):
        yield "notes", None, text


def _snippets(lookup: sqlite3.Connection, match: str, places: Sequence[Place], limit: int) -> list[Snippet]:
    cut = f"snippet(texts, -1, '{BEGIN}', '{END}', '…', {WORDS})"
    query = f"SELECT rowid, {cut} FROM texts WHERE texts MATCH ? ORDER BY rowid LIMIT ?"
    return [_snippet(places[number], text) for number, text in lookup.execute(query, [match, limit])]


def _snippet(place: Place, marked: str) -> Snippet:
    """Take the marks out of the text and say where they were. Signs that a terminal obeys become blanks."""
    text, highlights, start = "", [], 0
    for char in " ".join(marked.split()):
        if char == BEGIN:
            start = len(text)
        elif char == END:
            highlights.append((start, len(text)))
        elif char != SPLIT:
            text += char if char.isprintable() else " "
    where, seconds, _ = place
    return Snippet(where=where, seconds=seconds, text=text, highlights=tuple(highlights))
