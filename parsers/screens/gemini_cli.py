"""Gemini CLI's screen, versions 0.8 to 0.61. Qwen Code's was made from it.

Prompts stand between bars of half blocks (before 0.24 alone behind `>`), answers behind ✦, tools in boxes or, since
about 0.40, on one line. The mark before a tool tells whether it ran, not whether a command failed.
"""

from __future__ import annotations

import re

from parsers.screens import gemini_blocks
from parsers.screens.table import Look, Screen, chrome, head, panel, part, tool_table
from parsers.session import Category

_NAME = Look(bold=True)
_FILLED = Look(background=True, sure=True)
_MARK = r"(?P<mark>[✓✔✗xo?⊷⊶⏲\-…])"
_TOOL = r"(?P<tool>[A-Za-z][\w-]*(?: Command)?(?: \([\w -]+ MCP Server\))?)"

RULES = (
    # --- the program's furniture ----------------------------------------------------------------------------------
    chrome("logo", r" *[ ░▒█▀▄▝▜▗▟▛▙▘▖▐▌]*[░▝▜▗▟█]{2}[ ░▒█▀▄▝▜▗▟▛▙▘▖▐▌]*(?:  +\S.*)?$|[ ▝▀▗▟]*▝▀$"),
    panel("banner", r" Gemini CLI v\d"),  # on a narrow screen it stands below the logo
    chrome("banner", r" [A-Z]", within=("banner",)),
    chrome("notice", r"(?:YOLO mode is enabled|Ripgrep is not available|Loaded cached credentials"
           r"|Data collection is disabled|\[STARTUP\]|\(node:\d+\)|\(Use `node |Hook registry initialized|Warning: )"),
    panel("tips", r"Tips for getting started:"),
    chrome("tip", r"\d\. ", within=("tips",)),
    panel("dialog", r" ?[│ ] (?:Do you trust (?:the files in )?this folder|Apply this change\?|Allow execution"
          r"|How would you like to auth)"),
    chrome("dialog", r" ?[│╰╭]", within=("dialog",)),
    chrome("footer", r" +(?:\? for shortcuts|Shift\+Tab to |YOLO Ctrl\+Y|auto-accept edits|accepting edits"
           r"|workspace \(/directory\))"),
    chrome("footer", r" ?[~/]\S* .*(?:no sandbox|sandbox-exec|gemini-|context left)"),
    chrome("spinner", r" ?[⠀-⣿] .*"),
    chrome("restart", r" Gemini CLI is restarting"),
    # --- prompts: the input box has the same bars, below a line and the approval mode -----------------------------
    panel("input", r" ?▄{8,}$", after=("rule", "footer")),
    chrome("input", r"(?: [>!*] | {3}|▀{8})", within=("input",)),
    chrome("rule", r"[─]{8,}$"),
    panel("bar", r"▄{8,}$"),
    head("user_shell", r" [$!] (?P<command>\S.*)", after=("bar",)),
    chrome("placeholder", r" ?[│ ]?[>*!] {2,}Type your message"),
    head("prompt", r" [>*] (?P<text>\S.*)", after=("bar",)),
    chrome("input", r" [>*!] ", after=("rule", "footer"), lead=_FILLED),
    head("prompt", r" [>*] (?P<text>\S.*)", lead=_FILLED),  # where colours are too few for half blocks
    part("more", r" {2,}", within=("prompt",), after=("prompt", "more")),
    chrome("bar", r"▀{8,}$"),
    head("prompt", r"> (?P<text>\S.*)"),
    head("prompt", r"│? ?> (?P<text>\S.*?) *│$", after=("box",)),
    # --- answers and what the program says of itself --------------------------------------------------------------
    head("text", r"✦ (?P<text>.*)"),
    head("cancelled", r" ?ℹ {1,2}(?P<text>Request cancelled\..*)"),
    head("compacted", r" ?(?:✦|ℹ) {1,2}Chat history compressed"),
    head("model", r" ?ℹ {1,2}(?P<text>.*(?:[Ss]witched to|[Ff]alling back to|[Ss]witching to|now using) .*model.*)"),
    head("api_error", r" ?✕ {1,2}(?P<text>.*(?:API Error|status: \d{3}|quota|overloaded).*)"),
    head("info", r" ?[ℹ✕⚠△] {1,2}(?P<text>.*)"),
    head("attempt", r"Attempt (?P<attempt>\d{1,3}) failed(?: with status (?P<status>\d+))?[:.]"),
    head("gave_up", r"(?:Error when talking to Gemini API|An unexpected critical error occurred)"),
    head("failed_tool", r"Error executing tool (?P<tool>\w+): (?P<text>.*)"),  # of a run without the interface
    part("trace", r"(?: {2,}|[}\]]|_ApiError)", within=("attempt", "gave_up")),
    # --- the summary at the end; /stats shows the same sheet ------------------------------------------------------
    head("summary", r"│ +Agent powering down"),
    panel("stats", r"│ +Session Stats"),
    part("session", r"│ +Session ID: +(?P<session>[0-9a-f-]{36})", within=("summary",)),
    part("resume", r"│ +To resume this session: \S+ --resume(?: (?P<session>[0-9a-f-]{36}))?", within=("summary",)),
    part("resume_id", r"│ +(?P<session>[0-9a-f-]{36}) *│", within=("summary",), after=("resume",)),
    part("usage", r"│ {2}(?P<model>[a-z][\w.-]+) +[\d,]+ +(?P<input>[\d,]+)(?: +(?P<cache_read>[\d,]+))?"
         r" +(?P<output>[\d,]+) +│", within=("summary",)),
    part("sheet", r"[│╰]", within=("summary",)),
    chrome("sheet", r"[│╰]", within=("stats",)),
    # --- tools ----------------------------------------------------------------------------------------------------
    panel("agents", r" ?│ ≡ "),
    head("agent", r" ?│ " + _MARK + r" (?P<agent>[\w-]+) · (?P<state>.*?) *│?$", after=("agents", "agent")),
    head("tool", r" ?│ " + _MARK + r" {1,2}" + _TOOL + r"(?: (?P<input>.*?))? *│?$", body=_NAME),
    head("tool", r" {2}" + _MARK + r" {2}" + _TOOL + r"(?: {1,2}(?P<compact>.*))?$", body=_NAME),
    chrome("box", r" ?[╭╰├]─"),
    part("output", r" ?│(?P<text>.*?)│?$", within=("tool", "user_shell")),
    part("diff", r" {2,}", within=("tool",)),
    panel("sheet_of_text", r"│.*│?$", after=("box",)),
    chrome("sheet_of_text", r" ?│", within=("sheet_of_text",)),
    part("more", r" {2}", within=("text", "info", "cancelled", "model")),
    chrome("tip", r"\S", within=("tips",), after=("tip",)),  # where it was wrapped
    # --- a run without the interface prints the answer alone ------------------------------------------------------
    part("plain", r".", within=("plain",)),
    head("plain", r"\S"),
)  # fmt: skip

SCREEN = Screen(
    provider="gemini_cli",
    programs=frozenset({"gemini", "gemini-cli", "@google/gemini-cli"}),
    rules=RULES,
    readers=gemini_blocks.READERS,
    tools=tool_table(
        (r"shell( command)?", Category.SHELL),
        (r"searchtext|findfiles|readfolder", Category.SEARCH),
        (r"googlesearch|webfetch", Category.WEB),
        (r".* mcp server\)", Category.MCP),
        (r"writetodos", Category.TODO),
    ),
    banners=(
        re.compile(r" (?:▝▜▄ +)?Gemini CLI v(?P<version>\d[\w.-]*)"),
        re.compile(r"YOLO mode is enabled\. All tool calls will be"),
        re.compile(r"Ripgrep is not available\. Falling back to GrepTool"),
    ),
    facts=(
        re.compile(r" +(?P<cwd>[~/]\S*) +\S.* (?P<model>gemini-[\w.-]+)(?: \(\d+% context left\))?$"),
        re.compile(r"│ {2}(?P<model>gemini-[\w.-]+) +[\d,]+ +[\d,]+"),
    ),
    titles=(re.compile(r"Gemini - "), re.compile(r"[◇✦✋⏲] +(?:Ready|Working…|Action Required) \(")),
    signs=frozenset({"tool", "summary", "usage"}),
    finish=gemini_blocks.finish,
)  # fmt: skip
