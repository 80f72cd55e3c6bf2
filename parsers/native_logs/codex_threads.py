"""Which conversation a Codex rollout is: whose sub-agent, and when its ids were made."""

from __future__ import annotations

from datetime import datetime

from parsers.native_logs.base import from_epoch
from parsers.native_logs.codex_records import SessionMeta


def is_sub_agent(meta: SessionMeta) -> bool:
    """Tell whether a rollout is a sub-agent's."""
    return meta.parent_thread_id is not None or parent_of(meta) is not None or _subagent(meta) is not None


def parent_of(meta: SessionMeta) -> str | None:
    """Give the id of the rollout whose sub-agent this one is."""
    spawn = _subagent(meta)
    found = spawn.get("thread_spawn", spawn) if isinstance(spawn, dict) else {}
    parent = found.get("parent_thread_id") if isinstance(found, dict) else None
    return meta.parent_thread_id or (parent if isinstance(parent, str) else None)


def _subagent(meta: SessionMeta) -> object:
    return meta.source.get("subagent", meta.source.get("subAgent")) if isinstance(meta.source, dict) else None


def uuid_time(identifier: str | None) -> datetime | None:
    """Give the time in a version 7 UUID, which Codex's ids are."""
    plain = (identifier or "").replace("-", "")
    if len(plain) != 32 or plain[12] != "7":
        return None
    try:
        return from_epoch(int(plain[:12], 16))
    except ValueError:
        return None
