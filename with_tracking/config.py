"""The settings: the person's config.toml, a project's .with-tracking.toml, the environment, in rising order.

A wrong setting is never fatal: it is named with its file and line, and the default is used.
"""

from __future__ import annotations

import contextlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from with_tracking import paths, pricing
from with_tracking.errors import WithTrackingError

PROJECT_FILE = ".with-tracking.toml"
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
class Config:
    """All settings, and what was wrong in the files, one sentence each. `prices` are by model."""

    mlflow: Mlflow = Mlflow()
    privacy: Privacy = field(default_factory=Privacy)
    prices: Mapping[str, pricing.Rate] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Setting:
    """A key that files may hold, its type, and the environment variable that overrides it."""

    type: type
    variable: str | None = None


SETTINGS: Mapping[str, Mapping[str, _Setting]] = {
    "mlflow": {
        "enabled": _Setting(bool, "WITH_TRACKING_MLFLOW"),
        "tracking_uri": _Setting(str, "MLFLOW_TRACKING_URI"),
        "experiment_name": _Setting(str, "MLFLOW_EXPERIMENT_NAME"),
        "run_tags": _Setting(dict),
        "traces": _Setting(bool, "WITH_TRACKING_TRACES"),
    },
    "privacy": {
        "content": _Setting(Content, "WITH_TRACKING_CONTENT"),
        "patterns": _Setting(dict),
        "allow": _Setting(tuple),
    },
}
TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def load(environ: Mapping[str, str], cwd: Path) -> Config:
    """Read the settings that hold in `cwd`."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for file in _files(environ, cwd):
        for key, value in _read(file, problems):
            old = values.get(key)
            values[key] = {**old, **value} if isinstance(old, dict) else value
    values.update(_from_environment(environ, problems))
    prices = values.pop("prices", {})
    mlflow, privacy = (_section(values, name) for name in ("mlflow", "privacy"))
    return Config(Mlflow(**mlflow), Privacy(**privacy), prices, tuple(problems))


def _section(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the settings of one section, by their own names."""
    return {key.removeprefix(f"{name}."): value for key, value in values.items() if key.startswith(f"{name}.")}


def _files(environ: Mapping[str, str], cwd: Path) -> Iterator[Path]:
    """Yield the files that hold in `cwd`, the weakest first."""
    with contextlib.suppress(WithTrackingError):  # no HOME: then there is no file of the person's own
        yield paths.user_config(environ)
    candidates = (folder / PROJECT_FILE for folder in (cwd, *cwd.parents))
    project = next((file for file in candidates if os.path.isfile(file)), None)  # a cwd may be no path of this system
    if project is not None:
        yield project


def _read(file: Path, problems: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield the known settings of a file, as `section.key`; what is not right goes to `problems`."""
    try:
        text = file.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{file}: {error}")
        return
    for section, table in content.items():
        if section == "prices" and isinstance(table, dict):
            rates, wrong_prices = pricing.rates(table)
            problems += [f"{_place(file, text, None, section)}: {sentence}" for sentence in wrong_prices]
            yield section, rates
            continue
        known = SETTINGS.get(section)
        if known is None or not isinstance(table, dict):
            problems.append(f"{_place(file, text, None, section)}: unknown setting {section}")
            continue
        for key, value in table.items():
            if key not in known:
                problems.append(f"{_place(file, text, section, key)}: unknown setting {section}.{key}")
            elif (wrong := _wrong_type(value, known[key].type)) is not None:
                problems.append(f"{_place(file, text, section, key)}: {section}.{key} must be {wrong}")
            else:
                yield f"{section}.{key}", _plain(value, known[key].type)


def _wrong_type(value: object, wanted: type) -> str | None:
    """Return what the value should have been, None if it is right."""
    if wanted is dict:
        simple = isinstance(value, dict) and all(isinstance(item, str | int | float) for item in value.values())
        return None if simple else "a table of texts"
    if wanted is tuple:
        return None if isinstance(value, list) and all(isinstance(i, str) for i in value) else "a list of texts"
    if wanted is Content:
        return None if value in set(Content) else f"one of {', '.join(Content)}"
    names = {bool: "true or false", str: "a text in quotes"}
    return None if isinstance(value, wanted) else names[wanted]


def _plain(value: object, wanted: type) -> object:
    """Return the value as its type: tags as texts, however they were written."""
    if isinstance(value, dict):
        return {key: str(item) for key, item in value.items()}
    return wanted(value)


def _place(file: Path, text: str, section: str | None, key: str) -> str:
    """Return `file:line` of a key; tomllib keeps no lines, so the first line that looks like it is taken."""
    lines = text.splitlines()
    header = re.compile(rf"\s*\[+\s*{re.escape(section or key)}\b")
    first = next((n for n, line in enumerate(lines) if header.match(line)), 0)
    entry = re.compile(rf"""\s*(\[+\s*)?({re.escape(section)}\.)?["']?{re.escape(key)}\b""" if section else header)
    line = next((n for n, line in enumerate(lines) if n >= first and entry.match(line)), first)
    return f"{file}:{line + 1}"


def _from_environment(environ: Mapping[str, str], problems: list[str]) -> Iterator[tuple[str, Any]]:
    for section, keys in SETTINGS.items():
        for key, setting in keys.items():
            value = environ.get(setting.variable or "", "")
            if not value:
                continue
            if setting.type is bool and value.lower() in TRUE + FALSE:
                yield f"{section}.{key}", value.lower() in TRUE
            elif (wrong := _wrong_type(value, setting.type)) is not None:
                problems.append(f"{setting.variable} must be {wrong}")
            else:
                yield f"{section}.{key}", _plain(value, setting.type)
