"""Tool calls of Copilot CLI: asked for by the model, maybe refused by the person, started, completed.

The pieces are separate events that share the call's id; here they become one ToolUse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from parsers.native_logs.base import bounded, diff_counts
from parsers.session import Category, Source, Stopped, ToolUse
from parsers.tool_calls import category_of, tool_use

_SHELL_STATUS = re.compile(r"\n?<(?:shellId: \S+ |command )?(?:completed|exited) with exit code (-?\d{1,10})>\s*$")
_REFUSED = re.compile(r"denied|rejected", re.IGNORECASE)
_STOPPED = re.compile(r"abort|cancel|interrupt", re.IGNORECASE)


@dataclass(slots=True)
class Call:
    """One call as far as it was seen; times in seconds of the session, `completed` the data of its last event."""

    id: str
    name: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    asked_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    agent: str | None = None
    is_mcp: bool = False
    denied: bool = False
    completed: Mapping[str, Any] | None = None

    def requested(self, name: str, arguments: Any, seconds: float | None, agent: str | None) -> None:
        """Take in what is asked for; said twice, by the answer and by the start of the tool."""
        self.name = name or self.name
        self.arguments = arguments if isinstance(arguments, dict) else self.arguments
        self.asked_at = seconds if self.asked_at is None else self.asked_at
        self.agent = agent or self.agent


def tool_uses(calls: Iterable[Call], aborts: Sequence[float | None]) -> Iterator[ToolUse]:
    """Yield the tool uses; one that began before an abort and never completed was stopped by it."""
    for call in calls:
        if call.name:
            yield _tool_use(call, aborts)


def _tool_use(call: Call, aborts: Sequence[float | None]) -> ToolUse:
    done = call.completed or {}
    start = call.started_at if call.started_at is not None else call.asked_at
    category = Category.MCP if call.is_mcp else category_of(call.name)
    text, exit_code = _result(done)
    stopped = _stopped(call, done, start, aborts)
    added, removed = _lines_changed(category, done)
    known = tool_use(call.name, call.arguments, category=category)
    return msgspec.structs.replace(
        known,
        ok=_ok(done, stopped, exit_code),
        exit_code=exit_code,
        stopped=stopped,
        created=_created(category, done),
        lines_added=added,
        lines_removed=removed,
        output=bounded(text),
        start_seconds=start,
        duration_seconds=round(call.ended_at - start, 3) if call.ended_at is not None and start is not None else None,
        agent=call.agent,
        call_id=call.id,
        source=Source.NATIVE,
    )


def _result(done: Mapping[str, Any]) -> tuple[str | None, int | None]:
    """Give what the tool answered and the exit code, which older versions put at the end of the text only."""
    result, error, shell = (done.get(key) for key in ("result", "error", "shellExecution"))
    text = result.get("content") if isinstance(result, Mapping) else None
    if isinstance(error, Mapping):
        text = error.get("message")
    text = text if isinstance(text, str) else None
    code = shell.get("exitCode") if isinstance(shell, Mapping) else None
    found = _SHELL_STATUS.search(text or "")
    if text is not None and found:
        return text[: found.start()], code if isinstance(code, int) else int(found[1])
    return text, code if isinstance(code, int) else None


def _stopped(
    call: Call, done: Mapping[str, Any], start: float | None, aborts: Sequence[float | None]
) -> Stopped | None:
    if call.denied:
        return Stopped.DENIED
    error = done.get("error")
    if isinstance(error, Mapping):
        said = f"{error.get('code', '')} {error.get('message', '')}"
        if _REFUSED.search(str(error.get("code", ""))):
            return Stopped.DENIED
        return Stopped.INTERRUPTED if _STOPPED.search(said) else None
    if call.completed is None and any((start or 0.0) <= (at or 0.0) for at in aborts):
        return Stopped.INTERRUPTED if call.started_at is not None else Stopped.DENIED
    return None


def _ok(done: Mapping[str, Any], stopped: Stopped | None, exit_code: int | None) -> bool | None:
    if stopped is not None:
        return False
    if exit_code is not None:
        return exit_code == 0
    success = done.get("success")
    return success if isinstance(success, bool) else None


def _created(category: Category, done: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the files that an edit made new."""
    edits = done.get("fileEdits")
    if category is not Category.EDIT or not isinstance(edits, list):
        return ()
    return tuple(e["path"] for e in edits if isinstance(e, dict) and e.get("kind") == "create" and "path" in e)


def _lines_changed(category: Category, done: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Count changed lines in the diff that comes with an edit."""
    result = done.get("result")
    diff = result.get("detailedContent") if isinstance(result, Mapping) else None
    if category not in (Category.EDIT, Category.WRITE) or not isinstance(diff, str):
        return None, None
    return diff_counts(diff.splitlines())
