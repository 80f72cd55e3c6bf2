"""What the blocks of aider's screen mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from parsers.screens.evidence import number, shell_outcome
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
    Unknown,
)

_PREFILLED = "What's wrong? Fix"  # put into the input box after a command that failed
_BRACES = re.compile(r"\{(?P<tag>\w*)\n(?P<text>.*)\n(?P=tag)\}", re.DOTALL)
# litellm's OpenAI client asks three times before litellm reports one of these; its pauses add up to more than a second.
_TRIED_AGAIN = re.compile(
    r"litellm\.(?:RateLimit|InternalServer|ServiceUnavailable|APIConnection|API|Timeout)\w*: .*\bOpenAIException\b"
)
_ATTEMPTS, _SHORTEST_PAUSES = 3, 1.1
_WAITING, _SPINS_AFTER = re.compile(r"Waiting for \S"), 0.5  # seconds that aider waits before it draws a spinner
_REFUSED = frozenset({"n", "no", "s", "skip", "d", "don't"})


def _typed(block: Block) -> str:
    """Give what was typed; several lines may stand in braces."""
    text = "\n".join(row.fields.get("text", "") for row in block.rows if row.kind in (block.kind, "more")).strip()
    braced = _BRACES.fullmatch(text)
    return braced["text"] if braced else text


def prompt(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a submitted message."""
    yield Prompt(text=_typed(block), seconds=block.seconds)


def slash(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command for the program itself."""
    yield Note(kind=NoteKind.SLASH_COMMAND, text=_typed(block), seconds=block.seconds)


def run(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command that ran: typed with /run, or suggested and approved."""
    command = _typed(block)
    if block.kind == "running" and command not in _suggested(block, reading):
        yield Unknown(text=block.rows[0].line.text, seconds=block.seconds)
        return
    output = "\n".join(row.line.text for row in block.rows[1:] if row.kind == "output") or None
    known = shell_outcome(command, output)
    if known["ok"] is None and _asked_what_is_wrong(block, reading):
        known["ok"] = False
    yield ToolUse(
        name="shell", category=Category.SHELL, input={"command": command}, command=command, output=output,
        start_seconds=block.seconds, **known,
    )  # fmt: skip


def _suggested(block: Block, reading: Reading) -> list[str]:
    """Give the commands of the question before this one."""
    for other in reversed(reading.blocks[: block.index]):
        if other.kind == "subject":
            return [row.fields["text"].strip() for row in other.rows if "text" in row.fields]
        if other.kind == "prompt":
            break
    return []


def _asked_what_is_wrong(block: Block, reading: Reading) -> bool:
    """Tell whether the next prompt is the one that the program proposes after a failure."""
    later = (other for other in reading.blocks[block.index + 1 :] if other.kind in ("prompt", "run", "slash"))
    after = next(later, None)
    return block.kind == "run" and after is not None and after.fields.get("text", "").startswith(_PREFILLED)


def question(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a question with its answer; a command that was refused is a tool use that was denied."""
    asked, answer = block.fields["question"], block.fields["answer"].strip().lower()
    subject = reading.preceding(block)
    about = []
    if subject is not None and subject.kind == "subject":
        about = [row.fields["text"].strip() for row in subject.rows if "text" in row.fields]
    yield Note(kind=NoteKind.APPROVAL, text=" ".join((asked, *about, answer)), seconds=block.seconds)
    if asked.startswith("Run shell command") and answer in _REFUSED:
        for command in about:
            yield ToolUse(
                name="shell", category=Category.SHELL, input={"command": command}, command=command, ok=False,
                stopped=Stopped.DENIED, start_seconds=block.seconds,
            )  # fmt: skip


def applied(block: Block, reading: Reading) -> Iterator[Event]:
    """Read an edit that was made: a file is new if creating it was asked for."""
    file = block.fields["file"].strip()
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
    for number_, other in enumerate(reading.blocks[: block.index]):
        if other.kind == "question" and other.fields["question"].startswith("Create new file") and number_:
            subject = reading.blocks[number_ - 1]
            files |= {row.fields["text"].strip() for row in subject.rows if "text" in row.fields}
    return files


def mismatch(block: Block, reading: Reading) -> Iterator[Event]:
    """Read edits that could not be made: one for each file that is named."""
    files = [row.fields["file"] for row in block.of("mismatch_in")]
    for file in files or [""]:
        yield ToolUse(
            name="edit", category=Category.EDIT, files=(file,) if file else (), ok=False,
            output=block.rows[0].line.text, start_seconds=block.seconds,
        )  # fmt: skip


def text(block: Block, reading: Reading) -> Iterator[Event]:
    """Read an answer."""
    after = reading.following(block)
    shown = "\n".join(row.line.text for row in block.rows).strip()
    yield AssistantText(text=shown, seconds=block.seconds, cut=after is not None and after.kind == "interrupt")


def subject(block: Block, reading: Reading) -> Iterator[Event]:
    """Read what a question asks about; where no pen tells it from an answer (TERM=dumb), only the question does."""
    after = reading.following(block)
    if not reading.palette.attributes and (after is None or after.kind != "question"):
        yield from text(block, reading)


def error(block: Block, reading: Reading) -> Iterator[Event]:
    """Read what stopped an answer."""
    kind = ErrorKind.INTERRUPTED if block.kind == "interrupt" else ErrorKind.API_ERROR
    shown = " ".join(row.line.text.strip(" ░█") for row in block.rows if row.line.text)
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
    "running": run,
    "question": question,
    "applied": applied,
    "mismatch": mismatch,
    "text": text,
    "subject": subject,
    "api_error": api_error,
    "interrupt": error,
    "commit": commit,
    "aside": aside,
}


def finish(events: list[Event], reading: Reading) -> list[Event]:
    """Add the sums of the lines after each answer."""
    counted = [block for block in reading.blocks if block.kind == "tokens"]
    if not counted:
        return events
    tokens = Tokens()
    for block in counted:
        names = [name for name in Tokens.__struct_fields__ if name in block.fields]
        tokens += Tokens(**{name: number(block.fields[name]) for name in names})
    costs = [float(block.fields["cost"].replace(",", "")) for block in counted if "cost" in block.fields]
    last = counted[-1].seconds
    return [*events, Totals(tokens=tokens, cost_usd=costs[-1] if costs else None, seconds=last)]
