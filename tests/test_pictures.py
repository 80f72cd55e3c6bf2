"""Frames that hold the conversation more than once: looking for that takes no longer as the conversation grows."""

from __future__ import annotations

import pytest

from parsers.replay import pictures
from parsers.replay.alignment import Coverage
from parsers.replay.document import Document
from parsers.replay.frames import Frame
from parsers.replay.rows import BLANK, Row

BANNER = ["Assistant v2.1 is ready", "Model 5.5 and its billing"]


@pytest.mark.parametrize("lines", [100, 100_000])
def test_output_that_looks_like_the_banner_is_looked_at_little(lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few places in a frame full of it are compared, and none if the text is much longer than the frame."""
    document = Document(Row(text).letters for text in BANNER)
    document.rewrite(0, [Row(f"line {number} of the text") for number in range(lines)], 0.0, 80)
    scrolled = [Row(text) for number in range(300) for text in (*BANNER, f"something else {number}")]
    calls: list[int] = []

    def counted(known: Document, begin: int, stream: str) -> Coverage:
        calls.append(begin)
        return cover(known, begin, stream)

    cover = pictures.cover
    monkeypatch.setattr(pictures, "cover", counted)
    assert pictures.printed_again(document, Frame(1.0, [BLANK] * 24, scrolled, [], 80)) is None
    assert len(calls) == (pictures.TRIED if lines == 100 else 0)


def test_the_conversation_below_itself_is_found() -> None:
    """What was printed once more begins with the banner again."""
    text = [*BANNER, *[f"line {number} of the text" for number in range(40)]]
    document = Document(Row(text).letters for text in BANNER)
    document.rewrite(0, [Row(row) for row in text], 0.0, 80)
    frame = Frame(1.0, [BLANK] * 24, [Row(row) for row in [*text[20:], *text]], [], 80)
    again = pictures.printed_again(document, frame)
    assert again is not None
    assert [row.text for row in again.scrolled] == text
