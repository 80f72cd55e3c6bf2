"""Rows read from session folders: of a single session, without any index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from parsers.session import Session


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What `rows.Row` asks for, of one session."""

    session_id: str
    provider: str | None = None
    model: str | None = None
    procedure_name: str | None = None
    issue_number: str | None = None
    branch: str | None = None
    repo: str | None = None
    host: str | None = None
    started_at: datetime | None = None
    success: bool | None = None
    prompt: str | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def row_of(session: Session, tags: Mapping[str, str] | None = None) -> SessionFacts:
    """Return the row of a session that has been read."""
    root = session.git.root
    return SessionFacts(
        session_id=session.session_id,
        provider=session.provider,
        model=session.model,
        procedure_name=session.procedure_name,
        issue_number=session.issue_number,
        branch=session.git.branch,
        repo=root.rstrip("/").rsplit("/", 1)[-1] if root else None,
        host=session.host,
        started_at=session.started_at,
        success=session.success,
        prompt=session.user_prompts[0] if session.user_prompts else None,
        metrics=session.metrics,
        tags=tags or {},
    )
