"""The objects that opencode stores (sessions, messages, parts), from its database or from its JSON files.

Both generations hold the same objects: `packages/opencode/src/session/message-v2.ts` of the opencode repository.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from parsers.lenient_json import UNDECODABLE, decode
from parsers.native_logs.base import LogFile, Tally
from parsers.native_logs.databases import ERRORS, opened, records

T = TypeVar("T")


class Moment(msgspec.Struct, frozen=True):
    """Times in milliseconds since 1970; each kind of object has some of them."""

    created: float | None = None
    completed: float | None = None
    updated: float | None = None
    start: float | None = None
    end: float | None = None


class Cached(msgspec.Struct, frozen=True):
    """Cache tokens."""

    read: int = 0
    write: int = 0


class Counts(msgspec.Struct, frozen=True):
    """Token counts of one step; `total` came with 1.1."""

    input: int = 0
    output: int = 0
    reasoning: int = 0
    total: int | None = None
    cache: Cached = Cached()


class Failure(msgspec.Struct):
    """Why a message ended, or what a retry is for."""

    name: str = ""
    data: dict[str, Any] = {}


class Message(msgspec.Struct):
    """A message: one prompt, or one step of the model."""

    role: str
    id: str = ""
    session_id: str = msgspec.field(name="sessionID", default="")
    parent_id: str | None = msgspec.field(name="parentID", default=None)
    model_id: str | None = msgspec.field(name="modelID", default=None)
    agent: str | None = None
    mode: str | None = None
    summary: Any = None
    cost: float | None = None
    tokens: Counts | None = None
    error: Failure | None = None
    time: Moment = Moment()


class State(msgspec.Struct):
    """How a tool call went: pending, running, completed or error."""

    status: str = ""
    input: dict[str, Any] | str = {}
    output: Any = None
    error: str | None = None
    metadata: dict[str, Any] = {}
    time: Moment = Moment()


class Part(msgspec.Struct):
    """A piece of a message."""

    type: str
    id: str = ""
    message_id: str = msgspec.field(name="messageID", default="")
    created: float | None = None
    text: str = ""
    synthetic: bool = False
    ignored: bool = False
    tool: str = ""
    call_id: str | None = msgspec.field(name="callID", default=None)
    state: State | None = None
    tokens: Counts | None = None
    error: Failure | None = None
    time: Moment | None = None


class Stored(msgspec.Struct):
    """A session as its row or file gives it."""

    id: str
    directory: str | None = None
    title: str | None = None
    version: str | None = None
    parent_id: str | None = msgspec.field(name="parentID", default=None)
    time: Moment = Moment()


class Storage:
    """The objects of all sessions that the files hold."""

    def __init__(self) -> None:
        self.sessions: dict[str, Stored] = {}
        self.messages: dict[str, Message] = {}
        self.parts: dict[str, Part] = {}

    def of_session(self, session_id: str) -> list[Message]:
        """List a session's messages in order of time."""
        mine = [m for m in self.messages.values() if m.session_id == session_id]
        return sorted(mine, key=lambda m: (m.time.created or 0, m.id))


SESSION = msgspec.json.Decoder(Stored)
_MESSAGE = msgspec.json.Decoder(Message)
_PART = msgspec.json.Decoder(Part)


def load_database(source: LogFile, storage: Storage, tally: Tally, session_ids: Sequence[str]) -> None:
    """Take in the sessions asked for with their sub-agents, else all; an unreadable database is a problem."""
    try:
        with opened(source) as connection:
            for session in sessions(connection, tally):
                storage.sessions[session.id] = session
            for session in _wanted(storage, session_ids):
                _load_rows(connection, storage, tally, session.id)
    except ERRORS as error:
        tally.problems.append(f"opencode: cannot read the database: {error}")


def _wanted(storage: Storage, session_ids: Sequence[str]) -> list[Stored]:
    roots = [s for s in storage.sessions.values() if s.id in session_ids]
    return family_of(storage, roots) if roots else list(storage.sessions.values())


class _SessionRow(msgspec.Struct):
    """A row of `session`."""

    id: str
    directory: str | None = None
    title: str | None = None
    version: str | None = None
    parent_id: str | None = None
    time_created: float | None = None
    time_updated: float | None = None


class _Row(msgspec.Struct):
    """A row of `message` or `part`: the object as JSON without what the columns say."""

    id: str
    session_id: str
    message_id: str | None = None
    time_created: float | None = None
    data: str = ""


class _Newer(msgspec.Struct):
    """A row of a table of versions to come."""

    id: str


def sessions(connection: sqlite3.Connection, tally: Tally) -> Iterator[Stored]:
    """Read the table of sessions."""
    for row in records(connection, "session", _SessionRow, tally):
        time = Moment(created=row.time_created, updated=row.time_updated)
        yield Stored(row.id, row.directory, row.title, row.version, row.parent_id, time)


def _load_rows(connection: sqlite3.Connection, storage: Storage, tally: Tally, session_id: str) -> None:
    """Take in the messages and parts of a session; the database's columns complete the objects' JSON."""
    where = "WHERE session_id = ?", (session_id,)
    for row in records(connection, "message", _Row, tally, *where):
        message = _decoded(_MESSAGE, row.data.encode(), tally)
        if message is not None:
            message.id, message.session_id = row.id, row.session_id
            storage.messages[message.id] = message
    for row in records(connection, "part", _Row, tally, *where):
        part = _decoded(_PART, row.data.encode(), tally)
        if part is not None:
            part.id, part.message_id, part.created = row.id, row.message_id or "", row.time_created
            storage.parts[part.id] = part
    newer = sum(1 for _ in records(connection, "session_message", _Newer, tally, *where))
    if newer and not storage.messages:
        tally.problems.append(f"opencode: {newer} messages are in a table of a newer format that is not read yet")


def load_object(source: LogFile, storage: Storage, tally: Tally) -> None:
    """Take in one JSON file; what kind of object it is, its id says: ses_, msg_ or prt_."""
    try:
        content = source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        tally.problems.append(f"cannot read the log {source!r}: {error.strerror}")
        return
    head = content[:200]
    if b'"prt_' in head.split(b",", 1)[0]:
        part = _decoded(_PART, content, tally)
        if part is not None:
            storage.parts[part.id] = part
    elif b'"msg_' in head.split(b",", 1)[0]:
        message = _decoded(_MESSAGE, content, tally)
        if message is not None:
            storage.messages[message.id] = message
    elif b'"ses_' in head.split(b",", 1)[0]:
        session = _decoded(SESSION, content, tally)
        if session is not None:
            storage.sessions[session.id] = session


def _decoded(decoder: msgspec.json.Decoder[T], content: bytes, tally: Tally) -> T | None:
    tally.records += 1
    try:
        return decode(decoder, content)
    except UNDECODABLE:
        tally.not_understood(content)
        return None


def family_of(storage: Storage, roots: list[Stored]) -> list[Stored]:
    """List the sessions and all those of their sub-agents."""
    found, ids = list(roots), {s.id for s in roots}
    for session in sorted(storage.sessions.values(), key=lambda s: s.time.created or 0):
        if session.parent_id in ids and session.id not in ids:
            found.append(session)
            ids.add(session.id)
    return found
