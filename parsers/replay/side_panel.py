"""A panel at the right of the alternate screen, as some draw on a wide terminal: no part of the conversation.

It has a background of its own from top to bottom (opencode), or a rule at its left, down to what stands below text and
panel (Claude Code, for changed files). Left in, its rows would stand behind rows of the conversation that scroll past
it, and no frame would be found again.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mode

from parsers.replay.emulator import Emulator
from parsers.replay.rows import Row, cut_at

NARROWEST = 20  # columns that a panel has at least
SAMPLES = 8  # rows that are looked at
AGREEING = 7  # of those
CLEAR = 4  # of those in which the panel's background begins beside another one
RULE = "│"
KEPT = 3  # rows at the top by which a rule that is known is still there: a dialog below may be tall


@dataclass(frozen=True, slots=True)
class Panel:
    """Where a panel begins. If it has a rule, rows without it are not beside the panel."""

    column: int
    ruled: bool = False

    def cut_from(self, row: Row) -> Row:
        """Return what a row has beside the panel."""
        return cut_at(row, self.column, RULE if self.ruled else "")


def find_panel(emulator: Emulator, known: Panel | None = None) -> Panel | None:
    """Find the panel, None if there is none; `known` is the one that there was."""
    if known and known.ruled and all(emulator.glyph(row, known.column) == RULE for row in range(KEPT)):
        return known
    column = _ruled_at(emulator)  # it may be shaded as well
    if column is not None:
        return Panel(column, ruled=True)
    column = _shaded_from(emulator, known.column if known else None)
    return None if column is None else Panel(column)


def _ruled_at(emulator: Emulator) -> int | None:
    """Find the column of a rule in the upper half of the screen."""
    if not emulator.shows(0, RULE):
        return None
    for column in range(emulator.cols - NARROWEST, emulator.cols // 2, -1):
        if all(emulator.glyph(row, column) == RULE for row in range(emulator.rows // 2)):
            return column
    return None


def _shaded_from(emulator: Emulator, known: int | None) -> int | None:
    """Find the column where a background of its own begins.

    What is drawn beside it may have its background, so that a row tells nothing. Then it is where it is `known` to be.
    """
    rows = range(0, emulator.rows, max(1, emulator.rows // SAMPLES))[:SAMPLES]
    left, right = emulator.cols // 2, emulator.cols - NARROWEST
    if left > right:
        return None
    begins: list[int] = []
    without = 0
    for number in rows:
        column = emulator.last_background(number, left)
        if column is None or column > right:
            without += 1
            if without > SAMPLES - AGREEING:
                return None
        elif column > left:
            begins.append(column)
    if not begins:
        return None
    if known is not None and known <= right and begins.count(known) == len(begins):
        return known
    column = mode(begins)
    count, unclear = begins.count(column), len(rows) - without - len(begins)
    return column if count >= min(CLEAR, len(rows)) and count + unclear >= min(AGREEING, len(rows)) else None
