"""What comes back in many sessions: errors and what made them go away, commands that are tried again.

Plain counting, no model is asked: a command that failed and later succeeded in the same session was fixed by what was
done between the two, as far as counting can tell.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from parsers.session import Category, ErrorKind
from with_tracking.history.rows import value_of
from with_tracking.history.session_rows import SessionRow
from with_tracking.history.signatures import command_signature, error_signature
from with_tracking.history.statistics import median
from with_tracking.history.stories import Story, Use

AGAIN = "the same command again, with nothing between"
COMPLEXITY = ("commands_executed", "tool_uses", "files", "user_interactions", "errors_encountered", "active_seconds")
"""What makes a session complex. `files` are those read, edited and written."""
_LOOKS = re.compile(
    r"(?:cat|ls|ll|pwd|head|tail|grep|rg|find|which|wc|echo|sed -n|git (?:status|diff|log|show|branch|blame))\b"
    r"(?!.*[>|&;])"
)
"""Commands that only look change nothing."""
_FILES = ("files_read", "files_edited", "files_written")


@dataclass(frozen=True, slots=True)
class Fix:
    """What was done between a failure and the next success of the same command, and how often."""

    what: str
    count: int


@dataclass(frozen=True, slots=True)
class Recurring:
    """An error, or a command that failed, in more than one session.

    `text` is its signature (N stands for numbers, … for folders); `kind` is that of the errors, or `command`. `fixed`
    is how many of the `count` times the same command later succeeded in the session, `fixes` what came between.
    """

    kind: str
    text: str
    count: int
    sessions: tuple[str, ...]
    fixed: int = 0
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True, slots=True)
class Retried:
    """A command that was run again after it had failed: in how many sessions, how often, and with what end.

    `attempts` is the median number of runs until it succeeded, None if it never did.
    """

    command: str
    sessions: int
    retries: int
    recovered: int
    attempts: float | None


@dataclass(frozen=True, slots=True)
class Complexity:
    """How complex a session is among the others, 0 to 100: the mean of its ranks in `parts`, each 0 to 100 too.

    A rank of 90 in commands says that 90 % of the sessions ran fewer.
    """

    session_id: str
    prompt: str | None
    score: float
    parts: Mapping[str, float]


@dataclass(slots=True)
class _Tally:
    """What is counted of one signature."""

    sessions: dict[str, None] = field(default_factory=dict)
    count: int = 0
    fixed: int = 0
    fixes: Counter[str] = field(default_factory=Counter)


def recurring_errors(stories: Iterable[Story], at_least: int = 2) -> list[Recurring]:
    """Return the errors that came in at least so many sessions, those of the most sessions first."""
    tallies: dict[tuple[str, str], _Tally] = {}
    for story in stories:
        for kind, text, fix in _errors(story):
            _count(tallies, (kind, text), story.session_id, fix)
    return _frequent(tallies, at_least)


def failing_commands(stories: Iterable[Story], at_least: int = 2) -> list[Recurring]:
    """Return the commands that failed in at least so many sessions, those of the most sessions first."""
    tallies: dict[tuple[str, str], _Tally] = {}
    for story in stories:
        for number, use in enumerate(story.tool_uses):
            if use.failed and use.command:
                fix = _fix(story.tool_uses, number)
                _count(tallies, ("command", command_signature(use.command)), story.session_id, fix)
    return _frequent(tallies, at_least)


def retried_commands(stories: Iterable[Story]) -> list[Retried]:
    """Return the commands that were run again after they had failed, the most retried first."""
    runs: dict[str, list[list[bool]]] = {}
    for story in stories:
        here: dict[str, list[bool]] = {}
        for use in story.tool_uses:
            if use.command and use.stopped is None and use.ok is not None:
                here.setdefault(command_signature(use.command), []).append(use.ok)
        for command, outcomes in here.items():
            if False in outcomes[:-1]:
                runs.setdefault(command, []).append(outcomes[outcomes.index(False) :])
    found = [_retried(command, some) for command, some in runs.items()]
    return sorted(found, key=lambda each: (-each.retries, each.command))


def complexity(rows: Sequence[SessionRow]) -> list[Complexity]:
    """Return how complex each session is among these, the most complex first, without those that nobody has read."""
    read = [row for row in rows if row.metrics]
    columns = {part: sorted(_part(row, part) for row in read) for part in COMPLEXITY}
    found = []
    for row in read:
        parts = {part: _rank(columns[part], _part(row, part)) for part in COMPLEXITY}
        found.append(Complexity(row.session_id, row.prompt, sum(parts.values()) / len(parts), parts))
    return sorted(found, key=lambda each: -each.score)


def _errors(story: Story) -> Iterator[tuple[str, str, str | None]]:
    """Yield kind, signature and fix of each error; interruptions and denials are people's decisions, no errors."""
    for number, use in enumerate(story.tool_uses):
        if use.failed and (text := use.output or use.command):
            kind = ErrorKind.COMMAND_FAILED if use.category is Category.SHELL else ErrorKind.TOOL_ERROR
            yield kind, error_signature(text), _fix(story.tool_uses, number)
    for error in story.errors:
        if error.kind is ErrorKind.API_ERROR:
            yield error.kind, error_signature(error.text), None


def _fix(uses: Sequence[Use], failed: int) -> str | None:
    """Return what was done last before the command that failed succeeded; None if it did not, or failed again first."""
    command = uses[failed].command
    if not command:
        return None
    wanted, last = command_signature(command), AGAIN
    for use in uses[failed + 1 :]:
        if use.command and command_signature(use.command) == wanted:
            return last if use.ok else None
        if use.ok is not False and (done := _done(use)):
            last = done
    return None


def _done(use: Use) -> str | None:
    """Say what changed something: a command, or an edit with its file. Reading and searching change nothing."""
    if use.category is Category.SHELL:
        return command_signature(use.command) if use.command and not _LOOKS.match(use.command) else None
    if use.category in (Category.EDIT, Category.WRITE) and use.files:
        return f"{use.category} {use.files[0].rsplit('/', 1)[-1]}"
    return None


def _count(tallies: dict[tuple[str, str], _Tally], key: tuple[str, str], session_id: str, fix: str | None) -> None:
    tally = tallies.setdefault(key, _Tally())
    tally.count += 1
    tally.sessions[session_id] = None
    if fix is not None:
        tally.fixed += 1
        tally.fixes[fix] += 1


def _frequent(tallies: Mapping[tuple[str, str], _Tally], at_least: int) -> list[Recurring]:
    found = [
        Recurring(
            kind=str(kind),
            text=text,
            count=tally.count,
            sessions=tuple(tally.sessions),
            fixed=tally.fixed,
            fixes=tuple(Fix(what, times) for what, times in tally.fixes.most_common(5)),
        )
        for (kind, text), tally in tallies.items()
        if text and len(tally.sessions) >= at_least
    ]
    return sorted(found, key=lambda each: (-len(each.sessions), -each.count, each.text))


def _retried(command: str, runs: Sequence[Sequence[bool]]) -> Retried:
    recovered = [outcomes.index(True) + 1 for outcomes in runs if True in outcomes]
    return Retried(
        command=command,
        sessions=len(runs),
        retries=sum((outcomes.index(True) if True in outcomes else len(outcomes) - 1) for outcomes in runs),
        recovered=len(recovered),
        attempts=median(recovered) if recovered else None,
    )


def _part(row: SessionRow, part: str) -> float:
    """Return what counts for a session's complexity; what is not known counts as nothing."""
    if part == "files":
        return sum(row.metrics.get(name, 0.0) for name in _FILES)
    return value_of(row, part) or 0.0


def _rank(ordered: Sequence[float], value: float) -> float:
    """Return the share of values that are smaller, equal ones counted half, from 0 to 100."""
    return 50 * (bisect_left(ordered, value) + bisect_right(ordered, value)) / len(ordered)
