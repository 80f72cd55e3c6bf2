"""Looking for what is wrong, and what to do about it: the tools, the places, the settings, the store, the sessions."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from with_tracking import archive, config, paths, privacy, turn_taking
from with_tracking.alerting import after_session, alerts_config
from with_tracking.archive import State
from with_tracking.errors import WithTrackingError
from with_tracking.quantities import counted, size_text
from with_tracking.store import store_probe
from with_tracking.store.local_store import Fit
from with_tracking.upkeep import tombstones

LEAST_SCRIPT = (2, 35)  # util-linux: --log-timing, --logging-format advanced
LEAST_FREE_BYTES = 1_000_000_000
NEWEST = 200
"""So many of the newest sessions are looked at for drift: older ones tell of older versions."""
DRIFT_SHARE = 0.05
NAMED = 3
PACKAGES = ("msgspec", "avt", "click", "rich", "genai_prices")


class Level(StrEnum):
    """What a finding asks for: nothing, to be known, to be done."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at: how it is, and what to do if something needs doing."""

    name: str
    level: Level
    text: str
    advice: str | None = None


def diagnose(environ: Mapping[str, str], cwd: Path) -> Iterator[Finding]:
    """Yield the findings, one kind after another."""
    root = paths.root(environ)
    settings = config.load(environ, cwd)
    yield _script()
    yield _environment()
    yield from _places(root)
    yield from _settings(settings)
    yield from _alerts(environ)
    yield from _store(settings)
    yield from _sessions(root, settings)


def _ok(name: str, text: str) -> Finding:
    return Finding(name=name, level=Level.OK, text=text)


def _problem(name: str, text: str, advice: str) -> Finding:
    return Finding(name=name, level=Level.PROBLEM, text=text, advice=advice)


def _note(name: str, text: str, advice: str | None = None) -> Finding:
    return Finding(name=name, level=Level.NOTE, text=text, advice=advice)


# --- tools and places -------------------------------------------------------------------------------------------------


def _script() -> Finding:
    """Look which script(1) records: that of util-linux, or the one of BSD and macOS, which keeps no times."""
    found = shutil.which("script")
    if found is None:
        return _problem("script", "script(1) is missing: assistants in a terminal run unrecorded", "install util-linux")
    try:
        done = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=5, check=False)
        said = f"{done.stdout} {done.stderr}".strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        return _problem("script", f"{found} cannot be run: {error}", "install util-linux")
    match = re.search(r"util-linux\D*(\d+)\.(\d+)", said)
    if match is None:
        if sys.platform.startswith("linux"):
            return _problem("script", f"{found} is not that of util-linux", "install util-linux 2.35 or newer")
        return _note("script", f"{found} is BSD's: it keeps no times")
    if (int(match[1]), int(match[2])) < LEAST_SCRIPT:
        return _problem("script", f"{found} is too old: {match[0]}", "install util-linux 2.35 or newer")
    return _ok("script", f"{found}, {match[0]}")


def _environment() -> Finding:
    """Look whether what the program needs can be imported; MLflow is looked at with the store."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    here = f"Python {sys.version.split()[0]} in {sys.prefix}"
    set_up = paths.CHECKOUT / "bin" / "set-up-environment"
    again = str(set_up) if set_up.exists() else "installing with-tracking again"
    if missing:
        return _problem("environment", f"{here} lacks {', '.join(missing)}", again)
    if set_up.exists() and subprocess.run([set_up, "--check"], capture_output=True, check=False).returncode:
        return _problem("environment", f"{here} is not what pyproject.toml asks for", again)
    return _ok("environment", here)


def _places(root: Path) -> Iterator[Finding]:
    """Look whether sessions can be written, and for how long."""
    existing = next(each for each in (root, *root.parents) if each.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=existing, prefix=".doctor."):
            pass
    except OSError as error:
        yield _problem("root", f"{root} cannot be written: {error.strerror}", "WITH_TRACKING_HOME=a folder of yours")
    else:
        yield _ok("root", str(root) if existing == root else f"{root} (made by the first session)")
    free = shutil.disk_usage(existing).free
    if free < LEAST_FREE_BYTES:
        yield _problem("disk", f"only {size_text(free)} free", "with-tracking prune --keep-raw 14d")
    else:
        yield _ok("disk", f"{size_text(free)} free")


def _settings(settings: config.Config) -> Iterator[Finding]:
    for problem in settings.problems:
        yield _problem("settings", problem, "correcting it; until then it is ignored")
    if not settings.problems:
        yield _ok("settings", f"{len(settings.origins)} set" if settings.origins else "all are the defaults")


def _alerts(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Look whether what the alerts are told by is there: nobody would miss an alert that does not come."""
    alerts = alerts_config.load(environ).alerts
    if any(alert.apprise for alert in alerts) and after_session.apprise_program() is None:
        yield _problem("alerts", "apprise is not installed: what it sends does not arrive", paths.installing("apprise"))
    if any(alert.desktop for alert in alerts) and shutil.which("notify-send") is None:
        yield _problem("alerts", "notify-send is missing: the desktop shows no alerts", "install libnotify-bin")


def _store(settings: config.Config) -> Iterator[Finding]:
    if not settings.mlflow.enabled:
        yield _note("store", "logging to MLflow is switched off ([mlflow] enabled = false)")
        return
    report = store_probe.probe()
    if report.problem:
        yield _problem("store", report.problem, report.advice or "with-tracking config")
    elif report.fit is Fit.OLDER:
        yield _note("store", f"an older MLflow wrote it; the next sync backs it up and migrates it to {report.mlflow}")
    else:
        schema = f", schema {report.schema}" if report.schema else ""
        yield _ok("store", f"MLflow {report.mlflow}{schema}")
    if report.stale:
        yield _problem("store", f"its files were moved away from {report.stale[0]}", "with-tracking relocate")


# --- sessions ---------------------------------------------------------------------------------------------------------


def _sessions(root: Path, settings: config.Config) -> Iterator[Finding]:
    try:
        folders = list(archive.folders(root))
    except WithTrackingError as error:
        yield _problem("sessions", error.what, error.next_step)
        return
    states = {folder: archive.state_of(folder) for folder in folders}
    counts = Counter(states.values())
    yield _ok("sessions", ", ".join(f"{counts[state]} {state}" for state in State if counts[state]) or "none yet")
    waiting = [folder for folder in archive.pending(root) if not archive.is_locked(folder)]
    if waiting and archive.is_locked(root, turn_taking.WORK):
        yield _note("pending", f"{_some(waiting)}: being logged now")
        waiting = []
    if waiting and not settings.mlflow.enabled:
        waiting = [folder for folder in waiting if states[folder] is not State.PARSED]
    yield from _named("pending", waiting, "not logged yet", "with-tracking sync")
    broken = [folder for folder, state in states.items() if state is not State.RECORDING and _is_unreadable(folder)]
    yield from _named("unreadable", broken, "cannot be read", "with-tracking show ID, or with-tracking forget ID")
    left = [folder for folder in folders if folder.name in tombstones.forgotten(root)]
    yield from _named("forgotten", left, "forgotten, but still there", "with-tracking forget ID --yes")
    yield from _drift(folders[:NEWEST])
    withheld = [folder for folder in folders if privacy.withheld(folder)]
    if withheld:
        text = f"{_some(withheld)}: a secret in the recording could not be masked, so it is kept here alone"
        yield _note("withheld", text, "with-tracking forget ID, if it must not stay")


def _named(name: str, folders: list[Path], what: str, advice: str) -> Iterator[Finding]:
    if folders:
        yield _problem(name, f"{_some(folders)}: {what}", advice)


def _some(folders: list[Path]) -> str:
    """Return a count and the first ids."""
    ids = ", ".join(folder.name for folder in folders[:NAMED]) + (", …" if len(folders) > NAMED else "")
    return f"{counted(len(folders), 'session')} ({ids})"


def _is_unreadable(folder: Path) -> bool:
    """Tell whether session.json or parsed.json is there and is not what it should be, or nothing is there at all."""
    readers: tuple[tuple[str, Callable[[Path], object]], ...] = (
        ("session.json", archive.read_header),
        ("parsed.json", archive.read_session),
    )
    there = [(name, read) for name, read in readers if (folder / name).exists()]
    recorded = any((folder / name).exists() for name in archive.RECORDED_FILES)
    return any(read(folder) is None for _, read in there) or not (there or recorded)


def _drift(folders: list[Path]) -> Iterator[Finding]:
    """Look for versions of assistants whose logs hold much that is not understood."""
    unknown: Counter[str] = Counter()
    known: Counter[str] = Counter()
    for folder in folders:
        session = archive.read_session(folder)
        if session is not None:
            version = " ".join(filter(None, (session.provider, session.provider_version)))
            unknown[version] += session.parse.unknown_records
            known[version] += len(session.tool_uses) + len(session.assistant_texts) + len(session.user_prompts)
    for version, count in unknown.items():
        if count > DRIFT_SHARE * (count + known[version]):
            text = f"the log of {version} holds {count} records that are not understood"
            yield _problem("log drift", text, "a newer with-tracking; nothing is lost, the records are kept")
