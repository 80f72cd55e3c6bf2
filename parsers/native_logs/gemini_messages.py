"""One message of Gemini CLI's chat log, and what it says happened.

The exit code of a shell command stands only in the text that the model got (`Exit Code: 1`), and only when it is not
0. `tokens.input` counts what came from the cache too, `tokens.output` leaves the thoughts out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from parsers.native_logs.base import asked_at, aware, bounded, diff_counts, line_count, seconds_between
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

TYPES = frozenset({"user", "gemini", "info", "error", "warning"})

_EXIT_CODE = re.compile(r"^Exit Code: (-?\d{1,10})", re.MULTILINE)
_OUTPUT = re.compile(
    r"^Output: (.*?)(?=^(?:Error|Exit Code|Signal|Background PIDs|Process Group PGID): |</untrusted_context>|\Z)",
    re.MULTILINE | re.DOTALL,
)
_CANCELLED = re.compile(r"\[Operation Cancelled\]|cancelled by user|user cancel", re.IGNORECASE)
_DENIED = re.compile(r"denied|did not allow|rejected|blocked by policy", re.IGNORECASE)
_API_ERROR = re.compile(r"API Error|status[: ]+\d{3}|quota|exhausted|overloaded|\b[45]\d\d\b", re.IGNORECASE)
_CONTEXT = "<session_context>"
_WORKSPACE = re.compile(r"Workspace Directories:\*\*\s*\n\s*-\s*(\S.*)")
_REFERENCED = "--- Content from referenced files ---"
_SHELL_MODE = re.compile(r"I ran the following shell command:\s*```sh\n(.*?)\n```", re.DOTALL)


class Counts(msgspec.Struct):
    """The usage of one answer."""

    input: int = 0
    output: int = 0
    cached: int = 0
    thoughts: int = 0
    tool: int = 0


class Call(msgspec.Struct, rename="camel"):
    """A tool call inside an answer; `timestamp` is when it ended."""

    name: str
    id: str | None = None
    args: dict[str, Any] = {}
    result: Any = None
    status: str | None = None
    timestamp: datetime | None = None
    agent_id: str | None = None
    result_display: Any = None


class Thought(msgspec.Struct):
    """A summary of the model's reasoning."""

    subject: str = ""
    description: str = ""


class Message(msgspec.Struct, rename="camel"):
    """A message of the conversation; `content` is a string or a list of API parts."""

    id: str
    timestamp: datetime | None = None
    type: str = ""
    content: Any = None
    display_content: Any = None
    thoughts: list[Thought] | None = None
    tokens: Counts | None = None
    model: str | None = None
    tool_calls: list[Call] | None = None

    def __post_init__(self) -> None:
        """Take times without a zone as UTC."""
        self.timestamp = aware(self.timestamp)
        for call in self.tool_calls or ():
            call.timestamp = aware(call.timestamp)


def events(messages: Sequence[Message], origin: datetime | None, agent: str | None) -> Iterator[Event]:
    """Yield what the messages of one conversation say happened, seconds counted from `origin`."""
    asked: float | None = None
    for position, message in enumerate(messages):
        seconds = seconds_between(origin, message.timestamp)
        if message.type == "user":
            asked = seconds
            yield from _user(message, seconds, agent)
        elif message.type == "gemini":
            yield from _answer(message, origin, agent, asked)
            ends = [seconds_between(origin, call.timestamp) for call in message.tool_calls or ()]
            asked = max((at for at in ends if at is not None), default=None)
        elif message.type == "info" and "cancelled" in text_of(message.content).lower():
            if not _has_cancelled_call(messages, position):
                text = text_of(message.content)
                yield Error(kind=ErrorKind.INTERRUPTED, text=text, seconds=seconds, source=Source.NATIVE)
        elif message.type == "error" and _API_ERROR.search(text_of(message.content)):
            text = text_of(message.content)
            yield Error(kind=ErrorKind.API_ERROR, text=text, seconds=seconds, source=Source.NATIVE)
        else:
            yield Note(kind=NoteKind.OTHER, text=text_of(message.content), seconds=seconds, source=Source.NATIVE)


def _user(message: Message, seconds: float | None, agent: str | None) -> Iterator[Event]:
    """Yield the prompt, unless the message is a tool's answer, the workspace's description or a sub-agent's task."""
    command = shell_mode_command(message)
    if command:
        yield Note(kind=NoteKind.USER_SHELL, text=command, seconds=seconds, source=Source.NATIVE)
        return
    text = prompt_text(message)
    if text and agent is None:
        yield Prompt(text=text, seconds=seconds, source=Source.NATIVE)


def _answer(message: Message, origin: datetime | None, agent: str | None, asked: float | None) -> Iterator[Event]:
    """Yield what the model said and called; it was `asked` before, with what came last."""
    seconds = seconds_between(origin, message.timestamp)
    for thought in message.thoughts or ():
        text = ": ".join(filter(None, (thought.subject, thought.description)))
        yield Note(kind=NoteKind.REASONING, text=text, seconds=seconds, source=Source.NATIVE)
    text = text_of(message.content).strip()
    if text:
        yield AssistantText(text=text, seconds=seconds, agent=agent, source=Source.NATIVE)
    if message.tokens is not None:
        began, took = asked_at(asked, seconds)
        yield ModelCall(
            model=message.model,
            tokens=_tokens(message.tokens),
            seconds=began,
            duration_seconds=took,
            agent=agent,
            message_id=message.id,
        )
    for call in message.tool_calls or ():
        yield _tool_use(call, seconds, origin, agent)


def _tokens(counts: Counts) -> Tokens:
    return Tokens(
        input=max(0, counts.input + counts.tool - counts.cached),
        output=counts.output + counts.thoughts,
        cache_read=counts.cached,
        reasoning=counts.thoughts,
    )


def _tool_use(call: Call, seconds: float | None, origin: datetime | None, agent: str | None) -> ToolUse:
    text, failed = _result(call.result)
    stopped = _stopped(call, text)
    exit_code = None
    known = tool_use(call.name, call.args)
    if known.category is Category.SHELL and stopped is None and call.status == "success":
        found = _EXIT_CODE.search(text)
        exit_code = int(found[1]) if found else 0
        shown = _OUTPUT.search(text)
        text = shown[1].rstrip("\n") if shown else text
    ended = seconds_between(origin, call.timestamp)
    added, removed = _lines_changed(call, known.category)
    return msgspec.structs.replace(
        known,
        ok=_ok(call, stopped, exit_code, failed),
        exit_code=exit_code,
        stopped=stopped,
        lines_added=added,
        lines_removed=removed,
        output=bounded(text) or None,
        start_seconds=seconds if stopped is None or seconds is None else min(seconds, ended or seconds),
        duration_seconds=round(max(0.0, ended - seconds), 3) if ended is not None and seconds is not None else None,
        agent=agent,
        call_id=call.id,
        source=Source.NATIVE,
    )


def _ok(call: Call, stopped: Stopped | None, exit_code: int | None, failed: bool) -> bool | None:
    if stopped is not None or call.status == "error" or failed:
        return False
    if exit_code is not None:
        return exit_code == 0
    return True if call.status == "success" else None


def _stopped(call: Call, text: str) -> Stopped | None:
    """Tell a call that was refused from one that was stopped; a policy's refusal is an error with such words."""
    if call.status == "cancelled" or _CANCELLED.search(text[:200]):
        return Stopped.DENIED if _DENIED.search(text) else Stopped.INTERRUPTED
    if call.status == "error" and "denied by policy" in text.lower():
        return Stopped.DENIED
    return None


def _result(result: Any) -> tuple[str, bool]:
    """Give the text that the model got for a call, and whether it is an error."""
    texts, failed = [], False
    for part in result if isinstance(result, list) else [result]:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Mapping):
            response = part.get("functionResponse")
            answer = response.get("response") if isinstance(response, Mapping) else part
            if isinstance(answer, Mapping):
                failed = failed or "error" in answer
                texts += [str(answer[key]) for key in ("output", "error", "text") if answer.get(key)]
    return "\n".join(texts), failed


def _lines_changed(call: Call, category: Category) -> tuple[int | None, int | None]:
    """Count changed lines from the diff that was shown; a new file's content counts whole."""
    if category not in (Category.EDIT, Category.WRITE) or call.status != "success":
        return None, None
    shown = call.result_display
    if isinstance(shown, Mapping) and isinstance(shown.get("fileDiff"), str):
        return diff_counts(shown["fileDiff"].splitlines())
    content = call.args.get("content")
    return (line_count(content), None) if isinstance(content, str) else (None, None)


def text_of(content: Any) -> str:
    """Put together the text parts of a message's content."""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        content = [content]
    parts: Iterable[Any] = content if isinstance(content, list) else ()
    texts = (p if isinstance(p, str) else p.get("text") if isinstance(p, Mapping) else None for p in parts)
    return "\n".join(t for t in texts if isinstance(t, str))


def prompt_text(message: Message) -> str:
    """Give what a person typed; empty for the workspace's description and tools' answers.

    Files mentioned with @ are put in behind the prompt for the model; `displayContent`, where written, is without them.
    """
    text = text_of(message.display_content or message.content)
    if text.lstrip().startswith(_CONTEXT):
        return ""
    return text.split(_REFERENCED, 1)[0].strip()


def shell_mode_command(message: Message) -> str | None:
    """Give the command of a message that tells the model what the person ran in shell mode (`!`)."""
    found = _SHELL_MODE.search(text_of(message.content)) if message.type == "user" else None
    return found[1] if found else None


def workspace(message: Message) -> str | None:
    """Give the working directory that the first message of a conversation describes to the model."""
    text = text_of(message.content) if message.type == "user" else ""
    if not text.lstrip().startswith(_CONTEXT):
        return None
    found = _WORKSPACE.search(text)
    return found[1].strip() if found else None


def _has_cancelled_call(messages: Sequence[Message], position: int) -> bool:
    """Tell whether a tool call of this turn was cancelled: then that is what the interruption hit."""
    turn: list[Message] = []
    for step in (-1, 1):
        at = position + step
        while 0 <= at < len(messages) and not (messages[at].type == "user" and prompt_text(messages[at])):
            turn.append(messages[at])
            at += step
    return any(_stopped(call, _result(call.result)[0]) for m in turn for call in m.tool_calls or ())


def hashed_folder(name: str, cwd: Path | None) -> str | None:
    """Tell whether a folder is named by the SHA-256 of `cwd`, as before 0.40; the hash itself tells no path."""
    if cwd is None:
        return None
    return str(cwd) if hashlib.sha256(str(cwd).encode()).hexdigest() == name else None
