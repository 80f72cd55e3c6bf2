"""`with_tracking.track_procedure`: a block of Python as a tracked procedure.

    with track_procedure("nightly-import", source="crm") as procedure:
        procedure.step("download")
        ...
        procedure.metric("rows", 1200)
        procedure.artifact("report.html")

Tracking never fails the work: what goes wrong with it is one line on stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from with_tracking.procedure_session import ProcedureSession


class Procedure:
    """A procedure that is tracked for as long as the block lasts; an exception in it makes it a failure."""

    def __init__(self, name: str, params: dict[str, str]) -> None:
        self.name, self.params = name, params
        self._session: ProcedureSession | None = None

    @property
    def session_id(self) -> str | None:
        """The session's id, None where it cannot be recorded."""
        return self._session.folder.name if self._session else None

    def step(self, name: str) -> None:
        """Say that a step begins here; the one before it is over."""
        self._try("step", lambda session: session.step(name))

    def metric(self, name: str, value: float) -> None:
        """Keep a number."""
        self._try("metric", lambda session: session.metric(name, value))

    def artifact(self, path: str | os.PathLike[str]) -> None:
        """Keep a copy of a file or folder as it is now."""
        self._try("artifact", lambda session: session.artifact(Path(path)))

    def __enter__(self) -> Procedure:
        from with_tracking.procedure_session import ProcedureSession

        session = ProcedureSession(self.name, self.params)
        try:
            session.begin(os.environ)
            self._session = session
        except Exception as error:
            _warn(f"the procedure {self.name} is not recorded: {error}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it; exceptions go on."""
        stopped = kind is not None and not (isinstance(error, SystemExit) and error.code in (None, 0))
        said = f"{kind.__name__}: {error}" if stopped and kind else ""
        self._try("end", lambda session: _finish(session, success=not stopped, output=said))

    def _try(self, what: str, do: Callable[[ProcedureSession], Any]) -> None:
        if self._session is None:
            return
        try:
            do(self._session)
        except Exception as problem:
            _warn(f"{what} of the procedure {self.name} is not recorded: {problem}")


def track_procedure(name: str, **params: object) -> Procedure:
    """Track a block of Python as a procedure of this name, with these parameters."""
    return Procedure(name, {key: str(value) for key, value in params.items()})


def _finish(session: ProcedureSession, *, success: bool, output: str) -> None:
    from with_tracking.closing import SYNC, environ_of_sync
    from with_tracking.detached import beside

    session.finish(success=success, exit_code=None, output=output)
    beside(SYNC, cwd=session.folder, environ=environ_of_sync())  # this process may live on for long and wait for no one


def _warn(text: str) -> None:
    print(f"with-tracking: {text}", file=sys.stderr)
