"""Moving the root. A local MLflow store holds absolute addresses of its files, which are mended after the move.

All steps can be repeated: a move that was interrupted is finished by the same command, and a root that was moved by
hand is mended alone.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import unquote, urlparse

import msgspec

from with_tracking import archive, paths, ui_server
from with_tracking.archive import State
from with_tracking.errors import WithTrackingError
from with_tracking.store import local_store

STAYS = ("README.md",)
"""What belongs to a checkout, not to the sessions."""
UNFINISHED = ".relocating"
"""Names the root that the rest is still to come from."""
ADDRESSES = (
    ("experiments", "artifact_location", ""),
    ("runs", "artifact_uri", ""),
    ("logged_models", "artifact_location", ""),
    ("trace_tags", "value", "key = 'mlflow.artifactLocation' AND "),
)
"""Where MLflow's database (3.10 to 3.17) holds addresses of files: table, column, which rows."""


class Relocated(msgspec.Struct, frozen=True, kw_only=True):
    """Where the root is now, how many addresses were mended, and where the database was kept as it was before."""

    root: str
    mended: int
    backup: str | None = None


def relocate(old: Path, new: Path) -> Relocated:
    """Move all that is in `old` to `new`, which must be empty or not there, and mend the store.

    Raises WithTrackingError, having moved nothing, if that cannot be or somebody is at work there.
    """
    new = new.expanduser().absolute()
    _check(old, new)
    with ExitStack() as held:
        _keep_others_away(old, held)
        new.mkdir(mode=0o700, parents=True, exist_ok=True)
        archive.write_whole(new / UNFINISHED, str(old).encode())
        for entry in _contents(old):
            _move(entry, new / entry.name)
        mended = mend(new)
        (new / UNFINISHED).unlink()
    return mended


def mend(root: Path) -> Relocated:
    """Make the addresses in the local store below `root` those of the files beside it, where these moved."""
    database = paths.local_store(root)
    wanted = local_store.artifacts_uri(database)
    stale = stale_locations(database)
    if not stale:
        return Relocated(root=str(root), mended=0)
    backup = local_store.back_up(database, "before-relocation")
    with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        mended = sum(_replace(connection, prefix, wanted) for prefix in stale)
        connection.execute("COMMIT")
    return Relocated(root=str(root), mended=mended, backup=str(backup))


def stale_locations(database: Path) -> list[str]:
    """Return the addresses of artifact folders in the store that are not beside it and not there any more."""
    if not database.exists():
        return []
    wanted = local_store.artifacts_uri(database)
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
        found = connection.execute("SELECT experiment_id, artifact_location FROM experiments").fetchall()
    bases = {_base(str(number), location) for number, location in found if location}
    return sorted(base for base in bases if base != wanted and base.endswith("/artifacts") and not _exists(base))


def _base(experiment_id: str, location: str) -> str:
    """Return the folder of all experiments' files; MLflow appends the number for those that it makes itself."""
    return location.removesuffix(f"/{experiment_id}")


def _exists(location: str) -> bool:
    parsed = urlparse(location)
    return parsed.scheme not in ("", "file") or os.path.exists(unquote(parsed.path))


def _replace(connection: sqlite3.Connection, old: str, new: str) -> int:
    """Give the addresses below `old` their new beginning; return how many there were."""
    count = 0
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table, column, condition in ADDRESSES:
        if table in there:
            count += connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
                f"WHERE {condition}({column} = ? OR substr({column}, 1, ?) = ?)",
                (new, len(old) + 1, old, len(old) + 1, f"{old}/"),
            ).rowcount
    return count


# --- the move ---------------------------------------------------------------------------------------------------------


def _check(old: Path, new: Path) -> None:
    if new == old or new.is_relative_to(old) or old.is_relative_to(new):
        raise WithTrackingError(f"{new} and {old} lie in one another", "another folder")
    if not old.is_dir():
        raise WithTrackingError(f"There is no {old} to move", "with-tracking config")
    if new.exists() and (not new.is_dir() or any(new.iterdir())) and not _goes_on(old, new):
        raise WithTrackingError(f"{new} is not an empty folder", "a folder that does not exist yet")
    if ui_server.running(old):
        raise WithTrackingError("The MLflow UI has the store open", "start-mlflow stop")


def _goes_on(old: Path, new: Path) -> bool:
    """Tell whether `new` is what an interrupted move from `old` left."""
    try:
        return (new / UNFINISHED).read_text() == str(old)
    except OSError:
        return False


def _keep_others_away(root: Path, held: ExitStack) -> None:
    """Hold the lock of each session that somebody could be about to log. Refuses if one is in use."""
    for folder in archive.folders(root):
        state = archive.state_of(folder)
        if state is State.RECORDING:
            raise WithTrackingError(f"The session {folder.name} is being recorded", "ending the assistant first")
        if state is State.LOGGED:
            continue
        handle = archive.opened(folder / ".lock", os.O_RDWR)
        held.callback(os.close, handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WithTrackingError(f"The session {folder.name} is being logged", "again in a minute") from error


def _contents(root: Path) -> Iterator[Path]:
    """Yield what is to be moved, the small things last: they are what the rest is found by."""
    entries: Iterable[Path] = (entry for entry in root.iterdir() if entry.name not in STAYS)
    yield from sorted(entries, key=lambda entry: (not entry.is_dir(), entry.name))


def _move(source: Path, target: Path) -> None:
    """Move a file or folder; across file systems it is copied whole before the old one is deleted."""
    try:
        source.rename(target)
    except OSError:
        unfinished = target.with_name(f".{target.name}.moving")
        _delete(unfinished)
        if source.is_dir() and not source.is_symlink():
            shutil.copytree(source, unfinished, symlinks=True)
        else:
            shutil.copy2(source, unfinished, follow_symlinks=False)
        _delete(target)
        unfinished.rename(target)
        _delete(source)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
