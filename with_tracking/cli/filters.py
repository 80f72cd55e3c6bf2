"""The options by which all commands choose sessions, and the times and durations in them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from with_tracking import quantities
from with_tracking.cli import tab_key
from with_tracking.history.filters import Filters


class When(click.ParamType[datetime]):
    """A time: so long ago (30d, 12h, 2w), a date, a date with a time, `today` or `yesterday`.

    A date is one of this computer's days; `end` makes it mean the end of the day.
    """

    name = "when"

    def __init__(self, *, end: bool = False) -> None:
        self.end = end

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the time."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        try:
            return _ago(text) or self._date(text)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time: write 30d, 12h, 2w or 2026-11-20.", param, ctx)

    def _date(self, text: str) -> datetime:
        days = {"today": 0, "yesterday": 1}.get(text)
        if days is not None:
            text = f"{datetime.now().astimezone() - timedelta(days=days):%Y-%m-%d}"
        moment = datetime.fromisoformat(text)
        if self.end and len(text) <= len("2026-11-20"):
            moment += timedelta(days=1)
        return moment.astimezone()


class Duration(click.ParamType[timedelta]):
    """A duration: 90s, 5m, 2h; a bare number is of seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read the duration."""
        if isinstance(value, timedelta):
            return value
        text = str(value).strip()
        try:
            return quantities.age(text + "s" if text.isdigit() else text)
        except ValueError:
            self.fail(f"{value!r} is no duration: write 90s, 5m or 2h.", param, ctx)


class Tag(click.ParamType[tuple[str, str | None]]):
    """A tag with its value, or only its name."""

    name = "tag"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str | None]:
        """Split at the first `=`."""
        if isinstance(value, tuple):
            return value
        key, equals, text = str(value).partition("=")
        if not key:
            self.fail(f"{value!r} is no tag: write key=value.", param, ctx)
        return key, text if equals else None


REMOTE = click.option("--remote", is_flag=True, help="Ask the MLflow store that the settings name, not this archive.")


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that choose sessions; it gets them as one argument `filters`."""

    @functools.wraps(command)
    def with_filters(**values: Any) -> Any:
        chosen = {name: values.pop(name) for name in _NAMES}
        return command(filters=Filters(**chosen), **values)

    wrapped: Callable[..., Any] = with_filters
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def _many(name: str, metavar: str, text: str, *names: str, **more: Any) -> Callable[..., Any]:
    return click.option(name, *names, multiple=True, metavar=metavar, help=text, **more)


_NAMES = (
    "provider", "procedure", "issue", "model", "since", "until", "branch", "repo", "failed", "min_duration", "tags",
)  # fmt: skip
_OPTIONS: Sequence[Callable[..., Any]] = (
    _many(
        "--provider",
        "NAME",
        "Of this assistant: claude, codex, openai_codex, …",
        shell_complete=tab_key.names("provider", "assistant"),
    ),
    _many(
        "--procedure",
        "NAME",
        "Of this procedure: close-issue; * stands for anything.",
        shell_complete=tab_key.names("procedure"),
    ),
    _many("--issue", "NUMBER", "About this issue."),
    _many("--model", "NAME", "With this model; a part of its name is enough.", shell_complete=tab_key.names("model")),
    click.option("--since", type=When(), help="Begun after this: 7d, 12h, today or 2026-11-01."),
    click.option("--until", type=When(end=True), help="Begun before this; a date counts to its end."),
    _many("--branch", "NAME", "On this git branch; * stands for anything.", shell_complete=tab_key.names("branch")),
    _many(
        "--repo",
        "NAME",
        "In this git repository: its folder's name, or its path.",
        shell_complete=tab_key.names("repo"),
    ),
    click.option("--failed", is_flag=True, help="Only those that ended badly."),
    click.option("--min-duration", type=Duration(), help="That took at least so long: 90s, 5m, 2h."),
    _many("--tag", "KEY[=VALUE]", "With this tag, your own or the run's.", "tags", type=Tag()),
)


def _ago(text: str) -> datetime | None:
    try:
        return datetime.now(UTC) - quantities.age(text)
    except ValueError:
        return None
