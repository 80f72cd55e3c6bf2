"""What happens after a session: its alerts are looked at and told, the person's hooks are started. Once a session."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from with_tracking import archive, detached, index, paths
from with_tracking.alerting import alerts, alerts_config
from with_tracking.alerting.alerts import Fired
from with_tracking.alerting.alerts_config import Alert

MARK = "checked.json"
"""The file in a session's folder that says that this was done."""
UNSEEN = "alerts.txt"
"""The file in the root with the lines of alerts that nobody has seen yet; who reads or writes it locks it."""
OLD = timedelta(days=1)
"""What ended longer ago is no news: it was pending for a while, or comes from elsewhere."""
WEBHOOK_SECONDS = 5


def after_session(folder: Path, environ: Mapping[str, str] = os.environ) -> list[Fired]:
    """Do what is to be done after the session of `folder`, if that was not done before; return its alerts.

    Nothing here may disturb what else is done with the session: whatever goes wrong ends this and no more.
    """
    todo = alerts_config.load(environ)
    if not todo or not _claim(folder):
        return []
    root = paths.root(environ)
    fired = list(alerts.check(todo.alerts, index.sessions(root), folder.name)) if todo.alerts else []
    rules = {alert.name: alert for alert in todo.alerts}
    for each in fired:
        deliver(rules[each.name], each, folder)
    if fired:
        _keep_for_later(root, fired)
    session = archive.read_session(folder)
    erred = session is not None and (bool(session.errors) or session.success is False)
    for event, command in todo.hooks.items():
        if event == "on_session_end" or (event == "on_error" and erred):
            detached.start(command, _json(folder, event), cwd=folder)
    return fired


def deliver(alert: Alert, fired: Fired, folder: Path) -> None:
    """Tell an alert in all the ways that its rule names; one that fails does not keep the others from working."""
    for way in (_notify, _run, _post, _apprise):
        try:
            way(alert, fired, folder)
        except Exception:  # a notification is worth no failed log
            continue


def take_unseen(root: Path) -> list[str]:
    """Return the lines of alerts that nobody has seen yet; from now on somebody has."""
    file = root / UNSEEN
    try:
        with archive.lock_file(file):
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            os.truncate(file, 0)
    except OSError:
        return []
    return lines


def _claim(folder: Path) -> bool:
    """Say whether this is to be done here and now: once, for a session that was recorded, read and ended lately."""
    header = archive.read_header(folder)
    if header is None or header.origin is not None or header.ended_at is None:
        return False
    if not (folder / "parsed.json").exists() or datetime.now(UTC) - header.ended_at > OLD:
        return False
    try:
        handle = archive.opened(folder / MARK, os.O_WRONLY | os.O_EXCL)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as file:
        file.write(f'{{"checked_at": "{datetime.now(UTC).isoformat()}"}}\n')
    return True


def _json(folder: Path, event: str, fired: Fired | None = None) -> bytes:
    """Return the session's JSON with the event, and the alert if it is for one."""
    session = archive.read_session(folder)
    fields = {} if session is None else msgspec.to_builtins(session)
    more = {"event": event, "folder": str(folder)} | ({"alert": msgspec.to_builtins(fired)} if fired else {})
    return msgspec.json.encode({**fields, **more}) + b"\n"  # a line, for commands that append it to a file


def _keep_for_later(root: Path, fired: list[Fired]) -> None:
    unseen = root / UNSEEN
    with archive.lock_file(unseen), unseen.open("a", encoding="utf-8", errors="replace") as file:
        file.writelines(f"{' '.join(each.text.split())}\n" for each in fired)


# --- ways to tell -----------------------------------------------------------------------------------------------------


def apprise_program() -> str | None:
    """Return the program of the package apprise, beside our Python or on PATH; None if it is not installed."""
    own = Path(sys.executable).with_name("apprise")
    return str(own) if own.exists() else shutil.which("apprise")


def _notify(alert: Alert, fired: Fired, folder: Path) -> None:
    program = shutil.which("notify-send")
    if alert.desktop and program:
        command = [program, "--app-name=with-tracking", "--", f"with-tracking: {fired.name}", fired.text]
        subprocess.run(command, check=False, timeout=5, stdin=subprocess.DEVNULL, capture_output=True)


def _run(alert: Alert, fired: Fired, folder: Path) -> None:
    if alert.command:
        detached.start(alert.command, _json(folder, "alert", fired), cwd=folder)


def _post(alert: Alert, fired: Fired, folder: Path) -> None:
    """Send a small JSON: its `text` is what Slack and Mattermost show. The session's texts stay here."""
    if alert.webhook:
        data = {"text": f"with-tracking: {fired.text}", "alert": fired.name, "session_id": fired.session_id}
        request = urllib.request.Request(
            alert.webhook, msgspec.json.encode(data), {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=WEBHOOK_SECONDS):
            pass


def _apprise(alert: Alert, fired: Fired, folder: Path) -> None:
    if alert.apprise and (program := apprise_program()):
        command = [program, "--title", f"with-tracking: {fired.name}", "--body", fired.text, *alert.apprise]
        subprocess.run(command, check=False, timeout=30, stdin=subprocess.DEVNULL, capture_output=True)
