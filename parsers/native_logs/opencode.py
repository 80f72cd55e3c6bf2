"""opencode's own log: an SQLite database (1.1 and later) or one JSON file per object (1.0 and before).

Both hold the same objects below `~/.local/share/opencode`: a session, its messages, their parts (see
`opencode_parts`). A sub-agent has a session of its own whose `parent_id` names the caller's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from parsers.lenient_json import UNDECODABLE, decode
from parsers.native_logs import opencode_parts
from parsers.native_logs.base import (
    Candidate,
    LogFile,
    NativeLog,
    Places,
    Tally,
    Window,
    aware,
    from_epoch,
    in_order,
    seconds_between,
)
from parsers.native_logs.databases import COMPANIONS, ERRORS, excerpt, is_database, opened, with_companions
from parsers.native_logs.opencode_records import (
    SESSION,
    Message,
    Part,
    Storage,
    Stored,
    family_of,
    load_database,
    load_object,
    sessions,
)
from parsers.session import Event, Source, Totals

PROVIDER = "opencode"


def read(
    files: Sequence[LogFile],
    *,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    session_ids: Sequence[str] = (),
) -> NativeLog:
    """Read one session and its sub-agents' from the database or from the JSON files."""
    tally, window, storage = Tally(), Window(aware(started_at), aware(ended_at)), Storage()
    for file in files:
        if is_database(file):
            load_database(file, storage, tally, session_ids)
        elif isinstance(file, bytes) or not file.name.endswith(COMPANIONS):
            load_object(file, storage, tally)
    roots = _roots(storage, session_ids, window)
    family = family_of(storage, roots)
    messages = [m for s in family for m in storage.of_session(s.id) if window.holds(from_epoch(m.time.created))]
    for message in messages:
        tally.saw(from_epoch(message.time.created))
        tally.saw(from_epoch(message.time.completed))
    origin = aware(started_at) or tally.first_at
    parts = _parts_by_message(storage)
    events = [e for s in family for e in _events(s, storage, parts, messages, origin)]
    answers = [m for m in messages if m.role == "assistant" and m.session_id in {s.id for s in roots}]
    return NativeLog(
        events=(*in_order(sorted(events, key=lambda e: e.seconds or 0.0)), *_costs(messages, origin), *tally.kept),
        provider_version=next((s.version for s in roots), None),
        model=next((m.model_id for m in reversed(answers) if m.model_id), None),
        native_session_ids=tuple(s.id for s in roots),
        cwd=next((s.directory for s in roots), None),
        started_at=tally.first_at,
        ended_at=tally.last_at,
        records=tally.records,
        unknown_records=tally.unknown,
        problems=tally.all_problems(PROVIDER, understood=len(events)),
    )


def _roots(storage: Storage, session_ids: Sequence[str], window: Window) -> list[Stored]:
    """Choose the sessions: those asked for, else those that began or went on in the window."""
    tops = [s for s in storage.sessions.values() if s.parent_id not in storage.sessions]
    named = [s for s in tops if s.id in session_ids]
    if named:
        return named
    active = {m.session_id for m in storage.messages.values() if window.holds(from_epoch(m.time.created))}
    return [s for s in tops if s.id in active]


def _parts_by_message(storage: Storage) -> dict[str, list[Part]]:
    """Group the parts by message; their ids sort by time."""
    grouped: dict[str, list[Part]] = {}
    for part in sorted(storage.parts.values(), key=lambda p: p.id):
        grouped.setdefault(part.message_id, []).append(part)
    return grouped


def _events(
    session: Stored, storage: Storage, parts: dict[str, list[Part]], used: list[Message], origin: datetime | None
) -> Iterator[Event]:
    mine = [m for m in used if m.session_id == session.id]
    is_child = session.parent_id in storage.sessions
    yield from opencode_parts.events(mine, parts, origin, is_child=is_child)


def _costs(messages: list[Message], origin: datetime | None) -> Iterator[Totals]:
    """Yield what the assistant says the session cost, if it knows prices: 0 stands for not knowing."""
    cost = sum(m.cost or 0.0 for m in messages)
    if cost > 0:
        last = max((m.time.completed or m.time.created or 0 for m in messages), default=0)
        yield Totals(cost_usd=cost, seconds=seconds_between(origin, from_epoch(last)), source=Source.NATIVE)


def candidates(places: Places, *, since: datetime | None = None) -> Iterator[Candidate]:
    """List the sessions (not sub-agents') of every database and of the JSON storage below opencode's data folder."""
    root = places.folder("XDG_DATA_HOME", ".local/share") / "opencode"
    seen: set[str] = set()
    for database in sorted(root.glob("opencode*.db")):  # channels other than "latest" have databases of their own
        for found in _in_database(database, since):
            seen.add(found.session_id)
            yield found
    for project in sorted((root / "storage" / "session").glob("*")):
        yield from (one for one in _in_files(project, root / "storage", since) if one.session_id not in seen)


def _in_database(database: Path, since: datetime | None) -> Iterator[Candidate]:
    try:
        with opened(database) as connection:
            found = [(s, _candidate(s, with_companions(database))) for s in sessions(connection, Tally())]
    except ERRORS:
        return
    for session, candidate in found:
        if session.parent_id is None and not _too_old(candidate, since):
            yield candidate


def _in_files(project: Path, storage: Path, since: datetime | None) -> Iterator[Candidate]:
    """List the sessions of a project in the JSON generation."""
    stored, found = Storage(), {}
    for file in sorted(project.glob("ses_*.json")):
        try:
            session = decode(SESSION, file.read_bytes())
        except (OSError, *UNDECODABLE):
            continue
        stored.sessions[session.id] = session
        found[session.id] = file
    for session in stored.sessions.values():
        if session.parent_id is None and not _too_old(_candidate(session, ()), since):
            files = (file for one in family_of(stored, [session]) for file in _files_of(one, found[one.id], storage))
            yield _candidate(session, tuple(files))


def _files_of(session: Stored, file: Path, storage: Path) -> Iterator[Path]:
    yield file
    for message in sorted((storage / "message" / session.id).glob("*.json")):
        yield message
        yield from sorted((storage / "part" / message.stem).glob("*.json"))


def _candidate(session: Stored, files: tuple[Path, ...]) -> Candidate:
    return Candidate(
        session_id=session.id,
        files=files,
        cwd=session.directory,
        started_at=from_epoch(session.time.created),
        last_at=from_epoch(session.time.updated),
    )


def _too_old(found: Candidate, since: datetime | None) -> bool:
    return since is not None and found.last_at is not None and found.last_at < since


def extract(file: Path, session_ids: Sequence[str], target: Path) -> bool:
    """Take these sessions and their sub-agents' out of a database; False for a file that is to be copied whole."""
    if file.name.endswith(COMPANIONS):
        return True  # what is in there comes with the database's rows
    if not session_ids or not is_database(file):
        return False
    storage = Storage()
    try:
        with opened(file) as connection:
            storage.sessions = {s.id: s for s in sessions(connection, Tally())}
        ids = [s.id for s in family_of(storage, [s for s in storage.sessions.values() if s.id in session_ids])]
        excerpt(file, target, {"session": ("id", ids), "message": ("session_id", ids), "part": ("session_id", ids)})
    except ERRORS:
        return False
    return True
