"""Running a person's command beside everything else: nobody waits for it, and it does not run for ever.

`python -m with_tracking.detached SECONDS COMMAND` is the process between: it runs the command in a process group of
its own, with what stdin holds, and ends the group when its time is over.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

SECONDS = 30
"""So long a hook or an alert's command may take."""
BESIDE = 'exec 3<&0; "$@" <&3 3<&- &'
"""Starts a program that nobody has to wait for; a shell gives what it puts beside no stdin, unless it is named."""


def start(command: str, data: bytes, *, cwd: Path, seconds: float = SECONDS) -> None:
    """Start a shell command with `data` on its stdin and come back at once; what it prints goes nowhere."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        beside([sys.executable, "-I", "-m", __name__, str(seconds), command], cwd=cwd, stdin=file.fileno())


def beside(
    command: Sequence[str],
    *,
    cwd: Path,
    stdin: int = subprocess.DEVNULL,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Start a program that is nobody's child: who starts it need not wait for it, however long it lives itself."""
    subprocess.run(
        ["/bin/sh", "-c", BESIDE, "sh", *command],
        stdin=stdin,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=cwd,
        env=environ,
        start_new_session=True,
        check=False,
    )


def main(seconds: float, command: str) -> int:
    """Run the command, and end it and what it started when its time is over. Return its exit status, 124 if so."""
    with subprocess.Popen(["/bin/sh", "-c", command], start_new_session=True) as process:
        try:
            return process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            for final in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, final)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=2)
            return 124


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2]))
