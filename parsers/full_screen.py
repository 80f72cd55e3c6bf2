"""Frames in the alternate screen."""

from __future__ import annotations

from collections.abc import Sequence

from parsers.document import Document
from parsers.emulator import Row
from parsers.frames import Frame
from parsers.story import Story


def follow(story: Story, frame: Frame, *, resized: bool) -> None:
    """Write a frame of a full-screen program."""
    document, shown, cols = story.current.document, frame.shown, frame.cols
    best, offset = 0.0, document.base
    floor = max(0, document.base - 3 * len(frame.rows))
    for i in [i for i, row in enumerate(shown) if row.letters][:8]:
        for j in range(floor, len(document.lines)):
            if document.lines[j].row.letters == shown[i].letters:
                score = _run(document, shown, i, j)
                if score > best:
                    best, offset = score, j - i
    if offset < document.base and best > 0:
        return
    document.base = max(0, offset)
    document.rewrite(document.base, shown, frame.seconds, cols)


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
