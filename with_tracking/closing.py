"""The end of a session: one line for the person, and a process of its own that logs what nobody should wait for."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from parsers.description import duration_text
from parsers.session import Session
from with_tracking import config, paths, ui_server
from with_tracking.quantities import counted

SYNC = (sys.executable, "-I", "-m", "with_tracking", "sync", "--quiet")
"""Logs everything that is pending."""
PATIENCE_SECONDS = 2.0
"""So long a person waits for the line; the recording of a long day, or its log, takes longer to read."""


def close_session(folder: Path, read: Callable[[], Session]) -> None:
    """Say what was recorded, then log it (and anything else that is pending) in a process that nobody waits for.

    What takes longer than `PATIENCE_SECONDS` to read is left to that process, too. `WITH_TRACKING_QUIET=1` keeps the
    line away, and then nothing is read for it.
    """
    try:
        if os.environ.get("WITH_TRACKING_QUIET", "") in ("", "0"):
            root = paths.root(os.environ)
            session = _in_time(read)
            facts = ["recorded, being read in the background"] if session is None else _facts(session)
            command = paths.to_type("with-tracking", os.environ, paths.here())
            click.echo(closing_line(folder.name, facts, ui_server.running_url(root), command), err=True)
            for problem in _settings_ignored(Path((session and session.cwd) or folder)):
                click.echo(f"with-tracking: {problem}", err=True)
            for problem in session.parse.problems if session else ():  # a log whose format has changed, above all
                click.echo(f"with-tracking: {problem}", err=True)
            for line in _alerts(root):
                click.echo(f"with-tracking: alert: {line}", err=True)
    finally:
        log_in_background(folder)


class _TakesLong(BaseException):
    """Reading takes longer than a person should wait."""


def _in_time(read: Callable[[], Session]) -> Session | None:
    """Return what is read, None if that takes too long."""

    def stop(*_: object) -> None:
        raise _TakesLong

    before = signal.signal(signal.SIGALRM, stop)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, PATIENCE_SECONDS)
            return read()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except _TakesLong:
        return None
    finally:
        signal.signal(signal.SIGALRM, before)


def log_in_background(folder: Path) -> None:
    """Start `with-tracking sync` in a session of its own: it lives on when the terminal is closed."""
    subprocess.Popen(
        SYNC,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environ_of_sync(),
        start_new_session=True,
    )


def environ_of_sync() -> dict[str, str]:
    """Return the environment for `SYNC`, which works elsewhere: the root may be named from where we are."""
    return {**os.environ, "WITH_TRACKING_HOME": str(paths.root(os.environ))}


def _settings_ignored(cwd: Path) -> Iterator[str]:
    """Yield a line if a setting cannot be read: it may be one that says what must not be kept."""
    problems = config.load(os.environ, cwd).problems
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        yield f"Ignored: {problems[0]}{more}. Try: {paths.typed('with-tracking config', os.environ, paths.here())}"


def _alerts(root: Path) -> list[str]:
    """Return what the alerts said after earlier sessions: it is found out when nobody looks."""
    unseen = root / "alerts.txt"
    if not unseen.exists() or not unseen.stat().st_size:
        return []
    from with_tracking.alerting.after_session import take_unseen  # rarely needed

    return take_unseen(root)


def closing_line(
    session_id: str, facts: Iterable[str], ui_url: str | None = None, command: str = "with-tracking"
) -> str:
    """Return what was recorded and how to look at it, in one line; `command` is what to type for with-tracking."""
    look = f"{shlex.quote(command)} show {session_id}"
    return f"with-tracking: {', '.join(facts)} · {look}" + (f" · {ui_url}" if ui_url else "")


def _facts(session: Session) -> Iterator[str]:
    """Yield the few numbers that say how it went; those that are zero say nothing, but for the commands."""
    if session.duration_seconds is not None:
        yield duration_text(session.duration_seconds)
    failed = int(session.metrics.get("commands_failed", 0))
    yield counted(int(session.metrics.get("commands_executed", 0)), "command") + (
        f" ({failed} failed)" if failed else ""
    )
    edited = len({*session.files_edited, *session.files_written})
    if edited:
        yield f"{counted(edited, 'file')} edited"
    errors = sum(error.kind.value != "command_failed" for error in session.errors)
    if errors:
        yield counted(errors, "error")
