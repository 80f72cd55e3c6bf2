"""A settings file as text: only what is a file, and no larger than anybody writes one."""

from __future__ import annotations

import stat
from pathlib import Path

LARGEST = 1_000_000
"""Bytes; each session would wait for a larger one."""


def text_of(path: Path) -> str:
    """Return the text of a settings file. Raises OSError, also for what is no file or much too large for one."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError("is no file")
    if found.st_size > LARGEST:
        raise OSError(f"is larger than {LARGEST // 1_000_000} MB")
    return path.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
