"""Sessions as OpenTelemetry spans and metrics, by OpenTelemetry's own exporters and its conventions for GenAI.

A session is a trace: the session, its turns, in them the model's answers and the tool uses. Ids are made of the
session's, so that exporting it again gives the same spans. Texts (prompts, answers, inputs, outputs) stay here unless
they are asked for, as the conventions have it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from parsers.session import Event, ModelCall, Session
from with_tracking import __version__
from with_tracking.errors import WithTrackingError
from with_tracking.history.otlp_attributes import (
    input_tokens,
    name_of,
    provider_of,
    session_attributes,
    span_attributes,
)
from with_tracking.paths import installing
from with_tracking.store.turns import Span, SpanKind, Turn, turns_of

TIMEOUT_SECONDS = 10
_BUCKETS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)
_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)


@dataclass(slots=True)
class _Ids:
    """Gives OpenTelemetry the ids of a session's trace and of its spans, in the order in which they are made."""

    session_id: str = ""
    made: int = 0

    def generate_trace_id(self) -> int:
        return _hashed(self.session_id, 16)

    def generate_span_id(self) -> int:
        self.made += 1
        return _hashed(f"{self.session_id}/{self.made}", 8)

    def is_trace_id_random(self) -> bool:
        return False


@dataclass(slots=True)
class Exporter:
    """Sends sessions to an OTLP address (http://host:4318); `close` tells whether everything arrived."""

    url: str
    content: bool = False
    _ids: _Ids = field(default_factory=_Ids)
    _tracer: Any = None
    _traces: Any = None
    _meters: Any = None
    _reader: Any = None
    _sender: Any = None
    _tokens: Any = None
    _durations: Any = None

    def open(self) -> Exporter:
        """Set up OpenTelemetry. Raises WithTrackingError if its exporter is not installed."""
        try:
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.metrics import MeterProvider
            from opentelemetry.sdk.metrics.export import InMemoryMetricReader
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import SpanLimits, TracerProvider
        except ImportError as error:
            package = installing("opentelemetry-exporter-otlp-proto-http")
            raise WithTrackingError(f"OpenTelemetry's exporter is not installed ({error})", package) from error
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # one line of ours tells it
        base = self.url.rstrip("/")
        resource = Resource.create({"service.name": "with-tracking", "service.version": __version__})
        self._traces = _Batches(OTLPSpanExporter(endpoint=f"{base}/v1/traces", timeout=TIMEOUT_SECONDS))
        provider = TracerProvider(
            resource=resource,
            id_generator=self._ids,  # type: ignore[arg-type]  # it has what is called
            shutdown_on_exit=False,
            span_limits=SpanLimits(max_attribute_length=None),
        )
        provider.add_span_processor(self._traces)
        self._tracer = provider.get_tracer("with_tracking", __version__)
        self._reader = InMemoryMetricReader()
        self._sender = OTLPMetricExporter(endpoint=f"{base}/v1/metrics", timeout=TIMEOUT_SECONDS)
        self._meters = MeterProvider([self._reader], resource=resource, shutdown_on_exit=False)
        meter = self._meters.get_meter("with_tracking", __version__)
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage", "{token}", "Tokens used", explicit_bucket_boundaries_advisory=_BUCKETS
        )
        self._durations = meter.create_histogram(
            "gen_ai.client.operation.duration",
            "s",
            "GenAI operation time",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        return self

    def add(
        self, session: Session, events: Sequence[Event], price: Callable[[Sequence[ModelCall]], float | None] | None
    ) -> None:
        """Send a session. What has no beginning cannot be placed and is left out."""
        if session.started_at is None:
            return
        from opentelemetry.trace import set_span_in_context

        self._ids.session_id, self._ids.made = session.session_id, 0
        began = session.started_at.timestamp()
        root = self._tracer.start_span(
            f"invoke_agent {session.provider}",
            start_time=_ns(began),
            attributes=dict(session_attributes(session)),
            context=_empty(),
        )
        _set_error(root, "failed" if session.success is False else None)
        for turn in turns_of(events, session.wrapper or session.provider, price):
            self._add_turn(session, turn, began, set_span_in_context(root, _empty()))
        root.end(_ns(began + (session.duration_seconds or 0.0)))
        self._traces.send()

    def _add_turn(self, session: Session, turn: Turn, began: float, above: Any) -> None:
        from opentelemetry.trace import set_span_in_context

        made: list[Any] = []
        for span in turn.spans:
            context = above if span.parent is None else set_span_in_context(made[span.parent], _empty())
            attributes = dict(span_attributes(session, span, self.content))
            one = self._tracer.start_span(
                name_of(span, session), start_time=_ns(began + span.start), attributes=attributes, context=context
            )
            _set_error(one, span.error)
            made.append(one)
            self._measure(session, span)
        for span, one in zip(turn.spans, made, strict=True):
            one.end(_ns(began + max(span.end, span.start)))

    def _measure(self, session: Session, span: Span) -> None:
        if span.kind is not SpanKind.LLM:
            return
        common = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": provider_of(session)}
        if span.model:
            common["gen_ai.request.model"] = span.model
        self._durations.record(max(span.end - span.start, 0.0), common)
        tokens = span.tokens
        for kind, count in (("input", tokens and input_tokens(tokens)), ("output", tokens and tokens.output)):
            if count is not None:
                self._tokens.record(count, {**common, "gen_ai.token.type": kind})

    def close(self) -> bool:
        """Send what is left; True if the other side took all of it."""
        from opentelemetry.sdk.metrics.export import MetricExportResult

        if not self._traces.close():
            return False
        figures = self._reader.get_metrics_data()
        return figures is None or self._sender.export(figures) is MetricExportResult.SUCCESS

    @property
    def refused(self) -> bool:
        """Whether something was not taken; then nothing more is sent."""
        return bool(self._traces.failed)


class _Batches:
    """A span processor that sends when it is told to, and remembers whether that worked."""

    def __init__(self, exporter: Any) -> None:
        self.exporter, self.waiting, self.failed = exporter, [], False  # type: tuple[Any, list[Any], bool]

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        """Do nothing: a span is sent when it has ended."""

    def _on_ending(self, span: Any) -> None:
        """Do nothing."""

    def on_end(self, span: Any) -> None:
        """Keep a span for the next batch."""
        self.waiting.append(span)

    def send(self) -> None:
        """Send what waits."""
        from opentelemetry.sdk.trace.export import SpanExportResult

        if self.waiting and not self.failed:
            self.failed = self.exporter.export(self.waiting) is not SpanExportResult.SUCCESS
        self.waiting = []

    def close(self) -> bool:
        """Send the rest; True if nothing was refused."""
        self.send()
        self.exporter.shutdown()
        return not self.failed

    def shutdown(self) -> None:
        """Nothing waits for long."""

    def force_flush(self, timeout_millis: int = 0) -> bool:
        """Send what waits."""
        self.send()
        return not self.failed


def _set_error(span: Any, error: str | None) -> None:
    if error is not None:
        from opentelemetry.trace import StatusCode

        span.set_attribute("error.type", "_OTHER")
        span.set_status(StatusCode.ERROR)


def _empty() -> Any:
    """Return a context without a span, whatever this process traces itself."""
    from opentelemetry.context import Context

    return Context()


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)


def _hashed(text: str, size: int) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:size], "big") or 1
