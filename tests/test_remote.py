"""`--remote` and `experiments`: the MLflow store asked instead of the archive; and shell completion."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from parsers.session_header import Git
from tests import synthetic
from tests.forked import CHECKOUT, run, run_anew
from tests.mlflow_server import free_port
from tests.runs import log
from with_tracking import remarks
from with_tracking.history.filters import Filters
from with_tracking.store.mlflow_remote import Store


@pytest.mark.xdist_group("mlflow")
class TestRemote:
    """What was logged is found in the store, also when no folder is left of it."""

    @pytest.fixture(autouse=True)
    def logged(self, tracking_root: Path, ready_store: None) -> None:
        """Log two sessions and keep nothing but the store."""
        log(synthetic.parsed(tracking_root, "20261120-092939-0000000a"))
        later = synthetic.BEGAN + timedelta(hours=1)
        folder = synthetic.record(
            tracking_root,
            "20261120-102939-0000000b",
            started_at=later,
            ended_at=later + timedelta(minutes=5),
            exit_code=1,
            git=Git(root="/home/dev/shop", branch="fix", commit="0" * 40),
        )
        remarks.change(folder, {"mode": "fast"}, note="again")
        log(synthetic.parse(folder, synthetic.events_of(2, prompt="fix the walrus")))
        shutil.rmtree(tracking_root / "sessions")

    def test_list(self) -> None:
        """The table is the same as that of the archive; the JSON says what the run knows."""
        lines = run_anew("list", "--remote", TZ="UTC").stdout.splitlines()
        assert lines[0].split() == ["ID", "WHEN", "WITH", "TIME", "CMDS", "ASKED"]
        assert lines[1].split() == [
            "20261120-102939", "20", "Nov", "10:29", "claude", "5m00", "2/1✗", "✗", "fix", "the", "walrus",
        ]  # fmt: skip
        (row,) = json.loads(run("list", "--remote", "--tag", "mode=fast", "--json").stdout)
        assert (row["tags"], row["note"], row["git"]["root"], row["exit_code"]) == (
            {"mode": "fast"},
            "again",
            "shop",
            1,
        )
        assert run("list", "--remote", "--limit", "1").stdout.count("\n") == 2

    def test_filters(self, tracking_root: Path) -> None:
        """Every condition holds as it does for the archive."""
        store = Store(tracking_root, tracking_root)
        middle = synthetic.BEGAN + timedelta(minutes=30)
        for filters in (
            Filters(failed=True),
            Filters(since=middle),
            Filters(branch=["fix"]),
            Filters(branch=["f*"]),
            Filters(repo=["shop"]),
            Filters(min_duration=timedelta(minutes=5)),
            Filters(tags=[("mode", None)]),
        ):
            assert [row.prompt for row in store.sessions(filters)] == ["fix the walrus"], filters
        for filters in (Filters(until=middle), Filters(procedure=["close-issue"]), Filters(issue=["#583"])):
            assert [row.prompt for row in store.sessions(filters)] == ["close-issue 583"], filters
        assert len(store.sessions(Filters(provider=["claude"], model=["OPUS"]))) == 2
        assert [row.prompt for row in store.sessions(Filters(), sort="commands", limit=1)] == ["close-issue 583"]

    def test_show(self) -> None:
        """The page and its parts come from the run's artifacts."""
        shown = run("show", "20261120-1029", "--remote")
        assert "Session 20261120-102939-0000000b" in shown.stdout
        assert "❯ fix the walrus" in shown.stdout
        assert run("show", "last", "--remote", "--commands").stdout.count("git show") == 2
        assert json.loads(run("show", "last", "--remote", "--json").stdout)["state"] == "logged"
        unknown = run("show", "2026", "--remote")
        assert (unknown.returncode, "more than one session" in unknown.stderr) == (1, True)
        assert run("show", "last", "--remote", "--raw").returncode == 2

    def test_the_last_but_one(self) -> None:
        """-2 is the session before the last one, as it is in the archive."""
        assert "❯ close-issue 583" in run("show", "-2", "--remote").stdout
        few = run("show", "-3", "--remote")
        assert (few.returncode, few.stderr.startswith("Error: The store has no session '-3'")) == (1, True)

    def test_the_same_questions(self) -> None:
        """Statistics, comparisons, reports and tables of the store are those that the archive would give."""
        total = json.loads(run("stats", "--remote", "--json").stdout)["total"]
        assert (total["sessions"], total["succeeded"], total["commands"]) == (2, 1, 6)
        assert "claude_code" in run("compare", "--by", "provider", "--remote").stdout
        pair = json.loads(run("compare", "-2", "-1", "--remote", "--json").stdout)
        assert [pair[side]["prompt"] for side in "ab"] == ["close-issue 583", "fix the walrus"]
        assert "Only in A: commands (2)" in run("compare", "-2", "-1", "--remote").stdout
        assert len(json.loads(run("trends", "--remote", "--last", "0", "--json").stdout)["periods"]) > 0
        assert run("export", "--remote").stdout.count("\n") == 3
        report = json.loads(run("report", "--since", "2026-11-01", "--remote", "--json").stdout)
        assert (report["total"]["sessions"], report["commands"][0]["text"]) == (2, "git show N")
        assert json.loads(run("patterns", "--remote", "--json").stdout)["commands"] == report["commands"]
        assert run("export", "--otlp", "http://localhost:1", "--remote").returncode == 2

    def test_search(self) -> None:
        """Texts, tags and notes are searched in what the runs hold; filters hold before anything is fetched."""
        found = json.loads(run("search", "walrus OR mode=fast", "--remote", "--json").stdout)
        (hit,) = found["hits"]
        assert (hit["session"]["session_id"], hit["session"]["path"][:6]) == ("20261120-102939-0000000b", "runs:/")
        assert [snippet["where"] for snippet in hit["snippets"]] == ["prompts", "notes"]
        assert run("search", "git show", "--remote", "--until", "2026-11-01").returncode == 1
        shown = run("search", '"output of git show"', "--in", "outputs", "--remote", "--limit", "1")
        assert (shown.returncode, shown.stderr) == (0, "1 of 2 sessions. More: --limit 2\n")
        assert shown.stdout.startswith("20261120-102939 20 Nov ")

    def test_experiments(self) -> None:
        """The one that sessions go to is marked."""
        names = {one["name"]: one["current"] for one in json.loads(run("experiments", "--json").stdout)}
        assert names["ai-sessions"] is True
        assert not names.get("Default", False)
        assert run("experiments").stdout.splitlines()[0].split() == ["NAME", "ID", "CREATED", "CHANGED"]


def test_store_away() -> None:
    """A store that is away, or not there yet, is one line."""
    away = run("list", "--remote", MLFLOW_TRACKING_URI=f"http://127.0.0.1:{free_port()}")
    assert (away.returncode, len(away.stderr.splitlines())) == (1, 1)
    assert away.stderr.endswith(" cannot be reached. Try: the same command again, when it is back\n")
    none = run("experiments")
    assert (none.returncode, "There is no MLflow store" in none.stderr) == (1, True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    """What is printed makes a shell ask for completions, and the program answers; bash is tried for real."""
    script = run("completion", shell).stdout
    assert "_WITH_TRACKING_COMPLETE" in script
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0
    asked = {"_WITH_TRACKING_COMPLETE": f"{shell}_complete", "COMP_WORDS": "with-tracking sea"}
    asked["COMP_CWORD"] = "sea" if shell == "fish" else "1"
    command = [sys.executable, "-m", "with_tracking"]
    answer = subprocess.run(
        command, env={**os.environ, **asked}, capture_output=True, text=True, check=False, cwd=CHECKOUT
    )
    assert "search" in answer.stdout
