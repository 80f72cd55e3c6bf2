"""Sessions that were deleted on purpose, so that nothing brings them back: one line each in `<root>/forgotten.jsonl`.

A line holds ids alone, nothing of what was said: ours, and those that the assistant gave the session.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from with_tracking import archive

FILE = "forgotten.jsonl"


class Reason(StrEnum):
    """Why a session was deleted: the person wanted it gone everywhere, or its folder was old; its run then stays."""

    FORGOTTEN = "forgotten"
    PRUNED = "pruned"


class Tombstone(msgspec.Struct, frozen=True, kw_only=True):
    """A deleted session. `provider` is whose ids `native_session_ids` are."""

    session_id: str
    provider: str | None = None
    native_session_ids: tuple[str, ...] = ()
    reason: Reason = Reason.FORGOTTEN
    at: datetime = msgspec.field(default_factory=lambda: datetime.now(UTC))


def load(root: Path) -> list[Tombstone]:
    """Return all, oldest first; a half-written line is none."""
    return list(_read(root / FILE))


def add(root: Path, stone: Tombstone) -> None:
    """Write one down, for good (synced) once this returns; other processes may do so at the same time."""
    file = root / FILE
    with archive.lock_file(root / f".{FILE}.lock"):
        unfinished = file.exists() and file.read_bytes()[-1:] not in (b"\n", b"")
        handle = archive.opened(file, os.O_WRONLY | os.O_APPEND)
        with os.fdopen(handle, "ab") as stones:
            stones.write((b"\n" if unfinished else b"") + msgspec.json.encode(stone) + b"\n")
            stones.flush()
            os.fsync(stones.fileno())


def forgotten(root: Path) -> frozenset[str]:
    """Return the ids of the sessions that are to be nowhere: what is left of one is left over from a crash."""
    return frozenset(stone.session_id for stone in load(root) if stone.reason is Reason.FORGOTTEN)


def _read(file: Path) -> Iterator[Tombstone]:
    decoder = msgspec.json.Decoder(Tombstone)
    with contextlib.suppress(FileNotFoundError):
        for line in file.read_bytes().splitlines():
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                yield decoder.decode(line)
