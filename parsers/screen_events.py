"""The machine that reads a screen: transcript lines and an assistant's table in, events and readable text out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from parsers.argv_prompts import prompt_of
from parsers.detection import detect
from parsers.provider_patterns import GENERIC, PROVIDERS
from parsers.reading import ScreenReading
from parsers.replay.document import SegmentKind
from parsers.screens import outside
from parsers.screens.blocks import UNKNOWN, classify, group, palette_of
from parsers.screens.history import new_blocks
from parsers.screens.own_patterns import OwnPatterns, with_patterns
from parsers.screens.rendering import render
from parsers.screens.table import LONGEST_MATCHED, Block, Reading, Screen
from parsers.session import Event, Note, NoteKind, Prompt, Unknown

if TYPE_CHECKING:
    from parsers.terminal import Line, Transcript


def read_screen(
    transcript: Transcript,
    *,
    provider: str | None = None,
    argv: Sequence[str] = (),
    patterns: OwnPatterns = MappingProxyType({}),
) -> ScreenReading:
    """Read what a terminal showed.

    `provider` is the tag that the recorder noted, None if it has to be found out; `argv` is the recorded command line
    (the prompt of `claude -p "…"` stands nowhere else); `patterns` are the person's own. Never raises on what it reads.
    """
    found = detect(transcript, PROVIDERS, GENERIC, provider=provider, argv=argv)
    found = replace(found, screen=with_patterns(found.screen, patterns))
    lines = conversation(transcript)
    palette = palette_of(lines, found.screen)
    blocks = found.screen.settle(group(classify(lines, found.screen, palette)), transcript)
    about = _about(transcript, found.screen)
    reading = Reading(found.screen, transcript, blocks, palette, tuple(argv), about)
    events = _with_prompt(found.screen.finish(list(_events(reading)), reading), reading)
    return ScreenReading(
        provider=found.screen.provider,
        detection=found.detection,
        provider_version=about.get("version"),
        client=found.screen.client,
        model=about.get("model"),
        native_session_id=next(
            (e.text for e in reversed(events) if isinstance(e, Note) and e.kind is NoteKind.RESUME_ID), None
        ),
        cwd=about.get("cwd"),
        events=tuple(events),
        transcript=render(reading, events),
        unknown_lines=sum(1 for event in events if isinstance(event, Unknown)),
    )


def conversation(transcript: Transcript) -> list[Line]:
    """Give the lines that belong to the conversation: not those of pagers and other views laid over it."""
    overlays = {n for n, segment in enumerate(transcript.segments) if segment.kind is SegmentKind.OVERLAY}
    return [line for line in transcript.lines if line.segment not in overlays]


def _events(reading: Reading) -> Iterator[Event]:
    for block in new_blocks(reading):
        yield from _events_of(block, reading)


def _events_of(block: Block, reading: Reading) -> Iterable[Event]:
    if block.kind == UNKNOWN:
        return [Unknown(text=row.line.text, seconds=row.line.seconds) for row in block.rows if row.line.text]
    reader = outside.read if block.kind == outside.KIND else reading.screen.readers.get(block.kind)
    return reader(block, reading) if reader else ()


def _with_prompt(events: list[Event], reading: Reading) -> list[Event]:
    """Put the prompt of the command line first if no prompt was shown."""
    prompt = prompt_of(reading.screen.provider, reading.argv)
    if not prompt or any(isinstance(event, Prompt) for event in events):
        return events
    return [Prompt(text=prompt, seconds=0.0), *events]


def _about(transcript: Transcript, screen: Screen) -> dict[str, str]:
    """Collect what the program says of itself (version, model, cwd): the first word on each counts."""
    about: dict[str, str] = {}
    for line in transcript.lines:
        for pattern in screen.banners + screen.facts:
            match = pattern.match(line.text[:LONGEST_MATCHED])
            if match:
                for name, value in match.groupdict().items():
                    if value:
                        about.setdefault(name, value)
    return about
