"""A panel at the right of the alternate screen, as opencode draws on a wide terminal: no part of the conversation.

It has a background of its own from top to bottom. Left in, its rows would stand behind rows of the conversation that
scroll past it, and no frame would be found again.
"""

from __future__ import annotations

from collections import Counter

from parsers.replay.emulator import Emulator

NARROWEST = 20  # columns that a panel has at least
SAMPLES = 8  # rows that are looked at
AGREEING = 7  # of those


def first_column(emulator: Emulator) -> int | None:
    """Find the column where the panel begins, None if there is none."""
    rows = range(0, emulator.rows, max(1, emulator.rows // SAMPLES))[:SAMPLES]
    left, right = emulator.cols // 2, emulator.cols - NARROWEST
    if left > right:
        return None
    begins: Counter[int] = Counter()
    for looked_at, number in enumerate(rows):
        column = emulator.last_background(number, left)
        if column is not None and left < column <= right:
            begins[column] += 1
        if looked_at - begins.total() >= SAMPLES - AGREEING:
            return None  # too many rows without
    column, count = begins.most_common(1)[0]
    return column if count >= min(AGREEING, len(rows)) else None
