"""Small screens for tests: text with pens goes through the real emulator and the real tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from parsers.reading import ScreenReading
from parsers.recording import Output, Recording
from parsers.screen_events import read_screen
from parsers.screens.own_patterns import compiled
from parsers.session import AssistantText, Error, ErrorKind, Event, Note, NoteKind, Prompt, ToolUse
from parsers.terminal import read_transcript

E = TypeVar("E", bound=Event)


def ink(pen: str, text: str) -> str:
    """Write text with an SGR pen: `ink("1;31", "failed")`."""
    return f"\x1b[{pen}m{text}\x1b[0m"


def recorded(frames: Iterable[tuple[float, str]], cols: int = 100, rows: int = 40) -> Recording:
    """Make a recording of output at these times; new lines return the carriage as a terminal driver does."""
    chunks = tuple(Output(seconds, text.replace("\n", "\r\n").encode()) for seconds, text in frames)
    return Recording(
        command=None, term=None, rows=rows, cols=cols, started_at=None, duration_seconds=None, exit_code=None,
        chunks=chunks,
    )  # fmt: skip


def show(
    *frames: str | tuple[float, str],
    provider: str | None = None,
    cols: int = 100,
    argv: Sequence[str] = (),
    patterns: Mapping[str, str] | None = None,
) -> ScreenReading:
    """Read what these frames show, a second after each other unless they have a time of their own."""
    timed = [frame if isinstance(frame, tuple) else (float(n), frame) for n, frame in enumerate(frames)]
    own = {name: compiled(name, pattern) for name, pattern in (patterns or {}).items()}
    return read_screen(read_transcript(recorded(timed, cols)), provider=provider, argv=argv, patterns=own)


def of(reading: ScreenReading, kind: type[E]) -> list[E]:
    """Give the events of one kind."""
    return [event for event in reading.events if isinstance(event, kind)]


def prompts(reading: ScreenReading) -> list[str]:
    """Give the prompts' texts."""
    return [event.text for event in of(reading, Prompt)]


def texts(reading: ScreenReading) -> list[str]:
    """Give the assistant's messages."""
    return [event.text for event in of(reading, AssistantText)]


def tools(reading: ScreenReading) -> list[ToolUse]:
    """Give the tool uses."""
    return of(reading, ToolUse)


def errors(reading: ScreenReading) -> list[ErrorKind]:
    """Give the kinds of the errors that no tool use says."""
    return [event.kind for event in of(reading, Error)]


def notes(reading: ScreenReading, kind: NoteKind) -> list[str]:
    """Give the notes of one kind."""
    return [event.text for event in of(reading, Note) if event.kind is kind]
