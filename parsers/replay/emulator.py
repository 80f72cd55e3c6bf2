"""A terminal emulator behind one small interface, so that another one could take pyavt's place.

Everything the rest of the reader knows of a screen is a `Row`. pyavt (asciinema's AVT) reads about 90 MB/s; its quirks
are dealt with here and where a row reads its pens.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

import avt

from parsers.replay.rows import BLANK, Row

STRIDE = 8  # columns looked at at once; what is narrower breaks no background
NARROWEST = 2  # columns: in one, pyavt 0.1.2 stumbles over wide characters
_EMOJI_STYLE = "\ufe0f"  # variation selector 16: the glyph before it is drawn two cells wide
_JOINERS = "\u200b\u200c\u200d"
_MARKS_AMONG_SYMBOLS = f"{_JOINERS}\u20d7\u20e3"  # those in use: marks that begin as bullets and box drawing do
# All combining marks below U+10000, among others, and the joiners. One set of characters is found fast.
_NEAR = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u1fff\u200b-\u200d\u20d0-\u20f0\u2cef-\u2cf1\u2d7f\u2de0-\u2dff"
    "\u302a-\u302d\u3099\u309a\ua66f-\uabed\ufb1e\ufe00-\ufe0f\ufe20-\ufe2f"
)
_NEAR_MARKS = re.compile(f"[{_NEAR}]")
_BEGIN_NO_MARK = bytes({*range(256)} - {0xCC, 0xCD, 0xD2, *range(0xD6, 0xE2), 0xE3, 0xEA, 0xEF})
# A control sequence, whose end is no glyph, or a glyph and what may be marks on it.
_MARKED = re.compile(f"\x1b(?:\\[[0-?]*)?[ -/]*[0-~]|[^\x00-\x1f\x7f-\x9f{_NEAR}]?[{_NEAR}]+")
_NARROW, _WIDE = 0x100000, 0x38000  # code points of one and of two cells that nobody uses
_STAND_INS = 0x7FFF


class Emulator:
    """A screen that is fed output and asked for its rows."""

    def __init__(self, cols: int, rows: int) -> None:
        self.cols, self.rows = max(cols, NARROWEST), rows
        self._vt = avt.Vt(self.cols, rows, 0)
        self._blank = self._vt[0]
        self._stand_ins: dict[str, str] = {}
        self._clusters: dict[int, str] = {}

    def feed(self, data: bytes, screen: Sequence[Row] = ()) -> tuple[list[int], list[Row]]:
        """Draw UTF-8; return the numbers of the rows that may have changed, and the rows that scrolled off the top.

        Those are taken from the screen as it was before, if they are given and were not changed since.
        """
        text = data.decode("utf-8", "replace")
        if not data.isascii() and _may_hold_marks(data, text) and _NEAR_MARKS.search(text):
            text = _MARKED.sub(self._stand_in, text)
        cursor = self._vt.cursor
        changed, scrolled = self._vt.feed_str(text)
        if cursor.col == self.cols:  # pyavt 0.1.2 does not say of a full row that the line went on below it
            changed = sorted({cursor.row, *changed})
        rows = []
        for number, line in enumerate(scrolled):
            drawn = line.text.rstrip()
            known = number < len(screen) and screen[number].drawn == drawn and screen[number].redrawn(line)
            rows.append(screen[number] if known else self._row(line, drawn))
        return changed, rows

    def resize(self, cols: int, rows: int) -> list[Row]:
        """Change the size; return the rows that scrolled off the top."""
        self.cols, self.rows = max(cols, NARROWEST), rows
        self._blank = avt.Vt(self.cols, 1, 0)[0]
        return [self._read(line) for line in self._vt.resize(self.cols, rows)[1]]

    def row(self, number: int) -> Row:
        """Return one row of the screen as it stands now."""
        return self._read(self._vt[number])

    def refresh(
        self, screen: list[Row], numbers: Iterable[int], trimmed: Callable[[Row], Row] | None = None
    ) -> list[int]:
        """Put the rows as they stand now into a screen, trimmed; return the numbers of those that changed."""
        changed = []
        terminal, blank = self._vt, self._blank
        for number in numbers:
            line, old = terminal[number], screen[number]
            if line == (blank if old is BLANK else old.line):
                continue
            drawn = line.text.rstrip()
            if drawn == old.drawn and old.redrawn(line):
                continue
            row = self._row(line, drawn)
            screen[number] = trimmed(row) if trimmed else row
            changed.append(number)
        return changed

    def shows(self, number: int, glyph: str) -> bool:
        """Tell whether a glyph stands anywhere in a row."""
        return glyph in self._vt[number].text

    def glyph(self, number: int, column: int) -> str:
        """Return what stands in one cell, nothing beyond the screen."""
        return self._vt[number][column].char if number < self.rows and column < self.cols else ""

    def last_background(self, number: int, left: int) -> int | None:
        """Return the column from which on a row has its last cell's background, None if that is the terminal's own.

        Columns before `left` are not looked at.
        """
        line = self._vt[number]
        column = self.cols - 1
        background = line[column].pen.background
        if background is None:
            return None
        for step in (STRIDE, 1):
            while column - step >= left and line[column - step].pen.background == background:
                column -= step
        return column

    def screen(self) -> list[Row]:
        """Return all rows of the screen as they stand now."""
        return [self._read(line) for line in self._vt.view()]

    def _read(self, line: avt.Line) -> Row:
        return self._row(line, line.text.rstrip())

    def _row(self, line: avt.Line, drawn: str) -> Row:
        if not drawn:
            return BLANK
        if self._clusters and not drawn.isprintable():
            return Row(drawn.translate(self._clusters), line, None, drawn)
        return Row(drawn, line, None, drawn)

    def _stand_in(self, match: re.Match[str]) -> str:
        """Put one code point in the place of each glyph with combining marks, to which pyavt would give a cell each."""
        if match[0][0] == "\x1b":
            return match[0]
        clusters: list[str] = []
        for char in match[0]:
            if clusters and _takes_no_room(char):
                clusters[-1] += char
            elif char not in _JOINERS:  # which would have nothing to join
                clusters.append(char)
        return "".join([self._code_for(cluster) if len(cluster) > 1 else cluster for cluster in clusters])

    def _code_for(self, cluster: str) -> str:
        if cluster not in self._stand_ins:
            if len(self._stand_ins) == _STAND_INS:
                return cluster[0]
            wide = _EMOJI_STYLE in cluster or unicodedata.east_asian_width(cluster[0]) in "WF"
            code = (_WIDE if wide else _NARROW) + len(self._stand_ins)
            self._stand_ins[cluster] = chr(code)
            self._clusters[code] = cluster
        return self._stand_ins[cluster]


def _may_hold_marks(data: bytes, text: str) -> bool:
    """Look for what marks begin with in UTF-8: much faster than a search for them."""
    return bool(data.translate(None, _BEGIN_NO_MARK)) or any(map(text.__contains__, _MARKS_AMONG_SYMBOLS))


def _takes_no_room(char: str) -> bool:
    return char in _JOINERS or unicodedata.category(char) in ("Mn", "Me")
