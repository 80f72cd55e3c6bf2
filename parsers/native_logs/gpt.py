"""The provider `gpt` has two programs with logs: llm (a database) and shell-gpt (chat files)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path

from parsers.native_logs import llm, shell_gpt
from parsers.native_logs.base import Candidate, LogFile, NativeLog, Places
from parsers.native_logs.databases import is_database

PROVIDER = "gpt"


def read(
    files: Sequence[LogFile],
    *,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    session_ids: Sequence[str] = (),
) -> NativeLog:
    """Read the log of whichever program the files are of."""
    read_one = llm.read if any(map(is_database, files)) else shell_gpt.read
    return read_one(files, started_at=started_at, ended_at=ended_at, session_ids=session_ids)


def candidates(places: Places, *, since: datetime | None = None) -> Iterator[Candidate]:
    """List the threads of llm and the chats of shell-gpt."""
    return chain(llm.candidates(places, since=since), shell_gpt.candidates(places, since=since))


def extract(file: Path, session_ids: Sequence[str], target: Path) -> bool:
    """Take the session's part out of a file that others share; a chat of shell-gpt is copied whole."""
    return llm.extract(file, session_ids, target)
