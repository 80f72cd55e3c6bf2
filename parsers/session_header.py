"""What is known of a session besides what was said in it: `session.json`, as the recorder writes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

SCHEMA_VERSION = 1


class Terminal(msgspec.Struct, frozen=True, kw_only=True):
    """The terminal's size at the start and its TERM."""

    rows: int | None = None
    cols: int | None = None
    term: str | None = None


class Git(msgspec.Struct, frozen=True, kw_only=True):
    """The repository of the working directory when the session began."""

    root: str | None = None
    branch: str | None = None
    commit: str | None = None


class SessionHeader(msgspec.Struct, frozen=True, kw_only=True):
    """`session.json` as the recorder writes it: at the start, and again at the end with what only then is known.

    `provider` is the tag (`claude_code`), absent for a recording that was not made by a wrapper; `end_reason` is
    exited, signalled, hung_up or lost.
    """

    schema_version: int = SCHEMA_VERSION
    session_id: str | None = None
    provider: str | None = None
    argv: tuple[str, ...] = ()
    cwd: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    end_reason: str | None = None
    interactive: bool | None = None
    terminal: Terminal = Terminal()
    git: Git = Git()
    parent_session_id: str | None = None
    origin: str | None = None  # "import": made from the assistant's own log, nothing was recorded
    native_session_id: str | None = None  # of a session that was imported from its log
    pid: int | None = None
    host: str | None = None
    wrapper: str | None = None  # the wrapper's name before "-with-tracking": claude
    wrapper_version: str | None = None
    log_places: Mapping[str, str] = {}  # environment variables that say where the assistant keeps its log
