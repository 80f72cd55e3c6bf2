"""Session → everything its run will hold, in the shapes and lengths that MLflow takes. Pure: mlflow is not needed."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from parsers import description, metrics
from parsers.session import Event, Session

FORMAT = 1
"""Counted up when the same session is to be logged differently: what was logged in an older way is logged anew."""
NAME_LENGTH, RUN_NAME_LENGTH, PARAM_LENGTH, TAG_LENGTH = 250, 100, 6000, 8000  # MLflow 3 refuses longer ones
KILLED_REASONS = ("signalled", "hung_up", "lost")


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a metric: when (milliseconds since 1970) and in which second of the session."""

    name: str
    value: float
    timestamp: int
    step: int


@dataclass(frozen=True, slots=True)
class RunContent:
    """A run: its times are in milliseconds since 1970, `status` is FINISHED, FAILED or KILLED."""

    name: str
    begin: int
    end: int
    status: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    points: tuple[Point, ...]
    summary: str


def run_content(
    session: Session, events: Sequence[Event], *, began: float, user: str, run_tags: Mapping[str, str]
) -> RunContent:
    """Return what the session's run holds; `began` (seconds since 1970) is used if the session does not know it."""
    begin, end = _times(session, began)
    summary = description.summary_markdown(session)
    return RunContent(
        name=_clean(metrics.run_name(session), RUN_NAME_LENGTH),
        begin=begin,
        end=end,
        status=_status(session),
        parameters=_texts(metrics.parameters(session), PARAM_LENGTH),
        tags=_texts({**run_tags, **metrics.tags(session), **_shown_by_mlflow(session, summary, user)}, TAG_LENGTH),
        points=tuple(_points(session, events, begin, end)),
        summary=summary,
    )


def digest(session: Session, events: Sequence[Event], *settings: object) -> str:
    """Return what changes if and only if something changes that the run is made of."""
    hashed = hashlib.sha256(msgspec.json.encode((FORMAT, session, settings)))
    for event in events:
        hashed.update(msgspec.json.encode(event))
    return hashed.hexdigest()[:32]


def _times(session: Session, began: float) -> tuple[int, int]:
    begin = session.started_at.timestamp() if session.started_at else began
    end = session.ended_at.timestamp() if session.ended_at else begin + (session.duration_seconds or 0.0)
    return round(begin * 1000), round(max(begin, end) * 1000)


def _status(session: Session) -> str:
    if session.end_reason in KILLED_REASONS:
        return "KILLED"
    return "FAILED" if session.success is False else "FINISHED"


def _shown_by_mlflow(session: Session, summary: str, user: str) -> dict[str, str]:
    """Return the tags that MLflow's UI gives a place of their own."""
    return {
        "mlflow.note.content": summary,
        "mlflow.source.name": f"{session.wrapper}-with-tracking" if session.wrapper else "with-tracking",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": session.git.commit or "",
        "mlflow.user": user,
    }


def _points(session: Session, events: Sequence[Event], begin: int, end: int) -> Iterator[Point]:
    """Yield all metrics, those with a history as a time line that ends with the session."""
    last_step = (end - begin) // 1000
    charted = set()
    for name, seconds, value in metrics.history(session, events):
        if math.isfinite(value) and math.isfinite(seconds):
            moment = min(max(begin + round(seconds * 1000), begin), end)
            charted.add(name)
            yield Point(_name(name), float(value), moment, (moment - begin) // 1000)
    for name, value in session.metrics.items():
        if math.isfinite(value):
            yield Point(_name(name), float(value), end, last_step if name in charted else 0)


def _texts(texts: Mapping[str, str], length: int) -> dict[str, str]:
    return {_name(key): _clean(value, length) for key, value in texts.items() if value}


def _name(key: str) -> str:
    """Return a name that MLflow takes: letters, digits and `_-. :/`."""
    return re.sub(r"[^\w\-. :/]", "_", key)[:NAME_LENGTH]


def _clean(value: str, length: int) -> str:
    """Return a text that every database takes: no lone surrogates, no NUL, not longer than allowed."""
    text = value.encode("utf-8", "replace").decode().replace("\0", "�")
    return text if len(text) <= length else text[: length - 1] + "…"
