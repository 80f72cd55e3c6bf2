"""A panel beside a full-screen conversation is left out of it."""

from __future__ import annotations

import hashlib

from parsers.recording import Output, Recording
from parsers.terminal import read_transcript

COLS, ROWS, PANEL = 120, 24, 80
DARK, GREY = "\x1b[48;2;10;10;10m", "\x1b[48;2;30;30;30m"


def frame(texts: list[str], beside: list[str]) -> bytes:
    """Draw a whole frame: the conversation on the left, a panel with a background of its own on the right."""
    drawn = ["\x1b[?2026h"]
    for row in range(ROWS):
        left = texts[row] if row < len(texts) else ""
        right = beside[row] if row < len(beside) else ""
        drawn.append(f"\x1b[{row + 1};1H{DARK}{left.ljust(PANEL)}{GREY}{right.ljust(COLS - PANEL)}\x1b[0m")
    return "".join([*drawn, "\x1b[?2026l"]).encode()


def shown(*frames: bytes) -> list[str]:
    """Read the lines of a program that draws these frames in the alternate screen."""
    outputs = (b"\x1b[?1049h", *frames)
    recording = Recording(
        command=None, term=None, rows=ROWS, cols=COLS, started_at=None, duration_seconds=None, exit_code=None,
        chunks=tuple(Output(float(number), data) for number, data in enumerate(outputs)),
    )  # fmt: skip
    return [line.text for line in read_transcript(recording).lines if line.text]


def test_the_conversation_scrolls_past_the_panel() -> None:
    """The rows of the panel stay where they are and join no line of the text beside them."""
    words = [f"{hashlib.sha256(bytes([number])).hexdigest()} number {number}" for number in range(60)]
    beside = ["Title", "", "Context", "120 tokens", "0% used"]
    grown = [frame(words[:length], beside) for length in range(1, ROWS, 4)]
    frames = [*grown, *(frame(words[top : top + ROWS], beside) for top in range(0, 36, 5))]
    assert shown(*frames) == words[: 35 + ROWS]


def test_a_panel_that_appears_later_is_cut_from_what_was_drawn() -> None:
    """The first frame may come before the panel has its background."""
    first = frame(["the prompt that was typed"], ["Title"]).replace(GREY.encode(), DARK.encode())
    assert shown(first, frame(["the prompt that was typed"], ["Title"])) == ["the prompt that was typed"]


def ruled(text: list[str], beside: list[str], below: list[str], at: int = PANEL) -> bytes:
    """Draw a whole frame: text and panel with a rule between, and what takes the whole width below them."""
    height = ROWS - len(below)
    rows = [(text[row] if row < len(text) else "").ljust(at) + "│" for row in range(height)]
    rows = [row + (beside[number] if number < len(beside) else "") for number, row in enumerate(rows)]
    drawn = (f"\x1b[{number};1H\x1b[2K{row}" for number, row in enumerate((*rows, *below), 1))
    return "".join(["\x1b[?2026h", *drawn, "\x1b[?2026l"]).encode()


def test_a_panel_with_a_rule_comes_and_the_text_is_wrapped_anew_beside_it() -> None:
    """What stands below both takes the whole width, and may be a tall dialog; nothing of the panel joins a line."""
    words = [f"{hashlib.sha256(bytes([number])).hexdigest()} ends as number {number}" for number in range(16)]
    halves = [half for line in words for half in (line[:64], line[65:])]
    composer = ["─" * COLS, "> ", "─" * COLS, "a footer"]
    dialog = ["─" * COLS, "Do you want to make the file whose name is " + "so long " * 9, "1. Yes", *[""] * 10]
    beside = ["X", "2 files changed", "", "docs/a.md", "app/b.py"]
    wide = [[row.ljust(COLS) for row in [*words[:end], *[""] * (20 - end), *composer]] for end in (0, 1, 9)]
    opened = ["".join(f"\x1b[{n};1H{row}" for n, row in enumerate(rows, 1)).encode() for rows in wide]
    lines = shown(
        *opened,
        ruled(halves[:18], beside, composer),
        ruled(halves[7:18], beside, dialog),
        ruled(halves[12:], beside, composer),
    )
    assert "".join(lines[:32]).replace(" ", "") == "".join(halves).replace(" ", "")
    assert not any("│" in line or "changed" in line for line in lines)


def test_a_panel_with_a_rule_that_is_shaded_cuts_no_row_of_the_whole_width() -> None:
    """What the text had in those columns before the panel came is still its own."""
    words = [f"{hashlib.sha256(bytes([number])).hexdigest()} ends as number {number} of all" for number in range(9)]
    beside = [GREY + "the panel".ljust(COLS - PANEL - 1) + "\x1b[0m"] * ROWS
    wide = b"".join(f"\x1b[{row};1H{word}".encode() for row, word in enumerate(words, 1))
    halves = [half for word in words[6:] for half in (word[:64], word[65:])]
    assert shown(wide, ruled(["", *halves], beside, [])) == [*words[:6], *halves]


def test_the_same_background_everywhere_is_no_panel() -> None:
    """A program that paints the whole screen in one colour keeps all of its text."""
    wide = "a long line that goes on and on until it stands where a panel could begin, and further to the right"
    assert shown(frame([wide[:PANEL]], [wide[PANEL:]]).replace(GREY.encode(), DARK.encode())) == [wide]


def test_a_panel_beside_text_with_its_background() -> None:
    """A page of output may have the panel's background and hide where it begins; when the panel goes, it is gone."""
    beside = ["Title", "", "Context", "120 tokens"]
    words = [f"{hashlib.sha256(bytes([number])).hexdigest()} number {number}" for number in range(ROWS)]
    shaded = [frame(words[:n], beside).replace(DARK.encode(), GREY.encode(), n) for n in range(9, 21, 2)]
    frames = [frame(words[:8], beside), *shaded]
    assert shown(*frames) == words[:19]
    wide = "a long line that goes on and on until it stands where the panel was before, and from there to the right"
    gone = frame([wide[:PANEL]], [wide[PANEL:]]).replace(GREY.encode(), DARK.encode())
    assert shown(*frames, gone)[-1] == wide
