"""Readers of the assistants' own logs, one module each, all behind the contract in `base.Reader`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from importlib import import_module
from types import MappingProxyType
from typing import cast

from parsers.native_logs.base import Candidate, Hints, LogFile, NativeLog, Places, Reader

__all__ = [
    "READERS",
    "Candidate",
    "Hints",
    "LogFile",
    "NativeLog",
    "Places",
    "read_history",
    "read_native",
    "reader_of",
]

# Provider tag -> module in this package. They are imported when first used: sqlite and the like cost start-up time.
READERS: Mapping[str, str] = MappingProxyType(
    {
        "claude_code": "claude_code",
        "openai_codex": "openai_codex",
        "qwen_code": "qwen_code",
        "gemini_cli": "gemini_cli",
        "opencode": "opencode",
        "github_copilot": "github_copilot",
        "aider": "aider",
        "gpt": "gpt",
    }
)


def reader_of(provider: str) -> Reader | None:
    """Give the module that reads this provider's logs; None if it keeps none."""
    name = READERS.get(provider)
    return None if name is None else cast(Reader, import_module(f"{__name__}.{name}"))


def read_native(
    provider: str,
    files: Sequence[LogFile],
    *,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    session_ids: Sequence[str] = (),
) -> NativeLog:
    """Read one session from the provider's own log; an unknown provider gives an empty log that says so."""
    reader = reader_of(provider)
    if reader is None:
        return NativeLog(problems=(f"no reader for the logs of {provider}",))
    return reader.read(files, started_at=started_at, ended_at=ended_at, session_ids=session_ids)


def read_history(provider: str, sessions: Iterable[Candidate]) -> Iterator[tuple[Candidate, NativeLog]]:
    """Read all past sessions of an assistant, one at a time, the earliest first.

    What a resumed session's file repeats of an earlier one counts there only.
    """
    reader = reader_of(provider)
    if reader is None:
        return
    read: Callable[..., NativeLog] = reader.read
    if provider == "claude_code":  # the only one that copies records into the next file
        read = partial(read, seen=set[str]())
    for one in sorted(sessions, key=_age):
        yield one, read(one.files, session_ids=(one.session_id,))


def _age(one: Candidate) -> tuple[float, float]:
    """Order sessions by their start; a resumed one, which begins with copies, ends later than its original."""
    started, last = one.started_at, one.last_at
    return (started.timestamp() if started else 0.0, last.timestamp() if last else 0.0)
