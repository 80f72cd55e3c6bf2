"""Whether two texts are the same words: a screen wraps them, draws Markdown its own way, and cuts what is long."""

from __future__ import annotations

import re

CUT = ("…", "...")
SHORTEST_CUT = 8  # letters: a shorter beginning could be that of any text
MOSTLY = 0.7  # of a text's letters
# What a screen adds to an answer's lines: numbers before lines of code, borders of a table's cells, cuts.
_PIECES = re.compile(r"^\s*\d{1,4} |[│┃|]|…|\.\.\.")
_FENCE = re.compile(r"(?m)^[ \t]*(?:```|~~~).*$")


def letters(text: str) -> str:
    """Return only what survives wrapping, Markdown and glyphs: letters and digits."""
    return "".join(filter(str.isalnum, text))


def shown_letters(answer: str) -> str:
    """Return the letters of an answer as a screen shows it: code without the lines that fence it."""
    return letters(_FENCE.sub("", answer))


def mostly(shown: str, whole: str) -> bool:
    """Tell whether most of a text's lines stand in the letters of another: a screen draws a table its own way."""
    pieces = [letters(piece) for line in shown.splitlines() for piece in _PIECES.split(line)]
    known = sum(len(piece) for piece in pieces if len(piece) >= SHORTEST_CUT and piece in whole)
    return known > MOSTLY * sum(map(len, pieces))


def begins(cut: str, whole: str) -> bool:
    """Tell whether a text that the screen cut off is the beginning of the whole one."""
    shown = letters(cut)
    return len(shown) >= SHORTEST_CUT and letters(whole).startswith(shown)


def ends(cut: str, whole: str) -> bool:
    """Tell whether a text of which the screen showed only the end (… before it) is the end of the whole one."""
    shown = letters(cut)
    return cut.startswith(CUT) and len(shown) >= SHORTEST_CUT and letters(whole).endswith(shown)
