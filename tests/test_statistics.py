"""The statistics, held against scipy's."""

from __future__ import annotations

import math
import random

import numpy
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from with_tracking.history import statistics
from with_tracking.history.procedure_rates import wilson

VALUES = st.lists(st.integers(0, 30).map(float), min_size=1, max_size=40)
DISTINCT = st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=2, max_size=30, unique=True)
COUNT = st.integers(0, 60)


@given(VALUES, st.sampled_from([0.0, 0.25, 0.5, 0.75, 0.9, 1.0]))
def test_quantiles_are_numpys(values: list[float], q: float) -> None:
    """Medians and quartiles are those that everybody else computes."""
    assert statistics.quantile(values, q) == pytest.approx(float(numpy.quantile(values, q)))


def test_spread() -> None:
    """The spread names how many values there are, their middle and the middle half; nothing has none."""
    found = statistics.spread([5.0, 1.0, 2.0, 4.0, 3.0])
    assert found is not None
    assert (found.n, found.median, found.low, found.high) == (5, 3.0, 2.0, 4.0)
    assert statistics.spread([]) is None


@given(VALUES, VALUES)
def test_mann_whitney_with_ties_is_scipys(first: list[float], second: list[float]) -> None:
    """U and p are scipy's, whatever values are equal."""
    found = statistics.mann_whitney(first, second)
    assert found is not None
    wanted = scipy.stats.mannwhitneyu(first, second)
    assert found.statistic == wanted.statistic
    if len({*first, *second}) > 1:  # of one value alone scipy knows no p
        assert found.p == pytest.approx(wanted.pvalue, rel=1e-9, abs=1e-12)
    else:
        assert found.p == 1.0


@given(DISTINCT, st.integers(1, 29))
def test_mann_whitney_without_ties_is_scipys(values: list[float], cut: int) -> None:
    """Small samples without ties get the exact p, larger ones the approximation, as scipy decides it."""
    cut = min(cut, len(values) - 1)
    first, second = values[:cut], values[cut:]
    found = statistics.mann_whitney(first, second)
    assert found is not None
    assert found.p == pytest.approx(scipy.stats.mannwhitneyu(first, second).pvalue, rel=1e-9, abs=1e-12)


@given(VALUES, VALUES)
def test_the_effect_is_cliffs_delta(first: list[float], second: list[float]) -> None:
    """The effect is what its definition counts: pairs in which the first is larger, less the others."""
    found = statistics.mann_whitney(first, second)
    assert found is not None
    pairs = [(a > b) - (a < b) for a in first for b in second]
    assert found.effect == pytest.approx(sum(pairs) / len(pairs))


@given(COUNT, COUNT, COUNT, COUNT)
def test_fisher_is_scipys(a: int, b: int, c: int, d: int) -> None:
    """The p is scipy's for every table with two groups in it."""
    found = statistics.fisher((a, b), (c, d))
    if not a + b or not c + d:
        assert found is None
        return
    assert found is not None
    assert found.p == pytest.approx(scipy.stats.fisher_exact([[a, b], [c, d]]).pvalue, rel=1e-6, abs=1e-12)
    assert found.effect == pytest.approx(a / (a + b) - c / (c + d))


def test_fisher_of_thousands() -> None:
    """Large tables neither overflow nor lose their p."""
    found = statistics.fisher((4200, 800), (4000, 1000))
    assert found is not None
    assert found.p == pytest.approx(scipy.stats.fisher_exact([[4200, 800], [4000, 1000]]).pvalue, rel=1e-5)
    assert found.statistic == pytest.approx(4200 * 1000 / (800 * 4000))


def test_empty_samples_are_not_tested() -> None:
    """Nothing can be said of a group without values."""
    assert statistics.mann_whitney([], [1.0]) is None
    assert statistics.fisher((0, 0), (1, 1)) is None


def test_small_samples_are_called_small() -> None:
    """Fewer than ten values in one group are small, whatever the other has."""
    rng = random.Random(1)
    many = [rng.random() for _ in range(50)]
    few, enough = statistics.mann_whitney(many[:9], many), statistics.mann_whitney(many[:10], many)
    assert few is not None
    assert enough is not None
    assert (few.small, enough.small) == (True, False)


def test_holm() -> None:
    """Several tests are corrected together: the smallest p counts as many times as there are tests, and so on."""
    assert statistics.holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert statistics.holm([]) == []
    assert statistics.holm([0.9, 0.8]) == [1.0, 1.0]


def test_odds_ratio_of_empty_cells() -> None:
    """An odds ratio with a zero below is infinite, or not a number, and no exception."""
    all_yes, nothing = statistics.fisher((5, 0), (3, 2)), statistics.fisher((5, 0), (5, 0))
    assert all_yes is not None
    assert nothing is not None
    assert math.isinf(all_yes.statistic)
    assert math.isnan(nothing.statistic)
    assert nothing.p == 1.0


@pytest.mark.parametrize(("delta", "word"), [(0.1, "negligible"), (-0.2, "small"), (0.4, "medium"), (-1.0, "large")])
def test_effects_have_words(delta: float, word: str) -> None:
    """How large an effect is, is said in a word, whatever its direction."""
    assert statistics.effect_words(delta) == word


@given(st.integers(1, 80), st.data())
def test_wilson_is_scipys(n: int, data: st.DataObject) -> None:
    """The interval of a rate is Wilson's."""
    successes = data.draw(st.integers(0, n))
    wanted = scipy.stats.binomtest(successes, n).proportion_ci(method="wilson")
    assert wilson(successes, n) == pytest.approx((wanted.low, wanted.high), abs=1e-9)
