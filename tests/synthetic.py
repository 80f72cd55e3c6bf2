"""Session folders as the recorder and the parser leave them, made up, for what works on whole archives."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from parsers import metrics, summary
from parsers.session import (
    AssistantText,
    Category,
    Detection,
    Event,
    ModelCall,
    Prompt,
    Session,
    Source,
    Tokens,
    ToolUse,
)
from parsers.session_header import SessionHeader, Terminal

BEGAN = datetime(2026, 11, 20, 9, 29, 39, tzinfo=UTC)
OUTPUT = b"\x1b[1mclose-issue 583\x1b[0m\r\n" * 50


@dataclass(frozen=True, slots=True)
class Recorded:
    """A session folder and what is in it."""

    folder: Path
    session: Session
    events: tuple[Event, ...]


def listed(moment: datetime) -> str:
    """Return how lists tell when a session began, in UTC: with the time in this year, else with the year."""
    return f"{moment:%d %b %H:%M}" if moment.year == datetime.now(UTC).year else f"{moment:%d %b %Y}"


def header(session_id: str, **changes: Any) -> SessionHeader:
    """Return what the recorder writes at the end of a session of 30 seconds."""
    fields: dict[str, Any] = {
        "session_id": session_id,
        "provider": "claude_code",
        "argv": ("claude", "close-issue 583"),
        "cwd": "/home/dev/webapp",
        "started_at": BEGAN,
        "ended_at": BEGAN + timedelta(seconds=30),
        "exit_code": 0,
        "end_reason": "exited",
        "interactive": True,
        "terminal": Terminal(rows=40, cols=120, term="xterm-256color"),
        "host": os.uname().nodename,
        "wrapper": "claude",
        "pid": 1,
    }
    return SessionHeader(**{**fields, **changes})


def shell(command: str, seconds: float, *, ok: bool = True, agent: str | None = None) -> ToolUse:
    """Return a shell command of the assistant that took 0.4 seconds."""
    return ToolUse(
        name="Bash",
        category=Category.SHELL,
        input={"command": command},
        command=command,
        ok=ok,
        exit_code=0 if ok else 1,
        output=f"output of {command}",
        start_seconds=seconds,
        duration_seconds=0.4,
        agent=agent,
        source=Source.BOTH,
    )


def answer(seconds: float, **changes: Any) -> ModelCall:
    """Return one answer of the model that took 1.5 seconds."""
    tokens = Tokens(input=100, output=50, cache_read=1000)
    fields: dict[str, Any] = {"model": "claude-opus-4-5", "tokens": tokens, "duration_seconds": 1.5}
    return ModelCall(**{**fields, "seconds": seconds, **changes})


def events_of(commands: int, failing: int = 1, prompt: str = "close-issue 583") -> tuple[Event, ...]:
    """Return a turn: a prompt, then for each command an answer of the model and its tool use, then the last word."""
    turn: list[Event] = [Prompt(text=prompt, seconds=0.5)]
    for number in range(commands):
        at = 1.0 + 25.0 * number / max(commands, 1)
        turn += [answer(at), shell(f"git show {number}", at + 1.6, ok=number >= failing)]
    return (*turn, AssistantText(text="Done: issue 583 is closed.", seconds=28.0))


def record(root: Path, session_id: str = "20261120-092939-00000001", **changes: Any) -> Path:
    """Make the folder of a session that was recorded and not read; `changes` are of its header."""
    written = header(session_id, **changes)
    folder = root / "sessions" / f"{written.started_at or BEGAN:%Y/%m/%d}" / session_id
    folder.mkdir(parents=True)
    (folder / "session.json").write_bytes(msgspec.json.encode(written))
    (folder / "typescript").write_bytes(OUTPUT)
    (folder / "timing.log").write_text(f"O 0.100000 {len(OUTPUT)}\n")
    return folder


def parse(folder: Path, events: Sequence[Event], provider: str | None = None) -> Recorded:
    """Write what the parser writes into a recorded folder, for events that are given."""
    written = msgspec.json.decode((folder / "session.json").read_bytes(), type=SessionHeader)
    begin, end = written.started_at, written.ended_at
    facts = summary.Facts(
        provider=provider or written.provider or "generic",
        detection=Detection(method="wrapper", confidence=1.0),
        model="claude-opus-4-5",
        duration_seconds=(end - begin).total_seconds() if begin and end else None,
        active_seconds=20.0,
    )
    session = summary.summarise(events, written, facts, session_id=folder.name, cost_usd=0.0123)
    session = metrics.with_metrics(session, events, transcript_bytes=len(OUTPUT))
    (folder / "transcript.txt").write_text("❯ close-issue 583\n")
    (folder / "events.jsonl").write_bytes(b"".join(msgspec.json.encode(event) + b"\n" for event in events))
    (folder / "parsed.json").write_bytes(msgspec.json.encode(session))
    return Recorded(folder, session, tuple(events))


def parsed(root: Path, session_id: str = "20261120-092939-00000001", commands: int = 4, **changes: Any) -> Recorded:
    """Make the folder of a session that was recorded and read."""
    return parse(record(root, session_id, **changes), events_of(commands))
