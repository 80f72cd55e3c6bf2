"""Every assistant whose screen can be read: one table of compiled patterns each, in one registry.

To add an assistant, write its table in `parsers/screens/` (a `Screen`: line rules, tool names, banners, readers) and
list it here. What a table is made of is in `parsers/screens/table.py`; `parsers/screen_events.py` applies it.
"""

from __future__ import annotations

from parsers.screens import (
    aider,
    claude_code,
    claude_print,
    claude_screen_reader,
    codex_exec,
    demo,
    gemini_cli,
    gemini_screen_reader,
    generic,
    github_copilot,
    gpt,
    openai_codex,
    opencode,
    qwen_code,
)
from parsers.screens.table import Screen

# An assistant may have several tables: one for each client or mode. The first of a provider is its usual one.
SCREENS: tuple[Screen, ...] = (
    claude_code.SCREEN,
    claude_print.SCREEN,
    claude_screen_reader.SCREEN,
    openai_codex.SCREEN,
    codex_exec.SCREEN,
    gemini_cli.SCREEN,
    gemini_screen_reader.GEMINI,
    qwen_code.SCREEN,
    qwen_code.BEFORE,
    gemini_screen_reader.QWEN,
    aider.SCREEN,
    gpt.FUNCTION,
    gpt.LLM,
    gpt.SHELL_GPT,
    github_copilot.SCREEN,
    github_copilot.PRINT,
    opencode.SCREEN,
    opencode.RUN,
    demo.SCREEN,
)

GENERIC: Screen = generic.SCREEN

PROVIDERS: dict[str, Screen] = {screen.name: screen for screen in SCREENS}
