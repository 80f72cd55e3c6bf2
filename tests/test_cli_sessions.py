"""`with-tracking list`, `show` and `sync` as a person runs them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from parsers.session import Prompt
from tests import synthetic
from tests.forked import CHECKOUT, run
from tests.mlflow_server import free_port
from tests.runs import runs_in
from with_tracking import archive
from with_tracking.store import local_store


def now() -> datetime:
    """Return the time: a session that is being recorded by this very process cannot be older than it."""
    return datetime.now(UTC)


# --- list -------------------------------------------------------------------------------------------------------------


def test_list_is_a_table_of_80_columns(tracking_root: Path) -> None:
    """The newest come first, in lines that fit, without escapes in a pipe, whatever the prompts hold."""
    prompt = "fix \x1b[31m[bold]日本語[/bold]\n" + "word " * 50
    synthetic.parse(synthetic.record(tracking_root, "20261120-092939-00000001"), [Prompt(text=prompt, seconds=1)])
    later = synthetic.BEGAN + timedelta(hours=1)
    synthetic.parsed(tracking_root, "20261120-102939-00000002", started_at=later, ended_at=later + timedelta(minutes=5))
    shown = run("list", TZ="UTC")
    assert shown.returncode == 0
    assert "\x1b" not in shown.stdout
    header, first, second = shown.stdout.splitlines()
    assert header.split() == ["ID", "WHEN", "WITH", "TIME", "CMDS", "ASKED"]
    assert first.split() == [
        "20261120-102939", *synthetic.listed(later).split(), "claude", "5m00", "4/1✗", "✓", "close-issue", "583",
    ]  # fmt: skip
    assert second.startswith("20261120-092939 ")
    assert run("show", "20261120-092939").returncode == 0
    assert "fix [31m[bold]日本" in second
    assert all(len(line) <= 80 for line in (header, first, second))


def test_ids_of_the_same_second_are_whole(tracking_root: Path) -> None:
    """What the table shows of an id is enough to find the session."""
    for number in (1, 2, 3):
        synthetic.parsed(tracking_root, f"20261120-092939-0000000{number}")
    shown = run("list", "--limit", "1").stdout.splitlines()
    assert shown[1].startswith("20261120-092939-00000003 ")


def test_list_json(tracking_root: Path) -> None:
    """--json gives the facts of each session; --limit keeps the newest."""
    for number in range(3):
        began = synthetic.BEGAN + timedelta(minutes=number)
        synthetic.parsed(tracking_root, f"id-{number}", started_at=began, ended_at=began + timedelta(seconds=9))
    found = json.loads(run("list", "--json", "--limit", "2").stdout)
    assert [one["session_id"] for one in found] == ["id-2", "id-1"]
    assert found[0]["state"] == "parsed"
    assert found[0]["metrics"]["commands_executed"] == 4
    assert found[0]["prompt"] == "close-issue 583"


def test_list_before_parsing(tracking_root: Path) -> None:
    """A session that is being recorded, or was not read yet, is listed with what the recorder knows."""
    synthetic.record(tracking_root, "recorded")
    synthetic.record(tracking_root, "recording", ended_at=None, end_reason=None, pid=os.getpid(), started_at=now())
    found = {one["session_id"]: one for one in json.loads(run("list", "--json").stdout)}
    assert found["recorded"]["duration_seconds"] == 30
    assert found["recorded"]["state"] == "recorded"
    assert run("list").stdout.count("close-issue 583") == 2


def test_list_of_nothing() -> None:
    """An empty archive is no error; the next step is told."""
    shown = run("list")
    assert (shown.returncode, shown.stdout) == (0, "")
    assert "Try: claude-with-tracking" in shown.stderr
    assert json.loads(run("list", "--json").stdout) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["list"],
        ["list", "--json"],
        ["show", "last"],
        ["show", "-1", "--json"],
        ["search", "git"],
        ["tag", "last"],
    ],
)
def test_mlflow_is_not_imported(tracking_root: Path, arguments: list[str]) -> None:
    """What a person waits for never loads mlflow."""
    synthetic.parsed(tracking_root)
    code = (
        "import sys\nfrom with_tracking.cli.main import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as done:\n    assert done.code == 0\n"
        "print(sorted({'mlflow', 'pandas', 'sqlalchemy', 'numpy', 'genai_prices'} & set(sys.modules)), file=sys.stderr)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=CHECKOUT)
    assert shown.stderr.splitlines()[-1] == "[]"


# --- show -------------------------------------------------------------------------------------------------------------


def test_show_is_a_page(tracking_root: Path) -> None:
    """What was asked, which commands ran and failed, how it ended, tokens and cost."""
    synthetic.parsed(tracking_root, "20261120-092939-abcdef01")
    shown = run("show", "20261120", TZ="UTC").stdout
    for wanted in (
        "Session 20261120-092939-abcdef01",
        "assistant  claude_code, claude-opus-4-5",
        "when       2026-11-20 09:29:39, 30.0 s (20.0 s active)",
        "ended      well, exit code 0",
        "tokens     400 input, 200 output, 4,000 cache read, $0.0123",
        "❯ close-issue 583",
        "Commands (4, 1 failed)",
        "✗ git show 0  (exit code 1)",
        "✓ git show 1",
        "command failed    output of git show 0",
        "Done: issue 583 is closed.",
    ):
        assert wanted in shown
    assert "\x1b" not in shown


def test_show_json_is_the_session(tracking_root: Path) -> None:
    """--json is parsed.json with the state and the run beside it."""
    recorded = synthetic.parsed(tracking_root)
    shown = json.loads(run("show", "last", "--json").stdout)
    stored = json.loads((recorded.folder / "parsed.json").read_bytes())
    assert stored.items() <= shown.items()
    assert (shown["state"], shown["run_id"], shown["folder"]) == ("parsed", None, str(recorded.folder))


def test_show_reads_what_nobody_has_read(tracking_root: Path) -> None:
    """A session that is only recorded is read for showing; nothing is written."""
    folder = synthetic.record(tracking_root)
    before = sorted(folder.iterdir())
    shown = run("show", "last")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Session 20261120-092939-00000001" in shown.stdout
    assert sorted(folder.iterdir()) == before


def test_show_unknown_id(tracking_root: Path) -> None:
    """An unknown id is one line with the next step, and exit 1; a wrong command or option is exit 2."""
    synthetic.parsed(tracking_root, "20261120-092939-abcdef01")
    shown = run("show", "20261120-092939-abcdef10")
    assert shown.returncode == 1
    wanted = "Error: There is no session '20261120-092939-abcdef10'. Try: with-tracking show 20261120-092939-abcdef01\n"
    assert shown.stderr == wanted
    assert (run("show").returncode, run("list", "--nonsense").returncode) == (2, 2)
    mistyped = run("lst")
    assert (mistyped.returncode, "Did you mean 'list'?" in mistyped.stderr) == (2, True)


def test_closed_pipe() -> None:
    """`with-tracking … | head` ends quietly."""
    command = f"{sys.executable} -m with_tracking list --help | true; echo ${{PIPESTATUS[0]}}"
    shown = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, cwd=CHECKOUT)
    assert shown.stdout.strip() in ("0", "1", "141")  # 1 is click's
    assert shown.stderr == ""


# --- sync -------------------------------------------------------------------------------------------------------------

on_a_store = [pytest.mark.xdist_group("mlflow"), pytest.mark.usefixtures("ready_store")]


def logged(tracking_root: Path) -> dict[str, Any]:
    """Return the runs of the local store by session."""
    return {each.data.tags["session_id"]: each for each in runs_in(local_store.uri(tracking_root / "mlflow.db"))}


class TestSync:
    """What is pending is read and logged; what cannot be stays."""

    pytestmark = on_a_store

    def test_everything_pending_is_logged(self, tracking_root: Path) -> None:
        """Recorded, parsed and lost sessions are finished; one that is being recorded is left alone."""
        synthetic.record(tracking_root, "recorded")
        synthetic.parsed(tracking_root, "parsed")
        synthetic.record(tracking_root, "lost", ended_at=None, end_reason=None, exit_code=None, pid=2**22 + 1)
        synthetic.record(tracking_root, "recording", ended_at=None, end_reason=None, pid=os.getpid(), started_at=now())
        shown = run("sync")
        assert (shown.returncode, shown.stdout) == (0, "")
        assert shown.stderr == "3 sessions logged (1 whose recorder had died).\n"
        runs = logged(tracking_root)
        assert set(runs) == {"recorded", "parsed", "lost"}
        assert (runs["lost"].info.status, runs["lost"].data.tags["end_reason"]) == ("KILLED", "lost")
        assert archive.pending(tracking_root) == []
        again = run("sync")
        assert (again.returncode, again.stderr) == (0, "Nothing to log.\n")
        assert len(logged(tracking_root)) == 3

    def test_quiet_and_json(self, tracking_root: Path) -> None:
        """--quiet says nothing if all went well; --json says what was done."""
        synthetic.parsed(tracking_root, "a")
        assert (run("sync", "--quiet").stderr, set(logged(tracking_root))) == ("", {"a"})
        synthetic.parsed(tracking_root, "b")
        report = json.loads(run("sync", "--json").stdout)
        assert [one["session_id"] for one in report["logged"]] == ["b"]
        assert report["logged"][0]["run_id"] == logged(tracking_root)["b"].info.run_id
        assert (report["failed"], report["pending"]) == ([], 0)

    def test_server_away(self, tracking_root: Path) -> None:
        """MLflow being away is one line and exit 1; the sessions stay, and are logged when it is back."""
        for name in ("a", "b", "c"):
            synthetic.parsed(tracking_root, name)
        away = run("sync", "--quiet", MLFLOW_TRACKING_URI=f"http://127.0.0.1:{free_port()}")
        assert away.returncode == 1
        assert len(away.stderr.splitlines()) == 1
        assert "cannot be reached" in away.stderr
        assert len(archive.pending(tracking_root)) == 3
        assert run("sync").returncode == 0
        assert set(logged(tracking_root)) == {"a", "b", "c"}

    def test_one_that_cannot_be_logged_does_not_hold_up_the_others(self, tracking_root: Path) -> None:
        """A folder in which nothing can be written is named, and the rest is logged."""
        synthetic.parsed(tracking_root, "a")
        broken = synthetic.parsed(tracking_root, "b").folder
        (broken / "logged.json").symlink_to("nowhere/else")  # not there to read
        (broken / ".lock").mkdir()  # not there to write
        synthetic.parsed(tracking_root, "c")
        shown = run("sync")
        assert shown.returncode == 1
        assert "2 sessions logged." in shown.stderr
        assert "b: " in shown.stderr
        assert set(logged(tracking_root)) == {"a", "c"}

    def test_broken_results_are_read_anew(self, tracking_root: Path) -> None:
        """A parsed.json or events.jsonl that was cut is made again from the recording."""
        folder = synthetic.parsed(tracking_root, "a").folder
        (folder / "events.jsonl").write_bytes((folder / "events.jsonl").read_bytes()[:-20])
        assert run("sync").returncode == 0
        assert archive.read_events(folder) is not None
        assert set(logged(tracking_root)) == {"a"}

    def test_syncs_at_once(self, tracking_root: Path) -> None:
        """Three syncs at the same time log each session once."""
        for number in range(4):
            synthetic.parsed(tracking_root, f"session-{number}")
        command = [sys.executable, "-m", "with_tracking", "sync", "--quiet"]
        syncs = [subprocess.Popen(command, cwd=CHECKOUT) for _ in range(3)]
        assert [sync.wait(timeout=300) for sync in syncs] == [0, 0, 0]
        assert len(runs_in(local_store.uri(tracking_root / "mlflow.db"))) == 4

    def test_ctrl_c(self, tracking_root: Path) -> None:
        """Ctrl-C ends a sync that waits for a server; exit 130, no traceback, and the session stays."""
        synthetic.parsed(tracking_root, "a")
        with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and never answers
            command = [sys.executable, "-m", "with_tracking", "sync"]
            environ = {**os.environ, "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{silent.getsockname()[1]}"}
            process = subprocess.Popen(command, cwd=CHECKOUT, env=environ, stderr=subprocess.PIPE, text=True)
            connection, _ = silent.accept()
            with connection:
                process.send_signal(signal.SIGINT)
                _, said = process.communicate(timeout=60)
        assert (process.returncode, "Traceback" in said) == (130, False)
        assert len(archive.pending(tracking_root)) == 1

    def test_switched_off(self, tracking_root: Path) -> None:
        """With MLflow switched off nothing is logged, nothing fails, and it is said once."""
        synthetic.parsed(tracking_root, "a")
        shown = run("sync", WITH_TRACKING_MLFLOW="0")
        assert shown.returncode == 0
        assert "switched off" in shown.stderr
        assert run("sync", "--quiet", WITH_TRACKING_MLFLOW="0").stderr == ""
        assert logged(tracking_root) == {}


def test_what_is_sorted_by_is_shown(tracking_root: Path) -> None:
    """A list by cost has a column with the cost, in lines that still fit."""
    synthetic.parsed(tracking_root, "20261120-092939-00000001")
    header, line = run("list", "--sort", "cost").stdout.splitlines()
    assert header.split() == ["ID", "WHEN", "WITH", "TIME", "CMDS", "COST", "ASKED"]
    assert "✓ $0.012 close-issue 583" in line
