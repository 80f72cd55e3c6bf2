"""Token usage of Claude Code's answers: each API response once, by its most complete record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from parsers.native_logs.base import seconds_between
from parsers.native_logs.claude_records import AssistantMessage, Usage
from parsers.session import ModelCall, Tokens


@dataclass(slots=True)
class Answer:
    """One API response, as its records so far tell."""

    model: str | None
    usage: Usage
    asked_at: datetime | None
    last_at: datetime | None
    agent: str | None
    message_id: str | None
    cut: bool = False


@dataclass(slots=True)
class Answers:
    """All responses, by message id and request id: resumed sessions copy records into other files.

    `seen` holds those that other sessions counted.
    """

    seen: set[str] = field(default_factory=set)
    by_id: dict[tuple[str, str], Answer] = field(default_factory=dict)
    without_id: list[Answer] = field(default_factory=list)

    def add(
        self,
        message: AssistantMessage,
        request_id: str | None,
        at: datetime | None,
        asked_at: datetime | None,
        agent: str | None,
        *,
        cut: bool = False,
    ) -> None:
        """Count a record's usage. While an answer streams its output grows: the largest, else the last, is right.

        `cut`: the answer was cut off; its output is only the count that a stream begins with, so it is not known.
        """
        if message.usage is None:
            return
        if message.id is None:
            self.without_id.append(Answer(message.model, message.usage, asked_at or at, at, agent, None, cut))
            return
        key = (message.id, request_id or "")
        known = self.by_id.get(key)
        if known is None:
            name = f"{message.id} {request_id}"
            if name in self.seen:
                return
            self.seen.add(name)
            self.by_id[key] = Answer(message.model, message.usage, asked_at or at, at, agent, message.id, cut)
            return
        known.last_at = at or known.last_at
        known.cut = known.cut or cut
        if (message.usage.output_tokens or 0) >= (known.usage.output_tokens or 0):
            known.usage = message.usage

    def model_calls(self, origin: datetime | None) -> Iterator[ModelCall]:
        """Give one event per response; it begins when the model was asked."""
        for answer in (*self.by_id.values(), *self.without_id):
            creation = answer.usage.cache_creation
            yield ModelCall(
                model=answer.model,
                tokens=tokens_of(answer.usage, cut=answer.cut),
                cache_write_1h=creation.ephemeral_1h_input_tokens if creation else None,
                seconds=seconds_between(origin, answer.asked_at),
                duration_seconds=seconds_between(answer.asked_at, answer.last_at),
                agent=answer.agent,
                message_id=answer.message_id,
            )


def tokens_of(usage: Usage, *, cut: bool = False) -> Tokens:
    """Give the counts under our names."""
    write, creation = usage.cache_creation_input_tokens, usage.cache_creation
    if not write and creation is not None:
        write = creation.ephemeral_5m_input_tokens + creation.ephemeral_1h_input_tokens
    return Tokens(
        input=usage.input_tokens,
        output=None if cut else usage.output_tokens,
        cache_read=usage.cache_read_input_tokens,
        cache_write=write,
        reasoning=usage.output_tokens_details.thinking_tokens if usage.output_tokens_details else None,
    )
