"""What the blocks of opencode's screen mean."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from parsers.screens.evidence import rejoin, retries, shell_outcome
from parsers.screens.hues import Hue, hue
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
    ToolUse,
)

_SIGN_OF_SHELL = "$ "
_NO_OUTPUT = "(no output)"
_SIGN = re.compile(r"\s*\d+ (?P<sign>[+-])(?: |$)")
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(?P<end>\w+)\1")
_BORDERS = 8  # columns: two before the bar, the bar, two behind it, two free at the right edge, a space behind a word
_COUNTED = re.compile(r"(?P<calls>\d{1,6}) toolcalls?\b")
_INSIDE = re.compile(r"(?m)^ *[↳└] (?P<tool>[A-Z]\w+) (?P<input>\S.*?) *$")
_RETRYING = re.compile(r"(?m)^[\s■⬝]*(?P<text>\S[^\[\n]*?) ?\[retrying[^\]]*attempt #(?P<attempt>\d{1,3})\]")


def prompt(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a submitted message; the input box has the same bar and stands on a line of half blocks."""
    if _is_composer(block, reading):
        return
    lines = [row.fields.get("text", "") for row in block.rows]
    text = rejoin(lines, block.rows[0].line.cols - _BORDERS).strip()
    if text.startswith("/") and _answered_by(block, reading) not in ("text", "shell", "inline", "thought", "thinking"):
        yield Note(kind=NoteKind.SLASH_COMMAND, text=text, seconds=block.seconds)
    else:
        yield Prompt(text=text, seconds=block.seconds)


def _answered_by(block: Block, reading: Reading) -> str | None:
    after = reading.following(block)
    return after.kind if after is not None else None


def _is_composer(block: Block, reading: Reading) -> bool:
    """Tell whether the lower edge of the input box follows below the last of the block's bars."""
    lines, last = reading.transcript.lines, block.rows[-1].line
    if not last.live:
        return False
    after = next(number for number, line in enumerate(lines) if line is last) + 1
    for line in lines[after:]:
        text = line.text.strip()
        if text.startswith("╹"):
            return True
        if text and not text.startswith("┃"):
            return False
    return False


def text(block: Block, reading: Reading) -> Iterator[Event]:
    """Read an answer; cut short if the turn's last line says so."""
    after = reading.following(block)
    cut = after is not None and after.kind == "turn" and "stop" in after.fields
    yield AssistantText(text=said(block, reading), seconds=block.seconds, cut=cut)


def _how(block: Block, reading: Reading) -> dict[str, Any]:
    """Tell the outcome by the pen: struck through is rejected, red failed; everything else is not told."""
    pen = block.rows[0].line
    if block.fields.get("glyph") == "✗":  # `run` says it in words
        return {"ok": False}
    if pen.body.strikethrough or pen.lead.strikethrough:
        return {"ok": False, "stopped": Stopped.DENIED}
    if hue(pen.lead.foreground) is Hue.RED:
        return {"ok": False}
    return {"ok": True if reading.palette.colours else None}


def _output(block: Block) -> str | None:
    """Give what stands below the call."""
    rows = [row.fields.get("text", "") for row in block.rows[1:] if row.kind == "output" or not row.kind]
    rows = [row[1:] if row.startswith(" ") else row for row in rows]
    shown = "\n".join(rows).strip("\n")
    return None if shown in ("", _NO_OUTPUT) else shown


def shell(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command with its output."""
    command, output = _command(block), _output(block)
    if "running" in block.fields and _is_shown_again(command, block, reading):
        return
    known = _how(block, reading)
    if known["ok"] is not False:
        known = shell_outcome(command, output)
    elif "stopped" not in known and _interrupted(block, reading):
        known["stopped"] = Stopped.INTERRUPTED
    yield ToolUse(
        name="bash", category=Category.SHELL, input={"command": command}, command=command, output=output,
        start_seconds=block.seconds, **known,
    )  # fmt: skip


def _is_shown_again(command: str, block: Block, reading: Reading) -> bool:
    """Tell whether a command that was running when its page was turned is what the next block has."""
    after = reading.following(block)
    while after is not None and after.kind != "shell":
        after = reading.following(after)
    return after is not None and _command(after) == command


def _command(block: Block) -> str:
    """Give the command: a bare row of the bar, which is left out, or an empty line ends it.

    While it runs, its further rows are indented as far as the first one, beside what turns.
    """
    indent = len(_SIGN_OF_SHELL) if "running" in block.fields else 0
    lines = [_SIGN_OF_SHELL + block.fields["command"]]
    for row in block.rows[1:]:
        if row.kind != "command":
            break
        lines.append(row.fields["command"][indent:])
    lines[0] = lines[0][indent:]
    command = rejoin(lines, block.rows[0].line.cols - _BORDERS - indent).removeprefix(_SIGN_OF_SHELL)
    in_run = block.rows[0].line.text.startswith("$")
    return _with_rest(command, block) if in_run or _quotation_open(command) else command


def _with_rest(command: str, block: Block) -> str:
    """Give a command whose further lines nothing tells from its output, up to the end of its quotation."""
    lines = [row.fields.get("text", "") for row in block.of("output")]
    heredoc, quoted = _HEREDOC.search(command), _quotation_open(command)
    known = command
    for number, line in enumerate(lines):
        whole = "\n".join((command, *lines[: number + 1]))
        if quoted and not _quotation_open(whole):
            return whole
        if heredoc and line.strip() == heredoc["end"]:
            known = f"{whole}…"
            if not quoted:
                break
    return known


def _quotation_open(text: str) -> bool:
    try:
        shlex.split(text)
    except ValueError:
        return True
    return False


def _interrupted(block: Block, reading: Reading) -> bool:
    after = reading.following(block)
    return after is not None and after.kind == "turn" and "stop" in after.fields


def edit(block: Block, reading: Reading) -> Iterator[Event]:
    """Read an edit with its difference, or a file that was written."""
    file = re.split(r" \[", block.fields["file"])[0].strip()
    signs = [
        found["sign"] for found in (_SIGN.match(row.fields.get("text", "")) for row in block.of("output")) if found
    ]
    known = _how(block, reading)
    if block.kind == "edit" and signs:
        known |= {"lines_added": signs.count("+"), "lines_removed": signs.count("-")}
    yield ToolUse(
        name=block.kind, category=Category(block.kind), input={"filePath": file}, files=(file,),
        start_seconds=block.seconds, **known,
    )  # fmt: skip


def inline(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a call on one line: a glyph, the tool's name and what it was given."""
    name = block.fields["tool"].strip()
    category = reading.screen.category(name)
    given = block.fields["input"].strip('"')
    known = _how(block, reading)
    if category in (Category.READ, Category.EDIT, Category.WRITE):
        known["files"] = (given,)
    yield ToolUse(name=name.lower(), category=category, input={"input": given}, start_seconds=block.seconds, **known)


def task(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a sub-agent: one call, whatever it did inside."""
    about = {"description": block.fields.get("text", ""), "subagent_type": block.fields.get("agent", "")}
    known = _how(block, reading)
    yield ToolUse(name="task", category=Category.TASK, input=about, start_seconds=block.seconds, **known)
    yield from _inside(block, reading)


def _inside(block: Block, reading: Reading) -> Iterator[Event]:
    """Find the calls of a sub-agent, each of which stood below its line for a while; in the end they are counted."""
    counted = next((found for found in map(_COUNTED.search, (r.line.text for r in block.of("calls"))) if found), None)
    left = int(counted["calls"]) if counted else 0
    end = block.rows[-1].line.seconds
    for passing in reading.transcript.passing:
        if not block.seconds <= passing.first_seconds <= end:
            continue
        for found in _INSIDE.finditer(passing.text):
            if left:
                left -= 1
                category = reading.screen.category(found["tool"])
                files = (found["input"],) if category in (Category.READ, Category.EDIT, Category.WRITE) else ()
                yield ToolUse(
                    name=found["tool"].lower(), category=category, input={"input": found["input"]}, files=files,
                    start_seconds=passing.first_seconds, agent=block.fields.get("agent"),
                )  # fmt: skip


def titled(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a block with a title: the description of the command below it, or a sub-agent (1.0)."""
    found = re.match(r'(?P<agent>[\w-]+) Task (?:"(?P<text>.*)"|— (?P<more>.*))', block.fields["text"])
    if found:
        about = {"description": found["text"] or found["more"], "subagent_type": found["agent"]}
        yield ToolUse(name="task", category=Category.TASK, input=about, start_seconds=block.seconds)


def todos(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a list of tasks."""
    shown = _output(block)
    yield ToolUse(name="todowrite", category=Category.TODO, output=shown, ok=True, start_seconds=block.seconds)
    yield Note(kind=NoteKind.TODO, text=shown or "", seconds=block.seconds)


def turn(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the end of a turn: it says if the turn was interrupted, which a tool use may say already."""
    before = reading.preceding(block)
    if "stop" in block.fields and (before is None or before.kind not in ("shell", "inline", "task")):
        yield Error(kind=ErrorKind.INTERRUPTED, text="interrupted", seconds=block.seconds)


def api_error(block: Block, reading: Reading) -> Iterator[Event]:
    """Read what the program says where the API gave no answer."""
    shown = " ".join(row.fields.get("text", row.line.text).strip() for row in block.rows)
    yield Error(kind=ErrorKind.API_ERROR, text=shown.strip(), seconds=block.seconds)


def thinking(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the model's thoughts."""
    shown = "\n".join(row.fields.get("text", row.line.text.strip()) for row in block.rows).strip()
    yield Note(kind=NoteKind.REASONING, text=shown, seconds=block.seconds)


def resume(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the id with which the session can be resumed."""
    yield Note(kind=NoteKind.RESUME_ID, text=block.fields["session"], seconds=block.seconds)


READERS: Mapping[str, Reader] = {
    "prompt": prompt,
    "text": text,
    "shell": shell,
    "edit": edit,
    "write": edit,
    "inline": inline,
    "task": task,
    "titled": titled,
    "todos": todos,
    "turn": turn,
    "api_error": api_error,
    "thinking": thinking,
    "thought": thinking,
    "resume": resume,
}


def finish(events: list[Event], reading: Reading) -> list[Event]:
    """Add retries, which only passed over the screen."""
    failed = retries(reading, _RETRYING)
    return sorted([*events, *failed], key=lambda event: event.seconds or 0.0) if failed else events
