"""What the blocks of Gemini CLI's screen mean."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import dropwhile, takewhile
from operator import not_
from typing import Any

from parsers.amounts import whole
from parsers.screens.evidence import (
    changed,
    complete_names,
    rejoin,
    retries,
    shell_outcome,
    stopped_how,
    was_asked,
)
from parsers.screens.prose import said
from parsers.screens.table import Block, Reader, Reading
from parsers.screens.wrapping import width
from parsers.session import (
    AssistantText,
    Category,
    Error,
    ErrorKind,
    Event,
    Note,
    NoteKind,
    Prompt,
    Tokens,
    ToolUse,
    Totals,
    Unknown,
)

_QUESTION = re.compile(r"Allow execution|Apply this change\?|Allow once|Do you want to proceed")
MARKS = {
    "✓": True, "✔": True, "x": False, "✗": False, "-": False,
    "Success": True, "Error": False, "Canceled": False,
}  # fmt: skip
_CANCELLED = ("-", "Canceled")
# A description in parentheses follows the command (before 0.40): no shell would take such a group there.
_DESCRIPTION = re.compile(r"(?<![&|;=$<(]) \((?P<text>[^()]*(?:\([^()]*\)[^()]*)*)\)$")
_DESCRIPTION_ALONE = re.compile(r"[A-Z][a-z]+(?:[ .,]|$)")
_INNER = re.compile(r" ?│ │ (?P<text>.*?) *│ *│?$")
_ROW = re.compile(r" ?│ +(?![?⊷] )(?P<text>.*?) *│?$")
_SOON = 2.0  # seconds between the first sight of a call and of its dialog
_BORDERS = 10  # columns that the dialog and the box in it take
_FOLDER = re.compile(r" \[(?:current working directory |in [~/.]|c[a-z ]*…$).*$")
_DESCRIPTION_CUT = re.compile(r"(?<![&|;=$<(]) \([A-Z][^()]*…$")
_COMPACT = re.compile(r"(?P<input>.*?)(?: → (?P<result>.*))?$")
_CHANGED = re.compile(r"\(\+(?P<added>\d+), -(?P<removed>\d+)\)")
# So calls are shown that failed; a long one is cut.
_COMMAND_IN_JSON = re.compile(r'\{"command":"(?P<command>(?:\\.|[^"\\])*?)(?P<end>"|\\?…?$)')
_ESCAPE, _ESCAPES = re.compile(r"\\(.)"), {"n": "\n", "t": "\t", "r": "\r"}
_HERE_DOCUMENT = re.compile(r"(?<!<)<<(?!<)-?\s*(['\"]?)(?P<end>\w+)\1")
_EXIT_CODE = re.compile(r"^\s*Exit Code: (?P<code>\d{1,3})\b", re.MULTILINE)
_FILE_IN_JSON = re.compile(r'"(?:file_path|absolute_path|path)":"(?P<file>[^"]+)"')  # a call that failed (0.24)
_FILE_IN_WORDS = re.compile(r"(?:Writing to |Reading )?(?P<file>[^\s:]+)(?::\s|$| \()")
_TO_READ = re.compile(r" {2}[o⊶⊷] {2}ReadFile {2}(?P<file>\S*[^\s….])$")
_TRYING = re.compile(r"\(Attempt (?P<attempt>\d{1,3})/\d+\)")
_SENT = frozenset({"text", "tool", "agent", "cancelled", "api_error"})


def prompt(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a submitted message, or a command for the program itself: that one is answered without the model."""
    text = said(block, reading, margin=block.rows[0].line.text.find(block.fields["text"]))
    after = reading.following(block)
    if text.startswith("/") and (after is None or after.kind not in _SENT):
        yield Note(kind=NoteKind.SLASH_COMMAND, text=text, seconds=block.seconds)
    else:
        yield Prompt(text=text, seconds=block.seconds)


def text(block: Block, reading: Reading) -> Iterator[Event]:
    """Read an answer; cut short if the request was cancelled below it."""
    after = reading.following(block)
    cut = after is not None and after.kind == "cancelled" and not _of_a_tool(after, reading)
    yield AssistantText(text=said(block, reading), seconds=block.seconds, cut=cut)


def cancelled(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a cancelled request: said beside the tool that was cancelled, or alone where an answer was cut short."""
    if not _of_a_tool(block, reading):
        yield Error(kind=ErrorKind.INTERRUPTED, text=block.fields["text"], seconds=block.seconds)


def _of_a_tool(block: Block, reading: Reading) -> bool:
    beside = (reading.preceding(block), reading.following(block))
    return any(other is not None and other.fields.get("mark") in _CANCELLED for other in beside)


def tool(block: Block, reading: Reading) -> Iterator[Event]:
    """Read one call: in a box with its output, or on one line with its result behind the arrow."""
    name = block.fields["tool"]
    if name == "Shell Command":  # the person's own, in shell mode
        yield Note(kind=NoteKind.USER_SHELL, text=block.fields.get("input", ""), seconds=block.seconds)
        return
    compact = _COMPACT.match(block.fields.get("compact", ""))
    given = block.fields.get("input") or (compact["input"] if compact else "")
    category = reading.screen.category(name)
    known: dict[str, Any] = {"ok": MARKS.get(block.fields.get("mark", "")), "output": _output(block)}
    if category is Category.SHELL:
        known["command"] = _command(block, without_description(given), reading)
        exits = _EXIT_CODE.search(known["output"] or "") if known["ok"] is False else None
        if known["ok"] or exits:
            known |= shell_outcome(known["command"], known["output"], int(exits["code"]) if exits else None)
    elif category in (Category.READ, Category.EDIT, Category.WRITE):
        file = _FILE_IN_JSON.search(given) or _FILE_IN_WORDS.match(given)
        known["files"] = (file["file"],) if file else ()
    if compact and compact["result"]:
        counts = _CHANGED.search(compact["result"])
        known |= changed(counts.groupdict()) if counts else {}
    if block.fields.get("mark") in _CANCELLED:
        known["stopped"] = stopped_how(_asked(block, reading))
    yield ToolUse(
        name=name, category=category, input={"input": given} if given else {}, start_seconds=block.seconds, **known
    )


def _command(block: Block, given: str, reading: Reading) -> str | None:
    """Give the command, None if only its description is shown: that is so if it is long (0.61: 150 characters).

    Of several lines only the first is shown. The dialog that asks for permission has all of it.
    """
    in_json = _COMMAND_IN_JSON.match(given)
    if in_json:
        command = _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), in_json["command"])
        return command if in_json["end"] == '"' else f"{command}…"
    described = _DESCRIPTION_ALONE.match(given) is not None
    if described or given.endswith("…"):
        asked = _asked_for(block, "" if described else given.rstrip("… "), reading)
        return asked or (None if described else given)
    return f"{given}…" if goes_on(given) else given


def _asked_for(block: Block, begin: str, reading: Reading) -> str | None:
    """Give the command of the dialog that came with a call; of several lines the first, as not all rows are kept."""
    for passing in reading.transcript.passing:
        rows = _shown_in_dialog(passing.text.splitlines())
        near = abs(passing.first_seconds - block.seconds) <= _SOON
        if near and rows and _QUESTION.search(passing.text):
            first, *more = rejoin(rows, max(width(line.text) for line in passing.lines) - _BORDERS).split("\n")
            if first.startswith(begin):
                return f"{first}…" if more else first
    return None


def _shown_in_dialog(lines: Sequence[str]) -> list[str]:
    """Give the rows of the command in a dialog: those of the box in it, before 0.40 those above the question."""
    rows = [row["text"].rstrip() for row in map(_INNER.match, lines) if row]
    if rows:
        return rows
    asked = next((number for number, line in enumerate(lines) if "Allow execution" in line), 0)
    above = [row["text"] if row else "" for row in map(_ROW.match, lines[:asked])]
    shown = list(takewhile(bool, dropwhile(not_, reversed(above))))
    return shown[::-1]


def goes_on(command: str) -> bool:
    """Tell whether a quotation or a here-document is still open at the end."""
    try:
        shlex.split(command)
    except ValueError:
        return True
    here = _HERE_DOCUMENT.search(command)
    return here is not None and re.search(rf"(?m)^\s*{here['end']}\b", command) is None


def _asked(block: Block, reading: Reading) -> bool:
    """Tell whether the call was stopped in its dialog: the notice of that follows the call, which never began."""
    after, before = reading.following(block), reading.preceding(block)
    notice = next((other for other in (after, before) if other is not None and other.kind == "cancelled"), None)
    if notice is None:
        return True
    return notice is after or was_asked(reading, block.seconds, notice.seconds, _QUESTION)


def _output(block: Block) -> str | None:
    """Give what stands in the box below the call, without its borders."""
    shown = textwrap.dedent("\n".join(row.fields.get("text", "").rstrip() for row in block.of("output"))).strip("\n")
    return shown or None


def without_description(command: str) -> str:
    """Take off what versions before 0.40 add to a command: the folder in brackets, the description in parentheses.

    Both may be cut short at the right border; the command before them is whole.
    """
    for pattern in (_FOLDER, _DESCRIPTION, _DESCRIPTION_CUT):
        found = pattern.search(command)
        if found and not goes_on(command[: found.start()]):
            return command[: found.start()]
    return command


def agent(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a sub-agent: one call, whatever it did inside."""
    ok = MARKS.get(block.fields["mark"])
    about = {"agent_name": block.fields["agent"]}
    yield ToolUse(name="Agent", category=Category.TASK, input=about, ok=ok, start_seconds=block.seconds)


def failed_tool(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a call that failed in a run that shows no others."""
    name = block.fields["tool"]
    yield ToolUse(
        name=name, category=reading.screen.category(name), ok=False, output=block.fields["text"],
        start_seconds=block.seconds,
    )  # fmt: skip


def failed(block: Block, reading: Reading) -> Iterator[Event]:
    """Read one attempt that the API refused."""
    yield Error(kind=ErrorKind.API_ERROR, text=block.rows[0].line.text.strip(), seconds=block.seconds)


def summary(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the sheet at the end: the session's id and the tokens of each model."""
    named = next((row for row in block.of("resume_id", "resume", "session") if "session" in row.fields), None)
    if named is not None:
        yield Note(kind=NoteKind.RESUME_ID, text=named.fields["session"], seconds=named.line.seconds)
    for row in block.of("usage"):
        counts = {name: whole(row.fields[name]) for name in ("input", "output", "cache_read") if name in row.fields}
        yield Totals(tokens=Tokens(**counts), seconds=row.line.seconds)


def note(block: Block, reading: Reading) -> Iterator[Event]:
    """Read what the program says of itself."""
    kind = {"compacted": NoteKind.COMPACTION, "model": NoteKind.MODEL}.get(block.kind, NoteKind.OTHER)
    yield Note(kind=kind, text=said(block, reading) or block.rows[0].line.text.strip(), seconds=block.seconds)


def user_shell(block: Block, reading: Reading) -> Iterator[Event]:
    """Read nothing: the box below says the command again."""
    return iter(())


def plain(block: Block, reading: Reading) -> Iterator[Event]:
    """Read text without a mark: the answer of a run without the interface, else something unknown."""
    shown = "\n".join(row.line.text for row in block.rows)
    if any(other.kind in ("prompt", "text") for other in reading.blocks):
        yield Unknown(text=shown, seconds=block.seconds)
    else:
        yield AssistantText(text=shown.strip(), seconds=block.seconds)


READERS: Mapping[str, Reader] = {
    "prompt": prompt,
    "text": text,
    "cancelled": cancelled,
    "tool": tool,
    "agent": agent,
    "failed_tool": failed_tool,
    "attempt": failed,
    "api_error": failed,
    "summary": summary,
    "info": note,
    "compacted": note,
    "model": note,
    "user_shell": user_shell,
    "plain": plain,
}


def _vanished(reading: Reading) -> Iterator[ToolUse]:
    """Find the files that were to be read and are not shown as read: so a call ends that failed (0.40 and later)."""
    compact = (_COMPACT.match(block.fields.get("compact", "")) for block in reading.blocks)
    shown = {found["input"] for found in compact if found}
    for passing in reading.transcript.passing:
        for row in map(_TO_READ.match, passing.text.splitlines()):
            if row and row["file"] not in shown:
                file = row["file"]
                shown.add(file)
                yield ToolUse(
                    name="ReadFile", category=Category.READ, input={"input": file}, files=(file,), ok=False,
                    start_seconds=passing.first_seconds,
                )  # fmt: skip


def finish(events: list[Event], reading: Reading) -> list[Event]:
    """Add calls and retries that only passed over the screen, and complete file names."""
    passed: list[Event] = [*retries(reading, _TRYING, running=1), *_vanished(reading)]
    events = complete_names(events, reading)
    return sorted([*events, *passed], key=_seconds) if passed else events


def _seconds(event: Event) -> float:
    return event.seconds or 0.0
