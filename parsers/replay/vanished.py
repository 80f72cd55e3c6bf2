"""What stood on the screen for a while and was erased: dialogs, retries, spinners, lists that change in place.

Nothing of them stays in the conversation, and yet they are the only trace of what was asked, chosen and tried again.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

import msgspec

from parsers.replay.rows import Row

MOMENT = 0.5  # seconds within which what was erased may be drawn again, and is then the same line
STOOD = 0.03  # seconds: two frames; a hint that is there for a moment is the only trace of a command
GAP = 1.5  # seconds after which the same words are said anew
APART = 3  # lines between two rows of one block
MOST = 20_000  # rows kept: more were no dialogs
UNSETTLED = 200  # of them that hold on to their lines of the emulator: many come back, and their pens are not read

_DIGITS = re.compile(r"\d+")


class Gone(msgspec.Struct, gc=False):
    """A row that was on line `line` of its document from `first_seconds` to `last_seconds`."""

    row: Row
    line: int
    first_seconds: float
    last_seconds: float


class Vanished:
    """Rows that were erased. For a moment they may come back; after that they are gone."""

    def __init__(self) -> None:
        self._missing: dict[str, Gone] = {}
        self._gone: list[Gone] = []
        self._latest: dict[str, Gone] = {}

    def add(self, probe: str, line: int, row: Row, first: float, now: float) -> None:
        """Note that a row was erased."""
        if earlier := self._missing.pop(probe, None):
            self._keep(earlier)
        self._missing[probe] = Gone(row, line, first, now)
        while self._missing:
            oldest = next(iter(self._missing))
            if now - self._missing[oldest].last_seconds <= MOMENT:
                break
            self._keep(self._missing.pop(oldest))

    def recall(self, probe: str, now: float) -> float | None:
        """Take back a row that is drawn again; return when it first appeared."""
        gone = self._missing.get(probe)
        if gone is None or now - gone.last_seconds > MOMENT:
            return None
        del self._missing[probe]
        return gone.first_seconds

    def rows(self) -> Iterator[Gone]:
        """Return everything that is gone, in the order in which it went."""
        for gone in list(self._missing.values()):
            self._keep(gone)
        self._missing.clear()
        return iter(sorted(self._gone, key=lambda gone: (gone.last_seconds, gone.line)))

    def _keep(self, gone: Gone) -> None:
        """Keep a row that stood for a while; one that only counted on is the same row."""
        words = words_of(gone.row)
        latest = self._latest.get(words)
        if latest and latest.row.text != gone.row.text and 0 <= gone.first_seconds - latest.last_seconds <= GAP:
            gone.row.settle()
            latest.row, latest.line, latest.last_seconds = gone.row, gone.line, gone.last_seconds
        elif gone.last_seconds - gone.first_seconds >= STOOD and len(self._gone) < MOST:
            self._gone.append(gone)
            self._latest[words] = gone
            if len(self._gone) > UNSETTLED:
                self._gone[-UNSETTLED].row.settle()


def words_of(row: Row) -> str:
    """Return what a row says but for its numbers: a spinner counts on, and is the same."""
    letters = row.letters
    return letters if letters.isalpha() else _DIGITS.sub("", letters)


class Stayed:
    """The letters of all lines that stayed in the end, to tell what is no loss."""

    def __init__(self, letters: Iterable[str]) -> None:
        self._letters = sorted(set(letters))

    def __contains__(self, letters: str) -> bool:
        at = bisect_left(self._letters, letters)
        return at < len(self._letters) and self._letters[at].startswith(letters)


def blocks(vanished: Vanished, stayed: Stayed) -> Iterator[list[Gone]]:
    """Group the rows that went at the same moment from lines near each other, but for those that came back or grew."""
    block: list[Gone] = []
    for gone in vanished.rows():
        if block and (gone.last_seconds != block[-1].last_seconds or gone.line - block[-1].line > APART):
            yield from _lost(block, stayed)
            block = []
        block.append(gone)
    yield from _lost(block, stayed)


def _lost(block: list[Gone], stayed: Stayed) -> Iterator[list[Gone]]:
    """Return what of a block is really gone: all of it, if at least half of it is."""
    gone = [row for row in block if row.row.letters not in stayed]
    if gone:
        yield block if 2 * len(gone) >= len(block) else gone
