"""From the rows of a block to the text it holds: glyph and indentation off, wrapped paragraphs whole."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from parsers.screens.table import Block, Place, Reading, Row
from parsers.screens.wrapping import unwrap


def said(block: Block, reading: Reading, *, kinds: Iterable[str] = ("more",), margin: int | None = None) -> str:
    """Give what a prompt or an answer says: the head's `text` and the rows of these kinds, margin off.

    The margin is the table's unless it is given.
    """
    margin = reading.screen.margin if margin is None else margin
    rows = [row for row in block.rows[1:] if row.kind in frozenset(kinds) or row.place is Place.BLANK]
    head = block.rows[0]
    text = head.fields.get("text", "")
    first = " " * max(margin, head.line.text.find(text)) + text  # as wide as it was drawn, with glyph or label
    drawn = unwrap([first, *(row.line.text for row in rows)], head.line.cols)
    return "\n".join(_without_margin(drawn, margin)).strip()


def output(rows: Sequence[Row]) -> str | None:
    """Give a tool's output as far as it was shown: the `text` of the first row, the rest without its indentation."""
    if not rows:
        return None
    body = textwrap.dedent("\n".join(row.line.text for row in rows[1:]))
    return "\n".join(part for part in (rows[0].fields.get("text", rows[0].line.text.strip()), body) if part).strip("\n")


def _without_margin(lines: Iterable[str], margin: int) -> Iterable[str]:
    return (line[margin:] if not line[:margin].strip() else line for line in lines)
