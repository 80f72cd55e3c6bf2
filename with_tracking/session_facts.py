"""The few facts of a session that a list shows, read from its folder without decoding all of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from parsers.session import SessionHeader
from with_tracking import archive
from with_tracking.archive import State


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """A line of `list`, and its JSON. None is what is not known (yet)."""

    session_id: str
    state: State
    provider: str | None = None
    wrapper: str | None = None
    model: str | None = None
    cwd: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_seconds: float | None = None
    exit_code: int | None = None
    end_reason: str | None = None
    success: bool | None = None
    procedure_name: str | None = None
    issue_number: str | None = None
    prompt: str | None = None
    outcomes: tuple[str, ...] = ()
    cost_usd: float | None = None
    metrics: Mapping[str, float] = {}


class _Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """The part of parsed.json that is wanted here; msgspec passes over the rest quickly."""

    provider: str | None = None
    wrapper: str | None = None
    model: str | None = None
    cwd: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_seconds: float | None = None
    exit_code: int | None = None
    end_reason: str | None = None
    success: bool | None = None
    procedure_name: str | None = None
    issue_number: str | None = None
    user_prompts: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    cost_usd: float | None = None
    metrics: Mapping[str, float] = {}


_DECODER = msgspec.json.Decoder(_Parsed)


def facts_of(folder: Path) -> Facts:
    """Return what is known of the session of `folder`; before it is parsed that is what the recorder knew."""
    state = archive.state_of(folder)
    parsed = _parsed(folder)
    if parsed is None:
        return _from_header(folder.name, state, archive.read_header(folder) or SessionHeader())
    shared = {name: value for name, value in msgspec.structs.asdict(parsed).items() if name != "user_prompts"}
    prompt = parsed.user_prompts[0] if parsed.user_prompts else None
    return Facts(session_id=folder.name, state=state, prompt=prompt, **shared)


def _parsed(folder: Path) -> _Parsed | None:
    try:
        return _DECODER.decode((folder / "parsed.json").read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _from_header(session_id: str, state: State, header: SessionHeader) -> Facts:
    begin, end = header.started_at, header.ended_at
    return Facts(
        session_id=session_id,
        state=state,
        provider=header.provider,
        wrapper=header.wrapper,
        cwd=header.cwd,
        started_at=begin,
        ended_at=end,
        duration_seconds=(end - begin).total_seconds() if begin and end else None,
        exit_code=header.exit_code,
        end_reason=header.end_reason,
        prompt=" ".join(header.argv[1:]) or None,
    )
