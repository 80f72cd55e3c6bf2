"""JSON that an assistant printed: one object a line, or one document, told apart by what the objects look like.

A format is a module with `recognises(record)` and `read(record, into)`. Its records are checked with typed structs: one
that does not fit is counted and kept, and reading goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

import msgspec

from parsers.argv_prompts import prompt_of
from parsers.lenient_json import UNDECODABLE, decode
from parsers.reading import ScreenReading
from parsers.recording import Output, Recording
from parsers.session import AssistantText, Detection, Error, Event, Prompt, ToolUse
from parsers.streams import claude, codex, copilot, gemini, opencode
from parsers.streams.collecting import Collector

_FORMATS: Mapping[str, ModuleType] = {
    "claude_code": claude,
    "openai_codex": codex,
    "gemini_cli": gemini,
    "opencode": opencode,
    "github_copilot": copilot,
}
# The format that a provider writes, where it is not its own.
_BORROWED = {"qwen_code": "claude_code"}
_ANYTHING = msgspec.json.Decoder()
_LOOK_AT = 50  # records: what a format cannot be told by in so many is not one of these


class Stamped(msgspec.Struct, frozen=True):
    """A line of output with the time it was printed at, in seconds from the start, None if that is not known."""

    data: bytes
    seconds: float | None = None


def lines_of(data: bytes) -> Iterator[Stamped]:
    """Give the lines of a stream; a document that spans several lines comes as one."""
    whole = data.strip()
    if whole[:1] in {b"{", b"["} and b"\n" in whole and _decode(whole) is not None:
        yield Stamped(whole)
        return
    yield from (Stamped(line) for line in data.splitlines())


def lines_of_recording(recording: Recording) -> Iterator[Stamped]:
    """Give the lines of what a terminal showed, each with the time at which it was complete."""
    rest = b""
    for chunk in recording.chunks:
        if isinstance(chunk, Output):
            *done, rest = (rest + chunk.data).split(b"\n")
            yield from (Stamped(line, chunk.seconds) for line in done)
    if rest.strip():
        yield Stamped(rest)


def read_json(
    lines: Iterable[Stamped], *, provider: str | None = None, argv: Sequence[str] = ()
) -> ScreenReading | None:
    """Read a JSON stream of any known assistant, None if it is not one."""
    decoded = [(line, record) for line in lines for record in _records(line)]
    records = [record for _, record in decoded if record is not None]
    name = _format(records, provider)
    if name is None:
        return None
    into, reader = Collector(), _FORMATS[name]
    for line, record in decoded:
        if line.seconds is not None:
            into.timed, into.at = True, line.seconds
        if record is None:
            into.strange(line.data.decode(errors="replace").strip())
            continue
        try:
            reader.read(record, into)
        except msgspec.ValidationError:
            into.strange(record)
    found = _provider(name, records, provider)
    return _reading(found, provider, into, argv)


def _records(line: Stamped) -> Iterator[Mapping[str, Any] | None]:
    """Give the objects of a line, None for text that is not one; blank lines give nothing."""
    text = line.data.strip()
    if not text:
        return
    value = _decode(text) if text[:1] in {b"{", b"["} else None
    for record in value if isinstance(value, list) and value else [value]:
        yield record if isinstance(record, dict) else None


def _decode(text: bytes) -> Any:
    """Decode JSON, None if it is none."""
    try:
        return decode(_ANYTHING, text)
    except UNDECODABLE:
        return None


def _format(records: Sequence[Mapping[str, Any]], provider: str | None) -> str | None:
    """Name the format of the records: the provider's own if it fits, else the first that does."""
    own = _BORROWED.get(provider or "", provider or "")
    names = sorted(_FORMATS, key=lambda name: name != own)
    return next((name for name in names if any(map(_FORMATS[name].recognises, records[:_LOOK_AT]))), None)


def _provider(name: str, records: list[Mapping[str, Any]], provider: str | None) -> str:
    """Give the provider: as it was told, else who writes this format."""
    if provider:
        return provider
    return claude.provider_of(records) if name == "claude_code" else name


def _reading(found: str, told: str | None, into: Collector, argv: Sequence[str]) -> ScreenReading:
    """Put the result together; the prompt comes from the command line where the stream does not repeat it."""
    prompt = prompt_of(found, argv)
    events = list(into.events)
    if prompt and not any(isinstance(event, Prompt) for event in events):
        events.insert(0, Prompt(text=prompt, seconds=0.0))
    return ScreenReading(
        provider=found,
        detection=Detection(method="wrapper" if told else "patterns", confidence=1.0 if told else 0.95),
        provider_version=into.provider_version,
        model=into.model,
        native_session_id=into.session_id,
        events=tuple(events),
        transcript=transcript_of(events),
        unknown_lines=into.unknown,
        cwd=into.cwd,
    )


def transcript_of(events: Iterable[Event]) -> str:
    """Write events as a conversation to read."""
    parts = []
    for event in events:
        if isinstance(event, Prompt):
            parts.append(f"> {event.text}")
        elif isinstance(event, AssistantText):
            parts.append(event.text.strip())
        elif isinstance(event, ToolUse):
            parts.append(_call_text(event))
        elif isinstance(event, Error):
            parts.append(f"Error: {event.text}")
    return "\n\n".join(parts) + "\n" if parts else ""


def _call_text(call: ToolUse) -> str:
    """Write a tool call in a line, its output below it."""
    about = f"$ {call.command}" if call.command else " ".join((call.name, *call.files))
    outcome = "" if call.ok is not False else f" ({call.stopped or 'failed'})"
    output = "\n".join(f"    {line}" for line in (call.output or "").rstrip().splitlines())
    return f"{about}{outcome}\n{output}".rstrip()
