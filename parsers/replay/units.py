"""Cutting a recording into units: pieces of output after which a screen is worth looking at.

A program means a frame to be seen whole. It says so with synchronized output (`CSI ? 2026 h` … `l`), or by stopping to
write for a moment. A switch of the screen buffer, a resize, and the beginning of a new drawing (`CSI 2 J`, `CSI H`) end
a unit too: several may come at once. Nothing depends on how the bytes were chunked, only on when they came.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from parsers.recording import Output, Resize

PAUSE = 0.02  # seconds without output that end a unit
SYNCHRONIZED_PAUSE = 1.0  # the same inside a synchronized block: its end was lost
MAX_UNIT = 1 << 16  # characters
LONGEST_BREAK = 8  # characters of a control sequence that ends a unit, less one

_BREAK = re.compile(r"\x1b\[(?:\?2026(?P<sync>[hl])|\?(?:1049|1047|47)(?P<buffer>[hl])|(?P<anew>2J|H))")
_UNFINISHED = re.compile(r"\x1b(?:\[[0-9;?]{0,16}|\][^\x07\x1b]{0,256})?\Z")
_TITLE = re.compile(r"\x1b\][02];([^\x07\x1b]*)(?:\x07|\x1b\\)")


class Unit(NamedTuple):
    """A piece of output. `full_screen` says whether it ends in the alternate screen buffer (None: as before)."""

    seconds: float
    text: str
    full_screen: bool | None = None


Piece: TypeAlias = Unit | Resize


def units(chunks: Iterable[Output | Resize]) -> Iterator[Piece]:
    """Decode and cut the output; resizes pass through in their place."""
    cutter = _Cutter()
    for chunk in chunks:
        if isinstance(chunk, Resize):
            yield from cutter.flush()
            yield chunk
        else:
            yield from cutter.cut(chunk)
    yield from cutter.flush(last=True)


def titles(text: str) -> list[str]:
    """Return the window titles set in a text."""
    return _TITLE.findall(text)


class _Cutter:
    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending: list[str] = []
        self._size = 0
        self._tail = ""  # of what is pending: a control sequence may go on in the next chunk
        self._now = 0.0
        self._synchronized = False

    def cut(self, chunk: Output) -> Iterator[Piece]:
        """Take a chunk in; give out the units that are complete."""
        pause = SYNCHRONIZED_PAUSE if self._synchronized else PAUSE
        if self._size and chunk.seconds - self._now > pause:
            yield from self.flush()
        self._now = chunk.seconds
        text = self._decoder.decode(chunk.data)
        seam = self._tail + text
        if _BREAK.search(seam) or self._size + len(text) > MAX_UNIT:
            yield from self._cut(self._size - len(self._tail), "".join([*self._pending, text]))
        else:
            self._pending.append(text)
            self._size += len(text)
            self._tail = seam[-LONGEST_BREAK:]

    def _cut(self, begin: int, text: str) -> Iterator[Piece]:
        done = 0
        for match in _BREAK.finditer(text, begin):
            if match["sync"] == "h" or (match["anew"] and self._synchronized):
                self._synchronized = True
                continue
            end = match.end() if match["sync"] else match.start()
            if end > done:
                yield Unit(self._now, text[done:end])
            if match["buffer"]:
                end = match.end()
                yield Unit(self._now, match[0], match["buffer"] == "h")
            elif match["sync"]:
                self._synchronized = False
            done = end
        while len(text) - done > MAX_UNIT:
            yield Unit(self._now, text[done : done + MAX_UNIT])
            done += MAX_UNIT
        self._keep(text[done:])

    def _keep(self, text: str) -> None:
        self._pending, self._size, self._tail = [text], len(text), text[-LONGEST_BREAK:]

    def flush(self, last: bool = False) -> Iterator[Piece]:
        """Give out what is pending, but for a control sequence that is not complete."""
        text = "".join([*self._pending, self._decoder.decode(b"", True) if last else ""])
        unfinished = None if last else _UNFINISHED.search(text, max(0, len(text) - 300))
        end = unfinished.start() if unfinished else len(text)
        if end:
            yield Unit(self._now, text[:end])
        self._keep(text[end:])
        self._synchronized = False
