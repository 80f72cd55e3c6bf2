"""The files of a session as its run gets them, laid out in one folder that is uploaded as it is."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from with_tracking import privacy

COMPRESSED = ("typescript", "timing.log", "stdout.txt", "stderr.txt")
"""What was recorded, kept byte for byte: it becomes raw/<name>.gz."""
COPIED = ("transcript.txt", "session.json", "events.jsonl", "parsed.json")
"""What was read from it; the assistant's own log (native/) and a procedure's files (artifacts/) come along."""


@contextmanager
def laid_out(folder: Path, summary: str, workshop: Path) -> Iterator[Path]:
    """Lay out the artifacts of a session folder below `workshop` for as long as the context lasts.

    `summary` is the text of summary.md. The caller holds the session's lock, so nobody else uses the same place.
    """
    place = workshop / folder.name
    shutil.rmtree(place, ignore_errors=True)  # left over if we died here last time
    place.mkdir(mode=0o700, parents=True)
    try:
        kept_here = privacy.withheld(folder)
        for name in COMPRESSED:
            if (folder / name).is_file() and name not in kept_here:
                _compress(folder / name, place / "raw" / f"{name}.gz")
        for name in COPIED:
            if (folder / name).is_file():
                _link(folder / name, place / name)
        for file in (*(() if "native" in kept_here else _files(folder / "native")), *_files(folder / "artifacts")):
            _link(file, place / file.relative_to(folder))
        (place / "summary.md").write_bytes(summary.encode("utf-8", "replace"))
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def names(place: Path) -> set[str]:
    """Return the names at the top of a laid-out folder."""
    return {entry.name for entry in place.iterdir()}


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


def _compress(file: Path, target: Path) -> None:
    """Compress so that the same bytes give the same file: no name and no time inside."""
    target.parent.mkdir(exist_ok=True)
    with (
        file.open("rb") as source,
        target.open("wb") as compressed,
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=compressed, mtime=0) as stream,
    ):
        shutil.copyfileobj(source, stream, 1 << 20)


def _link(file: Path, target: Path) -> None:
    """Put a file elsewhere without copying it, where the file system allows."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, target)
    except OSError:
        shutil.copyfile(file, target)
