"""What lists, filters and statistics know of a session: a row of the index, read without its texts."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from parsers.metrics import assistant_name
from parsers.session_header import Git, SessionHeader
from with_tracking import archive
from with_tracking.archive import State
from with_tracking.remarks import read_remarks

PROMPT_LENGTH = 500
"""Characters of the first prompt in a row; `show` has all of it."""


class _Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a row takes from parsed.json as it stands there."""

    provider: str | None = None
    wrapper: str | None = None
    client: str | None = None
    model: str | None = None
    provider_version: str | None = None
    origin: str | None = None
    cwd: str | None = None
    git: Git = Git()
    host: str | None = None
    interactive: bool | None = None
    parent_session_id: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_seconds: float | None = None
    active_seconds: float | None = None
    exit_code: int | None = None
    end_reason: str | None = None
    success: bool | None = None
    procedure_name: str | None = None
    issue_number: str | None = None
    outcomes: tuple[str, ...] = ()
    cost_usd: float | None = None
    metrics: Mapping[str, float] = {}


class SessionRow(_Facts, frozen=True, kw_only=True, gc=False):  # thousands at a time, and none holds another
    """A session as `list --json` prints it. None is what is not known (yet).

    `path` is the folder below the root; `tags` and `note` are the person's own; `metrics` are those of the run.
    """

    schema_version: int = 1
    session_id: str
    path: str
    state: State
    prompt: str | None = None
    tags: Mapping[str, str] = {}
    note: str | None = None

    @property
    def repo(self) -> str | None:
        """The name of the repository: that of its folder."""
        return os.path.basename(self.git.root.rstrip("/")) if self.git.root else None

    @property
    def assistant(self) -> str | None:
        """Who answered, by the shortest name."""
        return assistant_name(self.wrapper, self.provider) if self.provider else self.wrapper


class _Parsed(_Facts, frozen=True, kw_only=True):
    """The part of parsed.json that is wanted here; msgspec passes over the rest quickly."""

    user_prompts: tuple[str, ...] = ()


_DECODER = msgspec.json.Decoder(_Parsed)


def row_of(folder: Path, root: Path) -> SessionRow:
    """Return what is known of the session of `folder`; before it is parsed that is what the recorder knew."""
    place = {"path": os.path.relpath(folder, root), "state": archive.state_of(folder)}
    said = read_remarks(folder)
    known = _from_parsed(folder) or _from_header(folder)
    return msgspec.convert(
        {"session_id": folder.name, **place, **known, "tags": said.tags, "note": said.note}, SessionRow
    )


def _from_parsed(folder: Path) -> dict[str, object] | None:
    try:
        parsed = _DECODER.decode((folder / "parsed.json").read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    fields = msgspec.structs.asdict(parsed)
    prompts = fields.pop("user_prompts")
    return {**fields, "prompt": prompts[0][:PROMPT_LENGTH] if prompts else None}


def _from_header(folder: Path) -> dict[str, object]:
    header = archive.read_header(folder) or SessionHeader()
    begin, end = header.started_at, header.ended_at
    return {
        "provider": header.provider,
        "wrapper": header.wrapper,
        "origin": header.origin,
        "cwd": header.cwd,
        "git": header.git,
        "host": header.host,
        "interactive": header.interactive,
        "parent_session_id": header.parent_session_id,
        "started_at": begin,
        "ended_at": end,
        "duration_seconds": (end - begin).total_seconds() if begin and end else None,
        "exit_code": header.exit_code,
        "end_reason": header.end_reason,
        "prompt": " ".join(header.argv[1:])[:PROMPT_LENGTH] or None,
    }
