"""The rows of a screen: their text, the letters in it, and the pens that carry meaning, read when asked for."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import TypeAlias

import avt

Colour: TypeAlias = int | tuple[int, int, int] | None

_NOT_LETTERS = re.compile(r"[\W_]+")
_NO_ASCII_LETTERS = bytes(code for code in range(128) if not chr(code).isalnum())
_OTHER_LETTER = re.compile(r"[^\W_\x00-\x7f]")
_LETTER = re.compile(r"[^\W_]")
_SCROLLBAR = "█▓▒░▐▌▕▏│┃║╎╏┆┇▲▼△▽↑↓"


@dataclass(frozen=True, slots=True)
class Style:
    """How a glyph was drawn. A colour is None (the terminal's own), a palette index, or red, green and blue."""

    foreground: Colour = None
    background: Colour = None
    bold: bool = False
    faint: bool = False
    italic: bool = False
    strikethrough: bool = False
    inverse: bool = False


PLAIN = Style()
KNOWN_RULES = 64
_UNWRAPPED: dict[str, avt.Line] = {}  # full rows as they were drawn last, rules above all: they are drawn often
_INDEXED, _RGB = avt.Color.Indexed, avt.Color.RGB
_Pens: TypeAlias = tuple[Style, Style, bool]  # lead, body, wrapped


@lru_cache(maxsize=1 << 14)
def _letters(text: str) -> str:
    """Return the letters and digits of a text. Where all of them are ASCII, that takes half of the time."""
    if not text.isascii() and _OTHER_LETTER.search(text):
        return _NOT_LETTERS.sub("", text)
    return text.encode("ascii", "ignore").translate(None, _NO_ASCII_LETTERS).decode()


class Row:
    """One row of a screen.

    `letters` are its letters and digits, what rows are compared by: blinking bullets, indents and rules do not matter.
    `drawn` is the text as the emulator has it, before anything was cut off.
    `lead` is the pen of the first glyph, `body` that of the first letter or digit after it. `wrapped` says that the
    terminal, not the program, broke the line at the end of this row. These three are read from the emulator's `line`
    when they are asked for, at the latest by `settle`, which lets go of it: most rows are overwritten before.
    """

    __slots__ = ("_cut", "_pens", "drawn", "letters", "line", "text")

    def __init__(self, text: str, line: avt.Line | None = None, pens: _Pens | None = None, drawn: str = "") -> None:
        self.text = text
        self.letters = _letters(text)
        self.line = line
        self._pens = pens
        self.drawn = drawn
        self._cut = False

    def __repr__(self) -> str:
        return f"Row({self.text!r})"

    @property
    def lead(self) -> Style:
        """The pen of the first glyph."""
        return self.settle()[0]

    @property
    def body(self) -> Style:
        """The pen of the first letter or digit after the first glyph."""
        return self.settle()[1]

    @property
    def wrapped(self) -> bool:
        """Whether the terminal broke the line at the end of this row."""
        return self.settle()[2]

    def settle(self) -> _Pens:
        """Read what is still to be read, and let go of the emulator's line, which takes kilobytes."""
        if self._pens is None:
            lead, body, wrapped = _pens(self.text, self.line)
            self._pens = lead, body, wrapped and not self._cut
            self.line = None
        return self._pens

    def redrawn(self, line: avt.Line) -> bool:
        """Take over a line with the same text, so that this row need not be made anew. False if that cannot be."""
        if self._pens is None:
            self.line = line
            return True
        return self is BLANK

    def cut(self, text: str) -> Row:
        """Return a row with the beginning of this one's text and the same pens."""
        if not text:
            return BLANK
        row = Row(text, self.line, self._pens and (*self._pens[:2], False), self.drawn)
        row._cut = True
        return row


BLANK = Row("", None, (PLAIN, PLAIN, False))


def shortened(row: Row, letters: int) -> Row:
    """Return a row up to its first so many letters, as if the terminal had wrapped it there."""
    left = letters
    for number, char in enumerate(row.text):
        if char.isalnum():
            if not left:
                return Row(row.text[:number], None, (row.lead, row.body, True))
            left -= 1
    return row


def without_scrollbar(row: Row, cols: int) -> Row:
    """Return a row without a scrollbar's glyph in the last column."""
    text = row.text
    if (
        not text
        or text[-1] not in _SCROLLBAR
        or len(text) < cols - 2
        or text[-2:-1].strip()
        or text.count(text[-1]) > 1
    ):
        return row
    return row.cut(text[:-1].rstrip())


def cut_at(row: Row, column: int, glyph: str = "") -> Row:
    """Return what a row has before a column, all of it if another glyph than this one stands there."""
    text = row.text
    if not text.isascii():
        taken = accumulate(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
        column = sum(1 for cells in taken if cells <= column)
    if len(text) <= column or (glyph and text[column] != glyph):
        return row
    return row.cut(text[:column].rstrip())


def _pens(text: str, line: avt.Line | None) -> _Pens:
    """Read the pens of a row's first glyph and of the first letter or digit after it, and whether it was wrapped."""
    if line is None or not text:
        return PLAIN, PLAIN, False
    lead = len(text) - len(text.lstrip())
    letter = _LETTER.search(text, lead + 1)
    body = letter.start() if letter else lead
    if not text.isascii():
        body = _cells(text[:body])
    # A break may fall on a space; a program that fills rows with spaces leaves more of them.
    wrapped = _is_full(text, line) and _was_wrapped(text, line)
    last = len(line) - 1
    first, second = line[min(lead, last)].pen, line[min(body, last)].pen
    style = _style(first)
    return style, style if second == first else _style(second), wrapped


def _is_full(text: str, line: avt.Line) -> bool:
    """Tell whether a row leaves at most one cell blank at its end."""
    if text.isascii():
        return len(line) - len(text) <= 1
    if 2 * len(text) < len(line) - 1:  # no character takes more than two cells
        return False
    full = line.text
    return len(full) - len(full.rstrip()) <= 1


def _was_wrapped(text: str, line: avt.Line) -> bool:
    """Tell whether the terminal broke a line at the end of this row. Only repr() does, and takes long for a rule."""
    if _UNWRAPPED.get(text) == line:
        return False
    wrapped = repr(line).endswith('⏎")')
    if not wrapped and text not in _UNWRAPPED:
        if len(_UNWRAPPED) == KNOWN_RULES:
            _UNWRAPPED.clear()
        _UNWRAPPED[text] = line
    return wrapped


@lru_cache(maxsize=4096)
def _cells(text: str) -> int:
    """Return how many columns the beginning of a row takes."""
    return len(text) + sum(unicodedata.east_asian_width(char) in "WF" for char in text)


def _style(pen: avt.Pen) -> Style:
    if pen.is_default():
        return PLAIN
    return _interned(
        colour_of(pen.foreground),
        colour_of(pen.background),
        pen.bold,
        pen.faint,
        pen.italic,
        pen.strikethrough,
        pen.inverse,
    )


@lru_cache(maxsize=4096)
def _interned(fg: Colour, bg: Colour, bold: bool, faint: bool, italic: bool, struck: bool, inverse: bool) -> Style:
    return Style(fg, bg, bold, faint, italic, struck, inverse)


def colour_of(colour: avt.Color | None) -> Colour:
    """Read a colour."""
    if colour is None:
        return None
    if isinstance(colour, _INDEXED):
        return colour[0]
    if isinstance(colour, _RGB):
        return (colour[0], colour[1], colour[2])
    return None
