"""Finding a frame in a document by its letters: where a repaint belongs, and what it would lose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from parsers.replay.document import PROBE, Document
from parsers.replay.rows import Row

ANCHOR_ROWS = 12  # rows of a frame that are looked up
ANCHOR_LINES = 6  # lines of the document that each of them may stand for: the first ones and the last ones
SHORT = 4  # letters; less proves nothing
SHORT_REACH = 400  # letters ahead in which a short line may be found again
GIVE_UP = 60  # lines in a row that are not found


class Coverage(msgspec.Struct, frozen=True, gc=False):
    """How many letters of old lines a text shows again, and how many not.

    `lost` is what it leaves out before the last line that it shows, `lost_above` the part of that above the screen;
    the `tail` begins at line `end`: none of it is shown. `at` is where the text goes on after what it shows again.
    """

    kept: int
    lost: int
    lost_above: int
    tail: int
    end: int
    at: int

    @property
    def score(self) -> float:
        """Higher is better. Lines of the screen may always go, and so may a tail: dialogs and menus do."""
        return self.kept - self.lost_above - 0.25 * (self.lost - self.lost_above + self.tail)

    @property
    def weak(self) -> bool:
        """Whether too little is kept to call it the same text."""
        return self.lost_above > self.kept or (self.kept < 2 * PROBE and self.kept < self.lost + self.tail)


class Anchor(msgspec.Struct, frozen=True, gc=False):
    """Row `row` of a frame shows line `line` of a document, and what follows matches as `coverage` says."""

    row: int
    line: int
    coverage: Coverage


def find_anchor(document: Document, shown: Sequence[Row]) -> Anchor | None:
    """Find the place of a frame in a document; None if it shows nothing of it but the banner."""
    best: Anchor | None = None
    stream = letters_of(shown)
    looked_up, skipped = 0, 0
    only_banner = document.is_only_banner()
    for number, row in enumerate(shown):
        letters = row.letters
        if len(letters) >= SHORT and (only_banner or not document.is_banner(letters)):
            for line in _choice(document.positions(letters)):
                coverage = cover(document, line, stream, skipped)
                if best is None or coverage.score > best.coverage.score:
                    best = Anchor(number, line, coverage)
            looked_up += 1
            if looked_up >= ANCHOR_ROWS:
                break
        skipped += len(letters)
    return best and _extended(document, shown, best)


def cover(document: Document, begin: int, stream: str, at: int = 0, until: int | None = None) -> Coverage:
    """Walk the lines of a document from `begin` on, or to `until`, through a stream of letters."""
    kept = lost = lost_above = tail = tail_above = 0
    begin = max(begin, 0)
    base, end = document.base, begin
    texts = [line.row.letters for line in document.lines[begin:until]]
    for number, length, place in walk(texts, stream, at):
        if place < 0:
            tail += length
            tail_above += length if begin + number < base else 0
        else:
            kept, lost, lost_above = kept + length, lost + tail, lost_above + tail_above
            tail = tail_above = 0
            at, end = place, begin + number + 1
    return Coverage(kept, lost, lost_above, tail, end, at)


def walk(texts: Iterable[str], stream: str, at: int = 0) -> Iterator[tuple[int, int, int]]:
    """Look for texts in a stream, each after the one before; texts of a few letters are passed over.

    Returns the number of each text, its length, and the place in the stream after its first letters, -1 if not found.
    """
    misses = 0
    for number, letters in enumerate(texts):
        length = len(letters)
        if length < SHORT:
            continue
        reach = len(stream) if length >= PROBE else at + SHORT_REACH
        found = stream.find(letters[:PROBE], at, reach) if misses < GIVE_UP else -1
        if found < 0:
            misses += 1
            yield number, length, -1
        else:
            misses = 0
            at = found + min(length, PROBE)
            yield number, length, at


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
