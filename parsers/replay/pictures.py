"""Frames of the main screen that hold the conversation more than once: which part of them counts."""

from __future__ import annotations

from msgspec.structs import replace

from parsers.replay.alignment import SHORT, cover, letters_of
from parsers.replay.document import PROBE, Document
from parsers.replay.frames import Frame
from parsers.replay.story import MOSTLY

BEGINNING = 2  # rows with letters by which the beginning of a picture is known
MANY = 20  # rows with letters that a frame of several pictures has at least


def printed_again(document: Document, frame: Frame) -> Frame | None:
    """Return the part of a frame that prints the conversation once more below itself, from its banner on.

    For screen readers Claude Code does so when the terminal is resized.
    """
    if len(frame.scrolled) < MANY:
        return None
    shown = frame.shown
    begins = [
        number for number, row in enumerate(shown) if len(row.letters) >= SHORT and row.letters in document.banner
    ]
    for number in reversed(begins):
        if 0 < number <= len(frame.scrolled) and number - 1 not in begins and number + 1 in begins:
            again = cover(document, 0, letters_of(shown[number:]))
            if again.kept >= MOSTLY * (again.kept + again.lost + again.tail):
                return replace(frame, scrolled=frame.scrolled[number:])
    return None


def last_picture(document: Document, frame: Frame) -> Frame:
    """Leave out of a repaint what scrolls off before its beginning comes again.

    Claude Code 2.0 prints every view that there was, the conversation from its banner on each time.
    """
    lettered = [(number, row.letters) for number, row in enumerate(frame.shown) if row.letters]
    if len(lettered) < MANY or lettered[0][1] not in document.banner:
        return frame
    begin = [letters[:PROBE] for _, letters in lettered[:BEGINNING]]
    for at in range(len(lettered) - BEGINNING, 0, -1):
        number = lettered[at][0]
        if number <= len(frame.scrolled) and [text[:PROBE] for _, text in lettered[at : at + BEGINNING]] == begin:
            return replace(frame, scrolled=frame.scrolled[number:])
    return frame
