"""aider's screen (0.75 to 0.86): a green rule and the files of the chat before every prompt, answers without any mark.

Program notices are plain, answers coloured, questions green with their answer behind them. No exit status is shown.
Without colours (NO_COLOR, --no-pretty, TERM=dumb) no rule is drawn either: an answer is then what stands between the
prompt and the count of its tokens, and only after that count the program speaks.
"""

from __future__ import annotations

import re

from parsers.screens import aider_blocks, aider_counts, aider_cut
from parsers.screens.hues import Hue
from parsers.screens.table import LineRule, Look, Screen, chrome, head, panel, part

_GREEN = Look(hues=frozenset({Hue.GREEN}))
_STOPPED = Look(hues=frozenset({Hue.GREY}), sure=True)  # prompt_toolkit's for input that Ctrl-C ended
_PLAIN = Look(hues=frozenset({Hue.DEFAULT}), background=False)
_NO_CODE = Look(background=False)
_OF_PROGRAM = Look(not_hues=frozenset({Hue.YELLOW}), background=False)  # 0.75: an answer's own rules are yellow
_COLOURED = Look(not_hues=frozenset({Hue.DEFAULT}), sure=True)
_INVERSE = Look(inverse=True, sure=True)
_NO_COLOURS = Look(hues=frozenset({Hue.DEFAULT}), not_hues=frozenset({Hue.DEFAULT}))  # no pen is both
_PROMPT = r"(?:[a-z]+ ?)?(?:multi)?> "
_OPTIONS = r"\(Y\)es/\(N\)o.*?\[\w+\]: ?"
_ANSWERS = r"(?:Add URL to the chat|Attempt to fix \w+ errors|Edit the files|Try to proceed anyway)\? "
_TYPED = ("prompt", "run", "git", "slash")
_RUNS = ("run", "git", "running")


def _input(lead: Look | None = None, after: tuple[str, ...] = ()) -> tuple[LineRule, ...]:
    """Give the rules for what was typed. Only /run asks a question when its command is through."""
    return (
        head("run", _PROMPT + r"(?:/run |!)(?P<text>\S.*)", lead=lead, after=after),
        head("git", _PROMPT + r"(?:/test |/(?=git ))(?P<text>\S.*)", lead=lead, after=after),
        head("slash", _PROMPT + r"(?P<text>/(?!(?:ask|code|architect|help) +\S).*)", lead=lead, after=after),
        head("prompt", _PROMPT + r"(?P<text>\S.*)", lead=lead, after=after),
        chrome("input", _PROMPT.rstrip() + r"$", lead=lead, after=after),
    )


RULES = (
    # --- a udiff whose lines are not in the file: what the model is told, the lines in a fence ----------------------
    head("hunk", r"UnifiedDiff\w+: hunk failed to apply", lead=_PLAIN),
    part("hunk_end", r"```$", within=("hunk",), after=("fence", "hunk_line"), body=_PLAIN),
    part("hunk_line", r".", within=("hunk",), after=("fence", "hunk_line")),
    part("fence", r"```$", within=("hunk",), after=("told",), body=_PLAIN),
    part("told", r".", within=("hunk",), after=("hunk", "told"), body=_PLAIN),
    chrome("hunk_end", r"Note: some hunks did apply|(?:.* )?above\.$", after=("hunk_end",), body=_PLAIN),
    panel("banner", r"Aider v(?P<version>\d[\w.+-]*)"),
    chrome("banner", r"(?:(?:Main |Weak |Editor )?[Mm]odel: |Git repo: |Repo-map: |Added \S+ to the chat|Use /help "
           r"|Update git name|https://aider\.chat/|Restored previous conversation)", within=("", "banner")),
    # --- what ends an answer --------------------------------------------------------------------------------------
    head("tokens", r"Tokens: [\d.,]+[kM]? sent\b", lead=_PLAIN),
    part("tokens", r"(?:[\d.,]+[kM]? )?(?:sent|cache|write|hit|received|Cost|message|session)[,.: ]|\$[\d.,]+ ",
         within=("tokens",), after=("tokens",), lead=_PLAIN),
    head("api_error", r"[ ░█]*(?P<text>litellm\.(?:\w+\.)*\w+(?:Error|Exception|Timeout)\b.*)", body=_NO_CODE),
    chrome("retrying", r"[ ░█]*Retrying in [\d.]+ seconds"),  # a spinner may still stand around it
    panel("waiting", r"(?=[ ░█^=#])[ ░█=#]*(?:\^C)?[ ░█=#]*Waiting for \S"),  # with the terminal's echo of a key
    head("interrupt", r"\^C (?:again to exit|KeyboardInterrupt)", within=("text", "prompt", "subject", "waiting")),
    chrome("interrupt", r"\^C "),
    head("limit", r"Model \S+ has hit a token limit!"),
    # --- where no pen tells what is quoted ------------------------------------------------------------------------
    head("answering", _ANSWERS + _OPTIONS, lead=_NO_COLOURS),
    part("more", r".", lead=_NO_COLOURS, within=("text",)),
    part("output", r"(?!.*\? \(Y|\^C)", lead=_NO_COLOURS, within=("run",)),
    panel("rule", r"─{8,}$", lead=_OF_PROGRAM),
    # --- edits that did not fit: their lines, what the model is told of them, its next answer ----------------------
    head("mismatch", r"#+ \d+ SEARCH/REPLACE blocks? failed to match", lead=_PLAIN),
    part("mismatch_end", r"(?:.* )?etc$", within=("mismatch",), body=_PLAIN),
    part("mismatch_end", r"# The other |(?:.* )?successfully\.$|Don't re-send |Just reply |(?:.* )?failed to match\.$",
         after=("mismatch_end",), body=_PLAIN),
    part("mismatch_in", r".", within=("mismatch",), after=("mismatch", "mismatch_in"), body=_PLAIN),
    chrome("notice", r"(?:Added \d+ lines? of output to the chat|You can use /undo|You can skip this check"
           r"|Added \.aider|Removed: |Now at: |The LLM did not conform to|https://aider\.chat/docs/troubleshooting/"
           r"|Only \d+ reflections allowed|Skipping edits to )"),
    chrome("notice", r"(?:.* )?commit\.$|\S+\.html$", after=("notice",)),  # their ends on a narrow screen
    head("text", r" *\S", lead=_NO_COLOURS, after=("retrying", "mismatch_end", "hunk_end")),
    # --- questions ------------------------------------------------------------------------------------------------
    head("question", r".*\? " + _OPTIONS, lead=_GREEN),
    head("stopped", r".*\? " + _OPTIONS + r"$", lead=_STOPPED),
    head("asking", r".*\? \(Y|Allow edits to file that has not|Add [\d.]+k tokens of command output", lead=_GREEN),
    part("question", r".*\]:", lead=_GREEN, within=("asking",), after=("asking", "asked")),
    part("asked", r".", lead=_GREEN, within=("asking",), after=("asking", "asked")),
    # --- what was typed -------------------------------------------------------------------------------------------
    part("more", rf"(?:{_PROMPT.rstrip()}|\.)(?: (?P<text>.*))?$",  # a dot up to 0.75
         lead=_GREEN, within=_TYPED, after=(*_TYPED, "more")),
    *_input(lead=_GREEN),
    chrome("input", _PROMPT, lead=_STOPPED, after=("rule", "files")),
    *_input(after=("rule", "files")),
    chrome("files", r".", within=("rule",)),
    head("commit", r"Commit (?P<text>[0-9a-f]{7,40} .*)", lead=_PLAIN),
    part("subject", r".", lead=_INVERSE, within=("subject",), after=("subject",)),
    head("subject", r".", lead=_INVERSE),
    # --- what the program did -------------------------------------------------------------------------------------
    head("running", r"Running (?P<text>\S.*)", lead=_PLAIN, after=("question", "running", "output")),
    head("applied", r"Applied edit to (?P<file>.+)", lead=_PLAIN),
    head("applying", r"Applied edit to$", lead=_PLAIN),
    part("file", r"(?P<file>.+)", lead=_PLAIN, within=("applying",), after=("applying",)),
    part("output", r".", within=_RUNS),
    part("reply", r".", within=("slash",)),
    part("more", r".", within=("api_error",), lead=Look(hues=frozenset({Hue.RED, Hue.YELLOW}))),
    # --- answers --------------------------------------------------------------------------------------------------
    part("more", r".", within=("text",)),
    head("text", r" *\S", body=_COLOURED),
    head("text", r"┏━+┓$"),  # a title's box has no colours
    head("text", r" *\S", lead=_NO_COLOURS, within=("prompt", "answering")),
    part("subject", r".", lead=_NO_COLOURS, within=("subject",)),
    head("subject", r".", lead=_NO_COLOURS),
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
    settle=aider_cut.each_once,
    finish=aider_counts.finish,
    styled=re.compile(r"─{8,}$|Aider v\d|Commit [0-9a-f]{7}"),  # commands may colour what they print
    flowing=frozenset(),
    margin=0,
)
