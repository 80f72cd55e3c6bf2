"""What Codex draws a second time: kept history after a rewind, and the prompt in view above a full screen's rows.

Having gone back to an earlier prompt, the inline versions (0.34 to 0.149) print the banner and what is kept once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import dropwhile
from typing import TYPE_CHECKING

from parsers.replay.document import SegmentKind
from parsers.same_words import letters
from parsers.screens.prose import said
from parsers.screens.table import Block, Place, Reading, Row
from parsers.session import AssistantText, Event

if TYPE_CHECKING:
    from parsers.terminal import Line, Transcript

_FRAME = 0.02  # seconds: an answer that is drawn together with its prompt was there before
_FEWEST = 2  # blocks
_PARAGRAPH = re.compile(r"  \S")


def each_once(blocks: Sequence[Block], transcript: Transcript) -> list[Block]:
    """Leave out the blocks that are printed once more after a rewind."""
    kept: list[Block] = []
    number = 0
    while number < len(blocks):
        block = blocks[number]
        printed = transcript.segments[block.rows[0].line.segment].kind is not SegmentKind.FULL_SCREEN
        again = _printed_again(kept, blocks[number:]) if printed and block.kind == "prompt" else 0
        if not again:
            kept.append(block)
        number += again or 1
    return [replace(block, index=number) for number, block in enumerate(kept)]


def _printed_again(before: Sequence[Block], blocks: Sequence[Block]) -> int:
    """Count the blocks, drawn at once, that repeat the conversation from its first prompt on; it may leave some out."""
    known = dropwhile(lambda block: block.kind != "prompt", before)
    first = next(known, None)
    if first is None or _letters(first) != _letters(blocks[0]):
        return 0
    count = 1
    while count < len(blocks) and blocks[count].seconds - blocks[count - 1].seconds < _FRAME:
        if not any(_letters(block) == _letters(blocks[count]) for block in known):
            break
        count += 1
    return count if count >= _FEWEST else 0


def own_and_below(block: Block, reading: Reading) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Give a prompt's own rows, none if it is a copy, and what stands below that is none of its own.

    A full screen keeps the prompt in view in its first row, also where a page begins in the midst of an answer. All
    rows of a prompt are shaded alike.
    """
    whole = _known(block, reading)
    shaded = block.rows[0].line.lead.background is not None
    end = 1
    for number, row in enumerate(block.rows[1:], 1):
        if row.place is Place.BLANK:
            continue
        if (shaded and row.line.lead.background is None) or (whole and not shaded and _letters_of(row) not in whole):
            break
        end = number + 1
    below = tuple(dropwhile(lambda row: row.place is Place.BLANK, block.rows[end:]))
    return () if whole else block.rows[:end], below


def end_of_an_answer(rows: Sequence[Row], block: Block, reading: Reading) -> Iterator[Event]:
    """Read rows below a prompt in view: the end of an answer longer than the screen, if they are indented so.

    What the program says of itself, as the end of its /status, is faint.
    """
    if rows and rows[0].kind == "more" and _PARAGRAPH.match(rows[0].line.text) and not rows[0].line.lead.faint:
        head = replace(rows[0], fields={"text": rows[0].line.text.strip()})
        yield AssistantText(text=f"… {said(Block('text', (head, *rows[1:])), reading)}", seconds=block.seconds)


def _known(block: Block, reading: Reading) -> str | None:
    """Give the letters of the earlier prompt that one at the beginning of a page is a copy of."""
    line = block.rows[0].line
    segment = reading.transcript.segments[line.segment]
    if segment.kind is not SegmentKind.FULL_SCREEN:
        return None
    first = _first_line(segment.first_line, reading)
    shown = letters(block.fields["text"])
    earlier = [other for other in reading.blocks[: block.index] if other.kind == "prompt"]
    if first is not line:  # the last prompt of the page before may stand on this one as well
        turned = line.seconds - first.seconds < _FRAME
        before = [other.rows[0].line for other in earlier if other.rows[0].line.segment < line.segment]
        earlier = [
            other for other in earlier if turned and before and other.rows[0].line is before[-1] and before[-1].live
        ]
    return next((text for text in map(_letters, reversed(earlier)) if text.startswith(shown)), None)


def _first_line(number: int, reading: Reading) -> Line:
    lines = reading.transcript.lines
    return next((line for line in lines[number:] if line.text.strip()), lines[number])


def _letters(block: Block) -> str:
    return "".join(map(_letters_of, block.rows))


def _letters_of(row: Row) -> str:
    return letters(row.line.text)
