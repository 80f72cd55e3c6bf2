"""What a unit of output leaves on the screen."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from parsers.replay.rows import Row


class Frame(msgspec.Struct, frozen=True, gc=False):
    """The screen after a unit of output: its `rows`, those that scrolled off its top meanwhile, those it touched."""

    seconds: float
    rows: Sequence[Row]
    scrolled: Sequence[Row]
    touched: Sequence[int]
    cols: int

    @property
    def shown(self) -> list[Row]:
        """What scrolled off and what is on the screen, without blank rows at the end."""
        return [*self.scrolled, *without_blank_end(self.rows)]


def without_blank_end(rows: Sequence[Row]) -> Sequence[Row]:
    """Return rows up to the last one that holds something."""
    end = len(rows)
    while end and not rows[end - 1].text:
        end -= 1
    return rows[:end]
