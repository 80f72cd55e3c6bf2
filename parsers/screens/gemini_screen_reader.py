"""Gemini CLI and Qwen Code for screen readers (`--screen-reader`): flat text, a word and a colon before everything.

There are no glyphs, no boxes and no indentation: a tool's mark is a word. Dialogs, the input line and the state below
it are erased as on the ordinary screen.
"""

from __future__ import annotations

import re

from parsers.screens import gemini_cli, qwen_blocks, qwen_code
from parsers.screens.table import Screen, chrome, head, panel, part

_ENDED = r"(?P<mark>Success|Error|Canceled): "
_UNENDED = r"(?P<mark>Executing|Pending|Confirming): "
# Output begins with `Error:` as well, but not with the name of a tool behind it.
_TOOL = r"(?P<tool>[A-Z][a-z]+(?:[A-Z][a-z]+)+|Shell|Edit|Grep|Glob|Agent|Task|[\w-]+ \([\w -]+ MCP Server\))(?![\w:])"

RULES = (
    chrome("notice", r"(?:YOLO mode is enabled|Ripgrep (?:is )?not available|Warning: |\(node:\d+\)|\(Use `node )"),
    chrome("notice", r"You are currently in screen reader-friendly view|next run\.$"),
    chrome("input", r"> {2,}"),
    chrome("footer", r"(?:\? for shortcuts|Shift\+Tab to |Enter to steer|workspace \(/directory\)|responding )"),
    # --- the conversation -------------------------------------------------------------------------------------------
    head("prompt", r"User: {2}(?P<text>\S.*)"),
    head("text", r"Model: {2}(?P<text>.*)"),
    head("group", _ENDED + r"(?P<text>(?:Searched|Read|Listed) .*)"),
    head("tool", _ENDED + _TOOL + r" {1,2}(?P<compact>.* → .*)"),
    head("tool", rf"(?:{_ENDED}|{_UNENDED.replace('mark', 'state')})" + _TOOL + r"(?: {1,2}(?P<input>.*))?$"),
    head("cancelled", r"[ℹ●]\ufe0e? {1,2}(?P<text>Request cancelled\..*)"),
    head("api_error", r"✕\ufe0e? {1,2}(?P<text>.*(?:API Error|status: \d{3}|quota|overloaded|Connection error).*)"),
    head("info", r"[ℹ●✕⚠△]\ufe0e? {1,2}(?P<text>.*)"),
    # --- the end ----------------------------------------------------------------------------------------------------
    head("summary", r"Agent powering down"),
    panel("stats", r"Session Stats$"),
    part("session", r"Session ID: +(?P<session>[0-9a-f-]{36})", within=("summary",)),
    part("usage", r"(?P<model>[a-z][\w./:-]+) [\d,]+ (?P<input>[\d,]+)(?: (?P<cache_read>[\d,]+))? (?P<output>[\d,]+)$",
         within=("summary",)),
    part("resume", r"To resume this session: \S+ --resume(?: (?P<session>[0-9a-f-]{36}))?", within=("summary",)),
    chrome("resume", r"(?:To continue this session, run|qwen --resume [0-9a-f-]{36}$)"),
    part("sheet", r".", within=("summary",)),
    chrome("sheet", r".", within=("stats",)),
    # --- what stands below a head -----------------------------------------------------------------------------------
    part("output", r"(?P<text>.*)", within=("tool", "group")),
    part("more", r".", within=("text", "prompt", "info", "cancelled")),
    part("plain", r".", within=("plain",)),
    head("plain", r"\S"),
)  # fmt: skip


def _spoken(screen: Screen) -> Screen:
    return Screen(
        provider=screen.provider,
        mode="screen reader",
        programs=screen.programs,
        words=frozenset({"--screen-reader"}),
        rules=RULES,
        readers={kind: reader for kind, reader in qwen_blocks.READERS.items() if kind != "resume"},
        tools=screen.tools,
        facts=(re.compile(r"(?P<model>gemini-[\w.-]+) [\d,]+ [\d,]+"),),
        titles=screen.titles,
        signs=frozenset({"prompt", "text", "tool"}),
        finish=screen.finish,
        margin=0,
    )


GEMINI = _spoken(gemini_cli.SCREEN)
QWEN = _spoken(qwen_code.SCREEN)
