"""llm's two database schemas, read as the same turns. A turn's tools answer in the request after it.

Schemas: `llm/migrations.py` of simonw/llm.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from parsers.native_logs.base import Tally, parse_time
from parsers.native_logs.databases import columns, rows
from parsers.native_logs.llm_turns import Asked, Result, Turn
from parsers.session import Tokens


def turns(connection: sqlite3.Connection, tally: Tally) -> Iterator[Turn]:
    """Yield the turns of every thread, oldest first, from whichever schema holds some."""
    if not columns(connection, "turns") and not columns(connection, "responses"):
        tally.problems.append("llm: neither turns nor responses in the database; the format may have changed")
    new = list(_new_turns(connection))
    known = {turn.id for turn in new}
    yield from (turn for turn in _old_turns(connection) if turn.id not in known)  # kept when the schema was migrated
    yield from new


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


_MEASURES = (
    *("model", "resolved_model", "duration_ms", "datetime_utc"),
    *("input_tokens", "output_tokens", "token_details", "response_json"),
)


def rows_of(connection: sqlite3.Connection, thread_ids: Sequence[str]) -> dict[str, tuple[str, Sequence[str]]]:
    """Say which rows hold these threads, in either schema: table -> (column, its values)."""
    threads = list(thread_ids)
    responses = [r["id"] for r in rows(connection, "responses", ("id", "conversation_id")) if r[1] in threads]
    ends = ("thread_id", "parent_message_hash", "tip_message_hash")
    turns_ = [row for row in rows(connection, "turns", ends) if row["thread_id"] in threads]
    hashes = _conversation(connection, {row[name] for row in turns_ for name in ends[1:] if row[name]})
    part_ids = [r["id"] for r in rows(connection, "parts", ("id", "message_hash")) if r["message_hash"] in hashes]
    fragments = [
        row["fragment_id"]
        for table, key, known in (
            ("part_fragments", "part_id", part_ids),
            ("prompt_fragments", "response_id", responses),
        )
        for row in rows(connection, table, (key, "fragment_id"))
        if row[key] in known
    ]
    return {
        "threads": ("id", threads),
        "turns": ("thread_id", threads),
        "messages": ("hash", sorted(hashes)),
        "parts": ("message_hash", sorted(hashes)),
        "part_fragments": ("part_id", part_ids),
        "conversations": ("id", threads),
        "responses": ("id", responses),
        "tool_calls": ("response_id", responses),
        "tool_results": ("response_id", responses),
        "prompt_fragments": ("response_id", responses),
        "fragments": ("id", fragments),
    }


def _conversation(connection: sqlite3.Connection, named: set[str]) -> set[str]:
    """Add to the messages that turns name those between them: what they follow, and the tools' answers to them."""
    listed = list(rows(connection, "messages", ("hash", "parent_hash", "role")))
    parent = {row["hash"]: row["parent_hash"] for row in listed}
    hashes: set[str] = set()
    for name in named | {row["hash"] for row in listed if row["role"] == "tool" and row["parent_hash"] in named}:
        step: str | None = name
        while step is not None and step not in hashes:
            hashes.add(step)
            step = parent.get(step)
    return hashes


def _turn(row: sqlite3.Row, thread_id: str | None) -> Turn:
    return Turn(
        id=row["id"],
        thread_id=thread_id,
        at=parse_time(row["datetime_utc"]),
        model=row["resolved_model"] or _answering_model(row["response_json"]) or row["model"],
        milliseconds=row["duration_ms"],
        tokens=token_counts(row["input_tokens"], row["output_tokens"], row["token_details"]),
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


def _old_turns(connection: sqlite3.Connection) -> Iterator[Turn]:
    """Read the schema before 0.32: a response with its tool calls; results belong to the response that sent them."""
    fragments = _fragments(connection, "prompt_fragments", "response_id")
    found: dict[str, Turn] = {}
    names = ("id", "conversation_id", "prompt", "response", "reasoning", *_MEASURES)
    for row in rows(connection, "responses", names, "ORDER BY datetime_utc"):
        turn = _turn(row, row["conversation_id"])
        turn.prompt = row["prompt"] or fragments.get(turn.id, "")
        turn.text, turn.reasoning = row["response"] or "", row["reasoning"] or ""
        found[turn.id] = turn
    wanted = ("id", "response_id", "name", "arguments", "tool_call_id")
    for row in rows(connection, "tool_calls", wanted, "ORDER BY id"):
        if row["response_id"] in found:
            call = Asked(row["name"] or "", _arguments(row["arguments"]), row["tool_call_id"])
            found[row["response_id"]].calls.append(call)
    before = _predecessors(found.values())
    wanted = ("response_id", "name", "output", "tool_call_id", "exception")
    for row in rows(connection, "tool_results", wanted, "ORDER BY id"):
        caller = before.get(row["response_id"])
        answered = _waiting(caller.calls, row["tool_call_id"], row["name"]) if caller else None
        if answered is not None:
            answered.result = Result(row["output"] or "", row["exception"])
    yield from found.values()


def _predecessors(listed: Iterable[Turn]) -> dict[str, Turn]:
    """Map each turn's id to the turn before it in the same conversation."""
    before: dict[str, Turn] = {}
    last: dict[str | None, Turn] = {}
    for turn in listed:
        if turn.thread_id in last:
            before[turn.id] = last[turn.thread_id]
        last[turn.thread_id] = turn
    return before


def _waiting(calls: Sequence[Asked], call_id: str | None, name: str | None) -> Asked | None:
    """Find the call that a result is for: by its id, else (some models give none) the next of the same tool."""
    open_calls = [call for call in calls if call.result is None]
    by_id = (call for call in open_calls if call_id and call.call_id == call_id)
    return next(by_id, None) or next((call for call in open_calls if call.name == name), None)


def _fragments(connection: sqlite3.Connection, table: str, key: str) -> dict[str, str]:
    """Put together the fragments (given with -f) that stand in for a text."""
    texts = {row["id"]: row["content"] or "" for row in rows(connection, "fragments", ("id", "content"))}
    joined: dict[str, list[str]] = {}
    for row in rows(connection, table, (key, "fragment_id"), 'ORDER BY "order"'):
        joined.setdefault(row[key], []).append(texts.get(row["fragment_id"], ""))
    return {identity: "\n".join(parts) for identity, parts in joined.items()}


class _Messages:
    """The messages of the schema since 0.32: a tree, each with its parts."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        names = ("hash", "parent_hash", "role")
        self.role = {row["hash"]: row["role"] for row in rows(connection, "messages", names)}
        self.parent = {row["hash"]: row["parent_hash"] for row in rows(connection, "messages", names)}
        self.parts: dict[str, list[sqlite3.Row]] = {}
        self.fragments = _fragments(connection, "part_fragments", "part_id")
        wanted = ("id", "message_hash", "type", "tool_name", "text", "payload")
        for row in rows(connection, "parts", wanted, "ORDER BY message_hash, position"):
            self.parts.setdefault(row["message_hash"], []).append(row)

    def text(self, message: str | None, kind: str = "text") -> str:
        """Put together the texts of one kind in a message."""
        parts = [p for p in self.parts.get(message or "", ()) if p["type"] == kind]
        return "\n".join(p["text"] or self.fragments.get(p["id"], "") for p in parts)

    def payloads(self, message: str | None, kind: str) -> Iterator[Mapping[str, Any]]:
        """Yield what the tool calls or results in a message say."""
        for part in self.parts.get(message or "", ()):
            if part["type"] == kind:
                yield {"name": part["tool_name"], **_arguments(part["payload"])}


def _new_turns(connection: sqlite3.Connection) -> Iterator[Turn]:
    messages = _Messages(connection)
    results = _results(messages)
    names = ("id", "thread_id", "parent_message_hash", "tip_message_hash", *_MEASURES)
    for row in rows(connection, "turns", names, "ORDER BY datetime_utc"):
        turn, asked_with, tip = _turn(row, row["thread_id"]), row["parent_message_hash"], row["tip_message_hash"]
        if messages.role.get(asked_with) == "user":
            turn.prompt = messages.text(asked_with)
        turn.text, turn.reasoning = messages.text(tip), messages.text(tip, "reasoning")
        for payload in messages.payloads(tip, "tool_call"):
            arguments = payload.get("arguments")
            identity = payload.get("tool_call_id")
            result = results.get((tip, identity)) or results.get((tip, payload.get("name")))
            known = arguments if isinstance(arguments, dict) else {}
            turn.calls.append(Asked(str(payload.get("name") or ""), known, identity, result))
        yield turn


def _results(messages: _Messages) -> dict[tuple[str, Any], Result]:
    """Map (message that called, id of the call or name of the tool) to the tool's answer."""
    found: dict[tuple[str, Any], Result] = {}
    for message, caller in messages.parent.items():
        for payload in messages.payloads(message, "tool_result"):
            result = Result(str(payload.get("output") or ""), payload.get("exception"))
            found[caller, payload.get("tool_call_id") or payload.get("name")] = result
    return found
