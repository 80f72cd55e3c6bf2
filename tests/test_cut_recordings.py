"""A recording or a log that ends at any byte is read: what is there is kept, nothing is raised."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.session_folder import Parsed, read_folder

RECORDINGS = Path(__file__).parent / "recordings"
NAMES = ("claude/01-basic", "codex/01-basic-v0.149", "gemini/02-interactive")
SHARE = st.floats(0, 1)


def read_cut(name: str, cuts: dict[str, float]) -> tuple[Parsed, int]:
    """Read a recording with some of its files cut at a share of their length; return how long its typescript is."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "20261120-092939-00000001"
        shutil.copytree(RECORDINGS / name, folder)
        for pattern, share in cuts.items():
            for file in folder.rglob(pattern):
                if file.is_file():
                    data = file.read_bytes()
                    file.write_bytes(data[: int(len(data) * share)])
        return read_folder(folder), (folder / "typescript").stat().st_size


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=12)
@given(typescript=SHARE, timing=SHARE)
def test_cut_typescript(name: str, typescript: float, timing: float) -> None:
    """Wherever recorder or disk ended it, the recording is read; what it tells begins as the whole one's."""
    parsed, size = read_cut(name, {"typescript": typescript, "timing.log": timing, "*.jsonl": 0})
    session = parsed.session
    assert session.metrics["transcript_bytes"] == size
    assert len(session.commands) <= len(read_cut(name, {})[0].session.commands) + 2


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=12)
@given(share=SHARE)
def test_cut_log(name: str, share: float) -> None:
    """An assistant's log that ends in the middle of a record: the screen's events are there all the same."""
    parsed, _ = read_cut(name, {"*.jsonl": share, "*.json": share})
    assert parsed.session.user_prompts
    assert parsed.transcript
