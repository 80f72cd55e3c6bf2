"""A tracked procedure becomes a session folder like any other: its steps are tool uses, its parameters are its prompt.

`session.json` is written when it begins, so that one that is killed is found and finished by the next sync.
"""

from __future__ import annotations

import math
import os
import platform
import re
import secrets
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from parsers.session import Category, Detection, Error, ErrorKind, Event, Prompt, Session, ToolUse
from parsers.session_folder import Parsed
from parsers.session_header import Git, SessionHeader
from parsers.summary import Facts, summarise
from with_tracking import archive, paths
from with_tracking.alerting.session_start import session_started

PROVIDER = "procedure"
ARTIFACTS = "artifacts"
STEP = "::step "
"""A line of the command's output that begins so begins a step."""
OUTPUT_LENGTH = 4000
"""Characters of the command's output that stay with it; all of it is in the folder."""
_METRIC = re.compile(r"[\w\-. /]{1,200}")


@dataclass(slots=True)
class _Step:
    """A part of the procedure: its name and when it began and ended, in seconds; end None while it goes on."""

    name: str
    start: float
    end: float | None = None
    ok: bool = True


@dataclass(slots=True)
class ProcedureSession:
    """The recording of one procedure. `command` is what is run, empty where Python code is the procedure."""

    name: str
    params: Mapping[str, str]
    command: Sequence[str] = ()
    folder: Path = field(init=False)
    header: SessionHeader = field(init=False)
    _began: float = field(init=False)
    _steps: list[_Step] = field(default_factory=list)
    _metrics: dict[str, float] = field(default_factory=dict)

    def begin(self, environ: Mapping[str, str]) -> None:
        """Make the folder. Raises OSError or WithTrackingError if that is not possible."""
        self.name, self.command = _utf8(self.name), tuple(map(_utf8, self.command))
        self.params = {_utf8(key): _utf8(value) for key, value in self.params.items()}
        now = datetime.now(UTC)
        session_id = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
        self.folder = archive.day_folder(paths.root(environ), now) / session_id
        with archive.private():
            self.folder.mkdir(parents=True)
        words = [word for key, value in self.params.items() for word in ("--param", f"{key}={value}")]
        self.header = SessionHeader(
            session_id=session_id,
            provider=PROVIDER,
            argv=("with-tracking", "procedure", self.name, *words, *(("--", *self.command) if self.command else ())),
            cwd=_utf8(os.getcwd()),
            started_at=now,
            interactive=False,
            git=_git(),
            parent_session_id=environ.get("WITH_TRACKING_SESSION_ID"),
            pid=os.getpid(),
            host=platform.node(),
        )
        self._began = time.monotonic()
        session_started(self.folder, self._write_header(), environ)

    def step(self, name: str) -> None:
        """Note that a step begins here, and that the one before it is over."""
        self.end_step()
        self._steps.append(_Step(" ".join(name.split()) or "step", self._now()))

    def end_step(self, *, ok: bool = True) -> None:
        """Note that the step that goes on, if one does, is over."""
        if self._steps and self._steps[-1].end is None:
            self._steps[-1].end, self._steps[-1].ok = self._now(), ok

    def metric(self, name: str, value: float) -> None:
        """Note a number of one's own. Raises ValueError for what is no number, or no name for one."""
        if not _METRIC.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a metric: letters, digits, _ - . / and blanks")
        if not math.isfinite(number := float(value)):
            raise ValueError(f"{value!r} is no number")
        self._metrics[name] = number

    def artifact(self, path: Path) -> None:
        """Keep a copy of a file or a folder; one of the same name is replaced. Raises OSError if it is not there."""
        target = self.folder / ARTIFACTS / path.absolute().name
        target.parent.mkdir(mode=0o700, exist_ok=True)
        with archive.private():
            if path.is_dir():
                shutil.copytree(path, target, symlinks=True, dirs_exist_ok=True, copy_function=shutil.copyfile)
            else:
                shutil.copyfile(path, target)

    def finish(self, *, success: bool, exit_code: int | None, output: str = "") -> Session:
        """Write down how it went and return the session as it was written, with secrets masked."""
        from with_tracking.keeping import keep  # it brings the rules for secrets along

        duration = self._now()
        self.end_step(ok=success)
        signalled = exit_code is not None and 128 < exit_code <= 192
        self.header = msgspec.structs.replace(
            self.header,
            ended_at=datetime.now(UTC),
            exit_code=exit_code,
            end_reason="signalled" if signalled else "exited",
        )
        self._write_header()
        events = self._events(success, exit_code, output, duration)
        facts = Facts(
            provider=PROVIDER,
            detection=Detection(method="wrapper", confidence=1.0),
            duration_seconds=duration,
            active_seconds=duration,
            exit_code=exit_code,
            transcript_bytes=len(output.encode("utf-8", "replace")),
        )
        session = summarise(events, self.header, facts, session_id=self.folder.name)
        metrics = {**session.metrics, "success": float(success), **self._metrics}
        session = msgspec.structs.replace(session, procedure_name=self.name, success=success, metrics=metrics)
        return keep(self.folder, Parsed(session, tuple(events), output)).session

    def _events(self, success: bool, exit_code: int | None, output: str, duration: float) -> list[Event]:
        asked = " ".join([self.name, *(f"{key}={value}" for key, value in self.params.items())])
        events: list[Event] = [Prompt(text=asked, seconds=0.0)]
        if self.command:
            events.append(self._command(success, exit_code, output, duration))
        said = "" if self.command else output  # of Python code it is the exception that ended it
        for step in self._steps:
            fields: dict[str, Any] = {"name": step.name, "category": Category.OTHER, "ok": step.ok}
            took = (duration if step.end is None else step.end) - step.start
            why = said if said and not step.ok else None
            events.append(ToolUse(**fields, output=why, start_seconds=step.start, duration_seconds=took))
        if said and all(step.ok for step in self._steps):
            events.append(Error(kind=ErrorKind.TOOL_ERROR, text=said, seconds=duration))
        return events

    def _command(self, success: bool, exit_code: int | None, output: str, duration: float) -> ToolUse:
        command = shlex.join(self.command)
        printed = "".join(line for line in output.splitlines(keepends=True) if not line.startswith(STEP))
        return ToolUse(
            name="shell",
            category=Category.SHELL,
            input={"command": command},
            command=command,
            ok=success,
            exit_code=exit_code,
            output=printed[-OUTPUT_LENGTH:],
            start_seconds=0.0,
            duration_seconds=duration,
        )

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _write_header(self) -> bytes:
        fields = {key: value for key, value in msgspec.to_builtins(self.header).items() if value not in (None, [], {})}
        data = msgspec.json.encode(fields) + b"\n"
        archive.write_whole(self.folder / "session.json", data)
        return data


def _utf8(text: str) -> str:
    """Return a text that JSON can hold: names of files and arguments may be no UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _git() -> Git:
    """Return the repository of the working directory; nothing where there is none, or no git."""
    try:
        command = ["git", "rev-parse", "--show-toplevel", "HEAD", "--abbrev-ref", "HEAD"]
        said = subprocess.run(command, capture_output=True, timeout=5, check=True).stdout
        found = said.decode("utf-8", "replace").split("\n")
        return Git(root=found[0], commit=found[1], branch=None if found[2] == "HEAD" else found[2])
    except (OSError, subprocess.SubprocessError, IndexError):
        return Git()
