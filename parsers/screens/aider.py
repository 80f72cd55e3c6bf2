"""aider's screen (0.86): a green rule and the files of the chat before every prompt, answers without any mark.

Program notices are plain, answers coloured, questions green with their answer behind them. No exit status is shown.
"""

from __future__ import annotations

import re

from parsers.screens import aider_blocks
from parsers.screens.hues import Hue
from parsers.screens.table import Look, Screen, chrome, head, panel, part

_GREEN = Look(hues=frozenset({Hue.GREEN}))
_COLOURED = Look(not_hues=frozenset({Hue.DEFAULT}))
_INVERSE = Look(inverse=True)
_PROMPT = r"(?:[a-z]+ ?)?(?:multi)?> "
_RUNS = ("run", "running")

RULES = (
    # --- questions and what they ask about ------------------------------------------------------------------------
    head("question", r"(?P<question>.*\?) \(Y\)es/\(N\)o.*?\[(?P<default>\w+)\]: ?(?P<answer>.*)"),
    panel("banner", r"Aider v(?P<version>\d[\w.+-]*)"),
    chrome("banner", r"(?:(?:Main |Weak |Editor )?[Mm]odel: |Git repo: |Repo-map: |Added \S+ to the chat|Use /help "
           r"|Update git name|https://aider\.chat/|Restored previous conversation)", within=("", "banner")),
    # --- what was typed -------------------------------------------------------------------------------------------
    panel("rule", r"─{8,}$"),
    head("run", _PROMPT + r"(?:/run |/test |!)(?P<text>\S.*)", lead=_GREEN),
    head("run", _PROMPT + r"/(?P<text>git \S.*)", lead=_GREEN),
    head("slash", _PROMPT + r"(?P<text>/(?!(?:ask|code|architect|help) +\S).*)", lead=_GREEN),
    part("more", _PROMPT + r"(?P<text>.*)", lead=_GREEN, within=("prompt", "run"), after=("prompt", "run", "more")),
    head("prompt", _PROMPT + r"(?P<text>\S.*)", lead=_GREEN),
    chrome("input", _PROMPT.rstrip() + r"$", lead=_GREEN),
    chrome("input", _PROMPT.rstrip() + r"$", after=("rule", "files")),
    chrome("files", r".", within=("rule",)),
    head("commit", r"Commit (?P<text>[0-9a-f]{7,40} .*)"),
    head("subject", r"(?P<text>.*\S)", lead=_INVERSE),
    # --- what the program did -------------------------------------------------------------------------------------
    head("running", r"Running (?P<text>\S.*)", after=("question", "running", "output")),
    head("applied", r"Applied edit to (?P<file>.+)"),
    head("mismatch", r"#+ \d+ SEARCH/REPLACE blocks? failed to match"),
    part("mismatch_in", r"## SearchReplaceNoExactMatch: .* lines in (?P<file>\S+)",
         within=("mismatch", "text", "aside")),
    head("tokens", r"Tokens: (?P<input>[\d.,]+[kM]?) sent(?:, (?P<cache_write>[\d.,]+[kM]?) cache write)?"
         r"(?:, (?P<cache_read>[\d.,]+[kM]?) cache hit)?, (?P<output>[\d.,]+[kM]?) received\."
         r"(?: Cost: \$[\d.,]+ message, \$(?P<cost>[\d.,]+) session\.)?"),
    head("api_error", r"[ ░█]*(?P<text>litellm\.(?:\w+\.)*\w+(?:Error|Exception|Timeout)\b.*)"),
    chrome("retrying", r"[ ░█]*Retrying in [\d.]+ seconds"),  # a spinner may still stand around it
    head("interrupt", r"\^C (?:again to exit|KeyboardInterrupt)", within=("text", "prompt")),
    chrome("interrupt", r"\^C "),
    chrome("notice", r"(?:Added \d+ lines? of output to the chat|You can use /undo|You can skip this check"
           r"|Added \.aider|Removed: |Now at: )"),
    part("output", r".", within=_RUNS),
    part("reply", r".", within=("slash",)),
    part("more", r".", within=("api_error",), lead=Look(hues=frozenset({Hue.RED, Hue.YELLOW}))),
    # --- answers --------------------------------------------------------------------------------------------------
    part("more", r".", within=("text",)),
    head("text", r" *(?P<text>\S.*)", body=_COLOURED),
    head("aside", r"\S"),
)  # fmt: skip

SCREEN = Screen(
    provider="aider",
    programs=frozenset({"aider", "aider-chat"}),
    rules=RULES,
    readers=aider_blocks.READERS,
    banners=(re.compile(r"Aider v(?P<version>\d[\w.+-]*)$"),),
    facts=(re.compile(r"(?:Main m|M)odel: (?P<model>\S+) with "),),
    signs=frozenset({"tokens", "applied", "mismatch"}),
    finish=aider_blocks.finish,
    flowing=frozenset(),
    margin=0,
)
