"""Draws Codex's conversation as its screen does, for tests."""

from __future__ import annotations

from tests.screens.showing import ink

BANNER = "╭──────────────────────────────╮\n│ >_ OpenAI Codex (v0.87.0)    │\n╰──────────────────────────────╯\n\n"
NEWEST = BANNER.replace("0.87.0", "0.169.0")
SHADED = "48;2;52;52;52"
UUID = "01a1f852-1243-7d21-9038-831402172a2a"


def typed(text: str) -> str:
    """Draw a submitted prompt: shaded, its glyph faint."""
    first, *more = text.split("\n")
    rows = [ink(f"2;{SHADED}", "› ") + ink(SHADED, first), *(ink(SHADED, f"  {line}") for line in more)]
    return "\n".join([*rows, "", ""])


def said(text: str) -> str:
    """Draw an answer: the bullet is faint."""
    return ink("2", "•") + f" {text}\n\n"


def cell(name: str, rest: str, *below: str, bullet: str = "1;32") -> str:
    """Draw a tool's cell."""
    return "\n".join([ink(bullet, "•") + " " + ink("1", name) + rest, *below, "", ""])
