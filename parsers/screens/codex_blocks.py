"""What the blocks of Codex's screen mean: commands, exploration, patches, plans, agents to events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby

from msgspec import structs

from parsers.screens import codex_passing as passing
from parsers.screens.evidence import asked_and_answered, shell_outcome, was_asked
from parsers.screens.hues import Hue, hue
from parsers.screens.prose import output, said
from parsers.screens.table import Block, Place, Reader, Reading, Row
from parsers.screens.timeline import merged
from parsers.screens.wrapping import unwrap
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

_LOOKED = re.compile(r"(?:Read|Search|List|Run|View)\b")
_EXIT = re.compile(r" \(exit (\d+)\)$")
_FILE_CHANGES = re.compile(r"(?P<file>.*?)(?: → (?P<moved>.*?))? \(\+(?P<added>\d+) -(?P<removed>\d+)\)$")
_FIRST_LINE = re.compile(r" +1 +(?P<sign>[+-])")
_TELLS_EXITS = (0, 150)  # since then a failed look is marked "(exit 1)"; 0.149 and older say nothing
_SIGNAL = re.compile(r"execution error: Sandbox\(Signal\((\d+)\)\)")


def prompt(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a submitted message; the one that the answer to a dialog stands for is none."""
    if _is_composer(block, reading):
        return
    asked = was_asked(reading, 0.0, block.seconds, passing.PLAN_QUESTION)
    if asked and block.fields["text"] == "Implement the plan.":
        yield Note(kind=NoteKind.APPROVAL, text=block.fields["text"], seconds=block.seconds)
    else:
        rows = tuple(_as_typed(row) for row in block.rows)
        yield Prompt(text=said(Block(block.kind, rows, block.index), reading), seconds=block.seconds)


def _as_typed(row: Row) -> Row:
    """Give an item of a list its dash back."""
    if row.kind != "item":
        return row
    return replace(row, kind="more", line=replace(row.line, text=f"  - {row.fields['text']}"))


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
    yield AssistantText(text=said(block, reading), seconds=block.seconds)


def command(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command that ran: its text, its outcome, what was shown of its output."""
    written, results = _command(block)
    status = block.fields.get("status")
    shown = output(results)
    shown = None if shown == "(no output)" else shown
    killed = _SIGNAL.match(shown or "")
    colour = hue(block.rows[0].line.lead.foreground)
    exit_code = int(status) if status else 128 + int(killed[1]) if killed else None
    if exit_code is not None or not reading.palette.colours:
        outcome = shell_outcome(written, shown, exit_code)
    elif colour in (Hue.GREEN, Hue.RED):
        outcome = {"ok": colour is Hue.GREEN, "exit_code": 0 if colour is Hue.GREEN else None}
    else:
        outcome = {}
    yield ToolUse(
        name="shell",
        category=Category.SHELL,
        input={"command": written},
        command=written,
        output=shown,
        start_seconds=block.seconds,
        **outcome,
    )


def _command(block: Block) -> tuple[str, tuple[Row, ...]]:
    """The command's lines, and the rows of its result. 0.39 puts the command on the elbow if the head has no room."""
    head = block.rows[0]
    rest = [row for row in block.rows[1:] if row.place is not Place.BLANK]
    if "command" in head.fields:
        lines = [row for row in rest if row.kind == "command_more"]
        prefix = len(head.line.text) - len(head.fields["command"])
        drawn = unwrap([head.line.text, *(row.line.text for row in lines)], head.line.cols)
        text = "\n".join([drawn[0][prefix:], *(re.sub(r"^  │ ?", "", line) for line in drawn[1:])])
        return text, tuple(row for row in rest if row.kind != "command_more")
    drawn = unwrap([row.line.text for row in rest], head.line.cols)
    return "\n".join([drawn[0].removeprefix("  └ "), *(line[4:] for line in drawn[1:])]) if drawn else "", ()


def commands(block: Block, reading: Reading) -> Iterator[Event]:
    """Read several successful commands of which only the number is left (0.149)."""
    before = reading.preceding(block)
    seen = passing.commands_seen(before.seconds if before else 0.0, block.seconds, reading)
    count = int(block.fields["count"])
    for command in [*seen[:count], *[None] * (count - len(seen))]:
        given = {"command": command} if command else {}
        yield ToolUse(
            name="shell", category=Category.SHELL, input=given, command=command, ok=True, start_seconds=block.seconds
        )


def explored(block: Block, reading: Reading) -> Iterator[Event]:
    """Read commands that only looked at files. Lines that appeared at once are one command's."""
    rows = [row for row in block.of("result", "more") if _LOOKED.match(_item(row))]
    for seconds, together in groupby(rows, key=lambda row: row.line.seconds):
        items = [_item(row) for row in together]
        reads = items[0].removeprefix("Read ").split(", ") if items[0].startswith("Read ") else [""]
        exits = [int(found[1]) for item in items if (found := _EXIT.search(item))]
        for _ in reads:
            yield ToolUse(
                name="shell",
                category=Category.SHELL,
                input={"looked_at": "; ".join(_EXIT.sub("", item) for item in items)},
                ok=False if any(exits) else True if reading.version >= _TELLS_EXITS else None,
                exit_code=max(exits) if exits else 0 if reading.version >= _TELLS_EXITS else None,
                start_seconds=seconds,
            )


def _item(row: Row) -> str:
    return row.fields.get("text", row.line.text).strip()


def edited(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a patch: one file on the head, or several on elbows, each with its diff below."""
    changes = list(_changes(block))
    yield ToolUse(
        name="apply_patch",
        category=Category.EDIT,
        input={"files": [file for file, _ in changes]},
        ok=True,
        files=tuple(file for file, verb in changes if verb != "Deleted"),
        created=tuple(file for file, verb in changes if verb == "Added"),
        lines_added=int(block.fields["added"]),
        lines_removed=int(block.fields["removed"]),
        output=output(block.rows[1:]),
        start_seconds=block.seconds,
    )


def _changes(block: Block) -> Iterator[tuple[str, str]]:
    """Yield each file of a patch with what was done to it: Edited, Added or Deleted.

    Of several files the verb is not told. A new file's diff has only additions from line 1 on, a deleted one's only
    removals.
    """
    if " files" not in block.fields["files"]:
        yield block.fields["files"].split(" → ")[0], block.fields["verb"]
        return
    rows = [row for row in block.rows[1:] if row.place is not Place.BLANK]
    for row, below in zip(rows, [*rows[1:], None], strict=True):
        change = _FILE_CHANGES.match(_item(row))
        if change:
            first = _FIRST_LINE.match(below.line.text) if below else None
            whole = first is not None and "0" in (change["added"], change["removed"])
            yield change["file"], {"+": "Added", "-": "Deleted"}[first["sign"]] if first and whole else "Edited"


def edit_failed(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a patch that could not be applied."""
    yield ToolUse(
        name="apply_patch", category=Category.EDIT, ok=False, output=output(block.rows[1:]), start_seconds=block.seconds
    )


def plan(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a plan: the tool's (`Updated`) is a call, the one of plan mode (`Proposed`) an answer."""
    steps = "\n".join(_item(row) for row in block.of("result", "more"))
    if "Updated" in block.rows[0].line.text:
        yield ToolUse(name="update_plan", category=Category.TODO, ok=True, output=steps, start_seconds=block.seconds)
        yield Note(kind=NoteKind.TODO, text=steps, seconds=block.seconds)
    else:
        yield AssistantText(text=steps, seconds=block.seconds)
        yield Note(kind=NoteKind.PLAN, text=steps, seconds=block.seconds)


def called(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a call of an MCP server's tool."""
    failed = block.fields["verb"] == "Failed" or hue(block.rows[0].line.lead.foreground) is Hue.RED
    yield ToolUse(
        name=f"mcp__{block.fields['server']}__{block.fields['tool']}",
        category=Category.MCP,
        input={"arguments": block.fields["input"].strip("()")} if "input" in block.fields else {},
        ok=not failed,
        output=output(block.of("result", "more")),
        start_seconds=block.seconds,
    )


def searched(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a search of the web."""
    yield ToolUse(
        name="web_search",
        category=Category.WEB,
        input={"query": block.fields.get("query", "")},
        ok=True,
        start_seconds=block.seconds,
    )


def viewed(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a look at an image."""
    row = block.first("result")
    file = block.fields["file"].strip() or (_item(row) if row else "")
    yield ToolUse(name="view_image", category=Category.READ, files=(file,), ok=True, start_seconds=block.seconds)


def agent(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the start of a sub-agent, which is a call, or news of one."""
    if block.fields["state"] in ("Started", "Spawned"):
        yield ToolUse(
            name="spawn_agent",
            category=Category.TASK,
            input={"agent": block.fields["agent"]},
            ok=True,
            start_seconds=block.seconds,
        )
    yield Note(kind=NoteKind.SUBAGENT, text=f"{block.fields['state']} {block.fields['agent']}", seconds=block.seconds)


def waiting(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a wait for sub-agents: begun and finished are one call."""
    if "Finished" in block.rows[0].line.text:
        yield ToolUse(
            name="wait_agent",
            category=Category.TASK,
            ok=True,
            output=output(block.rows[1:]),
            start_seconds=block.seconds,
        )


def denial(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command that was not allowed. The cell that may follow for it (0.87 to 0.169) tells of no run."""
    written = " ".join(line.strip() for line in unwrap([row.line.text for row in block.rows], block.rows[0].line.cols))
    yield ToolUse(
        name="shell",
        category=Category.SHELL,
        input={"command": block.fields["command"]},
        command=written[written.find(block.fields["command"]) :],
        ok=False,
        stopped=Stopped.DENIED,
        start_seconds=block.seconds,
    )


def interrupted(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the end of a turn that somebody stopped; after a denial it says nothing new."""
    yield Error(kind=ErrorKind.INTERRUPTED, text=said(block, reading), seconds=block.seconds)


def error(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the program's report that the API gave up."""
    yield Error(kind=ErrorKind.API_ERROR, text=said(block, reading), seconds=block.seconds)


def questions(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the assistant's questions with the person's answers."""
    asked = "\n".join(_item(row) for row in block.of("result", "more"))
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
    yield Note(kind=NoteKind.USER_SHELL, text=_command(block)[0], seconds=block.seconds)


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
    "text": text,
    "command": command,
    "commands": commands,
    "explored": explored,
    "edited": edited,
    "edit_failed": edit_failed,
    "plan": plan,
    "called": called,
    "searched": searched,
    "viewed": viewed,
    "agent": agent,
    "waiting": waiting,
    "denial": denial,
    "interrupted": interrupted,
    "error": error,
    "retry": error,
    "questions": questions,
    "approval": note(NoteKind.APPROVAL),
    "slash": note(NoteKind.SLASH_COMMAND),
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
    """Let a denial take the place of what the program reports of it, and add what only passed over the screen."""
    asked = asked_and_answered(reading, passing.QUESTION, {"denial", "interrupted"})
    passed: list[Event] = [*passing.reconnects(reading), *asked]
    return merged(_denied_patches(_denied_commands(events), reading), passed)


def _denied_commands(events: list[Event]) -> list[Event]:
    """Drop the cell of a denied command, which never ran, and the interruption that a denial is."""
    kept: list[Event] = []
    denied: ToolUse | None = None
    for event in events:
        if isinstance(event, ToolUse) and event.stopped is Stopped.DENIED:
            denied = event
        elif denied and isinstance(event, ToolUse) and event.command == denied.command:
            continue
        elif denied and isinstance(event, Error) and event.kind is ErrorKind.INTERRUPTED:
            denied = None
            continue
        elif isinstance(event, Prompt):
            denied = None
        kept.append(event)
    return kept


def _denied_patches(events: list[Event], reading: Reading) -> list[Event]:
    """Mark a patch that was denied: 0.169 leaves it on the screen as if it had been made, and says "interrupted"."""
    kept: list[Event] = []
    for event in events:
        last = kept[-1] if kept else None
        if (
            isinstance(event, Error)
            and event.kind is ErrorKind.INTERRUPTED
            and isinstance(last, ToolUse)
            and last.category is Category.EDIT
            and was_asked(reading, last.start_seconds or 0.0, event.seconds or 0.0, passing.EDIT_QUESTION)
        ):
            kept[-1] = structs.replace(last, ok=False, stopped=Stopped.DENIED)
        else:
            kept.append(event)
    return kept
