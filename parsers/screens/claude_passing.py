"""What only passes over Claude Code's screen: dialogs, retries, the calls behind a collapsed line, a list of tasks.

All of it is erased again; what stays is a count, a result, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from parsers.screens.claude_shapes import COUNTS
from parsers.screens.table import Block, Reading
from parsers.screens.wrapping import unwrap
from parsers.session import Category, Error, ErrorKind, ToolUse

if TYPE_CHECKING:
    from parsers.terminal import Line

QUESTION = re.compile(r"(?m)^[│ ]*(?P<question>(?:Do you want to|Would you like to) [^│]*\?)")
_COMMAND = re.compile(r"  ⎿\s{1,2}\$ (?P<command>.*\S)")
_FLAT_COMMAND = re.compile(r"\$ (?P<command>\S.*)")  # for screen readers, below a line of counts
_FLAT_COUNTS = re.compile(rf"(?:tool(?: error)?: )?{COUNTS}")
_ASKS = re.compile(r"[│ ]*This command requires approval")
_BARRED = re.compile(r" │ (?!.*│$)")
_INDENTED = re.compile(r" {3}\S")
# How long it has been running, and what may be done about it.
_LASTED = re.compile(r" \((?:\d+[hms] ?)+(?: · \d+ lines?)?\)(?:\s\(ctrl\+b to run in background\))?$")
_INDENT = 5  # of the rows of a command below the first
_MORE = re.compile(rf" {{{_INDENT}}}")
_GAP = 3  # rows among which a row may be missing: it stayed, or it is blank
_FILE = re.compile(r"  ⎿\s{1,2}(?P<file>[~\w./@-][^…:]*[\w/])$")
_BARE_COMMAND = re.compile(r"[\w-]+ ")  # up to 2.1.87 a command has no "$" before it
_STATUS = re.compile(r"  ⎿\s{1,2}(?:Running|Waiting|Initializing|Done|Tip|Next|Interrupted|Queued|\(No output)")
_LEAF = re.compile(r" {3}[│ ]\s{1,2}⎿\s{1,2}(?P<tool>[A-Z]\w*): (?P<input>.*\S)")
_LEAF_COUNTS = re.compile(r" {3}[│ ]\s{1,2}⎿\s{1,2}(?P<text>(?:Searching|Reading|Listing|Running|Calling) .*\d.*)…")
_OWN = r"Waiting for |Compacting conversation|Running \w+ hooks"
_ACTIVE = re.compile(
    rf"[·✢*✶✻✽✳] (?P<doing>(?!{_OWN})\S+(?: [^\s(]+)+)… \((?P<listed>.* · ctrl\+t to (?:show|hide) todos)?"
)
_TASK = re.compile(r" {2,}(?:⎿\s{1,2})?(?P<state>[◻◼✔☐☒]) (?P<task>.*\S)")
_LIST = re.compile(r"[·✢*✶✻✽✳] \S.*…| {2}\d+ tasks? \(")
_RETRY = re.compile(
    r"(?:[·✢*✶✻✽✳] )?(?P<text>\S.*?) · retrying in [^·]* · attempt (?P<attempt>\d{1,3})/\d+"
    r"|.*Retrying in \d+ seconds?… \(attempt (?P<attempt_1_0>\d{1,3})/\d+\)"
)


@dataclass(frozen=True, slots=True)
class Hint:
    """What a collapsed line was busy with for a moment: a command, or else a file."""

    seconds: float
    command: str | None = None
    file: str | None = None


def rows(reading: Reading) -> list[Line]:
    """Give every row that passed, in the order in which they appeared."""
    return sorted(
        (line for passing in reading.transcript.passing for line in passing.lines), key=lambda line: line.seconds
    )


def hints(reading: Reading) -> list[Hint]:
    """Collect the hints of collapsed lines in the order they were seen, and the commands that dialogs asked about.

    A hint may also stay: on a screen so low that the next page shows nothing of the one before.
    """
    found = [
        hint
        for block in reading.blocks
        if block.kind in ("text", "collapsed")
        for number, row in enumerate(block.rows)
        if row.kind in ("running", "result") and _COMMAND.match(row.line.text)
        if (hint := _hint(row.line, [below.line for below in block.rows[number + 1 :]]))
    ]
    for passing in reading.transcript.passing:
        lines = passing.lines
        for number, line in enumerate(lines):
            if _ASKS.match(line.text):
                hint = _asked_about(lines[:number])
            elif number and _FLAT_COUNTS.match(lines[number - 1].text) and (flat := _FLAT_COMMAND.match(line.text)):
                hint = Hint(line.seconds, command=flat["command"])
            else:
                hint = _hint(line, lines[number + 1 :])
            if hint:
                found.append(hint)
    return sorted(found, key=lambda hint: hint.seconds)


def _asked_about(above: Sequence[Line]) -> Hint | None:
    """Find the command that a dialog asks about: the row above it, or the rows with a bar (2.1.329).

    Up to 2.1.170 command and description are indented more, and the description comes last.
    """
    above = [line for line in above if line.text.strip()]
    barred = _last_rows(above, _BARRED)
    indented = _last_rows(above, _INDENTED)
    rows = barred or (indented[:-1] or indented) or list(above[-1:])
    if not rows:
        return None
    margin = 3 if barred or indented else 1
    drawn = unwrap([_BARRED.sub("   ", line.text) for line in rows], rows[0].cols, prose=False)
    return Hint(rows[0].seconds, command="\n".join(row[margin:] for row in drawn).strip())


def _last_rows(above: Sequence[Line], pattern: re.Pattern[str]) -> list[Line]:
    return list(takewhile(lambda line: pattern.match(line.text), reversed(above)))[::-1]


def _hint(line: Line, below: Sequence[Line]) -> Hint | None:
    if _COMMAND.match(line.text):
        more = list(takewhile(lambda row: _MORE.match(row.text), below))
        hidden = any(_MORE.match(row.text) for row in below[len(more) : len(more) + _GAP])
        drawn = unwrap([line.text, *(row.text for row in more)], line.cols, prose=False)
        command = "\n".join([_COMMAND.sub(r"\g<command>", drawn[0]), *(row[_INDENT:] for row in drawn[1:])])
        return Hint(line.seconds, command=_LASTED.sub("", command) + ("…" if hidden else ""))
    file = None if _STATUS.match(line.text) else _FILE.match(line.text)
    if file and _BARE_COMMAND.match(file["file"]):
        return Hint(line.seconds, command=file["file"])
    return Hint(line.seconds, file=file["file"]) if file else None


def retries(reading: Reading) -> Iterator[Error]:
    """Read failed attempts to reach the API: the n-th is numbered n, and a lower number begins a new request."""
    last = 0
    for line in rows(reading):
        found = _RETRY.match(line.text)
        if not found:
            continue
        attempt = int(found["attempt"] or found["attempt_1_0"])
        text = found["text"] or line.text.strip()
        for _ in range(attempt - last if attempt > last else attempt if attempt < last else 0):
            yield Error(kind=ErrorKind.API_ERROR, text=text, seconds=line.seconds)
        last = attempt


def tasks(reading: Reading) -> Iterator[ToolUse]:
    """Read the list of tasks (2.1): each that appears was created, each new mark is an update.

    The mark of a task that was taken up is soon replaced; but then the spinner says what it is doing in the task's
    own words instead of one made-up verb. That is all that 1.0.128 to 2.0 show: there the whole list is written anew.
    """
    known: set[str] = set()
    for line in _listed(reading):
        task, active = _TASK.match(line.text), _ACTIVE.match(line.text)
        if active and active["listed"]:
            if active["doing"] not in known:
                known.add(active["doing"])
                yield _todo("TodoWrite", active["doing"], line.seconds)
            continue
        if task and task["task"] not in known:
            known.add(task["task"])
            yield _todo("TaskCreate", task["task"], line.seconds)
        mark = active["doing"] if active and known else f"✔ {task['task']}" if task and task["state"] == "✔" else ""
        if mark and mark not in known:
            known.add(mark)
            yield _todo("TaskUpdate", mark, line.seconds)


def _listed(reading: Reading) -> list[Line]:
    """Give the rows that passed, and tasks that stayed below a spinner or their number when the screen was cleared."""
    stayed: list[Line] = []
    below = False
    for line in reading.transcript.lines:
        below = _LIST.match(line.text) is not None or (below and _TASK.match(line.text) is not None)
        if below:
            stayed.append(line)
    return sorted([*rows(reading), *stayed], key=lambda line: line.seconds)


def _todo(name: str, task: str, seconds: float) -> ToolUse:
    return ToolUse(name=name, category=Category.TODO, input={"task": task}, ok=True, start_seconds=seconds)


def leaves(block: Block, reading: Reading) -> dict[str, tuple[list[tuple[float, str, str]], str]]:
    """Read what a block's sub-agents were seen doing: by agent the calls (seconds, tool, input) and the last counts.

    A row that passed stood before the transcript line whose place it had; the branch above that line is its agent.
    """
    branches = _branch_lines(block, reading)
    seen: dict[str, tuple[list[tuple[float, str, str]], str]] = {}
    for passing in sorted(reading.transcript.passing, key=lambda p: p.first_seconds):
        for offset, line in enumerate(passing.lines):
            call, counts = _LEAF.match(line.text), _LEAF_COUNTS.match(line.text)
            agent = _agent_at(passing.line + offset, branches) if call or counts else None
            if agent is None:
                continue
            calls, told = seen.get(agent, ([], ""))
            if call and (not calls or calls[-1][1:] != (call["tool"], call["input"])):
                calls.append((line.seconds, call["tool"], call["input"]))
            seen[agent] = calls, counts["text"] if counts else told
    return seen


def _branch_lines(block: Block, reading: Reading) -> list[tuple[int, str]]:
    """Find the numbers of the transcript lines that name the block's agents."""
    wanted = {id(row.line): row.fields["agent"] for row in block.of("branch")}
    return [(number, wanted[id(line)]) for number, line in enumerate(reading.transcript.lines) if id(line) in wanted]


def _agent_at(number: int, branches: Sequence[tuple[int, str]]) -> str | None:
    """Find the agent whose branch is the last one above or at a line; only just below the branches is it one."""
    above = [(at, agent) for at, agent in branches if at <= number]
    return above[-1][1] if above and number - above[-1][0] <= 2 else None
