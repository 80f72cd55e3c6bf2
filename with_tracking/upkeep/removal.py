"""Deleting session folders, and forgetting a session everywhere.

The order makes it safe to die anywhere: first the tombstone, by which everything else is found and finished; the file
that makes a session count as logged goes last, or a half-deleted session would be logged again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from with_tracking import archive, config, paths
from with_tracking.archive import State
from with_tracking.errors import WithTrackingError
from with_tracking.history_import import import_plan
from with_tracking.store import local_store
from with_tracking.store.logged import read_logged, without_password
from with_tracking.upkeep import tombstones
from with_tracking.upkeep.tombstones import Reason, Tombstone

LAST = ("session.json", "logged.json", ".lock")


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """What was deleted of a session: so many bytes in its folder, and so many runs."""

    session_id: str
    folder: str
    bytes: int
    runs: int


def forget(root: Path, folder: Path, environ: Mapping[str, str]) -> Forgotten:
    """Delete a session everywhere and leave a tombstone. Safe to repeat until it succeeds.

    Raises WithTrackingError if it is being recorded, MlflowUnavailable if its run cannot be deleted now; then the
    folder stays, so that it can be forgotten later.
    """
    if archive.state_of(folder) is State.RECORDING:
        raise WithTrackingError(f"The session {folder.name} is being recorded", "ending the assistant first")
    with archive.lock(folder):
        size = size_of(folder)
        tombstones.add(root, tombstone(folder, Reason.FORGOTTEN))
        runs = _forget_in_mlflow(root, folder, environ)
        forget_index(root)
        shutil.rmtree(root / "tmp" / folder.name, ignore_errors=True)  # where its files were laid out, after a crash
        remove_folder(folder)
    return Forgotten(session_id=folder.name, folder=str(folder), bytes=size, runs=runs)


def forget_index(root: Path) -> None:
    """Delete the index: deleted texts would linger in its free pages, and the next search makes it again."""
    for file in root.glob("index.db*"):
        file.unlink(missing_ok=True)


def tombstone(folder: Path, reason: Reason) -> Tombstone:
    """Return what is written down of a session that is deleted."""
    header = archive.read_header(folder)
    provider = header.provider if header else None
    ids = set(import_plan.native_ids(folder, provider))
    if header and header.native_session_id:
        ids.add(header.native_session_id)
    return Tombstone(session_id=folder.name, provider=provider, native_session_ids=tuple(sorted(ids)), reason=reason)


def remove_folder(folder: Path) -> None:
    """Delete a session folder, and the folders of its day, month and year if nothing is left in them.

    The caller holds its lock.
    """
    for entry in list(os.scandir(folder)):
        if entry.name in LAST:
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)
    for name in LAST:
        (folder / name).unlink(missing_ok=True)
    folder.rmdir()
    with contextlib.suppress(OSError):  # not empty
        for parent in list(folder.parents)[:3]:
            parent.rmdir()


def size_of(folder: Path) -> int:
    """Return how many bytes the files of a folder hold."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


def _forget_in_mlflow(root: Path, folder: Path, environ: Mapping[str, str]) -> int:
    """Delete its runs where they were logged, and where they would be now: a run may have been begun without an end."""
    header = archive.read_header(folder)
    settings = config.load(environ, Path(header.cwd) if header and header.cwd else folder).mlflow
    now = settings.tracking_uri or local_store.uri(paths.local_store(root))
    logged = read_logged(folder)
    stores = {without_password(now): now} if settings.enabled else {}
    if logged is not None:
        stores.setdefault(logged.tracking_uri, logged.tracking_uri)
    stores = {place: uri for place, uri in stores.items() if _is_there(uri)}
    if not stores:
        return 0
    from with_tracking.store import mlflow_deletion

    return sum(mlflow_deletion.delete_session(uri, folder.name) for uri in stores.values())


def _is_there(tracking_uri: str) -> bool:
    """Tell whether a store may hold anything: a database that is no file yet, or no longer, does not."""
    database = local_store.database_of(tracking_uri)
    return database is None or database.exists()
