"""Every assistant whose screen can be read: one table of compiled patterns each, in one registry.

To add an assistant, write its table in `parsers/screens/` (a `Screen`: line rules, tool names, banners, readers) and
list it here. What a table is made of is in `parsers/screens/table.py`; `parsers/screen_events.py` applies it.
"""

from __future__ import annotations

from parsers.screens import claude_code, generic
from parsers.screens.table import Screen

# One assistant may have several tables (a client each); the first of a provider is its default.
SCREENS: tuple[Screen, ...] = (
    claude_code.SCREEN,
)  # fmt: skip

GENERIC: Screen = generic.SCREEN

PROVIDERS: dict[str, Screen] = {screen.client or screen.provider: screen for screen in SCREENS}
