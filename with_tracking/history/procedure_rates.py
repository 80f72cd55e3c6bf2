"""How often procedures and prompts end well, with the range in which the true rate likely lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from with_tracking.history.rows import grouped, successes, values_of
from with_tracking.history.session_rows import SessionRow
from with_tracking.history.statistics import SMALL, median

_Z = 1.959963984540054  # 95 %


@dataclass(frozen=True, slots=True)
class Rate:
    """How a procedure does: of `n` sessions whose end is known, what share ended well.

    `interval` is Wilson's of 95 %; `seconds` and `cost_usd` are medians, None if not known of any.
    """

    name: str
    n: int
    succeeded: int
    rate: float
    interval: tuple[float, float]
    small: bool
    seconds: float | None
    cost_usd: float | None


def procedure_rates(rows: Sequence[SessionRow], by: str = "procedure") -> list[Rate]:
    """Return the rates of all procedures (or of another key), the most used first."""
    found = []
    for name, some in grouped(rows, by).items():
        good, bad = successes(some)
        if good + bad:
            seconds, costs = values_of(some, "duration_seconds"), values_of(some, "cost_usd")
            found.append(
                Rate(
                    name=name,
                    n=good + bad,
                    succeeded=good,
                    rate=good / (good + bad),
                    interval=wilson(good, good + bad),
                    small=good + bad < SMALL,
                    seconds=median(seconds) if seconds else None,
                    cost_usd=median(costs) if costs else None,
                )
            )
    return found


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a rate: honest for few, and for rates near 0 and 1."""
    rate, z2 = successes / n, _Z**2
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)
