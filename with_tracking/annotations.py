"""annotations.json: what a person says of a session afterwards, tags and a note. Reading a session anew leaves it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from with_tracking import archive

FILE = "annotations.json"


class Annotations(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The person's own tags and note. `unsent` names what the MLflow run of the session does not have yet."""

    tags: Mapping[str, str] = {}
    note: str | None = None
    unsent: tuple[str, ...] = ()


def read_annotations(folder: Path) -> Annotations:
    """Return what was said of the session of `folder`; nothing if the file is missing or broken."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Annotations)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return Annotations()


def write_annotations(folder: Path, annotations: Annotations) -> None:
    """Replace what was said. The caller holds the lock of the folder."""
    archive.write_whole(folder / FILE, msgspec.json.encode(annotations) + b"\n")
