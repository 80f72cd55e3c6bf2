"""Frames of the main screen that hold the conversation more than once: which part of them counts."""

from __future__ import annotations

from itertools import islice

from msgspec.structs import replace

from parsers.replay.alignment import SHORT, cover, letters_of
from parsers.replay.document import Document
from parsers.replay.frames import Frame
from parsers.replay.story import MOSTLY

MANY = 20  # rows with letters that a frame of several pictures has at least
FEWER = 8  # times fewer rows than before: so much wider a terminal may become
TRIED = 3  # places where the last picture may begin: output may look like a banner


def printed_again(document: Document, frame: Frame) -> Frame | None:
    """Return the part of a frame that prints the conversation once more below itself, from its banner on.

    Claude Code does so when the terminal is resized: for screen readers, and 2.0 with every view that there was.
    """
    if len(frame.scrolled) < MANY:
        return None
    shown = frame.shown
    last = min(len(frame.scrolled), len(shown) - len(document.lines) // FEWER)
    is_banner = [len(row.letters) >= SHORT and row.letters in document.banner for row in shown]
    begins = (number for number in range(last, 0, -1) if is_banner[number : number + 2] == [True, True])
    for number in islice((number for number in begins if not is_banner[number - 1]), TRIED):
        again = cover(document, 0, letters_of(shown[number:]))
        if again.kept >= MOSTLY * (again.kept + again.lost + again.tail):
            return replace(frame, scrolled=frame.scrolled[number:])
    return None
