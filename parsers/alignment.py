"""Finding a frame in a document by its letters: where a repaint belongs, and what it would lose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from parsers.document import PROBE, Document
from parsers.emulator import Row

ANCHOR_ROWS = 12  # rows of a frame that are looked up
ANCHOR_LINES = 6  # lines of the document that each of them may stand for: the first ones and the last ones
SHORT = 4  # letters; less proves nothing
SHORT_REACH = 400  # letters ahead in which a short line may be found again
GIVE_UP = 60  # lines in a row that are not found


@dataclass(frozen=True, slots=True)
class Coverage:
    """Letters of old lines that a frame shows again, and those that it does not, above and on the screen."""

    kept: int = 0
    lost: int = 0
    kept_above: int = 0
    lost_above: int = 0

    @property
    def score(self) -> float:
        """Higher is better. Lines of the screen may always go: dialogs and menus do."""
        return self.kept - self.lost_above - 0.25 * (self.lost - self.lost_above)

    @property
    def weak(self) -> bool:
        """Whether too little is kept to call it the same text."""
        return self.lost_above > self.kept_above or (self.kept < 2 * PROBE and self.kept < self.lost)


@dataclass(frozen=True, slots=True)
class Anchor:
    """Row `row` of a frame shows line `line` of a document, and what follows matches as `coverage` says."""

    row: int
    line: int
    coverage: Coverage


def find_anchor(document: Document, shown: Sequence[Row]) -> Anchor | None:
    """Find the place of a frame in a document; None if it shows nothing of it but the banner."""
    best: Anchor | None = None
    stream = letters_of(shown)
    looked_up, skipped = 0, 0
    for number, row in enumerate(shown):
        letters = row.letters
        if len(letters) >= SHORT and letters not in document.banner:
            for line in _choice(document.positions(letters)):
                coverage = cover(document, line, stream, skipped)
                if best is None or coverage.score > best.coverage.score:
                    best = Anchor(number, line, coverage)
            looked_up += 1
            if looked_up >= ANCHOR_ROWS:
                break
        skipped += len(letters)
    return best and _extended(document, shown, best)


def cover(document: Document, begin: int, stream: str, at: int = 0) -> Coverage:
    """Walk the lines of a document from `begin` on through a stream of letters."""
    kept = lost = kept_above = lost_above = misses = 0
    base, lines = document.base, document.lines
    for number in range(max(begin, 0), len(lines)):
        letters = lines[number].row.letters
        length = len(letters)
        if length < SHORT:
            continue
        above = length if number < base else 0
        reach = len(stream) if length >= PROBE else at + SHORT_REACH
        found = stream.find(letters[:PROBE], at, reach) if misses < GIVE_UP else -1
        if found < 0:
            misses += 1
            lost += length
            lost_above += above
        else:
            misses = 0
            kept += length
            kept_above += above
            at = found + min(length, PROBE)
    return Coverage(kept, lost, kept_above, lost_above)


def letters_of(rows: Iterable[Row]) -> str:
    """Return all letters of some rows as one stream."""
    return "".join([row.letters for row in rows])


def _choice(lines: Sequence[int]) -> Sequence[int]:
    if len(lines) <= ANCHOR_LINES:
        return lines
    half = ANCHOR_LINES // 2
    return [*lines[:half], *lines[-half:]]


def _extended(document: Document, shown: Sequence[Row], anchor: Anchor) -> Anchor:
    """Move an anchor up over the rows that equal the lines before it."""
    row, line = anchor.row, anchor.line
    while row > 0 and line > 0 and shown[row - 1].letters == document.lines[line - 1].row.letters:
        row, line = row - 1, line - 1
    return Anchor(row, line, anchor.coverage)
