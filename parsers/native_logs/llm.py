"""llm's log: the SQLite database `logs.db` in its user folder, in both schemas.

Since 0.32 a turn points at the messages it continues and at those it ended with (`turns`, `messages`, `parts`); before,
a response held prompt and answer (`responses`, `tool_calls`, `tool_results`). Neither knows the working directory.
Schema: `llm/migrations.py` of simonw/llm.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from parsers.native_logs import llm_schemas, llm_turns
from parsers.native_logs.base import (
    Candidate,
    LogFile,
    NativeLog,
    Places,
    Tally,
    Window,
    aware,
    in_order,
    parse_time,
)
from parsers.native_logs.databases import COMPANIONS, ERRORS, excerpt, is_database, opened, records, with_companions
from parsers.native_logs.llm_excerpts import rows_of
from parsers.native_logs.llm_turns import Turn

PROVIDER = "gpt"
CLIENT = "llm"


def read(
    files: Sequence[LogFile],
    *,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    session_ids: Sequence[str] = (),
) -> NativeLog:
    """Read the turns of the threads (conversations) asked for, else all those in the time window."""
    tally, window = Tally(), Window(aware(started_at), aware(ended_at))
    turns: list[Turn] = []
    for file in filter(is_database, files):
        try:
            with opened(file) as connection:
                turns += llm_schemas.turns(connection, tally, session_ids, since=window.started_at)
        except ERRORS as error:
            tally.problems.append(f"llm: cannot read the database: {error}")
    used = [t for t in turns if window.holds(t.at) and (not session_ids or t.thread_id in session_ids)]
    for turn in used:
        tally.saw(turn.at)
    origin = aware(started_at) or tally.first_at
    events = list(llm_turns.events(used, origin))
    tally.records += len(used)
    return NativeLog(
        events=(*in_order(events), *tally.kept),
        client=CLIENT,
        model=next((t.model for t in reversed(used) if t.model), None),
        native_session_ids=tuple(dict.fromkeys(t.thread_id for t in used if t.thread_id)),
        started_at=tally.first_at,
        ended_at=tally.last_at,
        records=tally.records,
        unknown_records=tally.unknown,
        problems=tally.all_problems(CLIENT, understood=len(events)),
    )


def candidates(places: Places, *, since: datetime | None = None) -> Iterator[Candidate]:
    """List the threads in the logs.db of `$LLM_USER_PATH`, else of the user's configuration folder."""
    for database in _databases(places):
        try:
            with opened(database) as connection:
                spans = _spans(connection)
        except ERRORS:
            continue
        for thread_id, (first, last) in spans.items():
            if since is None or last is None or last >= since:
                yield Candidate(thread_id, with_companions(database), started_at=first, last_at=last)


def _databases(places: Places) -> Iterator[Path]:
    """Yield the databases there are; the folder is the one that click names for an application on each system."""
    folders = (
        places.folder("LLM_USER_PATH", ".config/io.datasette.llm"),
        places.folder("XDG_CONFIG_HOME", ".config") / "io.datasette.llm",
        places.home / "Library/Application Support/io.datasette.llm",
    )
    seen = dict.fromkeys(folder / "logs.db" for folder in folders)
    yield from (path for path in seen if path.is_file())


class _At(msgspec.Struct):
    """When something was asked, in a thread or (before 0.32) a conversation."""

    datetime_utc: str | None = None
    thread_id: str | None = None
    conversation_id: str | None = None


def _spans(connection: sqlite3.Connection) -> dict[str, tuple[datetime | None, datetime | None]]:
    """Find the first and the last time of each thread, in either schema."""
    spans: dict[str, tuple[datetime | None, datetime | None]] = {}
    for table in ("turns", "responses"):
        for row in records(connection, table, _At, Tally(), "ORDER BY datetime_utc"):
            thread_id = row.thread_id or row.conversation_id
            if thread_id is not None:
                at = parse_time(row.datetime_utc)
                first, _ = spans.get(thread_id, (at, at))
                spans[thread_id] = (first, at)
    return spans


def extract(file: Path, session_ids: Sequence[str], target: Path) -> bool:
    """Take these threads out of the database of all; False for a file that is to be copied whole."""
    if file.name.endswith(COMPANIONS):
        return True  # what is in there comes with the database's rows
    if not session_ids or not is_database(file):
        return False
    try:
        with opened(file) as connection:
            wanted = rows_of(connection, session_ids)
        excerpt(file, target, wanted)
    except ERRORS:
        return False
    return True
