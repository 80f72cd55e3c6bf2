"""Answers that Ctrl-C cut short: aider draws the end of them twice (0.86).

The last rows of an answer stand in a window that is drawn over and over (rich's Live). The line that tells of the key
is written below it, then the window is drawn anew, with all that the answer has, from that line on: a few rows too low.
So its first rows stay where they were, and the line itself is mostly gone again. What is left then is the repetition,
and that no count of tokens follows; the key is put back below the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from parsers.screens.table import Block, Place, Row

if TYPE_CHECKING:
    from parsers.terminal import Transcript

_KEY = "^C"  # the terminal's echo, after the last row or on the next one
_WINDOW = 6  # rows
_LEFT = 3  # rows of a whole window stay at least
_NEW = 6  # rows at most that came since the window was drawn last
_TYPED = frozenset({"prompt", "run", "git", "slash"})


def each_once(blocks: Sequence[Block], transcript: Transcript) -> list[Block]:
    """Take the second copy out of answers that were cut, and let what tells of the key follow each."""
    return [replace(block, index=number) for number, block in enumerate(_mended(list(blocks)))]


def _mended(blocks: list[Block]) -> Iterator[Block]:
    """Yield an answer that goes on below the line that tells of the key before that line, the others as they are."""
    number = 0
    while number < len(blocks):
        block, *following = blocks[number : number + 3]
        kinds = [block.kind, *(other.kind for other in following)]
        if kinds == ["text", "interrupt", "text"]:
            yield Block("text", _joined(_without_key(block.rows), following[1].rows))
            yield following[0]
            number += 3
            continue
        ended = block.kind == "text" and (not following or following[0].kind in _TYPED)
        rows = _drawn_again(block) if ended else None
        yield Block("text", rows) if rows else block
        if rows:
            yield Block(
                "interrupt", (replace(rows[-1], kind="interrupt", line=structs.replace(rows[-1].line, text=_KEY)),)
            )
        number += 1


def _drawn_again(block: Block) -> tuple[Row, ...] | None:
    """Give the rows of an answer without the repetition that only the key can have left in it, None if it has none."""
    rows = block.rows
    key = next((number for number, row in enumerate(rows[:-1]) if _shown(row).endswith(_KEY)), None)
    if key is not None:
        return _joined(_without_key(rows[: key + 1]), rows[key + 1 :])
    for border in range(len(rows) - _LEFT, max(_LEFT, len(rows) - _WINDOW - _NEW) - 1, -1):
        for left in range(min(border, len(rows) - border, _WINDOW), _LEFT - 1, -1):
            if _same(rows[border - left : border], rows[border : border + left]):
                return (*rows[: border - left], *rows[border:])
    return None


def _joined(above: Sequence[Row], below: Sequence[Row]) -> tuple[Row, ...]:
    """Give the rows of both, those at the end of the upper ones only once if the lower ones have them too."""
    for left in range(min(len(above), len(below)), 0, -1):
        end = above[-left:]
        if any(_same(end, below[at : at + left]) for at in range(len(below) - left + 1)):
            return (*above[:-left], *below)
    return (*above, *below)


def _same(rows: Sequence[Row], again: Sequence[Row]) -> bool:
    """Tell whether rows are repeated, the last one perhaps with more on it; blank ones alone say nothing."""
    pairs = [(_shown(one), _shown(other)) for one, other in zip(rows, again, strict=True)]
    *whole, (last, more) = pairs
    return all(one == other for one, other in whole) and more.startswith(last) and any(one for one, _ in pairs)


def _without_key(rows: Sequence[Row]) -> list[Row]:
    """Give rows without the key's echo at their end, and without the blank ones before it."""
    kept = list(rows)
    while kept and _shown(kept[-1]) in ("", _KEY):
        kept.pop()
    if kept and _shown(kept[-1]).endswith(_KEY):
        line = kept[-1].line
        kept[-1] = replace(kept[-1], line=structs.replace(line, text=line.text.removesuffix(_KEY).rstrip()))
    return kept


def _shown(row: Row) -> str:
    return "" if row.place is Place.BLANK else row.line.text.rstrip()
