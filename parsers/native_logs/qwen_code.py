"""Qwen Code's log: `~/.qwen/projects/<folder>/chats/<sessionId>.jsonl`, sub-agents below `subagents/`.

Records are laid out like Claude Code's (uuid, sessionId, cwd, gitBranch, version), their messages like Gemini's (parts
with functionCall and functionResponse, usageMetadata). Written from the format in the public sources of 0.5 … 0.20.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from parsers.native_logs.base import (
    Candidate,
    LogFile,
    NativeLog,
    Places,
    Tally,
    Window,
    asked_at,
    aware,
    bounded,
    diff_counts,
    in_order,
    json_records,
    last_time,
    parse_time,
    seconds_between,
    touched_since,
)
from parsers.native_logs.qwen_records import RECORD, CallResult, FunctionResponse, Part, Record, Usage
from parsers.session import (
    AssistantText,
    Category,
    Error,
    ErrorKind,
    Event,
    ModelCall,
    Note,
    NoteKind,
    Prompt,
    Source,
    Stopped,
    Tokens,
    ToolUse,
)
from parsers.tool_calls import tool_use

PROVIDER = "qwen_code"
HEAD = 10  # records at a file's start that are looked at for its session, folder and time

NOT_PROMPTS = frozenset(  # subtypes of `user` records that no person wrote
    {"notification", "background_task_completed", "cron", "agent_launch_prompt", "agent_bootstrap", "goal_runtime"}
)
_EXIT_CODE = re.compile(r"^Exit Code: (-?\d{1,10})", re.MULTILINE)
_DENIED = re.compile(r"denied|did not allow|declined|rejected", re.IGNORECASE)


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    window: Window
    origin: datetime | None
    tally: Tally = field(default_factory=Tally)
    events: list[Event] = field(default_factory=list)
    open_calls: dict[str, ToolUse] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    last: Record | None = None
    session_ids: dict[str, None] = field(default_factory=dict)
    model: str | None = None
    asked: dict[str | None, float | None] = field(
        default_factory=dict
    )  # when each agent's model was last told something
    expands: bool = False  # the next user record is what a slash command expands to


def read(
    files: Sequence[LogFile],
    *,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    session_ids: Sequence[str] = (),
) -> NativeLog:
    """Read one session from its files, sub-agents' included. `session_ids` is not needed."""
    logs = [file for file in files if isinstance(file, bytes) or file.suffix == ".jsonl"]
    times = [parse_time(record.timestamp) for file in logs for record in _head(file)]
    window = Window(aware(started_at), aware(ended_at))
    first = min((at for at in times if at is not None), default=None)
    reading = _Reading(window, window.started_at or first)
    for file in logs:
        _read_file(file, reading)
    tally, last = reading.tally, reading.last or Record(type="")
    understood = len(reading.events) + len(reading.open_calls)
    return NativeLog(
        events=in_order([*reading.events, *reading.open_calls.values(), *tally.kept]),
        provider_version=last.version,
        model=reading.model,
        native_session_ids=tuple(reading.session_ids),
        cwd=last.cwd,
        git_branch=last.git_branch,
        started_at=tally.first_at,
        ended_at=tally.last_at,
        records=tally.records,
        unknown_records=tally.unknown,
        problems=tally.all_problems(PROVIDER, understood=understood),
    )


def _head(file: LogFile) -> list[Record]:
    return [record for (record, _), _number in zip(json_records(file, RECORD, Tally()), range(HEAD), strict=False)]


def _read_file(file: LogFile, reading: _Reading) -> None:
    for record, line in json_records(file, RECORD, reading.tally):
        at = parse_time(record.timestamp)
        if not reading.window.holds(at) or (record.uuid is not None and record.uuid in reading.seen):
            reading.tally.records -= 1
            continue
        if record.uuid is not None:
            reading.seen.add(record.uuid)
        reading.tally.saw(at)
        if not record.is_sidechain:
            reading.last = record
            if record.session_id:
                reading.session_ids.setdefault(record.session_id)
        seconds = seconds_between(reading.origin, at)
        if record.type not in ("user", "assistant", "tool_result", "system"):
            reading.tally.not_understood(line, seconds)
            continue
        reading.events.extend(_events(record, seconds, reading))


def _events(record: Record, seconds: float | None, reading: _Reading) -> Iterator[Event]:
    agent = (record.agent_name or record.agent_id or "agent") if record.is_sidechain else None
    parts = record.message.parts if record.message else []
    if record.type in ("user", "tool_result"):
        reading.asked[agent] = seconds
    match record.type:
        case "user":
            yield from _user(record, parts, seconds, reading)
        case "assistant":
            yield from _answer(record, parts, seconds, agent, reading)
        case "tool_result":
            yield from _results(record, parts, seconds, reading)
        case "system":
            yield from _system(record, seconds, reading)


def _user(record: Record, parts: Sequence[Part], seconds: float | None, reading: _Reading) -> Iterator[Event]:
    shown = (record.system_payload or {}).get("displayText")
    text = shown if isinstance(shown, str) and shown else "\n".join(part.text for part in parts if part.text)
    expansion, reading.expands = reading.expands, False
    by_person = record.subtype not in NOT_PROMPTS and record.provenance in (None, "real_user")
    if text.strip() and by_person and not expansion and not record.is_sidechain:
        yield Prompt(text=text.strip(), seconds=seconds, source=Source.NATIVE)


def _answer(
    record: Record, parts: Sequence[Part], seconds: float | None, agent: str | None, reading: _Reading
) -> Iterator[Event]:
    if agent is None:
        reading.model = reading.model or record.model
    for part in parts:
        if part.text and part.thought:
            yield Note(kind=NoteKind.REASONING, text=part.text, seconds=seconds, source=Source.NATIVE)
        elif part.text and part.text.strip():
            yield AssistantText(text=part.text, seconds=seconds, agent=agent, source=Source.NATIVE)
        elif part.function_call is not None:
            call = part.function_call
            known = msgspec.structs.replace(
                tool_use(call.name, call.args),
                start_seconds=seconds,
                agent=agent,
                call_id=call.id,
                source=Source.NATIVE,
            )
            reading.open_calls[call.id or f"{record.uuid}/{len(reading.open_calls)}"] = known
    if record.usage_metadata is not None:
        began, took = asked_at(reading.asked.get(agent), seconds)
        yield ModelCall(
            model=record.model,
            tokens=tokens_of(record.usage_metadata),
            seconds=began,
            duration_seconds=took,
            agent=agent,
            message_id=record.uuid,
        )


def _results(record: Record, parts: Sequence[Part], seconds: float | None, reading: _Reading) -> Iterator[Event]:
    result = record.tool_call_result or CallResult()
    for part in parts:
        answer = part.function_response
        use = reading.open_calls.pop((answer.id if answer else None) or result.call_id or "", None)
        if answer is not None and use is not None:
            yield _finished(use, answer, result, seconds)


def _finished(use: ToolUse, answer: FunctionResponse, result: CallResult, seconds: float | None) -> ToolUse:
    text = "\n".join(str(answer.response[key]) for key in ("output", "error") if answer.response.get(key))
    stopped = None
    if result.status == "cancelled":
        stopped = Stopped.DENIED if _DENIED.search(text) else Stopped.INTERRUPTED
    found = _EXIT_CODE.search(text) if use.category is Category.SHELL and stopped is None else None
    exit_code = int(found[1]) if found else None
    failed = stopped is not None or result.status == "error" or "error" in answer.response or exit_code not in (0, None)
    shown = result.result_display
    diff = shown.get("fileDiff") if isinstance(shown, dict) and not failed else None
    added, removed = diff_counts(diff.splitlines()) if isinstance(diff, str) else (None, None)
    started = use.start_seconds
    return msgspec.structs.replace(
        use,
        ok=not failed,
        exit_code=exit_code,
        stopped=stopped,
        lines_added=added,
        lines_removed=removed,
        output=bounded(text) or None,
        duration_seconds=round(seconds - started, 3) if seconds is not None and started is not None else None,
    )


def _system(record: Record, seconds: float | None, reading: _Reading) -> Iterator[Event]:
    payload = record.system_payload or {}
    command, event = payload.get("rawCommand"), payload.get("uiEvent")
    if record.subtype == "slash_command" and isinstance(command, str) and payload.get("phase") == "invocation":
        if payload.get("sentToModel") is True:
            reading.expands = True
            yield Prompt(text=command, seconds=seconds, source=Source.NATIVE)
        else:
            kind = NoteKind.CLEARED if command.strip() == "/clear" else NoteKind.SLASH_COMMAND
            yield Note(kind=kind, text=command, seconds=seconds, source=Source.NATIVE)
    elif record.subtype == "chat_compression":
        yield Note(kind=NoteKind.COMPACTION, text="compacted", seconds=seconds, source=Source.NATIVE)
    elif isinstance(event, dict) and str(event.get("event.name", "")).endswith("api_error"):
        text = str(event.get("error_message") or event.get("error") or "API error")
        yield Error(kind=ErrorKind.API_ERROR, text=text, seconds=seconds, source=Source.NATIVE)


def tokens_of(usage: Usage) -> Tokens:
    """Give the counts under our names; thoughts are part of the output, whether the API counted them in it or not."""
    output, thoughts = usage.candidates_token_count, usage.thoughts_token_count
    total = usage.total_token_count
    apart = total is None or total >= usage.prompt_token_count + output + thoughts
    return Tokens(
        input=max(usage.prompt_token_count - usage.cached_content_token_count, 0),
        output=output + thoughts if apart else output,
        cache_read=usage.cached_content_token_count,
        reasoning=thoughts,
    )


def candidates(places: Places, *, since: datetime | None = None) -> Iterator[Candidate]:
    """List the sessions below `$QWEN_HOME` or `~/.qwen`, sub-agents with their parents."""
    root = places.folder("QWEN_HOME", ".qwen")
    for file in sorted((root / "projects").glob("*/chats/*.jsonl")):
        if touched_since(file, since):
            yield _candidate(file)


def _candidate(file: Path) -> Candidate:
    head = _head(file)
    times = [at for record in head if (at := parse_time(record.timestamp)) is not None]
    session_id = next((record.session_id for record in head if record.session_id), file.stem)
    agents = sorted((file.parent.parent / "subagents" / session_id).glob("agent-*.jsonl"))
    cwd = next((record.cwd for record in head if record.cwd), None)
    return Candidate(session_id, (file, *agents), cwd, min(times, default=None), last_time(file))
