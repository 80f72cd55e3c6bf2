"""The hook on_session_start: a command of the person's that a session starts, with what is known of it by then.

`python -m with_tracking.alerting.session_start FOLDER` is what the recorder runs beside a session, with session.json on
stdin, if there is such a hook.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from with_tracking import detached
from with_tracking.alerting import alerts_config

EVENT = "on_session_start"


def session_started(folder: Path, header: bytes, environ: Mapping[str, str] = os.environ) -> None:
    """Start the hook, if there is one; `header` is session.json. Whatever goes wrong is no reason to stop a session."""
    with contextlib.suppress(Exception):
        command = alerts_config.load(environ).hooks.get(EVENT)
        if command:
            fields = msgspec.json.decode(header, type=dict)
            data = msgspec.json.encode({**fields, "event": EVENT, "folder": str(folder)})
            detached.start(command, data, cwd=folder)


if __name__ == "__main__":
    session_started(Path(sys.argv[1]), sys.stdin.buffer.read())
