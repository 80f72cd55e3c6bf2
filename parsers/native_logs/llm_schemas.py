"""llm's two database schemas, read as the same turns. A turn's tools answer in the request after it.

Schemas: `llm/migrations.py` of simonw/llm. Only the rows of the threads asked for are read: a database may hold years.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec

from parsers.native_logs.base import Tally, parse_time
from parsers.native_logs.databases import columns, records
from parsers.native_logs.llm_turns import Asked, Result, Turn
from parsers.session import Tokens


class _Request(msgspec.Struct, kw_only=True):
    """The columns that a turn and a response share."""

    id: str
    model: str | None = None
    resolved_model: str | None = None
    duration_ms: int | None = None
    datetime_utc: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    token_details: str | None = None
    response_json: str | None = None


class _TurnRow(_Request, kw_only=True):
    """A row of `turns` (since 0.32)."""

    thread_id: str | None = None
    parent_message_hash: str | None = None
    tip_message_hash: str | None = None


class _ResponseRow(_Request, kw_only=True):
    """A row of `responses` (before 0.32)."""

    conversation_id: str | None = None
    prompt: str | None = None
    response: str | None = None
    reasoning: str | None = None


class _CallRow(msgspec.Struct):
    """A row of `tool_calls`."""

    name: str | None = None
    arguments: str | None = None
    tool_call_id: str | None = None


class _ResultRow(msgspec.Struct):
    """A row of `tool_results`."""

    name: str | None = None
    output: str | None = None
    tool_call_id: str | None = None
    exception: str | None = None


class _MessageRow(msgspec.Struct):
    """A row of `messages`."""

    hash: str
    parent_hash: str | None = None
    role: str | None = None


class _PartRow(msgspec.Struct):
    """A row of `parts`."""

    id: int
    type: str | None = None
    tool_name: str | None = None
    text: str | None = None
    payload: str | None = None


class _Payload(msgspec.Struct):
    """What the part of a tool call or of its answer says in JSON."""

    name: str | None = None
    arguments: Any = None
    output: Any = None
    tool_call_id: str | None = None
    exception: Any = None


class _Link(msgspec.Struct):
    """What a row that links a text to its fragments points at."""

    fragment_id: int


class _Content(msgspec.Struct):
    """The one column of a fragment that is needed."""

    content: str | None = None


R = TypeVar("R", bound=_Request)


def turns(
    connection: sqlite3.Connection, tally: Tally, thread_ids: Sequence[str] = (), *, since: datetime | None = None
) -> Iterator[Turn]:
    """Yield the turns of the threads asked for, else all those since then, from whichever schema holds them."""
    if not columns(connection, "turns") and not columns(connection, "responses"):
        tally.problems.append("llm: neither turns nor responses in the database; the format may have changed")
    known = set()
    for turn in _requests(connection, "turns", _TurnRow, "thread_id", thread_ids, since, tally):
        known.add(turn.id)
        yield _new_turn(connection, turn, tally)
    old = _requests(connection, "responses", _ResponseRow, "conversation_id", thread_ids, since, tally)
    yield from _old_turns(connection, [row for row in old if row.id not in known], tally)  # kept after a migration


def _requests(
    connection: sqlite3.Connection,
    table: str,
    kind: type[R],
    key: str,
    thread_ids: Sequence[str],
    since: datetime | None,
    tally: Tally,
) -> Iterator[R]:
    """Read the rows of a table that belong to the threads, oldest first; times are texts that sort as such."""
    for thread_id in dict.fromkeys(thread_ids):
        yield from records(connection, table, kind, tally, f'WHERE "{key}" = ? ORDER BY datetime_utc', (thread_id,))
    if not thread_ids:
        from_day = (since - timedelta(days=1)).strftime("%Y-%m-%d") if since else ""
        yield from records(connection, table, kind, tally, "WHERE datetime_utc >= ? ORDER BY datetime_utc", (from_day,))


def token_counts(input_: int | None, output: int | None, details: str | None) -> Tokens:
    """Turn the counts into ours; cached and reasoning tokens are in the details, and in the counts too."""
    try:
        known = msgspec.json.decode(details or "{}")
    except msgspec.DecodeError:
        known = {}
    cached = _nested(known, "prompt_tokens_details", "cached_tokens")
    reasoning = _nested(known, "completion_tokens_details", "reasoning_tokens")
    own = None if input_ is None else max(0, input_ - (cached or 0))
    return Tokens(input=own, output=output, cache_read=cached, reasoning=reasoning)


def _nested(details: Any, group: str, name: str) -> int | None:
    inner = details.get(group) if isinstance(details, Mapping) else None
    value = inner.get(name) if isinstance(inner, Mapping) else None
    return value if isinstance(value, int) else None


def _turn(row: _Request, thread_id: str | None) -> Turn:
    return Turn(
        id=row.id,
        thread_id=thread_id,
        at=parse_time(row.datetime_utc),
        model=row.resolved_model or _answering_model(row.response_json) or row.model,
        milliseconds=row.duration_ms,
        tokens=token_counts(row.input_tokens, row.output_tokens, row.token_details),
    )


def _answering_model(response: str | None) -> str | None:
    """Give the name of the model that the API answered with; `model` may be an alias from the person's settings."""
    try:
        name = msgspec.json.decode(response or "{}").get("model")
    except (msgspec.DecodeError, AttributeError):
        return None
    return name if isinstance(name, str) else None


def _arguments(text: str | None) -> Mapping[str, Any]:
    try:
        value = msgspec.json.decode(text or "{}")
    except msgspec.DecodeError:
        return {"arguments": text}
    return value if isinstance(value, dict) else {"arguments": value}


def _old_turns(connection: sqlite3.Connection, listed: Sequence[_ResponseRow], tally: Tally) -> Iterator[Turn]:
    """Read what belongs to responses: results are with the response that sent them, the one after the call."""
    last: dict[str | None, Turn] = {}
    for row in listed:
        turn = _turn(row, row.conversation_id)
        turn.prompt = row.prompt or _fragments(connection, "prompt_fragments", "response_id", row.id, tally)
        turn.text, turn.reasoning = row.response or "", row.reasoning or ""
        mine = 'WHERE "response_id" = ? ORDER BY id', (row.id,)
        for call in records(connection, "tool_calls", _CallRow, tally, *mine):
            turn.calls.append(Asked(call.name or "", _arguments(call.arguments), call.tool_call_id))
        for result in records(connection, "tool_results", _ResultRow, tally, *mine):
            before = last.get(row.conversation_id)
            asked = _waiting(before.calls, result.tool_call_id, result.name) if before else None
            if asked is not None:
                asked.result = Result(result.output or "", result.exception)
        last[row.conversation_id] = turn
        yield turn


def _waiting(calls: Sequence[Asked], call_id: str | None, name: str | None) -> Asked | None:
    """Find the call that a result is for: by its id, else (some models give none) the next of the same tool."""
    open_calls = [call for call in calls if call.result is None]
    by_id = (call for call in open_calls if call_id and call.call_id == call_id)
    return next(by_id, None) or next((call for call in open_calls if call.name == name), None)


def _fragments(connection: sqlite3.Connection, table: str, key: str, value: str, tally: Tally) -> str:
    """Put together the fragments (given with -f) that stand in for a text."""
    links = list(records(connection, table, _Link, tally, f'WHERE "{key}" = ? ORDER BY "order"', (value,)))
    found = (
        fragment.content or ""
        for link in links
        for fragment in records(connection, "fragments", _Content, tally, "WHERE id = ?", (str(link.fragment_id),))
    )
    return "\n".join(found)


def _new_turn(connection: sqlite3.Connection, row: _TurnRow, tally: Tally) -> Turn:
    turn, tip = _turn(row, row.thread_id), row.tip_message_hash
    asked_with = _message(connection, row.parent_message_hash, tally)
    if asked_with is not None and asked_with.role == "user":
        turn.prompt = _texts(connection, asked_with.hash, "text", tally)
    turn.text, turn.reasoning = (_texts(connection, tip, kind, tally) for kind in ("text", "reasoning"))
    results = _results(connection, tip, tally)
    for payload in _payloads(connection, tip, "tool_call", tally):
        known = payload.arguments if isinstance(payload.arguments, dict) else {}
        result = results.get(payload.tool_call_id) or results.get(payload.name)
        turn.calls.append(Asked(payload.name or "", known, payload.tool_call_id, result))
    return turn


def _message(connection: sqlite3.Connection, name: str | None, tally: Tally) -> _MessageRow | None:
    return next(records(connection, "messages", _MessageRow, tally, "WHERE hash = ?", (name or "",)), None)


def _parts(connection: sqlite3.Connection, message: str | None, kind: str, tally: Tally) -> list[_PartRow]:
    where = "WHERE message_hash = ? ORDER BY position"
    return [p for p in records(connection, "parts", _PartRow, tally, where, (message or "",)) if p.type == kind]


def _texts(connection: sqlite3.Connection, message: str | None, kind: str, tally: Tally) -> str:
    """Put together the texts of one kind in a message."""
    texts = (
        part.text or _fragments(connection, "part_fragments", "part_id", str(part.id), tally)
        for part in _parts(connection, message, kind, tally)
    )
    return "\n".join(texts)


def _payloads(connection: sqlite3.Connection, message: str | None, kind: str, tally: Tally) -> Iterator[_Payload]:
    """Yield what the tool calls or results in a message say."""
    for part in _parts(connection, message, kind, tally):
        try:
            payload = msgspec.json.decode(part.payload or "{}", type=_Payload)
        except msgspec.DecodeError:
            tally.not_understood(part.payload or "")
            payload = _Payload()
        payload.name = payload.name or part.tool_name
        yield payload


def _results(connection: sqlite3.Connection, caller: str | None, tally: Tally) -> dict[str | None, Result]:
    """Map the id of a call (or the tool's name) to the answer, given in the messages that follow the caller."""
    found: dict[str | None, Result] = {}
    for message in records(connection, "messages", _MessageRow, tally, "WHERE parent_hash = ?", (caller or "",)):
        for payload in _payloads(connection, message.hash, "tool_result", tally):
            exception = str(payload.exception) if payload.exception else None
            found[payload.tool_call_id or payload.name] = Result(str(payload.output or ""), exception)
    return found
