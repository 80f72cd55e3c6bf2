"""Timed chunks of terminal output become a transcript: every line once, in order, with its time and its pens.

Recording -> units -> Emulator -> frames -> Documents -> Transcript
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median_low

import msgspec

from parsers.recording import Recording, Resize
from parsers.replay.document import Document, DocumentLine, SegmentKind
from parsers.replay.emulator import Emulator
from parsers.replay.rows import PLAIN, Style
from parsers.replay.stitching import Stitcher
from parsers.replay.story import Part, Story
from parsers.replay.units import Mode, Title, Unit, units
from parsers.replay.vanished import Gone, Stayed, blocks

__all__ = ["Line", "Passing", "Segment", "SegmentKind", "Style", "Transcript", "read_transcript"]


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line as the program drew it.

    `text` is stripped on the right; rows that the terminal wrapped are joined. `seconds` is when it first appeared,
    `lead` the pen of its first glyph (often a bullet), `body` that of the first letter or digit after it, `cols` the
    terminal's width when it was drawn (programs mostly wrap by themselves, just below it), `segment` the index of its
    segment. `live` marks what was on the part of the screen that can still change when its segment ended: the input
    box and the footer are there, after the last words of the conversation.
    """

    text: str
    seconds: float
    lead: Style
    body: Style
    segment: int
    cols: int
    live: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of lines between clears and switches of the screen buffer, or those of an overlay.

    What goes on after an overlay is the same segment: a call may stand above it, and the call's result below.
    """

    kind: SegmentKind
    first_line: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Passing:
    """Rows that stood on the screen for a while and were erased: a dialog, a retry, a spinner, a list of tasks.

    `lines` are the rows from top to bottom as they last looked, empty where nothing or something that stayed stood;
    `line` is the index of the transcript line that they stood before. `first_seconds` to `last_seconds` is the time
    they were seen; a row whose digits and symbols changed meanwhile is the same row.
    """

    lines: tuple[Line, ...]
    first_seconds: float
    last_seconds: float
    line: int

    @property
    def text(self) -> str:
        """The rows, one a line."""
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class Transcript:
    """Everything that a recording shows, in order. `titles` are the window titles with their times."""

    lines: tuple[Line, ...]
    segments: tuple[Segment, ...]
    titles: tuple[tuple[float, str], ...]
    cols: int
    passing: tuple[Passing, ...] = ()

    @property
    def ended_live(self) -> tuple[Line, ...]:
        """The lines that were still on the screen when the recording ended."""
        last = self.lines[-1].segment if self.lines else None
        return tuple(line for line in self.lines if line.live and line.segment == last)


def read_transcript(recording: Recording) -> Transcript:
    """Replay a recording and write down what it shows."""
    emulator = Emulator(recording.cols, recording.rows)
    stitcher = Stitcher(emulator)
    named: list[tuple[float, str]] = []
    for piece in units(recording.chunks):
        match piece:
            case Unit():
                stitcher.draw(piece)
            case Title():
                named.append((piece.seconds, piece.text))
            case Mode():
                stitcher.set_mode(piece)
            case Resize():
                stitcher.resize(piece.seconds, piece.rows, piece.cols)
    return _transcript(stitcher.finish(), tuple(named), recording.cols)


def _transcript(story: Story, named: tuple[tuple[float, str], ...], cols: int) -> Transcript:
    lines: list[Line] = []
    segments: list[Segment] = []
    passing: list[Passing] = []
    stayed = Stayed(
        line.row.letters
        for part in story.parts
        if part.first and part.kind is not SegmentKind.OVERLAY
        for line in part.document.lines
    )
    told: tuple[Document, int] | None = None  # what was told last, and its segment: after an overlay it goes on
    for part in story.parts:
        goes_on = told is not None and told[0] is part.document
        begin, segment = len(lines), told[1] if told and goes_on else len(segments)
        found = list(_lines(part, story.lines_of(part), segment))
        if any(line.text for line in found):
            if not goes_on:
                segments.append(Segment(part.kind, begin, part.seconds))
            if part.kind is not SegmentKind.OVERLAY:
                told = part.document, segment
            lines += found
        if part.first:
            rows = blocks(part.document.vanished, stayed)
            passing += [_passing(block, begin, len(lines), segment, cols) for block in rows]
    passing.sort(key=lambda passed: passed.first_seconds)
    return Transcript(tuple(lines), tuple(segments), named, cols, tuple(passing))


def _passing(block: Sequence[Gone], begin: int, end: int, segment: int, cols: int) -> Passing:
    lines: list[Line] = []
    for gone in block:
        lines += [Line("", gone.first_seconds, PLAIN, PLAIN, segment, cols)] * (gone.line - block[0].line - len(lines))
        lead, body, _ = gone.row.settle()
        lines.append(Line(gone.row.text, gone.first_seconds, lead, body, segment, cols))
    return Passing(
        tuple(lines),
        median_low(gone.first_seconds for gone in block),
        max(gone.last_seconds for gone in block),
        min(begin + block[0].line, end),
    )


def _lines(part: Part, drawn: Sequence[DocumentLine], segment: int) -> Iterator[Line]:
    """Join the rows that the terminal wrapped. Of one at the end of a scroll region pyavt 0.1.2 forgets that it was."""
    text, first, last = "", None, len(drawn) - 1
    live_from = part.document.base - part.first_line
    for number, line in enumerate(drawn):
        first = first or line
        lead, body, wrapped = line.row.settle()
        text += line.row.text.lstrip() if text.endswith(" ") else line.row.text
        if number < last and (wrapped or _goes_on(line, drawn[number + 1])):
            text += _gap(line, drawn[number + 1])
            continue
        if line is not first:
            lead, body, _ = first.row.settle()
        yield Line(text, first.seconds, lead, body, segment, first.cols, number >= live_from)
        text, first = "", None


def _goes_on(above: DocumentLine, below: DocumentLine) -> bool:
    """Tell whether a word that is longer than a row, most of it letters, goes on at the left edge."""
    text = above.row.text
    if len(text) != above.cols or min(len(text.rsplit(maxsplit=1)[-1]), len(above.row.letters)) <= above.cols // 2:
        return False
    rest = below.row.text.split(" ", 1)[0]
    return rest.isascii() and any(map(str.isalnum, rest))


def _gap(above: DocumentLine, below: DocumentLine) -> str:
    """Give the space that the terminal broke a line on; a wide character that did not fit leaves a gap as well."""
    wide = unicodedata.east_asian_width(below.row.text[:1] or " ") in "WF"
    return " " if not wide and len(above.row.text) == above.cols - 1 else ""
