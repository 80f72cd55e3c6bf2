"""What the blocks of Claude Code's screen mean: from heads, results and collapsed counts to events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from msgspec import structs

from parsers.screens import claude_passing as passing
from parsers.screens.claude_counts import agents, collapsed
from parsers.screens.claude_notes import api_error, note, plan_approved, plan_updated, questions, resume, shell, totals
from parsers.screens.evidence import asked_and_answered, stopped_how, was_asked
from parsers.screens.hues import Hue, hue
from parsers.screens.prose import output, said
from parsers.screens.table import Block, Reader, Reading, Row
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
    ToolUse,
)

_ARGUMENT = re.compile(r'(?P<key>\w+): (?P<value>"(?:[^"\\]|\\.)*"|[^,]+)')
_CLOSING = re.compile(r"\)(?: (?:timeout|cwd): [^()]*)?\Z")  # 1.0 writes "Bash(pytest) timeout: 2m"
_EXIT_CODE = re.compile(r"(?:Error: )?Exit code (\d{1,9})")
_FAILED = re.compile(r"Error\b|Couldn't |Failed |Invalid |File does not exist|String to replace not found")
_CHANGED = re.compile(r"(?:Added (?P<added>\d{1,9}) lines?)?(?:, )?(?:[Rr]emoved (?P<removed>\d{1,9}) lines?)?$")
_CHANGED_1_0 = re.compile(
    r"Updated .* with (?:(?P<added>\d{1,9}) additions?)?(?: and )?(?:(?P<removed>\d{1,9}) removals?)?$"
)
_WROTE = re.compile(r"Wrote (?P<added>\d{1,9}) lines? to ")
_MCP = re.compile(r"(\S+) - (\S+) \(MCP\)\Z")
_INTERRUPTED_RUN = re.compile(r"(?:Error: )?(?:Exit code \d{1,9}\n)?\[Request interrupted by user")
_SUB_AGENT = re.compile(r"Done \(\d+ tool uses? · ")
_SUCCESS = frozenset({Hue.GREEN, Hue.CYAN, Hue.BLUE})
_SLASH_NOTES = {"/clear": NoteKind.CLEARED, "/new": NoteKind.CLEARED, "/model": NoteKind.MODEL}
_WITH_FILE = frozenset({Category.READ, Category.EDIT, Category.WRITE})
# What stands below a prompt that goes to the model: mentioned files, hooks, a place in the queue.
_ATTACHED = re.compile(r"Read |Listed |Loaded |\[Image|Queued|\S+ hook |\S+ says:")
_INTERRUPTED = re.compile(r"\[?Request interrupted|Interrupted|No \(tell Claude")
_LIVE = re.compile(r"(?:Running|Waiting|Initializing)…")
_AT_WORK = re.compile(r"(?: {2}[⏸⏵?]|\w+ (?:mode|edits) on\b).* esc to interrupt|[·✢*✶✻✽] .*\(esc to interrupt")
_HOOK = re.compile(r"(?:Error: )?(?:\w+:\S{1,80} hook (?:error|blocked)|\w{1,80} operation blocked by hook)")


def prompt(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a submitted message, or a command for the program itself: the program answers that one, not the model."""
    text = said(block, reading)
    if text.startswith("/") and not _reached_the_model(block, reading):
        kind = _SLASH_NOTES.get(text.split()[0], NoteKind.SLASH_COMMAND)
        answer = " ".join(row.fields.get("text", "") for row in block.of("result")) if kind is NoteKind.MODEL else ""
        yield Note(kind=kind, text=answer or text, seconds=block.seconds)
    else:
        yield Prompt(text=text, seconds=block.seconds)
    yield from _stops(block)


def _reached_the_model(block: Block, reading: Reading) -> bool:
    if any(not _ATTACHED.match(row.fields.get("text", "")) for row in block.of("result")):
        return False
    after = reading.following(block)
    return after is not None and after.kind in (
        "text",
        "tool",
        "collapsed",
        "thinking",
        "agents",
        "api_error",
        "plan_updated",
    )


def text(block: Block, reading: Reading) -> Iterator[Event]:
    """Read an answer, cut short if the stop stands below it."""
    if block.of("running"):
        return
    yield AssistantText(text=said(block, reading), seconds=block.seconds, cut=block.first("stop") is not None)
    yield from _stops(block)


def _stops(block: Block, used: Row | None = None) -> Iterator[Error]:
    """Read what stopped the turn below a block, but for the row that was `used` for something else."""
    for row in block.of("stop"):
        if row is not used:
            kind = ErrorKind.INTERRUPTED if _is_interruption(row) else ErrorKind.API_ERROR
            yield Error(kind=kind, text=row.fields["stop"], seconds=row.line.seconds)


def _is_interruption(row: Row) -> bool:
    return _INTERRUPTED.match(row.fields["stop"]) is not None


def tool(block: Block, reading: Reading) -> Iterator[Event]:
    """Read one call: command, files, outcome, changed lines, output."""
    name = _MCP.sub(r"mcp__\1__\2", block.fields["tool"])
    category = reading.screen.category(name)
    given = _input(block)
    results = _results(block)
    shown = output(results)
    shown = None if _LIVE.match(shown or "") else shown
    stop = _stop_of_call(block, shown)
    if category is Category.OTHER and _SUB_AGENT.match(shown or ""):
        category = Category.TASK  # an agent that the person defined is called by its name
    ok, stopped = _outcome(block, shown, stop, reading)
    exit_code = _EXIT_CODE.match(shown or "")
    files = (given,) if category in _WITH_FILE and given else ()
    added, removed = _changes(shown)
    ended = results[0] if results else stop
    yield ToolUse(
        name=name,
        category=category,
        input=_arguments(given, category),
        ok=ok,
        exit_code=int(exit_code[1]) if exit_code else 0 if ok and category is Category.SHELL else None,
        stopped=stopped,
        command=given if name == "Bash" and not _HOOK.match(shown or "") else None,
        files=files,
        lines_added=added,
        lines_removed=removed,
        output=shown,
        start_seconds=block.seconds,
        duration_seconds=round(max(0.0, ended.line.seconds - block.seconds), 3) if ended else None,
    )
    yield from _stops(block, stop)


def _results(block: Block) -> tuple[Row, ...]:
    """Give the rows of the result. When it draws all anew, 1.0.66 leaves above them that the call was waiting."""
    rows = block.of("result", "more", "hidden")
    later = next((number for number, row in enumerate(rows) if number and row.kind == "result"), 0)
    return rows[later:] if later and _LIVE.match(rows[0].fields.get("text", "")) else rows


def _stop_of_call(block: Block, shown: str | None) -> Row | None:
    """Find the row that says that the call was stopped. Below a result it says that of the turn."""
    stop = block.first("stop")
    return stop if stop is not None and shown is None and _is_interruption(stop) else None


def _input(block: Block) -> str:
    """Give what stands between the parentheses, wrapped rows joined."""
    more = block.of("input_more", "input_end")
    head = block.rows[0].line
    if "input" not in block.fields:
        return ""
    prefix = len(head.text) - len(block.fields["input"])
    drawn = unwrap([head.text, *(row.line.text for row in more)], head.cols, prose=False)
    indent = len(more[0].line.text) - len(more[0].fields["text"]) if more and more[0].kind == "input_more" else 0
    return _CLOSING.sub("", "\n".join([drawn[0][prefix:], *(line[indent:] for line in drawn[1:])]))


def _arguments(given: str, category: Category) -> Mapping[str, str]:
    if category is Category.SHELL:
        return {"command": given}
    if category in _WITH_FILE:
        return {"file_path": given}
    return {m["key"]: m["value"].strip('"') for m in _ARGUMENT.finditer(given)} or ({"input": given} if given else {})


def _outcome(block: Block, shown: str | None, stop: Row | None, reading: Reading) -> tuple[bool | None, Stopped | None]:
    """Whether a call went well, by the bullet's colour or label; by what the result says where there is neither."""
    if stop is not None:
        return False, stopped_how(was_asked(reading, _begun(block, reading), stop.line.seconds, passing.QUESTION))
    if shown is not None and re.match(r"(?:User r|R)ejected |.* was rejected", shown):
        return False, Stopped.DENIED
    if shown is not None and _INTERRUPTED_RUN.match(shown):
        return False, Stopped.INTERRUPTED
    if "label" in block.fields:
        return (None if shown is None else block.fields["label"] == "tool"), None
    colour = hue(block.rows[0].line.lead.foreground)
    if reading.palette.colours and colour in _SUCCESS | {Hue.RED}:
        return colour in _SUCCESS, None
    return (None if shown is None else not _FAILED.match(shown)), None


def _begun(block: Block, reading: Reading) -> float:
    """Tell when a call was first on the screen, at the earliest: for screen readers its end writes it anew."""
    before = reading.preceding(block) if "label" in block.fields else block
    return before.seconds if before else 0.0


def _changes(shown: str | None) -> tuple[int | None, int | None]:
    """Lines added and removed, from the result's first line."""
    first = (shown or "").split("\n", 1)[0]
    found = (_CHANGED.match(first) if first else None) or _CHANGED_1_0.match(first) or _WROTE.match(first)
    if not found or not any(found.groups()):
        return None, None
    counts = found.groupdict()
    return int(counts.get("added") or 0), int(counts.get("removed") or 0)


def stoppable(reader: Reader) -> Reader:
    """Make a reader tell as well that the turn was stopped below its block."""

    def read(block: Block, reading: Reading) -> Iterator[Event]:
        yield from reader(block, reading)
        yield from _stops(block)

    return read


def counted(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a line of counts. A stop below it is what became of the calls that it says did not end."""
    uses = list(collapsed(block, reading))
    yield from uses
    yield from _stops(block, block.first("stop") if any(use.stopped for use in uses) else None)


READERS: Mapping[str, Reader] = {
    "prompt": prompt,
    "text": text,
    "tool": tool,
    "collapsed": counted,
    "shell": shell,
    "memory": note(NoteKind.OTHER),
    "notice": note(NoteKind.OTHER),
    "questions": questions,
    "plan_approved": plan_approved,
    "plan_rejected": plan_approved,
    "plan_updated": plan_updated,
    "agents": stoppable(agents),
    "background": note(NoteKind.SUBAGENT),
    "api_error": api_error,
    "thinking": stoppable(note(NoteKind.REASONING)),
    "compacted": note(NoteKind.COMPACTION),
    "resume": resume,
    "totals": totals,
}


def finish(events: list[Event], reading: Reading) -> list[Event]:
    """Add what only passed over the screen, and what the end of the recording cut off."""
    passed: list[Event] = [
        *asked_and_answered(reading, passing.QUESTION, {"stop"}),
        *passing.retries(reading),
        *passing.tasks(reading),
    ]
    return _cut_by_the_end(merged(_once(events), passed), reading)


def _once(events: list[Event]) -> list[Event]:
    """Drop a call that never got further if the same call follows: a tall dialog made the program draw it again."""
    drawn_again = {number for number, (event, after) in enumerate(pairwise(events)) if _is_begun_again(event, after)}
    return [event for number, event in enumerate(events) if number not in drawn_again]


def _is_begun_again(event: Event, after: Event) -> bool:
    if not isinstance(event, ToolUse) or not isinstance(after, ToolUse):
        return False
    pending = event.ok is None and event.output is None
    return pending and (event.name, event.input) == (after.name, after.input)


def _cut_by_the_end(events: list[Event], reading: Reading) -> list[Event]:
    """Tell that the session ended while the assistant was at work: killed, or its terminal closed."""
    live = reading.transcript.ended_live
    working = next((line for line in live if _AT_WORK.match(line.text)), None)
    if working is None or any(isinstance(event, Note) and event.kind is NoteKind.RESUME_ID for event in events):
        return events
    end = max(line.seconds for line in live)
    last = events[-1] if events else None
    if isinstance(last, AssistantText):
        events = [*events[:-1], structs.replace(last, cut=True)]
    return [*events, Error(kind=ErrorKind.INTERRUPTED, text="The session ended during an answer", seconds=end)]
