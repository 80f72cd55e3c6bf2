"""Files that a person asked for by name: replaced whole or not at all, with the rights that new files have there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from with_tracking.errors import WithTrackingError


def write_output(path: Path, data: bytes) -> None:
    """Replace a file at once, so that whoever reads it meanwhile sees the old or the new one.

    Raises WithTrackingError if that is not possible. What is no plain file (/dev/stdout, a pipe) is written into.
    """
    path = path.expanduser()
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        target = path.resolve()
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(temporary, _mode(target))
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise WithTrackingError(f"{path} cannot be written: {error.strerror or error}", "another place") from error


def _mode(path: Path) -> int:
    """Return the rights of the file that is there, else those that a new one gets."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0o077)
        os.umask(mask)
        return 0o666 & ~mask
