"""The readable transcript: the same classified lines that the events come from, so that the two cannot disagree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from parsers.screens.table import Block, Place, Reading
from parsers.screens.wrapping import unwrap
from parsers.session import Event, Note, NoteKind


def render(reading: Reading, events: Iterable[Event] = ()) -> str:
    """Write the conversation as text: a blank line between blocks, paragraphs whole, a line for each dialog."""
    asked = [e for e in events if isinstance(e, Note) and e.kind is NoteKind.APPROVAL and " → " in e.text]
    parts: list[str] = []
    for block in reading.blocks:
        while asked and (asked[0].seconds or 0.0) < block.seconds:
            parts.append(f"  ? {asked.pop(0).text}")
        parts.append("\n".join(_lines(block, reading)))
    parts += [f"  ? {note.text}" for note in asked]
    text = "\n\n".join(part for part in parts if part)
    return text + "\n" if text else ""


def _lines(block: Block, reading: Reading) -> Iterator[str]:
    """Yield the lines of a block as drawn, never two blank ones in a row."""
    blank = False
    for line in _drawn(block, reading):
        if line or not blank:
            yield line
        blank = not line


def _drawn(block: Block, reading: Reading) -> list[str]:
    """Give the lines of a block, glyph and indentation as drawn; paragraphs of prose put together."""
    rows = ["" if row.place is Place.BLANK else row.line.text for row in block.rows]
    return unwrap(rows, block.rows[0].line.cols) if block.kind in reading.screen.flowing else rows
