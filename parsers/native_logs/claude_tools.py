"""Claude Code's tools: their categories, and what a tool result says of how the call ended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from parsers import tool_calls
from parsers.native_logs.base import bounded, decoded, diff_counts, line_count, seconds_between
from parsers.native_logs.claude_records import (
    ANYTHING,
    DECISION,
    RESULT_DETAIL,
    TEXT,
    Block,
    Record,
    ResultDetail,
    result_text,
)
from parsers.session import Category, Source, Stopped, ToolUse

CATEGORIES: Mapping[str, Category] = MappingProxyType(
    {
        "Bash": Category.SHELL,
        "BashOutput": Category.SHELL,
        "KillShell": Category.SHELL,
        "KillBash": Category.SHELL,
        "PowerShell": Category.SHELL,
        "Read": Category.READ,
        "NotebookRead": Category.READ,
        "ReadMcpResourceTool": Category.READ,
        "Edit": Category.EDIT,
        "MultiEdit": Category.EDIT,
        "Update": Category.EDIT,
        "Write": Category.WRITE,
        "NotebookEdit": Category.WRITE,
        "Grep": Category.SEARCH,
        "Glob": Category.SEARCH,
        "LS": Category.SEARCH,
        "ListMcpResourcesTool": Category.SEARCH,
        "WebFetch": Category.WEB,
        "WebSearch": Category.WEB,
        "Task": Category.TASK,
        "Agent": Category.TASK,
        "TodoWrite": Category.TODO,
        "TodoRead": Category.TODO,
        "TaskCreate": Category.TODO,
        "TaskUpdate": Category.TODO,
        "EnterPlanMode": Category.TODO,
        "ExitPlanMode": Category.TODO,
        "exit_plan_mode": Category.TODO,
    }
)
PATH_KEYS = ("file_path", "notebook_path", "path")
WITH_FILES = frozenset({Category.READ, Category.EDIT, Category.WRITE})

EXIT_CODE = re.compile(r"(?:Error: )?Exit code (\d{1,10})\b")  # 2.x; 1.0.x tells none
HOOK = re.compile(r"(?:Error: )?(?:\w+:\S{1,80} hook (?:error|blocked)|\w{1,80} operation blocked by hook)")
REJECTED = re.compile(r"(?:Error: )?The user doesn't want to (?:proceed with this tool use|take this action)")
RULE = re.compile(r"(?:Error: )?(?:Permission to use \S{1,80} .{0,2000}denied|Claude requested permissions)", re.S)
CANCELLED = re.compile(  # 2.0.77, 2.1.44: behind the output of the command that was stopped
    r"\[Request interrupted by user(?: for tool use)?\]\s*\Z|\A(?:<error>)?Command was aborted before completion"
)
FEEDBACK = re.compile(r"the user said:\s*\n(?P<text>.+)", re.S)
NEVER_RAN = "<tool_use_error>"  # the input was refused, or a call beside it failed


@dataclass(frozen=True, slots=True)
class Call:
    """A tool_use block that waits for its result."""

    name: str
    input: Mapping[str, Any]
    at: datetime | None
    agent: str | None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended. `ran` is False for a command that never ran without a person having denied it."""

    ok: bool
    stopped: Stopped | None = None
    ran: bool = True


def category_of(name: str) -> Category:
    """Give a tool's category: its own tools are known, others are told by their name."""
    return CATEGORIES.get(name) or tool_calls.category_of(name)


def ending_of(record: Record, block: Block, text: str, detail: ResultDetail | None) -> Ending:
    """Tell how a call ended.

    A denial and an interruption share one text. 2.1 marks both with toolDenialKind, and only what was denied before
    it ran with toolDenialBeforeRun; in older versions the text is a denial's, and interrupted commands say so.
    """
    if detail is not None and detail.interrupted:
        return Ending(ok=False, stopped=Stopped.INTERRUPTED)
    if not block.is_error:
        return Ending(ok=not _failed_at_the_server(block))
    decision = decoded(DECISION, record.permission_decision)
    if (decision is not None and decision.source == "hook") or HOOK.match(text):
        return Ending(ok=False, ran=False)
    if record.tool_denial_kind == "user-rejected":
        return Ending(ok=False, stopped=Stopped.DENIED if record.tool_denial_before_run else Stopped.INTERRUPTED)
    if record.tool_denial_kind is not None or REJECTED.match(text) or RULE.match(text):
        return Ending(ok=False, stopped=Stopped.DENIED)
    if CANCELLED.search(text):
        return Ending(ok=False, stopped=Stopped.INTERRUPTED)
    return Ending(ok=False, ran=not text.startswith(NEVER_RAN))


def _failed_at_the_server(block: Block) -> bool:
    """Tell whether the result of a tool that the API itself ran is an error: it is an object then."""
    answer = decoded(ANYTHING, block.content) if block.type != "tool_result" else None
    return str((answer or {}).get("type", "")).endswith("_error")


def lines_changed(category: Category, detail: ResultDetail | None) -> tuple[int | None, int | None]:
    """Give the lines added and removed by a call that worked, from its diff or the content of its new file."""
    if detail is None or category not in (Category.EDIT, Category.WRITE):
        return None, None
    if detail.structured_patch:
        return diff_counts(line for hunk in detail.structured_patch for line in hunk.lines)
    content = decoded(TEXT, detail.content)
    return (line_count(content), 0) if content is not None and detail.type == "create" else (None, None)


def tool_use(call_id: str, call: Call, origin: datetime | None) -> ToolUse:
    """Build the event of a call whose result is not known."""
    category = category_of(call.name)
    path = next((call.input[key] for key in PATH_KEYS if isinstance(call.input.get(key), str)), None)
    command = call.input.get("command") if category is Category.SHELL else None
    return ToolUse(
        name=call.name,
        category=category,
        input=call.input,
        command=command if isinstance(command, str) else None,
        files=(path,) if path is not None and category in WITH_FILES else (),
        start_seconds=seconds_between(origin, call.at),
        agent=call.agent,
        call_id=call_id,
        source=Source.NATIVE,
    )


def finished(use: ToolUse, record: Record, block: Block, duration: float | None) -> ToolUse:
    """Add to a call what its result says."""
    detail = decoded(RESULT_DETAIL, record.tool_use_result)
    text = result_text(block.content)
    end = ending_of(record, block, text, detail)
    added, removed = lines_changed(use.category, detail) if end.ok else (None, None)
    return ToolUse(
        name=use.name,
        category=use.category,
        input=use.input,
        ok=end.ok,
        exit_code=exit_code(use, end, text, detail),
        stopped=end.stopped,
        command=use.command if end.ran else None,
        files=use.files,
        lines_added=added,
        lines_removed=removed,
        output=bounded(text),
        start_seconds=use.start_seconds,
        duration_seconds=duration,
        agent=use.agent,
        call_id=use.call_id,
        source=Source.NATIVE,
    )


def exit_code(use: ToolUse, end: Ending, text: str, detail: ResultDetail | None) -> int | None:
    """Give a command's exit code: a failure names it (2.x), a success is 0 unless the program reads it otherwise."""
    if use.command is None or end.stopped is Stopped.DENIED or not end.ran:
        return None
    if not end.ok:
        found = EXIT_CODE.match(text)
        return int(found[1]) if found else None
    unsure = detail is None or detail.background_task_id or detail.return_code_interpretation
    return None if unsure else 0


def feedback(text: str) -> str | None:
    """Give what the person wrote when denying a call: it goes to the model like a prompt."""
    found = FEEDBACK.search(text) if REJECTED.match(text) else None
    return found["text"].strip() if found else None
