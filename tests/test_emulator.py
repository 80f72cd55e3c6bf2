"""The emulator is compared with others, on the bytes of real recordings."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pyte
import pytest

from parsers.recording import Resize, read_recording
from parsers.replay.emulator import Emulator
from parsers.replay.rows import without_scrollbar
from parsers.replay.units import Unit, units

RECORDINGS = Path(__file__).parent / "recordings"
INLINE = ["claude/01-basic", "claude/01-basic-v2.0.77", "aider/01-basic", "gemini/01-basic-v0.8.2", "llm/01-basic"]
_NO_TEXT = re.compile(r"\x1b_.*?\x1b\\|\x1b\[<[0-9;]*u", re.DOTALL)  # pyte would print some of these


class OracleScreen(pyte.Screen):
    """A pyte screen that passes over the private modes it mistakes for others."""

    def select_graphic_rendition(self, *attributes: int, private: bool = False) -> None:
        """Take no notice of `CSI > … m`, which sets keyboard modes."""
        if not private:
            super().select_graphic_rendition(*attributes)


@pytest.mark.parametrize("name", INLINE)
def test_agrees_with_pyte(name: str) -> None:
    """After every unit of output, both show the same letters in every row."""
    folder = RECORDINGS / name
    recording = read_recording((folder / "typescript").read_bytes(), (folder / "timing.log").read_bytes())
    emulator = Emulator(recording.cols, recording.rows)
    oracle = OracleScreen(recording.cols, recording.rows)
    stream = pyte.Stream(oracle)
    frames = differing = 0
    for piece in units(recording.chunks):
        if isinstance(piece, Resize):
            break
        if not isinstance(piece, Unit):
            continue
        emulator.feed(piece.data)
        stream.feed(_NO_TEXT.sub("", piece.data.decode("utf-8", "replace")))
        frames += 1
        shown = ["".join(filter(str.isalnum, row)) for row in oracle.display]
        differing += shown != [row.letters for row in emulator.screen()]
    assert frames > 20
    assert differing == 0


def test_clusters_take_the_room_that_programs_think() -> None:
    """Marks, joiners and emoji style take no cell of their own, so what is written after them stands in its column."""
    emulator = Emulator(30, 3)
    emulator.feed("e\u0301\u0327x❤\ufe0fy👩\u200dz日\u3099|\x1b[1;2HX\x1b[1;5HY".encode())
    assert emulator.row(0).text == "e\u0301\u0327X❤\ufe0fY👩\u200dz日\u3099|"


def test_a_mark_takes_nothing_of_a_control_sequence() -> None:
    """Marks after a move or a change of colour belong to no glyph, and the move and the colour hold."""
    emulator = Emulator(20, 3)
    emulator.feed("\x1b[2;3H\u0301moved\x1b[3;3H\x1b[31m\u200bred\x1b(B\u200b|".encode())  # Qwen Code 0.15 draws so
    assert [row.text for row in emulator.screen()] == ["", "  \u0301moved", "  red|"]
    assert emulator.row(2).body.foreground == 1


def test_a_scrollbar_is_no_text() -> None:
    """A glyph of blocks or lines that stands alone in the last column is left out, a table's border is not."""
    emulator = Emulator(10, 3)
    emulator.feed("text     █\r\n│ table  │\r\nwide text█".encode())
    rows = [without_scrollbar(row, 10).text for row in emulator.screen()]
    assert rows == ["text", "│ table  │", "wide text█"]


def test_tells_who_broke_a_line() -> None:
    """Only a row that the terminal wrapped is wrapped."""
    emulator = Emulator(10, 5)
    emulator.feed(b"abcdefghijklm\r\n1234567890\r\n")
    assert [row.wrapped for row in emulator.screen()] == [True, False, False, False, False]


def test_tells_of_a_full_row_that_the_line_went_on() -> None:
    """Output may pause just where a row is full: it was wrapped only then, and counts as changed."""
    emulator = Emulator(10, 5)
    emulator.feed(b"0123456789")
    screen = emulator.screen()
    assert not screen[0].wrapped
    changed, _ = emulator.feed(b"and more")
    emulator.refresh(screen, changed)
    assert [row.wrapped for row in screen[:2]] == [True, False]


def test_no_mark_is_missed() -> None:
    """What is looked for at first holds every character that takes no room of its own."""
    marks = [chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code)) in ("Mn", "Me")]
    shown = []
    for mark in [*marks, "\u200b", "\u200c", "\u200d"]:
        emulator = Emulator(8, 1)
        emulator.feed(f"e{mark}x".encode())
        shown.append(emulator.row(0).text)
    assert shown == [f"e{mark}x" for mark in [*marks, "\u200b", "\u200c", "\u200d"]]
