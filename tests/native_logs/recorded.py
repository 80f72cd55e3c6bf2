"""Real recordings whose truth is known: their logs, read in the recording's time window, beside the truth."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from parsers.native_logs import NativeLog, read_native
from parsers.session import Category, ModelCall, Prompt, Stopped, Tokens, ToolUse

RECORDINGS = Path(__file__).parent.parent / "recordings"
EDITS = (Category.EDIT, Category.WRITE)


def recordings_of(folder: str) -> list[Path]:
    """List the recordings of an assistant that have a log."""
    found = sorted(truth.parent for truth in (RECORDINGS / folder).glob("*/truth.json"))
    return [each for each in found if (each / "native").is_dir()]


def truth_of(recording: Path) -> dict[str, Any]:
    """Read what is known to have happened."""
    truth: dict[str, Any] = json.loads((recording / "truth.json").read_text(encoding="utf-8"))
    return truth


def read_recorded(provider: str, recording: Path) -> NativeLog:
    """Read a recording's log as a session folder's is read: within the time that was recorded."""
    started_at, ended_at = window_of(recording)
    files = [file for file in sorted((recording / "native").rglob("*")) if file.is_file()]
    return read_native(provider, files, started_at=started_at, ended_at=ended_at)


def window_of(recording: Path) -> tuple[datetime | None, datetime | None]:
    """Read the recording's start and end from the head rows of its timing log."""
    timing = recording / "timing.log"
    text = timing.read_text(encoding="utf-8", errors="replace") if timing.exists() else ""
    start = re.search(r"START_TIME (\S+) (\S+)", text)
    duration = re.search(r"DURATION (\S+)", text)
    started_at = datetime.fromisoformat(f"{start[1]}T{start[2]}") if start else None
    if started_at is None or duration is None:
        return started_at, None
    return started_at, started_at + timedelta(seconds=int(float(duration[1])) + 1)  # it started in whole seconds


def folded(texts: Iterable[str]) -> Counter[str]:
    """Fold white space away, as the truth's texts are compared."""
    return Counter(re.sub(r"\s+", "", text) for text in texts)


def prompts(log: NativeLog) -> Counter[str]:
    """Give the prompts that were read."""
    return folded(event.text for event in log.events if isinstance(event, Prompt))


def commands(log: NativeLog) -> Counter[str]:
    """Give the commands that ran."""
    uses = [event for event in log.events if isinstance(event, ToolUse)]
    return folded(use.command for use in uses if use.command and use.stopped is not Stopped.DENIED)


def failures(log: NativeLog) -> int:
    """Count the tool uses that did not succeed."""
    return sum(isinstance(event, ToolUse) and event.ok is False for event in log.events)


def tokens(log: NativeLog, *, main_only: bool = False) -> Tokens:
    """Add up what the answers used; `main_only` leaves sub-agents out."""
    calls = [event for event in log.events if isinstance(event, ModelCall)]
    return sum((call.tokens for call in calls if not (main_only and call.agent)), Tokens())
