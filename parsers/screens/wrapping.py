"""Prose that a program broke at the terminal's width, put together again: it reads the same whatever the width was."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# What begins a line of its own in markdown as assistants draw it: items, quotes, tables, headings, rules, code fences.
_OWN_LINE = re.compile(r"\s*(?:[-*+•▎>│┃|┌├└╭╰#]\s|[-*+•]$|\d{1,3}[.)]\s|[┌├└╭╰─━═]{2}|\|)")
_SLACK = 4  # columns: programs leave up to this many free at the right edge


def width(text: str) -> int:
    """Count the terminal columns that a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def unwrap(rows: Sequence[str], cols: int, *, prose: bool = True) -> list[str]:
    """Join the rows that only ended because the next word did not fit; `rows` are as drawn, indentation included.

    In `prose` a list item, a quotation or a row of a table always has a line of its own; in a command nothing does.
    """
    joined: list[str] = []
    previous = ""
    for row in rows:
        if joined and previous and _continues(previous, row, cols, prose):
            text = row.strip()
            joined[-1] += text if broken_word(previous, text, cols) else " " + text
        else:
            joined.append(row)
        previous = row
    return joined


def _continues(above: str, below: str, cols: int, prose: bool) -> bool:
    """Whether `below` goes on where `above` had no room left."""
    text = below.strip()
    if not above.strip() or not text or (prose and _OWN_LINE.match(below)):
        return False
    first = text.split(maxsplit=1)[0]
    return width(above) + 1 + width(first) > cols - _SLACK


def broken_word(above: str, text: str, cols: int) -> bool:
    """Whether the break went through a word: the row is full, and what follows is not a word of its own.

    A longer row is one that the terminal wrapped: it holds the whole word.
    """
    if not cols - _SLACK <= width(above) <= cols:
        return False
    wide = unicodedata.east_asian_width(above[-1]) in "WF" or unicodedata.east_asian_width(text[0]) in "WF"
    return wide or width(above.split()[-1]) > cols // 2
