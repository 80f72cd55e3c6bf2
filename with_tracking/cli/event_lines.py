"""What happened in a session one after the other: every event in a line, or tool uses in a row taken together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from parsers.description import duration_text
from parsers.session import AssistantText, Error, ErrorKind, Event, Note, NoteKind, Prompt, Stopped, ToolUse

_NOTES = {
    NoteKind.USER_SHELL: "! ",
    NoteKind.SLASH_COMMAND: "/ ",
    NoteKind.QUESTION: "? ",
    NoteKind.APPROVAL: "  approval: ",
    NoteKind.COMPACTION: "  compacted: ",
    NoteKind.CLEARED: "  cleared: ",
    NoteKind.RETRY: "  retry: ",
    NoteKind.MODEL: "  model: ",
}
"""The notes that are shown, and how their line begins."""


def moment(seconds: float | None) -> str:
    """Return when in the session something was: +2:03, +1:02:03."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    return f"+{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"+{minutes}:{rest:02}"


def first_line(text: str) -> str:
    """Return the first line of a text, with a sign that there are more."""
    lines = text.strip().splitlines() or [""]
    return lines[0] + (" …" if len(lines) > 1 else "")


def command_text(use: ToolUse) -> str:
    """Return a shell command with how it ended."""
    mark = {True: "✓", False: "✗", None: "·"}[use.ok]
    text = first_line(use.command or "(not shown)")
    if use.stopped is not None:
        return f"⊘ {text}  ({'denied' if use.stopped is Stopped.DENIED else 'interrupted'})"
    return f"{mark} {text}" + (f"  (exit code {use.exit_code})" if use.exit_code else "")


def whole(events: Iterable[Event]) -> Iterator[str]:
    """Yield a line for each event that a person would tell of."""
    for event in events:
        if (text := _text(event)) is not None:
            yield f"{moment(event.seconds):>8}  {text}"


def condensed(events: Iterable[Event]) -> Iterator[str]:
    """Yield a line for each event, but only one for tool uses in a row."""
    row: list[ToolUse] = []
    for event in events:
        if isinstance(event, ToolUse):
            row.append(event)
        elif (text := _text(event)) is not None:
            yield from _together(row)
            row = []
            yield f"{moment(event.seconds):>8}  {text}"
    yield from _together(row)


def _text(event: Event) -> str | None:
    """Return an event in a line, None for one that is only of use to programs."""
    if isinstance(event, Prompt):
        return f"❯ {first_line(event.text)}"
    if isinstance(event, AssistantText):
        return f"● {first_line(event.text)}"
    if isinstance(event, ToolUse):
        return _tool(event)
    if isinstance(event, Error):
        mark = "⊘" if event.kind is ErrorKind.INTERRUPTED else "✗"
        return f"{mark} {event.kind.value.replace('_', ' ')}: {first_line(event.text)}"
    if isinstance(event, Note) and event.kind in _NOTES:
        return _NOTES[event.kind] + first_line(event.text)
    return None


def _tool(use: ToolUse) -> str:
    who = f" [{use.agent}]" if use.agent else ""
    seconds = use.duration_seconds or 0.0
    took = f"  {duration_text(seconds)}" if seconds >= 1 else ""
    if use.command is not None:
        return f"$ {command_text(use)}{took}{who}"
    mark = {True: "✓", False: "✗", None: "·"}[use.ok] if use.stopped is None else "⊘"
    lines = f"  +{use.lines_added or 0} −{use.lines_removed or 0}" if use.lines_added or use.lines_removed else ""
    return f"  {mark} {' '.join((use.name, *use.files))}{lines}{took}{who}"


def _together(uses: list[ToolUse]) -> Iterator[str]:
    """Yield one line for several tool uses."""
    if len(uses) == 1:
        yield f"{moment(uses[0].start_seconds):>8}  {_tool(uses[0])}"
    elif uses:
        counts = Counter(use.category.value for use in uses).most_common()
        failed = sum(use.ok is False for use in uses)
        kinds = ", ".join(f"{number} {kind}" for kind, number in counts)
        text = f"  {len(uses)} tool uses: {kinds}" + (f" ({failed} failed)" if failed else "")
        yield f"{moment(uses[0].start_seconds):>8}  {text}"
