"""Groups of sessions against each other: what is typical of each, and which differences are more than chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from with_tracking.history import statistics
from with_tracking.history.figures import change
from with_tracking.history.rows import MAIN_METRICS, grouped, success_rate, successes, value_of, values_of
from with_tracking.history.session_rows import SessionRow
from with_tracking.history.statistics import Spread, Test


@dataclass(frozen=True, slots=True)
class Group:
    """A group of sessions. `success_rate` is of those whose success is known, None if that is none."""

    name: str
    n: int
    succeeded: int
    failed: int
    success_rate: float | None
    metrics: Mapping[str, Spread | None]


@dataclass(frozen=True, slots=True)
class Difference:
    """How a group differs from the baseline in one metric, or in `success`.

    `change` is that of the medians (for success: in the rates), as a share of the baseline's; None if that is zero.
    `p_corrected` takes into account how many tests were made (Holm); `small` says that one of the groups is small.
    """

    group: str
    metric: str
    change: float | None
    test: Test
    p_corrected: float
    effect_size: str
    small: bool
    significant: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """All groups, the largest first, and their differences from the `baseline`. `left_out` sessions have no key."""

    by: str
    baseline: str | None
    metrics: tuple[str, ...]
    groups: tuple[Group, ...]
    differences: tuple[Difference, ...]
    left_out: int
    schema_version: int = 1

    def difference(self, group: str, metric: str) -> Difference | None:
        """Return how a group differs in a metric, None if that was not tested."""
        return next((each for each in self.differences if (each.group, each.metric) == (group, metric)), None)


def compare_groups(
    rows: Sequence[SessionRow], by: str, metrics: Sequence[str] = MAIN_METRICS, baseline: str | None = None
) -> Comparison:
    """Compare all groups with one of them: `baseline`, else the largest."""
    groups = grouped(rows, by)
    values = {
        name: {metric: sorted(values_of(members, metric)) for metric in metrics} for name, members in groups.items()
    }
    base = baseline if baseline in groups else next(iter(groups), None)
    found = [_difference(name, base, metric, groups, values) for metric in ("success", *metrics) for name in groups]
    return Comparison(
        by=by,
        baseline=base,
        metrics=tuple(metrics),
        groups=tuple(_group(name, members, values[name]) for name, members in groups.items()),
        differences=_corrected([each for each in found if each is not None]),
        left_out=len(rows) - sum(map(len, groups.values())),
    )


def _group(name: str, members: Sequence[SessionRow], values: Mapping[str, Sequence[float]]) -> Group:
    good, bad = successes(members)
    spreads = {metric: statistics.spread(some) for metric, some in values.items()}
    return Group(name, len(members), good, bad, good / (good + bad) if good + bad else None, spreads)


def _difference(
    name: str,
    baseline: str | None,
    metric: str,
    groups: Mapping[str, Sequence[SessionRow]],
    values: Mapping[str, Mapping[str, Sequence[float]]],
) -> Difference | None:
    """Test one group in one metric; None for the baseline itself and where one of both has no values."""
    if baseline is None or name == baseline:
        return None
    if metric == "success":
        here, there = groups[name], groups[baseline]
        test = statistics.fisher(successes(here), successes(there))
        return _untold(name, metric, change(success_rate(there), success_rate(here)), test)
    ours, theirs = values[name][metric], values[baseline][metric]
    test = statistics.mann_whitney(ours, theirs)
    changed = change(statistics.median(theirs), statistics.median(ours)) if test else None
    return _untold(name, metric, changed, test)


def _untold(group: str, metric: str, changed: float | None, test: Test | None) -> Difference | None:
    if test is None:
        return None
    words = statistics.effect_words(test.effect) if metric != "success" else ""
    return Difference(group, metric, changed, test, test.p, words, test.small, False)


def _corrected(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    ps = statistics.holm([each.test.p for each in differences])
    pairs = zip(differences, ps, strict=True)
    return tuple(replace(each, p_corrected=p, significant=p < statistics.ALPHA) for each, p in pairs)


@dataclass(frozen=True, slots=True)
class Pair:
    """One number of two sessions; `change` is the second's as a share of the first's."""

    metric: str
    first: float | None
    second: float | None
    difference: float | None
    change: float | None


def side_by_side(first: SessionRow, second: SessionRow) -> tuple[Pair, ...]:
    """Return all numbers that one of two sessions has: the main ones first, then the others by name."""
    names = [*MAIN_METRICS, *sorted((set(first.metrics) | set(second.metrics)) - {*MAIN_METRICS, "success"})]
    pairs = [(name, value_of(first, name), value_of(second, name)) for name in names]
    return tuple(
        Pair(name, a, b, None if a is None or b is None else b - a, change(a, b))
        for name, a, b in pairs
        if a is not None or b is not None
    )
