"""The settings as they are in effect, each with its value as text and where it was set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from with_tracking import config, paths, pricing, quantities
from with_tracking.settings import PROVIDER, SETTINGS
from with_tracking.store import local_store
from with_tracking.store.logged import without_password

DEFAULT = "default"


class Effective(msgspec.Struct, frozen=True, kw_only=True):
    """A setting's full name, its value (None if there is none), and its origin: default, `file:line` or `$VARIABLE`."""

    name: str
    value: Any
    origin: str


def effective(settings: config.Config, environ: Mapping[str, str]) -> Iterator[Effective]:
    """Yield all settings in the order of the sections, the root first."""
    root = paths.root(environ)
    origin = "$WITH_TRACKING_HOME" if environ.get("WITH_TRACKING_HOME") else DEFAULT
    yield Effective(name="root", value=str(root), origin=origin)
    for section, keys in SETTINGS.items():
        for key in keys:
            name = f"{section}.{key}"
            value = plain(getattr(getattr(settings, section), key))
            if name == "mlflow.tracking_uri" and value is None:
                value = local_store.uri(paths.local_store(root))
            yield Effective(name=name, value=value, origin=settings.origins.get(name, DEFAULT))
    for name, value in _named(settings):
        yield Effective(name=name, value=plain(value), origin=settings.origins[name])
    for name, value in _rules(environ):
        yield Effective(name=name, value=value, origin=str(paths.user_config(environ)))


def _rules(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the alerts and hooks that count."""
    from with_tracking.alerting import alerts_config  # rarely there, and it brings much along

    todo = alerts_config.load(environ)
    for alert in todo.alerts:
        yield f"alerts.{alert.name}", alert.when.text
    for event, command in todo.hooks.items():
        yield f"hooks.{event}", command


def _named(settings: config.Config) -> Iterator[tuple[str, Any]]:
    """Yield the settings whose names are the person's own."""
    for name, provider in settings.providers.items():
        yield from ((f"providers.{name}.{key}", value) for key in PROVIDER if (value := getattr(provider, key)))
    for name, pattern in settings.procedures.items():
        yield f"procedures.{name}", pattern
    for model, rate in settings.prices.items():
        yield f"prices.{model}", rate


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it and a person would write it; passwords in addresses are left out."""
    match value:
        case timedelta():
            return quantities.age_text(value)
        case re.Pattern():
            return value.pattern
        case pricing.Rate():
            prices = {field.name: getattr(value, field.name) for field in fields(value)}
            return {name: float(price) for name, price in prices.items() if price is not None}
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
        case tuple():
            return list(value)
        case str():
            return without_password(str(value))
    return value


def as_text(value: Any) -> str:
    """Return a value as it would stand in the file."""
    match value:
        case None:
            return "-"
        case bool():
            return str(value).lower()
        case dict():
            return "{" + ", ".join(f"{key} = {as_text(item)}" for key, item in value.items()) + "}"
        case list():
            return f"[{', '.join(map(as_text, value))}]"
    return str(value)


def sources(environ: Mapping[str, str], cwd: Path) -> list[dict[str, Any]]:
    """Return the files that are looked at, and whether each is there."""
    return [{"file": str(file), "exists": file.is_file()} for file in config.files(environ, cwd)]
