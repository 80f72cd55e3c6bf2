"""What only passes over Codex's screen: reconnects, dialogs, commands before they become a number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from parsers.screens.table import Reading
from parsers.session import Error, ErrorKind

if TYPE_CHECKING:
    from parsers.terminal import Line

_RECONNECT = re.compile(r"[•◦] (?P<text>Reconnecting\.\.\. (?P<attempt>\d{1,3})/\d+)")
QUESTION = re.compile(
    r"(?m)^ *(?:▌ ?)?(?P<question>(?:Would you like to|Allow) .*\?|Allow command\?|Apply changes\?"
    r"|Implement this plan\?) *$"
)
EDIT_QUESTION = re.compile(r"Would you like to make the following edits\?|Apply changes\?")
PLAN_QUESTION = re.compile(r"Implement this plan\?")
_RAN = re.compile(r"• Ran (?!\d+ commands )(?P<command>.*\S)")


def rows(reading: Reading) -> list[tuple[float, Line]]:
    """Give every row that passed with the time it first appeared, in that order."""
    lines = (line for passing in reading.transcript.passing for line in passing.lines)
    return sorted(((line.seconds, line) for line in lines), key=lambda pair: pair[0])


def reconnects(reading: Reading) -> Iterator[Error]:
    """Read failed attempts to reach the model: the n-th is numbered n, and a lower number begins a new request."""
    last = 0
    for seconds, line in rows(reading):
        found = _RECONNECT.match(line.text)
        if found:
            attempt = int(found["attempt"])
            for _ in range(attempt - last if attempt > last else attempt if attempt < last else 0):
                yield Error(kind=ErrorKind.API_ERROR, text=found["text"], seconds=seconds)
            last = attempt


def commands_seen(start: float, end: float, reading: Reading) -> list[str]:
    """Give the commands whose cell stood on the screen between two times and was replaced."""
    found = [(seconds, m["command"]) for seconds, line in reading.once(rows) if (m := _RAN.match(line.text))]
    return [command for seconds, command in found if start <= seconds <= end]
