"""Token usage of Codex's responses, each counted once.

`token_usage_record` (0.156 and later) accounts for one response under its id. Before, `token_count` repeats a running
total: it counts by how much the total grew, so an event that is emitted again adds nothing. Input includes what came
from the cache and output includes reasoning; our input leaves the cache out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from parsers.native_logs.base import seconds_between
from parsers.native_logs.codex_records import Usage, UsageInfo, UsageRecord
from parsers.session import ModelCall, Tokens


@dataclass(frozen=True, slots=True)
class Response:
    """One response's usage."""

    usage: Usage
    model: str | None
    asked_at: datetime | None
    at: datetime | None
    agent: str | None
    response_id: str | None = None


@dataclass(slots=True)
class Responses:
    """The responses of one rollout. `known` holds the ids seen in any rollout of the session."""

    known: set[str]
    recorded: list[Response] = field(default_factory=list)
    counted: list[Response] = field(default_factory=list)
    total: Usage | None = None

    def record(self, entry: UsageRecord, response: Response) -> None:
        """Take a response's own record."""
        if entry.response_id is not None and entry.response_id in self.known:
            return
        if entry.response_id is not None:
            self.known.add(entry.response_id)
        self.recorded.append(response)

    def count(self, info: UsageInfo, response: Response) -> None:
        """Take a running total, the rest of the response given; a repeated event adds nothing."""
        total = info.total_token_usage
        grown = info.last_token_usage if total is None else _difference(total, self.total, info.last_token_usage)
        self.total = total or self.total
        if grown is not None and (grown.input_tokens or grown.output_tokens):
            self.counted.append(replace(response, usage=grown))

    def replayed(self, info: UsageInfo) -> None:
        """Start from a total that a fork copied from its parent."""
        self.total = info.total_token_usage or self.total

    def model_calls(self, origin: datetime | None) -> Iterator[ModelCall]:
        """Give one event per response: the records where there are any, else what the totals grew by."""
        for response in self.recorded or self.counted:
            yield ModelCall(
                model=response.model,
                tokens=tokens_of(response.usage),
                seconds=seconds_between(origin, response.asked_at or response.at),
                duration_seconds=seconds_between(response.asked_at, response.at),
                agent=response.agent,
                message_id=response.response_id,
            )


def _difference(total: Usage, before: Usage | None, last: Usage | None) -> Usage | None:
    """Give by how much the total grew; a total that shrank was reset, and then the last response counts."""
    if before is None:
        return last or total if last is not None and last != total else total
    if total == before:
        return None
    counts = ("input_tokens", "cached_input_tokens", "output_tokens")
    if any(getattr(total, name) < getattr(before, name) for name in counts):
        return last or total
    return Usage(
        input_tokens=total.input_tokens - before.input_tokens,
        cached_input_tokens=total.cached_input_tokens - before.cached_input_tokens,
        cache_write_input_tokens=_minus(total.cache_write_input_tokens, before.cache_write_input_tokens),
        output_tokens=total.output_tokens - before.output_tokens,
        reasoning_output_tokens=_minus(total.reasoning_output_tokens, before.reasoning_output_tokens),
    )


def _minus(now: int | None, before: int | None) -> int | None:
    return None if now is None else now - (before or 0)


def tokens_of(usage: Usage) -> Tokens:
    """Give the counts under our names."""
    return Tokens(
        input=max(usage.input_tokens - usage.cached_input_tokens, 0),
        output=usage.output_tokens,
        cache_read=usage.cached_input_tokens,
        cache_write=usage.cache_write_input_tokens,
        reasoning=usage.reasoning_output_tokens,
    )
