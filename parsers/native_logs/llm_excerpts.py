"""Which rows of llm's database hold a thread: for a copy of that thread alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from parsers.native_logs.databases import columns

Wanted = dict[str, tuple[str, Sequence[str]]]


def rows_of(connection: sqlite3.Connection, thread_ids: Sequence[str]) -> Wanted:
    """Say which rows hold these threads, in either schema: table -> (column, its values)."""
    responses = list(_related(connection, "responses", "id", "conversation_id", thread_ids))
    named = {
        name
        for end in ("parent_message_hash", "tip_message_hash")
        for name in _related(connection, "turns", end, "thread_id", thread_ids)
    }
    hashes = sorted(_conversation(connection, named))
    parts = list(_related(connection, "parts", "id", "message_hash", hashes))
    fragments = [
        *_related(connection, "part_fragments", "fragment_id", "part_id", parts),
        *_related(connection, "prompt_fragments", "fragment_id", "response_id", responses),
    ]
    return {
        "threads": ("id", thread_ids),
        "turns": ("thread_id", thread_ids),
        "messages": ("hash", hashes),
        "parts": ("message_hash", hashes),
        "part_fragments": ("part_id", parts),
        "conversations": ("id", thread_ids),
        "responses": ("id", responses),
        "tool_calls": ("response_id", responses),
        "tool_results": ("response_id", responses),
        "prompt_fragments": ("response_id", responses),
        "fragments": ("id", fragments),
    }


def _related(connection: sqlite3.Connection, table: str, wanted: str, key: str, values: Sequence[str]) -> Iterator[str]:
    """Yield one column of the rows whose other column has one of the values."""
    if not {wanted, key} <= set(columns(connection, table)):
        return
    for value in values:
        for row in connection.execute(f'SELECT "{wanted}" FROM "{table}" WHERE "{key}" = ?', (value,)):
            if row[0] is not None:
                yield row[0]


def _conversation(connection: sqlite3.Connection, named: set[str]) -> set[str]:
    """Add to the messages that turns name those between them: what they follow, and the tools' answers to them."""
    answers = set(_related(connection, "messages", "hash", "parent_hash", sorted(named)))
    hashes: set[str] = set()
    for name in named | answers:
        step: str | None = name
        while step is not None and step not in hashes:
            hashes.add(step)
            step = next(_related(connection, "messages", "parent_hash", "hash", (step,)), None)
    return hashes
