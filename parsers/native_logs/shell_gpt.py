"""shell-gpt's chat cache: one file per named chat, a JSON list of OpenAI messages.

There are no times, tokens or working directories in it, and a chat that is taken up again grows in the same file. With
`--shell` the answers are commands; whether they were run is not written. Format: `sgpt/handlers/chat_handler.py`.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from parsers.lenient_json import UNDECODABLE, decode
from parsers.native_logs.base import (
    Candidate,
    LogFile,
    NativeLog,
    Places,
    Tally,
    bounded,
    from_epoch,
)
from parsers.session import AssistantText, Category, Event, Prompt, Source, ToolUse
from parsers.tool_calls import tool_use

PROVIDER = "gpt"
CLIENT = "shell-gpt"

_EXIT_CODE = re.compile(r"\AExit code: (-?\d{1,10}), Output:\n?")
_CALL_LINE = re.compile(r"^> @FunctionCall .*$", re.MULTILINE)


class _Function(msgspec.Struct):
    name: str = ""
    arguments: str | None = None


class _Call(msgspec.Struct):
    id: str | None = None
    function: _Function = msgspec.field(default_factory=_Function)


class _Message(msgspec.Struct):
    """One OpenAI message; `function_call` and the role `function` are those of versions before 1.4."""

    role: str
    content: Any = None
    name: str | None = None
    tool_calls: list[_Call] | None = None
    function_call: _Function | None = None
    tool_call_id: str | None = None


_MESSAGES = msgspec.json.Decoder(list[_Message])
_ROLES = frozenset({"system", "user", "assistant", "tool", "function"})


def read(
    files: Sequence[LogFile],
    *,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    session_ids: Sequence[str] = (),
) -> NativeLog:
    """Read one chat, all of it: nothing in the file says which part is of which day."""
    tally, names = Tally(), []
    events: list[Event] = []
    for file in files:
        messages = _messages(file, tally)
        events += _events(messages, tally)
        if isinstance(file, Path):
            names.append(file.name)
    return NativeLog(
        events=(*events, *tally.kept),
        client=CLIENT,
        native_session_ids=tuple(names),
        records=tally.records,
        unknown_records=tally.unknown,
        problems=tally.all_problems(CLIENT, understood=len(events)),
    )


def _messages(file: LogFile, tally: Tally) -> list[_Message]:
    try:
        content = file if isinstance(file, bytes) else file.read_bytes()
        messages = decode(_MESSAGES, content)
    except OSError as error:
        tally.problems.append(f"cannot read the log {file!r}: {error.strerror}")
        return []
    except UNDECODABLE:
        tally.records += 1
        tally.not_understood(content)
        tally.problems.append(f"{CLIENT}: the chat is no list of messages")
        return []
    tally.records += len(messages)
    return messages


def _events(messages: Sequence[_Message], tally: Tally) -> Iterator[Event]:
    answers = {m.tool_call_id: _text(m.content) for m in messages if m.role == "tool"}
    for position, message in enumerate(messages):
        text = _text(message.content)
        if message.role == "user":
            yield Prompt(text=text, source=Source.NATIVE)
        elif message.role == "assistant":
            for piece in filter(str.strip, _CALL_LINE.split(text)):
                yield AssistantText(text=piece.strip(), source=Source.NATIVE)
            for call in message.tool_calls or ():
                yield _tool_use(call.function, answers.get(call.id), call.id)
            if message.function_call is not None:
                after = messages[position + 1 : position + 2]
                output = next((_text(m.content) for m in after if m.role == "function"), None)
                yield _tool_use(message.function_call, output, None)
        elif message.role not in _ROLES:
            tally.not_understood(msgspec.json.encode(message))


def _text(content: Any) -> str:
    """Give a message's text; content may be a list of parts."""
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _tool_use(function: _Function, output: str | None, call_id: str | None) -> ToolUse:
    try:
        arguments = msgspec.json.decode(function.arguments or "{}")
    except msgspec.DecodeError:
        arguments = {"arguments": function.arguments}
    known = tool_use(function.name, arguments if isinstance(arguments, dict) else {"arguments": arguments})
    found = _EXIT_CODE.match(output or "")
    exit_code = int(found[1]) if found and known.category is Category.SHELL else None
    return msgspec.structs.replace(
        known,
        ok=exit_code == 0 if exit_code is not None else None if output is None else not output.startswith("Error"),
        exit_code=exit_code,
        output=bounded(output[found.end() :] if output is not None and found else output),
        call_id=call_id,
        source=Source.NATIVE,
    )


def candidates(places: Places, *, since: datetime | None = None) -> Iterator[Candidate]:
    """List the chats of `$CHAT_CACHE_PATH`, else of the folder that .sgptrc names, else of the default one."""
    folder = _cache_folder(places)
    for file in sorted(folder.glob("*")) if folder.is_dir() else ():
        try:
            last_at = from_epoch(file.stat().st_mtime)
            with file.open("rb") as head:
                is_chat = head.read(1) == b"["
        except OSError:
            continue
        if is_chat and (since is None or last_at is None or last_at >= since):
            yield Candidate(file.name, (file,), last_at=last_at)


def _cache_folder(places: Places) -> Path:
    if places.environ.get("CHAT_CACHE_PATH"):
        return Path(places.environ["CHAT_CACHE_PATH"])
    settings = places.home / ".config/shell_gpt/.sgptrc"
    try:
        lines = settings.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition("=")[2].strip() for line in lines if line.startswith("CHAT_CACHE_PATH="))
    folder = next((Path(value) for value in named if value), None)
    return folder or Path(places.environ.get("TMPDIR") or tempfile.gettempdir()) / "chat_cache"
