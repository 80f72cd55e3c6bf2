"""What of a session is searched in: its texts by what they are, from its events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from parsers.session import AssistantText, Error, Event, Note, NoteKind, Prompt, ToolUse

OUTPUT_HEAD, OUTPUT_TAIL = 1500, 500
"""Characters of an output that are searched: what a command says first and last. The whole is in events.jsonl."""
_SPOKEN = frozenset({NoteKind.QUESTION, NoteKind.PLAN, NoteKind.USER_SHELL, NoteKind.SLASH_COMMAND})


def texts_of(event: Event) -> Iterator[tuple[str, str]]:
    """Yield the column of the index and the text, for each text of an event that is searched."""
    if isinstance(event, Prompt):
        yield "prompts", event.text
    elif isinstance(event, AssistantText):
        yield "answers", event.text
    elif isinstance(event, Error):
        yield "errors", event.text
    elif isinstance(event, ToolUse):
        yield from _texts_of_tool(event)
    elif isinstance(event, Note) and event.kind in _SPOKEN:
        yield ("commands" if event.kind is NoteKind.USER_SHELL else "answers"), event.text


def document(events: Iterable[Event]) -> dict[str, list[str]]:
    """Return all texts of a session by column. A text that comes again is not searched again."""
    found: dict[str, dict[str, None]] = {}
    for event in events:
        for column, text in texts_of(event):
            found.setdefault(column, {})[text] = None
    return {column: list(texts) for column, texts in found.items()}


def _texts_of_tool(use: ToolUse) -> Iterator[tuple[str, str]]:
    if use.command:
        yield "commands", use.command
    yield from (("files", path) for path in use.files)
    if use.output:
        yield ("errors" if use.ok is False else "outputs"), _cut(use.output)


def _cut(output: str) -> str:
    if len(output) <= OUTPUT_HEAD + OUTPUT_TAIL:
        return output
    return f"{output[:OUTPUT_HEAD]}\n…\n{output[-OUTPUT_TAIL:]}"
