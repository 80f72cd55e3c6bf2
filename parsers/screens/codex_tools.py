"""The tool uses on Codex's screen: commands, exploration, patches, agents, calls of MCP servers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby, takewhile, zip_longest
from typing import Any

from parsers.replay.document import SegmentKind
from parsers.screens.codex_passing import cell_command, commands_seen
from parsers.screens.evidence import shell_outcome
from parsers.screens.hues import Hue, hue
from parsers.screens.prose import output
from parsers.screens.table import Block, Place, Reading, Row
from parsers.screens.wrapping import unwrap
from parsers.session import Category, Event, Note, NoteKind, Stopped, ToolUse

_LOOKED = re.compile(r"(?:Read|Search|List|Run|View)\b")
_LISTED = re.compile(r"List (?P<command>(?:ls|eza|exa|tree|du|rg|fd)(?: -\S+)*)$")  # itself if it has no path
_EXIT = re.compile(r" \(exit (\d{1,9})\)$")
_FILE_CHANGES = re.compile(r"(?P<file>.*?)(?: → (?P<moved>.*?))? \(\+(?P<added>\d{1,9}) -(?P<removed>\d{1,9})\)$")
_COUNTS = re.compile(r"\(\+(?P<added>\d{1,9}) -(?P<removed>\d{1,9})\)")
_FIRST_LINE = re.compile(r" +1 +(?P<sign>[+-])")
_TELLS_EXITS = (0, 150)  # since then a failed look is marked "(exit 1)"; 0.149 and older say nothing
_REFUSED = re.compile(
    r"`.{1,2000}` rejected: |exec command rejected by user|approval policy is \w{1,40}; reject command"
)
_AGENT_CALLS = {
    "Started": "spawn_agent",
    "Spawned": "spawn_agent",
    "Agent spawn failed": "spawn_agent",
    "Sent input to": "send_input",
    "Resumed": "resume_agent",
    "Closed": "close_agent",
}
_SIGNAL = re.compile(r"execution error: Sandbox\(Signal\((\d{1,3})\)\)")


def command(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command that ran: its text, its outcome, what was shown of its output."""
    written, results = command_line(block)
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
    if outcome.get("ok") is not True and _REFUSED.match(shown or ""):
        outcome |= {"ok": False, "stopped": Stopped.DENIED}  # by a rule: it never ran, and has a cell all the same
    yield _ran(written, shown, outcome, block)


def _ran(written: str, shown: str | None, outcome: Mapping[str, Any], block: Block) -> ToolUse:
    return ToolUse(
        name="shell",
        category=Category.SHELL,
        input={"command": written},
        command=written,
        output=shown,
        start_seconds=block.seconds,
        **outcome,
    )


def command_line(block: Block) -> tuple[str, tuple[Row, ...]]:
    """Give a command's text and the rows of its result.

    0.39 and older put a command on the elbow if the head has no room; the errors that may follow are faint.
    """
    head = block.rows[0]
    rest = [row for row in block.rows[1:] if row.place is not Place.BLANK]
    if "command" in head.fields:
        lines = [row for row in rest if row.kind == "command_more"]
        prefix = len(head.line.text) - len(head.fields["command"])
        text = cell_command([row.line for row in (head, *lines)], prefix)
        return text, tuple(row for row in rest if row.kind != "command_more")
    errors = tuple(takewhile(lambda row: row.line.lead.faint and row.line.body.faint, reversed(rest)))[::-1]
    drawn = unwrap([row.line.text for row in rest[: len(rest) - len(errors)]], head.line.cols, prose=False)
    return "\n".join([drawn[0].removeprefix("  └ "), *(line[4:] for line in drawn[1:])]) if drawn else "", errors


def expanded(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command of the full screen's expanded view (0.162 on, ^t): whole, with its output and how it ended.

    On the main screen 0.45 and older draw so what they print once more after a rewind.
    """
    if reading.transcript.segments[block.rows[0].line.segment].kind is not SegmentKind.FULL_SCREEN:
        return
    head, *rest = (row.line.text for row in (block.rows[0], *block.of("expanded_more")))
    drawn = unwrap([head, *rest], block.rows[0].line.cols, prose=False)
    written = "\n".join([drawn[0].removeprefix("$ "), *(line[4:] for line in drawn[1:])])
    end = block.first("expanded_end")
    status = int(end.fields.get("status", end.fields["sign"] == "✗")) if end else None
    shown = "\n".join(row.line.text for row in block.of("expanded_output")) or None
    yield _ran(written, shown, shell_outcome(written, shown, status), block)


def commands(block: Block, reading: Reading) -> Iterator[Event]:
    """Read several successful commands of which only the number is left (0.149), and which of them were allowed."""
    before = reading.preceding(block)
    while before and before.kind == "approval":
        before = reading.preceding(before)
    seen = commands_seen(before.seconds if before else 0.0, block.seconds, reading)
    count = int(block.fields["count"])
    for command in [*seen[:count], *[None] * (count - len(seen))]:
        given = {"command": command} if command else {}
        yield ToolUse(
            name="shell", category=Category.SHELL, input=given, command=command, ok=True, start_seconds=block.seconds
        )


def stdin(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a word or a wait for a command that runs in the background."""
    yield ToolUse(name="write_stdin", category=Category.SHELL, ok=True, start_seconds=block.seconds)


def in_background(written: str, seconds: float) -> ToolUse:
    """Make the call of a command that a list of background commands names; how it ends is not told."""
    given = {"command": written, "background": True}
    return ToolUse(name="shell", category=Category.SHELL, input=given, command=written, start_seconds=seconds)


def explored(block: Block, reading: Reading) -> Iterator[Event]:
    """Read commands that only looked at files. Lines that appeared at once are one command's."""
    tells_exits = reading.version >= _TELLS_EXITS
    for seconds, together in groupby(_looks(block), key=lambda look: look[0]):
        items = [item for _, item in together]
        looked_at = "; ".join(_EXIT.sub("", item) for item in items)
        listed = _LISTED.match(looked_at)
        reads = items[0].removeprefix("Read ").split(", ") if items[0].startswith("Read ") else [""]
        exits = [int(found[1]) for item in items if (found := _EXIT.search(item))]
        for _ in reads:
            yield ToolUse(
                name="shell",
                category=Category.SHELL,
                input={"looked_at": looked_at},
                command=listed["command"] if listed else None,
                ok=False if any(exits) else True if tells_exits else None,
                exit_code=max(exits) if exits else 0 if tells_exits else None,
                start_seconds=seconds,
            )


def _looks(block: Block) -> list[tuple[float, str]]:
    """Give each thing that was looked at with the time it appeared; what a narrow terminal broke is put together."""
    looks: list[tuple[float, str]] = []
    for row in block.of("result", "more"):
        item = item_of(row)
        if _LOOKED.match(item):
            looks.append((row.line.seconds, item))
        elif looks:
            looks[-1] = (looks[-1][0], f"{looks[-1][1]} {item}")
    return looks


def item_of(row: Row) -> str:
    """Give the text of a row below a head, its elbow off."""
    return row.fields.get("text", row.line.text).strip()


def edited(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a patch: one file on the head, or several on elbows, each with its diff below."""
    changes = list(_changes(block))
    counts = _COUNTS.search(" ".join(row.line.text.strip() for row in block.rows[:2]))
    yield ToolUse(
        name="apply_patch",
        category=Category.EDIT,
        input={"files": [file for file, _ in changes]},
        ok=True,
        files=tuple(file for file, verb in changes if verb != "Deleted"),
        created=tuple(file for file, verb in changes if verb == "Added"),
        lines_added=int(counts["added"]) if counts else None,
        lines_removed=int(counts["removed"]) if counts else None,
        output=output(block.rows[1:]),
        start_seconds=block.seconds,
    )


def proposed(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a patch that was asked about (0.39): the next cell says that it was approved, or that it was not."""
    after = reading.following(block)
    if after is not None and after.kind in ("approved", "interrupted"):
        yield from edited(block, reading)


def _changes(block: Block) -> Iterator[tuple[str, str]]:
    """Yield each file of a patch with what was done to it: Edited, Added or Deleted.

    Of several files the verb is not told, nor of one that was proposed.
    """
    rows = [row for row in block.rows[1:] if row.place is not Place.BLANK]
    if " files" not in block.fields["files"]:
        counts = _FILE_CHANGES.search(block.rows[0].line.text) if block.kind == "proposed" else None
        verb = _verb(counts, rows[0] if rows else None) if counts else block.fields["verb"]
        yield block.fields["files"].split(" → ")[0], verb
        return
    for row, below in zip_longest(rows, rows[1:]):
        change = _FILE_CHANGES.match(item_of(row))
        if change:
            yield change["file"], _verb(change, below)


def _verb(counts: re.Match[str], below: Row | None) -> str:
    """Tell what was done to a file by its diff: only additions from line 1 on, or only removals, are a whole file."""
    first = _FIRST_LINE.match(below.line.text) if below else None
    whole = first is not None and "0" in (counts["added"], counts["removed"])
    return {"+": "Added", "-": "Deleted"}[first["sign"]] if first and whole else "Edited"


def edit_failed(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a patch that could not be applied."""
    yield ToolUse(
        name="apply_patch", category=Category.EDIT, ok=False, output=output(block.rows[1:]), start_seconds=block.seconds
    )


def denied_patch(seconds: float) -> ToolUse:
    """Make the call of a patch of which only the dialog was drawn (0.45 to 0.87): it was not allowed."""
    return ToolUse(name="apply_patch", category=Category.EDIT, ok=False, stopped=Stopped.DENIED, start_seconds=seconds)


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
    file = block.fields["file"].strip() or (item_of(row) if row else "")
    yield ToolUse(name="view_image", category=Category.READ, files=(file,), ok=True, start_seconds=block.seconds)


def agent(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the start of a sub-agent, which is a call, or news of one; until agents had paths everything was a call."""
    state, name = block.fields["state"], block.fields.get("agent", "")
    if state in _AGENT_CALLS and (not name.startswith("/") or _AGENT_CALLS[state] == "spawn_agent"):
        yield ToolUse(
            name=_AGENT_CALLS[state],
            category=Category.TASK,
            input={"agent": name},
            ok=not state.endswith("failed"),
            start_seconds=block.seconds,
        )
    yield Note(kind=NoteKind.SUBAGENT, text=f"{state} {name}".strip(), seconds=block.seconds)


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
