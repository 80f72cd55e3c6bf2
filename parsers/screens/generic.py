"""A screen whose program nobody knows: the conventions that assistants in terminals have shared since the first ones.

Claude's `● Tool(...)`, Codex's `>>> tool: command`, GPT's `Function: tool(args)`, a shell's `$ command`, a prompt's
`> text`, and errors in the words that programs use for them. Only the left edge counts: prose quotes the same signs.
What fits none of these is kept as text of nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.screens import quotations
from parsers.screens.evidence import shell_outcome
from parsers.screens.prose import output, said
from parsers.screens.table import Block, Reading, Screen, chrome, head, part
from parsers.session import AssistantText, Category, Error, ErrorKind, Event, Note, NoteKind, Prompt, ToolUse

_NAME = r"[A-Za-z_][\w.-]{0,60}"
_EXIT_CODE = re.compile(
    r"(?im)^(?:error: )?(?:command )?(?:(?:exit(?:ed)?(?: with)?|return)(?: code| status)?):? (\d{1,3})\b"
)
_FAILED = re.compile(r"(?:Error|ERROR|error|Failed|FAILED|fatal)\b")
_API = re.compile(r"(?i).*\b(?:429|5\d\d)\b.*|.*\b(?:rate limit|overloaded|api error|connection error)")
_ANSWERS = frozenset({"text", "answer", "plain", "tool", "command", "error", "interrupted"})

RULES = (
    chrome("rule", r"[ ╭╰│├┌└▄▀]*[─━═_▄▀-]{8,}"),
    # --- tools: the three conventions, and a shell's own prompt ------------------------------------------------------
    head("tool", r"[●⏺•] (?P<tool>[A-Z]\w{0,60})\((?P<input>.*?)\)?$"),
    head("tool", rf">>> (?P<tool>{_NAME}): (?P<input>.*\S)"),
    head("tool", rf"(?:Function|Tool)(?: call)?: (?P<tool>{_NAME})\((?P<input>.*?)\)?$"),
    head("command", r"(?:[\w.-]+@[\w.-]+[: ]\S{0,200} ?|\(\w+\) )?[$%] (?P<input>\S.*)"),
    # --- what people and assistants say ------------------------------------------------------------------------------
    head("program", r"[Uu]ser: <system\b|· "),  # the program speaks (gptme): nobody typed it
    head("command", r"[Ss]ystem: Ran (?:\w+ )?command: `(?P<input>[^`]+)`"),
    head("command", r"Ran (?:\w+ )?command: `(?P<input>[^`]+)`", after=("system",)),
    head("system", r"[Ss]ystem:(?: |$)"),
    head("prompt", r"(?:[❯›>]|You:|User:|user:|you:) (?P<text>\S.*)"),
    head("answer", r"(?:Assistant|assistant|AI):$"),
    head("text", r"(?:[●⏺•✦]|Assistant:|assistant:|AI:) (?P<text>\S.*)"),
    head("error", r"(?P<text>(?:Error|ERROR|API Error)\b.*)"),
    head("interrupted", r"(?P<text>(?:Interrupted\b|KeyboardInterrupt).*)"),
    head("interrupted", r"(?P<text>\^C.*)", within=("prompt", "text", "tool", "command", "error")),
    chrome("leaving", r"\^C"),  # where nothing was going on it ends the program
    # --- what belongs to them ----------------------------------------------------------------------------------------
    part("result", r" {1,4}[⎿└│] *(?P<text>.*)", within=("tool", "command")),
    part("more", r"\s{2,}"),
    part("more", r".", within=("command", "tool", "answer", "system")),
    head("plain", r"."),
)


def prompt(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a line after a prompt's glyph or name; a command for the program itself is answered by no assistant."""
    typed = said(block, reading)
    after = reading.following(block)
    if typed.startswith("/") and (after is None or after.kind not in _ANSWERS):
        yield Note(kind=NoteKind.SLASH_COMMAND, text=typed, seconds=block.seconds)
    else:
        yield Prompt(text=typed, seconds=block.seconds)


def text(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a line after a bullet or an assistant's name."""
    yield AssistantText(text=said(block, reading), seconds=block.seconds)


def answer(block: Block, reading: Reading) -> Iterator[Event]:
    """Read what stands below an assistant's name (gptme 0.35)."""
    told = said(block, reading, margin=0)
    if told:
        yield AssistantText(text=told, seconds=block.seconds)


def tool(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a call in one of the shared notations, or a command at a shell's prompt."""
    name = block.fields.get("tool", "shell")
    given = block.fields.get("input", "")
    category = reading.screen.category(name)
    shown = output(block.rows[1:])
    exits = _EXIT_CODE.search(shown or "")
    is_shell = category is Category.SHELL
    outcome = shell_outcome(given if is_shell else None, shown, int(exits[1]) if exits else None)
    if outcome["ok"] is None and _FAILED.match(shown or ""):
        outcome["ok"] = False
    yield ToolUse(
        name=name,
        category=category,
        input={"input": given} if given else {},
        command=given if is_shell else None,
        output=shown,
        start_seconds=block.seconds,
        **outcome,
    )


def is_of_api(told: str) -> bool:
    """Tell whether an error that a program reports is one of the model's server."""
    return _API.match(told) is not None


def error(block: Block, reading: Reading) -> Iterator[Event]:
    """Read an error that a program reports: of the API if it says so, else only a note."""
    told = said(block, reading)
    if is_of_api(told):
        yield Error(kind=ErrorKind.API_ERROR, text=told, seconds=block.seconds)
    else:
        yield Note(kind=NoteKind.OTHER, text=told, seconds=block.seconds)


def interrupted(block: Block, reading: Reading) -> Iterator[Event]:
    """Read that somebody stopped something."""
    yield Error(kind=ErrorKind.INTERRUPTED, text=said(block, reading), seconds=block.seconds)


SCREEN = Screen(
    provider="generic",
    rules=RULES,
    settle=quotations.whole_of_anyone,
    readers={
        "prompt": prompt,
        "text": text,
        "answer": answer,
        "tool": tool,
        "command": tool,
        "error": error,
        "interrupted": interrupted,
    },
)
