"""What the names and functions in conditions mean: facts of a session, sums of today, the sessions before it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from with_tracking.alerting.conditions import Value
from with_tracking.history.figures import change
from with_tracking.history.rows import key_of, success_rate, value_of, values_of
from with_tracking.history.session_rows import SessionRow
from with_tracking.history.statistics import median

FACTS = ("provider", "model", "procedure", "branch", "repo", "host")
METRICS = (
    "duration_seconds", "active_seconds", "success", "exit_code", "user_interactions", "commands_executed",
    "commands_failed", "git_operations", "tool_uses", "files_read", "files_edited", "files_written", "lines_added",
    "lines_removed", "errors_encountered", "interruptions", "permissions_denied", "assistant_messages", "subagents",
    "tokens", "cost_usd", "transcript_bytes",
)  # fmt: skip
"""The numbers of a session; those that begin with one of `FAMILIES` are, too."""
FAMILIES = ("tokens.", "errors.", "tool_uses.")
TIMES = {"_today": 1, "_this_week": 7}
"""What makes a name that of a sum: `cost_usd_today`, `sessions_this_week` (the last seven days, today included)."""
OPTIONS = (*FACTS, "last", "days")


@dataclass(frozen=True, slots=True)
class Function:
    """A function of conditions: whether it takes a number's name, and what it makes of the sessions that are meant."""

    takes_metric: bool
    of: Callable[[Sequence[SessionRow], str], float | None]


def _sum(rows: Sequence[SessionRow], metric: str) -> float | None:
    return sum(values_of(rows, metric))


def _median(rows: Sequence[SessionRow], metric: str) -> float | None:
    values = values_of(rows, metric)
    return median(values) if values else None


def _regression(rows: Sequence[SessionRow], metric: str) -> float | None:
    """Return by which share the newest session is above the median of the others: 0.5 is half as much again."""
    return change(_median(rows[1:], metric), value_of(rows[0], metric)) if len(rows) > 1 else None


FUNCTIONS: Mapping[str, Function] = {
    "success_rate": Function(False, lambda rows, _: success_rate(rows)),
    "count": Function(False, lambda rows, _: float(len(rows))),
    "failures": Function(False, lambda rows, _: float(sum(row.success is False for row in rows))),
    "sum": Function(True, _sum),
    "median": Function(True, _median),
    "regression": Function(True, _regression),
}
"""`regression` is about the newest session and up to `last` (10) before it, of the same procedure."""


class AlertLanguage:
    """Which names and functions there are."""

    def check_name(self, name: str) -> str | None:
        """Say what is wrong with a name, None if nothing is."""
        base = name
        for ending in TIMES:
            base = base.removesuffix(ending)
        if base in METRICS or base.startswith(FAMILIES) or (base == "sessions" and base != name):
            return None
        if name in FACTS:
            return None
        known = [*METRICS, *FACTS, *(metric + ending for metric in (*METRICS, "sessions") for ending in TIMES)]
        return f"there is no {name!r}{_nearest(name, known)}"

    def check_call(self, function: str, arguments: list[str], options: Mapping[str, Value]) -> str | None:
        """Say what is wrong with a call, None if nothing is."""
        if function not in FUNCTIONS:
            return f"there is no {function}(…){_nearest(function, FUNCTIONS)}"
        takes = FUNCTIONS[function].takes_metric
        if len(arguments) != takes:
            return f"{function}(…) takes {'the name of a number first' if takes else 'options alone'}"
        for metric in arguments:
            if metric not in METRICS and not metric.startswith(FAMILIES):
                return f"there is no number {metric!r}{_nearest(metric, METRICS)}"
        for name, value in options.items():
            if name not in OPTIONS:
                return f"{function}(…) has no option {name!r}{_nearest(name, OPTIONS)}"
            number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 1
            if (name in ("last", "days")) != number:
                return f"{name}={value!r} must be {'a number from 1 on' if name in ('last', 'days') else 'a text'}"
        return None


def _fits(row: SessionRow, name: str, value: Value) -> bool:
    """Tell whether an option means the session; as in filters, a provider may be named in short."""
    return key_of(row, name) == value or (name == "provider" and row.assistant == value)


def _nearest(name: str, known: Sequence[str] | Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(list(known)[:12])} …"


@dataclass(frozen=True, slots=True)
class AlertScope:
    """The sessions up to one of them, newest first; names stand for the first one's facts. `now` is when it ended."""

    rows: Sequence[SessionRow]
    now: datetime

    def value(self, name: str) -> Value:
        """Return a fact or a number of the session, or a sum of today or this week."""
        for ending, days in TIMES.items():
            if name.endswith(ending):
                recent = self._since(days)
                base = name.removesuffix(ending)
                return float(len(recent)) if base == "sessions" else sum(values_of(recent, base))
        if not self.rows:
            return None
        row = self.rows[0]
        if name == "success":
            return None if row.success is None else float(row.success)
        return key_of(row, name) if name in FACTS else value_of(row, name)

    def call(self, function: str, arguments: list[str], options: Mapping[str, Value]) -> Value:
        """Return what a function makes of the sessions that its options mean."""
        found, chosen = FUNCTIONS[function], dict(options)
        last = chosen.pop("last", None)
        days = chosen.pop("days", None)
        rows = self._since(float(days)) if days is not None else list(self.rows)
        if function == "regression" and self.rows:
            chosen.setdefault("procedure", self.rows[0].procedure_name)
            last = float(last or 10) + 1
        rows = [row for row in rows if all(_fits(row, name, value) for name, value in chosen.items())]
        if function == "regression" and rows[:1] != list(self.rows[:1]):
            return None  # it is about another session
        return found.of(rows if last is None else rows[: int(float(last))], *(arguments or [""]))

    def _since(self, days: float) -> list[SessionRow]:
        """Return the sessions begun today (1) or on the days before, by this computer's midnight."""
        midnight = self.now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        first = midnight - timedelta(days=days - 1)
        return [row for row in self.rows if row.started_at is not None and row.started_at >= first]
