"""opencode's full screen (1.0, 1.18): bars at the left of prompts and of tools with output, answers indented by five.

The bar of a prompt has its agent's colour, that of a tool the background's. A rejected call is struck through; a call
that failed is red, but for shell commands, which show nothing but their output.
"""

from __future__ import annotations

import re

from parsers.screens import opencode_blocks, opencode_run
from parsers.screens.hues import Hue
from parsers.screens.table import Look, Screen, chrome, head, panel, part, tool_table
from parsers.session import Category

_GREY = Look(hues=frozenset({Hue.GREY}))
_MUTED = Look(not_hues=frozenset({Hue.WHITE, Hue.BLACK, Hue.DEFAULT}))  # what is written in an answer is bright
_RED = Look(hues=frozenset({Hue.RED}))
_BRIGHT_BAR = Look(not_hues=frozenset({Hue.BLACK, Hue.GREY, Hue.WHITE, Hue.DEFAULT, Hue.RED}))
_DARK_BAR = Look(hues=frozenset({Hue.BLACK}))
_BAR = r" {2}┃ {2}"
_INLINE = r" {5}"
_NAMED = (
    r"(?P<tool>[A-Z]\w*(?:[ -][A-Z]\w*)*?) (?P<input>\"[^\"]*\"|\S+)(?P<rest>.*)"  # Read app/x.py, Exa Web Search "…"
)
_COMMAND = r"(?:\$|(?P<running>[⠀-⣿])) (?P<command>\S.*)"
_EDIT = r"← (?:Edit|Patched|Patch) (?P<file>\S.*)"
_WRITE = r"(?:#|←) (?:Wrote|Created|Write) (?P<file>\S.*)"
_BARRED = ("prompt", "thinking", "api_error")
_TOOLS = ("shell", "edit", "write", "todos", "titled")

RULES = (
    # --- the program's furniture ----------------------------------------------------------------------------------
    chrome("header", _BAR + r"# .*\(\$[\d.]+\)(?: v\d[\d.]*)?$"),
    chrome("header", _BAR + r"(?:/share|https://opncd\.ai/)"),
    panel("dialog", _BAR + r"△ Permission required|" + _BAR + r"Permission required to run this tool"),
    chrome("dialog", _BAR + r".*(?:Allow once|enter accept|⇆ select)"),
    chrome("menu", r" {2}┃ /\S+ {2,}"),
    chrome("composer", _BAR + r"(?:[A-Z]\w+)(?: ·|  )\s*\S.*", after=("bar", "prompt", "more", "composer")),
    chrome("composer", r" *╹▀"),
    chrome("footer", r".*(?:ctrl\+p commands|tab agents|tab switch agent|esc interrupt|ctrl\+x \w+ view subagents)"),
    chrome("footer", r" {2,}[~/]\S*(?::\S+)?(?: {3,}\S.*)?$"),
    chrome("logo", r"[ ▄█▀▐▌▝▘▗▖]+$"),
    chrome("pending", _INLINE + r"~ "),
    # --- the end --------------------------------------------------------------------------------------------------
    chrome("title", r" {2}Session {2,}\S"),
    head("resume", r" {2}Continue {2,}opencode (?:-s|--session) (?P<session>ses_\w+)"),
    # --- tools with output, behind a dark bar ---------------------------------------------------------------------
    chrome("bar", r" {2}┃$"),
    chrome("hint", _BAR + r"(?:Click to (?:expand|collapse)|QUEUED)"),
    *(
        head(kind, _BAR + pattern, after=("",), lead=_DARK_BAR)  # at the top of a page, the bar's first row out of view
        for kind, pattern in (("shell", _COMMAND), ("edit", _EDIT), ("write", _WRITE))
    ),
    head("shell", _BAR + _COMMAND, after=("bar", "titled")),
    part("command", _BAR + r"(?P<command>.*)", within=("shell",), after=("shell", "command")),
    head("edit", _BAR + _EDIT, after=("bar",)),
    head("write", _BAR + _WRITE, after=("bar",)),
    head("todos", _BAR + r"# Todos"),
    head("titled", _BAR + r"[#◉] (?P<text>\S.*)", after=("bar",), lead=_DARK_BAR),
    # --- prompts, thoughts and errors behind a bright bar ---------------------------------------------------------
    head("thinking", _BAR + r"(?:_?Thinking:_? )(?P<text>.*)"),
    head("api_error", _BAR + r"(?P<text>\S.*)", lead=_RED, after=("bar", "")),
    chrome("user", _BAR + r"\S+(?: \(\d.*\))?$", body=_GREY, within=("prompt",), after=("prompt", "more")),
    part("more", _BAR + r"(?P<text>.*)", within=_BARRED, after=(*_BARRED, "more")),
    head("prompt", _BAR + r"(?P<text>\S.*)", lead=_BRIGHT_BAR),
    part("output", r" {2}┃ ?(?P<text>.*)", within=_TOOLS),
    # --- tools on one line ----------------------------------------------------------------------------------------
    head("thought", _INLINE + r"[+-] Thought\b"),
    head("turn", _INLINE + r"▣ {1,2}\S+ · .+?(?: · [\d.]+\w+(?: \d+\w+)?)?(?: · (?P<stop>interrupted))?$"),
    head("shell", _INLINE + r"\$ (?P<command>\S.*)", lead=_MUTED),
    head("task", _INLINE + r"(?P<mark>[✓✗•│◉⠀-⣿]) (?P<agent>[\w-]+) Task (?:— )?(?P<text>.*)", lead=_MUTED),
    part("calls", _INLINE + r" *[↳└] (?P<text>.*)", within=("task",)),
    head("inline", _INLINE + r"(?P<glyph>[→←✱%◈◇⚙✎#]) " + _NAMED, lead=_MUTED),
    head("text", _INLINE + r"(?P<text>\S.*)", after=("bar", "turn", "")),
    part("more", r" {5,}", within=("text",)),
    head("text", _INLINE + r"(?P<text>\S.*)"),
    part("output", r" {5,}(?P<text>.*)", within=("task",)),
)  # fmt: skip

_ABOUT = {
    "provider": "opencode",
    "programs": frozenset({"opencode", "opencode-ai"}),
    "tools": tool_table(
        (r"exa web search|web ?fetch|.*web search|code search", Category.WEB),
        (r"list|glob|grep", Category.SEARCH),
        (r"patched|patch", Category.EDIT),
    ),
    "finish": opencode_blocks.finish,
}

SCREEN = Screen(
    **_ABOUT,  # type: ignore[arg-type]
    rules=RULES,
    readers=opencode_blocks.READERS,
    banners=(re.compile(r" {2}Continue {2,}opencode (?:-s|--session) ses_"),),
    facts=(re.compile(_INLINE + r"▣ {1,2}\w+ · (?P<model>.+?)(?: · (?:[\d.]+\w+.*|interrupted))?$"),),
    titles=(re.compile(r"OpenCode$|OC \| "),),
    signs=frozenset({"turn", "resume"}),
    margin=5,
)

_RUN_TOOLS = ("shell", "edit", "write", "titled")
RUN_RULES = (
    chrome("agent", r"(?:>|@) \S+ · \S"),
    head("shell", r"\$ (?P<command>\S.*)"),
    head("shell", r"\| {1,2}Bash {2,}(?P<command>\S.*)"),
    head("edit", r"← (?:Edit|Patch(?:ed)?) (?P<file>\S.*)"),
    head("write", r"(?:←|#) (?:Write|Wrote|Created) (?P<file>\S.*)"),
    head("todos", r"# Todos"),
    head("task", r"(?P<mark>[✓✗•]) (?:(?P<agent>[\w-]+) Task|(?P<text>\S.* Agent))"),
    head("inline", r"(?P<glyph>[→←✱%◈◇⚙✗]) " + _NAMED),
    head("inline", r"\| {1,2}" + r"(?P<tool>[A-Z]\w+) {2,}(?P<input>\S+)(?P<rest>.*)"),
    part("why", r"Error: (?P<text>.*)", within=("inline", "shell", "edit", "write", "task"), after=("inline",)),
    head("api_error", r"Error: (?P<text>.*)"),
    part("output", r"(?P<text>.*)", within=_RUN_TOOLS),
    part("more", r".", within=("text", "api_error")),
    head("text", r"(?P<text>\S.*)"),
    head("text", r"\s*(?P<text>\S.*)"),
)

RUN = Screen(
    **_ABOUT,  # type: ignore[arg-type]
    mode="run",
    words=frozenset({"run"}),
    rules=RUN_RULES,
    readers=opencode_blocks.READERS,
    banners=(re.compile(r"> (?:build|plan|general) · (?P<model>\S+)$"),),
    signs=frozenset({"inline", "edit", "write"}),
    settle=opencode_run.apart,
    flowing=frozenset(),
    margin=0,
)
