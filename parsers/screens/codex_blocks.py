"""What the blocks of Codex's screen mean: prompts, answers, plans, what the program says (calls: `codex_tools`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from msgspec import structs

from parsers.screens import codex_again as again
from parsers.screens import codex_passing as passing
from parsers.screens import codex_tools as tools
from parsers.screens.evidence import asked_and_answered, was_asked
from parsers.screens.prose import said
from parsers.screens.table import Block, Reader, Reading, Row
from parsers.screens.timeline import merged
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

_BACKGROUND = re.compile(r"  • (?P<command>\S.*)")
_REJECTED = re.compile(r"rejected by user")
_OF_AN_ANSWER = ("more", "result", "hidden")  # it may quote what a cell looks like
_AT_ONCE = 0.3  # seconds
_DRAWS_LISTS = (0, 166)  # since then or 0.169 an item of a prompt has a bullet instead of its dash


def prompt(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a submitted message; the one that the answer to a dialog stands for is none."""
    if _is_composer(block, reading):
        return
    own, below = again.own_and_below(block, reading)
    yield from _submitted(replace(block, rows=own), reading) if own else ()
    yield from again.end_of_an_answer(below, block, reading)


def _submitted(block: Block, reading: Reading) -> Iterator[Event]:
    asked = was_asked(reading, 0.0, block.seconds, passing.PLAN_QUESTION)
    if asked and block.fields["text"] == "Implement the plan.":
        yield Note(kind=NoteKind.APPROVAL, text=block.fields["text"], seconds=block.seconds)
    else:
        yield Prompt(text=_typed(block, reading), seconds=block.seconds)


def prompt_end(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the end of a prompt whose beginning was never on the screen."""
    yield Prompt(text=f"… {said(block, reading)}", seconds=block.seconds)


def _typed(block: Block, reading: Reading) -> str:
    bar = 2 if block.rows[0].line.text.startswith("▌ ") else 1  # 0.34 left no space after it
    head, *below = block.rows
    text = head.fields["text"]
    if reading.version >= _DRAWS_LISTS and text.startswith("• "):
        head = replace(head, fields={"text": f"- {text[2:]}"})
    rows = (head, *(_as_typed(row, bar) for row in below))
    return said(Block(block.kind, rows, block.index), reading)


def _as_typed(row: Row, bar: int) -> Row:
    """Take a line's bar away, and give an item of a list its dash back."""
    if row.kind not in ("bar", "item"):
        return row
    text = f"- {row.fields['text']}" if row.kind == "item" else row.line.text[bar:]
    return replace(row, kind="more", line=structs.replace(row.line, text=f"  {text}"))


def _is_composer(block: Block, reading: Reading) -> bool:
    """Without styles the input box looks like a prompt: it is the last thing on the live part of the screen."""
    styled = reading.palette.colours or reading.palette.attributes
    after = reading.following(block)
    return (
        not styled
        and block.rows[0].line.live
        and (after is None or after.rows[0].line.segment != block.rows[0].line.segment)
    )


def text(block: Block, reading: Reading) -> Iterator[Event]:
    """Read an answer."""
    yield AssistantText(text=said(block, reading, kinds=_OF_AN_ANSWER), seconds=block.seconds)


def plan(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a plan: the tool's (`Updated`) is a call, the one of plan mode (`Proposed`) an answer."""
    steps = "\n".join(tools.item_of(row) for row in block.of("result", "more"))
    if "Updated" in block.rows[0].line.text:
        yield ToolUse(name="update_plan", category=Category.TODO, ok=True, output=steps, start_seconds=block.seconds)
        yield Note(kind=NoteKind.TODO, text=steps, seconds=block.seconds)
    else:
        yield AssistantText(text=steps, seconds=block.seconds)
        yield Note(kind=NoteKind.PLAN, text=steps, seconds=block.seconds)


def interrupted(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the end of a turn that somebody stopped; after a denial it says nothing new."""
    yield Error(kind=ErrorKind.INTERRUPTED, text=said(block, reading), seconds=block.seconds)


def error(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the program's report that the API gave up."""
    yield Error(kind=ErrorKind.API_ERROR, text=said(block, reading), seconds=block.seconds)


def questions(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the assistant's questions with the person's answers."""
    asked = "\n".join(tools.item_of(row) for row in block.of("result", "more"))
    yield ToolUse(
        name="request_user_input", category=Category.OTHER, ok=True, output=asked, start_seconds=block.seconds
    )
    yield Note(kind=NoteKind.QUESTION, text=asked, seconds=block.seconds)


def note(kind: NoteKind) -> Reader:
    """Make a reader for blocks that are worth a note with their own words."""

    def read(block: Block, reading: Reading) -> Iterable[Event]:
        return [
            Note(kind=kind, text=said(block, reading) or block.rows[0].line.text.strip("• "), seconds=block.seconds)
        ]

    return read


def user_shell(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command that the person ran in the program's own shell mode."""
    yield Note(kind=NoteKind.USER_SHELL, text=tools.command_line(block)[0], seconds=block.seconds)


def slash(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command for the program itself. `/ps` lists what runs in the background, which has no cell (0.128 on)."""
    yield Note(kind=NoteKind.SLASH_COMMAND, text=block.fields["text"], seconds=block.seconds)
    drawn = {event.command for other in reading.blocks for event in _commands(other, reading)}
    for row in block.of("more"):
        listed = _BACKGROUND.match(row.line.text)
        if block.fields["text"] == "/ps" and listed and listed["command"] not in drawn:
            yield tools.in_background(listed["command"], row.line.seconds)


def _commands(block: Block, reading: Reading) -> Iterator[ToolUse]:
    """Yield the commands of a block that draws one; of an earlier list those that it told."""
    if block.kind == "command":
        yield from (event for event in tools.command(block, reading) if isinstance(event, ToolUse))


def resume(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the id with which the session can be resumed."""
    for row in block.rows:
        if "session" in row.fields:
            yield Note(kind=NoteKind.RESUME_ID, text=row.fields["session"], seconds=row.line.seconds)


def totals(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the tokens of the whole session; output includes reasoning."""
    counts = {name: int(value.replace(",", "")) for name, value in block.fields.items() if name != "text"}
    yield Totals(
        tokens=Tokens(
            input=counts["input"],
            output=counts["output"],
            cache_read=counts.get("cached"),
            reasoning=counts.get("reasoning"),
        ),
        seconds=block.seconds,
    )


READERS: Mapping[str, Reader] = {
    "prompt": prompt,
    "prompt_end": prompt_end,
    "text": text,
    "command": tools.command,
    "commands": tools.commands,
    "expanded": tools.expanded,
    "explored": tools.explored,
    "stdin": tools.stdin,
    "edited": tools.edited,
    "proposed": tools.proposed,
    "edit_failed": tools.edit_failed,
    "plan": plan,
    "called": tools.called,
    "searched": tools.searched,
    "viewed": tools.viewed,
    "agent": tools.agent,
    "waiting": tools.waiting,
    "denial": tools.denial,
    "interrupted": interrupted,
    "error": error,
    "retry": error,
    "questions": questions,
    "approval": note(NoteKind.APPROVAL),
    "slash": slash,
    "warning": note(NoteKind.OTHER),
    "reasoning": note(NoteKind.REASONING),
    "compacted": note(NoteKind.COMPACTION),
    "model": note(NoteKind.MODEL),
    "reverted": note(NoteKind.OTHER),
    "user_shell": user_shell,
    "resume": resume,
    "totals": totals,
}


def finish(events: list[Event], reading: Reading) -> list[Event]:
    """Let denials and interruptions be told once, by the call they hit; add what only passed over the screen."""
    asked = asked_and_answered(reading, passing.QUESTION, {"denial", "interrupted"})
    passed: list[Event] = [*passing.reconnects(reading), *asked]
    return merged(_listed_once(_stopped_calls(_denied_commands(_failed_patches(events)), reading)), passed)


def _failed_patches(events: list[Event]) -> list[Event]:
    """Put the report that a patch failed or was rejected to its cell, which was drawn before it was tried.

    In 0.162 the report of a patch that was not allowed stands below the interruption.
    """
    kept: list[Event] = []
    for event in events:
        failed = isinstance(event, ToolUse) and event.category is Category.EDIT and event.ok is False
        place = next((n for n in range(len(kept) - 1, -1, -1) if not _is_interruption(kept[n])), None)
        last = kept[place] if place is not None else None
        drawn = isinstance(last, ToolUse) and last.category is Category.EDIT and last.ok
        if failed and drawn and isinstance(event, ToolUse) and isinstance(last, ToolUse) and place is not None:
            stopped = Stopped.DENIED if _REJECTED.search(event.output or "") else None
            kept[place] = structs.replace(last, ok=False, stopped=stopped, output=event.output)
        else:
            kept.append(event)
    return kept


def _is_interruption(event: Event) -> bool:
    return isinstance(event, Error) and event.kind is ErrorKind.INTERRUPTED


def _listed_once(events: list[Event]) -> list[Event]:
    """Keep the first of the calls that several lists of background commands name."""
    first = {e.command: e for e in reversed(events) if isinstance(e, ToolUse) and "background" in e.input}
    return [e for e in events if not (isinstance(e, ToolUse) and "background" in e.input and first[e.command] is not e)]


def _denied_commands(events: list[Event]) -> list[Event]:
    """Drop the cell of a denied command, which never ran, and the interruption that a denial is."""
    kept: list[Event] = []
    denied: ToolUse | None = None
    for event in events:
        if denied and isinstance(event, ToolUse) and event.command and event.command == denied.command:
            continue
        if isinstance(event, ToolUse) and event.stopped is Stopped.DENIED and not _was_refused(event):
            denied = event
        elif denied and _is_interruption(event):
            denied = None
            continue
        elif isinstance(event, Prompt):
            denied = None
        kept.append(event)
    return kept


def _was_refused(call: ToolUse) -> bool:
    """Tell a command that a rule refused, in a cell of its own, from one that a person denied: the turn goes on."""
    return call.command is not None and call.output is not None


def _stopped_calls(events: list[Event], reading: Reading) -> list[Event]:
    """Mark the call that an interruption hit, instead of telling of the interruption by itself."""
    kept: list[Event] = []
    for event in events:
        last = kept[-1] if kept else None
        at = event.seconds or 0.0 if isinstance(event, Error) else 0.0
        stopped = _how_stopped(last, at, reading) if _is_interruption(event) and isinstance(last, ToolUse) else None
        if stopped and isinstance(last, ToolUse):
            kept[-1] = structs.replace(last, ok=False, stopped=stopped)
        elif _is_interruption(event) and was_asked(reading, 0.0, at, passing.EDIT_QUESTION):
            kept.append(tools.denied_patch(at))
        else:
            kept.append(event)
    return kept


def _how_stopped(call: ToolUse, at: float, reading: Reading) -> Stopped | None:
    """Tell how an interruption at some time stopped the call before it, None if the call had ended by then.

    0.169 leaves a denied patch on the screen as if it had been made: the dialog stood until the interruption. The cell
    of a command that was running is drawn at the moment of the interruption, and as a failure if there are colours.
    """
    if call.category is Category.EDIT and was_asked(reading, 0.0, at, passing.EDIT_QUESTION):
        return Stopped.DENIED
    just_ended = call.command is not None and call.ok is not True and abs((call.start_seconds or 0.0) - at) < _AT_ONCE
    return Stopped.INTERRUPTED if just_ended else None
