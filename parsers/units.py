"""Cutting a recording into units: pieces of output after which a screen is worth looking at.

A program means a frame to be seen whole. It says so with synchronized output (`CSI ? 2026 h` … `l`), or by stopping to
write for a moment. A switch of the screen buffer and a resize end a unit too. Nothing depends on how the bytes were
chunked, only on when they came.
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

_BREAK = re.compile(r"\x1b\[\?(?:2026(?P<sync>[hl])|(?P<before>)(?:1049|1047|47)(?P<buffer>[hl]))")
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
        self._pending = ""
        self._now = 0.0
        self._synchronized = False

    def cut(self, chunk: Output) -> Iterator[Piece]:
        """Take a chunk in; give out the units that are complete."""
        pause = SYNCHRONIZED_PAUSE if self._synchronized else PAUSE
        if self._pending and chunk.seconds - self._now > pause:
            yield from self.flush()
        self._now = chunk.seconds
        begin = max(0, len(self._pending) - 16)
        text = self._pending + self._decoder.decode(chunk.data)
        done = 0
        for match in _BREAK.finditer(text, begin):
            if match["sync"]:
                self._synchronized = match["sync"] == "h"
                if self._synchronized:
                    continue
                yield Unit(self._now, text[done : match.end()])
            else:
                if text[done : match.start()]:
                    yield Unit(self._now, text[done : match.start()])
                yield Unit(self._now, match[0], match["buffer"] == "h")
            done = match.end()
        while len(text) - done > MAX_UNIT:
            yield Unit(self._now, text[done : done + MAX_UNIT])
            done += MAX_UNIT
        self._pending = text[done:]

    def flush(self, last: bool = False) -> Iterator[Piece]:
        """Give out what is pending, but for a control sequence that is not complete."""
        if last:
            self._pending += self._decoder.decode(b"", True)
        unfinished = None if last else _UNFINISHED.search(self._pending, max(0, len(self._pending) - 300))
        end = unfinished.start() if unfinished else len(self._pending)
        if end:
            yield Unit(self._now, self._pending[:end])
        self._pending = self._pending[end:]
        self._synchronized = False
