"""OpenAI Codex's screen, 0.34 to 0.171: bullets at the left edge, results on a `└` below them.

A tool's name is bold and its bullet green or red; an answer's first word is not bold; reasoning is italic or faint.
"""

from __future__ import annotations

import re

from parsers.screens import codex_again, codex_blocks
from parsers.screens.hues import Hue
from parsers.screens.table import Look, Screen, chrome, head, panel, part, tool_table
from parsers.session import Category

_NAME = Look(bold=True)
_SURELY_A_NAME = Look(bold=True, sure=True)
_SHADED = Look(background=True)
_SURELY_SHADED = Look(background=True, bold=False, faint=False, sure=True)
_UNSHADED = Look(background=False)
_QUIET = Look(faint=True)
_PLACEHOLDER = Look(faint=True, sure=True)
_FAINT_GLYPH = Look(faint=True, sure=True)
_ITALIC = Look(italic=True, sure=True)
_FAINT_WORDS = Look(faint=True, sure=True)
_COLOURED = Look(not_hues=frozenset({Hue.DEFAULT, Hue.WHITE}))
_PLAIN = Look(hues=frozenset({Hue.DEFAULT}), background=False, bold=False, faint=False, sure=True)
_MAGENTA = Look(hues=frozenset({Hue.MAGENTA}))
_COLOURED_WORDS = Look(not_hues=frozenset({Hue.DEFAULT}))
_NOT_WHITE = Look(not_hues=frozenset({Hue.WHITE}))

_UUID = r"(?P<session>[0-9a-f]{8}-[0-9a-f-]{27})"
_WRAPPED = ("interrupted", "error", "warning", "retry", "stdin")  # these are not indented where they go on
_NUMBER = r"\d[\d,]{0,18}"

RULES = (
    part(  # whatever it looks like: only the program's own rows have styles
        "expanded_output",
        r".",
        lead=_PLAIN,
        within=("expanded",),
        after=("expanded", "expanded_more", "expanded_output"),
    ),
    # --- the program's furniture -----------------------------------------------------------------------------------
    chrome("art", r"[\s\u2800-\u28ff]+$"),
    chrome("banner", r" *>_ (?:You are using )?OpenAI Codex\b"),
    chrome("banner", r" {4,}[~/]", after=("banner",)),
    chrome("box", r"[╭│╰]"),
    chrome("permissions", r"  permissions: \S", within=("",)),
    panel("popup", r"  Mentions$", within=("", "prompt")),
    panel("tip", r"  ?(?:Tip:|To get started, |⚠ MCP)"),
    chrome("rule", r"─ Worked for .*─{4}|─{10,}$"),
    panel("turn_end", r"  Worked for <?\d+[hms].* • \d"),  # what stands below is no answer's: dialogs, notices
    panel("turn_end", r"  \d\d:\d\d$", lead=_QUIET),  # 0.156
    # --- the end -----------------------------------------------------------------------------------------------------
    head(
        "totals",
        rf"Token usage(?: so far)?: total={_NUMBER} input=(?P<input>{_NUMBER})"
        rf"(?: \(\+ (?P<cached>{_NUMBER}) cached\))? output=(?P<output>{_NUMBER})"
        rf"(?: \(reasoning (?P<reasoning>{_NUMBER})\))?",
    ),
    head("resume", rf"To (?:continue this session|reconnect), run(?:: *$)?(?: codex resume {_UUID})?"),
    part("resume_id", rf"(?: *codex resume )?{_UUID}", within=("resume",)),
    part("resume_more", r"Or run codex resume|Stop the current turn: ", within=("resume",)),
    chrome("left", r"Disconnected from this task\. "),  # 0.171: its daemon goes on
    # --- prompts: shaded; the composer has the same glyph, bold, or faint words; 0.39 drew a bar before each line ----
    panel("composer", r"[›▌»](?: |$)", lead=_SURELY_A_NAME),
    panel("composer", r"›(?: |$)", body=_PLACEHOLDER),
    part("bar", r"▌ ?(?P<text>.*)", lead=_QUIET, within=("prompt",), after=("prompt", "bar")),
    head("prompt", r"▌ ?(?P<text>.*\S)", lead=_QUIET),  # 0.34 left no space
    head("prompt", r"› (?P<text>.*\S)", lead=_SHADED),
    head("prompt", r"› (?P<text>.*\S)", lead=_FAINT_GLYPH),  # no shade if the terminal does not tell its background
    # A prompt taller than the full screen: its beginning scrolled away before it was ever drawn.
    head("prompt_end", r"  (?P<text>.*\S)", lead=_SURELY_SHADED, body=_SURELY_SHADED, within=("",), after=("",)),
    panel("menu", r"  \S", lead=_SURELY_A_NAME, within=("",), after=("",)),  # a dialog that was the last of a screen
    head("slash", r"(?P<text>/[a-z][\w-]*(?: .*)?)$", lead=_NOT_WHITE),
    # --- answers of dialogs, interruptions, errors -------------------------------------------------------------------
    head("approval", r"✔ (?:You|Auto-reviewer) approved codex to (?P<text>.*)"),
    head(
        "denial",
        r"✗ (?:(?:You|Auto-reviewer) (?:cancell?ed|did not approve|denied) (?:the request to|codex to)(?: run)?"
        r"|Request denied for codex to run|Review timed out before codex could run) (?P<command>.*)",
    ),
    head("interrupted", r"(?:■|🖐\s) (?P<text>(?:Conversation interrupted|Tell the model what to do)\b.*)"),  # 🖐 0.34
    head("error", r"■ (?P<text>.*)"),
    head("retry", r"⚠ ?(?P<text>stream error: .*retrying \d+/\d+.*)"),  # 0.39 keeps them
    head("warning", r"⚠ ?(?P<text>.*)"),
    # --- commands of the expanded view: their output stands at the left edge ---------------------------------------
    head("expanded", r"\$ (?P<command>.*\S)", lead=_MAGENTA),
    part(
        "expanded_more",
        r" {4}",
        lead=_COLOURED_WORDS,
        within=("expanded",),
        after=("expanded", "expanded_more"),
    ),
    part("expanded_end", r"(?P<sign>[✓✗]) (?:\((?P<status>\d{1,9})\) )?• \d[\d.]*m?s", within=("expanded",)),
    # --- tools -------------------------------------------------------------------------------------------------------
    head("commands", r"• Ran (?P<count>\d{1,3}) commands? · ", body=_NAME),
    head(  # 0.162 wrote Failed (exit 1), 0.169 writes Exited (status 1)
        "command",
        r"• (?:Exited \(status|Failed \(exit) (?P<status>\d{1,9})\)(?: (?P<command>.*\S))?$",
        body=_NAME,
    ),
    head("command", r"• (?P<state>Ran)(?: (?P<command>.*\S))?$", body=_NAME),
    head("command", r"[•⠀-⣿] (?P<state>Running)(?: (?P<command>.*\S))?$", body=_SURELY_A_NAME),
    head("stdin", r"[•↳] (?:Interacted with|Waited for) background terminal\b", body=_NAME),
    head("user_shell", r"• You ran (?P<command>.*\S)", body=_NAME),
    head("explored", r"• (?:Explored|Exploring)(?: · \d+ (?:nonzero exits?|failed))?$", body=_NAME),
    head(
        "edited",
        r"• (?P<verb>Edited|Added|Deleted) (?P<files>.*?) \(\+(?P<added>\d{1,9}) -(?P<removed>\d{1,9})\)$",
        body=_NAME,
    ),
    head(  # broken
        "edited",
        r"• (?P<verb>Edited|Added|Deleted) (?P<files>\S+(?: → \S+)?)(?: \(\+?\d*)?$",
        body=_SURELY_A_NAME,
    ),
    part("more", r"(?:\(\+\d+ )?-\d+\)$", within=("edited",), after=("edited",)),
    # 0.39 shows what it asks about; a patch that was allowed gets no other cell.
    head("proposed", r"• (?P<verb>Proposed Change) (?P<files>.*?) \(\+\d{1,9} -\d{1,9}\)$", body=_NAME),
    head("proposed_command", r"• Proposed Command$", body=_NAME),
    head("approved", r"• Change Approved (?P<files>.*?) \(\+\d{1,9} -\d{1,9}\)$", body=_NAME),
    head("edit_failed", r"[•✘] (?:Failed to apply patch|Patch failed)", body=_NAME),
    head("plan", r"• (?:Updated Plan|Proposed Plan)$", body=_NAME),
    head("questions", r"• Questions \d+/\d+ answered", body=_NAME),
    head("called", r"• (?P<verb>Called|Failed|Calling) (?P<server>[\w-]+)\.(?P<tool>\w+)(?P<input>\(.*)?", body=_NAME),
    head("searched", r"• Searched the web(?: for (?P<query>.*))?", body=_NAME),
    head("searched", r"• Searched (?P<query>.*\S)", body=_SURELY_A_NAME),  # 0.98 to 0.135
    head("searching", r"• (?:Browsing|Searching) the web", body=_NAME),
    head("viewed", r"• Viewed [Ii]mage ?(?P<file>.*)", body=_NAME),
    head(
        "agent",
        r"• (?P<state>Started|Completed|Messaged|Closed|Resumed|Spawned) `?(?P<agent>/[^`]+)`?",
        body=_NAME,
    ),
    head(  # 0.110 to 0.156: by a name or an id
        "agent",
        r"• (?P<state>Spawned|Resumed|Closed|Sent input to|Agent spawn failed)(?: (?P<agent>.*?)(?: \(.*\))?)?$",
        body=_SURELY_A_NAME,
    ),
    head("waiting", r"• (?:Waiting for|Finished waiting)", body=_NAME),
    # --- what the program says of itself -----------------------------------------------------------------------------
    chrome("working", r"• .*\(\d+[hms][\dhms ]* • esc to interrupt\)"),
    head("compacted", r"• (?P<text>Context compacted\b.*)"),
    head("compacted", r"[•>] (?P<text>Compact task completed)$"),  # 0.34 to 0.60
    head("model", r"• (?P<text>Model changed to .*)"),
    head("reverted", r"• (?P<text>Conversation reverted to this point.*)"),
    chrome("queue", r"  ↳ |• (?:Messages to be submitted|Queued follow-up)"),
    # --- reasoning and answers: the same bullet; 0.39 had ">" before answers -----------------------------------------
    head("reasoning", r"• (?P<text>.*\S)", body=_ITALIC),
    head("reasoning", r"• (?P<text>.*\w.*)", body=_FAINT_WORDS),
    panel("onboarding", r"> ", body=_SURELY_A_NAME, within=("",)),  # "You are running Codex in …", "Introducing …"
    head("text", r"[•>] (?P<text>.*\S)"),
    # --- the live part of the screen ---------------------------------------------------------------------------------
    chrome("status", r"  .* · [~/]\S*(?: ·.*)?$"),
    chrome("status", r"  \S", after=("status",)),  # a narrow terminal's second row
    chrome("footer", r"  .* · /\w+ to .*(?: · .*)?$|  .*\? for shortcuts"),
    chrome("footer", r"  (?:esc|⏎|ctrl|tab) .*to \w|  \d+ background terminals? running"),
    chrome("menu", r"[› ] /[a-z][\w-]* {2,}\S.*$", lead=_UNSHADED),
    chrome("tip", r".", within=("tip", "popup", "onboarding", "menu", "turn_end", "composer")),
    part("expanded_output", r".", within=("expanded",)),
    # --- what stands below a head ------------------------------------------------------------------------------------
    part("command_more", r"  │ ?(?P<text>.*)", within=("command", "user_shell")),
    chrome("tip", r"  └ Tip: "),
    part("result", r"  └ ?(?P<text>.*)"),
    chrome("details", r" {4}\+ Show details$"),
    part("hidden", r" {4}(?:(?:… )?\+ ?\d+ lines?(?: \(.*)?)$"),
    part("item", r"  • (?P<text>.*)", lead=_COLOURED, within=("prompt",)),  # 0.169 draws a prompt's "- " as a bullet
    part("more", r" {2,}"),
    part("more", r".", within=("slash",)),
    part("more", r"\S", within=_WRAPPED, after=(*_WRAPPED, "more")),  # at the left edge
)

SCREEN = Screen(
    provider="openai_codex",
    programs=frozenset({"codex"}),
    resumes=frozenset({"resume", "fork"}),
    rules=RULES,
    readers=codex_blocks.READERS,
    tools=tool_table((r"shell|exec", Category.SHELL), (r"apply_patch", Category.EDIT), (r"web_search", Category.WEB)),
    banners=(
        re.compile(r"(?:│| )? ?>_ (?:You are using )?OpenAI Codex \(v(?P<version>\d[\w.-]*)\) *│?$"),
        re.compile(r">_ You are using OpenAI Codex in (?P<cwd>[~/].*)$"),  # 0.34
    ),
    facts=(
        re.compile(r"│ +(?:model|Model): +(?P<model>\S+)(?<!loading) "),
        re.compile(r"│ +(?:directory|Directory): +(?P<cwd>[~/].*?) +│$"),
        re.compile(r" {5}(?P<cwd>[~/]\S*)$"),
        re.compile(r"  (?P<model>[a-zA-Z]+-[\w.-]+) \w+ · [~/]"),
    ),
    signs=frozenset({"command", "explored", "edited", "totals", "commands"}),
    settle=codex_again.each_once,
    finish=codex_blocks.finish,
)
