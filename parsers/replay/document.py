"""What frames are written into: the lines of one stretch of the conversation, each with the time it first appeared."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from parsers.replay.rows import BLANK, Row, shortened
from parsers.replay.vanished import Vanished

PROBE = 16  # letters by which lines are recognised whose ends differ: the width changed, or they are still growing
BANNER_FRAMES = 2


class SegmentKind(StrEnum):
    """Where a stretch of lines was drawn."""

    MAIN = "main"  # the main screen and what scrolled off it
    FULL_SCREEN = "full_screen"  # a program that draws its conversation in the alternate screen
    OVERLAY = "overlay"  # a pager or full-output view opened over the conversation, not part of it
    UNKNOWN = "unknown"


class DocumentLine(msgspec.Struct, frozen=True, gc=False):
    """A row that was drawn, when it first appeared, and how wide the terminal was then."""

    row: Row
    seconds: float
    cols: int


_Lines: TypeAlias = dict[str, deque[tuple[int, DocumentLine]]]  # by their first letters, with their numbers


class Document:
    """Lines, of which the screen shows those from `base` on; what is above is final unless it is repainted.

    `base` may be negative: the top rows of the screen are then no lines of the document. `banner` holds the letters of
    what the program's first frames showed. After a clear a program shows that again, so it proves nothing. `vanished`
    keeps what was overwritten or dropped.
    """

    def __init__(self, banner: Iterable[str] | None = None) -> None:
        self.lines: list[DocumentLine] = []
        self.base = 0
        self.view = 0  # the line that the top row really shows, if it was scrolled back
        self.viewed = False  # whether a view of its details is shown instead
        self.banner = set(banner or ())
        self.vanished = Vanished()
        self._banner_frames = BANNER_FRAMES if banner is None else 0
        self._index: dict[str, list[int]] = defaultdict(list)
        self._indexed = 0

    def narrow(self, cut: Callable[[Row], Row]) -> None:
        """Leave out a panel that belongs to no line."""
        self.lines = [replace(line, row=cut(line.row)) for line in self.lines]
        self._index.clear()
        self._indexed = 0

    def rewrite(self, at: int, rows: Sequence[Row], seconds: float, cols: int, *, repaint: bool = False) -> None:
        """Let rows take the place of every line from `at` on; a line that was there before keeps its time.

        In a repaint, what stands between lines that were there before is as old as they are: it was wrapped anew.
        """
        if at < 0:
            rows, at = rows[-at:], 0
        same = self._redraw(at, rows, cols)
        at, rows = at + same, rows[same:]
        dropped = self._take_out(at)
        first = [self._seen(dropped, row.letters[:PROBE], seconds) for row in rows]
        if repaint:
            above = (line.seconds for line in reversed(self.lines) if line.row.letters)
            _fill_between(first, next(above, None))
        self.lines += [
            DocumentLine(row, seconds if known is None else known, cols) for row, known in zip(rows, first, strict=True)
        ]
        self._remember(dropped, seconds)

    def _seen(self, dropped: _Lines, probe: str, seconds: float) -> float | None:
        """Return when a row first appeared if it was among the lines that were dropped, or vanished a moment ago."""
        if not probe:
            return None
        known = _find(dropped, probe)
        return self.vanished.recall(probe, seconds) if known is None else known

    def date_back(self, at: int, earlier: Iterable[DocumentLine]) -> None:
        """Give every line from `at` on the time at which it, or the line above it, was seen among earlier ones."""
        seen: _Lines = defaultdict(deque)
        for number, line in enumerate(earlier):
            if letters := line.row.letters:
                seen[letters[:PROBE]].append((number, line))
        first = [_find(seen, line.row.letters[:PROBE]) for line in self.lines[at:]]
        _fill_between(first)
        self.lines[at:] = [
            line if known is None else replace(line, seconds=min(known, line.seconds))
            for line, known in zip(self.lines[at:], first, strict=True)
        ]

    def cut(self, at: int, seconds: float) -> None:
        """Drop every line from `at` on."""
        self._remember(self._take_out(max(0, at)), seconds)

    def cut_before(self, line: int, letters: str) -> int | None:
        """Cut where some letters begin that end just before `line`, even in mid-line; return the next line's number.

        None, and nothing is cut, if other letters stand there.
        """
        begin, stream = line, ""
        while begin > 0 and len(stream) < len(letters):
            begin -= 1
            stream = self.lines[begin].row.letters + stream
        if not stream.endswith(letters):
            return None
        return self.cut_inside(begin, len(stream) - len(letters))

    def cut_inside(self, line: int, letters: int) -> int:
        """Cut a line after so many letters from a line on; return the next line's number.

        The lines from there on stay, so that `rewrite` can tell how old what takes their place is.
        """
        while line < len(self.lines) and letters >= len(self.lines[line].row.letters):
            letters -= len(self.lines[line].row.letters)
            line += 1
        if line == len(self.lines) or not letters:
            return line
        self._forget(line)
        self.lines[line] = replace(self.lines[line], row=shortened(self.lines[line].row, letters))
        return line + 1

    def patch(self, at: int, row: Row, seconds: float, cols: int) -> None:
        """Let a row take the place of one line."""
        if at < 0:
            return
        while len(self.lines) <= at:
            self.lines.append(DocumentLine(BLANK, seconds, cols))
        old = self.lines[at]
        first: float | None = old.seconds
        if (was := old.row.letters) != (now := row.letters) and (old_probe := was[:PROBE]) != (probe := now[:PROBE]):
            self._forget(at)
            if not was or not now.startswith(was):
                first = self.vanished.recall(probe, seconds) if now else None
                if was:
                    self.vanished.add(old_probe, at, old.row, old.seconds, seconds)
        self.lines[at] = DocumentLine(row, seconds if first is None else first, cols)

    def trim(self, end: int) -> None:
        """Drop blank lines at the end, down to line `end`."""
        while len(self.lines) > max(end, 0) and not self.lines[-1].row.text:
            self.lines.pop()
        self._indexed = min(self._indexed, len(self.lines))

    def move_base(self, base: int) -> None:
        """Move the screen down the document; what it leaves above is settled."""
        for line in self.lines[max(self.base, 0) : max(base, 0)]:
            line.row.settle()
        self.base = base

    def learn_banner(self, rows: Sequence[Row]) -> None:
        """Remember what one of the first frames shows, but for rows that are shaded: a prompt is no banner."""
        if self._banner_frames:
            self._banner_frames -= 1
            shades = [row.lead.background for row in rows]
            canvas = max(dict.fromkeys(shades), key=shades.count)
            self.banner.update(row.letters for row, shade in zip(rows, shades, strict=True) if shade == canvas)

    def is_only_banner(self) -> bool:
        """Tell whether there is nothing else to go by."""
        return all(line.row.letters in self.banner for line in self.lines if line.row.letters)

    def is_banner(self, letters: str) -> bool:
        """Tell whether letters are a row of the banner, or a part of one: a narrow terminal breaks its rows."""
        return letters in "\n".join(self.banner)

    def positions(self, letters: str) -> list[int]:
        """Return the numbers of the lines that begin with the same letters, in order."""
        for number in range(self._indexed, len(self.lines)):
            if known := self.lines[number].row.letters:
                self._index[known[:PROBE]].append(number)
        self._indexed = len(self.lines)
        return self._index.get(letters[:PROBE], [])

    def _redraw(self, at: int, rows: Sequence[Row], cols: int) -> int:
        """Put rows in the place of lines that say the same, as long as they do; return how many."""
        for number, (line, row) in enumerate(zip(self.lines[at : at + len(rows)], rows, strict=False)):
            if line.row is not row:
                if line.row.letters != row.letters or (not row.letters and line.row.text != row.text):
                    return number
                self.lines[at + number] = DocumentLine(row, line.seconds, cols)
        return min(len(rows), max(0, len(self.lines) - at))

    def _take_out(self, at: int) -> _Lines:
        dropped: _Lines = defaultdict(deque)
        for number, line in enumerate(self.lines[at:], at):
            if letters := line.row.letters:
                dropped[letters[:PROBE]].append((number, line))
        self._forget(at)
        del self.lines[at:]
        return dropped

    def _forget(self, at: int) -> None:
        """Take the lines from `at` on out of the index."""
        for number in range(self._indexed - 1, at - 1, -1):
            if letters := self.lines[number].row.letters:
                self._index[letters[:PROBE]].pop()
        self._indexed = min(self._indexed, at)

    def _remember(self, dropped: _Lines, seconds: float) -> None:
        for probe, left in dropped.items():
            for number, line in left:
                self.vanished.add(probe, number, line.row, line.seconds, seconds)


def _find(dropped: _Lines, probe: str) -> float | None:
    """Find the earliest time known for a row, once for each line that was dropped."""
    known = dropped.get(probe)
    return known.popleft()[1].seconds if known else None


def _fill_between(times: list[float | None], above: float | None = None) -> None:
    """Give lines before the last whose time is known the time of the line above them; `above` is that of the first."""
    last_known = max((number for number, time in enumerate(times) if time is not None), default=0)
    for number in range(last_known):
        if times[number] is None:
            times[number] = times[number - 1] if number else above
