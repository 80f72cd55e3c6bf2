"""A readable transcript made of events: for sessions of which no screen was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from parsers.session import AssistantText, Error, Event, Note, NoteKind, Prompt, Stopped, ToolUse

MAX_OUTPUT_LINES = 20  # of one tool; the rest is in events.jsonl


def transcript_of(events: Iterable[Event]) -> str:
    """Return the conversation as text: prompts after `❯`, commands after `$`, other tools after `•`."""
    return "".join(f"{block}\n\n" for event in events if (block := _block(event)))


def _block(event: Event) -> str:
    """Return what an event says to somebody who reads along; empty for what only programs want to know."""
    if isinstance(event, Prompt):
        return "❯ " + event.text.strip().replace("\n", "\n  ")
    if isinstance(event, AssistantText):
        return event.text.strip()
    if isinstance(event, ToolUse):
        return "\n".join(_tool_use(event))
    if isinstance(event, Error):
        return f"✗ {event.kind.value}: {event.text.strip()}"
    if isinstance(event, Note) and event.kind in (NoteKind.SLASH_COMMAND, NoteKind.USER_SHELL):
        return f"❯ {event.text}" if event.kind is NoteKind.SLASH_COMMAND else f"❯ !{event.text}"
    return ""


def _tool_use(use: ToolUse) -> Iterator[str]:
    """Yield the call, how it ended, and the beginning of what it gave."""
    called = f"$ {use.command}" if use.command else " ".join(("•", use.name, *use.files))
    yield called + (f"  ({ending})" if (ending := _ending(use)) else "")
    lines = (use.output or "").strip("\n").splitlines()
    yield from (f"    {line}".rstrip() for line in lines[:MAX_OUTPUT_LINES])
    if len(lines) > MAX_OUTPUT_LINES:
        yield f"    … {len(lines) - MAX_OUTPUT_LINES} more lines"


def _ending(use: ToolUse) -> str:
    if use.stopped is not None:
        return "denied" if use.stopped is Stopped.DENIED else "interrupted"
    if use.exit_code:
        return f"exit code {use.exit_code}"
    return "failed" if use.ok is False else ""
