"""Frames become documents: what each frame shows anew is written once, what it repaints is recognised."""

from __future__ import annotations

from collections.abc import Sequence

from parsers.document import Document, SegmentKind
from parsers.emulator import Emulator, Row
from parsers.units import Unit


class Stitcher:
    """Feeds units to an emulator and writes the frames that they make into documents."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._screen: list[Row] = emulator.screen()
        self._scrolled: list[Row] = []
        self._full_screen = False
        self.documents = [Document(SegmentKind.MAIN, 0.0)]

    def resize(self, seconds: float, rows: int, cols: int) -> None:
        """Change the size. That alone is no frame: the program will repaint."""
        if not self._full_screen:
            self._scrolled += self._emulator.resize(cols, rows)
        else:
            self._emulator.resize(cols, rows)
        self._screen = self._emulator.screen()

    def draw(self, unit: Unit) -> None:
        """Draw a unit and look at the frame that it leaves."""
        changed, scrolled = self._emulator.feed(unit.text)
        if unit.full_screen is not None and unit.full_screen != self._full_screen:
            self._full_screen = unit.full_screen
            self._screen = self._emulator.screen()
            kind = SegmentKind.FULL_SCREEN if unit.full_screen else SegmentKind.MAIN
            self.documents.append(Document(kind, unit.seconds))
            return
        self._scrolled += scrolled
        for number in changed:
            self._screen[number] = self._emulator.row(number)
        if any(row.letters for row in self._screen):
            self._frame(unit.seconds)

    def _frame(self, seconds: float) -> None:
        document = self.documents[-1]
        shown = self._scrolled + _without_blank_end(self._screen)
        if document.kind is SegmentKind.MAIN:
            self._follow(document, shown, seconds)
            document.base += len(self._scrolled)
        else:
            self._align(document, shown, seconds)
        self._scrolled = []
        document.learn_banner(self._screen)

    def _follow(self, document: Document, shown: list[Row], seconds: float) -> None:
        cols = self._emulator.cols
        old = document.lines[document.base :]
        if (
            not old
            or any(
                new.letters and new.letters == was.row.letters and new.letters not in document.banner
                for new, was in zip(shown, old, strict=False)
            )
            or sum(bool(line.row.letters) for line in old) <= 3
        ):
            document.rewrite(document.base, shown, seconds, cols)
            return
        known = {}
        for number, line in enumerate(document.lines):
            if line.row.letters and line.row.letters not in document.banner:
                known.setdefault(line.row.letters, number)
        for number, row in enumerate(shown):
            if row.letters in known:
                at = known[row.letters]
                document.rewrite(at, shown[number:], seconds, cols)
                document.base = at - number
                if document.base < 0:
                    document.base = 0
                return
        if all(line.row.letters in document.banner for line in old if line.row.letters):
            document.rewrite(document.base, shown, seconds, cols)
            return
        fresh = Document(SegmentKind.MAIN, seconds)
        fresh.rewrite(0, shown, seconds, cols)
        self.documents.append(fresh)

    def _align(self, document: Document, shown: Sequence[Row], seconds: float) -> None:
        cols = self._emulator.cols
        best, offset = 0.0, document.base
        floor = max(0, document.base - 3 * self._emulator.rows)
        for i in [i for i, row in enumerate(shown) if row.letters][:8]:
            for j in range(floor, len(document.lines)):
                if document.lines[j].row.letters == shown[i].letters:
                    score = _run(document, shown, i, j)
                    if score > best:
                        best, offset = score, j - i
        if offset < document.base and best > 0:
            return
        document.base = max(0, offset)
        document.rewrite(document.base, shown, seconds, cols)


def _run(document: Document, shown: Sequence[Row], i: int, j: int) -> float:
    score, misses = 0.0, 0
    while i < len(shown) and j < len(document.lines) and misses < 3:
        if shown[i].letters == document.lines[j].row.letters:
            score += len(shown[i].letters)
        else:
            misses += 1
            score -= 8
        i, j = i + 1, j + 1
    return score


def _without_blank_end(rows: Sequence[Row]) -> list[Row]:
    end = len(rows)
    while end and not rows[end - 1].text:
        end -= 1
    return list(rows[:end])
