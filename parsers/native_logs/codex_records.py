"""The records of Codex's rollouts (0.39 … 0.171), typed: only the fields that the reader uses are decoded.

Each line is `{timestamp, type, payload}`; `payload.type` tells the kind of response items and events,
`payload.item.type` that of `item_completed` (0.149 and later). Fields of one name mean one thing in all of them, so
one struct serves all.
"""

from __future__ import annotations

from typing import Any

import msgspec

from parsers.native_logs.json_lines import decoded

NO_RAW = msgspec.Raw(b"")


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line of a rollout."""

    type: str
    timestamp: str | None = None
    payload: msgspec.Raw = NO_RAW


class Git(msgspec.Struct, frozen=True):
    """The repository at the start."""

    branch: str | None = None


class SessionMeta(msgspec.Struct, frozen=True):
    """The first record. A sub-agent's names its parent; a fork repeats its parent's records, this one included."""

    id: str | None = None
    timestamp: str | None = None
    cwd: str | None = None
    cli_version: str | None = None
    git: Git | None = None
    parent_thread_id: str | None = None
    forked_from_id: str | None = None
    agent_path: str | None = None
    agent_nickname: str | None = None
    source: Any = None


class TurnContext(msgspec.Struct, frozen=True):
    """What holds for the turn that begins."""

    cwd: str | None = None
    model: str | None = None
    approval_policy: Any = None
    turn_id: str | None = None


class Usage(msgspec.Struct, frozen=True):
    """Tokens; what came from the cache is part of the input, reasoning part of the output."""

    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_input_tokens: int | None = None
    output_tokens: int = 0
    reasoning_output_tokens: int | None = None


class UsageInfo(msgspec.Struct, frozen=True):
    """A `token_count`: the sum since the session began, and the last response's share."""

    total_token_usage: Usage | None = None
    last_token_usage: Usage | None = None


class UsageRecord(msgspec.Struct, frozen=True):
    """A `token_usage_record` (0.156 and later): one response's usage, under the response's id."""

    response_id: str | None = None
    usage: Usage | None = None
    turn_id: str | None = None


class Failure(msgspec.Struct, frozen=True):
    """Why a turn failed."""

    message: str | None = None


class Change(msgspec.Struct, frozen=True):
    """What a patch did to one file: add and delete give the content, update a diff."""

    type: str | None = None
    content: str | None = None
    unified_diff: str | None = None
    move_path: str | None = None


class Part(msgspec.Struct, frozen=True):
    """A piece of a message's or an output's content."""

    type: str | None = None
    text: str | None = None


class Invocation(msgspec.Struct, frozen=True):
    """What an MCP tool was called with (0.39 … 0.128)."""

    server: str | None = None
    tool: str | None = None
    arguments: Any = None


class Payload(msgspec.Struct, frozen=True):
    """A response item, an event, or the item of an `item_completed` event."""

    type: str | None = None
    id: str | None = None
    # messages
    role: str | None = None
    message: str | None = None
    text: str | None = None
    content: msgspec.Raw = NO_RAW
    summary_text: list[str] | None = None
    # calls
    call_id: str | None = None
    name: str | None = None
    namespace: str | None = None
    arguments: msgspec.Raw = NO_RAW
    input: str | None = None
    output: msgspec.Raw = NO_RAW
    action: msgspec.Raw = NO_RAW
    query: str | None = None
    # what was run
    command: Any = None
    source: str | None = None
    aggregated_output: str | None = None
    exit_code: int | None = None
    status: str | None = None
    success: bool | None = None
    changes: dict[str, Change] | None = None
    server: str | None = None
    tool: str | None = None
    invocation: Invocation | None = None
    result: Any = None
    # events
    item: msgspec.Raw = NO_RAW
    started_at_ms: int | None = None
    completed_at_ms: int | None = None
    info: UsageInfo | None = None
    reason: str | None = None
    error: Failure | str | None = None


LINE = msgspec.json.Decoder(Line)
PAYLOAD = msgspec.json.Decoder(Payload)
SESSION_META = msgspec.json.Decoder(SessionMeta)
TURN_CONTEXT = msgspec.json.Decoder(TurnContext)
USAGE_RECORD = msgspec.json.Decoder(UsageRecord)
TEXT = msgspec.json.Decoder(str)
PARTS = msgspec.json.Decoder(list[Part])
ANYTHING = msgspec.json.Decoder(dict[str, Any])


class Wrapped(msgspec.Struct, frozen=True):
    """An output that is an object: `content` of function outputs, `output` of commands before 0.87."""

    content: str | None = None
    output: str | None = None
    success: bool | None = None
    metadata: dict[str, Any] | None = None
    exit_code: int | None = None


WRAPPED = msgspec.json.Decoder(Wrapped)


def content_text(raw: msgspec.Raw) -> str:
    """Join the text parts of a message's content."""
    parts = decoded(PARTS, raw)
    return "\n".join(part.text for part in parts if part.text) if parts else decoded(TEXT, raw) or ""
