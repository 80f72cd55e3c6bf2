"""What the blocks of Copilot CLI's screen mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from parsers.amounts import whole
from parsers.screens.evidence import changed, complete_names, completed, rejoin, stopped_how, was_asked
from parsers.screens.prose import said
from parsers.screens.table import Block, Reader, Reading
from parsers.session import (
    AssistantText,
    Category,
    Error,
    ErrorKind,
    Event,
    Note,
    NoteKind,
    Prompt,
    Stopped,
    Tokens,
    ToolUse,
    Totals,
)

_PIPE, _PIPED = 1000, 100  # columns: of a pipe, and those that the program takes it to have (1.0.102)
_QUESTION = re.compile(r"Do you want to (?:run|edit|create|allow|delete|fetch)|Allow ")
_FAILED = re.compile(r"Failed with exit code (?P<code>\d{1,9})")
_ABORTED = re.compile(r"Operation aborted by user|[Rr]ejected by user|[Dd]enied|Permission denied and could not")
_NEVER_RAN = re.compile(r"Confirmation cancelled|[Rr]ejected by user|[Dd]enied")
_DONE = re.compile(
    r"(?:^| )(?:\d+ (?:lines?|files?|matches)\b(?: (?:read|found))?…?|[Nn]o (?:output|matches).*|[+-]\d+)$",
    re.MULTILINE,
)
_COUNTS = re.compile(r" \+(?P<added>\d+)\b(?: -(?P<removed>\d+)\b)?| -(?P<only>\d+)$")
_FILE = re.compile(r"(?P<file>\S+)")
_SESSION = re.compile(r"--resume=([0-9a-f-]{36})")
_BESIDE_PROMPT = 11  # columns: four before the text, seven for the time of day behind it
_WITH_FILE = frozenset({Category.READ, Category.EDIT, Category.WRITE})
_SENT = frozenset({"text", "tool", "retry", "api_error", "cancelled"})


def prompt(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a submitted message, or a command for the program itself, which the model never answers."""
    first, *more = [row.fields.get("text", "") for row in block.rows]
    indented = block.rows[0].line.text.startswith("  ")  # by four instead of three columns
    lines = [first, *(line.removeprefix(" ") if indented else line for line in more)]
    text = rejoin(lines, block.rows[0].line.cols - _BESIDE_PROMPT).strip()
    after = reading.following(block)
    if text.startswith("/") and (after is None or after.kind not in _SENT):
        yield Note(kind=NoteKind.SLASH_COMMAND, text=text, seconds=block.seconds)
    else:
        yield Prompt(text=text, seconds=block.seconds)


def shell_mode(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command that the person ran."""
    yield Note(kind=NoteKind.USER_SHELL, text=block.fields["text"], seconds=block.seconds)


def text(block: Block, reading: Reading) -> Iterator[Event]:
    """Read an answer; cut short if the operation was cancelled below it."""
    after = reading.following(block)
    cut = after is not None and after.kind == "cancelled"
    yield AssistantText(text=said(block, reading), seconds=block.seconds, cut=cut)


def tool(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a call: the name, what it was given, and in words how it ended."""
    name, rest = block.fields["tool"], block.fields.get("rest", "")
    category = reading.screen.category(name)
    shown = "\n".join(row.fields["text"] for row in block.of("output", "heading", "leaf"))
    known = _outcome(block, rest, shown, reading)
    if category is Category.SHELL:
        known["command"] = _command(block, reading)
        if known["ok"]:
            known["exit_code"] = 0
    elif category in _WITH_FILE:
        path = block.first("command")
        file = _FILE.match(path.fields["text"].strip() if path else rest)
        known["files"] = (file["file"],) if file else ()
        counts = _COUNTS.search(rest)
        known |= changed({k: v for k, v in counts.groupdict().items() if v}) if counts else {}
    about = {"command": known.get("command")} if category is Category.SHELL else {"input": rest}
    yield ToolUse(
        name=name, category=category, input=about, output=shown or None, start_seconds=block.seconds, **known
    )  # fmt: skip


def _command(block: Block, reading: Reading) -> str | None:
    """Give the command; one that was cut short stands whole in the dialog that asked for it, if there was one."""
    cols = block.rows[0].line.cols
    room = (cols if cols < _PIPE else _PIPED) - 4
    command = rejoin([row.fields["text"].rstrip() for row in block.of("command")], room).strip()
    return completed(command, reading) if command.endswith("…") else command or None


def _outcome(block: Block, rest: str, shown: str, reading: Reading) -> dict[str, Any]:
    """Tell how the call ended."""
    said_of_it = f"{rest}\n{shown}"
    code = _FAILED.search(said_of_it)
    if block.fields["mark"] != "✗":
        return {"ok": True if _DONE.search(rest) or _DONE.search(shown) else None}
    if code or not _ABORTED.search(said_of_it):
        return {"ok": False, "exit_code": int(code["code"]) if code else None}
    if _NEVER_RAN.search(said_of_it):
        return {"ok": False, "stopped": Stopped.DENIED}
    return {"ok": False, "stopped": stopped_how(was_asked(reading, block.seconds, _end(block, reading), _QUESTION))}


def _end(block: Block, reading: Reading) -> float:
    """Give the time at which the program said that it stopped."""
    after = reading.following(block)
    return after.seconds if after is not None and after.kind == "cancelled" else block.rows[-1].line.seconds


def cancelled(block: Block, reading: Reading) -> Iterator[Event]:
    """Read that the person stopped the assistant; a tool use above says it already."""
    before = reading.preceding(block)
    if before is None or before.kind != "tool" or before.fields["mark"] != "✗":
        yield Error(kind=ErrorKind.INTERRUPTED, text=block.fields["text"], seconds=block.seconds)


def api_error(block: Block, reading: Reading) -> Iterator[Event]:
    """Read one answer that the API refused."""
    yield Error(kind=ErrorKind.API_ERROR, text=block.rows[0].line.text.strip(" ●✗"), seconds=block.seconds)


def sheet(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the sheet at the end: tokens, and the id with which the session can be resumed."""
    counts = block.first("tokens")
    if counts is not None:
        numbers = {
            name: whole(counts.fields[name]) for name in ("input", "output", "cache_read") if name in counts.fields
        }
        sent, cached = numbers.get("input"), numbers.get("cache_read")
        if sent is not None and cached is not None:
            numbers["input"] = sent - cached
        yield Totals(tokens=Tokens(**numbers), seconds=counts.line.seconds)
    session = _SESSION.search("".join(row.fields["text"] for row in block.of("resume")))
    if session is not None:
        yield Note(kind=NoteKind.RESUME_ID, text=session[1], seconds=block.seconds)


READERS: Mapping[str, Reader] = {
    "prompt": prompt,
    "shell_mode": shell_mode,
    "text": text,
    "tool": tool,
    "cancelled": cancelled,
    "retry": api_error,
    "api_error": api_error,
    "sheet": sheet,
}


def finish(events: list[Event], reading: Reading) -> list[Event]:
    """Complete file names, and keep one sheet: it is drawn on the full screen and again after it."""
    last = max((n for n, event in enumerate(events) if isinstance(event, Totals)), default=-1)
    once = [event for n, event in enumerate(events) if n == last or not isinstance(event, Totals)]
    return complete_names(once, reading)
