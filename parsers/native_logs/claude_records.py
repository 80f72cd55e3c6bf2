"""The records of Claude Code's log (1.0.128 … 2.1.328), typed: only the fields that the reader uses are decoded.

Each line of `<sessionId>.jsonl` is one record. `message`, `toolUseResult` and the like differ by record type and
version, so they stay raw until the type is known; so do fields that matter to few records, lest a change of theirs
makes the whole record unreadable.
"""

from __future__ import annotations

from typing import Any

import msgspec

from parsers.native_logs.base import decoded

NO_RAW = msgspec.Raw(b"")


class Decision(msgspec.Struct, frozen=True):
    """Who let a tool run or stopped it (2.1): config, hook, user_temporary, user_permanent and others."""

    source: str | None = None


class Origin(msgspec.Struct, frozen=True):
    """Who wrote a user message (2.1): human, task-notification and others."""

    kind: str | None = None


class Record(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """One line. The tool result fields are set on `user` records that carry a `tool_result` block."""

    type: str
    subtype: str | None = None
    uuid: str | None = None
    timestamp: str | None = None
    session_id: str | None = None
    cwd: str | None = None
    version: str | None = None
    git_branch: str | None = None
    is_sidechain: bool = False
    agent_id: str | None = None
    parent_uuid: str | None = None
    is_meta: bool = False
    is_compact_summary: bool = False
    is_visible_in_transcript_only: bool = False
    is_api_error_message: bool = False
    is_aborted_mid_stream: bool = False
    request_id: str | None = None
    prompt_source: str | None = None
    operation: str | None = None  # of queue-operation: enqueue, dequeue, remove, popAll
    origin: msgspec.Raw = NO_RAW
    message: msgspec.Raw = NO_RAW
    attachment: msgspec.Raw = NO_RAW
    error: msgspec.Raw = NO_RAW
    content: msgspec.Raw = NO_RAW
    tool_use_result: msgspec.Raw = NO_RAW
    tool_denial_kind: str | None = None
    tool_denial_before_run: bool = False
    permission_decision: msgspec.Raw = NO_RAW


class CacheCreation(msgspec.Struct, frozen=True):
    """Cache writes by how long they are kept."""

    ephemeral_5m_input_tokens: int = 0
    ephemeral_1h_input_tokens: int = 0


class OutputDetails(msgspec.Struct, frozen=True):
    """What part of the output was thinking (2.1)."""

    thinking_tokens: int | None = None


class Usage(msgspec.Struct, frozen=True):
    """Tokens of one API response; `input_tokens` leaves out the cache."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    output_tokens_details: OutputDetails | None = None


class Block(msgspec.Struct, frozen=True, gc=False):
    """One content block: text, thinking, a call or a result (of the server's own tools, too); others are left out."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = NO_RAW
    tool_use_id: str | None = None
    is_error: bool | None = None
    content: msgspec.Raw = NO_RAW


class UserMessage(msgspec.Struct, frozen=True):
    """What a person typed (a string, or text and image blocks), or the results of tools (blocks)."""

    content: str | list[Block] = ""


class AssistantMessage(msgspec.Struct, frozen=True):
    """One content block of an answer; all blocks of an answer share `id`, and repeat its usage as known so far."""

    id: str | None = None
    model: str | None = None
    usage: Usage | None = None
    content: str | list[Block] = ""


class Hunk(msgspec.Struct, frozen=True):
    """One hunk of a diff, as lines with their sign."""

    lines: list[str] = []


class ResultDetail(msgspec.Struct, frozen=True, rename="camel"):
    """`toolUseResult` where it is an object: a diff for edits, the content of new files, how commands ended."""

    type: str | None = None
    content: msgspec.Raw = NO_RAW
    structured_patch: list[Hunk] | None = None
    interrupted: bool = False
    background_task_id: str | None = None
    return_code_interpretation: str | None = None  # "No matches found": not 0, yet no failure


class ModelIdentity(msgspec.Struct, frozen=True, rename="camel"):
    """The model that the program tells itself to be."""

    model_id: str | None = None


class Attachment(msgspec.Struct, frozen=True, rename="camel"):
    """Context that the program added: `queued_command`s are prompts typed while a turn ran, `model` names the model."""

    type: str | None = None
    prompt: str | list[Block] | None = None
    command_mode: str | None = None
    origin: Origin | None = None
    identity: ModelIdentity | None = None


class ApiFailure(msgspec.Struct, frozen=True):
    """The error of a request that is tried again (`system/api_error`)."""

    formatted: str | None = None
    message: str | None = None
    status: int | None = None


RECORD = msgspec.json.Decoder(Record)
USER_MESSAGE = msgspec.json.Decoder(UserMessage)
ASSISTANT_MESSAGE = msgspec.json.Decoder(AssistantMessage)
RESULT_DETAIL = msgspec.json.Decoder(ResultDetail)
ORIGIN = msgspec.json.Decoder(Origin)
DECISION = msgspec.json.Decoder(Decision)
ATTACHMENT = msgspec.json.Decoder(Attachment)
API_FAILURE = msgspec.json.Decoder(ApiFailure)
TEXT = msgspec.json.Decoder(str)
BLOCKS = msgspec.json.Decoder(list[Block])
ANYTHING = msgspec.json.Decoder(dict[str, Any])


def text_of(content: str | list[Block] | None) -> str:
    """Join the text blocks of a message."""
    if isinstance(content, str):
        return content
    return "\n".join(block.text for block in content or () if block.type == "text" and block.text)


def result_text(raw: msgspec.Raw) -> str:
    """Give a tool result's content, a string or text blocks."""
    text = decoded(TEXT, raw)
    return text if text is not None else text_of(decoded(BLOCKS, raw))
