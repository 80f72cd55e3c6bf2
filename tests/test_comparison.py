"""Groups of sessions against each other, two side by side, and the latest against those before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.synthetic import BEGAN
from with_tracking.archive import State
from with_tracking.history import figures
from with_tracking.history.comparison import compare_groups, side_by_side
from with_tracking.history.progress import Verdict, progress
from with_tracking.history.rows import newest_first
from with_tracking.history.session_rows import SessionRow


def row(number: int = 0, *, seconds: float = 60.0, success: bool | None = True, **fields: Any) -> SessionRow:
    """Return a session that began `number` hours after the first and took so long."""
    metrics = {"duration_seconds": seconds, "errors_encountered": 1.0, **fields.pop("metrics", {})}
    began = BEGAN + timedelta(hours=number)
    given = {"provider": "claude_code", "procedure_name": "close-issue", **fields}
    return SessionRow(
        session_id=f"s{number:03}",
        path="",
        state=State.PARSED,
        started_at=began,
        success=success,
        metrics=metrics,
        **given,
    )


def group(name: str, seconds: list[float], failed: int = 0) -> list[SessionRow]:
    """Return sessions of one provider; the first ones have failed."""
    return [row(i, seconds=each, success=i >= failed, provider=name) for i, each in enumerate(seconds)]


def test_groups_have_rates_and_spreads() -> None:
    """Each group tells its size, how many went well, and median and quartiles; the largest comes first."""
    rows = [*group("b", [10, 20, 30, 40, 50], failed=1), *group("a", [1, 2]), row(provider=None)]
    found = compare_groups(rows, "provider", ["duration_seconds", "cost_usd"])
    first, second = found.groups
    assert (first.name, first.n, first.succeeded, first.failed, first.success_rate) == ("b", 5, 4, 1, 0.8)
    spread = first.metrics["duration_seconds"]
    assert spread is not None
    assert (spread.median, spread.low, spread.high) == (30, 20, 40)
    assert first.metrics["cost_usd"] is None
    assert (second.name, found.baseline, found.left_out) == ("a", "b", 1)


def test_a_difference_that_is_there_is_found() -> None:
    """A group that takes twice as long is told from the baseline: which way, how much, how sure, of how many."""
    fast, slow = [float(50 + i) for i in range(20)], [float(100 + i) for i in range(15)]
    found = compare_groups([*group("fast", fast), *group("slow", slow)], "provider", ["duration_seconds"])
    difference = found.difference("slow", "duration_seconds")
    assert difference is not None
    assert difference.change == pytest.approx((107 - 59.5) / 59.5)
    assert (difference.test.effect, difference.effect_size, difference.test.n) == (1.0, "large", (15, 20))
    assert difference.significant
    assert not difference.small
    success = found.difference("slow", "success")
    assert success is not None
    assert (success.test.p, success.significant, success.change) == (1.0, False, 0.0)


def test_small_groups_are_called_small() -> None:
    """Three sessions prove nothing, and that is said."""
    found = compare_groups([*group("a", [1, 2, 3, 4]), *group("b", [7, 8, 9])], "provider", ["duration_seconds"])
    difference = found.difference("b", "duration_seconds")
    assert difference is not None
    assert (difference.small, difference.significant) == (True, False)


def test_many_tests_are_corrected() -> None:
    """Who makes ten tests finds something by chance; p-values are corrected for that."""
    groups = [row for number in range(6) for row in group(f"g{number}", [float(i + number) for i in range(12)])]
    found = compare_groups(groups, "provider", ["duration_seconds", "errors_encountered"])
    assert len(found.differences) == 15
    assert all(each.p_corrected >= each.test.p for each in found.differences)
    assert any(each.p_corrected > each.test.p for each in found.differences)


def test_the_baseline_can_be_chosen() -> None:
    """Everything is compared with the group that is named, else the largest."""
    rows = [*group("a", [1, 2, 3]), *group("b", [4, 5])]
    assert compare_groups(rows, "provider", baseline="b").baseline == "b"
    assert compare_groups(rows, "provider", baseline="nonsense").baseline == "a"
    assert compare_groups([], "provider").baseline is None


def test_grouping_by_a_tag_of_ones_own() -> None:
    """`tag:mode` groups by what the person has tagged sessions with; those without it are counted as left out."""
    rows = [row(1, tags={"mode": "plan"}), row(2, tags={"mode": "auto"}), row(3)]
    found = compare_groups(rows, "tag:mode")
    assert [each.name for each in found.groups] == ["auto", "plan"]
    assert found.left_out == 1


def test_side_by_side() -> None:
    """All numbers of two sessions, with differences where both know them; tokens are those read and written."""
    first = row(1, metrics={"tokens.input": 100.0, "tokens.output": 50.0, "success": 1.0})
    second = row(2, seconds=90, metrics={"cost_usd": 0.2, "success": 0.0})
    pairs = {pair.metric: pair for pair in side_by_side(first, second)}
    assert pairs["duration_seconds"].difference == 30
    assert pairs["duration_seconds"].change == 0.5
    assert (pairs["tokens"].first, pairs["tokens"].second, pairs["tokens"].difference) == (150, None, None)
    assert pairs["cost_usd"].first is None
    assert "success" not in pairs


# --- the latest against those before ----------------------------------------------------------------------------------


def history(*seconds: float, **latest: Any) -> list[SessionRow]:
    """Return sessions of so many seconds, the last of them the latest, newest first."""
    last = len(seconds) - 1
    return newest_first(row(i, seconds=each, **(latest if i == last else {})) for i, each in enumerate(seconds))


def test_faster_is_improved() -> None:
    """A session that takes less than the ones before, by more than they vary, is an improvement, with its per cent."""
    found = progress(history(100, 110, 95, 105, 100, 50), ["duration_seconds"])
    step = next(step for step in found.steps if step.metric == "duration_seconds")
    assert (step.latest, step.previous, step.n, step.change) == (50, 100, 5, -0.5)
    assert (step.verdict, found.verdict) == (Verdict.IMPROVED, Verdict.IMPROVED)
    assert found.small
    assert found.previous[0] == "s004"


def test_slower_is_worse_and_usual_is_steady() -> None:
    """More of what less is better of is worse; what lies among the earlier ones, or within a tenth, is steady."""
    assert progress(history(100, 110, 95, 105, 100, 200), ["duration_seconds"]).verdict == Verdict.WORSE
    assert progress(history(100, 104), ["duration_seconds"]).verdict == Verdict.STEADY
    assert progress(history(10, 200, 100, 300, 20, 150), ["duration_seconds"]).verdict == Verdict.STEADY


def test_failing_is_worse_whatever_the_rest_says() -> None:
    """A session that failed is no improvement for having been quick, and the first that succeeds is one."""
    found = progress(history(100, 110, 95, 105, 100, 5, success=False), ["duration_seconds"])
    assert found.verdict == Verdict.WORSE
    rows = [row(1, success=False), row(2, success=False), row(3, seconds=500)]
    assert progress(newest_first(rows)).verdict == Verdict.IMPROVED


def test_what_is_neither_good_nor_bad_is_not_judged() -> None:
    """More commands are more commands; without anything to judge, the verdict is unknown."""
    rows = [row(1, success=None, metrics={"commands_executed": 5.0}), row(2, metrics={"commands_executed": 9.0})]
    found = progress(newest_first(rows), ["commands_executed"])
    assert [(step.metric, step.verdict) for step in found.steps] == [("commands_executed", None)]
    assert found.verdict == Verdict.UNKNOWN
    assert progress([row()]).verdict == Verdict.UNKNOWN


# --- figures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("duration_seconds", 0.42, "0.4s"),
        ("duration_seconds", 185, "3m05"),
        ("duration_seconds", 7800, "2h10"),
        ("cost_usd", 0.0, "$0.00"),
        ("cost_usd", 0.00341, "$0.0034"),
        ("cost_usd", 1234.5, "$1,234.50"),
        ("tokens", 45_230, "45.2k"),
        ("tokens", 1_300_000, "1.3M"),
        ("success", 0.93, "93 %"),
        ("errors", 2.5, "2.5"),
        ("errors", None, ""),
    ],
)
def test_figures(metric: str, value: float | None, text: str) -> None:
    """A number is written in its unit and in few characters."""
    assert figures.figure(metric, value) == text


@given(st.floats(0, 1e12))
def test_counts_are_short(value: float) -> None:
    """Whatever the size, a count fits into its column."""
    assert len(figures.count(value)) <= 6


def test_changes() -> None:
    """Changes have a sign; from nothing to something is no per cent."""
    assert [figures.signed_percent(each) for each in (0.35, -0.08, 0.0, None)] == ["+35 %", "−8 %", "±0 %", ""]
    assert (figures.change(0, 5), figures.change(0, 0), figures.change(4, 5)) == (None, 0.0, 0.25)


def test_sparkline() -> None:
    """Bars grow from nothing to the largest value; what is not known is a gap."""
    assert figures.sparkline([0, 1, 2, 4, 8, None]) == "▁▂▃▅█ "
    assert figures.sparkline([]) == ""
    assert figures.sparkline([0.0, 0.0]) == "▁▁"
    assert figures.p_value(0.0004) == "<0.001"
