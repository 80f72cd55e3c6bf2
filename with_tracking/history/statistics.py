"""Plain statistics of small, skewed samples: medians and quartiles, Mann–Whitney U, Fisher's exact test.

Durations, counts and costs of sessions are skewed and few, so nothing here assumes a normal distribution. Written out
because numpy and scipy take longer to load than all the rest takes to run; the tests hold them against scipy.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SMALL = 10
"""A group with fewer values is called small: a difference that is there is easily missed, and a large p says little."""
ALPHA = 0.05
_EXACT = 8
"""Up to so many values in the smaller sample, and without ties, U's distribution is counted out (as scipy does)."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How values lie: how many, the median, and the quartiles between which the middle half of them lies."""

    n: int
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Test:
    """The outcome of a two-sided test: its statistic, its p, the size of the effect, and whether a group was small.

    `effect` is Cliff's delta (-1 … 1: how much more often a value of the first sample is larger than one of the second
    than the other way round) for `mann_whitney`, and the difference of the two rates for `fisher`.
    """

    name: str
    statistic: float
    p: float
    effect: float
    n: tuple[int, int]

    __test__ = False  # pytest need not look for tests in it

    @property
    def small(self) -> bool:
        """Whether one of the samples is small."""
        return min(self.n) < SMALL


def quantile(values: Sequence[float], q: float) -> float:
    """Return the q-quantile (0 … 1) of at least one value, by linear interpolation between neighbours."""
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def median(values: Sequence[float]) -> float:
    """Return the middle of at least one value."""
    return quantile(values, 0.5)


def spread(values: Sequence[float]) -> Spread | None:
    """Return how values lie, None if there are none."""
    if not values:
        return None
    return Spread(len(values), median(values), quantile(values, 0.25), quantile(values, 0.75))


def mann_whitney(first: Sequence[float], second: Sequence[float]) -> Test | None:
    """Test whether values of one sample tend to be larger than those of the other; None if one of them is empty.

    The statistic is U of the first sample. p is exact for small samples without ties, else by the normal approximation
    with corrections for ties and for continuity.
    """
    m, n = len(first), len(second)
    if not m or not n:
        return None
    rank, ties = _ranks([*first, *second])
    u = math.fsum(map(rank.__getitem__, first)) - m * (m + 1) / 2
    effect = 2 * u / (m * n) - 1
    exact = min(m, n) <= _EXACT and not any(size > 1 for size in ties)
    p = _p_exact(u, m, n) if exact else _p_normal(u, m, n, ties)
    return Test("Mann–Whitney U", u, p, effect, (m, n))


def fisher(first: tuple[int, int], second: tuple[int, int]) -> Test | None:
    """Test whether two rates differ, each given as (yes, no); None if one of the groups is empty.

    The statistic is the odds ratio (infinite or not a number where a count is 0). p adds up all tables with the same
    sums that are no more likely than this one.
    """
    (a, b), (c, d) = first, second
    if not a + b or not c + d:
        return None
    likelihoods = dict(_hypergeometric(a + b, c + d, a + c))
    limit = likelihoods[a] * (1 + 1e-7)  # equal ones count, whatever rounding did to them
    p = min(1.0, math.fsum(each for each in likelihoods.values() if each <= limit))
    return Test("Fisher exact", _odds_ratio(a, b, c, d), p, a / (a + b) - c / (c + d), (a + b, c + d))


def holm(ps: Sequence[float]) -> list[float]:
    """Return the p-values corrected for there being several of them (Holm's method), in the same order."""
    adjusted, running = [0.0] * len(ps), 0.0
    for step, index in enumerate(sorted(range(len(ps)), key=lambda i: ps[i])):
        running = max(running, min(1.0, (len(ps) - step) * ps[index]))
        adjusted[index] = running
    return adjusted


def effect_words(delta: float) -> str:
    """Say how large a Cliff's delta is, with the usual limits (Romano et al. 2006)."""
    size = abs(delta)
    return next(word for limit, word in _EFFECTS if size < limit)


NEGLIGIBLE = "negligible"
_EFFECTS = ((0.147, NEGLIGIBLE), (0.33, "small"), (0.474, "medium"), (math.inf, "large"))


def _ranks(values: Sequence[float]) -> tuple[dict[float, float], list[int]]:
    """Return the rank of each value from 1, equal ones sharing the mean of theirs, and how many are equal each time."""
    sizes = Counter(values)
    ranks, place = {}, 0
    for value in sorted(sizes):
        ranks[value] = place + (sizes[value] + 1) / 2
        place += sizes[value]
    return ranks, list(sizes.values())


def _p_normal(u: float, m: int, n: int, ties: Sequence[int]) -> float:
    total = m + n
    correction = sum(size**3 - size for size in ties) / (total * (total - 1))
    variance = m * n / 12 * (total + 1 - correction)
    if variance <= 0:  # all values are equal
        return 1.0
    z = max(0.0, abs(u - m * n / 2) - 0.5) / math.sqrt(variance)
    return min(1.0, math.erfc(z / math.sqrt(2)))


def _p_exact(u: float, m: int, n: int) -> float:
    """Return how many of all orders of the two samples give a U at least as extreme, two-sided."""
    counts = _u_counts(m, n)
    extreme = max(u, m * n - u)
    tail = sum(count for value, count in enumerate(counts) if value >= extreme)
    return min(1.0, 2 * tail / math.comb(m + n, m))


def _u_counts(m: int, n: int) -> list[int]:
    """Return how many orders give each U: the coefficients of the Gaussian binomial (m + n over m)."""
    small, large = sorted((m, n))
    counts = [1] + [0] * (m * n)
    for k in range(1, small + 1):
        for value in range(m * n, large + k - 1, -1):
            counts[value] -= counts[value - large - k]
        for value in range(k, m * n + 1):
            counts[value] += counts[value - k]
    return counts


def _hypergeometric(first: int, second: int, yes: int) -> Iterator[tuple[int, float]]:
    """Yield each possible number of yes in the first group, and its likelihood if all sums stay."""
    whole = _log_comb(first + second, yes)
    for a in range(max(0, yes - second), min(first, yes) + 1):
        yield a, math.exp(_log_comb(first, a) + _log_comb(second, yes - a) - whole)


def _log_comb(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _odds_ratio(a: int, b: int, c: int, d: int) -> float:
    if b * c:
        return a * d / (b * c)
    return math.inf if a * d else math.nan
