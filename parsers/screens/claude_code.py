"""Claude Code's screen, versions 1.0 to 2.1: a glyph at the left edge opens everything, what belongs to it is indented.

Bullets are grey while pending, green when done, red when failed, white (the theme's text colour) before the answer.
"""

from __future__ import annotations

import re

from parsers.screens import claude_blocks
from parsers.screens.hues import Hue
from parsers.screens.table import Look, Screen, chrome, head, panel, part, tool_table
from parsers.session import Category

_DONE = Look(hues=frozenset({Hue.GREEN, Hue.RED}))
_PENDING = Look(hues=frozenset({Hue.GREY, Hue.BLACK, Hue.DEFAULT}))
_NOT_TEXT = Look(not_hues=frozenset({Hue.WHITE}))
_QUIET = Look(hues=frozenset({Hue.GREY, Hue.DEFAULT, Hue.BLACK}))
_NAME = Look(bold=True)
_SHADED = Look(background=True)
_FAINT = Look(faint=True)

# What a result says when a prompt, an answer or a tool was cut short or the API refused, in any version.
_STOP = (
    r"(?P<stop>(?:Interrupted|Request interrupted|\[Request interrupted|API Error|Context limit reached|Prompt is too long"
    r"|Invalid API key|Credit balance|Please run /login|\d{3} \{).*)"
)
_SPINNER = r"[·✢*✶✻✽✳∗•] "
_TOOL = r"[●⏺] (?P<tool>[A-Z]\w*(?: [A-Z]\w*)?|mcp__\w+|[\w.-]+(?: [\w.-]+)* - [\w -]+ \(MCP\)|[\w.-]+:[\w.-]+ \(MCP\))"

RULES = (
    # --- the program's furniture -----------------------------------------------------------------------------------
    chrome("banner", r" ?[ ▐▝▘▛▜█▌▗▖▞▟▙]*[▐▝▘▛▜█▌▗▖▞▟▙]{2}"),
    panel("welcome", r"╭─+(?: Claude Code.*)?─*╮?$"),
    chrome("welcome", r"[│╰]", within=("welcome",)),
    chrome("input", r"[│|] [>!#] ", after=("welcome",)),
    # --- the end: the session's id, and the costs (before 2.0) ---------------------------------------------------------
    head("resume", r"Resume this session with:"),
    part("resume_id", r"claude .*--resume (?P<session>[0-9a-f-]{36})", within=("resume",)),
    head("totals", r"Total cost: +\$(?P<cost>[\d.,]+)"),
    part("duration", r"Total (?:duration|code changes)", within=("totals",)),
    part("usage", r"(?:Usage by model:| +(?P<model>[\w.-]+): +(?P<input>[\d.]+[kmb]?) input, (?P<output>[\d.]+[kmb]?) output, "
         r"(?P<cache_read>[\d.]+[kmb]?) cache read, (?P<cache_write>[\d.]+[kmb]?) cache write)", within=("totals",)),
    # --- prompts: shaded since 2.0, faint before; the input box has the same glyph without either -----------------------
    chrome("input", r"[❯>!#](?:\s|$)", after=("rule",)),
    head("prompt", r"[❯>]\s(?P<text>.*\S)", lead=_SHADED, body=_SHADED),
    head("prompt", r">\s(?P<text>.*\S)", lead=_FAINT, body=_FAINT),
    head("shell", r"! (?P<command>.*\S)", lead=_NOT_TEXT),
    head("memory", r"# (?P<text>.*\S)", lead=_NOT_TEXT, body=_SHADED),
    # --- what the assistant's program says of itself, at the bullet that its answers have --------------------------------
    head("questions", r"[●⏺] (?:User answered|Answered|User declined to answer) (?:Claude's )?questions", lead=_NOT_TEXT),
    head("plan_approved", r"[●⏺] ?(?:User approved|Approved) Claude's plan", lead=_NOT_TEXT),
    head("plan_rejected", r"[●⏺] ?(?:User rejected|Rejected) Claude's plan", lead=_NOT_TEXT),
    head("plan_updated", r"[●⏺] ?Updated plan$", lead=_NOT_TEXT, body=_NAME),
    head("agents", r"[●⏺] (?P<count>\d+) (?:\S+ )?agents? (?P<state>finished|launched)", lead=_NOT_TEXT),
    head("agents", r"[●⏺ ] (?:Running|Launching) (?P<count>\d+) (?:\S+ )?agents?…", body=Look(not_hues=frozenset({Hue.RED}))),
    head("background", r"[●⏺] (?P<count>\d+) background agents? launched", lead=_NOT_TEXT),
    head("background", r'[●⏺] (?:Agent|Task|Background command|Monitor) "', lead=_NOT_TEXT),
    head("api_error", r"[●⏺] (?P<text>API Error\b.*|Invalid API key\b.*|Prompt is too long.*|Credit balance is too low.*)"),
    # --- tools: the name is bold, the bullet tells the outcome -------------------------------------------------------
    head("tool", _TOOL + r"\((?P<input>.*)", lead=_DONE),
    head("tool", _TOOL + r"\((?P<input>.*)", lead=_PENDING, body=_NAME),
    head("tool", _TOOL + r"$", lead=_NOT_TEXT, body=_NAME),
    # --- answers -----------------------------------------------------------------------------------------------------
    head("text", r"[●⏺] (?P<text>.*\S)"),
    # --- collapsed tool uses (2.1): counts only, grey ------------------------------------------------------------------
    head("collapsed", r"(?:  |● )(?P<text>(?:Searched for|Read|Listed|Called|Ran|Edited|Wrote|Fetched|Searching for|Reading|Listing|Calling|Running)"
         r" (?=.*\d).*?) \(ctrl\+o to expand\)", body=_QUIET),
    head("thinking", r"(?:  |● )?(?:Thought for|Thinking for) .*\(ctrl\+o", body=_QUIET),
    head("thinking", r"∴ (?P<text>.*)"),
    # --- the live part of the screen: input box, menus, dialogs, footer ------------------------------------------------
    head("compacted", r"✻ Conversation (?:compacted|summarized)"),
    chrome("turn_end", r"✻ [A-ZÀ-Ý]\w+ for (?:\d+[hms] ?)+"),
    chrome("spinner", _SPINNER + r"\S"),
    chrome("footer", r" {2,}(?:[⏸⏵]|\? for shortcuts|Press \S+ again to exit|(?:esc|ctrl\S+) to \w|◯ |[●◐] \w+ · /effort)", lead=_QUIET),
    panel("rule", r"[─━▔]{10,}"),
    panel("screen", r" (?:Claude Code v\d[\w.-]*$|Settings: )"),  # /help and /status of 1.0
    chrome("panel", r".", within=("rule", "screen")),
    # --- what stands below a head ----------------------------------------------------------------------------------
    part("stop", r"  ⎿\s{1,2}" + _STOP, lead=_QUIET),
    part("result", r"  ⎿\s{1,2}(?P<text>.*)", lead=_QUIET,
         within=("prompt", "shell", "memory", "tool", "questions", "plan_approved", "plan_rejected", "plan_updated", "background", "collapsed")),
    part("branch", r"   [├└]─? (?P<agent>.+?) · (?P<uses>\d+) tool uses?(?: · (?P<tokens>[\d.]+[kmb]?) tokens)?", within=("agents",)),
    part("branch", r"   [├└]─? (?P<agent>.+?)(?: · .*)?$", within=("agents",)),
    part("leaf", r"   [│ ]\s{1,2}⎿", within=("agents",)),
    part("hidden", r" {2,}… \+(?P<lines>\d+) lines? \(", within=("tool", "shell")),
    part("input_more", r" {6}(?P<text>.*)", within=("tool",), after=("tool", "input_more")),
    part("more", r" {2,}"),
    # Before 2.0 the lines of a prompt after the first are not indented.
    part("more", r"\S", lead=_FAINT, body=_FAINT, within=("prompt",), after=("prompt", "more")),
    # --- screen reader mode (2.1): flat, a word and a colon before everything, nothing indented ------------------------
    head("reader_prompt", r"you: (?P<text>.*\S)"),
    head("reader_tool", r"tool: (?P<tool>\w+) \((?P<input>.*)"),
    head("reader_text", r"claude: (?P<text>.*\S)"),
    panel("reader_dialog", r"Permission Required: "),
    chrome("reader_dialog", r".", within=("reader_dialog",)),
    part("more", r".", within=("reader_prompt", "reader_text")),
    part("result", r"(?:result: )?(?P<text>.*)", within=("reader_tool",), after=("reader_tool",)),
    part("more", r".", within=("reader_tool",)),
)  # fmt: skip

SCREEN = Screen(
    provider="claude_code",
    programs=frozenset({"claude", "claude-code", "@anthropic-ai/claude-code"}),
    resumes=frozenset({"--continue", "-c", "--resume", "-r"}),
    rules=RULES,
    readers=claude_blocks.READERS,
    tools=tool_table(
        (r"bash( output)?|kill shell|task output", Category.SHELL),
        (r"update|edit|multiedit|edit notebook", Category.EDIT),
        (r".* \(mcp\)|mcp__.*", Category.MCP),
        (r"search|grep|glob|list", Category.SEARCH),
        (r"fetch|web ?search|web ?fetch", Category.WEB),
        (r"task|agent|explore|plan", Category.TASK),
        (r"update todos", Category.TODO),
    ),
    # Block art, the name and the version; "✻ Welcome to Claude Code!" in a box before 2.0.
    banners=(
        re.compile(r"[ ▐▝▘▛▜█▌▗▖▞▟▙]{4,} *Claude Code v(?P<version>\d[\w.-]*)$"),
        re.compile(r"│ ✻ Welcome to (?:the )?Claude Code(?: research preview)?! +│$"),
        re.compile(r"╭─+ Claude Code v(?P<version>\d[\w.-]*) ─+╮?$"),
    ),
    facts=(
        re.compile(r"[ ▐▝▘▛▜█▌▗▖▞▟▙]{3,}  (?P<model>[A-Z]\w+ [\d.]+)(?: \(.*\))?(?: with \w+ effort)? · "),
        re.compile(r"[ ▐▝▘▛▜█▌▗▖▞▟▙]{3,}   ?(?P<cwd>[~/]\S*)$"),
        re.compile(r"│ +cwd: (?P<cwd>[~/].*?) +│$"),
    ),
    titles=(re.compile(r"[✳◐◑✻⠂⠐] Claude Code$"),),
    signs=frozenset({"tool", "collapsed", "resume_id", "turn_end", "reader_tool", "reader_text"}),
    finish=claude_blocks.finish,
    flowing=frozenset({"prompt", "text", "reader_prompt", "reader_text"}),
)
