"""Claude Code's blocks that are neither prompt, answer nor ordinary call: questions, plans, errors, the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from parsers.amounts import amount, whole
from parsers.screens.prose import said
from parsers.screens.table import Block, Reader, Reading
from parsers.session import Category, Error, ErrorKind, Event, Note, NoteKind, Stopped, Tokens, ToolUse, Totals


def note(kind: NoteKind) -> Reader:
    """Make a reader for blocks that are worth a note with their own words."""

    def read(block: Block, reading: Reading) -> Iterable[Event]:
        words = "\n".join(row.fields.get("text", row.line.text).strip() for row in block.rows if row.line.text)
        return [Note(kind=kind, text=words.lstrip("●⏺✻∴ "), seconds=block.seconds)]

    return read


def shell(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command that the person ran in the program's own shell mode."""
    yield Note(kind=NoteKind.USER_SHELL, text=block.fields["command"], seconds=block.seconds)


def questions(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the assistant's questions with the person's answers."""
    answered = [row.fields.get("text", row.line.text).strip(" ·") for row in block.of("result", "more")]
    yield ToolUse(
        name="AskUserQuestion",
        category=Category.OTHER,
        ok=True,
        output="\n".join(answered),
        start_seconds=block.seconds,
    )
    for answer in answered:
        yield Note(kind=NoteKind.QUESTION, text=answer, seconds=block.seconds)


def plan_approved(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a plan and what the person said of it."""
    plan = "\n".join(row.fields.get("text", row.line.text[5:]) for row in block.of("result", "more"))
    approved = block.kind == "plan_approved"
    yield ToolUse(
        name="ExitPlanMode",
        category=Category.TODO,
        ok=approved,
        stopped=None if approved else Stopped.DENIED,
        start_seconds=block.seconds,
    )
    yield Note(kind=NoteKind.PLAN, text=plan, seconds=block.seconds)


def plan_updated(block: Block, reading: Reading) -> Iterator[Event]:
    """Read that in plan mode the assistant writes its plan to a file, which this line does not name."""
    yield ToolUse(name="Write", category=Category.WRITE, ok=True, start_seconds=block.seconds)


def api_error(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the program's report that the API gave up on an answer."""
    yield Error(kind=ErrorKind.API_ERROR, text=said(block, reading), seconds=block.seconds)


def resume(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the id with which the session can be resumed."""
    for row in block.of("resume_id"):
        yield Note(kind=NoteKind.RESUME_ID, text=row.fields["session"], seconds=row.line.seconds)


def totals(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the bill that versions before 2.1 print at the end."""
    tokens = Tokens()
    for row in block.of("usage"):
        if "input" in row.fields:
            tokens += Tokens(
                **{name: whole(row.fields[name]) for name in ("input", "output", "cache_read", "cache_write")}
            )
    yield Totals(tokens=tokens, cost_usd=amount(block.fields["cost"]), seconds=block.seconds)
