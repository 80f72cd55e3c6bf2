"""What happened in one chat of aider's history.

The program never says how a command ended; that `/test` put its output into the chat, or that aider proposed "What's
wrong? Fix" after `/run`, tells that it failed. Token counts above 999 are rounded in the log (2.7k).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

import msgspec

from parsers.amounts import amount, whole
from parsers.native_logs.aider_blocks import Voice, counts_by_path, pieces, shell_blocks
from parsers.native_logs.base import Tally, seconds_between
from parsers.session import (
    AssistantText,
    Category,
    Error,
    ErrorKind,
    Event,
    ModelCall,
    Note,
    NoteKind,
    Prompt,
    Source,
    Stopped,
    Tokens,
    ToolUse,
    Totals,
)

_ASKING = re.compile(r"/(?:ask|code|architect|context|help|chat-mode)\s+(\S.*)\Z", re.DOTALL)  # sent to the model
_RUNNING = re.compile(r"(?:/run|/test|!)\s*(?P<command>\S.*)\Z|/(?P<git>git .*)\Z", re.DOTALL)
_FIX = "What's wrong? Fix"  # aider types it after a /run that failed and whose output went into the chat


@dataclass(slots=True)
class Reading:
    """What was read of a chat so far, and the state that its next lines depend on."""

    origin: datetime
    typed: list[tuple[datetime, str]]
    version: str | None = None
    model: str | None = None
    events: list[Event] = field(default_factory=list)
    now: float | None = None  # when the last thing was typed
    turn: str = ""  # all of the model's text since the last prompt
    waiting: bool = False  # the model was asked and did not finish yet
    asked: str | None = None  # the text behind /ask, which aider repeats as a prompt of its own
    said: list[str] = field(default_factory=list)  # program lines that nothing has claimed yet
    new_files: set[str] = field(default_factory=set)
    run: int | None = None  # position of the last /run or /test among the events
    cost: float | None = None

    def add(self, event: Event) -> None:
        """Take in an event."""
        self.events.append(event)


def read_chat(lines: Sequence[str], origin: datetime, typed: Sequence[tuple[datetime, str]], tally: Tally) -> Reading:
    """Read a chat's lines; `typed` are the inputs with their times, oldest first."""
    reading = Reading(origin, list(typed))
    for voice, text in pieces(lines):
        tally.records += 1
        if voice is Voice.PERSON:
            _typed_in(text, reading)
        elif voice is Voice.MODEL:
            reading.turn += text + "\n"
            reading.add(AssistantText(text=text, seconds=reading.now, source=Source.NATIVE))
        else:
            for line in text.splitlines():
                _program_says(line.strip(), reading)
    if reading.cost is not None:
        reading.add(Totals(cost_usd=reading.cost, seconds=reading.now, source=Source.NATIVE))
    return reading


def _typed_in(text: str, reading: Reading) -> None:
    """Take in what the person typed: a command of aider's, a shell command, or a prompt."""
    if text == reading.asked:
        reading.asked, reading.waiting = None, True
        return
    reading.now = _time_of(text, reading)
    reading.said.clear()
    running, asking = _RUNNING.match(text), _ASKING.match(text)
    if running:
        _run(text, (running["command"] or running["git"] or "").strip(), reading)
    elif text.startswith("/") and not asking:
        reading.add(Note(kind=NoteKind.SLASH_COMMAND, text=text, seconds=reading.now, source=Source.NATIVE))
    else:
        if text == _FIX:
            _failed(reading)
        reading.asked = asking[1].strip() if asking else None
        reading.turn, reading.waiting, reading.run = "", True, None
        reading.new_files.clear()
        reading.add(Prompt(text=text, seconds=reading.now, source=Source.NATIVE))


def _time_of(text: str, reading: Reading) -> float | None:
    """Find when this was typed: the first such input after the one before; lines of a { block are inputs each."""
    first = text.split("\n", 1)[0]
    for position, (at, typed) in enumerate(reading.typed):
        if typed.strip() in (text, first):
            del reading.typed[: position + 1]
            return seconds_between(reading.origin, at)
    return reading.now


def _run(text: str, command: str, reading: Reading) -> None:
    """Take in a shell command that the person runs through aider."""
    reading.run = len(reading.events)
    reading.add(_shell(command, reading, how=text.split()[0][:5] if text.startswith("/") else "!"))


def _shell(command: str, reading: Reading, how: str, stopped: Stopped | None = None) -> ToolUse:
    return ToolUse(
        name="shell",
        category=Category.SHELL,
        input={"command": command, "how": how},
        command=command,
        ok=False if stopped else None,
        stopped=stopped,
        start_seconds=reading.now,
        source=Source.NATIVE,
    )


def _failed(reading: Reading) -> None:
    """Mark the command that was run last as failed."""
    if reading.run is None:
        return
    use = reading.events[reading.run]
    if isinstance(use, ToolUse):
        reading.events[reading.run] = msgspec.structs.replace(use, ok=False)


def _program_says(line: str, reading: Reading) -> None:
    """Take in a line of the program; the first pattern that matches decides."""
    for pattern, handler in _LINES.items():
        found = pattern.match(line)
        if found:
            handler(found, reading)
            return
    reading.said.append(line)


def _startup(found: re.Match[str], reading: Reading) -> None:
    reading.version = found.groupdict().get("version") or reading.version
    reading.model = found.groupdict().get("model") or reading.model


def _tokens(found: re.Match[str], reading: Reading) -> None:
    """Take in the count of an answer. What was read from and written to the cache is part of what was sent."""
    reading.waiting = False
    sent, write, hit, received = (whole(found[name]) for name in ("sent", "write", "hit", "received"))
    own = max(0, (sent or 0) - (write or 0) - (hit or 0))
    tokens = Tokens(input=own, output=received, cache_read=hit, cache_write=write)
    reading.add(ModelCall(model=reading.model, tokens=tokens, seconds=reading.now))
    _cost(found, reading)


def _cost(found: re.Match[str], reading: Reading) -> None:
    if (cost := amount(found["cost"])) is not None:
        reading.cost = (reading.cost or 0.0) + cost


def _create(found: re.Match[str], reading: Reading) -> None:
    """Remember that the file named in the line before is new."""
    if found["answer"].lower().startswith(("y", "a")) and reading.said:
        reading.new_files.add(reading.said[-1])
    reading.said.clear()


def _applied(found: re.Match[str], reading: Reading) -> None:
    path = found["path"]
    is_new = path in reading.new_files
    added, removed = counts_by_path(reading.turn).get(path, (None, None))
    use = ToolUse(
        name="write_file" if is_new else "edit",
        category=Category.WRITE if is_new else Category.EDIT,
        input={"path": path},
        files=(path,),
        ok=True,
        lines_added=added,
        lines_removed=None if is_new else removed,
        start_seconds=reading.now,
        source=Source.NATIVE,
    )
    reading.add(use)


def _not_applied(found: re.Match[str], reading: Reading) -> None:
    path = found["path"]
    use = ToolUse(
        name="edit",
        category=Category.EDIT,
        input={"path": path},
        files=(path,),
        ok=False,
        output=found[0],
        start_seconds=reading.now,
        source=Source.NATIVE,
    )
    reading.add(use)


def _asked_to_run(found: re.Match[str], reading: Reading) -> None:
    """Take in a refusal: the lines before are the commands. What is allowed is said again as it runs."""
    answer = found["answer"].lower()
    commands = _proposed(reading)
    reading.said.clear()
    if answer.startswith(("n", "s", "d")) and commands:
        reading.add(_shell("\n".join(commands), reading, how="suggested", stopped=Stopped.DENIED))


def _proposed(reading: Reading) -> list[str]:
    """Find the proposed commands among the lines before: those that stand in a shell block of the answer."""
    known = shell_blocks(reading.turn)
    commands = [line for line in reading.said if line in known]
    return commands or reading.said[-1:]


def _running(found: re.Match[str], reading: Reading) -> None:
    reading.run = len(reading.events)
    reading.add(_shell(found["command"], reading, how="suggested"))


def _output_added(found: re.Match[str], reading: Reading) -> None:
    """Tell a failed /test: only then does its output go into the chat, without a question."""
    use = reading.events[reading.run] if reading.run is not None else None
    if isinstance(use, ToolUse) and use.input.get("how") == "/test" and not reading.said:
        _failed(reading)


def _api_error(found: re.Match[str], reading: Reading) -> None:
    """Take in an error of litellm's. What the client library below it tried again by itself is written nowhere."""
    reading.add(Error(kind=ErrorKind.API_ERROR, text=found[0], seconds=reading.now, source=Source.NATIVE))


def _interrupted(found: re.Match[str], reading: Reading) -> None:
    """Take in Ctrl-C; at the prompt it interrupts nothing."""
    if reading.waiting:
        reading.add(Error(kind=ErrorKind.INTERRUPTED, text=found[0], seconds=reading.now, source=Source.NATIVE))
    reading.waiting = False


def _note(found: re.Match[str], reading: Reading) -> None:
    reading.add(Note(kind=NoteKind.OTHER, text=found[0], seconds=reading.now, source=Source.NATIVE))


_CHOICES = r"\(Y\)es/\(N\)o.*\[\w+\]: ?(?P<answer>\w*)"
_NUMBER = r"[\d.,]+[kM]?"
_LINES: Mapping[re.Pattern[str], Callable[[re.Match[str], Reading], None]] = MappingProxyType(
    {
        re.compile(pattern): handler
        for pattern, handler in (
            (r"Aider v(?P<version>\S+)", _startup),
            (r"(?:Main m|M)odel: (?P<model>\S+)", _startup),
            (
                rf"Tokens: (?P<sent>{_NUMBER}) sent(?:, (?P<write>{_NUMBER}) cache write)?"
                rf"(?:, (?P<hit>{_NUMBER}) cache hit)?, (?P<received>{_NUMBER}) received\."
                r"(?:\s*Cost: \$(?P<cost>[\d.]+) message.*)?",
                _tokens,
            ),
            (r"Cost: \$(?P<cost>[\d.]+) message", _cost),
            (rf"Create new file\? {_CHOICES}", _create),
            (rf"Run shell commands?\? {_CHOICES}", _asked_to_run),
            (r"Running (?P<command>\S.*)", _running),
            (r"Applied edit to (?P<path>\S.*)", _applied),
            (r"## Search\w+: .* in (?P<path>\S+)$", _not_applied),
            (
                r"(?P<path>\S.*?) (?:does not contain|contains multiple sets of) lines that match the diff\b",
                _not_applied,
            ),
            (r"Commit [0-9a-f]{7,} .*", _note),
            (r"Added \d+ lines of output to the chat", _output_added),
            (r"(?:litellm\.)?\w*(?:Error|Exception|Timeout): (?:litellm\.)?\w.*", _api_error),
            (r"\^C", _interrupted),
        )
    }
)
