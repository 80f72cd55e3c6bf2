"""Claude Code for screen readers (2.1, `--ax-screen-reader`): flat text, a word and a colon before everything.

There are no glyphs, no colours and no indentation: the label `tool:` or `tool error:` is the bullet's colour. Dialogs,
the input line (`$ …`) and the state below it are erased as on the ordinary screen.
"""

from __future__ import annotations

import re

from parsers.screens import claude_blocks, claude_code
from parsers.screens.claude_shapes import API_REFUSES, COUNTS, TOOL_NAME
from parsers.screens.table import Screen, chrome, head, panel, part

_TOOL = rf"(?P<label>tool(?: error)?): {TOOL_NAME} "
_STOP = (
    r"(?P<stop>Interrupted · What should Claude.*|\[?Request interrupted by user.*"
    rf"|Context limit reached · .*|{API_REFUSES})"
)
_SAID = r"(?:claude: |tool: |tool error: |error: )?"

RULES = (
    panel("banner", r"\[Screen Reader Mode: on"),
    # --- the end -----------------------------------------------------------------------------------------------------
    head("resume", r"Resume this session with:"),
    part("resume_id", r"claude .*--resume (?P<session>[0-9a-f-]{36})", within=("resume",)),
    # --- the conversation --------------------------------------------------------------------------------------------
    head("prompt", r"you: (?P<text>.*\S)"),
    head("questions", _SAID + r"(?:User answered|Answered|User declined to answer) (?:Claude's )?q"),
    head("plan_approved", _SAID + r"(?:User approved|Approved) Claude's plan"),
    head("plan_rejected", _SAID + r"(?:User rejected|Rejected) Claude's plan"),
    head("plan_updated", r"tool: Updated plan$"),
    head("agents", _SAID + r"(?P<count>\d+) (?:\S+ )?agents? (?P<state>finished|launched)"),
    head("background", _SAID + r'(?:Agent|Task|Background command|Monitor) ".*" \w+ · '),
    head("api_error", rf"(?:claude: |error: )(?P<text>{API_REFUSES})"),
    head("tool", _TOOL + r"\((?P<input>.*\))$"),
    head("open_tool", _TOOL + r"\((?P<input>.*)"),  # goes on in the next row
    head("collapsed", rf"(?:tool(?: error)?: )?{COUNTS}(?: \((?:ctrl\+o.*)?)$"),
    head("text", r"claude: (?P<text>.*\S)"),
    head("compacted", r"(?P<text>Conversation (?:compacted|summarized) \(ctrl.*)"),
    # --- what comes and goes -----------------------------------------------------------------------------------------
    chrome("turn_end", r"[A-ZÀ-Ý]\w+ for (?:\d+[hms] ?)+(?:· .*)?$"),
    chrome("spinner", r"[A-ZÀ-Ý][\w-]+…(?: \(\d.*)?$|Waiting for \d+ background agents? to finish$"),
    chrome("footer", r"(?:manual|plan|auto) mode on\b|accept edits on\b|\? for shortcuts|Press \S+ again to exit"),
    chrome("input", r"\$(?:$|  )"),
    panel("dialog", r"Permission Required: "),
    chrome("dialog", r".", within=("dialog", "banner")),
    # --- what stands below a head ------------------------------------------------------------------------------------
    part("branch", r"(?P<agent>(?!Done$).+?)(?: · (?P<uses>\d{1,6}) tool uses?\b.*)?$", after=("agents", "branch")),
    part("input_end", r"(?P<text>.*)\)$", after=("open_tool", "input_more")),
    part("input_more", r"(?P<text>.*)", after=("open_tool", "input_more")),
    part("stop", _STOP),
    part("result", r"(?P<text>.*)", within=("tool", "open_tool"), after=("tool", "open_tool", "input_end")),
    part("more", r"."),
)

SCREEN = Screen(
    provider="claude_code",
    mode="screen reader",
    programs=frozenset({"claude", "claude-code"}),
    words=frozenset({"--ax-screen-reader"}),
    resumes=claude_code.SCREEN.resumes,
    rules=RULES,
    readers={**claude_blocks.READERS, "open_tool": claude_blocks.tool},
    tools=claude_code.SCREEN.tools,
    banners=(re.compile(r"\[Screen Reader Mode: on"),),
    facts=(
        re.compile(r"\$?Claude Code v(?P<version>\d[\w.-]*)$"),  # drawn anew, it begins behind the input's sign
        re.compile(r"(?P<model>[A-Z]\w+ [\d.]+)(?: \(.*\))?(?: with \w+ effort)? · "),
    ),
    signs=frozenset({"tool", "open_tool", "text"}),
    finish=claude_blocks.finish,
    margin=0,
)
