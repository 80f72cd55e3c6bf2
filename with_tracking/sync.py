"""Finishing what is pending: sessions whose recorder died, that nobody has read, or that are not in MLflow yet."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from parsers.session import Event, Session
from with_tracking import archive, mlflow_store
from with_tracking.archive import State
from with_tracking.errors import MlflowUnavailable, RunRefused, WithTrackingError


class Synced(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one session: its run, or why there is none."""

    session_id: str
    run_id: str | None = None
    lost: bool = False
    error: str | None = None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a sync did. `pending` sessions are left for the next one, for the reason in `stopped_by` or `failed`."""

    logged: tuple[Synced, ...] = ()
    failed: tuple[Synced, ...] = ()
    pending: int = 0
    stopped_by: str | None = None


def sync(folders: list[Path], progress: Callable[[str], None]) -> Summary:
    """Parse and log the sessions of `folders`; `progress` is called with each one's id when it is done.

    A session that cannot be logged is left for the next time. MLflow being away ends it all at once.
    """
    done: list[Synced] = []
    for number, folder in enumerate(folders):
        try:
            if (synced := _sync_one(folder)) is not None:
                done.append(synced)
        except RunRefused as error:
            done.append(Synced(session_id=folder.name, error=str(error)))
        except MlflowUnavailable as error:
            return _summary(done, pending=len(folders) - number, stopped_by=str(error))
        progress(folder.name)
    return _summary(done)


def _summary(done: list[Synced], *, pending: int = 0, stopped_by: str | None = None) -> Summary:
    logged, failed = [one for one in done if one.error is None], [one for one in done if one.error is not None]
    return Summary(logged=tuple(logged), failed=tuple(failed), pending=pending + len(failed), stopped_by=stopped_by)


def _sync_one(folder: Path) -> Synced | None:
    """Do what is left to do for one session, under its lock; None if somebody else did it meanwhile."""
    try:
        with archive.lock(folder):
            if archive.state_of(folder) is State.LOGGED:
                return None
            lost = archive.finish_lost(folder)
            session, events = _parsed(folder)
            run_id = mlflow_store.log_session(folder, session, events)
            return Synced(session_id=folder.name, run_id=run_id, lost=lost)
    except MlflowUnavailable:
        raise
    except (OSError, WithTrackingError) as error:
        return Synced(session_id=folder.name, error=str(error))
    except Exception as error:  # a bug in reading one session must not keep the others from being logged
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        return Synced(session_id=folder.name, error=f"{type(error).__name__}: {error} ({place})")


def _parsed(folder: Path) -> tuple[Session, Sequence[Event]]:
    """Return what was read from the session, reading it now if that was not done or its files are broken."""
    session, events = archive.read_session(folder), archive.read_events(folder)
    if session is not None and events is not None:
        return session, events
    from parsers.parse_ai_session import parse_folder
    from with_tracking.keeping import keep

    parsed = keep(folder, parse_folder(folder))
    return parsed.session, parsed.events
