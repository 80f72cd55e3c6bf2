"""What only passes over Codex's screen: reconnects, dialogs, commands before they become a number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from parsers.screens.table import Reading
from parsers.screens.wrapping import unwrap
from parsers.session import Error, ErrorKind

if TYPE_CHECKING:
    from parsers.terminal import Line

_RECONNECT = re.compile(r"[•◦] (?P<text>Re-?connecting\.\.\. (?P<attempt>\d{1,3})/\d+)")
QUESTION = re.compile(
    r"(?m)^ *(?:▌ ?)?(?P<question>(?:Would you like to|Allow) .*\?|Allow command\?|Apply changes\?"
    r"|Implement this plan\?) *$"
)
EDIT_QUESTION = re.compile(r"Would you like to make the following edits\?|Apply changes\?")
PLAN_QUESTION = re.compile(r"Implement this plan\?")
_RAN = re.compile(r"[•◦] (?P<state>Ran|Running) (?!\d+ commands? · )(?P<command>.*\S)")
_MORE = re.compile(r"  │ ")
_HIDDEN = re.compile(r"\n?… \+\d{1,9} lines?(?: \(.*)?$")  # the rest of a long command, not drawn


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
    return [command for seconds, command in reading.once(_cells) if start <= seconds <= end]


def _cells(reading: Reading) -> list[tuple[float, str]]:
    """Give the commands of the cells that passed with the time they first appeared, in that order.

    A command that was seen running and then as done is one.
    """
    found = []
    for passed in reading.transcript.passing:
        for number, line in enumerate(passed.lines):
            ran = _RAN.match(line.text)
            if ran:
                below = takewhile(lambda other: _MORE.match(other.text), passed.lines[number + 1 :])
                found.append((line.seconds, cell_command([line, *below], ran.start("command")), ran["state"]))
    cells: list[tuple[float, str]] = []
    running: list[str] = []
    for seconds, command, state in sorted(found):
        if state == "Ran" and command in running:
            running.remove(command)
            continue
        cells.append((seconds, command))
        if state == "Running":
            running.append(command)
    return cells


def cell_command(lines: Sequence[Line], prefix: int) -> str:
    """Give the command of a cell: it begins at this column and goes on behind bars; the rest may not be drawn."""
    first, *below = (line.text for line in lines)
    drawn = unwrap([first, *(text.replace("│", " ", 1) for text in below)], lines[0].cols, prose=False)
    return _HIDDEN.sub(" …", "\n".join([drawn[0][prefix:], *(line[4:] for line in drawn[1:])]))
