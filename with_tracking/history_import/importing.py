"""Importing past sessions: each becomes a session folder that holds a copy of its log, and a run.

The folder of a new session is made under another name and renamed when it is whole; what becomes of each session is
written into the ledger. So an import can be interrupted at any moment and goes on when it is started again.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec

from parsers.native_logs.finding import Found, copy_native
from parsers.session import Session, Tokens
from parsers.session_header import Git, SessionHeader
from with_tracking import archive
from with_tracking.errors import MlflowNotWanted, MlflowUnavailable, RunRefused
from with_tracking.history_import import import_ledger
from with_tracking.history_import.import_plan import Job, Skip

ORIGIN = "import"
POOL_PAYS = 8  # with fewer sessions than this, starting processes takes longer than they save


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one session. `waiting` says why it is not in MLflow yet; `with-tracking sync` logs it then."""

    source: str
    native_session_id: str
    session_id: str
    updated: bool = False
    skipped: Skip | None = None
    error: str | None = None
    waiting: str | None = None
    problems: tuple[str, ...] = ()
    tokens: Tokens = Tokens()
    cost_usd: float | None = None


class Unreadable(Exception):  # noqa: N818  (it says what the log is)
    """Nothing came out of a log, and that is the log's fault or the reader's, not that nothing happened."""


@dataclass(slots=True)
class _Store:
    """What this process knows of MLflow: whether it is away, so that nobody waits for it again."""

    away: str | None = None


_STORE = _Store()


def import_all(jobs: Sequence[Job], root: Path, home: Path, *, processes: int) -> Generator[Outcome, None, None]:
    """Import the sessions, in several processes if there are many; outcomes come in no particular order."""
    if processes < 2 or len(jobs) < POOL_PAYS:
        for job in jobs:
            yield import_one(job, root, home)
        return
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_ignore_interrupts)
    try:
        for done in as_completed([pool.submit(import_one, job, root, home) for job in jobs]):
            yield done.result()
    finally:  # on Ctrl-C too: what has begun is finished, the rest is left for the next time
        pool.shutdown(wait=True, cancel_futures=True)


def _ignore_interrupts() -> None:
    """Let a worker finish what it began when the person presses Ctrl-C, which all processes get."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def import_one(job: Job, root: Path, home: Path) -> Outcome:
    """Import one session. A bug in reading it must not keep the others from being imported."""
    try:
        with archive.private():
            return _import(job, root, home)
    except Unreadable as error:
        return _outcome(job, skipped=Skip.FAILED, error=str(error))
    except Exception as error:
        return _outcome(job, skipped=Skip.FAILED, error=f"{type(error).__name__}: {error}")


def _import(job: Job, root: Path, home: Path) -> Outcome:
    folder = archive.day_folder(root, date.fromisoformat(job.session_id[:8])) / job.session_id
    session = _refresh(job, folder, home) if folder.exists() else _make(job, folder, home)
    if session is None:
        import_ledger.add(root, import_ledger.Entry(key=job.key, signature=job.signature))
        return _outcome(job, skipped=Skip.EMPTY)
    waiting = _log(folder, session)
    entry = import_ledger.Entry(key=job.key, signature=job.signature, session_id=job.session_id)
    import_ledger.add(root, entry)
    problems = session.parse.problems
    return _outcome(job, waiting=waiting, problems=problems, tokens=session.tokens, cost_usd=session.cost_usd)


def _outcome(job: Job, **fields: object) -> Outcome:
    values = {
        "source": job.source,
        "native_session_id": job.candidate.session_id,
        "session_id": job.session_id,
        "updated": job.known,
        **fields,
    }
    return msgspec.convert(values, Outcome)


def _make(job: Job, folder: Path, home: Path) -> Session | None:
    """Make the folder of a new session; None, and no folder, if nothing happened in it."""
    unfinished = folder.with_name(f".{folder.name}.import")
    shutil.rmtree(unfinished, ignore_errors=True)  # an import was interrupted here
    unfinished.mkdir(mode=0o700, parents=True)
    try:
        session = _fill(job, unfinished, home)
        if session is not None:
            unfinished.rename(folder)
            archive.sync_folder(folder.parent)
        return session
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _refresh(job: Job, folder: Path, home: Path) -> Session | None:
    """Bring the folder of a session up to date that grew, or whose import was interrupted before it was logged."""
    with archive.lock(folder):
        (folder / "logged.json").unlink(missing_ok=True)  # pending again, should we be interrupted
        return _fill(job, folder, home)


def _fill(job: Job, folder: Path, home: Path) -> Session | None:
    """Copy the log, read it, and write what a recorder and the parser would have written; return what was kept."""
    from parsers.parse_ai_session import parse_folder
    from with_tracking.keeping import keep

    one = job.candidate
    header = SessionHeader(
        session_id=job.session_id,
        provider=job.provider,
        cwd=one.cwd,
        git=Git(root=_git_root(one.cwd)),
        started_at=one.started_at if job.provider == "claude_code" else None,  # what it copied of another is before
        origin=ORIGIN,
        native_session_id=one.session_id,
    )
    copy_native(Found(one.files, (one.session_id,)), folder, home=home, provider=job.provider)
    _write_header(folder, header)
    parsed = parse_folder(folder)
    session = parsed.session
    if not (session.user_prompts or session.assistant_texts or session.tool_uses):
        if session.parse.problems:
            raise Unreadable("; ".join(session.parse.problems))
        return None
    started_at = session.started_at or one.started_at or one.last_at
    ended_at = session.ended_at or one.last_at
    session = msgspec.structs.replace(session, started_at=started_at, ended_at=ended_at)
    header = msgspec.structs.replace(header, started_at=started_at, ended_at=ended_at, cwd=session.cwd, git=session.git)
    _write_header(folder, header)
    return keep(folder, replace(parsed, session=session)).session


def _write_header(folder: Path, header: SessionHeader) -> None:
    archive.write_whole(folder / "session.json", msgspec.json.encode(_known(msgspec.to_builtins(header))) + b"\n")


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not known, as the recorder does."""
    deep = {key: _known(value) if isinstance(value, dict) else value for key, value in fields.items()}
    return {key: value for key, value in deep.items() if value or value == 0}


def _git_root(cwd: str | None) -> str | None:
    """Find the repository that the session's folder belongs to, if both are still there."""
    if cwd is None:
        return None
    folders = (Path(cwd), *Path(cwd).parents)
    return next((str(folder) for folder in folders if (folder / ".git").exists()), None)


def _log(folder: Path, session: Session) -> str | None:
    """Log the session; if that cannot be now, say why, and leave it to `with-tracking sync`."""
    from with_tracking.mlflow_store import log_session

    if _STORE.away is not None:
        return _STORE.away
    events = archive.read_events(folder) or []
    try:
        log_session(folder, session, events)
    except MlflowNotWanted:
        return None
    except RunRefused as error:
        return str(error)
    except MlflowUnavailable as error:
        _STORE.away = str(error)
        return _STORE.away
    except Exception as error:  # a bug in logging must not undo what was read
        return f"{type(error).__name__}: {error}"
    return None


def processes_for(jobs: Sequence[Job]) -> int:
    """Choose how many processes to use: two at least, for reading and the database take turns."""
    return min(8, max(2, os.cpu_count() or 2), max(1, len(jobs)))


def follow(outcomes: Generator[Outcome, None, None], progress: Callable[[Outcome], None]) -> tuple[list[Outcome], bool]:
    """Collect the outcomes, telling each one as it comes; Ctrl-C ends the import early, and True is returned too."""
    done: list[Outcome] = []
    try:
        for outcome in outcomes:
            done.append(outcome)
            progress(outcome)
    except KeyboardInterrupt:
        outcomes.close()
        return done, True
    return done, False
