"""Claude Code without its interface (`claude -p`): nothing but the answer, in markdown as the model wrote it."""

from __future__ import annotations

from collections.abc import Iterator

from parsers.screens.prose import said
from parsers.screens.table import Block, Reading, Screen, head, part
from parsers.session import AssistantText, Error, ErrorKind, Event

RULES = (
    head("error", r"(?P<text>(?:API Error\b|Invalid API key\b|Credit balance is too low|Prompt is too long).*)"),
    part("more", r".", within=("error", "text")),
    head("text", r"(?P<text>.*\S)"),
)


def text(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the answer."""
    yield AssistantText(text=said(block, reading), seconds=block.seconds)


def error(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the program's report that the API gave up. "Repeated … errors" are at least two; nothing tells how many."""
    told = said(block, reading)
    for _ in range(2 if told.startswith("API Error: Repeated ") else 1):
        yield Error(kind=ErrorKind.API_ERROR, text=told, seconds=block.seconds)


SCREEN = Screen(
    provider="claude_code",
    mode="print",
    programs=frozenset({"claude", "claude-code"}),
    words=frozenset({"-p", "--print"}),
    rules=RULES,
    readers={"text": text, "error": error},
    flowing=frozenset(),
    margin=0,
)
