"""Conversations whose text is known are drawn the ways assistants draw, and read back: all of it, once."""

from __future__ import annotations

import sys

import pytest

from parsers.recording import Output, Recording
from parsers.terminal import SegmentKind, Transcript, read_transcript
from tests.terminal_programs import ClearAndPrint, FullScreen, Program, Rewrite, converse

SIZES = [(50, 24), (80, 24), (120, 40), (200, 55)]


def letters(text: str) -> str:
    """Return the letters and digits of a text: how it is wrapped does not matter."""
    return "".join(filter(str.isalnum, text))


def conversation(transcript: Transcript) -> str:
    """Return the letters of everything but overlays."""
    kinds = [segment.kind for segment in transcript.segments]
    return letters("".join(line.text for line in transcript.lines if kinds[line.segment] is not SegmentKind.OVERLAY))


def seen(program: Program) -> list[str]:
    """Return the letters of what was said and could be seen: a jump over more than a screen leaves some out."""
    shown = {letters(row) for row in program.shown}
    said = [letters(paragraph) for paragraph in program.said if len(letters(paragraph)) >= 24]
    return [text for text in said if not shown or any(text[:20] in row for row in shown)]


@pytest.mark.parametrize(("cols", "rows"), SIZES)
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("drawn", [ClearAndPrint, Rewrite, FullScreen])
def test_every_paragraph_is_read_once(drawn: type[Program], cols: int, rows: int, seed: int) -> None:
    """Through spinners, dialogs taller than the screen, resizes, menus, boxes and scrolling back."""
    program = drawn(cols, rows, seed)
    converse(program, 8)
    read = conversation(read_transcript(program.recording(cols, rows)))
    counts = {text[:40]: read.count(text) for text in seen(program)}
    assert {text: count for text, count in counts.items() if count != 1} == {}


@pytest.mark.parametrize("drawn", [ClearAndPrint, Rewrite, FullScreen])
def test_what_was_final_stays(drawn: type[Program]) -> None:
    """A recording that is cut short gives no final line that the whole recording takes back."""
    program = drawn(100, 30, 4)
    converse(program, 4)
    whole = program.recording(100, 30)
    read = read_transcript(whole)
    known = letters("".join(line.text for line in read.lines)) + letters(
        "".join(passed.text for passed in read.passing)
    )
    for end in range(20, len(whole.chunks), len(whole.chunks) // 12):
        part = Recording(*(getattr(whole, name) for name in Recording.__slots__[:7]), whole.chunks[:end])
        final = [letters(line.text) for line in read_transcript(part).lines if not line.live]
        assert [text for text in final if text not in known] == []


def steps(recording: Recording) -> int:
    """Count the calls that reading makes: a measure of time that is the same on every machine."""
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        read_transcript(recording)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("drawn", [ClearAndPrint, Rewrite, FullScreen])
def test_reading_takes_time_in_proportion(drawn: type[Program]) -> None:
    """A conversation three times as long takes no more steps for each chunk of output, or byte if it repaints all."""
    program = drawn(100, 30, 1)
    converse(program, 6)
    short = program.recording(100, 30)
    converse(program, 12)
    long = program.recording(100, 30)
    sizes = [
        sum(200 + len(chunk.data) for chunk in recording.chunks if isinstance(chunk, Output))
        for recording in (short, long)
    ]
    assert steps(long) / sizes[1] < 1.6 * steps(short) / sizes[0]
