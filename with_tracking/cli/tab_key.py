"""What the Tab key offers after a command: ids of sessions, and the names that filters take, from the index."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

import click
from click.shell_completion import CompletionItem

OFFERED = 50
"""So many of the newest sessions are offered."""

Offer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def sessions(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Offer the newest sessions whose ids begin so, with what was asked (zsh and fish show it)."""
    found = _asked(
        "path LIKE 'sessions/____/__/__/' || ? || '%' ORDER BY began DESC",
        "path, json_extract(facts, '$.prompt')",
        typed,
    )
    return [CompletionItem(os.path.basename(path), help=" ".join((prompt or "").split())) for path, prompt in found]


def names(*columns: str) -> Offer:
    """Offer what is in these columns of the index and begins so."""

    def offer(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
        found = {
            name for column in columns for (name,) in _asked(f"{column} LIKE ? || '%'", f"DISTINCT {column}", typed)
        }
        return [CompletionItem(name) for name in sorted(found)]

    return offer


def _asked(condition: str, what: str, typed: str) -> list[tuple[str, ...]]:
    """Ask the index; a shell that waits for an answer gets none instead of an error."""
    with suppress(Exception):
        from with_tracking import index, paths

        with index.current(paths.root(os.environ)) as connection:
            query = f"SELECT {what} FROM sessions WHERE {condition} LIMIT ?"
            return connection.execute(query, [typed, OFFERED]).fetchall()
    return []
