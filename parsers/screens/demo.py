"""The built-in demo assistant's screen: Claude Code's notation, drawn once and never redrawn (`with_tracking/demo`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from parsers.screens import claude_blocks
from parsers.screens.prose import output, said
from parsers.screens.table import Block, Reader, Reading, Screen, chrome, head, part, tool_table
from parsers.session import Category, Event, Note, NoteKind, Prompt, Stopped, ToolUse

_EXIT_CODE = re.compile(r"Error: Exit code (\d{1,9})")
_UPDATED = re.compile(r"Updated .* with (?:(\d{1,9}) additions?)?(?: and )?(?:(\d{1,9}) removals?)?$")
_STOPS = {"Denied by the user": Stopped.DENIED, "Interrupted by the user": Stopped.INTERRUPTED}

RULES = (
    head("banner", r"Demo assistant v(?P<version>\d[\w.-]*)$"),
    part("banner_more", r"  ", within=("banner",)),
    chrome("spinner", r"✻ \S+…$"),
    chrome("input", r"❯ ?$"),
    head("prompt", r"❯ (?P<text>.*\S)"),
    head("tool", r"● (?P<tool>Bash|Read|Update)\((?P<input>.*)\)$"),
    head("text", r"● (?P<text>.*\S)"),
    part("result", r"  ⎿  ?(?P<text>.*)", within=("tool", "prompt")),
    part("more", r"  "),
)


def prompt(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a prompt, or a command for the program itself, which it answers below it."""
    text = said(block, reading)
    if text.startswith("/") and block.first("result"):
        yield Note(kind=NoteKind.SLASH_COMMAND, text=text, seconds=block.seconds)
    else:
        yield Prompt(text=text, seconds=block.seconds)


def tool(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a call: what its result says decides, with colours or without."""
    category = reading.screen.category(block.fields["tool"])
    given = block.fields["input"]
    shown = output(block.of("result", "more"))
    first = (shown or "").split("\n", 1)[0]
    stopped = _STOPS.get(first)
    failed = _EXIT_CODE.match(first)
    ok = None if shown is None else not (stopped or first.startswith("Error: "))
    changed = _UPDATED.match(first)
    is_shell = category is Category.SHELL
    yield ToolUse(
        name=block.fields["tool"],
        category=category,
        input={"command": given} if is_shell else {"file_path": given},
        command=given if is_shell else None,
        files=() if is_shell else (given,),
        ok=ok,
        exit_code=int(failed[1]) if failed else 0 if ok and is_shell else None,
        stopped=stopped,
        lines_added=int(changed[1] or 0) if changed else None,
        lines_removed=int(changed[2] or 0) if changed else None,
        output=None if shown == "(No output)" else shown,
        start_seconds=block.seconds,
        duration_seconds=_duration(block),
    )


def _duration(block: Block) -> float | None:
    result = block.first("result")
    return round(max(0.0, result.line.seconds - block.seconds), 3) if result else None


READERS: Mapping[str, Reader] = {"prompt": prompt, "text": claude_blocks.text, "tool": tool}

SCREEN = Screen(
    provider="demo",
    programs=frozenset({"demo-assistant", "with_tracking.demo"}),
    rules=RULES,
    readers=READERS,
    tools=tool_table((r"bash", Category.SHELL), (r"read", Category.READ), (r"update", Category.EDIT)),
    banners=(re.compile(r"Demo assistant v(?P<version>\d[\w.-]*)$"),),
)
