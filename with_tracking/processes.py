"""Whether the process that a file names is still there, or its number has gone to another one."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

SLACK_SECONDS = 10.0
"""A process writes its number down after it started; clocks and /proc round, so a little later is believed too."""


def is_running(pid: int, known_at: datetime | None) -> bool:
    """Tell whether `pid` is the process of `known_at`: one that started later only inherited the number."""
    if pid <= 0 or not _exists(pid):
        return False
    started = started_at(pid)
    if known_at is None or started is None:
        return True
    return (started - known_at).total_seconds() <= SLACK_SECONDS


def started_at(pid: int) -> datetime | None:
    """Return when a process started, None if that cannot be found out (it ended, or ps is missing)."""
    return _from_proc(pid) if Path("/proc/self/stat").exists() else _from_ps(pid)


def group_is_running(group: int) -> bool:
    """Tell whether any process of a process group is left, not counting those that only wait to be waited for."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    if not Path("/proc/self/stat").exists():
        shown = subprocess.run(["ps", "-A", "-o", "pgid=,stat="], capture_output=True, text=True, check=False).stdout
        pairs = [line.split() for line in shown.splitlines()]
        return any(pair[0] == str(group) and pair[1][:1] != "Z" for pair in pairs if len(pair) == 2)
    members = (_stat_fields(int(entry)) for entry in os.listdir("/proc") if entry.isdigit())
    return any(fields[2:3] == [str(group)] and not _has_ended(fields) for fields in members if fields)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return not _has_ended(_stat_fields(pid))


def _stat_fields(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the name, which may hold spaces and brackets; [] without one."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _has_ended(fields: list[str]) -> bool:
    """Tell whether a process only waits to be waited for. While a thread of it is left, its files and ports are open.

    The first thread may be a zombie for a quarter second before the last one has given back the memory; see proc(5),
    the fields `state` and `num_threads`.
    """
    return fields[:1] in (["Z"], ["X"]) and int(fields[17]) <= 1


def _from_proc(pid: int) -> datetime | None:
    fields = _stat_fields(pid)
    boot = next((line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime ")), None)
    if len(fields) < 20 or boot is None:
        return None
    return datetime.fromtimestamp(int(boot.split()[1]) + int(fields[19]) / os.sysconf("SC_CLK_TCK"), UTC)


def _from_ps(pid: int) -> datetime | None:
    """Return what BSD and macOS say; `lstart` is local time in the C locale."""
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}, check=False)
        return datetime.strptime(shown.stdout.strip(), "%a %b %d %H:%M:%S %Y").astimezone()
    except (OSError, ValueError):
        return None
