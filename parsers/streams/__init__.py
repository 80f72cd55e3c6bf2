"""Piped sessions: what an assistant wrote to stdout and stderr while neither was a terminal.

JSON streams are read record by record (`json_streams`). Plain text has the shape that the assistant draws on a terminal
without its full interface, so the same tables read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec

from parsers.argv_prompts import prompt_of
from parsers.reading import ScreenReading
from parsers.recording import Output, Recording
from parsers.session import AssistantText, Detection, Event, Prompt
from parsers.streams.json_streams import lines_of, lines_of_recording, read_json

_COLS = 1000  # columns: nothing that a program printed into a pipe was wrapped
_ROWS = 60
_BARE_TEXT = Detection(method="generic", confidence=0.3)


def read_streams(
    stdout: bytes, stderr: bytes, *, provider: str | None = None, argv: Sequence[str] = ()
) -> ScreenReading:
    """Read both streams of a piped session.

    `provider` is the tag that the recorder noted, None if it has to be found out; `argv` the recorded command line. No
    event of plain text has a time. Never raises on what it reads.
    """
    reading = read_json(lines_of(stdout), provider=provider, argv=argv)
    return reading or _read_text(stdout, stderr, provider, argv)


def read_json_recording(
    recording: Recording, *, provider: str | None = None, argv: Sequence[str] = ()
) -> ScreenReading | None:
    """Read a terminal recording that holds a JSON stream, None if it does not: JSON is not drawn, only printed."""
    start = b"".join(chunk.data for chunk in recording.chunks[:20] if isinstance(chunk, Output))
    if b'{"' not in start and b"[{" not in start:
        return None
    return read_json(lines_of_recording(recording), provider=provider, argv=argv)


def _read_text(stdout: bytes, stderr: bytes, provider: str | None, argv: Sequence[str]) -> ScreenReading:
    """Read plain text with the assistant's table."""
    from parsers.screen_events import read_screen
    from parsers.terminal import read_transcript

    repeated = _letters(stdout) and _letters(stdout) in _letters(stderr)  # Codex prints its last message on both
    text = stderr if repeated else b"\n".join(filter(None, (stderr.rstrip(b"\n"), stdout)))
    printed = text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    recording = Recording(
        command=None, term=None, rows=_ROWS, cols=_COLS, started_at=None, duration_seconds=None, exit_code=None,
        chunks=(Output(0.0, printed),), problems=(),
    )  # fmt: skip
    reading = read_screen(read_transcript(recording), provider=provider, argv=argv)
    if reading.provider == "generic" and provider is None:
        return _bare_answer(stdout, argv)
    return replace(reading, events=_with_prompt(map(_timeless, reading.events), reading.provider, argv))


def _bare_answer(stdout: bytes, argv: Sequence[str]) -> ScreenReading:
    """Read text without any sign of a program around it.

    `claude -p` prints nothing but the answer, in markdown as the model wrote it; other assistants say something of
    themselves. So it is the best guess, and no more.
    """
    text = stdout.decode(errors="replace").strip()
    events = [AssistantText(text=text)] if text else []
    provider = "claude_code"
    return ScreenReading(
        provider=provider,
        detection=_BARE_TEXT,
        events=_with_prompt(events, provider, argv),
        transcript=text + "\n" if text else "",
    )


def _timeless(event: Event) -> Event:
    """Take the time from an event: a pipe has none."""
    field = "start_seconds" if "start_seconds" in event.__struct_fields__ else "seconds"
    return msgspec.structs.replace(event, **{field: None})


def _with_prompt(events: Iterable[Event], provider: str, argv: Sequence[str]) -> tuple[Event, ...]:
    """Put the command line's prompt first if no prompt was printed."""
    found = tuple(events)
    prompt = prompt_of(provider, argv)
    if prompt and not any(isinstance(event, Prompt) for event in found):
        return (Prompt(text=prompt, seconds=0.0), *found)
    return found


def _letters(text: bytes) -> str:
    """Give only the letters and digits."""
    return "".join(filter(str.isalnum, text.decode(errors="replace")))
