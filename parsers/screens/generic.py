"""A screen whose program nobody knows: the conventions that assistants in terminals have shared since the first ones.

Claude's `● Tool(...)`, Codex's `>>> tool: command`, GPT's `Function: tool(args)`, a shell's `$ command`, a prompt's
`> text`, and errors in the words that programs use for them. What fits none of these is kept as text.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.screens.prose import output, said
from parsers.screens.table import Block, Reading, Screen, chrome, head, part
from parsers.session import AssistantText, Category, Event, Prompt, ToolUse

RULES = (
    chrome("rule", r"[ ╭╰│├]*[─━═_-]{8,}"),
    head("tool", r"[●⏺•] (?P<tool>[A-Z]\w*)\((?P<input>.*?)\)?$"),
    head("tool", r">>> (?P<tool>\w[\w.-]*): (?P<input>.*\S)"),
    head("tool", r"(?:Function|Tool)(?: call)?: (?P<tool>\w[\w.-]*)\((?P<input>.*?)\)?$"),
    head("command", r"(?:\S+@\S+[: ]\S* ?)?[$%] (?P<input>\S.*)"),
    head("prompt", r"[❯›>] (?P<text>\S.*)"),
    head("text", r"[●⏺•✦] (?P<text>\S.*)"),
    part("result", r" {1,4}[⎿└│] *(?P<text>.*)", within=("tool", "command")),
    part("more", r"\s{2,}"),
    part("more", r".", within=("command", "tool")),
    head("plain", r"(?P<text>.*)"),
)


def prompt(block: Block, reading: Reading) -> Iterator[Event]:
    """A line after a prompt's glyph."""
    yield Prompt(text=said(block, reading), seconds=block.seconds)


def text(block: Block, reading: Reading) -> Iterator[Event]:
    """A line after a bullet."""
    yield AssistantText(text=said(block, reading), seconds=block.seconds)


def tool(block: Block, reading: Reading) -> Iterator[Event]:
    """A call in one of the shared notations, or a shell's own prompt."""
    name = block.fields.get("tool", "shell")
    given = block.fields.get("input", "")
    category = reading.screen.category(name)
    shown = output(block.rows[1:])
    yield ToolUse(
        name=name,
        category=category,
        input={"input": given} if given else {},
        command=given if category is Category.SHELL else None,
        output=shown,
        start_seconds=block.seconds,
    )


SCREEN = Screen(
    provider="generic",
    rules=RULES,
    readers={"prompt": prompt, "text": text, "tool": tool, "command": tool},
)
