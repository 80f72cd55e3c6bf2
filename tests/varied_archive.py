"""An archive of sessions that differ: assistants, procedures, days, durations, failures, errors that come back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from parsers.session import AssistantText, Category, Error, ErrorKind, Event, Prompt, ToolUse
from parsers.session_header import Git
from tests import synthetic

PROCEDURES = ("close-issue 583", "review-changes", "fix the flaky test in tests/test_login.py")
MISSING = "ModuleNotFoundError: No module named 'requests'"


def make(root: Path, count: int = 40, *, until: datetime = synthetic.BEGAN, seed: int = 7) -> list[synthetic.Recorded]:
    """Make `count` sessions on the days before `until`, the same ones for the same seed.

    Codex takes twice as long as Claude Code; every fifth session fails; in every fourth pytest fails for a module that
    is missing, and runs after `pip install requests`.
    """
    rng = random.Random(seed)
    return [one(root, number, until - timedelta(hours=9 * (count - 1 - number)), rng) for number in range(count)]


def one(root: Path, number: int, began: datetime, rng: random.Random, **changes: Any) -> synthetic.Recorded:
    """Make the session of a number."""
    codex = number % 2 == 1
    seconds = rng.uniform(40, 80) * (2 if codex else 1)
    fields: dict[str, Any] = {
        "provider": "openai_codex" if codex else "claude_code",
        "wrapper": "codex" if codex else "claude",
        "started_at": began,
        "ended_at": began + timedelta(seconds=seconds),
        "exit_code": 1 if number % 5 == 4 else 0,
        "git": Git(root="/home/dev/webapp", branch="main" if number % 3 else "feature", commit="a" * 40),
    }
    folder = synthetic.record(root, f"{began:%Y%m%d-%H%M%S}-{number:08x}", **{**fields, **changes})
    recorded = synthetic.parse(folder, list(events(number, rng)))
    session = msgspec.structs.replace(recorded.session, model="gpt-6" if codex else "claude-opus-4-5")
    (folder / "parsed.json").write_bytes(msgspec.json.encode(session))
    return synthetic.Recorded(folder, session, recorded.events)


def events(number: int, rng: random.Random) -> Iterator[Event]:
    """Yield what happened in the session of a number."""
    yield Prompt(text=PROCEDURES[number % 3], seconds=0.5)
    yield from (synthetic.shell(f"git show {each}", 2.0 + each) for each in range(rng.randint(1, 6)))
    if number % 4 == 0:
        yield failing("pytest -q", 10.0, MISSING)
        yield synthetic.shell("pip install requests", 12.0)
        yield synthetic.shell("pytest -q", 15.0)
    if number % 10 == 3:
        yield Error(kind=ErrorKind.API_ERROR, text="API Error: 529 Overloaded", seconds=20.0)
    yield ToolUse(name="Edit", category=Category.EDIT, ok=True, files=(f"src/part{number % 5}.py",), start_seconds=21.0)
    yield from (synthetic.answer(22.0 + each) for each in range(rng.randint(1, 5)))
    yield AssistantText(text="Done.", seconds=28.0)


def failing(command: str, seconds: float, output: str) -> ToolUse:
    """Return a command that failed with an output."""
    return msgspec.structs.replace(synthetic.shell(command, seconds, ok=False), output=output)
