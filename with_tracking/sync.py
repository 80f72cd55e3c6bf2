"""Finishing what is pending: sessions whose recorder died, that nobody has read, or that are not in MLflow yet."""

from __future__ import annotations

import contextlib
import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from parsers.session import Event, Session
from with_tracking import archive, config, mlflow_store, paths, privacy
from with_tracking.archive import State
from with_tracking.errors import MlflowNotWanted, MlflowUnavailable, RunRefused, WithTrackingError
from with_tracking.upkeep import removal, tombstones


class Synced(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one session: its run, or why there is none."""

    session_id: str
    run_id: str | None = None
    lost: bool = False
    error: str | None = None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a sync did. `pending` sessions are left for the next one, for the reason in `stopped_by` or `failed`.

    `unwanted` ones were only read: their settings keep them out of MLflow.
    """

    logged: tuple[Synced, ...] = ()
    failed: tuple[Synced, ...] = ()
    pending: int = 0
    unwanted: int = 0
    stopped_by: str | None = None


@dataclass(slots=True)
class _Work:
    """One run through the pending sessions: what is done, and why stores that were asked do not answer."""

    forgotten: frozenset[str]
    done: list[Synced] = field(default_factory=list)
    away: dict[str | None, str] = field(default_factory=dict)
    waiting: int = 0
    unwanted: int = 0

    def summary(self) -> Summary:
        logged = tuple(one for one in self.done if one.error is None)
        failed = tuple(one for one in self.done if one.error is not None)
        reason = next(iter(self.away.values()), None)
        pending = self.waiting + len(failed)
        return Summary(logged=logged, failed=failed, pending=pending, unwanted=self.unwanted, stopped_by=reason)


def read(folders: list[Path]) -> None:
    """Read the sessions of `folders` that nobody has read: they can be found before they are logged, which takes long.

    Whatever is wrong with one is left for `sync`, which tells it.
    """
    forgotten = tombstones.forgotten(paths.root(os.environ))
    for folder in folders:
        if folder.name in forgotten or archive.state_of(folder) is not State.RECORDED:
            continue
        with contextlib.suppress(Exception), archive.lock(folder):
            if archive.state_of(folder) is State.RECORDED:
                _finish(folder)
                _parsed(folder)


def sync(folders: list[Path], progress: Callable[[str], None]) -> Summary:
    """Parse and log the sessions of `folders`; `progress` is called with each one's id when it is done.

    A session that cannot be logged is left for the next time. A store that is away is asked once; the sessions that
    belong there are read all the same, which also masks the secrets in them.
    """
    work = _Work(tombstones.forgotten(paths.root(os.environ)))
    for folder in folders:
        try:
            if (synced := _sync_one(folder, work)) is not None:
                work.done.append(synced)
        except RunRefused as error:
            work.done.append(Synced(session_id=folder.name, error=str(error)))
        _tell(folder)
        progress(folder.name)
    return work.summary()


def _tell(folder: Path) -> None:
    """Check the alerts and start the hooks; nothing that goes wrong there keeps sessions from being logged."""
    from with_tracking.alerting.after_session import after_session

    with contextlib.suppress(Exception):
        after_session(folder)


def _sync_one(folder: Path, work: _Work) -> Synced | None:
    """Do what is left to do for one session, under its lock; None if it is not logged now, or not by us."""
    try:
        with archive.lock(folder):
            if folder.name in work.forgotten:  # whoever did that died before the folder was gone
                removal.remove_folder(folder)
                return None
            if archive.state_of(folder) is State.LOGGED:
                return None
            if archive.is_recording(folder):
                return None
            lost = _finish(folder)
            if (run_id := _log(folder, work)) is None:
                return None
            return Synced(session_id=folder.name, run_id=run_id, lost=lost)
    except RunRefused:
        raise
    except (OSError, WithTrackingError) as error:
        if not folder.exists():  # deleted meanwhile
            return None
        return Synced(session_id=folder.name, error=str(error))
    except Exception as error:  # a bug in reading one session must not keep the others from being logged
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        return Synced(session_id=folder.name, error=f"{type(error).__name__}: {error} ({place})")


def _finish(folder: Path) -> bool:
    """Tidy up what the recorder, or whoever was at work on the folder, left; True if the recorder had died."""
    archive.sweep(folder)
    privacy.drop_content(folder)
    return archive.finish_lost(folder)


def _log(folder: Path, work: _Work) -> str | None:
    """Read and log a session; None if its settings do not want that, or its store is away."""
    header = archive.read_header(folder)
    settings = config.load(os.environ, Path(header.cwd if header and header.cwd else folder)).mlflow
    store = settings.tracking_uri
    if not settings.enabled or store in work.away:
        if archive.state_of(folder) is not State.PARSED:
            _parsed(folder)
        work.unwanted += not settings.enabled
        work.waiting += settings.enabled
        return None
    session, events = _parsed(folder)
    try:
        return mlflow_store.log_session(folder, session, events)
    except RunRefused:
        raise
    except MlflowNotWanted:
        work.unwanted += 1
    except MlflowUnavailable as error:
        work.away[store] = str(error)
        work.waiting += 1
    return None


def _parsed(folder: Path) -> tuple[Session, Sequence[Event]]:
    """Return what was read from the session, reading it now if that was not done or its files are broken."""
    session, events = archive.read_session(folder), archive.read_events(folder)
    if session is not None and events is not None:
        return session, events
    from parsers.parse_ai_session import parse_folder
    from with_tracking.keeping import keep

    parsed = keep(folder, parse_folder(folder))
    return parsed.session, parsed.events
