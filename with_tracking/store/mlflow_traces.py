"""Turns → MLflow traces, linked to the session's run and grouped by session.

The ids of traces and spans follow from the session, the turn and the span, so writing them again replaces them. All
spans of a trace go in one request; MLflow's own exporter sends one for each and hides what the server refuses.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from with_tracking.store.turns import Span, SpanKind, Turn

if TYPE_CHECKING:
    from mlflow import MlflowClient

PREVIEW_LENGTH = 1_000
TRACES_A_REQUEST = 100
REFUSED = ("400", "403", "404", "405", "413", "501")


@dataclass(frozen=True, slots=True)
class Owner:
    """The run that the traces belong to; `began` is second 0 of the recording, in seconds since 1970."""

    experiment_id: str
    run_id: str
    session_id: str
    began: float
    user: str
    tags: Mapping[str, str]


def write_traces(tracking_uri: str, owner: Owner, turns: Sequence[Turn]) -> None:
    """Write one trace per turn. Raises what MLflow raises; nothing is retried here."""
    from mlflow.entities import Span as MlflowSpan
    from mlflow.tracing.client import TracingClient

    client = TracingClient(tracking_uri)
    for turn in turns:
        trace_id = _trace_id(owner, turn)
        client.start_trace(_trace_info(owner, turn, trace_id))
        # older versions (3.10) take the spans of one trace in a request, not more
        client.log_spans(owner.experiment_id, [MlflowSpan.from_dict(each) for each in _spans(owner, turn, trace_id)])


def is_refused_for_good(error: Exception) -> bool:
    """Tell whether the server takes no traces at all: it is too old (before 3.4), or a proxy lets none through."""
    from mlflow.exceptions import MlflowException

    if isinstance(error, NotImplementedError):
        return True
    answered = re.search(r"failed with error code (\d+)", str(error))
    return isinstance(error, MlflowException) and answered is not None and answered[1] in REFUSED


def traces_of(client: MlflowClient, experiment_id: str, run_id: str) -> list[str]:
    """Return the ids of the traces that belong to a run."""
    found: list[str] = []
    token = None
    while True:
        page = client.search_traces(
            locations=[experiment_id],
            filter_string=f"request_metadata.`mlflow.sourceRun` = '{run_id}'",
            max_results=TRACES_A_REQUEST,
            page_token=token,
            include_spans=False,
        )
        found += [trace.info.trace_id for trace in page]
        token = page.token
        if not token:
            return found


def delete_traces(client: MlflowClient, experiment_id: str, run_id: str) -> None:
    """Delete the traces that belong to a run."""
    ids = traces_of(client, experiment_id, run_id)
    for at in range(0, len(ids), TRACES_A_REQUEST):
        client.delete_traces(experiment_id, trace_ids=ids[at : at + TRACES_A_REQUEST])


def _hex(length: int, *parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:length]


def _trace_id(owner: Owner, turn: Turn) -> str:
    return "tr-" + _hex(32, owner.experiment_id, owner.session_id, turn.number)


def _trace_info(owner: Owner, turn: Turn, trace_id: str) -> Any:
    from mlflow.entities import TraceInfo, TraceLocation, TraceState

    root = turn.spans[0]
    metadata = {
        "mlflow.sourceRun": owner.run_id,
        "mlflow.trace.session": owner.session_id,
        "mlflow.trace.user": owner.user,
        "mlflow.trace_schema.version": "3",
    }
    return TraceInfo(
        trace_id=trace_id,
        trace_location=TraceLocation.from_experiment_id(owner.experiment_id),
        request_time=_nanoseconds(owner, root.start) // 1_000_000,
        execution_duration=round((root.end - root.start) * 1000),
        state=TraceState.OK if root.error is None else TraceState.ERROR,
        request_preview=(turn.prompt or "")[:PREVIEW_LENGTH],
        response_preview=(turn.answer or "")[:PREVIEW_LENGTH],
        trace_metadata={key: value for key, value in metadata.items() if value},
        tags={"mlflow.traceName": root.name, "turn": str(turn.number), **owner.tags},
    )


def _spans(owner: Owner, turn: Turn, trace_id: str) -> Iterator[dict[str, Any]]:
    """Yield the spans in the form of `mlflow.entities.Span.to_dict`."""
    bare = trace_id.removeprefix("tr-")
    ids = [_hex(16, bare, index) for index in range(len(turn.spans))]
    for index, span in enumerate(turn.spans):
        parent = 0 if span.parent is not None and span.parent >= len(ids) else span.parent
        attributes = {"mlflow.traceRequestId": trace_id, **_attributes(span)}
        if index == 0:
            attributes["mlflow.trace.session"] = owner.session_id
        yield {
            "trace_id": _base64(bare),
            "span_id": _base64(ids[index]),
            "parent_span_id": "" if parent is None else _base64(ids[parent]),
            "name": span.name,
            "start_time_unix_nano": _nanoseconds(owner, span.start),
            "end_time_unix_nano": _nanoseconds(owner, max(span.start, span.end)),
            "attributes": {key: json.dumps(value, ensure_ascii=False) for key, value in attributes.items()},
            "status": {
                "code": "STATUS_CODE_OK" if span.error is None else "STATUS_CODE_ERROR",
                "message": span.error or "",
            },
        }


def _attributes(span: Span) -> dict[str, Any]:
    found: dict[str, Any] = {"mlflow.spanType": span.kind.value, **span.attributes}
    if span.inputs is not None:
        found["mlflow.spanInputs"] = span.inputs
    if span.outputs is not None:
        found["mlflow.spanOutputs"] = span.outputs
    if span.kind is SpanKind.LLM:
        found |= _usage(span)
    return found


def _usage(span: Span) -> dict[str, Any]:
    """Return model, tokens and cost. An unknown cost is said to be empty, else MLflow puts in a guess of its own.

    MLflow's input_tokens hold what came from and went into the cache, as OpenTelemetry's conventions have it; the
    session's `tokens.input` does not.
    """
    found: dict[str, Any] = {"mlflow.llm.cost": {}}
    if span.model:
        found["mlflow.llm.model"] = span.model
    if span.tokens is not None:
        tokens = span.tokens
        cached = {"cache_read_input_tokens": tokens.cache_read, "cache_creation_input_tokens": tokens.cache_write}
        read, written = tokens.cache_read or 0, tokens.cache_write or 0
        whole_input, output = (tokens.input or 0) + read + written, tokens.output or 0
        counts = {"input_tokens": whole_input, "output_tokens": output, "total_tokens": whole_input + output, **cached}
        found["mlflow.chat.tokenUsage"] = {name: count for name, count in counts.items() if count is not None}
    if span.cost_usd is not None:
        output_cost = span.output_cost_usd or 0.0
        parts = {"input_cost": span.cost_usd - output_cost, "output_cost": output_cost, "total_cost": span.cost_usd}
        found["mlflow.llm.cost"] = {name: round(dollars, 9) for name, dollars in parts.items()}
    return found


def _nanoseconds(owner: Owner, seconds: float) -> int:
    return round(owner.began * 1000 + seconds * 1000) * 1_000_000


def _base64(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()
