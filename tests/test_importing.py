"""Importing past sessions from the assistants' own logs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from parsers.native_logs import Places
from parsers.session import Session
from parsers.session_header import SessionHeader
from tests.conftest import CHECKOUT
from tests.secrets_of import planted
from with_tracking import archive, mlflow_store
from with_tracking.cli.import_ import command
from with_tracking.history_import import import_ledger, importing
from with_tracking.history_import.import_plan import Skip, plan

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


def write_session(home: Path, number: int, *prompts: str, cwd: str = "/work/shop", at: datetime = NOON) -> Path:
    """Write a session of Gemini CLI, a prompt every ten seconds."""
    identity = f"{number:08}-1111-4222-8333-444455556666"
    file = home / f".gemini/tmp/p{number}/chats/session-2026-01-02T12-00-{identity[:8]}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    records: list[dict[str, Any]] = [{"sessionId": identity, "projectHash": "00", "startTime": at.isoformat()}]
    for position, prompt in enumerate(prompts):
        time = (at + timedelta(seconds=10 * position)).isoformat()
        records.append({"id": f"u{position}", "timestamp": time, "type": "user", "content": prompt})
        tokens = {"input": 100, "output": 10}
        answer = {"id": f"g{position}", "timestamp": time, "type": "gemini", "content": "Yes.", "tokens": tokens}
        records.append(answer | {"model": "gemini-2.5-pro"})
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    projects = home / ".gemini/projects.json"
    known = json.loads(projects.read_text()) if projects.exists() else {"projects": {}}
    known["projects"][f"{cwd}" if cwd not in known["projects"] else f"{cwd}/{number}"] = f"p{number}"
    projects.write_text(json.dumps(known))
    return file


def run(*arguments: str) -> Result:
    """Run `with-tracking import`."""
    return CliRunner().invoke(command, list(arguments))


def report(*arguments: str) -> dict[str, Any]:
    """Run it with --json and read what it did."""
    result = run(*arguments, "--json")
    read: dict[str, Any] = json.loads(result.stdout)
    return read


def figures(read: dict[str, Any]) -> dict[str, tuple[int, int, dict[str, int]]]:
    """Give new, grown and skipped of each source."""
    return {row["source"]: (row["imported"], row["updated"], row["skipped"]) for row in read["sources"]}


def sessions(root: Path) -> list[Path]:
    """List the session folders, oldest first."""
    return list(archive.folders(root))[::-1]


@pytest.fixture
def without_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Log nothing: what is tested here is what lies in the folders."""
    monkeypatch.setenv("WITH_TRACKING_MLFLOW", "false")


@pytest.mark.usefixtures("without_mlflow")
def test_a_session_becomes_a_folder(home: Path, tracking_root: Path) -> None:
    """Its folder holds what a recorder and the parser would have written, and a copy of the log."""
    log = write_session(home, 1, "close-issue 583", "thanks")
    assert figures(report()) == {"gemini": (1, 0, {})}
    (folder,) = sessions(tracking_root)
    header, session = archive.read_header(folder), archive.read_session(folder)
    assert header is not None
    assert session is not None
    assert (header.origin, header.provider, header.cwd) == ("import", "gemini_cli", "/work/shop")
    assert header.started_at == NOON
    assert header.ended_at == NOON + timedelta(seconds=10)
    assert (session.origin, session.user_prompts) == ("import", ("close-issue 583", "thanks"))
    assert (session.procedure_name, session.issue_number, session.duration_seconds) == ("close-issue", "583", 10.0)
    assert (session.tokens.input, session.tokens.output) == (200, 20)
    assert not session.parse.problems
    assert folder.name.startswith("20260102-120000-")
    copies = [file for file in (folder / "native").rglob("*") if file.is_file()]
    assert [file.read_bytes() for file in copies] == [log.read_bytes()]
    assert "❯ close-issue 583" in (folder / "transcript.txt").read_text()
    assert archive.state_of(folder) is archive.State.PARSED


@pytest.mark.parametrize("content", ["full", "no-prompts"])
def test_what_is_logged_is_what_was_kept(
    home: Path, tracking_root: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    """Secrets masked, and no more than the person wants: as it stands in the session's folder."""
    secret, _ = planted()["github-token"]
    monkeypatch.setenv("WITH_TRACKING_CONTENT", content)
    logged: list[Session] = []
    monkeypatch.setattr(mlflow_store, "log_session", lambda folder, session, events: logged.append(session) or "run")
    write_session(home, 1, f"use the token {secret}")
    report()
    (folder,) = sessions(tracking_root)
    assert logged == [archive.read_session(folder)]
    assert secret not in str(logged)


@pytest.mark.usefixtures("without_mlflow")
def test_again_and_again(home: Path, tracking_root: Path) -> None:
    """What is unchanged is left alone; what grew is brought up to date in its folder; what is new is added."""
    write_session(home, 1, "first")
    write_session(home, 2, "second")
    assert figures(report()) == {"gemini": (2, 0, {})}
    assert figures(report()) == {"gemini": (0, 0, {Skip.UNCHANGED: 2})}
    write_session(home, 1, "first", "and more")
    write_session(home, 3, "third")
    assert figures(report()) == {"gemini": (1, 1, {Skip.UNCHANGED: 1})}
    prompts = [session.user_prompts for folder in sessions(tracking_root) if (session := archive.read_session(folder))]
    assert sorted(prompts) == [("first", "and more"), ("second",), ("third",)]


@pytest.mark.usefixtures("without_mlflow")
def test_dry_run_writes_nothing(home: Path, tracking_root: Path) -> None:
    """A dry run tells what would be done; the sources named are the only ones looked at."""
    write_session(home, 1, "go")
    assert figures(report("--dry-run")) == {"gemini": (1, 0, {})}
    assert figures(report("--dry-run", "claude", "llm")) == {}
    assert not tracking_root.exists()
    shown = run("gemini", "--dry-run")
    assert "gemini" in shown.stdout
    assert "Nothing was written" in shown.stderr


@pytest.mark.usefixtures("without_mlflow")
def test_since(home: Path) -> None:
    """--since leaves out what was last touched before; a wrong time is a usage error."""
    old = write_session(home, 1, "old")
    write_session(home, 2, "new")
    os.utime(old, (0, (datetime.now(UTC) - timedelta(days=40)).timestamp()))
    assert figures(report("--since", "30d")) == {"gemini": (1, 0, {})}
    assert figures(report("--since", "2020-01-01")) == {"gemini": (1, 0, {Skip.UNCHANGED: 1})}
    assert run("--since", "tomorrow").exit_code == 2


@pytest.mark.usefixtures("without_mlflow")
def test_another_home(home: Path, tmp_path: Path) -> None:
    """--home looks in the folder named, and nowhere else."""
    write_session(home, 1, "mine")
    write_session(tmp_path / "theirs", 2, "theirs")
    assert figures(report("--home", str(tmp_path / "theirs"))) == {"gemini": (1, 0, {})}


def record(root: Path, name: str, header: SessionHeader, **parsed: object) -> None:
    """Leave a session as a wrapper does, read if anything is given."""
    folder = root / "sessions/2026/01/02" / name
    folder.mkdir(parents=True)
    (folder / "session.json").write_bytes(msgspec.json.encode(header))
    if parsed:
        (folder / "parsed.json").write_text(json.dumps(parsed))


@pytest.mark.usefixtures("without_mlflow")
def test_what_a_wrapper_recorded(home: Path, tracking_root: Path) -> None:
    """A session that a wrapper recorded is not imported: told by its id, else by its time and place."""
    for number, cwd in ((1, "/work/one"), (2, "/work/two"), (3, "/work/three")):
        write_session(home, number, "go", cwd=cwd)
    wrapped = SessionHeader(
        provider="gemini_cli",
        cwd="/work/elsewhere",
        started_at=NOON - timedelta(seconds=2),
        ended_at=NOON + timedelta(minutes=1),
    )
    record(tracking_root, "known", wrapped, native_session_id="00000001-1111-4222-8333-444455556666")
    record(tracking_root, "unread", msgspec.structs.replace(wrapped, cwd="/work/two"))
    lost = msgspec.structs.replace(wrapped, cwd="/work/three", started_at=NOON - timedelta(hours=2), ended_at=None)
    record(tracking_root, "lost", lost)
    died_at = (NOON - timedelta(hours=1)).timestamp()  # its recorder, before the session that is to be imported
    os.utime(tracking_root / "sessions/2026/01/02/lost/session.json", (died_at, died_at))
    assert figures(report()) == {"gemini": (1, 0, {Skip.RECORDED: 2})}


@pytest.mark.usefixtures("without_mlflow")
def test_nothing_in_it(home: Path, tracking_root: Path) -> None:
    """A log in which nothing happened becomes no session, and is not looked at again."""
    write_session(home, 1)
    assert figures(report()) == {"gemini": (0, 0, {Skip.EMPTY: 1})}
    assert figures(report()) == {"gemini": (0, 0, {Skip.EMPTY: 1})}
    assert not sessions(tracking_root)
    assert not list((tracking_root / "sessions").rglob(".*.import"))


@pytest.mark.usefixtures("without_mlflow")
def test_a_log_that_nobody_understands(home: Path) -> None:
    """A log of another format is said to be unreadable, and does not keep the others from being imported."""
    strange = write_session(home, 1)
    strange.write_text(strange.read_text() + '{"event": "turn"}\n' * 12)
    write_session(home, 2, "go")
    result = run()
    assert result.exit_code == 1
    assert "format may have changed" in result.stderr
    assert figures(report())["gemini"] == (0, 0, {Skip.UNCHANGED: 1, Skip.FAILED: 1})


@pytest.mark.usefixtures("without_mlflow")
def test_what_was_wrong_with_sessions_is_told_once(home: Path) -> None:
    """A model without a price leaves the cost out: the import names it, with the number of sessions."""
    for number in range(2):
        file = write_session(home, number, "one", at=NOON + timedelta(hours=number))
        file.write_text(file.read_text().replace("gemini-2.5-pro", "nobody-9"))
    told = "no price is known for the model nobody-9: the cost is left out"
    assert f"{told} (2 sessions)\n" in run("gemini").stderr
    assert told not in run("gemini").stderr


def test_an_interrupted_import_goes_on(home: Path, tracking_root: Path) -> None:
    """Wherever it was interrupted, the next import does the rest, and nothing twice."""
    for number in (1, 2, 3):
        write_session(home, number, f"prompt {number}", cwd=f"/work/{number}")
    tracking_root.mkdir()
    jobs = plan(["gemini"], Places(home=home), tracking_root).jobs
    importing.import_one(jobs[0], tracking_root, home)
    importing.import_one(jobs[1], tracking_root, home)
    lines = (tracking_root / import_ledger.FILE).read_bytes().splitlines(keepends=True)
    (tracking_root / import_ledger.FILE).write_bytes(lines[0] + lines[1][:20])  # it died while it wrote this line
    unfinished = sessions(tracking_root)[0].parent / f".{jobs[2].session_id}.import"
    (unfinished / "native/half").mkdir(parents=True)
    assert figures(report()) == {"gemini": (2, 0, {Skip.UNCHANGED: 1})}
    assert len(sessions(tracking_root)) == 3
    assert not unfinished.exists()
    assert figures(report()) == {"gemini": (0, 0, {Skip.UNCHANGED: 3})}


@pytest.mark.usefixtures("without_mlflow")
def test_ctrl_c(home: Path, tracking_root: Path) -> None:
    """Ctrl-C ends the import; what was done is told, and is not done again."""
    for number in (1, 2, 3):
        write_session(home, number, f"prompt {number}", cwd=f"/work/{number}")
    tracking_root.mkdir()
    jobs = plan(["gemini"], Places(home=home), tracking_root).jobs

    def press(outcome: importing.Outcome) -> None:
        if outcome.session_id == jobs[1].session_id:
            raise KeyboardInterrupt

    done, interrupted = importing.follow(importing.import_all(jobs, tracking_root, home, processes=1), press)
    assert (len(done), interrupted) == (2, True)
    assert figures(report()) == {"gemini": (1, 0, {Skip.UNCHANGED: 2})}


@pytest.mark.usefixtures("without_mlflow")
def test_in_several_processes(home: Path, tracking_root: Path) -> None:
    """Many sessions are imported by several processes, each once."""
    count = importing.POOL_PAYS + 2
    for number in range(count):
        write_session(home, number, f"prompt {number}", cwd=f"/work/{number}")
    tracking_root.mkdir()
    jobs = plan(["gemini"], Places(home=home), tracking_root).jobs
    seen: list[importing.Outcome] = []
    done, interrupted = importing.follow(importing.import_all(jobs, tracking_root, home, processes=2), seen.append)
    assert len(done) == len(seen) == count
    assert not interrupted
    assert len(sessions(tracking_root)) == len(import_ledger.load(tracking_root)) == count


@pytest.mark.usefixtures("without_mlflow")
def test_two_imports_at_once(home: Path, tracking_root: Path) -> None:
    """Started twice at once (by hand and daily), each session is imported once, and none is lost or half done."""
    for number in range(4):
        write_session(home, number, "one", "two", at=NOON + timedelta(hours=number))
    call = [sys.executable, "-m", "with_tracking", "import", "gemini", "--json"]
    both = [subprocess.Popen(call, stdout=subprocess.PIPE, cwd=CHECKOUT) for _ in range(2)]
    read = [json.loads(each.communicate(timeout=60)[0]) for each in both]
    assert [each.returncode for each in both] == [0, 0]
    assert sorted(figures(each)["gemini"][0] for each in read) == [0, 4]
    assert {entry.session_id is None for entry in import_ledger.load(tracking_root).values()} == {False}


def test_aider_is_found_in_the_projects(home: Path, tmp_path: Path) -> None:
    """Aider's chats are found in the folders where other sessions were; each chat of the file is a session."""
    project = tmp_path / "project"
    project.mkdir()
    write_session(home, 1, "go", cwd=str(project))
    chat = "# aider chat started at 2026-01-02 1{}:00:00\n\n#### hello {}  \n\nHello.\n\n"
    (project / ".aider.chat.history.md").write_text("".join(chat.format(hour, hour) for hour in (0, 1)))
    assert figures(report()) == {"gemini": (1, 0, {}), "aider": (2, 0, {})}
    assert figures(report()) == {"gemini": (0, 0, {Skip.UNCHANGED: 1}), "aider": (0, 0, {Skip.UNCHANGED: 2})}


def runs(root: Path) -> Sequence[Any]:
    """List the runs in the local store."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{root / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("ai-sessions")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id]))


@pytest.mark.slow
def test_runs(home: Path, tracking_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each session becomes one run with the tag origin = import, also when it grew."""
    monkeypatch.setenv("WITH_TRACKING_TRACES", "false")
    write_session(home, 1, "close-issue 583")
    assert run().exit_code == 0
    (first,) = runs(tracking_root)
    assert (first.data.tags["origin"], first.data.tags["provider"]) == ("import", "gemini_cli")
    assert first.data.metrics["tokens.input"] == 100
    assert run().exit_code == 0
    assert [one.info.run_id for one in runs(tracking_root)] == [first.info.run_id]
    write_session(home, 1, "close-issue 583", "more")
    assert run().exit_code == 0
    (grown,) = runs(tracking_root)
    assert grown.data.metrics["tokens.input"] == 200


def test_mlflow_may_be_away(home: Path, tracking_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without MLflow the sessions are imported all the same, and left to `with-tracking sync`."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setattr(importing, "_STORE", importing._Store())  # what it learns now is not for other tests
    write_session(home, 1, "go")
    result = run()
    assert result.exit_code == 0
    assert "not all" in result.stderr.lower()
    assert archive.pending(tracking_root) == sessions(tracking_root)
