"""Codex's log: `<CODEX_HOME>/sessions/YYYY/MM/DD/rollout-<time>-<id>.jsonl` (0.39 … 0.169), a file per conversation.

Sub-agents have rollouts of their own that name their parent; /clear begins another rollout; resuming appends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from parsers.native_logs.base import (
    Candidate,
    LogFile,
    NativeLog,
    Places,
    Tally,
    Window,
    aware,
    decoded,
    in_order,
    json_records,
    last_time,
    parse_time,
    touched_since,
)
from parsers.native_logs.codex_records import LINE, SESSION_META, SessionMeta
from parsers.native_logs.codex_rollout import Rollout
from parsers.native_logs.codex_threads import Shared, is_sub_agent, parent_of

PROVIDER = "openai_codex"


def read(
    files: Sequence[LogFile],
    *,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    session_ids: Sequence[str] = (),
) -> NativeLog:
    """Read one session from its rollouts, sub-agents' included, in any order. `session_ids` is not needed."""
    rollouts = [file for file in files if isinstance(file, bytes) or file.name.startswith("rollout-")]
    heads = {file: _head(file) for file in rollouts}
    starts = [at for _, at in heads.values() if at is not None]
    window = Window(aware(started_at), aware(ended_at))
    shared = Shared(window, window.started_at or min(starts, default=None))
    for file in sorted(rollouts, key=lambda file: _order(*heads[file])):
        rollout = Rollout(shared)
        for line, raw in json_records(file, LINE, shared.tally):
            rollout.take(line, raw)
        rollout.finish()
    tally = shared.tally
    understood = len(shared.events)
    return NativeLog(
        events=in_order([*shared.events, *tally.kept]),
        provider_version=shared.version,
        model=shared.model,
        native_session_ids=tuple(shared.session_ids),
        cwd=shared.cwd,
        git_branch=shared.git_branch,
        started_at=tally.first_at,
        ended_at=tally.last_at,
        records=tally.records,
        unknown_records=tally.unknown,
        problems=tally.all_problems(PROVIDER, understood=understood),
    )


def _order(meta: SessionMeta | None, at: datetime | None) -> tuple[bool, float]:
    """Parents come before sub-agents, which may repeat their records; else the earlier rollout comes first."""
    return (meta is not None and is_sub_agent(meta), at.timestamp() if at else 0.0)


def _head(file: LogFile) -> tuple[SessionMeta | None, datetime | None]:
    """Read a rollout's first record: whose it is and when it began."""
    for line, _ in json_records(file, LINE, Tally()):
        meta = decoded(SESSION_META, line.payload) if line.type == "session_meta" else None
        return meta, parse_time(line.timestamp)
    return None, None


def candidates(places: Places, *, since: datetime | None = None) -> Iterator[Candidate]:
    """List the conversations, sub-agents' rollouts with that of their parent."""
    root = places.folder("CODEX_HOME", ".codex")
    heads: dict[Path, tuple[SessionMeta, datetime | None]] = {}
    for folder in ("sessions", "archived_sessions"):
        for file in sorted((root / folder).rglob("rollout-*.jsonl")):
            if touched_since(file, since):
                meta, at = _head(file)
                if meta is not None:
                    heads[file] = meta, at
    children: dict[str, list[Path]] = {}
    for file, (meta, _) in heads.items():
        children.setdefault(parent_of(meta) or "", []).append(file)
    for file, (meta, at) in heads.items():
        if not is_sub_agent(meta):
            files = (file, *_below(meta.id, children, heads))
            yield Candidate(meta.id or file.stem, files, meta.cwd, at, last_time(file))


def _below(
    parent: str | None, children: dict[str, list[Path]], heads: dict[Path, tuple[SessionMeta, datetime | None]]
) -> list[Path]:
    """Give the rollouts of a conversation's sub-agents, and of theirs."""
    found = [] if not parent else list(children.get(parent, ()))
    for file in tuple(found):
        found += [below for below in _below(heads[file][0].id, children, heads) if below not in found]
    return found
