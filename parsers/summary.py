"""Events + what is known of the recording → the Session they add up to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from parsers import metrics
from parsers.procedures import find_procedure
from parsers.session import (
    AssistantText,
    Category,
    Detection,
    Disagreement,
    Error,
    ErrorKind,
    Event,
    ModelCall,
    ParseCounts,
    Prompt,
    Session,
    Stopped,
    Tokens,
    ToolUse,
    Totals,
)
from parsers.session_header import SessionHeader, Terminal
from parsers.shell_commands import outcomes, runs_git

_IDLE_SECONDS = 5.0  # a longer silence on screen is somebody thinking or away, not work


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the readers found out beside events: who the assistant is, and the recording's times in seconds."""

    provider: str
    detection: Detection
    provider_version: str | None = None
    client: str | None = None
    native_session_id: str | None = None
    model: str | None = None
    argv: tuple[str, ...] = ()
    cwd: str | None = None
    terminal: Terminal = field(default_factory=Terminal)
    started_at: datetime | None = None
    duration_seconds: float | None = None
    active_seconds: float | None = None
    exit_code: int | None = None
    transcript_bytes: int | None = None
    unknown_lines: int = 0
    unknown_records: int = 0
    problems: tuple[str, ...] = ()


def summarise(
    events: Sequence[Event],
    header: SessionHeader,
    facts: Facts,
    *,
    session_id: str,
    cost_usd: float | None = None,
    procedures: Mapping[str, re.Pattern[str]] | None = None,
) -> Session:
    """Return the Session that the events add up to. The header's word goes before the recording's.

    `procedures` are the person's own, by name (see `find_procedure`).
    """
    tool_uses = tuple(e for e in events if isinstance(e, ToolUse))
    commands = tuple(t.command for t in tool_uses if t.command and _ran_in_shell(t))
    prompts = tuple(e.text for e in events if isinstance(e, Prompt))
    procedure = find_procedure(prompts, procedures)
    exit_code = header.exit_code if header.exit_code is not None else facts.exit_code
    started_at = header.started_at or facts.started_at
    duration = _duration(header, facts)
    session = Session(
        session_id=session_id,
        provider=facts.provider,
        origin=header.origin,
        detection=facts.detection,
        provider_version=facts.provider_version,
        client=facts.client,
        native_session_id=facts.native_session_id,
        model=facts.model,
        cwd=header.cwd or facts.cwd,
        argv=header.argv or facts.argv,
        started_at=started_at,
        ended_at=header.ended_at or moment_after(started_at, duration),
        duration_seconds=duration,
        active_seconds=facts.active_seconds,
        exit_code=exit_code,
        end_reason=header.end_reason,
        success=None if exit_code is None else exit_code == 0,
        interactive=header.interactive,
        terminal=header.terminal if header.terminal.cols else facts.terminal,
        git=header.git,
        host=header.host,
        wrapper=header.wrapper,
        parent_session_id=header.parent_session_id,
        procedure_name=procedure.name,
        issue_number=procedure.issue_number,
        user_prompts=prompts,
        assistant_texts=tuple(e.text for e in events if isinstance(e, AssistantText)),
        tool_uses=tool_uses,
        commands=commands,
        git_operations=tuple(c for c in commands if runs_git(c)),
        files_read=_distinct(_files(tool_uses, Category.READ)),
        files_edited=_distinct(_files(tool_uses, Category.EDIT)),
        files_written=_distinct(_files(tool_uses, Category.WRITE)),
        errors=tuple(errors_of(events)),
        outcomes=_distinct(outcome for t in tool_uses for outcome in outcomes(t)),
        tokens=_tokens(events),
        cost_usd=cost_usd if cost_usd is not None else _shown_cost(events),
        parse=ParseCounts(
            unknown_lines=facts.unknown_lines,
            unknown_records=facts.unknown_records,
            disagreements=sum(isinstance(e, Disagreement) for e in events),
            problems=facts.problems,
        ),
    )
    return metrics.with_metrics(session, events, transcript_bytes=facts.transcript_bytes)


def active_seconds(times: Iterable[float]) -> float:
    """Add up the time between one output and the next, counting no silence for more than five seconds."""
    total, last = 0.0, 0.0
    for seconds in times:
        total += min(max(seconds - last, 0.0), _IDLE_SECONDS)
        last = max(seconds, last)
    return total


def errors_of(events: Iterable[Event]) -> Iterator[Error]:
    """Yield the session's errors in order: those reported as such, and one for each tool use that did not succeed."""
    for event in events:
        if isinstance(event, Error):
            yield event
        elif isinstance(event, ToolUse) and event.ok is False:
            yield Error(
                kind=_error_kind(event), text=_error_text(event), seconds=event.start_seconds, source=event.source
            )


def _error_kind(tool_use: ToolUse) -> ErrorKind:
    """Say what kind of error a tool use that did not succeed is."""
    if tool_use.stopped is Stopped.DENIED:
        return ErrorKind.PERMISSION_DENIED
    if tool_use.stopped is Stopped.INTERRUPTED:
        return ErrorKind.INTERRUPTED
    refused = tool_use.command is None and "command" in tool_use.input  # by a hook; a collapsed line names no command
    ran = tool_use.category is Category.SHELL and not refused
    return ErrorKind.COMMAND_FAILED if ran else ErrorKind.TOOL_ERROR


def _error_text(tool_use: ToolUse) -> str:
    """Return the output that shows the failure, or what was called if nothing was shown."""
    if tool_use.stopped is None and tool_use.output:
        return tool_use.output
    called = tool_use.command or " ".join((tool_use.name, *tool_use.files))
    return called if tool_use.exit_code is None else f"{called} (exit code {tool_use.exit_code})"


def _ran_in_shell(tool_use: ToolUse) -> bool:
    """Tell whether this is a command that ran, at least until somebody stopped it."""
    return tool_use.category is Category.SHELL and tool_use.stopped is not Stopped.DENIED


def _files(tool_uses: Iterable[ToolUse], category: Category) -> Iterator[str]:
    """Yield the files that were read, edited or written; an edit writes those that it makes new."""
    for tool_use in tool_uses:
        if tool_use.ok is False:
            continue
        if tool_use.category is category:
            yield from (f for f in tool_use.files if category is not Category.EDIT or f not in tool_use.created)
        elif tool_use.category is Category.EDIT and category is Category.WRITE:
            yield from tool_use.created


def _distinct(items: Iterable[str]) -> tuple[str, ...]:
    """Keep the first of equal items."""
    return tuple(dict.fromkeys(items))


def _tokens(events: Sequence[Event]) -> Tokens:
    """Add up the calls that the log accounts for; without any, what exit summaries said."""
    counted = [e.tokens for e in events if isinstance(e, ModelCall)]
    return sum(counted or [e.tokens for e in events if isinstance(e, Totals)], Tokens())


def _shown_cost(events: Sequence[Event]) -> float | None:
    """Add up the costs in US dollars that the assistant itself showed, None if it showed none."""
    shown = [e.cost_usd for e in events if isinstance(e, Totals) and e.cost_usd is not None]
    return sum(shown) if shown else None


def _duration(header: SessionHeader, facts: Facts) -> float | None:
    """Return the recording's own measure, which no clock change disturbs, else the difference of the header's times."""
    if facts.duration_seconds is not None:
        return facts.duration_seconds
    if header.started_at and header.ended_at:
        return max((header.ended_at - header.started_at).total_seconds(), 0.0)
    return None


def moment_after(started_at: datetime | None, seconds: float | None) -> datetime | None:
    """Return the time that many seconds later, None if either is not known or no calendar has it."""
    try:
        return started_at + timedelta(seconds=seconds) if started_at and seconds is not None else None
    except OverflowError:  # a broken header
        return None
