"""One sync at work and one that waits: of ten that start when ten sessions end, the others are not needed.

Whoever waits looks for pending sessions only when its turn has come, so it finds those of all who left.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from with_tracking import archive

WORK, PLACE = ".sync", ".waiting"
"""The files in the root that the sync at work and the one that waits hold locked."""


@contextmanager
def turn(root: Path) -> Iterator[bool]:
    """Wait for the turn, and hold it for as long as the context lasts; False at once if somebody waits already."""
    if not root.is_dir():
        yield True  # nothing is recorded yet
        return
    place, work = (archive.opened(root / name, os.O_RDWR) for name in (PLACE, WORK))
    try:
        if _is_free(place):
            fcntl.flock(work, fcntl.LOCK_EX)
            fcntl.flock(place, fcntl.LOCK_UN)  # before looking for what is pending: who comes now is not in it
            yield True
        else:
            yield False
    finally:
        os.close(place)
        os.close(work)


def _is_free(place: int) -> bool:
    """Take a place if nobody has it."""
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
