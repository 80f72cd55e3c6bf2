"""Logs of real sessions of Gemini, opencode, Copilot, aider, llm and shell-gpt, beside what is known of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from parsers.native_logs import read_native
from parsers.session import AssistantText
from tests.native_logs.recorded import (
    commands,
    failures,
    folded,
    prompts,
    read_recorded,
    recordings_of,
    tokens,
    truth_of,
)

PROVIDERS = {
    "gemini": "gemini_cli",
    "opencode": "opencode",
    "copilot": "github_copilot",
    "aider": "aider",
    "llm": "gpt",
    "sgpt": "gpt",
}
ALL = [(PROVIDERS[name], recording) for name in PROVIDERS for recording in recordings_of(name)]
NAMES = [f"{recording.parent.name}/{recording.name}" for _, recording in ALL]

WITHOUT_COMMANDS = {
    "gemini/01-basic-v0.8.2": "0.8 writes no tool calls",
    "sgpt/02-shell-repl": "which of the proposed commands were run is not written",
}
WITHOUT_FAILURES = {
    "gemini/01-basic-v0.8.2": "0.8 writes no tool calls",
    "aider/01-basic": "aider does not write how a proposed command ended",
}
WITHOUT_TOKENS = {
    "gemini/01-basic-v0.8.2": "0.8 writes only answers that have a text",
    "gemini/02-interactive-screen-reader": "what the model server counted was not kept",
    "gemini/03-interrupt": "an answer that was interrupted has no usage",
    "aider": "counts are rounded",
    "sgpt": "nothing is counted",
}

each_recording = pytest.mark.parametrize(("provider", "recording"), ALL, ids=NAMES)


def name_of(recording: Path) -> str:
    """Name a recording as the tables above do."""
    return f"{recording.parent.name}/{recording.name}"


@each_recording
def test_everything_is_understood(provider: str, recording: Path) -> None:
    """No record of a log that a supported version wrote is unknown, and nothing is wrong with it."""
    log = read_recorded(provider, recording)
    assert (log.unknown_records, log.problems) == (0, ())
    assert log.records
    assert len(log.native_session_ids) == 1


@each_recording
def test_prompts_and_answers(provider: str, recording: Path) -> None:
    """Every prompt is told, and every answer that was finished."""
    truth, log = truth_of(recording), read_recorded(provider, recording)
    assert prompts(log) == folded(truth["user_prompts"])
    said = folded(event.text for event in log.events if isinstance(event, AssistantText))
    finished = folded(text["text"] if isinstance(text, dict) else text for text in truth["assistant_texts"])
    if recording.name != "02-shell-repl":  # its third text explains a command on demand, outside of the chat
        assert not finished - said


@each_recording
def test_commands_and_failures(provider: str, recording: Path) -> None:
    """Every command that ran is told, none that was denied, and what failed is known to have failed."""
    truth, log = truth_of(recording), read_recorded(provider, recording)
    if name_of(recording) in WITHOUT_COMMANDS:
        assert not commands(log)
    else:
        assert commands(log) == folded(truth["commands"])
    if name_of(recording) not in WITHOUT_FAILURES:
        assert failures(log) == sum(not use.get("ok", True) for use in truth["tool_uses"])


@each_recording
def test_tokens(provider: str, recording: Path) -> None:
    """Input and output add up to what the model server counted; reasoning is part of the output."""
    if name_of(recording) in WITHOUT_TOKENS or recording.parent.name in WITHOUT_TOKENS:
        pytest.skip("the log does not hold them, or the truth is not known")
    true, counted = truth_of(recording)["tokens"], tokens(read_recorded(provider, recording))
    assert (counted.input or 0) == true["input"]
    assert (counted.output or 0) - (counted.reasoning or 0) == true["output"]


@each_recording
def test_damage(provider: str, recording: Path, tmp_path: Path) -> None:
    """Files cut anywhere or with bytes turned over are read as far as possible; nothing is raised."""
    chance = random.Random(recording.name)
    originals = [file for file in (recording / "native").rglob("*") if file.is_file()]
    for round_ in range(4):
        folder = tmp_path / str(round_)
        folder.mkdir()
        for file in originals:
            content = bytearray(file.read_bytes())
            for _ in range(chance.randrange(1, 40)):
                content[chance.randrange(len(content))] = chance.randrange(256)
            (folder / file.name).write_bytes(content[: chance.randrange(len(content))] if round_ % 2 else content)
        read_native(provider, sorted(folder.iterdir()))
