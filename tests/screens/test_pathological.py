"""No table takes long over a line, whatever stands in it."""

from __future__ import annotations

import time

import pytest

from parsers.provider_patterns import GENERIC, SCREENS
from parsers.replay.rows import Style
from parsers.screens.blocks import classify
from parsers.screens.table import LONGEST_MATCHED, Palette, Screen
from parsers.terminal import Line

LONG = LONGEST_MATCHED
BODIES = (
    "A",
    " ",
    "(",
    "a ",
    "A ",
    "Aa",
    "1,",
    "( ",
    "[K",
    "  ·",
    "│ ",
    "─",
    "▄",
    "_=",
    '"',
    "' ",
    "→ A",
    "$ ",
    "...",
    "x(y)",
    "=1 ",
)
HEADS = (
    "",
    "     → ",
    "  ┃  ",
    "│ ✓  ",
    "  ✓  ",
    " ✗ ",
    "● ",
    "> ",
    "• Ran ",
    "Tool call: ",
    "  ┃  # ",
    "Tokens: ",
    "❯ ",
)
PLAIN = Style(None, None, False, False, False, False, False)


def lines() -> list[Line]:
    """Make lines of every head and body, with and without an end that fits nothing."""
    texts = [f"{head}{body * (LONG // len(body))}{end}" for head in HEADS for body in BODIES for end in ("", "\x7f")]
    return [Line(text.rstrip(), 0.0, PLAIN, PLAIN, 0, 80) for text in texts]


@pytest.mark.parametrize("screen", [*SCREENS, GENERIC], ids=lambda screen: screen.name)
def test_every_table_is_quick(screen: Screen) -> None:
    """Half a thousand of the nastiest lines are told in seconds: none goes back and forth without bounds."""
    began = time.process_time()
    rows = list(classify(lines(), screen, Palette(colours=False, attributes=False)))
    assert len(rows) == len(HEADS) * len(BODIES) * 2
    assert time.process_time() - began < 5
