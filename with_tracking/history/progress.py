"""The latest session of a procedure against those before it: improved, steady or worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from with_tracking.history import statistics
from with_tracking.history.figures import change
from with_tracking.history.rows import MAIN_METRICS, less_is_better, success_rate, value_of, values_of
from with_tracking.history.session_rows import SessionRow

PREVIOUS = 10
"""So many earlier sessions are looked at unless something else is asked for."""
NOTABLE = 0.1
"""A change by less than a tenth is none."""
ENOUGH = 4
"""From so many earlier values on, a change counts only if it leaves their middle half."""


class Verdict(StrEnum):
    """Which way it went."""

    IMPROVED = "improved"
    STEADY = "steady"
    WORSE = "worse"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Step:
    """One number: the latest, the median (for success: the rate) of the `n` before, and the change as a share of it.

    `verdict` is None where neither more nor less is better.
    """

    metric: str
    latest: float
    previous: float
    n: int
    change: float | None
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How the latest session compares with the ones before it. With fewer than ten of these, `small` says so."""

    latest: str
    previous: tuple[str, ...]
    procedure: str | None
    verdict: Verdict
    steps: tuple[Step, ...]
    small: bool
    schema_version: int = 1


def progress(
    newest_first: Sequence[SessionRow], metrics: Sequence[str] = MAIN_METRICS, previous: int = PREVIOUS
) -> Progress:
    """Compare the first of at least one session with up to `previous` of those that follow."""
    latest, before = newest_first[0], newest_first[1 : previous + 1]
    found = [_success(latest, before), *(_step(latest, before, metric) for metric in metrics)]
    steps = tuple(step for step in found if step is not None)
    return Progress(
        latest=latest.session_id,
        previous=tuple(row.session_id for row in before),
        procedure=latest.procedure_name,
        verdict=_overall(steps),
        steps=steps,
        small=len(before) < statistics.SMALL,
    )


def _success(latest: SessionRow, before: Sequence[SessionRow]) -> Step | None:
    rate = success_rate(before)
    if rate is None or latest.success is None:
        return None
    now, known = float(latest.success), sum(row.success is not None for row in before)
    half = rate >= 0.5  # what was to be expected
    verdict = Verdict.STEADY if latest.success == half else Verdict.IMPROVED if latest.success else Verdict.WORSE
    return Step("success", now, rate, known, change(rate, now), verdict)


def _step(latest: SessionRow, before: Sequence[SessionRow], metric: str) -> Step | None:
    now, earlier = value_of(latest, metric), statistics.spread(values_of(before, metric))
    if now is None or earlier is None:
        return None
    verdict = _verdict(now, earlier) if less_is_better(metric) else None
    return Step(metric, now, earlier.median, earlier.n, change(earlier.median, now), verdict)


def _verdict(now: float, earlier: statistics.Spread) -> Verdict:
    """Judge a number of which less is better: a change counts if it is large, and not such as there were before."""
    large = abs(now - earlier.median) >= NOTABLE * abs(earlier.median) and now != earlier.median
    usual = earlier.n >= ENOUGH and earlier.low <= now <= earlier.high
    if not large or usual:
        return Verdict.STEADY
    return Verdict.IMPROVED if now < earlier.median else Verdict.WORSE


def _overall(steps: Sequence[Step]) -> Verdict:
    """Judge it all: success goes before everything, else what more numbers say."""
    verdicts = [step.verdict for step in steps if step.verdict is not None]
    if not verdicts:
        return Verdict.UNKNOWN
    if steps[0].metric == "success" and steps[0].verdict in (Verdict.IMPROVED, Verdict.WORSE):
        return steps[0].verdict
    balance = verdicts.count(Verdict.IMPROVED) - verdicts.count(Verdict.WORSE)
    return Verdict.IMPROVED if balance > 0 else Verdict.WORSE if balance < 0 else Verdict.STEADY
