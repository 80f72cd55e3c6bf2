"""opencode's messages and parts, and what they say happened.

A shell tool's status is `completed` whatever became of the command: `metadata.exit` is the exit code. Tokens leave out
what came from the cache. Objects: `packages/opencode/src/session/message-v2.ts` of the opencode repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from parsers.native_logs.base import bounded, diff_counts, from_epoch, line_count, seconds_between
from parsers.native_logs.opencode_records import Counts, Failure, Message, Moment, Part, State
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
    Unknown,
)
from parsers.tool_calls import tool_use

_DENIED = re.compile(r"rejected permission|specified a rule (?:which|that) prevents|user dismissed", re.IGNORECASE)
_ABORTED = re.compile(r"tool execution (?:was )?aborted|user aborted the command", re.IGNORECASE)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PATCHED = re.compile(r"^\*\*\* (Add|Update|Delete) File: (.+)$", re.MULTILINE)
_BOOKKEEPING = frozenset({"step-start", "snapshot", "patch", "file", "agent", "subtask"})


def events(
    messages: Sequence[Message], parts: Mapping[str, Sequence[Part]], origin: datetime | None, *, is_child: bool
) -> Iterator[Event]:
    """Yield what the messages of one session say happened, seconds counted from `origin`."""
    by_person = {m.id for m in messages if m.role == "user" and _only_synthetic(parts.get(m.id, ()))}
    for message in messages:
        mine = parts.get(message.id, ())
        seconds = seconds_between(origin, from_epoch(message.time.created))
        if message.role == "user":
            if not is_child:
                yield from _prompt(mine, seconds)
            continue
        agent = (message.agent or message.mode or "subagent") if is_child else None
        for part in mine:
            yield from _part(part, message, origin, agent, shell_mode=message.parent_id in by_person)
        yield from _model_calls(message, mine, origin, agent)
        yield from _ending(message, mine, seconds)


def _only_synthetic(parts: Sequence[Part]) -> bool:
    """Tell whether nobody typed this message: it stands before a command that a person ran in shell mode (`!`)."""
    texts = [p for p in parts if p.type == "text"]
    return bool(texts) and all(p.synthetic for p in texts)


def _prompt(parts: Sequence[Part], seconds: float | None) -> Iterator[Event]:
    """Yield what the person typed. `opencode run` (1.18) puts a prompt of several words in quotation marks."""
    text = "\n".join(p.text for p in parts if p.type == "text" and not p.synthetic and not p.ignored).strip()
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        text = quoted[1].replace('\\"', '"')
    if text:
        yield Prompt(text=text, seconds=seconds, source=Source.NATIVE)
    if any(p.type == "compaction" for p in parts):
        yield Note(
            kind=NoteKind.COMPACTION, text="the conversation was compacted", seconds=seconds, source=Source.NATIVE
        )


def _part(
    part: Part, message: Message, origin: datetime | None, agent: str | None, *, shell_mode: bool
) -> Iterator[Event]:
    time = part.time or Moment()
    seconds = seconds_between(origin, from_epoch(time.start or part.created or message.time.created))
    if part.type == "tool" and part.state is not None:
        use = _tool_use(part, part.state, origin, agent)
        if shell_mode:
            yield Note(kind=NoteKind.USER_SHELL, text=use.command or "", seconds=seconds, source=Source.NATIVE)
        else:
            yield use
    elif part.type == "text" and message.summary is True:
        yield Note(kind=NoteKind.COMPACTION, text=part.text, seconds=seconds, source=Source.NATIVE)
    elif part.type == "text":
        if part.text.strip() and not part.synthetic:
            cut = message.error is not None and time.end is None
            yield AssistantText(text=part.text.strip(), seconds=seconds, agent=agent, cut=cut, source=Source.NATIVE)
    elif part.type == "reasoning":
        if part.text.strip():
            yield Note(kind=NoteKind.REASONING, text=part.text.strip(), seconds=seconds, source=Source.NATIVE)
    elif part.type == "retry":
        yield Error(kind=ErrorKind.API_ERROR, text=_message_of(part.error), seconds=seconds, source=Source.NATIVE)
    elif part.type not in _BOOKKEEPING and part.type != "step-finish":
        text = msgspec.json.encode(part).decode()
        yield Unknown(text=text, seconds=seconds, source=Source.NATIVE)


def _tool_use(part: Part, state: State, origin: datetime | None, agent: str | None) -> ToolUse:
    arguments = state.input if isinstance(state.input, dict) else {}
    text = state.error or (state.output if isinstance(state.output, str) else None)
    shown = state.metadata.get("output")
    exit_code = state.metadata.get("exit")
    stopped = _stopped(state, text or "")
    known = tool_use(part.tool, arguments)
    files, created = _patched(part.tool, arguments)
    added, removed = _lines_changed(known.category, state, arguments)
    start, end = (from_epoch(at) for at in (state.time.start or part.created, state.time.end))
    return msgspec.structs.replace(
        known,
        ok=_ok(part, state, stopped, exit_code),
        exit_code=exit_code if isinstance(exit_code, int) else None,
        stopped=stopped,
        files=files or known.files,
        created=created,
        lines_added=added,
        lines_removed=removed,
        output=bounded(shown if isinstance(shown, str) and stopped is None else text),
        start_seconds=seconds_between(origin, start),
        duration_seconds=seconds_between(start, end),
        agent=agent,
        call_id=part.call_id,
        source=Source.NATIVE,
    )


def _stopped(state: State, text: str) -> Stopped | None:
    if state.status == "error" and _DENIED.search(text):
        return Stopped.DENIED
    if state.metadata.get("interrupted") is True or _ABORTED.search(text[-400:]):
        return Stopped.INTERRUPTED
    return None


def _ok(part: Part, state: State, stopped: Stopped | None, exit_code: Any) -> bool | None:
    """Tell success; `invalid` is the tool that stands in for a call the model got wrong."""
    if stopped is not None or state.status == "error" or part.tool == "invalid":
        return False
    if isinstance(exit_code, int):
        return exit_code == 0
    return True if state.status == "completed" else None


def _patched(tool: str, arguments: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Find the files in the text of a patch, and which of them are new."""
    text = arguments.get("patchText")
    if "patch" not in tool or not isinstance(text, str):
        return (), ()
    found = _PATCHED.findall(text)
    return tuple(path for _, path in found), tuple(path for verb, path in found if verb == "Add")


def _lines_changed(category: Category, state: State, arguments: Mapping[str, Any]) -> tuple[int | None, int | None]:
    if category not in (Category.EDIT, Category.WRITE) or state.status != "completed":
        return None, None
    counted = state.metadata.get("filediff")
    if isinstance(counted, Mapping) and isinstance(counted.get("additions"), int):
        return counted["additions"], counted.get("deletions")
    if isinstance(state.metadata.get("diff"), str):
        return diff_counts(state.metadata["diff"].splitlines())
    content = arguments.get("content")
    is_new = state.metadata.get("exists") is False
    return (line_count(content), None) if is_new and isinstance(content, str) else (None, None)


def _model_calls(
    message: Message, parts: Sequence[Part], origin: datetime | None, agent: str | None
) -> Iterator[ModelCall]:
    """Yield one call for each finished step; the message's own counts are those of its last step."""
    steps = [p for p in parts if p.type == "step-finish" and p.tokens is not None]
    counted = [(p.id, p.tokens) for p in steps] or [(message.id, message.tokens)]
    for identity, counts in counted:
        tokens = _tokens(counts)
        if tokens is not None:
            seconds = seconds_between(origin, from_epoch(message.time.created))
            yield ModelCall(model=message.model_id, tokens=tokens, seconds=seconds, agent=agent, message_id=identity)


def _tokens(counts: Counts | None) -> Tokens | None:
    """Turn the counts into ours. Since 1.1 `output` leaves the reasoning out, which `total` gives away."""
    if counts is None or not (counts.input or counts.output or counts.cache.read or counts.cache.write):
        return None
    rest = counts.input + counts.output + counts.cache.read + counts.cache.write
    apart = counts.total is not None and counts.total >= rest + counts.reasoning
    return Tokens(
        input=counts.input,
        output=counts.output + (counts.reasoning if apart else 0),
        cache_read=counts.cache.read,
        cache_write=counts.cache.write,
        reasoning=counts.reasoning,
    )


def _ending(message: Message, parts: Sequence[Part], seconds: float | None) -> Iterator[Event]:
    """Yield the error that ended the message, unless it is that a tool was stopped, which the tool use says."""
    if message.error is None:
        return
    at = seconds if message.time.completed is None else None
    if at is None and seconds is not None and message.time.completed and message.time.created:
        at = round(seconds + (message.time.completed - message.time.created) / 1000, 3)
    text = _message_of(message.error)
    if message.error.name == "MessageAbortedError":
        stopped = any(p.state is not None and _stopped(p.state, p.state.error or str(p.state.output)) for p in parts)
        if not stopped:
            yield Error(kind=ErrorKind.INTERRUPTED, text=text, seconds=at, source=Source.NATIVE)
    else:
        yield Error(kind=ErrorKind.API_ERROR, text=text, seconds=at, source=Source.NATIVE)


def _message_of(failure: Failure | None) -> str:
    if failure is None:
        return "unknown error"
    text = failure.data.get("message")
    return str(text) if text else failure.name
