"""What a team wants to know of a time: what was worked on, what it cost, what keeps failing, what works best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from with_tracking.history.patterns import Recurring, failing_commands, recurring_errors
from with_tracking.history.procedure_rates import Rate, procedure_rates
from with_tracking.history.rows import grouped, success_rate, value_of
from with_tracking.history.session_rows import SessionRow
from with_tracking.history.stories import Story
from with_tracking.history.timeline import Period, Sums, Unit, sums, timeline

TOP = 5
"""So many of the slowest, the costliest, the best."""
NO_REPO = "(no repository)"


@dataclass(frozen=True, slots=True)
class Work:
    """What was done in one repository: sums, the branches and issues, and how often commits and the like were made."""

    repo: str
    sums: Sums
    branches: tuple[str, ...]
    issues: tuple[str, ...]
    outcomes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A session and the number that it is named for."""

    session_id: str
    prompt: str | None
    assistant: str | None
    value: float


@dataclass(frozen=True, slots=True)
class Report:
    """A report on the sessions that began from `since` to `until`; `before` are the sums of as long a time before it.

    `worst` are procedures and prompts, used more than once, that mostly fail or surely fail more often than the rest;
    `best` are the others, by the lower end of what their rate likely is.
    """

    since: datetime | None
    until: datetime
    total: Sums
    before: Sums | None
    work: tuple[Work, ...]
    by_provider: Mapping[str, Sums]
    by_model: Mapping[str, Sums]
    days: tuple[Period, ...]
    errors: tuple[Recurring, ...]
    commands: tuple[Recurring, ...]
    slowest: tuple[Ranked, ...]
    costliest: tuple[Ranked, ...]
    best: tuple[Rate, ...]
    worst: tuple[Rate, ...]
    schema_version: int = 1


def make_report(
    rows: Sequence[SessionRow],
    before: Sequence[SessionRow] | None,
    stories: Sequence[Story],
    *,
    since: datetime | None,
    until: datetime,
) -> Report:
    """Make the report of sessions; `before` are those of the time to compare with, None if there is none."""
    rates = [*procedure_rates(rows), *procedure_rates([row for row in rows if not row.procedure_name], "prompt")]
    elsewhere = [row for row in rows if not row.repo]
    used = [rate for rate in rates if rate.n > 1]
    usual = success_rate(rows) or 0.0
    worst = [rate for rate in used if rate.rate < 0.5 or rate.interval[1] < usual]
    best = [rate for rate in used if rate not in worst]
    return Report(
        since=since,
        until=until,
        total=sums(rows),
        before=None if before is None else sums(before),
        work=tuple(_work(name, some) for name, some in (*grouped(rows, "repo").items(), (NO_REPO, elsewhere)) if some),
        by_provider={name: sums(some) for name, some in grouped(rows, "provider").items()},
        by_model={name: sums(some) for name, some in grouped(rows, "model").items()},
        days=tuple(timeline(rows, Unit.DAY, until=until.astimezone().date())),
        errors=tuple(recurring_errors(stories)[:TOP]),
        commands=tuple(failing_commands(stories)[:TOP]),
        slowest=_largest(rows, "duration_seconds"),
        costliest=_largest(rows, "cost_usd"),
        best=tuple(sorted(best, key=lambda rate: -rate.interval[0])[:TOP]),
        worst=tuple(sorted(worst, key=lambda rate: rate.interval[1])[:TOP]),
    )


def _work(repo: str, rows: Sequence[SessionRow]) -> Work:
    branches = Counter(row.git.branch for row in rows if row.git.branch)
    issues = dict.fromkeys(row.issue_number for row in rows if row.issue_number)
    outcomes = Counter(outcome for row in rows for outcome in row.outcomes)
    names = tuple(branch for branch, _ in branches.most_common(TOP))
    return Work(repo, sums(rows), names, tuple(issues), dict(outcomes.most_common()))


def _largest(rows: Sequence[SessionRow], metric: str) -> tuple[Ranked, ...]:
    known = [(value, row) for row in rows if (value := value_of(row, metric))]
    ordered = sorted(known, key=lambda pair: -pair[0])[:TOP]
    return tuple(Ranked(row.session_id, row.prompt, row.assistant, value) for value, row in ordered)
