"""What happens to a secret that the screen shows and the recorded bytes hold only in scattered pieces."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from parsers.session import (
    AssistantText,
    Category,
    Detection,
    Disagreement,
    Error,
    ErrorKind,
    Event,
    Note,
    NoteKind,
    Prompt,
    Session,
    ToolUse,
    Unknown,
)
from parsers.session_folder import Parsed, read_folder
from tests.secrets_of import planted
from with_tracking import privacy
from with_tracking.keeping import keep
from with_tracking.settings import Content, Privacy
from with_tracking.store import artifacts

SECRET = planted()["github-token"][0]


def _scattered(folder: Path) -> None:
    """Record a screen on which the secret appears four characters at a time, with a status drawn elsewhere between."""
    drawn = "".join(
        f"\x1b[3;{1 + at}H{SECRET[at : at + 4]}\x1b[20;1Hworking, step {at}" for at in range(0, len(SECRET), 4)
    )
    data = f'Script started on 2026-11-20 09:00:00+00:00 [COLUMNS="100" LINES="24"]\n{drawn}\r\n'
    folder.mkdir()
    (folder / "typescript").write_bytes(data.encode())
    (folder / "timing.log").write_text(f"O 1.0 {len(drawn) + 2}\n")


def test_a_recording_that_cannot_be_masked_is_kept_here_and_not_logged(tmp_path: Path) -> None:
    """The file stays as it is, is named as withheld, left out of the artifacts, and the session says so."""
    folder = tmp_path / "session"
    _scattered(folder)
    parsed = privacy.protect(folder, read_folder(folder), Privacy())
    assert SECRET not in parsed.transcript
    assert privacy.withheld(folder) == {"typescript"}
    assert any("could not be masked in typescript" in problem for problem in parsed.session.parse.problems)
    with artifacts.laid_out(folder, "", tmp_path / "workshop") as place:
        assert not (place / "raw" / "typescript.gz").exists()
        assert (place / "raw" / "timing.log.gz").exists()


def test_secrets_in_arguments_and_file_names(tmp_path: Path) -> None:
    """The option before a word tells what it is; a log that is named after the working directory is renamed."""
    key = planted()["aider --openai-api-key {}"][0]
    folder = tmp_path / "session"
    log = folder / "native" / f"-home-{SECRET}" / "log.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text("{}\n")
    header = {"session_id": "x", "argv": ["aider", "--openai-api-key", key], "cwd": f"/home/{SECRET}"}
    (folder / "session.json").write_bytes(msgspec.json.encode(header))
    (folder / "stdout.txt").write_text("hello\n")
    parsed = privacy.protect(folder, read_folder(folder), Privacy())
    assert key not in repr(parsed)
    assert key not in (folder / "session.json").read_text()
    assert [str(path.relative_to(folder)) for path in folder.rglob("*.jsonl")] == [
        "native/-home-[redacted:github-token]/log.jsonl"
    ]


WORD = "zebrafish"
EVENTS: tuple[Event, ...] = (
    Prompt(text=WORD),
    AssistantText(text=WORD),
    ToolUse(name="Bash", category=Category.SHELL, command="ls", input={"description": WORD}, output=WORD),
    Error(kind=ErrorKind.API_ERROR, text=WORD),
    Note(kind=NoteKind.REASONING, text=WORD),
    Disagreement(about="prompt", screen=WORD, native=WORD),
    Unknown(text=WORD),
)


def _talk(folder: Path) -> Parsed:
    """Record a session full of one word, and return what a reader would make of it."""
    folder.mkdir()
    (folder / "native").mkdir()
    for name in ("typescript", "timing.log", "native/log.jsonl"):
        (folder / name).write_text(WORD)
    (folder / "session.json").write_text(f'{{"session_id": "x", "argv": ["claude", "{WORD}"]}}')
    session = Session(
        session_id="x",
        provider="claude_code",
        detection=Detection(method="wrapper", confidence=1.0),
        argv=("claude", WORD),
        user_prompts=(WORD,),
        assistant_texts=(WORD,),
        tool_uses=tuple(event for event in EVENTS if isinstance(event, ToolUse)),
        commands=("ls",),
        errors=tuple(event for event in EVENTS if isinstance(event, Error)),
    )
    return Parsed(session, EVENTS, WORD)


@pytest.mark.parametrize("content", [Content.NO_PROMPTS, Content.METRICS_ONLY])
def test_less_than_everything_keeps_nothing_that_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Content
) -> None:
    """Neither what was read nor any file of the session holds a word of prompts, answers, outputs or errors."""
    monkeypatch.setenv("WITH_TRACKING_CONTENT", content)
    folder = tmp_path / "session"
    kept = keep(folder, _talk(folder))
    assert WORD not in repr(kept)
    assert [file.name for file in folder.rglob("*") if file.is_file() and WORD in file.read_text()] == []
    assert not (folder / "native").exists()


def test_a_death_while_content_is_dropped_loses_nothing(tmp_path: Path) -> None:
    """The recording is there until what was read of it is; whoever comes next deletes it then."""
    folder = tmp_path / "session"
    parsed = privacy.protect(folder, _talk(folder), Privacy(content=Content.METRICS_ONLY))
    privacy.drop_content(folder)  # as the next sync does: nothing was written yet
    assert (folder / "typescript").exists()
    (folder / "parsed.json").write_bytes(msgspec.json.encode(parsed.session))
    privacy.drop_content(folder)
    assert not (folder / "typescript").exists()
    assert WORD not in (folder / "session.json").read_text()
