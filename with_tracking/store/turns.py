"""Events → turns: for each prompt a tree of spans with times, inputs and outputs, ready to become a trace. Pure.

The root of a turn is the assistant itself (AGENT). Below it are the model's answers (LLM), the tool uses (TOOL) and,
under the tool use that started them, the sub-agents (AGENT) with theirs. Tokens and cost stand on LLM spans only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import msgspec

from parsers.session import (
    AssistantText,
    Category,
    Error,
    ErrorKind,
    Event,
    ModelCall,
    Prompt,
    Stopped,
    Tokens,
    ToolUse,
)
from with_tracking.store.span_messages import answered, asked, told
from with_tracking.store.span_text import cut, cut_value, first_line

Price = Callable[[Sequence[ModelCall]], float | None]
SPANS = 1000
"""A turn has at most so many spans; how many were left out stands on its root."""


class SpanKind(StrEnum):
    """MLflow's name for what a span stands for."""

    AGENT = "AGENT"
    LLM = "LLM"
    TOOL = "TOOL"


@dataclass(frozen=True, slots=True)
class Span:
    """One thing that took time; `parent` is the index in the turn's spans, times are seconds of the recording.

    `error` says what went wrong, None if nothing did.
    """

    name: str
    kind: SpanKind
    start: float
    end: float
    parent: int | None = None
    inputs: Any = None
    outputs: Any = None
    error: str | None = None
    model: str | None = None
    tokens: Tokens | None = None
    cost_usd: float | None = None
    output_cost_usd: float | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """What happened from one prompt to the next; `spans[0]` is the root. `prompt` is None before the first one."""

    number: int
    prompt: str | None
    answer: str | None
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Timed:
    """An event and when it was, also if the event itself does not know: then when the one before it was."""

    seconds: float
    event: Event

    @property
    def agent(self) -> str | None:
        """The sub-agent whose event this is, None for the main one."""
        return getattr(self.event, "agent", None)

    @property
    def end(self) -> float:
        """When it was over."""
        return self.seconds + (getattr(self.event, "duration_seconds", None) or 0.0)


def turns_of(events: Sequence[Event], name: str, price: Price | None = None) -> list[Turn]:
    """Return the turns of a session; `name` is the assistant's, `price` tells what model calls cost."""
    groups: list[list[_Timed]] = [[]]
    for timed in _in_time(events):
        if isinstance(timed.event, Prompt):
            groups.append([])
        groups[-1].append(timed)
    wanted = [group for group in groups if any(isinstance(one.event, Prompt | ModelCall | ToolUse) for one in group)]
    return [_turn(number, group, name, price) for number, group in enumerate(wanted, 1)]


def _in_time(events: Sequence[Event]) -> list[_Timed]:
    """Return the events in order of time; those without one keep their place after the one before them."""
    timed, last = [], 0.0
    for event in events:
        last = event.seconds if event.seconds is not None else last
        timed.append(_Timed(max(last, 0.0), event))
    return sorted(timed, key=lambda one: one.seconds)


def _turn(number: int, group: Sequence[_Timed], name: str, price: Price | None) -> Turn:
    prompt = next((one.event.text for one in group if isinstance(one.event, Prompt)), None)
    texts = [one.event.text for one in group if isinstance(one.event, AssistantText) and one.event.agent is None]
    answer = texts[-1] if texts else None
    spans = _Tree(group, prompt, price).spans
    left_out = max(0, len(spans) - SPANS + 1)
    spans = spans[: SPANS - 1]
    root = Span(
        name=f"{name} turn {number}",
        kind=SpanKind.AGENT,
        start=group[0].seconds,
        end=max(one.end for one in group),
        inputs={"prompt": cut(prompt)} if prompt is not None else None,
        outputs={"answer": cut(answer)} if answer is not None else None,
        error=_what_failed(group, spans),
        attributes={"turn": number} | ({"spans_left_out": left_out} if left_out else {}),
    )
    return Turn(number, prompt, answer, (root, *spans))


def _what_failed(group: Sequence[_Timed], spans: Sequence[Span]) -> str | None:
    """Return why a turn counts as failed: somebody interrupted it, or something in it failed."""
    for one in group:
        if isinstance(one.event, Error) and one.event.kind is ErrorKind.INTERRUPTED:
            return first_line(one.event.text) or "interrupted"
    return next((f"{span.name}: {span.error}" for span in spans if span.error is not None), None)


class _Tree:
    """Builds the spans below the root. Indices count from 1: the root is 0."""

    def __init__(self, group: Sequence[_Timed], prompt: str | None, price: Price | None) -> None:
        self.spans: list[Span] = []
        self._tasks: dict[int, _Timed] = {}  # index of a span → the tool use that may have started a sub-agent
        self._price = price
        agents: dict[str | None, list[_Timed]] = {None: []}
        for one in group:
            agents.setdefault(one.agent, []).append(one)
        self._add_calls(agents.pop(None), 0, prompt, None)
        for agent, own in agents.items():
            parent, task = self._add_agent(agent or "", own)
            self._add_calls(own, parent, None, task)
        self._roll_up()

    def _add(self, span: Span) -> int:
        self.spans.append(span)
        return len(self.spans)

    def _add_agent(self, agent: str, own: Sequence[_Timed]) -> tuple[int, str | None]:
        """Add a sub-agent below what started it; return its index and its task."""
        start, end = own[0].seconds, max(one.end for one in own)
        parent, task = self._starter(agent, start)
        said = [one.event.text for one in own if isinstance(one.event, AssistantText)]
        inputs = {"task": cut(task)} if task else None
        outputs = {"answer": cut(said[-1])} if said else None
        return self._add(Span(agent, SpanKind.AGENT, start, end, parent, inputs, outputs)), task

    def _starter(self, agent: str, start: float) -> tuple[int, str | None]:
        """Return the tool use that started the agent (one that names it, else one it began in, else the root).

        With it comes the agent's task, which is the longest text that the tool was given.
        """
        running = {index: one for index, one in self._tasks.items() if one.seconds <= start and one.agent != agent}
        naming = [index for index, one in running.items() if agent in str(one.event)]
        around = [index for index, one in running.items() if start <= one.end]
        chosen = next(iter([*naming, *around]), 0)
        starter = self._tasks.pop(chosen, None)
        given = starter.event.input.values() if starter and isinstance(starter.event, ToolUse) else ()
        return chosen, max((text for text in given if isinstance(text, str)), key=len, default=None)

    def _roll_up(self) -> None:
        """Note on each sub-agent what it used together with those below it: its own tokens stand on LLM spans."""
        calls: dict[int, list[Span]] = {}
        for span in self.spans:
            above = span.parent if span.kind is SpanKind.LLM else None
            while above:
                calls.setdefault(above, []).append(span)
                above = self.spans[above - 1].parent
        for index, below in calls.items():
            span = self.spans[index - 1]
            if span.kind is SpanKind.AGENT:
                used = sum((call.tokens for call in below if call.tokens is not None), Tokens())
                figures = {f"tokens.{name}": count for name, count in msgspec.structs.asdict(used).items() if count}
                costs = [call.cost_usd for call in below if call.cost_usd is not None]
                if len(costs) == len(below):
                    figures["cost_usd"] = round(sum(costs), 6)
                self.spans[index - 1] = replace(span, attributes={"model_calls": len(below), **figures})

    def _add_calls(self, own: Sequence[_Timed], parent: int, prompt: str | None, task: str | None) -> None:
        """Add one agent's model calls, tool uses and API errors."""
        has_calls = any(isinstance(one.event, ModelCall) for one in own)
        for at, one in enumerate(own):
            event = one.event
            if isinstance(event, ToolUse):
                index = self._add(_tool_span(event, one, parent))
                if event.category is Category.TASK:
                    self._tasks[index] = one
            elif isinstance(event, ModelCall):
                self._add(self._model_span(event, own, at, parent, prompt, task))
                task = None  # the model was told it, what comes next are results
            elif isinstance(event, Error) and event.kind is ErrorKind.API_ERROR:
                shown = first_line(event.text)
                self._add(Span("API error", SpanKind.LLM, one.seconds, one.seconds, parent, error=shown or "API error"))
            elif isinstance(event, AssistantText) and not has_calls:  # only the screen was read: no accounts of calls
                text = {"role": "assistant", "content": cut(event.text)}
                self._add(Span("answer", SpanKind.LLM, one.seconds, one.seconds, parent, outputs=text))

    def _model_span(
        self, call: ModelCall, own: Sequence[_Timed], at: int, parent: int, prompt: str | None, task: str | None
    ) -> Span:
        before = _until_call(reversed(own[:at]))
        after = _until_call(iter(own[at + 1 :]))
        start = own[at].seconds
        end = own[at].end if call.duration_seconds is not None else (after[0].seconds if after else start)
        cost = self._price([call]) if self._price else None
        return Span(
            name=call.model or "model",
            kind=SpanKind.LLM,
            start=start,
            end=end,
            parent=parent,
            inputs={"messages": [*told(task), *asked([one.event for one in reversed(before)], prompt)]},
            outputs=answered([one.event for one in after]),
            model=call.model,
            tokens=call.tokens,
            cost_usd=cost,
            output_cost_usd=self._output_cost(call, cost),
            attributes={"message_id": call.message_id} if call.message_id else {},
        )

    def _output_cost(self, call: ModelCall, cost: float | None) -> float | None:
        """Return which part of a call's cost is for its output."""
        if self._price is None or cost is None:
            return None
        only_output = Tokens(output=call.tokens.output, reasoning=call.tokens.reasoning)
        alone = msgspec.structs.replace(call, tokens=only_output, cache_write_1h=None)
        return min(self._price([alone]) or 0.0, cost)


def _until_call(events: Iterator[_Timed]) -> list[_Timed]:
    """Return what comes before the next model call."""
    found = []
    for one in events:
        if isinstance(one.event, ModelCall):
            break
        found.append(one)
    return found


def _tool_span(use: ToolUse, one: _Timed, parent: int) -> Span:
    facts = {
        "category": use.category.value,
        "source": use.source.value,
        "exit_code": use.exit_code,
        "files": list(use.files[:50]) or None,
        "call_id": use.call_id,
    }
    return Span(
        name=use.name or "tool",
        kind=SpanKind.TOOL,
        start=one.seconds,
        end=one.end,
        parent=parent,
        inputs=cut_value(dict(use.input) or ({"command": use.command} if use.command else {})),
        outputs=None if use.output is None else cut(use.output),
        error=_why_failed(use),
        attributes={key: value for key, value in facts.items() if value is not None},
    )


def _why_failed(use: ToolUse) -> str | None:
    if use.stopped is not None:
        return "denied" if use.stopped is Stopped.DENIED else "interrupted"
    if use.ok is not False:
        return None
    return f"exit code {use.exit_code}" if use.exit_code else first_line(use.output or "") or "failed"
