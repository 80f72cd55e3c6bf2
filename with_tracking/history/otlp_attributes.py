"""Session and spans → attributes after OpenTelemetry's conventions for GenAI. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from parsers.session import Session, Tokens
from with_tracking.store.turns import Span, SpanKind

PROVIDERS = {
    "claude_code": "anthropic",
    "openai_codex": "openai",
    "gpt": "openai",
    "gemini_cli": "gcp.gemini",
    "github_copilot": "github_copilot",
    "qwen_code": "alibaba_cloud",
}
"""What the conventions call the maker of the model (gen_ai.provider.name); others keep their own name."""
OPERATIONS = {SpanKind.AGENT: "invoke_agent", SpanKind.LLM: "chat", SpanKind.TOOL: "execute_tool"}


def session_attributes(session: Session) -> Iterator[tuple[str, Any]]:
    """Yield what is known of a session, its metrics included."""
    known = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": provider_of(session),
        "gen_ai.agent.name": session.provider,
        "gen_ai.agent.version": session.provider_version,
        "gen_ai.conversation.id": session.session_id,
        "gen_ai.request.model": session.model,
        "host.name": session.host,
        "process.exit.code": session.exit_code,
        "vcs.ref.head.name": session.git.branch,
        "vcs.ref.head.revision": session.git.commit,
        "ai_session.procedure": session.procedure_name,
        "ai_session.issue": session.issue_number,
        **{f"ai_session.{name}": value for name, value in session.metrics.items()},
    }
    yield from ((name, value) for name, value in known.items() if value is not None)


def span_attributes(session: Session, span: Span, content: bool) -> Iterator[tuple[str, Any]]:
    """Yield what is known of a span; texts only if `content` is asked for."""
    yield "gen_ai.operation.name", OPERATIONS[span.kind]
    yield "gen_ai.provider.name", provider_of(session)
    yield "gen_ai.conversation.id", session.session_id
    if span.kind is SpanKind.TOOL:
        yield "gen_ai.tool.name", span.name
    if span.kind is SpanKind.AGENT:
        yield "gen_ai.agent.name", session.provider if span.parent is None else span.name
    if span.model:
        yield from (("gen_ai.request.model", span.model), ("gen_ai.response.model", span.model))
    if span.tokens is not None:
        yield from _usage(span)
    if span.cost_usd is not None:
        yield "ai_session.cost_usd", span.cost_usd
    if content:
        names = _CONTENT[span.kind]
        for name, value in zip(names, (span.inputs, span.outputs), strict=True):
            if value is not None:
                yield name, msgspec.json.encode(value).decode()


_CONTENT: Mapping[SpanKind, tuple[str, str]] = {
    SpanKind.TOOL: ("gen_ai.tool.call.arguments", "gen_ai.tool.call.result"),
    SpanKind.LLM: ("gen_ai.input.messages", "gen_ai.output.messages"),
    SpanKind.AGENT: ("gen_ai.input.messages", "gen_ai.output.messages"),
}


def _usage(span: Span) -> Iterable[tuple[str, int]]:
    tokens = span.tokens
    assert tokens is not None
    known = {
        "gen_ai.usage.input_tokens": input_tokens(tokens),
        "gen_ai.usage.output_tokens": tokens.output,
        "gen_ai.usage.cache_read.input_tokens": tokens.cache_read,
        "gen_ai.usage.cache_creation.input_tokens": tokens.cache_write,
        "gen_ai.usage.reasoning.output_tokens": tokens.reasoning,
    }
    return [(name, count) for name, count in known.items() if count is not None]


def input_tokens(tokens: Tokens) -> int | None:
    """Return all input tokens: the conventions count those from and for the cache in."""
    known = [count for count in (tokens.input, tokens.cache_read, tokens.cache_write) if count is not None]
    return sum(known) if known else None


def name_of(span: Span, session: Session) -> str:
    """Return the name that the conventions give a span."""
    if span.kind is SpanKind.LLM:
        return f"chat {span.model}" if span.model else "chat"
    return f"execute_tool {span.name}" if span.kind is SpanKind.TOOL else f"invoke_agent {span.name}"


def provider_of(session: Session) -> str:
    """Return the maker of the model, as the conventions call it."""
    return PROVIDERS.get(session.provider, session.provider)
