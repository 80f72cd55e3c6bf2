"""Readers of the assistants' own logs, one module each, all behind the contract in `base.Reader`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from types import MappingProxyType
from typing import cast

from parsers.native_logs.base import Candidate, Hints, LogFile, NativeLog, Places, Reader

__all__ = ["READERS", "Candidate", "Hints", "LogFile", "NativeLog", "Places", "read_native", "reader_of"]

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
