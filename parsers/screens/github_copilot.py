"""Copilot CLI's full screen (1.0) and its `-p` mode: prompts between bars, answers behind ●, tools by their names.

Failures are said: ✗, and `Failed with exit code N` where there is room for it. File names are shown without folders.
"""

from __future__ import annotations

import re

from parsers.screens import copilot_blocks
from parsers.screens.hues import Hue
from parsers.screens.table import Look, Screen, chrome, head, panel, part, tool_table
from parsers.session import Category

_EDGE = r"(?: *┃)?$"  # a scrollbar may stand in the last column
_CLOCK = r" {2,}\d{1,2}:\d\d(?: ?[AP]M)?"
_LOGO = r"[ ╭─╮╰╯█▘▝▔]{0,24}"  # the sheet at the end stands beside it
_NAME = Look(bold=True)
_DONE = Look(hues=frozenset({Hue.GREEN}))  # an answer's bullet is blue
_NOTICES = (
    r"(?:No copilot-instructions\.md|MCP Servers? |Tip: |Welcome |You are |Signed in|Connected to|Loaded |Mode: "
    r"|Session |Environment loaded|Logged in|Remote |Copilot is )"
)

# What both modes print: errors of the API, and the sheet at the end.
_SHARED = (
    head("retry", r" ?● (?P<text>Request failed due to a transient\b.*)"),
    head("api_error", r" ?(?:[●✗] )?(?P<text>(?:Failed to get response from the AI model|Execution failed: |API error"
         r"|Error: ).*)"),
    head("cancelled", r" ?● (?P<text>Operation cancelled by user)"),
    head("sheet", _LOGO + r"Changes {2,}\+\d+ -\d+"),
    part("tokens", _LOGO + r"Tokens {2,}↑ (?P<input>[\d.]+[km]?)(?: \((?P<cache_read>[\d.]+[km]?) cached\))?"
         r" • ↓ (?P<output>[\d.]+[km]?)", within=("sheet",)),
    part("resume", _LOGO + r"Resume {2,}(?P<text>copilot.*)", within=("sheet",)),
    part("resume", r" {6,}(?P<text>[\w=-]+)$", within=("sheet",), after=("resume",)),
    part("sheet", _LOGO + r"(?:Duration|AI Credits|Requests|Session) {2,}|[ ╭─╮╰╯█▘▝▔]+$", within=("sheet",)),
)  # fmt: skip

RULES = (
    # --- the program's furniture ----------------------------------------------------------------------------------
    chrome("tabs", r" {1,3}\[?Current\]? {2,}Sessions {2,}"),
    *_SHARED,
    chrome("logo", r" *[╭─╮╰╯█▘▝▔ ]*[╭╰█▔][╭─╮╰╯█▘▝▔ ]*(?: {2}(?:Copilot v\S+ uses AI|Check for mis).*)?$"),
    chrome("input", r" ?[╻╹┃]"),
    chrome("footer", r" {1,2}(?:← open sidebar|.* · Manual Approval|.* · / commands|[●◉◎○] Working"
           r"|.*ctrl\+c again to exit|[~/]\S* \[⎇)"),
    panel("dialog", r" ?│ (?:Confirm folder trust|Do you want to |Do you trust )"),
    chrome("dialog", r" ?[│╭╰]", within=("dialog",)),
    panel("notice", r" ● " + _NOTICES),
    chrome("notice", r" {3,}", within=("notice",)),
    chrome("notice", r"Package extraction took"),
    # --- the conversation -----------------------------------------------------------------------------------------
    chrome("bar_end", r" ?▀{8,}"),
    panel("bar", r" ?▄{8,}"),
    head("shell_mode", r" {1,2}[!$] (?P<text>\S.*?)" + _CLOCK + _EDGE),
    head("prompt", r" {1,2}❯ (?P<text>\S.*?)" + _CLOCK + _EDGE),
    head("prompt", r" {1,2}❯ (?P<text>\S.*?)" + _EDGE, after=("bar",)),
    panel("menu", r" {1,2}❯ "),  # of what may go on as it is typed
    chrome("menu", r" {3,}", within=("menu",)),
    chrome("composer", r"─{8,}$|❯(?: |$)"),
    panel("notice", r" ! \S"),
    part("more", r" {3}(?P<text>.*?)" + _EDGE, within=("prompt",), after=("prompt", "more")),
    head("tool", r" (?P<mark>●) (?P<tool>Read|View|Edit|Create|Write|Delete) (?P<rest>\S.* (?:\d+ lines? read|[+-]\d+))"
         + _EDGE, lead=_DONE, body=_NAME),  # a file of a type without letters of its own
    head("text", r" ● {1,2}(?P<text>.*?)" + _EDGE),
    head("tool", r" (?P<mark>[A-Z+#]{1,4}|\w{1,4}) (?P<tool>Read|View|Edit|Create|Write|Delete)"
         r"(?: (?P<rest>.*?))?" + _EDGE),
    head("tool", r" (?P<mark>[^\s\w●❯│]{1,2}|[A-Z]{1,3}) (?P<tool>[A-Z]\w+(?: (?:search|fetch|task)\b)?)"
         r"(?: (?P<rest>.*?))?" + _EDGE, body=_NAME),
    part("heading", r" {3}(?P<text>\S.*?)" + _EDGE, within=("tool",), body=_NAME),
    part("leaf", r" {4,}└ (?P<text>.*?)" + _EDGE, within=("tool",)),
    part("command", r" {3}(?P<text>.*?)" + _EDGE, within=("tool",), after=("tool", "command")),
    part("output", r" {3,}(?P<text>.*?)" + _EDGE, within=("tool",)),
    part("more", r" {3,}", within=("text", "retry", "api_error", "cancelled")),
    chrome("edge", r" *┃$"),
)  # fmt: skip

_ABOUT = {
    "provider": "github_copilot",
    "programs": frozenset({"copilot", "github-copilot", "@github/copilot"}),
    "tools": tool_table(
        (r"shell|bash|powershell|stop|run", Category.SHELL),
        (r"create|write", Category.WRITE),
        (r"edit|delete|move", Category.EDIT),
        (r"search|find|glob|list|grep", Category.SEARCH),
        (r"fetch|web search|web fetch", Category.WEB),
        (r"task|agent|explore|.* task", Category.TASK),
        (r"todo|plan|todos", Category.TODO),
    ),
    "readers": copilot_blocks.READERS,
    "finish": copilot_blocks.finish,
}

SCREEN = Screen(
    **_ABOUT,  # type: ignore[arg-type]
    rules=RULES,
    banners=(
        re.compile(r".*(?:GitHub )?Copilot v(?P<version>\d[\w.-]*) uses AI"),
        re.compile(r".*Welcome to GitHub (?P<name>Copilot) CLI"),
    ),
    facts=(
        re.compile(r".* esc interrupt {3,}(?P<model>[a-z][\w.-]+)$"),
        re.compile(r".* · .* {3,}(?P<model>[a-z]+-[\w.-]+)$"),
    ),
    titles=(re.compile(r"(?:.* - )?GitHub Copilot$"),),
    signs=frozenset({"resume"}),
)  # fmt: skip

PRINT_RULES = (
    *_SHARED,
    chrome("usage", r"Total (?:usage est|duration|code changes|session time)|Usage by model:|Breakdown by AI model"),
    head("tool", r"(?P<mark>[^\w\s│└`*#>-]) (?P<title>.*?) ?\((?P<tool>[a-z][\w-]*)\)$", body=_NAME),
    head("tool", r"(?P<mark>[^\w\s│└`*#>-]) (?P<tool>[A-Z]\w+)(?: (?P<rest>.*))?$", body=_NAME),
    part("command", r" {2}│ (?P<text>.*)", within=("tool",)),
    part("output", r" {2,}(?:└ )?(?P<text>.*)", within=("tool",)),
    part("more", r".", within=("text", "api_error")),
    head("text", r"(?:● )?(?P<text>\S.*)"),
    head("text", r"\s*(?P<text>\S.*)"),
)

PRINT = Screen(
    **_ABOUT,  # type: ignore[arg-type]
    mode="print",
    words=frozenset({"-p", "--prompt"}),
    rules=PRINT_RULES,
    banners=(re.compile(r"Resume {2,}copilot --resume="),),
    flowing=frozenset(),
    margin=0,
)
