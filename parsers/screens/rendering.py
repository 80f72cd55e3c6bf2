"""The readable transcript: the same classified lines that the events come from, so that the two cannot disagree."""

from __future__ import annotations

from collections.abc import Iterator

from parsers.screens.table import Block, Place, Reading
from parsers.screens.wrapping import unwrap


def render(reading: Reading) -> str:
    """Write the conversation as text, a blank line between blocks, paragraphs whole."""
    parts = ("\n".join(_lines(block, reading)) for block in reading.blocks)
    text = "\n\n".join(part for part in parts if part)
    return text + "\n" if text else ""


def _lines(block: Block, reading: Reading) -> Iterator[str]:
    blank = False
    for line in (
        flowing(block, reading) if block.kind in reading.screen.flowing else [row.line.text for row in block.rows]
    ):
        if line or not blank:
            yield line
        blank = not line


def flowing(block: Block, reading: Reading) -> list[str]:
    """The lines of a block with its paragraphs put together, glyph and indentation as drawn."""
    return unwrap(["" if row.place is Place.BLANK else row.line.text for row in block.rows], reading.transcript.cols)
