"""What the blocks of aider's screen mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import TYPE_CHECKING

from parsers.screens.evidence import shell_outcome
from parsers.screens.table import Block, Place, Reader, Reading, Row
from parsers.screens.wrapping import unwrap, width
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
    Unknown,
)

if TYPE_CHECKING:
    from parsers.terminal import Line

_PREFILLED = "What's wrong? Fix"  # put into the input box after a command that failed
_BRACES = re.compile(r"\{(?P<tag>\w*)\n(?P<text>.*)\n(?P=tag)\}", re.DOTALL)
# litellm's OpenAI client asks three times before litellm reports one of these; its pauses add up to more than a second.
_TRIED_AGAIN = re.compile(
    r"litellm\.(?:RateLimit|InternalServer|ServiceUnavailable|APIConnection|API|Timeout)\w*: .*\bOpenAIException\b"
)
_ATTEMPTS, _SHORTEST_PAUSES = 3, 1.1
_WAITING, _SPINS_AFTER = re.compile(r"Waiting for \S"), 0.5  # seconds that aider waits before it draws a spinner
_QUESTION = re.compile(r"(?P<question>.*?\?) \(Y\)es/\(N\)o.*?\[\w+\]: ?(?P<answer>.*)")
_QUESTIONS = frozenset({"question", "asking", "answering", "stopped"})
_INPUTS = frozenset({"prompt", "run", "git", "slash"})
_UNMATCHED = re.compile(r"## SearchReplaceNoExactMatch: This SEARCH block failed to exactly match lines in (\S+)")
_HUNK = re.compile(r"apply!\s+(\S.*?) (?:does not contain|contains multiple sets of) lines that match the diff")
_ENDS = frozenset({"tokens", "interrupt", "api_error"})  # what comes after an answer
_REFUSED = frozenset({"n", "no", "s", "skip", "d", "don't"})


def together(rows: Iterable[Row]) -> str:
    """Join rows that the program wrapped between words."""
    return " ".join(row.line.text.strip() for row in rows)


def _filled(line: Line, text: str) -> str:
    """Give a text with what ends it: nothing if its line was full, so that the input box broke it there."""
    missing = line.cols - width(line.text)
    return text + " " * missing if missing <= 1 else text + "\n"  # the cell at the edge may hold a space


def _first_paragraph(block: Block) -> Iterator[Row]:
    """Give the rows up to the first blank one."""
    return takewhile(lambda row: row.place is not Place.BLANK, block.rows)


def _typed(block: Block) -> str:
    """Give what was typed; several lines may stand in braces."""
    rows = [row for row in _first_paragraph(block) if row.kind in (block.kind, "more")]
    text = "".join(_filled(row.line, row.fields.get("text", "")) for row in rows).strip()
    braced = _BRACES.fullmatch(text)
    return braced["text"] if braced else text


def prompt(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a submitted message."""
    yield Prompt(text=_typed(block), seconds=block.seconds)


def slash(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command for the program itself."""
    yield Note(kind=NoteKind.SLASH_COMMAND, text=_typed(block), seconds=block.seconds)


def run(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command that was typed with /run, /test, /git or !."""
    yield _ran(_typed(block), (row for row in block.rows[1:] if row.kind == "output"), block, reading)


def running(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command that was suggested and approved; the line that names it may be wrapped."""
    for command in _suggested(block, reading):
        count = _rows_of(f"Running {command}", block)
        if count:
            yield _ran(command, block.rows[count:] if _kept(block, reading) else (), block, reading)
            return
    yield Unknown(text=block.rows[0].line.text, seconds=block.seconds)


def _rows_of(text: str, block: Block) -> int:
    """Count the rows of a block that this text takes at its start, wrapped or not: none if it is not there."""
    left = _folded(text)
    for count, row in enumerate(block.rows, 1):
        shown = _folded(row.line.text)
        if not left.startswith(shown):
            return 0
        left = left[len(shown) :]
        if not left:
            return count
    return 0


def _kept(block: Block, reading: Reading) -> bool:
    """Tell whether a command said anything: then its output is asked about. Without pens the files look like it."""
    after = reading.following(block)
    return reading.palette.colours or after is None or after.kind not in _INPUTS


def _folded(text: str) -> str:
    return "".join(text.split())


def _ran(command: str, rows: Iterable[Row], block: Block, reading: Reading) -> ToolUse:
    output = "\n".join(row.line.text for row in rows) or None
    known = shell_outcome(command, output)
    if known["ok"] is None and _asked_what_is_wrong(block, reading):
        known["ok"] = False
    return ToolUse(
        name="shell", category=Category.SHELL, input={"command": command}, command=command, output=output,
        start_seconds=block.seconds, **known,
    )  # fmt: skip


def _suggested(block: Block, reading: Reading) -> list[str]:
    """Give the commands of the question before this one; a line that was nearly full may have been a whole one."""
    for other in reversed(reading.blocks[: block.index]):
        if other.kind == "subject":
            return [*_about(other, reading), *(row.line.text.strip() for row in other.rows if row.line.text)]
        if other.kind in _INPUTS:
            break
    return []


def _about(block: Block | None, reading: Reading) -> list[str]:
    """Give what a question asks about: the lines above it, without pens those after the last blank line."""
    if block is None or block.kind != "subject":
        return []
    rows = list(block.rows)
    if not reading.palette.colours:
        rows = list(takewhile(lambda row: row.place is not Place.BLANK, reversed(rows)))[::-1]
    lines = unwrap([row.line.text for row in rows], block.rows[0].line.cols, prose=False)
    return [line.strip() for line in lines if line.strip()]


def _asked_what_is_wrong(block: Block, reading: Reading) -> bool:
    """Tell whether the next prompt is the one that the program proposes after a failure."""
    after = next((other for other in reading.blocks[block.index + 1 :] if other.kind in _INPUTS), None)
    return block.kind == "run" and after is not None and after.fields.get("text", "").startswith(_PREFILLED)


def question(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a question with its answer; a command that was refused is a tool use that was denied."""
    asked, answer = _asked(block)
    answer = "n" if block.kind == "stopped" else answer  # Ctrl-C is no yes
    about = _about(reading.preceding(block), reading)
    yield Note(kind=NoteKind.APPROVAL, text=" ".join((asked, *about, answer)), seconds=block.seconds)
    if asked.startswith("Run shell command") and answer in _REFUSED:
        for command in about:
            yield ToolUse(
                name="shell", category=Category.SHELL, input={"command": command}, command=command, ok=False,
                stopped=Stopped.DENIED, start_seconds=block.seconds,
            )  # fmt: skip


def _asked(block: Block) -> tuple[str, str]:
    """Give a question and its answer, wherever the input box broke them."""
    shown = "".join(_filled(row.line, row.line.text) for row in block.rows)
    found = _QUESTION.match(shown)
    return (found["question"], found["answer"].strip().lower()) if found else (shown.strip(), "")


def applied(block: Block, reading: Reading) -> Iterator[Event]:
    """Read an edit that was made: a file is new if creating it was asked for."""
    file = next((row.fields["file"].strip() for row in block.rows if "file" in row.fields), "")
    created = file in _created(block, reading)
    yield ToolUse(
        name="write" if created else "edit",
        category=Category.WRITE if created else Category.EDIT,
        input={"path": file},
        files=(file,),
        ok=True,
        start_seconds=block.seconds,
    )


def _created(block: Block, reading: Reading) -> set[str]:
    """Give the files that were to be created before this block."""
    files: set[str] = set()
    for other in reading.blocks[: block.index]:
        if other.kind in _QUESTIONS and _asked(other)[0].startswith("Create new file"):
            files.update(_about(reading.preceding(other), reading))
    return files


def mismatch(block: Block, reading: Reading) -> Iterator[Event]:
    """Read edits that could not be made: one for each file that is named."""
    pattern = _HUNK if block.kind == "hunk" else _UNMATCHED
    for file in pattern.findall(together(block.rows)) or [""]:
        yield ToolUse(
            name="edit", category=Category.EDIT, files=(file,) if file else (), ok=False,
            output=block.rows[0].line.text, start_seconds=block.seconds,
        )  # fmt: skip


def text(block: Block, reading: Reading) -> Iterator[Event]:
    """Read an answer."""
    after = reading.following(block)
    shown = "\n".join(row.line.text for row in block.rows).strip()
    cut = after is not None and after.kind == "interrupt"
    if cut:
        shown = shown.removesuffix("^C").rstrip()  # the terminal's echo of the key
    if shown:
        yield AssistantText(text=shown, seconds=block.seconds, cut=cut)


def subject(block: Block, reading: Reading) -> Iterator[Event]:
    """Read what a question asks about. Where no pen tells it from other lines, what follows does."""
    after = reading.following(block)
    if reading.palette.colours or after is None or after.kind in _QUESTIONS | _INPUTS:
        return  # without pens: the files of the chat, if it is before a prompt
    yield from (text if after.kind in _ENDS else aside)(block, reading)


def error(block: Block, reading: Reading) -> Iterator[Event]:
    """Read what stopped an answer."""
    kind = ErrorKind.INTERRUPTED if block.kind == "interrupt" else ErrorKind.API_ERROR
    shown = " ".join(row.line.text.strip(" ░█") for row in _first_paragraph(block))
    yield Error(kind=kind, text=shown, seconds=block.seconds)


def api_error(block: Block, reading: Reading) -> Iterator[Event]:
    """Read what the API refused, and the attempts before it that were not shown."""
    shown = block.fields["text"]
    if _TRIED_AGAIN.match(shown) and block.seconds - _asked_at(block, reading) >= _SHORTEST_PAUSES:
        for attempt in range(1, _ATTEMPTS):
            text = f"attempt {attempt} of {_ATTEMPTS} failed"
            yield Error(kind=ErrorKind.API_ERROR, text=text, seconds=block.seconds)
    yield from error(block, reading)


def _asked_at(block: Block, reading: Reading) -> float:
    """Give the latest time at which the request of this answer can have been sent."""
    before = reading.preceding(block)
    spinning = (p.first_seconds for p in reading.transcript.passing if _WAITING.search(p.text))
    shown = [seconds for seconds in spinning if seconds <= block.seconds]
    return max(shown) - _SPINS_AFTER if shown else before.seconds if before is not None else 0.0


def commit(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a commit that the program made by itself."""
    yield Note(kind=NoteKind.OTHER, text=f"Commit {block.fields['text']}", seconds=block.seconds)


def aside(block: Block, reading: Reading) -> Iterator[Event]:
    """Keep what the program said beyond what is known of it."""
    yield Unknown(text="\n".join(row.line.text for row in block.rows), seconds=block.seconds)


READERS: Mapping[str, Reader] = {
    "prompt": prompt,
    "slash": slash,
    "run": run,
    "git": run,
    "running": running,
    "question": question,
    "asking": question,
    "answering": question,
    "stopped": question,
    "applied": applied,
    "applying": applied,
    "mismatch": mismatch,
    "hunk": mismatch,
    "text": text,
    "subject": subject,
    "api_error": api_error,
    "interrupt": error,
    "commit": commit,
    "aside": aside,
}
