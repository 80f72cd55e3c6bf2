"""The session folders on disk: finding them, newest first, their states, and how files in them are written.

A folder is `<root>/sessions/YYYY/MM/DD/<session_id>/`. What has happened to a session is told by which files exist,
so that every step can be taken up again by anyone after a crash.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from parsers.session import Event, Session
from parsers.session_header import SessionHeader
from with_tracking import paths, processes
from with_tracking.errors import WithTrackingError

RECORDED_FILES = ("typescript", "timing.log", "stdout.txt", "stderr.txt")
NEW_SECONDS = 60.0
"""A folder without a session.json is one that is just being made, or was left so by a crash if it is older."""
FOREIGN_SILENCE_SECONDS = 24 * 3600.0
"""Another computer's process cannot be asked after; a recording that was silent for so long is taken as ended."""


_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


class State(StrEnum):
    """How far a session has come."""

    RECORDING = "recording"
    RECORDED = "recorded"
    PARSED = "parsed"
    LOGGED = "logged"


def folders(root: Path) -> Iterator[Path]:
    """Yield all session folders, newest first. Only the days that are asked for are read."""
    for day in days(root):
        yield from sorted(_subfolders(day), key=_began, reverse=True)


def pending(root: Path) -> list[Path]:
    """Return the folders of sessions that have ended and are not logged, oldest first."""
    waiting = (State.RECORDED, State.PARSED)
    return [folder for folder in folders(root) if state_of(folder) in waiting and _holds_anything(folder)][::-1]


def state_of(folder: Path) -> State:
    """Tell how far the session of `folder` has come. A recording whose recorder has died counts as recorded."""
    if (folder / "logged.json").exists():
        return State.LOGGED
    if is_recording(folder):
        return State.RECORDING
    return State.PARSED if (folder / "parsed.json").exists() else State.RECORDED


def is_recording(folder: Path) -> bool:
    """Tell whether the recorder is still at work."""
    header = read_header(folder)
    if header is None:
        return time.time() - _modified(folder) < NEW_SECONDS and not (folder / "session.json").exists()
    if header.ended_at is not None or header.end_reason is not None:
        return False
    if header.host not in (None, platform.node(), os.uname().nodename):
        return time.time() - last_written(folder) < FOREIGN_SILENCE_SECONDS
    return header.pid is not None and processes.is_running(header.pid, header.started_at)


def finish_lost(folder: Path) -> bool:
    """Write the end into session.json if the recorder died before it could; True if that was so.

    The session then ended when something was last recorded, for the reason `lost`, with an unknown exit code.
    """
    header = read_header(folder)
    if header is None or header.ended_at is not None or is_recording(folder):
        return False
    fields: dict[str, Any] = msgspec.json.decode((folder / "session.json").read_bytes())
    ended_at = datetime.fromtimestamp(last_written(folder), UTC)
    fields.update(ended_at=ended_at, end_reason=header.end_reason or "lost")
    write_whole(folder / "session.json", msgspec.json.encode(fields) + b"\n")
    return True


def find(root: Path, wanted: str) -> Path:
    """Return the folder of a session id, of a unique prefix of one, or of `last` (also -1, -2, …: the last but n).

    Raises WithTrackingError if nothing or more than one session fits, naming the nearest.
    """
    if wanted == "last" or (wanted.startswith("-") and wanted[1:].isdigit()):
        return _last(root, 1 if wanted == "last" else int(wanted[1:]))
    known = {folder.name: folder for day in days(root) for folder in _subfolders(day)}
    if wanted in known:
        return known[wanted]
    fitting = [name for name in known if wanted and name.startswith(wanted)]
    if len(fitting) == 1:
        return known[fitting[0]]
    if fitting:
        some = ", ".join(sorted(fitting)[:3]) + (", …" if len(fitting) > 3 else "")
        raise WithTrackingError(f"{len(fitting)} sessions begin with {wanted!r}: {some}", "give more of the id")
    raise WithTrackingError(f"There is no session {wanted!r}", _nearest(wanted, known) or "with-tracking list")


def read_header(folder: Path) -> SessionHeader | None:
    """Return what the recorder wrote; None if there is no session.json or it is not readable as one."""
    try:
        return msgspec.json.decode((folder / "session.json").read_bytes(), type=SessionHeader)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def read_session(folder: Path) -> Session | None:
    """Return what the parser read; None if there is no parsed.json or it is not readable as one."""
    try:
        return msgspec.json.decode((folder / "parsed.json").read_bytes(), type=Session)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def read_events(folder: Path) -> list[Event] | None:
    """Return the events that the parser read, in order; None if there is no events.jsonl or it is broken."""
    try:
        lines = (folder / "events.jsonl").read_bytes().splitlines()
        return [_EVENT.decode(line) for line in lines if line]
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


@contextmanager
def private() -> Iterator[None]:
    """Have the files and folders that are made meanwhile for their owner alone, whatever the umask is."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def opened(path: Path, flags: int) -> int:
    """Open a file as `os.open` does; one that is not there is made, for its owner alone whatever the umask is."""
    with private():
        return os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, 0o600)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, readable by its owner only; it survives a power cut once this returns."""
    import tempfile  # nothing that only reads needs it

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    _mark_day(path.parent)


def _mark_day(folder: Path) -> None:
    """Let the folder of the day tell that something changed in one of its sessions: the index looks there."""
    day = folder.parent
    if day.name.isdigit() and len(day.parents) > 2 and day.parents[2].name == "sessions":
        with suppress(OSError):
            os.utime(day)


def sweep(folder: Path) -> None:
    """Delete the temporary files that somebody who died left in a session folder. The caller holds its lock."""
    for entry in folder.iterdir():
        if entry.name.startswith(".") and entry.name != ".lock" and not (entry.is_dir() and not entry.is_symlink()):
            entry.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_held: dict[Path, int] = {}
"""The locks of this process and how often each was taken: whoever holds one may take it again."""


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Keep other processes away from a session (or any) folder; waits for them. Freed by the kernel if we die."""
    with lock_file(folder / ".lock"):
        yield


def is_locked(folder: Path, name: str = ".lock") -> bool:
    """Tell whether another process is at work on a session (or any) folder at this moment."""
    try:
        handle = os.open(folder / name, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@contextmanager
def lock_file(path: Path) -> Iterator[None]:
    """Hold an exclusive flock on `path`, which is created if need be and never deleted."""
    path = path.absolute()
    if _held.get(path):
        _held[path] += 1
        try:
            yield
        finally:
            _held[path] -= 1
        return
    handle = opened(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _held[path] = 1
        yield
    finally:
        _held.pop(path, None)
        os.close(handle)


def day_folder(root: Path, day: date) -> Path:
    """Return the folder of the sessions that began on a day."""
    return paths.sessions(root) / f"{day:%Y/%m/%d}"


def days(root: Path) -> Iterator[Path]:
    """Yield the day folders, newest first. Raises WithTrackingError if nobody may look: that is no empty archive."""
    try:
        os.scandir(paths.sessions(root)).close()
    except PermissionError as error:
        raise WithTrackingError(
            f"{root} cannot be read: {error.strerror}", "WITH_TRACKING_HOME=a folder of yours"
        ) from error
    except OSError:  # there is none yet
        return
    for year in _numbered(paths.sessions(root)):
        for month in _numbered(year):
            yield from _numbered(month)


def _numbered(folder: Path) -> list[Path]:
    return sorted((sub for sub in _subfolders(folder) if sub.name.isdigit()), reverse=True)


def _subfolders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
    except OSError:
        return []


def _began(folder: Path) -> tuple[float, str]:
    header = read_header(folder)
    if header is not None and header.started_at is not None:
        return header.started_at.timestamp(), folder.name
    return last_written(folder), folder.name


def _holds_anything(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("session.json", *RECORDED_FILES))


def last_written(folder: Path) -> float:
    """When something was last recorded in `folder`, in seconds since 1970; 0 if nothing ever was."""
    times = [_modified(folder / name) for name in RECORDED_FILES]
    return max(times) or _modified(folder / "session.json") or _modified(folder)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def none_recorded(root: Path) -> WithTrackingError:
    """Return the error of whoever needs a session where there is none."""
    return WithTrackingError(f"No session is recorded in {root} yet", "claude-with-tracking")


def _last(root: Path, nth: int) -> Path:
    folder = next(itertools.islice(folders(root), max(nth, 1) - 1, None), None)
    if folder is None:
        if nth > 1 and _last(root, 1):
            raise WithTrackingError(f"Fewer than {nth} sessions are recorded in {root}", "with-tracking list")
        raise none_recorded(root)
    return folder


def _nearest(wanted: str, known: dict[str, Path]) -> str | None:
    import difflib  # only needed to be helpful

    near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.6)
    return f"with-tracking show {near[0]}" if near else None
