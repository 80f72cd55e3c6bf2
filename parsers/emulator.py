"""A terminal emulator behind one small interface, so that another one could take pyavt's place.

Everything the rest of the reader knows of a screen is a `Row`: its text, the letters and digits in it, and the pens
that carry meaning. pyavt (asciinema's AVT) reads about 90 MB/s; its quirks are dealt with here and nowhere else.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate
from typing import TypeAlias

import avt

Colour: TypeAlias = int | tuple[int, int, int] | None

_NOT_LETTERS = re.compile(r"[\W_]+")
_MARKS = (b"\xe2\x80\x8b", b"\xe2\x80\x8c", b"\xe2\x80\x8d", b"\xe2\x83", b"\xe3\x82\x99", b"\xef\xb8")
_NO_MARKS = bytes(set(range(256)) - {0xCC, 0xCD, 0xD2, *range(0xD6, 0xE2), 0xEA})  # but for those of _MARKS
_EMOJI_STYLE = "\ufe0f"  # variation selector 16: the glyph before it is drawn two cells wide
_SCROLLBAR = "█▓▒░▐▌▕▏│┃║╎╏┆┇▲▼△▽↑↓"
_JOINERS = "\u200b\u200c\u200d"
_NARROW, _WIDE = 0x100000, 0x38000  # code points of one and of two cells that nobody uses
_STAND_INS = 0x7FFF


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


NARROWEST = 2  # columns: in one, pyavt 0.1.2 stumbles over wide characters
PLAIN = Style()
_Pens: TypeAlias = tuple[Style, Style, bool]  # lead, body, wrapped


class Row:
    """One row of a screen.

    `letters` are its letters and digits, what rows are compared by: blinking bullets, indents and rules do not matter.
    `lead` is the pen of the first glyph, `body` that of the first letter or digit after it. `wrapped` says that the
    terminal, not the program, broke the line at the end of this row. These three are read from the emulator's line
    when they are asked for, at the latest by `settle`: most rows are overwritten before anybody asks.
    """

    __slots__ = ("_line", "_pens", "letters", "text")

    def __init__(self, text: str, letters: str, line: avt.Line | None = None, pens: _Pens | None = None) -> None:
        self.text = text
        self.letters = letters
        self._line = line
        self._pens = pens

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
            self._pens = _pens(self.text, self._line)
            self._line = None
        return self._pens

    def changed(self, text: str, letters: str, *, wrapped: bool) -> Row:
        """Return a row with another text and the same pens."""
        lead, body, _ = self.settle()
        return Row(text, letters, None, (lead, body, wrapped))


BLANK = Row("", "")


def shortened(row: Row, letters: int) -> Row:
    """Return a row up to its first so many letters, as if the terminal had wrapped it there."""
    left = letters
    for number, char in enumerate(row.text):
        if char.isalnum():
            if not left:
                return row.changed(row.text[:number], row.letters[:letters], wrapped=True)
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
    return row.changed(text[:-1].rstrip(), row.letters, wrapped=False)


def cut_at(row: Row, column: int) -> Row:
    """Return what a row has before a column."""
    text = row.text
    if not text.isascii():
        taken = accumulate(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
        column = sum(1 for cells in taken if cells <= column)
    if len(text) <= column:
        return row
    text = text[:column].rstrip()
    return row.changed(text, _letters(text), wrapped=False) if text else BLANK


class Emulator:
    """A screen that is fed text and asked for its rows."""

    def __init__(self, cols: int, rows: int) -> None:
        self.cols, self.rows = max(cols, NARROWEST), rows
        self._vt = avt.Vt(self.cols, rows, 0)
        self._stand_ins: dict[str, str] = {}
        self._clusters: dict[int, str] = {}

    def feed(self, text: str) -> tuple[list[int], list[Row]]:
        """Draw text; return the numbers of the rows that may have changed, and the rows that scrolled off the top."""
        if not text.isascii() and _may_hold_marks(text):
            text = _clusters().sub(self._stand_in, text)
        changed, scrolled = self._vt.feed_str(text)
        return changed, [self._read(line) for line in scrolled]

    def resize(self, cols: int, rows: int) -> list[Row]:
        """Change the size; return the rows that scrolled off the top."""
        self.cols, self.rows = max(cols, NARROWEST), rows
        return [self._read(line) for line in self._vt.resize(self.cols, rows)[1]]

    def row(self, number: int) -> Row:
        """Return one row of the screen as it stands now."""
        return self._read(self._vt[number])

    def last_background(self, number: int, left: int) -> int | None:
        """Return the column from which on a row has its last cell's background, None if that is the terminal's own.

        Columns before `left` are not looked at.
        """
        line = self._vt[number]
        background = _colour(line[self.cols - 1].pen.background)
        if background is None:
            return None
        column = self.cols - 1
        while column > left and _colour(line[column - 1].pen.background) == background:
            column -= 1
        return column

    def screen(self) -> list[Row]:
        """Return all rows of the screen as they stand now."""
        return [self._read(line) for line in self._vt.view()]

    def _read(self, line: avt.Line) -> Row:
        text = line.text.rstrip()
        if not text:
            return BLANK
        if self._clusters and not text.isascii():
            text = text.translate(self._clusters)
        return Row(text, _letters(text), line)

    def _stand_in(self, match: re.Match[str]) -> str:
        """Put one code point in the place of a glyph and its combining marks, to which pyavt would give a cell each."""
        cluster = match[0]
        if cluster not in self._stand_ins:
            if len(self._stand_ins) == _STAND_INS or cluster < " ":
                return cluster[0]
            wide = _EMOJI_STYLE in cluster or unicodedata.east_asian_width(cluster[0]) in "WF"
            code = (_WIDE if wide else _NARROW) + len(self._stand_ins)
            self._stand_ins[cluster] = chr(code)
            self._clusters[code] = cluster
        return self._stand_ins[cluster]


@cache
def _clusters() -> re.Pattern[str]:
    """Match a glyph followed by marks that take no room of their own."""
    marks = [chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code)) in ("Mn", "Me")]
    return re.compile(f"[^\x00-\x1f\x7f][{''.join(marks)}{_JOINERS}]+")


def _may_hold_marks(text: str) -> bool:
    """Tell quickly whether a text can hold combining marks, by the bytes that they begin with in UTF-8."""
    raw = text.encode()
    return bool(raw.translate(None, _NO_MARKS)) or any(begin in raw for begin in _MARKS)


@lru_cache(maxsize=1 << 14)
def _letters(text: str) -> str:
    """Return the letters and digits of a text."""
    return _NOT_LETTERS.sub("", text)


def _pens(text: str, line: avt.Line | None) -> _Pens:
    """Read the pens of a row's first glyph and of the first letter or digit after it, and whether it was wrapped."""
    if line is None or not text:
        return PLAIN, PLAIN, False
    lead = len(text) - len(text.lstrip())
    body = next((number for number in range(lead + 1, len(text)) if text[number].isalnum()), lead)
    if not text.isascii():  # from characters to cells
        body += sum(unicodedata.east_asian_width(char) in "WF" for char in text[:body])
    full = line.text  # a break may fall on a space; a program that fills rows with spaces leaves more of them
    wrapped = len(full) - len(full.rstrip()) <= 1 and repr(line).endswith('⏎")')  # the only place where pyavt tells
    return _style(line, lead), _style(line, body), wrapped


def _style(line: avt.Line, at: int) -> Style:
    try:
        pen = line[at].pen
    except IndexError:
        return PLAIN
    if pen.is_default():
        return PLAIN
    return _interned(
        _colour(pen.foreground),
        _colour(pen.background),
        pen.bold,
        pen.faint,
        pen.italic,
        pen.strikethrough,
        pen.inverse,
    )


@lru_cache(maxsize=4096)
def _interned(fg: Colour, bg: Colour, bold: bool, faint: bool, italic: bool, struck: bool, inverse: bool) -> Style:
    return Style(fg, bg, bold, faint, italic, struck, inverse)


def _colour(colour: avt.Color | None) -> Colour:
    if colour is None:
        return None
    if isinstance(colour, avt.Color.Indexed):
        return colour[0]
    if isinstance(colour, avt.Color.RGB):
        return (colour[0], colour[1], colour[2])
    return None
