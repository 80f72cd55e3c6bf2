"""remarks.json: what a person says of a session afterwards, tags and a note. Reading a session anew leaves it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from with_tracking import archive

FILE = "remarks.json"
NOTE = "note"
"""The tag of the run that holds the note."""
_KEY = re.compile(r"[\w\-.:/]{1,250}")  # MLflow allows blanks, too
_FACTS = frozenset({
    "type", "provider", "origin", "session_id", "detection_method", "client", "provider_version", "model", "host",
    "end_reason", "interactive", "parent_session_id", "logged", "traces", NOTE,
})  # fmt: skip


class Remarks(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The person's own tags and note. `unsent` names what the MLflow run of the session does not have yet."""

    tags: Mapping[str, str] = {}
    note: str | None = None
    unsent: tuple[str, ...] = ()


def read_remarks(folder: Path) -> Remarks:
    """Return what was said of the session of `folder`; nothing if the file is missing or broken."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Remarks)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return Remarks()


def write_remarks(folder: Path, remarks: Remarks) -> None:
    """Replace what was said. The caller holds the lock of the folder."""
    archive.write_whole(folder / FILE, msgspec.json.encode(remarks) + b"\n")


def run_tags(said: Remarks) -> dict[str, str]:
    """Return the tags that a run has of it; the note is one of them."""
    return {**said.tags, **({NOTE: said.note} if said.note else {})}


def change(folder: Path, tags: Mapping[str, str | None], note: str | None = None) -> Remarks:
    """Set tags (None takes one away) and the note (an empty one takes it away, None leaves it); return all there is."""
    tags, note = _masked(folder, tags, note)
    with archive.lock(folder):
        old = read_remarks(folder)
        kept = {key: value for key, value in {**old.tags, **tags}.items() if value is not None}
        text = old.note if note is None else note.strip() or None
        changed = [*tags, *([NOTE] if note is not None else [])]
        new = Remarks(tags=kept, note=text, unsent=tuple(dict.fromkeys((*old.unsent, *changed))))
        write_remarks(folder, new)
        return new


def _masked(folder: Path, tags: Mapping[str, str | None], note: str | None) -> tuple[dict[str, str | None], str | None]:
    """Mask secrets in what the person says, as in what is recorded."""
    from with_tracking import config, privacy  # only who writes needs the rules

    header = archive.read_header(folder)
    settings = config.load(os.environ, Path((header and header.cwd) or folder))
    redact = privacy.redactor_of(settings.privacy).redact
    masked = {key: value and redact(f"{key}={value}").removeprefix(f"{key}=") for key, value in tags.items()}
    return masked, note and redact(note)


def is_fact(key: str) -> bool:
    """Tell whether a run's tag of this name tells a fact of the session; all others are somebody's own."""
    return key in _FACTS or key.startswith(("mlflow.", "event.", "git."))


def check_key(key: str) -> None:
    """Raise ValueError if no tag of the person can have this name, saying why."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no name of a tag: use letters, digits and _ - . : /")
    if is_fact(key):
        raise ValueError(f"{key!r} is a tag that every session has; choose another name")
