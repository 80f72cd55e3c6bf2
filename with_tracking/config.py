"""The settings: the person's config.toml, a project's .with-tracking.toml, the environment, in rising order.

A wrong setting is never fatal: it is named with its file and line, and the default is used.
"""

from __future__ import annotations

import contextlib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from with_tracking import paths, pricing
from with_tracking.errors import WithTrackingError
from with_tracking.settings import (
    DEFAULT_EXPERIMENT,
    PATTERN,
    PROVIDER,
    RULES,
    SETTINGS,
    Content,
    Mlflow,
    Privacy,
    Provider,
    Retention,
    Setting,
    WrongValueError,
)
from with_tracking.settings_file import text_of

__all__ = ["DEFAULT_EXPERIMENT", "Config", "Content", "Mlflow", "Privacy", "Provider", "Retention", "files", "load"]

PROJECT_FILE = ".with-tracking.toml"
_RELATIVE = re.compile(r"^sqlite:///(?![/:]|$)")
"""An address that MLflow takes from wherever a process works; here it is from where the session was."""


@dataclass(frozen=True, slots=True)
class Config:
    """All settings, and what was wrong in the files, one sentence each.

    `prices` are by model, `procedures` (patterns of prompts) and `providers` by name. `origins` tells for each setting
    that is not the default where it was set: `file:line` or `$VARIABLE`.
    """

    mlflow: Mlflow = field(default_factory=Mlflow)
    privacy: Privacy = field(default_factory=Privacy)
    retention: Retention = field(default_factory=Retention)
    providers: Mapping[str, Provider] = field(default_factory=dict)
    procedures: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    prices: Mapping[str, pricing.Rate] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Found:
    """A setting that a file or the environment holds: its names from the section down, its value and its place."""

    names: tuple[str, ...]
    value: Any
    origin: str

    @property
    def from_project(self) -> bool:
        """Whether a project says so, which may keep less of its sessions than the person does, but not more."""
        return PROJECT_FILE in self.origin


def load(environ: Mapping[str, str], cwd: Path) -> Config:
    """Read the settings that hold in `cwd`."""
    problems: list[str] = []
    values: dict[tuple[str, ...], Any] = {}
    origins: dict[str, str] = {}
    read = [found for file in files(environ, cwd) for found in _read(file, problems)]
    for found in (*read, *_from_environment(environ, problems)):
        old, name = values.get(found.names), ".".join(found.names)
        if isinstance(old, dict):
            values[found.names] = {**old, **found.value}
            origins[name] += f", {found.origin}"
        elif not (isinstance(old, Content) and found.from_project and _more(found.value, old)):
            values[found.names] = found.value
            origins[name] = found.origin
    if address := values.get(("mlflow", "tracking_uri")):
        values["mlflow", "tracking_uri"] = _RELATIVE.sub(lambda match: f"{match[0]}{cwd.absolute()}/", address)
    return Config(
        Mlflow(**_section(values, "mlflow")),
        Privacy(**_section(values, "privacy")),
        Retention(**_section(values, "retention")),
        {name: Provider(**_section(values, "providers", name)) for name in _names(values, "providers")},
        _section(values, "procedures"),
        _section(values, "prices"),
        tuple(problems),
        origins,
    )


def files(environ: Mapping[str, str], cwd: Path) -> Iterator[Path]:
    """Yield the files that hold in `cwd`, the weakest first; the person's own comes even if it is not there."""
    with contextlib.suppress(WithTrackingError):  # no HOME: then there is no file of the person's own
        yield paths.user_config(environ)
    candidates = (folder / PROJECT_FILE for folder in (cwd, *cwd.parents))
    project = next((file for file in candidates if os.path.isfile(file)), None)  # a cwd may be no path of this system
    if project is not None:
        yield project


def _section(values: Mapping[tuple[str, ...], Any], *section: str) -> dict[str, Any]:
    """Return the settings of one section, by their own names."""
    return {names[-1]: value for names, value in values.items() if names[:-1] == section}


def _more(content: Content, than: Content) -> bool:
    return list(Content).index(content) < list(Content).index(than)


def _names(values: Iterable[tuple[str, ...]], section: str) -> Iterator[str]:
    return (names[1] for names in values if names[0] == section)


# --- files ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _File:
    """A settings file. What is not right in it goes to `problems`."""

    path: Path
    text: str
    problems: list[str]

    def place(self, *names: str, nth: int = 0) -> str:
        """Return `file:line` of a setting; tomllib keeps no lines, so the first line that looks like it is taken.

        `nth` counts from 0 through sections of the same name.
        """
        lines = self.text.splitlines()
        *section, key = map(_loosely, names)
        header = re.compile(r"\s*\[+\s*" + r"\s*\.\s*".join(section or [key]))
        first = next(islice((n for n, line in enumerate(lines) if header.match(line)), nth, None), 0)
        dotted = r"\s*\.\s*".join(section)
        entry = re.compile(rf"\s*(\[+\s*)?({dotted}\s*\.\s*)?{key}") if section else header
        line = next((n for n, line in enumerate(lines) if n >= first and entry.match(line)), first)
        return f"{self.path}:{line + 1}"

    def wrong(self, what: str, *names: str, nth: int = 0) -> None:
        """Name something that is not right, with its place."""
        self.problems.append(f"{self.place(*names, nth=nth)}: {what}")


def _loosely(name: str) -> str:
    """Return a pattern of a name as it may stand in a file, with or without quotes."""
    return rf"""["']?{re.escape(name)}(?![\w-])["']?"""


def _read(path: Path, problems: list[str]) -> Iterator[_Found]:
    """Yield the known settings of a file."""
    try:
        text = text_of(path)
        content = tomllib.loads(text)
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        line = re.search(r"\(at line (\d+),", str(error))
        said = getattr(error, "strerror", None) or error
        problems.append(f"{path}:{line[1]}: {said}" if line else f"{path}: {said}")
        return
    file = _File(path, text, problems)
    for section, table in content.items():
        if section in RULES:
            _check_rules(file, section, table)
        elif section not in (*SETTINGS, *_FREE) or not isinstance(table, dict):
            file.wrong(f"unknown setting {section}", section)
        elif section in SETTINGS:
            yield from _settings(file, (section,), table, SETTINGS[section])
        else:
            yield from _FREE[section](file, table)


def _check_rules(file: _File, section: str, table: Any) -> None:
    """Name what is wrong in a section of rules."""
    if file.path.name == PROJECT_FILE:
        file.wrong(f"{section} counts only in your own config.toml", section)
        return
    from with_tracking.alerting import alerts_config  # rarely there, and it brings much along

    for problem in alerts_config.read({section: table}).problems:
        file.wrong(problem.text, section, *problem.key, nth=problem.nth)


def _settings(
    file: _File, section: tuple[str, ...], table: Mapping[str, Any], known: Mapping[str, Setting]
) -> Iterator[_Found]:
    """Yield the settings of a section with a fixed set of keys."""
    for key, value in table.items():
        names = (*section, key)
        if key not in known:
            file.wrong(f"unknown setting {'.'.join(names)}", *names)
        elif known[key].personal and file.path.name == PROJECT_FILE:
            file.wrong(f"{'.'.join(names)} counts only in your own config.toml", *names)
        else:
            yield from _value(file, names, value, known[key])


def _value(file: _File, names: tuple[str, ...], value: Any, setting: Setting) -> Iterator[_Found]:
    """Yield one setting if its value is right."""
    name = ".".join(names)
    try:
        read = setting.kind.read(value)
    except ValueError as error:
        reason = f": {error}" if isinstance(error, WrongValueError) else ""
        file.wrong(f"{name} must be {setting.kind.looks}{reason}", *names)
        return
    for doubt in setting.kind.doubts(read) if setting.kind.doubts else ():
        file.wrong(f"{name}: {doubt}", *names)
    yield _Found(names, read, file.place(*names))


def _prices(file: _File, table: Mapping[str, Any]) -> Iterator[_Found]:
    rates, problems = pricing.rates(table)
    for sentence in problems:
        file.wrong(sentence, "prices")
    for model, rate in rates.items():
        yield _Found(("prices", model), rate, file.place("prices", model))


def _procedures(file: _File, table: Mapping[str, Any]) -> Iterator[_Found]:
    for name, value in table.items():
        yield from _value(file, ("procedures", name), value, Setting(PATTERN))


def _providers(file: _File, table: Mapping[str, Any]) -> Iterator[_Found]:
    for name, section in table.items():
        if isinstance(section, dict):
            yield from _settings(file, ("providers", name), section, PROVIDER)
        else:
            file.wrong(f"unknown setting providers.{name}", "providers", name)


_FREE = {"prices": _prices, "procedures": _procedures, "providers": _providers}
"""The sections in which the person gives the names."""


# --- environment ------------------------------------------------------------------------------------------------------


def _from_environment(environ: Mapping[str, str], problems: list[str]) -> Iterator[_Found]:
    for section, keys in SETTINGS.items():
        for key, setting in keys.items():
            text = environ.get(setting.variable or "", "")
            if not text or setting.kind.read_text is None:
                continue
            try:
                yield _Found((section, key), setting.kind.read_text(text), f"${setting.variable}")
            except ValueError:
                problems.append(f"{setting.variable} must be {setting.kind.looks}")
