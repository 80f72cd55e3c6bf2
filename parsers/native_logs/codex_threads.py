"""Which conversation a Codex rollout is: whose sub-agent, which records it only repeats, what it shares with others."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from parsers.native_logs.base import Tally, Window, decoded, from_epoch
from parsers.native_logs.codex_records import SESSION_META, TURN_CONTEXT, Line, SessionMeta, Usage
from parsers.session import Event

REPLAY = timedelta(seconds=2)  # a fork copies its parent's records in one burst, stamped with the fork's time


@dataclass(slots=True)
class Shared:
    """What all rollouts of a session share: the time, the counts, and what was already counted."""

    window: Window
    origin: datetime | None
    tally: Tally = field(default_factory=Tally)
    events: list[Event] = field(default_factory=list)
    call_ids: set[str] = field(default_factory=set)
    response_ids: set[str] = field(default_factory=set)
    totals: set[Usage] = field(default_factory=set)  # running totals of the main conversations
    version: str | None = None
    model: str | None = None
    cwd: str | None = None
    git_branch: str | None = None
    session_ids: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class Thread:
    """Whose rollout is being read, and whether its records are still those that a fork copied from its parent."""

    meta: SessionMeta | None = None
    agent: str | None = None
    began: datetime | None = None
    replaying: bool = False

    def begin(self, line: Line, at: datetime | None, *, fresh: bool) -> None:
        """Take a session_meta: the first is the rollout's own, another is its parent's while nothing was done yet."""
        meta = decoded(SESSION_META, line.payload)
        if meta is None:
            return
        if self.meta is not None:
            self.replaying = self.replaying or (meta.id != self.meta.id and fresh)
            return
        self.meta, self.began = meta, at
        self.replaying = meta.forked_from_id is not None
        if is_sub_agent(meta):
            path = (meta.agent_path or "").rstrip("/").rsplit("/", 1)[-1]
            self.agent = path or meta.agent_nickname or meta.id

    def just_began(self, at: datetime | None) -> bool:
        """Tell whether a record stands where a sub-agent's rollout may repeat its parent's without saying so."""
        return at is None or self.began is None or at - self.began < REPLAY

    def follow(self, line: Line, at: datetime | None) -> None:
        """Find where copied records end: at the first turn begun after the fork, or when time goes on."""
        if not self.replaying:
            return
        if at is not None and self.began is not None and at > self.began + REPLAY:
            self.replaying = False
        elif line.type == "turn_context" and self.began is not None:
            context = decoded(TURN_CONTEXT, line.payload)
            turn_at = uuid_time(context.turn_id) if context else None
            self.replaying = turn_at is None or turn_at < self.began - REPLAY


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
