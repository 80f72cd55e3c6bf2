"""What reading one screen or one pair of piped streams gives."""

from __future__ import annotations

from dataclasses import dataclass

from parsers.session import Detection, Event


@dataclass(frozen=True, slots=True)
class ScreenReading:
    """The events that an assistant's output shows, and what it says of itself.

    `provider` is the tag (`claude_code`, `generic` if nothing is known); `client` the program where a provider has
    several (`llm`, `shell-gpt`). `native_session_id` is the id with which the session can be resumed. `transcript` is
    the conversation as text without the program's chrome. `unknown_lines` counts lines that no rule understood.
    """

    provider: str
    detection: Detection
    provider_version: str | None = None
    client: str | None = None
    model: str | None = None
    native_session_id: str | None = None
    events: tuple[Event, ...] = ()
    transcript: str = ""
    unknown_lines: int = 0
    cwd: str | None = None
