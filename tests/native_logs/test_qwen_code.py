"""Qwen Code's log: a session with the answer beside it, and where its logs are."""

from __future__ import annotations

from pathlib import Path

import pytest

from parsers.native_logs.base import Places
from parsers.native_logs.qwen_code import candidates
from tests.native_logs.traps import TRAPS, assert_right, traps_of


@pytest.mark.parametrize("trap", traps_of("qwen_code"), ids=lambda trap: trap.name)
def test_traps(trap: Path) -> None:
    """Each trap's log gives exactly what is written beside it."""
    assert_right(trap)


def test_sessions_are_listed_with_their_sub_agents(tmp_path: Path) -> None:
    """A chat below a project's folder is a session; its sub-agents' files come with it."""
    project = tmp_path / ".qwen" / "projects" / "-w-app"
    chat = project / "chats" / "00000000-0000-4000-8000-000000000583.jsonl"
    agent = project / "subagents" / chat.stem / "agent-explore.jsonl"
    for file in (chat, agent):
        file.parent.mkdir(parents=True)
        file.write_bytes((TRAPS / "qwen_code" / "session" / "chat.jsonl").read_bytes())
    (found,) = candidates(Places(home=tmp_path))
    assert (found.session_id, found.files, found.cwd) == (chat.stem, (chat, agent), "/w/app")
