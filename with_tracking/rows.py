"""What questions about many sessions ask of one of them: a row of facts and numbers, wherever it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

MAIN_METRICS = ("duration_seconds", "commands_executed", "errors_encountered", "tokens", "cost_usd")
"""What sessions are compared by unless something else is asked for."""
LOWER_IS_BETTER = (
    "duration",
    "active",
    "commands_failed",
    "errors",
    "tokens",
    "cost",
    "interruptions",
    "permissions_denied",
)
"""Beginnings of the metrics of which less is better; of the others neither more nor less is."""
KEYS = ("provider", "model", "procedure", "branch", "repo", "host")
"""What sessions can be grouped by, beside `tag:<name>`."""


class Row(Protocol):
    """One session. None is what is not known; `metrics` has the names that MLflow gets."""

    @property
    def session_id(self) -> str:
        """The session's id."""

    @property
    def provider(self) -> str | None:
        """Which assistant it was: claude_code, …."""

    @property
    def model(self) -> str | None:
        """Which model."""

    @property
    def procedure_name(self) -> str | None:
        """Which procedure was asked for: close-issue."""

    @property
    def branch(self) -> str | None:
        """The branch that was checked out."""

    @property
    def repo(self) -> str | None:
        """The name of the repository."""

    @property
    def host(self) -> str | None:
        """The computer."""

    @property
    def started_at(self) -> datetime | None:
        """When it began."""

    @property
    def success(self) -> bool | None:
        """Whether it ended well."""

    @property
    def prompt(self) -> str | None:
        """The first thing that was asked."""

    @property
    def metrics(self) -> Mapping[str, float]:
        """Its numbers."""

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags that the person gave it."""


R = TypeVar("R", bound=Row)


def value_of(row: Row, metric: str) -> float | None:
    """Return a number of the session, None if it is not known; `tokens` are those read and written, without caches."""
    if metric != "tokens":
        return row.metrics.get(metric)
    known = [row.metrics[name] for name in ("tokens.input", "tokens.output") if name in row.metrics]
    return sum(known) if known else None


def values_of(rows: Iterable[Row], metric: str) -> list[float]:
    """Return the numbers of those sessions of which they are known."""
    return [value for row in rows if (value := value_of(row, metric)) is not None]


def key_of(row: Row, by: str) -> str | None:
    """Return what the session is grouped under, by one of `KEYS` or by `tag:<name>`; None if it has none."""
    if by.startswith("tag:"):
        return row.tags.get(by[4:])
    value: str | None = getattr(row, "procedure_name" if by == "procedure" else by)
    return value


def successes(rows: Iterable[Row]) -> tuple[int, int]:
    """Return how many sessions ended well and how many badly, those aside of which it is not known."""
    known = [row.success for row in rows if row.success is not None]
    return sum(known), len(known) - sum(known)


def success_rate(rows: Iterable[Row]) -> float | None:
    """Return the share of sessions that ended well, 0 to 1, None if it is known of none."""
    good, bad = successes(rows)
    return good / (good + bad) if good + bad else None


def grouped(rows: Iterable[R], by: str) -> dict[str, list[R]]:
    """Return the sessions by their key, the largest group first; those without one are in none."""
    groups: dict[str, list[R]] = {}
    for row in rows:
        if key := key_of(row, by):
            groups.setdefault(key, []).append(row)
    return dict(sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])))


def newest_first(rows: Iterable[R]) -> list[R]:
    """Return the sessions in the order of their beginning; those that do not know it are left out."""
    dated = [(row.started_at.timestamp(), row.session_id, row) for row in rows if row.started_at is not None]
    return [row for _, _, row in sorted(dated, key=lambda item: item[:2], reverse=True)]


def less_is_better(metric: str) -> bool:
    """Tell whether less of it is better; of what else there is, neither more nor less is."""
    return metric.startswith(LOWER_IS_BETTER)


def known_metrics(rows: Sequence[Row]) -> set[str]:
    """Return the names of the numbers that at least one session has."""
    return {"tokens", *(name for row in rows for name in row.metrics)}
