"""Piped sessions: what an assistant wrote to stdout and stderr while neither was a terminal.

JSON streams are read record by record (`json_streams`). Plain text has the shape that the assistant draws on a terminal
without its full interface, so the same tables read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from parsers.reading import ScreenReading
from parsers.recording import Output, Recording
from parsers.session import AssistantText, Detection, Event, Unknown
from parsers.streams.json_streams import lines_of, lines_of_recording, read_json

if TYPE_CHECKING:
    from parsers.screens.own_patterns import OwnPatterns
    from parsers.terminal import Line, Segment, Transcript

_COLS = 1000  # columns: nothing that a program printed into a pipe was wrapped
_ROWS = 60
_BARE_TEXT = Detection(method="generic", confidence=0.3)


def read_streams(
    stdout: bytes,
    stderr: bytes,
    *,
    provider: str | None = None,
    argv: Sequence[str] = (),
    patterns: OwnPatterns = MappingProxyType({}),
) -> ScreenReading:
    """Read both streams of a piped session.

    `provider` is the tag that the recorder noted, None if it has to be found out; `argv` the recorded command line;
    `patterns` are the person's own, for plain text. No event of that has a time. Never raises on what it reads.
    """
    reading = read_json(lines_of(stdout), provider=provider, argv=argv)
    return reading or _read_text(stdout, stderr, provider, argv, patterns)


def read_json_recording(
    recording: Recording, *, provider: str | None = None, argv: Sequence[str] = ()
) -> ScreenReading | None:
    """Read a terminal recording that holds a JSON stream, None if it does not: JSON is not drawn, only printed."""
    start = b"".join(chunk.data for chunk in recording.chunks[:20] if isinstance(chunk, Output))
    if b'{"' not in start and b"[{" not in start:
        return None
    return read_json(lines_of_recording(recording), provider=provider, argv=argv)


def _read_text(
    stdout: bytes, stderr: bytes, provider: str | None, argv: Sequence[str], patterns: OwnPatterns
) -> ScreenReading:
    """Read plain text with the assistant's table."""
    from parsers.screen_events import read_screen

    if _letters(stdout) and _letters(stdout) in _letters(stderr):  # Codex prints its last message on both
        stdout = b""
    reading = read_screen(_transcript(stderr, stdout), provider=provider, argv=argv, patterns=patterns)
    if reading.provider == "generic" and provider is None and not argv:
        return _bare_answer(stdout)
    if _letters(stdout) and reading.provider != "openai_codex":  # whose messages all stand on stderr
        reading = _without_warnings(reading, read_screen(_transcript(stderr), provider=provider, argv=argv))
    return replace(reading, events=tuple(map(_timeless, reading.events)))


def _without_warnings(reading: ScreenReading, beside: ScreenReading) -> ScreenReading:
    """Take text that came on stderr for no answer where there is one on stdout: runtimes print warnings there."""
    warnings = [event.text for event in beside.events if isinstance(event, AssistantText)]
    events: list[Event] = []
    for event in reading.events:
        if isinstance(event, AssistantText) and event.text in warnings:
            warnings.remove(event.text)
            event = Unknown(text=event.text)
        events.append(event)
    return replace(reading, events=tuple(events), unknown_lines=sum(isinstance(e, Unknown) for e in events))


def _transcript(*streams: bytes) -> Transcript:
    """Draw each stream on a wide screen of its own: nothing of one continues what stands in the other."""
    from parsers.terminal import Transcript, read_transcript

    lines: list[Line] = []
    segments: list[Segment] = []
    for stream in streams:
        printed = stream.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        drawn = read_transcript(
            Recording(
                command=None, term=None, rows=_ROWS, cols=_COLS, started_at=None, duration_seconds=None,
                exit_code=None, chunks=(Output(0.0, printed),),
            )
        )  # fmt: skip
        segments += [replace(segment, first_line=segment.first_line + len(lines)) for segment in drawn.segments]
        first = len(segments) - len(drawn.segments)
        lines += [msgspec.structs.replace(line, segment=line.segment + first) for line in drawn.lines]
    return Transcript(lines=tuple(lines), segments=tuple(segments), titles=(), cols=_COLS)


def _bare_answer(stdout: bytes) -> ScreenReading:
    """Read text without any sign of a program around it, of a command line that nobody knows.

    `claude -p` prints nothing but the answer, in markdown as the model wrote it; other assistants say something of
    themselves. So it is the best guess, and no more.
    """
    text = stdout.decode(errors="replace").strip()
    return ScreenReading(
        provider="claude_code",
        detection=_BARE_TEXT,
        events=(AssistantText(text=text),) if text else (),
        transcript=text + "\n" if text else "",
    )


def _timeless(event: Event) -> Event:
    """Take the time from an event: a pipe has none."""
    field = "start_seconds" if "start_seconds" in event.__struct_fields__ else "seconds"
    return msgspec.structs.replace(event, **{field: None})


def _letters(text: bytes) -> str:
    """Give only the letters and digits."""
    return "".join(filter(str.isalnum, text.decode(errors="replace")))
