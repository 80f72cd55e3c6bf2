"""Claude Code's screen, versions 1.0 to 2.1: a glyph at the left edge opens everything, what belongs to it is indented.

Bullets are grey while pending, green when done (blue in the themes for colour-blind people), red when failed, and of
the theme's text colour, white or black, before the answer.
"""

from __future__ import annotations

import re

from parsers.screens import claude_blocks
from parsers.screens.claude_shapes import API_REFUSES, COUNTS, NUMBER, STOP, TOOL_NAME
from parsers.screens.hues import Hue
from parsers.screens.table import Look, Screen, chrome, head, panel, part, tool_table
from parsers.session import Category

_PLAIN = frozenset({Hue.WHITE, Hue.BLACK})
_DONE = Look(not_hues=_PLAIN | {Hue.GREY, Hue.DEFAULT})
_SURELY_DONE = Look(not_hues=_PLAIN | {Hue.GREY, Hue.DEFAULT}, sure=True)
_PENDING = Look(hues=frozenset({Hue.GREY, Hue.DEFAULT}))
_NOT_TEXT = Look(not_hues=_PLAIN)
_QUIET = Look(hues=frozenset({Hue.GREY, Hue.DEFAULT, Hue.BLACK}))
_GREY = Look(hues=frozenset({Hue.GREY}), sure=True)
_MENU = Look(not_hues=frozenset({Hue.WHITE, Hue.BLACK, Hue.DEFAULT}), sure=True)
_INKED = Look(hues=_PLAIN | {Hue.GREY}, sure=True)  # the grey of secondary text may be next to white
_NOT_RED = Look(not_hues=frozenset({Hue.RED}))
_NAME = Look(bold=True)
_SURELY_A_NAME = Look(bold=True, sure=True)
_SHADED = Look(background=True)
_SURELY_SHADED = Look(background=True, sure=True)
_FAINT = Look(faint=True)

_SPINNER = r"[·✢*✶✻✽✳∗•] "
_TOOL = rf"[●⏺] {TOOL_NAME}"
_TOOL_ALONE = r"[●⏺] (?P<tool>Update Todos|Todo ?Write|Bash ?Output|Kill ?Shell|Exit plan mode|Task ?Output)$"
_WITH_RESULT = (
    "prompt", "shell", "memory", "tool", "collapsed",
    "questions", "plan_approved", "plan_rejected", "plan_updated", "background",
)  # fmt: skip

RULES = (
    # --- the program's furniture -----------------------------------------------------------------------------------
    chrome("banner", r" ?[ ▐▝▘▛▜█▌▀▄▗▖▞▟▙]*[▐▝▘▛▜█▌▀▄▗▖▞▟▙]{2}"),
    chrome("banner", r" ?⚠ \d+ setup issues?: .* · /doctor$"),
    panel("welcome", r"╭─+(?: Claude Code.*)?─*╮?$"),
    panel("welcome", r" ?✻ Welcome to (?:the )?Claude Code"),  # a narrow terminal leaves the box out
    chrome("welcome", r"[│╰]| +\S", within=("welcome",)),
    # --- the end: the session's id, and the costs (before 2.0) -------------------------------------------------------
    head("resume", r"Resume this session with:"),
    part("resume_id", r"claude .*--resume (?P<session>[0-9a-f-]{36})", within=("resume",)),
    head("totals", r"Total cost: +\$(?P<cost>\d[\d,]{0,12}(?:\.\d{1,9})?)"),
    part("duration", r"Total (?:duration|code changes)|(?:Token u|U)sage by model:", within=("totals",)),
    part(
        "usage",
        rf" +(?P<model>[\w.-]+): +(?P<input>{NUMBER}) input, (?P<output>{NUMBER}) output, "
        rf"(?P<cache_read>{NUMBER}) cache read, (?P<cache_write>{NUMBER}) cache write",
        within=("totals",),
    ),
    # --- prompts: shaded since 2.0, faint before; the input box has the same glyph without either --------------------
    chrome("input", r"[❯>!#](?:\s|$)", after=("rule",)),
    head("prompt", r"[❯>]\s(?P<text>.*\S)", lead=_SHADED, body=_SHADED),
    head("prompt", r">\s(?P<text>.*\S)", lead=_FAINT, body=_FAINT),
    head("prompt", r">\s(?P<text>.*\S)", lead=_INKED, body=_INKED),  # up to 1.0.60
    # Before 2.1 the lines of a prompt after the first are not indented.
    part("more", r" ?\S", lead=_SURELY_SHADED, body=_SURELY_SHADED, within=("prompt",), after=("prompt", "more")),
    head("shell", r"!\s(?P<command>.*\S)", lead=_NOT_TEXT),
    head("memory", r"#\s(?P<text>.*\S)", lead=_NOT_TEXT, body=_SHADED),
    # --- what the program says of itself, at the bullet that answers have ---------------------------------------------
    head("questions", r"[●⏺] (?:User answered|Answered|User declined to answer) (?:Claude's )?q", lead=_NOT_TEXT),
    head("plan_approved", r"[●⏺] ?(?:User approved|Approved) Claude's plan", lead=_NOT_TEXT),
    head("plan_rejected", r"[●⏺] ?(?:User rejected|Rejected) Claude's plan", lead=_NOT_TEXT),
    head("plan_rejected", r"  ⎿\s{1,2}User rejected Claude's plan:$", lead=_QUIET),  # 2.0.25
    head("plan_updated", r"[●⏺] ?Updated plan$", lead=_NOT_TEXT, body=_NAME),
    head("background", r'[●⏺] (?:Agent|Task|Background command|Monitor) "', lead=_NOT_TEXT),
    head("agents", r"[●⏺] (?P<count>\d+) (?:\S+ )?agents? (?P<state>finished|launched)", lead=_NOT_TEXT),
    head("agents", r"[●⏺ ] (?:Running|Launching) (?P<count>\d+) (?:\S+ )?agents?…", body=_NOT_RED),
    head("api_error", rf"[●⏺] (?P<text>{API_REFUSES})"),
    # --- tools: the name is bold, the bullet tells the outcome -------------------------------------------------------
    head("tool", _TOOL + r"\((?P<input>.*)", lead=_DONE),
    head("tool", _TOOL + r"\((?P<input>.*)", lead=_PENDING, body=_NAME),
    head("tool", rf"  {TOOL_NAME}\((?P<input>.*)", lead=_SURELY_A_NAME),  # the bullet of a running call blinks
    head("tool", r"[●⏺] (?P<tool>[a-z][\w-]*)\((?P<input>.*)", lead=_SURELY_DONE, body=_NAME),  # an agent of one's own
    head("tool", _TOOL_ALONE, lead=_NOT_TEXT, body=_NAME),
    # --- answers, and what stands where the call would: counts only, grey (2.1) ---------------------------------------
    head("thinking", r"[●⏺ ] (?:Thought|Thinking) for [\dhms ]+…?(?: \(ctrl\+o .*)?$", lead=_QUIET, body=_QUIET),
    head("collapsed", rf"[●⏺ ] {COUNTS}(?: \((?:ctrl\+o.*)?)?$", lead=_QUIET, body=_QUIET),
    head("collapsed", rf"[●⏺] {COUNTS} \(ctrl\+o to expand\)$"),
    head("notice", r"[●⏺] (?P<text>.*\S)", lead=_GREY, body=_GREY),  # the program's own words
    head("text", r"[●⏺] (?P<text>.*\S)"),
    head("thinking", r"∴ (?P<text>.*)"),
    # --- the live part of the screen: input box, menus, dialogs, footer -----------------------------------------------
    head("compacted", r"(?:✻ |═{3,} )(?P<text>Conversation (?:compacted|summarized).*?)(?: ═{3,})?$"),
    chrome("turn_end", r"✻ [A-ZÀ-Ý]\w+ for (?:\d+[hms] ?)+"),
    chrome("spinner", _SPINNER + r"\S"),
    chrome("tasks", r"  \d+ tasks? \(\d+ \w+(?: \w+)?[,)]"),
    chrome("tasks", r"  (?:[✔◻◼☐☒] \S| {2,}\S)", after=("tasks",)),
    chrome("menu", r"  (?:❯ )?/[\w:-]+ {4,}[A-Z]", lead=_MENU, body=_MENU),
    chrome("menu", r" {12,}\S", after=("menu",)),  # the rest of what a narrow terminal breaks
    chrome("footer", r" {2,}(?:[⏸⏵]|\? for shortcuts|◯ |[●◐] \w+ · /effort)", lead=_QUIET),
    chrome("footer", r" {2,}(?:Press \S+ again to exit|(?:esc|ctrl\S+) to \w)", lead=_QUIET),
    panel("rule", r"[─━▔]{10,}|─{3} ↑ \d+ more ─{3,}$"),  # a long text in the input box scrolls
    panel("screen", r" (?:Claude Code v\d[\w.-]*$|Settings: )"),  # /help and /status of 1.0
    chrome("panel", r".", within=("rule", "screen")),
    # --- what stands below a head ------------------------------------------------------------------------------------
    part("stop", r"  ⎿\s{1,2}" + STOP, lead=_QUIET),
    part("result", r"  ⎿\s{1,2}(?P<text>.*)", lead=_QUIET, within=_WITH_RESULT),
    part("running", r"  ⎿\s{1,2}\$ \S", lead=_GREY, within=("text",)),  # no answer: what a command is said to be for
    part("aside", r"  ⎿\s{1,2}(?P<text>.*)", lead=_GREY, within=("text",)),  # of a call that is not shown
    part(
        "branch",
        rf"   [├└]─? (?P<agent>.+?)(?: · (?P<uses>\d{{1,6}}) tool uses?)?(?: · (?P<tokens>{NUMBER}) tokens)?$",
        within=("agents",),
    ),
    part("leaf", r"   [│ ]\s{1,2}⎿", within=("agents",)),
    part("hidden", r" {2,}… \+(?P<lines>\d+) lines? \(", within=("tool", "shell")),
    part("input_more", r" {6}(?P<text>.*)", within=("tool",), after=("tool", "input_more")),
    part("more", r" {2,}"),
    # Before 2.0 the lines of a prompt after the first are not indented.
    part("more", r" ?\S", lead=_FAINT, body=_FAINT, within=("prompt",), after=("prompt", "more")),
    part("more", r" ?\S", lead=_GREY, body=_GREY, within=("prompt",), after=("prompt", "more")),
)

SCREEN = Screen(
    provider="claude_code",
    programs=frozenset({"claude", "claude-code"}),
    resumes=frozenset({"--continue", "-c", "--resume", "-r"}),
    rules=RULES,
    readers=claude_blocks.READERS,
    tools=tool_table(
        (r"bash( ?output)?|kill ?shell", Category.SHELL),
        (r"update|edit|multiedit|edit notebook", Category.EDIT),
        (r".* \(mcp\)|mcp__.*", Category.MCP),
        (r"search|grep|glob|list", Category.SEARCH),
        (r"fetch|web ?search|web ?fetch", Category.WEB),
        (r"task|agent|explore|plan", Category.TASK),
        (r"update todos", Category.TODO),
    ),
    # Block art, the name and the version; "✻ Welcome to Claude Code!" in a box before 2.0.
    banners=(
        re.compile(r"[ ▐▝▘▛▜█▌▀▄▗▖▞▟▙]{4,} *Claude Code v(?P<version>\d[\w.-]*)$"),
        re.compile(r"│ ✻ Welcome to (?:the )?Claude Code(?: research preview)?! +│$"),
        re.compile(r"╭─+ Claude Code(?: v(?P<version>\d[\w.-]*))? ─+╮?$"),
        re.compile(r" ?✻ Welcome to Claude Code!$"),
    ),
    facts=(
        re.compile(r"[ ▐▝▘▛▜█▌▀▄▗▖▞▟▙]{3,}  (?P<model>[A-Z]\w+ [\d.]+)(?: \(.*\))?(?: with \w+ effort)? · "),
        re.compile(r"[ ▐▝▘▛▜█▌▀▄▗▖▞▟▙]{3,}   ?(?P<cwd>[~/]\S*)$"),
        re.compile(r"│ +cwd: (?P<cwd>[~/].*?) +│$"),
        re.compile(r" Claude Code v(?P<version>\d[\w.-]*)$"),
    ),
    titles=(re.compile(r"[✳◐◑✻⠂⠐] Claude Code$"),),
    signs=frozenset({"tool", "collapsed", "resume_id", "turn_end"}),
    finish=claude_blocks.finish,
    styled=re.compile(r"[●⏺❯>] |[─╭]{2}"),
)
