"""What a stitcher writes into: the lines of one segment, each with the time it first appeared."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from parsers.emulator import Row


class SegmentKind(StrEnum):
    """Where a stretch of lines was drawn."""

    MAIN = "main"  # the main screen and what scrolled off it
    FULL_SCREEN = "full_screen"  # a program that draws its conversation in the alternate screen
    OVERLAY = "overlay"  # a pager or full-output view opened over the conversation, not part of it
    UNKNOWN = "unknown"


@dataclass(slots=True)
class DocumentLine:
    """A row that was drawn, when it first appeared, and how wide the terminal was."""

    row: Row
    seconds: float
    cols: int


@dataclass(slots=True)
class Document:
    """The lines of one segment. `base` is the line that the top row of the screen shows; what is above is final."""

    kind: SegmentKind
    seconds: float
    lines: list[DocumentLine] = field(default_factory=list)
    base: int = 0
    banner: set[str] = field(default_factory=set)
    banner_frames: int = 2
    _times: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def rewrite(self, at: int, rows: Sequence[Row], seconds: float, cols: int) -> None:
        """Let rows take the place of every line from `at` on; a line that was there before keeps its time."""
        dropped = self.lines[at:]
        times: dict[str, deque[float]] = defaultdict(deque)
        for line in dropped:
            times[line.row.letters].append(line.seconds)
        del self.lines[at:]
        for row in rows:
            known = times.get(row.letters)
            first = known.popleft() if known and row.letters else self._recall(row.letters, seconds)
            self.lines.append(DocumentLine(row, first, cols))
        for letters, left in times.items():
            if letters and left:
                self._times[letters] = left

    def patch(self, at: int, row: Row, seconds: float, cols: int) -> None:
        """Let a row take the place of one line."""
        while len(self.lines) <= at:
            self.lines.append(DocumentLine(row if len(self.lines) == at else _BLANK, seconds, cols))
        old = self.lines[at]
        if old.row is not row:
            same = old.row.letters == row.letters
            self.lines[at] = DocumentLine(row, old.seconds if same else seconds, cols)

    def learn_banner(self, rows: Iterable[Row]) -> None:
        """Remember what the first frames show: after a clear a program shows it again, so it proves nothing."""
        if self.banner_frames:
            self.banner_frames -= 1
            self.banner.update(row.letters for row in rows)

    def _recall(self, letters: str, seconds: float) -> float:
        known = self._times.get(letters) if letters else None
        return known.popleft() if known else seconds


_BLANK = Row("", "")
