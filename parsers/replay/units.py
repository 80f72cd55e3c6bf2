"""Cutting a recording into units: pieces of output after which a screen is worth looking at.

A program means a frame to be seen whole. It says so with synchronized output (`CSI ? 2026 h` … `l`), or by stopping to
write for a moment. A switch of the screen buffer, a resize, and the beginning of a new drawing (`CSI 2 J`, `CSI H`) end
a unit too: several may come at once. Nothing depends on how the bytes were chunked, only on when they came. What sets
a mode or the window's title is given out beside its unit: it is found on the same way.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Generator, Iterable, Iterator
from itertools import accumulate, chain, groupby
from typing import TypeAlias

import msgspec

from parsers.recording import Output, Resize

PAUSE = 0.02  # seconds without output that end a unit
SYNCHRONIZED_PAUSE = 1.0  # the same inside a synchronized block: its end was lost
MAX_UNIT = 1 << 16  # bytes
_SET = ord("h")
_BEYOND_ASCII = 0x80

_MARK = re.compile(
    rb"\x1b(?:\[(?:\?(?:2026(?P<sync>[hl])|(?:1049|1047|47)(?P<buffer>[hl])|(?P<mode>2004|100[0236])[hl])|2J|H)"
    rb"|\][02];(?P<title>[^\x07\x1b]*)(?:\x07|\x1b\\))"
)
_UNFINISHED_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]{0,64}[ -/]{0,2}|\][^\x07\x1b]{0,256}\x1b?|[ -/]{0,2})")
_UNFINISHED_CHARACTER = re.compile(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z")


class Unit(msgspec.Struct, frozen=True, gc=False):
    """A piece of output, as old as its last byte. `full_screen`: it ends in the alternate buffer (None: as before)."""

    seconds: float
    data: bytes
    full_screen: bool | None = None


class Mode(msgspec.Struct, frozen=True, gc=False):
    """A private mode that the unit after this sets or resets: bracketed paste (2004), or one of the mouse's."""

    seconds: float
    number: int
    on: bool


class Title(msgspec.Struct, frozen=True, gc=False):
    """A window title that the unit after this sets."""

    seconds: float
    text: str


Piece: TypeAlias = Unit | Resize | Mode | Title


def units(chunks: Iterable[Output | Resize]) -> Iterator[Piece]:
    """Cut the output; resizes pass through in their place. No character is cut in two, no control sequence or title."""
    rest = b""
    last = 0.0
    for kind, group in groupby(chunks, type):
        if kind is Resize:
            yield from [chunk for chunk in group if isinstance(chunk, Resize)]
        elif outputs := [chunk for chunk in group if isinstance(chunk, Output) and chunk.data]:
            last = outputs[-1].seconds
            rest = yield from _Run(rest, outputs).cut()
    if rest:
        yield Unit(last, rest)


class _Run:
    """Output between two resizes. `rest` is what was not complete when the terminal was resized."""

    def __init__(self, rest: bytes, outputs: list[Output]) -> None:
        self._data = rest + b"".join([output.data for output in outputs])
        self._seconds = [output.seconds for output in outputs]
        self._ends = list(accumulate([len(output.data) for output in outputs], initial=len(rest)))[1:]

    def cut(self) -> Generator[Piece, None, bytes]:
        """Give out the units; return what is not complete at the end."""
        data = self._data
        done, synchronized = 0, False
        pauses = self._pauses()
        pause_at, pause = next(pauses)
        for match in chain(_MARK.finditer(data), [None]):
            here = match.end() if match else len(data) + 1
            while pause_at < here:
                if pause > (SYNCHRONIZED_PAUSE if synchronized else PAUSE):
                    end = self._complete(done, pause_at)
                    yield from self._units(done, end)
                    done, synchronized = end, False
                pause_at, pause = next(pauses)
            if match is None:
                break
            kind, sets = match.lastgroup, data[here - 1] == _SET
            if kind == "mode":
                yield Mode(self._when(here), int(match["mode"]), sets)
                continue
            if kind == "title":
                yield Title(self._when(here), match["title"].decode("utf-8", "replace"))
                continue
            if kind == "sync":
                synchronized = sets
                end = done if sets else here
            else:
                end = done if kind is None and synchronized else match.start()
            if end > done:
                yield from self._units(done, end)
                done = end
            if kind == "buffer":
                yield Unit(self._when(here), data[end:here], sets)
                done = here
        return data[done:]

    def _pauses(self) -> Iterator[tuple[int, float]]:
        """Give where the output paused and how many seconds; its end is the last pause."""
        seconds = self._seconds
        for end, before, after in zip(self._ends, seconds, seconds[1:], strict=False):
            if after - before > PAUSE:
                yield end, after - before
        yield len(self._data), float("inf")
        yield len(self._data) + 2, 0.0  # beyond all that is looked for

    def _complete(self, begin: int, end: int) -> int:
        """Return where what is not complete before `end` begins."""
        at = escape = end
        while (escape := self._data.rfind(b"\x1b", begin, escape)) >= 0:
            if not _UNFINISHED_SEQUENCE.fullmatch(self._data, escape, end):
                break
            at = escape  # what ends a title is a sequence as well
        if at < end or self._data[end - 1] < _BEYOND_ASCII:
            return at
        unfinished = _UNFINISHED_CHARACTER.search(self._data, max(begin, end - 3), end)
        return unfinished.start() if unfinished else end

    def _units(self, begin: int, end: int) -> Iterator[Unit]:
        """Give out what stands between two places as a unit, or several if it is long; none if it is nothing."""
        while end - begin > MAX_UNIT:
            cut = self._complete(begin, begin + MAX_UNIT)
            yield Unit(self._when(cut), self._data[begin:cut])
            begin = cut
        if end > begin:
            yield Unit(self._when(end), self._data[begin:end])

    def _when(self, end: int) -> float:
        """Return when the byte before a place came."""
        return self._seconds[bisect_left(self._ends, end)]
