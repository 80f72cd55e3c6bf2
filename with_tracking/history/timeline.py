"""Sessions over time: how many a day or a week, how they went, what they took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from with_tracking.history.rows import success_rate, successes, values_of
from with_tracking.history.session_rows import SessionRow


class Unit(StrEnum):
    """How long a period is."""

    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Sums:
    """What some sessions add up to. None is what is known of none of them.

    `seconds` is their time together; `priced` is of how many of them the cost is known.
    """

    sessions: int
    succeeded: int
    failed: int
    success_rate: float | None
    seconds: float | None
    commands: int
    commands_failed: int
    errors: int
    tokens: int | None
    cost_usd: float | None
    priced: int


@dataclass(frozen=True, slots=True)
class Period:
    """A day, or a week from its Monday on, and the sums of the sessions that began in it."""

    start: date
    sums: Sums


def sums(rows: Iterable[SessionRow]) -> Sums:
    """Add up sessions."""
    known = list(rows)
    good, bad = successes(known)
    tokens = values_of(known, "tokens")
    return Sums(
        sessions=len(known),
        succeeded=good,
        failed=bad,
        success_rate=success_rate(known),
        seconds=_total(known, "duration_seconds"),
        commands=round(_total(known, "commands_executed") or 0),
        commands_failed=round(_total(known, "commands_failed") or 0),
        errors=round(_total(known, "errors_encountered") or 0),
        tokens=round(sum(tokens)) if tokens else None,
        cost_usd=_total(known, "cost_usd"),
        priced=len(values_of(known, "cost_usd")),
    )


def priced(some: Sums) -> str:
    """Return of how many sessions the cost is known, nothing if it is of all."""
    return f"known of {some.priced:,} of {some.sessions:,}" if some.priced < some.sessions else ""


def timeline(rows: Iterable[SessionRow], unit: Unit, *, until: date | None = None) -> list[Period]:
    """Return all periods from the first session's to the last one's (or `until`), those without sessions included.

    Days are this computer's. Sessions that do not know when they began are in none.
    """
    by_start: dict[date, list[SessionRow]] = {}
    for row in rows:
        if row.started_at is not None:
            by_start.setdefault(start_of(row.started_at.astimezone().date(), unit), []).append(row)
    if not by_start:
        return []
    day, step = min(by_start), timedelta(weeks=1) if unit is Unit.WEEK else timedelta(days=1)
    last = max(max(by_start), start_of(until, unit)) if until else max(by_start)
    periods = []
    while day <= last:
        periods.append(Period(day, sums(by_start.get(day, ()))))
        day += step
    return periods


def start_of(day: date, unit: Unit) -> date:
    """Return the first day of the period that a day is in."""
    return day - timedelta(days=day.weekday()) if unit is Unit.WEEK else day


def series(periods: Sequence[Period]) -> dict[str, list[float | None]]:
    """Return what is drawn of periods, by name: a number for each, None where it is not known."""
    return {
        "sessions": [float(period.sums.sessions) for period in periods],
        "success": [period.sums.success_rate for period in periods],
        "errors": [float(period.sums.errors) for period in periods],
        "tokens": [_number(period.sums.tokens) for period in periods],
        "cost_usd": [period.sums.cost_usd for period in periods],
    }


def _total(rows: Iterable[SessionRow], metric: str) -> float | None:
    values = values_of(rows, metric)
    return sum(values) if values else None


def _number(value: int | None) -> float | None:
    return None if value is None else float(value)
