"""What questions about many sessions ask of each: its numbers, its group, whether it went well."""

from __future__ import annotations

from collections.abc import Iterable

from with_tracking.history.session_rows import SessionRow

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


def value_of(row: SessionRow, metric: str) -> float | None:
    """Return a number of the session, None if it is not known; `tokens` are those read and written, without caches."""
    if metric != "tokens":
        return row.metrics.get(metric)
    known = [row.metrics[name] for name in ("tokens.input", "tokens.output") if name in row.metrics]
    return sum(known) if known else None


def values_of(rows: Iterable[SessionRow], metric: str) -> list[float]:
    """Return the numbers of those sessions of which they are known."""
    if metric == "tokens":
        return [value for row in rows if (value := value_of(row, metric)) is not None]
    return [value for row in rows if (value := row.metrics.get(metric)) is not None]  # of thousands: no call for each


def key_of(row: SessionRow, by: str) -> str | None:
    """Return what the session is grouped under, by one of `KEYS` or by `tag:<name>`; None if it has none."""
    if by.startswith("tag:"):
        return row.tags.get(by[4:])
    if by == "branch":
        return row.git.branch
    value: str | None = getattr(row, "procedure_name" if by == "procedure" else by)
    return value


def successes(rows: Iterable[SessionRow]) -> tuple[int, int]:
    """Return how many sessions ended well and how many badly, those aside of which it is not known."""
    known = [row.success for row in rows if row.success is not None]
    return sum(known), len(known) - sum(known)


def success_rate(rows: Iterable[SessionRow]) -> float | None:
    """Return the share of sessions that ended well, 0 to 1, None if it is known of none."""
    good, bad = successes(rows)
    return good / (good + bad) if good + bad else None


def grouped(rows: Iterable[SessionRow], by: str) -> dict[str, list[SessionRow]]:
    """Return the sessions by their key, the largest group first; those without one are in none."""
    groups: dict[str, list[SessionRow]] = {}
    for row in rows:
        if key := key_of(row, by):
            groups.setdefault(key, []).append(row)
    return dict(sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])))


def newest_first(rows: Iterable[SessionRow]) -> list[SessionRow]:
    """Return the sessions in the order of their beginning; those that do not know it are left out."""
    dated = [(row.started_at.timestamp(), row.session_id, row) for row in rows if row.started_at is not None]
    return [row for _, _, row in sorted(dated, key=lambda item: item[:2], reverse=True)]


def less_is_better(metric: str) -> bool:
    """Tell whether less of it is better; of what else there is, neither more nor less is."""
    return metric.startswith(LOWER_IS_BETTER)


def known_metrics(rows: Iterable[SessionRow]) -> set[str]:
    """Return the names of the numbers that at least one session has."""
    return {"tokens", *(name for row in rows for name in row.metrics)}
