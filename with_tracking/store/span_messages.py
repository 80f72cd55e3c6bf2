"""What an LLM span tells of the conversation: what was new to the model in a call, and what it answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from parsers.session import AssistantText, Event, Prompt, ToolUse
from with_tracking.store.span_text import cut, first_line


def told(task: str | None) -> list[dict[str, Any]]:
    """Return the task of a sub-agent as its first message."""
    return [{"role": "user", "content": cut(task)}] if task else []


def asked(before: Sequence[Event], prompt: str | None) -> list[dict[str, Any]]:
    """Return what was new to the model: the prompt, or the results of the tools it had asked for."""
    messages: list[dict[str, Any]] = []
    for event in before:
        if isinstance(event, Prompt) and prompt is not None:
            messages.append({"role": "user", "content": cut(event.text)})
        elif isinstance(event, ToolUse):
            messages.append({"role": "tool", "content": f"{event.name}: {first_line(event.output or '')}"})
    return messages


def answered(after: Sequence[Event]) -> dict[str, Any]:
    """Return the model's message: its text and the tools it asked for."""
    text = "\n\n".join(event.text for event in after if isinstance(event, AssistantText))
    tools = [event for event in after if isinstance(event, ToolUse)]
    message: dict[str, Any] = {"role": "assistant", "content": cut(text)}
    if tools:
        message["tool_calls"] = [{"name": tool.name, "id": tool.call_id} for tool in tools[:50]]
    return message
