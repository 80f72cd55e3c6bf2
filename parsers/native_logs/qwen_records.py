"""The records of Qwen Code's log, typed: only the fields that the reader uses are decoded."""

from __future__ import annotations

from typing import Any

import msgspec


class FunctionCall(msgspec.Struct):
    """A tool call."""

    name: str = ""
    id: str | None = None
    args: dict[str, Any] = {}


class FunctionResponse(msgspec.Struct):
    """A tool's answer to the model: `output`, or `error`."""

    id: str | None = None
    response: dict[str, Any] = {}


class Part(msgspec.Struct, rename="camel"):
    """A piece of a message."""

    text: str | None = None
    thought: bool = False
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None


class Message(msgspec.Struct):
    """A message as the model's API has it."""

    parts: list[Part] = []


class Usage(msgspec.Struct, rename="camel"):
    """Tokens of an answer; what came from the cache is part of the prompt's."""

    prompt_token_count: int = 0
    cached_content_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int = 0
    total_token_count: int | None = None


class CallResult(msgspec.Struct, rename="camel"):
    """How a call ended: success, error or cancelled, and what was shown of it."""

    call_id: str | None = None
    status: str | None = None
    result_display: Any = None


class Record(msgspec.Struct, rename="camel"):
    """One line."""

    type: str
    subtype: str | None = None
    uuid: str | None = None
    session_id: str | None = None
    timestamp: str | None = None
    cwd: str | None = None
    version: str | None = None
    git_branch: str | None = None
    provenance: str | None = None
    message: Message | None = None
    usage_metadata: Usage | None = None
    model: str | None = None
    tool_call_result: CallResult | None = None
    system_payload: dict[str, Any] | None = None
    agent_name: str | None = None
    agent_id: str | None = None
    is_sidechain: bool = False


RECORD = msgspec.json.Decoder(Record)
