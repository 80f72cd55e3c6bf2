"""Patterns of the person's own, for an assistant that has no table, or whose table misses something.

They are tried before the table's rules, and what they find is read as the shared conventions are (`generic.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from parsers.screens import generic
from parsers.screens.prose import said
from parsers.screens.table import Block, LineRule, Place, Reading, Screen
from parsers.session import Error, ErrorKind, Event

OwnPatterns = Mapping[str, re.Pattern[str]]
"""By the name of what a line is, a key of `LINES`; each is matched at the line's start."""


@dataclass(frozen=True, slots=True)
class _Line:
    """What a person may name: the kind and the place that it has in a table, and the group its pattern must have."""

    kind: str
    group: str | None = None
    place: Place = Place.HEAD


LINES: Mapping[str, _Line] = {
    "prompt": _Line("prompt", "text"),
    "answer": _Line("text", "text"),
    "tool": _Line("tool", "tool"),  # may have a group `input` as well
    "command": _Line("command", "input"),
    "error": _Line("own_error", "text"),
    "ignore": _Line("own_chrome", place=Place.CHROME),
}


def compiled(name: str, pattern: str) -> re.Pattern[str]:
    """Compile the pattern of a kind of line. Raises ValueError, with the reason, if it cannot serve."""
    if name not in LINES:
        raise ValueError(f"{name} is none of {', '.join(LINES)}")
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
    group = LINES[name].group
    if group is not None and group not in found.groupindex:
        raise ValueError(f"the pattern of {name} needs a group (?P<{group}>…)")
    return found


def with_patterns(screen: Screen, patterns: OwnPatterns) -> Screen:
    """Return a table that tries these patterns first. What the table itself reads of such lines, it still reads."""
    if not patterns:
        return screen
    rules = [LineRule(LINES[name].kind, pattern, LINES[name].place) for name, pattern in patterns.items()]
    readers = {**generic.SCREEN.readers, **screen.readers, "own_error": _error}
    return replace(screen, rules=(*rules, *screen.rules), readers=readers)


def _error(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a line that the person calls an error: of the API if it says so, else of a tool."""
    told = said(block, reading)
    kind = ErrorKind.API_ERROR if generic.is_of_api(told) else ErrorKind.TOOL_ERROR
    yield Error(kind=kind, text=told, seconds=block.seconds)
