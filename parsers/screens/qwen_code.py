"""Qwen Code's screen since 0.6: Gemini CLI's with a margin of two columns; since about 0.20 without boxes around tools.

What stands at the margin opens a block, and what belongs to it is indented further: an answer that imitates a prompt or
a tool never comes to stand there. Older versions look like Gemini CLI's own (`BEFORE`).
"""

from __future__ import annotations

import re
from dataclasses import replace

from parsers.screens import gemini_cli, qwen_blocks
from parsers.screens.table import Look, Screen, chrome, head, panel, part, tool_table
from parsers.session import Category

_NAME = Look(bold=True)
_MARK = r"(?P<mark>[✓✔✗xo?⊷⊶⏲\-…])"
_TOOL = r"(?P<tool>[A-Za-z][\w-]*(?: Command)?(?: \([\w -]+ MCP Server\))?)"
_EDGE = r" *│?[█│]?$"  # the border of a box; a scrollbar may stand behind it
_STYLE = "[\ufe0e\ufe0f]?"  # since 0.21 glyphs say that they are no emoji
_REFUSED = r"(?:API Error|\b[45]\d\d\b|quota|overloaded|Connection error)"
_BELOW = ("tool", "group", "user_shell")

RULES = (
    # --- the program's furniture: the input box and what is below it are at the left edge --------------------------
    chrome("notice", r"(?:YOLO mode is enabled|Ripgrep (?:is )?not available|Warning: |\(node:\d+\)|\(Use `node )"),
    chrome("logo", r" {2,3}[▄█▀╔╗╚╝═║]{2}"),
    panel("banner", r" {1,3}[┌╭]─+[┐╮]", within=("", "banner")),
    panel("banner", r" {2}│ .* \(/model to change\)"),  # its first rows are out of view
    chrome("banner", r" {1,3}[│└╰]", within=("banner",)),
    chrome("tip", r" {2}Tips?: "),
    chrome("tip", r" {3}\S", after=("tip",)),
    panel("composer", r"─{8,}"),
    chrome("input", r"[>!*](?: |$)"),
    chrome("menu", r" {2}(?:> \S.* {2,}\S|▼|▲|\(\d+/\d+\)| {2}\S.* {2,}\S)", within=("composer",)),
    panel("sheet_of_text", r"[╭│╰]"),
    chrome("footer", r" {2}(?:[➜⏸⏵▶⏳] |\? for shortcuts|(?:Enter to steer|Ctrl\+Q to queue)\b"
           r"|Press (?:Esc|Ctrl\+\w) again\b|.*\((?:shift ?\+ ?)?tab to cycle\))"),
    chrome("spinner", r" {2}[⠀-⣿] "),
    # --- the summary at the end; /stats shows the same sheet --------------------------------------------------------
    head("summary", r" {2}│ +Agent powering down"),
    panel("stats", r" {2}│ +Session Stats"),
    part("session", r" {2}│ +Session ID: +(?P<session>[0-9a-f-]{36})", within=("summary",)),
    part("usage", r" {2}│ {2}(?P<model>[a-z][\w./:-]+)(?: \(main\))? +[\d,]+ +(?P<input>[\d,]+) +(?P<output>[\d,]+) +│",
         within=("summary",)),
    part("sheet", r" {2}[│╰]", within=("summary",)),
    chrome("sheet", r" {2}[│╰]", within=("stats",)),
    head("summary", r" {2}│ {2}(?:Interaction Summary|Session ID:|Tool Calls:|Success Rate:|User Agreement:"
         r"|Code Changes:|Performance|Model Usage)"),  # its first rows are out of view
    head("resume", r"\s*(?P<session>[0-9a-f-]{36})$", after=("resume",)),
    head("resume", r"\s*(?:To continue this session, run )?qwen --resume (?P<session>[0-9a-f-]{36})"),
    chrome("resume", r"\s*To continue this session, run(?: qwen --resume)?$"),
    # --- the conversation -------------------------------------------------------------------------------------------
    chrome("box", r" {2}[╭╰├]─"),
    chrome("box", r" {2}│ *│$", after=("box",)),
    head("group", r" {2}" + _MARK + r" (?P<text>(?:Searched|Read|Listed) .*?)" + _EDGE, body=_NAME),
    head("tool", r" {2}(?:│ )?" + _MARK + r" {1,2}" + _TOOL + r"(?: (?P<input>.*?))?(?: ←)?" + _EDGE, body=_NAME),
    head("user_shell", r" {2}[$!] (?P<command>\S.*?)" + _EDGE),
    head("prompt", r" {2}> (?P<text>\S.*?)" + _EDGE),
    head("text", r" {2}[✦◆]" + _STYLE + r" (?P<text>.*?)" + _EDGE),
    head("cancelled", r" {2}[ℹ●]" + _STYLE + r" {1,2}(?P<text>Request cancelled\..*?)" + _EDGE),
    head("compacted", r" {2}[✦ℹ●]" + _STYLE + r" {1,2}Chat history compressed"),
    head("api_error", r" {2}✕" + _STYLE + r" {1,2}(?P<text>.*" + _REFUSED + r".*?)" + _EDGE),
    head("info", r" {2}[ℹ●✕⚠△]" + _STYLE + r" {1,2}(?P<text>.*?)" + _EDGE),
    part("output", r" {2}│(?P<text>.*?)" + _EDGE, within=_BELOW),
    part("output", r" {4}(?P<text>.*?)" + _EDGE, within=_BELOW),
    part("more", r" {3,}"),
    # --- a run without the interface prints the answer alone --------------------------------------------------------
    part("plain", r".", within=("plain",)),
    head("plain", r"\S"),
)  # fmt: skip

SCREEN = Screen(
    provider="qwen_code",
    programs=frozenset({"qwen", "qwen-code", "@qwen-code/qwen-code"}),
    rules=RULES,
    readers=qwen_blocks.READERS,
    tools=tool_table(
        (r"shell( command)?", Category.SHELL),
        (r"grep|glob|listfiles|list|readfolder|searchfiles|findfiles|lsp", Category.SEARCH),
        (r"webfetch|websearch", Category.WEB),
        (r".* mcp server\)", Category.MCP),
    ),
    banners=(re.compile(r" {1,2}.*>_ Qwen Code \(v(?P<version>\d[\w.-]*)\)"),),
    facts=(
        re.compile(r" {2}.*│ (?:[\w ]+) \| (?P<model>\S+) \(/model to change"),
        re.compile(r" {2}.*│ (?P<cwd>[~/]\S*) *│$"),
    ),
    titles=(re.compile(rf"(?:[^\w\s]{_STYLE} )?Qwen - "),),
    signs=frozenset({"resume"}),
    finish=qwen_blocks.finish,
    margin=4,
)  # fmt: skip

BEFORE = replace(
    gemini_cli.SCREEN,
    provider="qwen_code",
    mode="before 0.6",
    programs=SCREEN.programs,
    banners=(),
    titles=SCREEN.titles,
    signs=frozenset({"text", "tool"}),
)
