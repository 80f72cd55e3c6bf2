"""`with-tracking compare` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import varied_archive
from tests.forked import run


@pytest.fixture
def archive_of_40(tracking_root: Path) -> None:
    """Make 40 sessions; Codex takes twice as long as Claude Code."""
    varied_archive.make(tracking_root, 40)


@pytest.mark.usefixtures("archive_of_40")
class TestGroups:
    """Groups of sessions against each other."""

    def test_a_table_for_each_number(self) -> None:
        """Size, success, median and spread of each group, and the test of the difference, in 80 columns."""
        shown = run("compare", "--by", "provider")
        assert (shown.returncode, shown.stderr) == (0, "")
        assert shown.stdout.startswith("40 sessions in 2 groups by provider\n")
        row = next(line for line in shown.stdout.splitlines() if line.startswith("openai_codex") and "large" in line)
        assert row.split()[1] == "20"
        assert "+1.00 large" in row
        assert "<0.001*" in row
        assert "Mann–Whitney U" in shown.stdout
        assert all(len(line) <= 80 for line in shown.stdout.splitlines())
        assert "\x1b" not in shown.stdout

    def test_json(self) -> None:
        """--json has the same with all digits: n, statistic, p, effect."""
        found = json.loads(run("compare", "--by", "provider", "--metric", "duration_seconds", "--json").stdout)
        assert [(group["name"], group["n"]) for group in found["groups"]] == [("claude_code", 20), ("openai_codex", 20)]
        difference = next(each for each in found["differences"] if each["metric"] == "duration_seconds")
        assert difference["test"]["n"] == [20, 20]
        assert difference["test"]["p"] <= difference["p_corrected"] < 0.001
        assert difference["significant"] is True
        assert found["schema_version"] == 1

    def test_filters_and_small_samples(self) -> None:
        """Filters choose what is compared; what is then small is called so."""
        shown = run("compare", "--by", "model", "--procedure", "close-issue").stdout
        assert shown.startswith("14 sessions in 2 groups by model")
        assert "small: fewer than 10 sessions" in shown
        assert "…" not in shown  # nothing is cut in 80 columns

    def test_what_cannot_be_compared(self) -> None:
        """A wrong key is a usage error with the right ones; a group or a number that is not there names the nearest."""
        wrong = run("compare", "--by", "colour")
        assert (wrong.returncode, "tag:NAME" in wrong.stderr) == (2, True)
        assert run("compare").returncode == 2
        assert run("compare", "last").returncode == 2
        unknown = run("compare", "--by", "provider", "--metric", "duration")
        assert (unknown.returncode, "--metric duration_seconds" in unknown.stderr) == (1, True)
        no_group = run("compare", "--by", "provider", "--baseline", "claude")
        assert (no_group.returncode, "claude_code" in no_group.stderr) == (1, True)


@pytest.mark.usefixtures("archive_of_40")
def test_two_sessions() -> None:
    """Two sessions stand side by side with their differences and the commands that only one of them ran."""
    shown = run("compare", "-4", "-1").stdout
    duration = next(line for line in shown.splitlines() if line.startswith("duration_seconds"))
    assert duration.endswith("%")
    assert "Only in A: commands" in shown
    assert "  pip install requests" in shown.splitlines()
    assert all(len(line) <= 80 for line in shown.splitlines())
    found = json.loads(run("compare", "-4", "-1", "--json").stdout)
    pair = next(each for each in found["metrics"] if each["metric"] == "duration_seconds")
    assert pair["difference"] == pytest.approx(pair["second"] - pair["first"])
    assert found["a"]["started_at"] < found["b"]["started_at"]


@pytest.mark.usefixtures("archive_of_40")
def test_the_latest_against_those_before() -> None:
    """The latest session of a procedure is judged: improved, steady or worse, with per cents."""
    shown = run("compare", "--latest-vs-previous", "--procedure", "review-changes").stdout
    first, *lines = shown.splitlines()
    assert first.startswith("review-changes: ")
    assert first.endswith(("improved", "steady", "worse"))
    assert any("%" in line and line.startswith("duration_seconds") for line in lines)
    found = json.loads(run("compare", "--latest-vs-previous", "--procedure", "review-changes", "--json").stdout)
    assert len(found["previous"]) == 10
    assert found["verdict"] == first.rsplit(" ", 1)[1]


def test_nothing_to_compare() -> None:
    """An empty archive is one line with the next step."""
    for arguments in (["--by", "model"], ["--latest-vs-previous"], ["-1", "-2"]):
        shown = run("compare", *arguments)
        assert (shown.returncode, shown.stdout) == (1, "")
        assert shown.stderr.startswith("Error: ")
        assert "Try: " in shown.stderr
