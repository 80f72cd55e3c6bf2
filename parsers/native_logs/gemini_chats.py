"""The files below Gemini CLI's `chats/`: one conversation each, in either generation of the format."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from parsers.lenient_json import UNDECODABLE, decode
from parsers.native_logs import gemini_messages
from parsers.native_logs.base import LogFile, Tally, aware, is_json, json_records
from parsers.native_logs.gemini_messages import Message


class Record(msgspec.Struct, rename="camel"):
    """A line of a chat file: a message (has an `id`), a mutation (`$set`, `$rewindTo`) or the header."""

    id: str | None = None
    type: str | None = None
    session_id: str | None = None
    kind: str | None = None
    directories: list[str] | None = None
    start_time: datetime | None = None
    patch: dict[str, Any] | None = msgspec.field(name="$set", default=None)
    rewind_to: str | None = msgspec.field(name="$rewindTo", default=None)
    messages: list[Message] | None = None

    def __post_init__(self) -> None:
        """Take a time without a zone as UTC."""
        self.start_time = aware(self.start_time)


class Conversation:
    """One chat file: its messages by id, the last version of each, in the order of their first."""

    def __init__(self) -> None:
        self.session_id: str | None = None
        self.kind: str | None = None
        self.cwd: str | None = None
        self.whole_file = False  # the JSON generation, where abandoned prompts may be missing
        self.messages: dict[str, Message] = {}

    def header(self, record: Record) -> None:
        """Take in what a header or a metadata mutation says."""
        self.session_id = record.session_id or self.session_id
        self.kind = record.kind or self.kind
        self.cwd = record.directories[0] if record.directories else self.cwd


RECORDS = msgspec.json.Decoder(Record)
_MESSAGES = msgspec.json.Decoder(Message)


def conversation(source: LogFile, tally: Tally) -> Conversation:
    """Read a chat file of either generation."""
    talk = Conversation()
    if isinstance(source, Path) and source.suffix == ".json":
        _whole_file(source, talk, tally)
        return talk
    for record, line in json_records(source, RECORDS, tally):
        if record.id is not None:
            _add(talk, line, tally)
        elif record.patch is not None:
            patch(talk, record.patch)
        elif record.rewind_to is None:
            talk.header(record)
            if record.session_id is None:
                tally.not_understood(line)
    return talk


def _add(talk: Conversation, line: bytes, tally: Tally) -> None:
    try:
        message = decode(_MESSAGES, line)
    except UNDECODABLE:
        tally.not_understood(line)
        return
    if message.type not in gemini_messages.TYPES:
        tally.not_understood(line)
        return
    talk.messages[message.id] = message


def patch(talk: Conversation, patch: dict[str, Any]) -> None:
    """Take in a `$set`: metadata, or the first message that is written nowhere else (the workspace's description)."""
    if isinstance(patch.get("sessionId"), str):
        talk.session_id = patch["sessionId"]
    messages = patch.get("messages")
    for item in messages if isinstance(messages, list) else ():
        try:
            message = msgspec.convert(item, Message)
        except msgspec.ValidationError:
            continue
        if gemini_messages.workspace(message):
            talk.messages.setdefault(message.id, message)


def _whole_file(source: Path, talk: Conversation, tally: Tally) -> None:
    """Read a session-*.json file (0.8 to 0.39); one that is half written gives nothing but a problem."""
    talk.whole_file = True
    try:
        content = source.read_bytes()
        record = decode(RECORDS, content)
    except OSError as error:
        tally.problems.append(f"cannot read the log {source}: {error.strerror}")
        return
    except UNDECODABLE:
        tally.records += 1
        tally.not_understood(content)
        tally.problems.append(f"gemini_cli: {source.name} is {'of a new shape' if is_json(content) else 'broken JSON'}")
        return
    talk.header(record)
    for message in record.messages or ():
        tally.records += 1
        if message.type in gemini_messages.TYPES:
            talk.messages[message.id] = message
        else:
            tally.not_understood(msgspec.json.encode(message))
