"""Trap fixtures: a few lines of a log in which it is easy to go wrong, with the right answer written beside them.

`traps/<provider>/<trap>/` holds the log files and `answer.json`: `why`, the reader's time window if there is one, and
what has to come out. Only what the answer names is compared.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from parsers.native_logs import NativeLog, read_native
from parsers.session import AssistantText, Error, ModelCall, Note, NoteKind, Prompt, Tokens, ToolUse, Totals
from with_tracking.pricing import price

TRAPS = Path(__file__).parent / "traps"
TOLD_NOTES = (NoteKind.SLASH_COMMAND, NoteKind.USER_SHELL, NoteKind.CLEARED)


def traps_of(provider: str) -> list[Path]:
    """List the traps for a reader."""
    return sorted(answer.parent for answer in (TRAPS / provider).glob("*/answer.json"))


def answer_of(trap: Path) -> dict[str, Any]:
    """Read the right answer."""
    answer: dict[str, Any] = json.loads((trap / "answer.json").read_text(encoding="utf-8"))
    return answer


def read_trap(trap: Path, answer: dict[str, Any]) -> NativeLog:
    """Read a trap's log in the time window that its answer states."""
    times = {key: datetime.fromisoformat(answer[key]) for key in ("started_at", "ended_at") if key in answer}
    files = [file for file in sorted(trap.rglob("*")) if file.is_file() and file.name != "answer.json"]
    return read_native(trap.parent.name, files, **times)


def told(log: NativeLog) -> dict[str, Any]:
    """Put what was read into the words of the answers."""
    events = log.events
    calls = [event for event in events if isinstance(event, ModelCall)]
    uses = [event for event in events if isinstance(event, ToolUse)]
    totals = [event.tokens for event in events if isinstance(event, Totals)]
    return {
        "prompts": [event.text for event in events if isinstance(event, Prompt)],
        "texts": [event.text + " (cut)" * event.cut for event in events if isinstance(event, AssistantText)],
        "tools": [_use(event) for event in uses],
        "commands": [event.command for event in uses if event.command],
        "errors": [str(event.kind) for event in events if isinstance(event, Error)],
        "notes": [f"{e.kind} {e.text}" for e in events if isinstance(e, Note) and e.kind in TOLD_NOTES],
        "tokens": _counts(sum((call.tokens for call in calls), Tokens())),
        "totals": _counts(sum(totals, Tokens())),
        "cache_write_1h": sum(call.cache_write_1h or 0 for call in calls),
        "model_calls": len(calls),
        "unpriced": list(price(calls).unpriced),
        "model": log.model,
        "session_ids": list(log.native_session_ids),
        "records": log.records,
        "unknown_records": log.unknown_records,
        "problems": list(log.problems),
        "first_seconds": next((event.seconds for event in events), None),
    }


def _counts(tokens: Tokens) -> dict[str, int | None]:
    return {name: getattr(tokens, name) for name in tokens.__struct_fields__}


def _use(use: ToolUse) -> str:
    """Write a tool use as `name category outcome exit-code`, then lines, files (* new), agent, and what never ran."""
    outcome = use.stopped or {True: "ok", False: "failed", None: "?"}[use.ok]
    words = [use.name, use.category, outcome, "-" if use.exit_code is None else str(use.exit_code)]
    if use.lines_added is not None:
        words.append(f"+{use.lines_added} -{use.lines_removed}")
    words += [f"{file}*" if file in use.created else file for file in use.files]
    if use.agent is not None:
        words.append(f"[{use.agent}]")
    if use.category == "shell" and use.command is None:
        words.append("never ran")
    return " ".join(words)


def assert_right(trap: Path) -> None:
    """Compare what is read with the trap's answer; the failure message tells what the trap is about."""
    answer = answer_of(trap)
    found = told(read_trap(trap, answer))
    for key, right in answer.items():
        if key in ("why", "started_at", "ended_at"):
            continue
        mine = found[key]
        if isinstance(right, dict):
            mine = {name: mine[name] for name in right}
        assert mine == right, f"{trap.name}: {key}: {answer['why']}"
