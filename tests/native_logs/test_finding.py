"""Finding the log of one session among all that an assistant keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from parsers.native_logs import read_native
from parsers.native_logs.base import Hints
from parsers.native_logs.finding import Found, copy_native, find_log
from parsers.session import Prompt
from parsers.session_header import SessionHeader
from tests.native_logs.recorded import RECORDINGS, truth_of, window_of

START = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
CWD = "/home/dev/projects/webapp"


def uuid(number: int) -> str:
    """Make an id of the shape that assistants use."""
    return f"{number:08x}-0000-4000-8000-000000000000"


def at(minutes: float) -> str:
    """Give the time that many minutes after the session's start."""
    return (START + timedelta(minutes=minutes)).isoformat()


def claude_log(
    home: Path, number: int, prompts: list[tuple[float, str]], *, cwd: str = CWD, folder: str | None = None
) -> Path:
    """Write a log of Claude Code with prompts at these minutes."""
    place = home / ".claude" / "projects" / (folder or cwd.replace("/", "-"))
    place.mkdir(parents=True, exist_ok=True)
    file = place / f"{uuid(number)}.jsonl"
    common = {"type": "user", "sessionId": uuid(number), "cwd": cwd, "version": "2.1.328"}
    with file.open("w") as lines:
        for minutes, text in prompts:
            record = common | {"timestamp": at(minutes), "message": {"role": "user", "content": text}}
            lines.write(json.dumps(record) + "\n")
    return file


def header(**known: object) -> SessionHeader:
    """Make the header of a session of ten minutes in CWD."""
    given = {"provider": "claude_code", "argv": ("claude",), "cwd": CWD, "started_at": START}
    return SessionHeader(**(given | {"ended_at": START + timedelta(minutes=10)} | known))  # type: ignore[arg-type]


def found(tmp_path: Path, head: SessionHeader, **hints: object) -> list[str]:
    """Find the log below `tmp_path` and give its files' names."""
    files = find_log(tmp_path / "session", head, Hints(**hints), {"HOME": str(tmp_path)}).files  # type: ignore[arg-type]
    return [file.stem for file in files]


def test_the_id_on_the_screen_decides(tmp_path: Path) -> None:
    """`claude --resume <id>` at the exit names the log, whatever else fits better."""
    claude_log(tmp_path, 1, [(0, "hello")])
    claude_log(tmp_path, 2, [(0.5, "other")], cwd="/elsewhere")
    assert found(tmp_path, header(), session_ids=(uuid(2),), prompts=("other",)) == [uuid(2)]


@pytest.mark.parametrize(
    "argv", [("claude", "--resume", uuid(2)), ("claude", "-r", uuid(2)), ("claude", f"--session-id={uuid(2)}")]
)
def test_the_id_in_argv_decides(tmp_path: Path, argv: tuple[str, ...]) -> None:
    """A session that was resumed began long before this recording."""
    claude_log(tmp_path, 1, [(0, "hello")])
    claude_log(tmp_path, 2, [(-600, "old"), (1, "new")])
    assert found(tmp_path, header(argv=argv), prompts=("new",)) == [uuid(2)]


def test_the_session_knows_where_its_log_lies(tmp_path: Path) -> None:
    """Read later, from another environment, it is looked for where the assistant put it, and nowhere else."""
    claude_log(tmp_path / "private", 1, [(0.1, "hello")])
    claude_log(tmp_path, 2, [(0.1, "hello")])
    head = header(log_places={"HOME": str(tmp_path / "private")})
    assert found(tmp_path, head, prompts=("hello",)) == [uuid(1)]
    head = header(log_places={"HOME": "/no", "CLAUDE_CONFIG_DIR": str(tmp_path / "private" / ".claude")})
    assert found(tmp_path, head, prompts=("hello",)) == [uuid(1)]
    elsewhere = {"HOME": str(tmp_path), "CLAUDE_CONFIG_DIR": str(tmp_path / "private" / ".claude")}
    head = header(log_places={"HOME": str(tmp_path)})
    files = find_log(tmp_path / "session", head, Hints(prompts=("hello",)), elsewhere).files
    assert [file.stem for file in files] == [uuid(2)]


def test_several_configuration_folders(tmp_path: Path) -> None:
    """CLAUDE_CONFIG_DIR may list folders, with commas between them; one folder may have a comma in its name."""
    for number, name in ((1, "one"), (2, "two, three")):
        claude_log(tmp_path / name, number, [(0.1, f"hello {name}")])
    one, two = (str(tmp_path / name / ".claude") for name in ("one", "two, three"))
    for value, stems in ((f"{one}, /nowhere", [uuid(1)]), (two, [uuid(2)]), (f"/nowhere,{one}", [uuid(1)])):
        environ = {"HOME": str(tmp_path), "CLAUDE_CONFIG_DIR": value}
        files = find_log(tmp_path / "session", header(), Hints(), environ).files
        assert [file.stem for file in files] == stems


def test_folder_and_time_decide(tmp_path: Path) -> None:
    """Without an id: the log of this working directory that was written to during the session."""
    claude_log(tmp_path, 1, [(-120, "earlier"), (-110, "still earlier")])
    claude_log(tmp_path, 2, [(1, "mine")])
    claude_log(tmp_path, 3, [(1, "not mine")], cwd="/home/dev/other")
    claude_log(tmp_path, 4, [(60, "later")])
    assert found(tmp_path, header(), prompts=("mine",)) == [uuid(2)]


def test_continued_logs_began_earlier(tmp_path: Path) -> None:
    """--continue appends to a log of yesterday."""
    claude_log(tmp_path, 1, [(-1500, "yesterday"), (2, "where were we?")])
    assert found(tmp_path, header(argv=("claude", "--continue")), prompts=("where were we?",)) == [uuid(1)]


def test_prompts_tell_sessions_at_once_apart(tmp_path: Path) -> None:
    """Two sessions run in one folder at once: the prompts on the screen choose, not the order."""
    claude_log(tmp_path, 1, [(0.1, "fix the tests"), (3, "and the docs")])
    claude_log(tmp_path, 2, [(0.2, "close-issue 583"), (4, "push it")])
    assert found(tmp_path, header(), prompts=("close-issue 583", "push it")) == [uuid(2)]
    assert found(tmp_path, header(), prompts=("fix the tests", "and the docs")) == [uuid(1)]
    assert found(tmp_path, header(argv=("claude", "close-issue 583"))) == [uuid(2)]


def test_the_same_prompt_in_two_sessions_at_once(tmp_path: Path) -> None:
    """The same prompt was given to both: the log that began with this session is its own, and only that one."""
    claude_log(tmp_path, 1, [(2, "close-issue 583")])
    claude_log(tmp_path, 2, [(0.01, "close-issue 583")])
    assert found(tmp_path, header(), prompts=("close-issue 583",)) == [uuid(2)]


@pytest.mark.parametrize("argv", [("claude", "-p"), ("claude", "-p", "close-issue 583")])
def test_answers_tell_piped_sessions_at_once_apart(tmp_path: Path, argv: tuple[str, ...]) -> None:
    """What came through a pipe is not on screen, and two may ask the same: then what was answered tells."""
    for number, answer in ((1, "I closed the first one."), (2, "I closed the second one.")):
        file = claude_log(tmp_path, number, [(0.1 * number, "close-issue 583")])
        said = {"type": "assistant", "sessionId": uuid(number), "timestamp": at(1)}
        said |= {"message": {"id": f"m{number}", "content": [{"type": "text", "text": answer}]}}
        with file.open("a") as lines:
            lines.write(json.dumps(said) + "\n")
    assert found(tmp_path, header(argv=argv), answers=("I closed the second one.",)) == [uuid(2)]
    assert found(tmp_path, header(argv=argv), answers=("I closed the first one.",)) == [uuid(1)]
    assert found(tmp_path, header(argv=("claude", "-p")), answers=("Nothing of the kind.",)) == []


def test_a_worktree_of_the_assistants_own(tmp_path: Path) -> None:
    """`claude --worktree` works below the folder it was started in; who merely works there meanwhile is another."""
    claude_log(tmp_path, 1, [(0.1, "close-issue 583")], cwd=f"{CWD}/.claude/worktrees/one")
    assert found(tmp_path, header(), prompts=("close-issue 583",)) == [uuid(1)]
    assert found(tmp_path, header(argv=("claude", "-w", "one", "close-issue 583"))) == [uuid(1)]
    assert found(tmp_path, header(argv=("claude", "something else"))) == []
    claude_log(tmp_path, 2, [(0.2, "close-issue 583")])
    assert found(tmp_path, header(), prompts=("close-issue 583",)) == [uuid(2)]


def test_clearing_makes_several_logs(tmp_path: Path) -> None:
    """After /clear the exit names the last log only; the earlier one is found by the prompts that it holds."""
    claude_log(tmp_path, 1, [(0.1, "first"), (2, "second")])
    claude_log(tmp_path, 2, [(3, "<command-name>/clear</command-name>"), (4, "third")])
    claude_log(tmp_path, 3, [(0.2, "somebody else's"), (5, "somebody else's again")])
    prompts = ("first", "second", "third")
    assert found(tmp_path, header(), session_ids=(uuid(2),), prompts=prompts) == [uuid(1), uuid(2)]
    assert found(tmp_path, header(), prompts=prompts) == [uuid(1), uuid(2)]


def test_clearing_may_wipe_the_first_prompt_away(tmp_path: Path) -> None:
    """A full-screen assistant leaves nothing of a cleared conversation; the command line tells how it began."""
    claude_log(tmp_path, 1, [(0.1, "first of all")])
    claude_log(tmp_path, 2, [(4, "second")])
    head = header(argv=("claude", "first of all"))
    assert found(tmp_path, head, session_ids=(uuid(2),), prompts=("second",)) == [uuid(1), uuid(2)]


def test_a_late_record_does_not_hide_an_earlier_part(tmp_path: Path) -> None:
    """A background command may write to the cleared log after the next one began."""
    claude_log(tmp_path, 1, [(0.1, "first"), (6, "<bash-stdout>late</bash-stdout>")])
    claude_log(tmp_path, 2, [(3, "second")])
    assert found(tmp_path, header(), session_ids=(uuid(2),), prompts=("first", "second")) == [uuid(1), uuid(2)]


def test_somebody_elses_log_is_not_taken(tmp_path: Path) -> None:
    """Our own log was not written: one in the same folder with other prompts is not ours."""
    claude_log(tmp_path, 1, [(-30, "theirs"), (2, "theirs too")])
    assert found(tmp_path, header(), prompts=("mine", "mine too")) == []


def test_the_beginning_of_a_long_prompt_is_enough(tmp_path: Path) -> None:
    """The screen wraps and cuts what the log has whole."""
    claude_log(tmp_path, 1, [(0.1, "explain the whole code base in detail,\nevery module of it")])
    claude_log(tmp_path, 2, [(0.1, "explain it")])
    assert found(tmp_path, header(), prompts=("explain the  whole code base in",)) == [uuid(1)]


def test_nothing_is_chosen_where_nothing_tells(tmp_path: Path) -> None:
    """Neither id nor time nor prompts: no log rather than any log."""
    claude_log(tmp_path, 1, [(0.1, "hello")])
    assert found(tmp_path, header(started_at=None, ended_at=None)) == []
    assert found(tmp_path, header(started_at=None, ended_at=None), prompts=("hello",)) == [uuid(1)]


@pytest.mark.parametrize(
    ("variable", "place"),
    [("CLAUDE_CONFIG_DIR", "conf"), ("XDG_CONFIG_HOME", "xdg/claude"), ("HOME", "elsewhere/.claude")],
)
def test_overrides_in_the_environment(tmp_path: Path, variable: str, place: str) -> None:
    """Logs are looked for where the assistant was told to keep them."""
    file = claude_log(tmp_path, 1, [(0.1, "hello")])
    target = tmp_path / place / "projects" / "-x" / file.name
    target.parent.mkdir(parents=True)
    file.rename(target)
    value = tmp_path / place.removesuffix("/.claude").removesuffix("/claude")
    environ = {"HOME": str(tmp_path), variable: str(value)}
    assert find_log(tmp_path / "session", header(), Hints(), environ).files == (target,)


def test_the_copy_in_the_session_folder_comes_first(tmp_path: Path) -> None:
    """What was copied when the session ended is read, also after the assistant purged its own."""
    session = tmp_path / "session"
    original = claude_log(tmp_path, 1, [(0.1, "hello")])
    agents = original.with_suffix("") / "subagents" / "agent-a7.jsonl"
    agents.parent.mkdir(parents=True)
    agents.write_text("{}\n")
    first = find_log(session, header(), Hints(), {"HOME": str(tmp_path)})
    copies = copy_native(first, session, home=tmp_path, provider="claude_code")
    for file in (original, agents):
        file.unlink()
    assert copies == tuple(session / "native" / file.relative_to(tmp_path) for file in (original, agents))
    again = find_log(session, header(), Hints(), {"HOME": str(tmp_path)})
    assert set(again.files) == set(copies)
    assert again.session_ids == (uuid(1),)
    assert find_log(session, header(), Hints(), None).files == again.files
    texts = [event.text for event in read_native("claude_code", again.files).events if isinstance(event, Prompt)]
    assert texts == ["hello"]


def test_a_log_outside_of_the_home_folder_is_copied_too(tmp_path: Path) -> None:
    """CLAUDE_CONFIG_DIR may lie anywhere; the copy stays inside the session folder."""
    file = tmp_path / "far" / "away" / "projects" / "-w" / "a.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text("{}\n")
    (copy,) = copy_native(Found((file,)), tmp_path / "session", home=tmp_path / "home")
    assert copy.is_relative_to(tmp_path / "session" / "native")
    assert copy.read_text() == "{}\n"


def test_a_copy_that_was_interrupted_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a log of several files, not one alone is taken for the whole: the next attempt copies all."""
    files = tuple(claude_log(tmp_path, number, [(0.1, "hello")]) for number in (1, 2))
    session = tmp_path / "session"
    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfile", copy_only(files[0]))
        with pytest.raises(KeyboardInterrupt):
            copy_native(Found(files), session, home=tmp_path)
    assert not (session / "native").exists()
    copies = copy_native(Found(files), session, home=tmp_path)
    assert [copy.read_bytes() for copy in copies] == [file.read_bytes() for file in files]
    assert all(copy.is_relative_to(session / "native") for copy in copies)


def copy_only(wanted: Path) -> Callable[[Path, Path], None]:
    """Make a copying that is interrupted at any other file."""

    def copy(source: Path, target: Path) -> None:
        if source != wanted:
            raise KeyboardInterrupt
        target.write_bytes(source.read_bytes())

    return copy


def test_a_file_that_vanishes_is_left_out(tmp_path: Path) -> None:
    """SQLite's companions come and go while they are copied."""
    assert copy_native(Found((tmp_path / "gone.db-wal",)), tmp_path / "session", home=tmp_path) == ()


def test_without_an_environment_only_the_folder_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a session folder of another machine takes nothing from this one."""
    claude_log(tmp_path, 1, [(0.1, "hello")])
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_log(tmp_path / "session", header(), Hints(), None).files == ()


@pytest.mark.parametrize("provider", ["demo", "generic", None, "no-such"])
def test_providers_without_logs(tmp_path: Path, provider: str | None) -> None:
    """Some assistants keep no log, and some recordings no provider."""
    assert find_log(tmp_path, header(provider=provider), Hints(), {"HOME": str(tmp_path)}) == Found()


LOGS = [
    (provider, truth.parent)
    for folder, provider in (("claude", "claude_code"), ("codex", "openai_codex"))
    for truth in sorted((RECORDINGS / folder).glob("*/truth.json"))
    if window_of(truth.parent)[0] is not None
]


@pytest.mark.parametrize(("provider", "recording"), LOGS, ids=lambda value: getattr(value, "name", value))
def test_real_logs_are_found_by_folder_time_and_prompts(tmp_path: Path, provider: str, recording: Path) -> None:
    """Every recorded session finds all of its own log files, with sub-agents', by what its screen showed."""
    truth, (started_at, ended_at) = truth_of(recording), window_of(recording)
    home = recording / "native"
    head = SessionHeader(provider=provider, cwd=truth["cwd"], started_at=started_at, ended_at=ended_at)
    hints = Hints(prompts=tuple(truth["user_prompts"]))
    files = find_log(tmp_path, head, hints, {"HOME": str(home)}).files
    logs = {file for file in home.rglob("*.jsonl") if {"projects", "sessions"} & set(file.relative_to(home).parts)}
    assert set(files) == logs
