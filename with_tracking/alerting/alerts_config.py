"""The sections [[alerts]] and [hooks] of the person's own config.toml.

They say what is run, so a project's file may not have them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from with_tracking import paths
from with_tracking.alerting.alert_scope import AlertLanguage
from with_tracking.alerting.conditions import Condition, ConditionError, read_condition
from with_tracking.errors import WithTrackingError
from with_tracking.settings import RULES
from with_tracking.settings_file import text_of

EVENTS = ("on_session_start", "on_session_end", "on_error")
_TEXTS = ("message", "command", "webhook")


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule and what is done when it holds after a session. `apprise` are addresses of the package of that name."""

    name: str
    when: Condition
    message: str | None = None
    desktop: bool = False
    command: str | None = None
    webhook: str | None = None
    apprise: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in the file, as a sentence; in which of the alerts, and under which key of the section."""

    text: str
    key: tuple[str, ...] = ()
    nth: int = 0


@dataclass(frozen=True, slots=True)
class AfterSession:
    """What is to be done after a session, and what was wrong in the file."""

    alerts: tuple[Alert, ...] = ()
    hooks: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.alerts or self.hooks)


def load(environ: Mapping[str, str]) -> AfterSession:
    """Read the person's own file; nothing is to be done where there is none or it is broken."""
    try:
        content = tomllib.loads(text_of(paths.user_config(environ)))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, WithTrackingError):
        return AfterSession()
    return read({section: content[section] for section in RULES if section in content})


def read(content: Mapping[str, Any]) -> AfterSession:
    """Read the two sections; what is wrong is named and left out."""
    problems: list[Problem] = []
    alerts = tuple(_alerts(content.get("alerts", []), problems))
    return AfterSession(alerts, dict(_hooks(content.get("hooks", {}), problems)), tuple(problems))


def _alerts(tables: Any, problems: list[Problem]) -> Iterator[Alert]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append(Problem("alerts are written as [[alerts]], each with a name and when"))
        return
    for number, table in enumerate(tables, 1):
        name = table.get("name", f"alert {number}")
        try:
            yield _alert(str(name), table)
        except ConditionError as error:
            problems.append(Problem(f"the alert {name!r} cannot be read: {error}", nth=number - 1))


def _alert(name: str, table: Mapping[str, Any]) -> Alert:
    unknown = set(table) - {"name", "when", "desktop", "apprise", *_TEXTS}
    if unknown:
        raise ConditionError(f"unknown setting {', '.join(sorted(unknown))}")
    texts = {key: table[key] for key in _TEXTS if key in table}
    apprise = table.get("apprise", [])
    apprise = [apprise] if isinstance(apprise, str) else apprise
    if not isinstance(table.get("when"), str) or not all(isinstance(text, str) for text in texts.values()):
        raise ConditionError(f"when, {', '.join(_TEXTS)} are texts in quotes, and when there must be")
    if not isinstance(apprise, list) or not all(isinstance(each, str) for each in apprise):
        raise ConditionError("apprise is a list of texts")
    if not str(texts.get("webhook", "https://")).startswith(("http://", "https://")):
        raise ConditionError("webhook is an address: https://…")
    if not isinstance(table.get("desktop", False), bool):
        raise ConditionError("desktop is true or false")
    when = read_condition(table["when"], AlertLanguage())
    return Alert(name, when, desktop=table.get("desktop", False), apprise=tuple(apprise), **texts)


def _hooks(table: Any, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    if not isinstance(table, dict):
        problems.append(Problem("hooks are written in a section [hooks]"))
        return
    for event, command in table.items():
        if event not in EVENTS:
            problems.append(Problem(f"unknown setting hooks.{event}; there are {', '.join(EVENTS)}", (event,)))
        elif not isinstance(command, str) or not command.strip():
            problems.append(Problem(f"hooks.{event} must be a command in quotes", (event,)))
        else:
            yield event, command
