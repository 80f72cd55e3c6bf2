"""What can be set: the sections with their defaults, and for each key how its value is read and what overrides it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from with_tracking import quantities

DEFAULT_EXPERIMENT = "ai-sessions"


@dataclass(frozen=True, slots=True)
class Mlflow:
    """The section [mlflow]. `tracking_uri` None means the local store under the root."""

    enabled: bool = True
    tracking_uri: str | None = None
    experiment_name: str = DEFAULT_EXPERIMENT
    run_tags: Mapping[str, str] = field(default_factory=dict)
    traces: bool = True


class Content(StrEnum):
    """How much of a session is kept: everything; all but what people and the model wrote; numbers and names alone."""

    FULL = "full"
    NO_PROMPTS = "no-prompts"
    METRICS_ONLY = "metrics-only"


@dataclass(frozen=True, slots=True)
class Privacy:
    """The section [privacy].

    `patterns` are secrets of one's own, by the name that takes their place; what matches one of `allow` is no secret.
    """

    content: Content = Content.FULL
    patterns: Mapping[str, str] = field(default_factory=dict)
    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Retention:
    """The section [retention]: how long sessions that are logged are kept, None for ever.

    `keep_raw` is for recordings alone, `max_size` (bytes) for all session folders together.
    """

    older_than: timedelta | None = None
    keep_raw: timedelta | None = None
    max_size: int | None = None

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return not (self.older_than is None and self.keep_raw is None and self.max_size is None)


@dataclass(frozen=True, slots=True)
class Provider:
    """A section [providers.<wrapper's name>].

    `command` is what the wrapper runs, as shell words; `patterns` are lines of the screen that the person explains, by
    what they are (`parsers.screens.own_patterns`).
    """

    command: str | None = None
    patterns: Mapping[str, re.Pattern[str]] = field(default_factory=dict)


class WrongValueError(ValueError):
    """A wrong value, and why it is wrong."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a value is read: from a file's value, and from an environment variable's text. ValueError if it is wrong.

    `looks` says what it should be; `doubts` names what is wrong in a value that is taken all the same.
    """

    looks: str
    read: Callable[[Any], Any]
    read_text: Callable[[str], Any] | None = None
    doubts: Callable[[Any], Iterator[str]] | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """A key, its kind, and the environment variable that overrides it. `personal` ones count in no project's file."""

    kind: Kind
    variable: str | None = None
    personal: bool = False


_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _switch_text(text: str) -> bool:
    if text.lower() not in _TRUE + _FALSE:
        raise ValueError
    return text.lower() in _TRUE


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _table(value: Any) -> dict[str, str]:
    """Take a table of texts; numbers and switches in it become texts."""
    if not isinstance(value, dict) or not all(isinstance(item, str | int | float) for item in value.values()):
        raise ValueError
    return {key: str(item) for key, item in value.items()}


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError
    return tuple(value)


def _pattern(value: Any) -> re.Pattern[str]:
    try:
        return re.compile(_text(value))
    except re.error as error:
        raise ValueError from error


def _no_patterns(value: Mapping[str, str] | tuple[str, ...]) -> Iterator[str]:
    """Name those that are no regular expressions; the others hold."""
    for text in value.values() if isinstance(value, Mapping) else value:
        try:
            re.compile(text)
        except re.error as error:
            yield f"{text!r} is no regular expression: {error}"


def _line_patterns(value: Any) -> dict[str, re.Pattern[str]]:
    from parsers.screens.own_patterns import compiled  # rarely there

    try:
        return {name: compiled(name, text) for name, text in _table(value).items()}
    except ValueError as error:
        raise WrongValueError(error) from error


SWITCH = Kind("true or false", _switch, _switch_text)
TEXT = Kind("a text in quotes", _text, _text)
TABLE = Kind("a table of texts", _table)
PATTERN_TABLE = Kind("a table of texts", _table, doubts=_no_patterns)
PATTERN_LIST = Kind("a list of texts", _texts, doubts=_no_patterns)
CONTENT = Kind(f"one of {', '.join(Content)}", Content, Content)
AGE = Kind(quantities.AGE_LOOKS, lambda value: quantities.age(_text(value)), quantities.age)
SIZE = Kind(quantities.SIZE_LOOKS, lambda value: quantities.size(_text(value)), quantities.size)
PATTERN = Kind("a regular expression in quotes", _pattern)
LINE_PATTERNS = Kind("a table of regular expressions for lines of the screen", _line_patterns)

SETTINGS: Mapping[str, Mapping[str, Setting]] = {
    "mlflow": {
        "enabled": Setting(SWITCH, "WITH_TRACKING_MLFLOW"),
        # Not a project's to say: a cloned repository could send sessions away.
        "tracking_uri": Setting(TEXT, "MLFLOW_TRACKING_URI", personal=True),
        "experiment_name": Setting(TEXT, "MLFLOW_EXPERIMENT_NAME"),
        "run_tags": Setting(TABLE),
        "traces": Setting(SWITCH, "WITH_TRACKING_TRACES"),
    },
    "privacy": {
        "content": Setting(CONTENT, "WITH_TRACKING_CONTENT"),
        "patterns": Setting(PATTERN_TABLE),
        "allow": Setting(PATTERN_LIST, personal=True),
    },
    "retention": {  # one archive for all projects: none of them may shorten it
        "older_than": Setting(AGE, personal=True),
        "keep_raw": Setting(AGE, personal=True),
        "max_size": Setting(SIZE, personal=True),
    },
}

PROVIDER: Mapping[str, Setting] = {  # a project that is cloned must not say what is run, nor how it is understood
    "command": Setting(TEXT, personal=True),
    "patterns": Setting(LINE_PATTERNS, personal=True),
}
"""What [providers.<name>] may hold."""

RULES = ("alerts", "hooks")
"""Sections that `alerting.alerts_config` reads, and only when they are needed."""
