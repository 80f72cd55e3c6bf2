"""What `opencode run` prints below the output of a tool: nothing but time tells an answer from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from parsers.screens.table import Block

if TYPE_CHECKING:
    from parsers.terminal import Transcript

_AT_ONCE = 0.05  # seconds


def apart(blocks: Sequence[Block], _transcript: Transcript) -> list[Block]:
    """Tell answers from the output above them: that comes at once with the call's line, an answer later."""
    parts: list[Block] = []
    for block in blocks:
        later = _later(block) if block.kind in ("shell", "edit", "write", "titled") else len(block.rows)
        parts.append(replace(block, rows=block.rows[:later]))
        if later < len(block.rows):
            rows = [replace(row, kind="text", fields={"text": row.line.text}) for row in block.rows[later:]]
            parts.append(Block("text", (rows[0], *(replace(row, kind="more") for row in rows[1:]))))
    return [replace(block, index=number) for number, block in enumerate(parts)]


def _later(block: Block) -> int:
    """Return the number of the first row that came later than the block's first, below a blank one."""
    for number, (above, row) in enumerate(pairwise(block.rows), 1):
        if not above.line.text and row.line.text and row.line.seconds - block.seconds > _AT_ONCE:
            return number
    return len(block.rows)
