"""Sessions over time: sums, periods, `stats`, `trends` and the pictures of them."""

from __future__ import annotations

import json
import os
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from parsers.session_header import Git
from tests import synthetic, varied_archive
from tests.forked import run
from tests.test_comparison import row
from with_tracking.errors import WithTrackingError
from with_tracking.history.output_files import write_output
from with_tracking.history.plot import write_plot
from with_tracking.history.timeline import Unit, start_of, sums, timeline


def test_sums() -> None:
    """What is not known of any session stays unknown; what is known of some is added up."""
    rows = [row(1, success=True, metrics={"cost_usd": 0.5}), row(2, success=False), row(3, success=None)]
    found = sums(rows)
    assert (found.sessions, found.succeeded, found.failed, found.success_rate) == (3, 1, 1, 0.5)
    assert (found.seconds, found.errors, found.cost_usd, found.tokens) == (180.0, 3, 0.5, None)
    assert sums([]).success_rate is None


def test_days_without_sessions_are_periods() -> None:
    """Each day from the first to the last has its place, and so it has until today."""
    rows = [row(0), row(1), row(72)]
    days = timeline(rows, Unit.DAY)
    assert [period.sums.sessions for period in days] == [2, 0, 0, 1]
    longer = timeline(rows, Unit.DAY, until=days[-1].start + timedelta(days=2))
    assert [period.sums.sessions for period in longer] == [2, 0, 0, 1, 0, 0]
    assert timeline([], Unit.DAY, until=date(2026, 1, 1)) == []


def test_weeks_begin_on_monday() -> None:
    """A week is from Monday to Sunday, over the end of a year too."""
    assert start_of(date(2027, 1, 3), Unit.WEEK) == date(2026, 12, 28)
    weeks = timeline([row(0), row(24 * 7), row(24 * 21)], Unit.WEEK)
    assert [period.sums.sessions for period in weeks] == [1, 1, 0, 1]
    assert all(period.start.weekday() == 0 for period in weeks)


# --- the commands -----------------------------------------------------------------------------------------------------


@pytest.fixture
def archive_of_30(tracking_root: Path) -> None:
    """Make 30 sessions up to now."""
    varied_archive.make(tracking_root, 30, until=datetime.now(UTC) - timedelta(minutes=5))


@pytest.mark.usefixtures("archive_of_30")
def test_stats() -> None:
    """Sums of everything and by assistant, in 80 columns; filters choose what counts."""
    shown = run("stats")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "success   80 % ended well (24 of 30)" in shown.stdout
    assert "8 command failed, 3 api error" in shown.stdout
    assert any(line.split()[:3] == ["claude_code", "15", "80"] for line in shown.stdout.splitlines())
    assert all(len(line) <= 80 for line in shown.stdout.splitlines())
    found = json.loads(run("stats", "--provider", "codex", "--json").stdout)
    assert found["total"]["sessions"] == found["by_provider"]["openai_codex"]["sessions"] == 15
    assert found["total"]["cost_usd"] == pytest.approx(15 * 0.0123)
    assert found["errors"] == {"api_error": 3}


def test_stats_cut_names_and_no_numbers(tracking_root: Path) -> None:
    """Where the table is too wide for the terminal its first column gives way; the figures stay whole."""
    varied_archive.one(tracking_root, 1, synthetic.BEGAN, random.Random(1), git=Git(root="/r"))
    folder = next(tracking_root.glob("sessions/*/*/*/*"))
    parsed = json.loads((folder / "parsed.json").read_text())
    (folder / "parsed.json").write_text(json.dumps({**parsed, "model": "a-model-with-a-name-" + "x" * 60}))
    shown = run("stats").stdout
    line = next(line for line in shown.splitlines() if line.startswith("a-model-with"))
    assert "…" in line.split()[0]
    assert line.rstrip().endswith("$0.012")
    assert all(len(each) <= 80 for each in shown.splitlines())


@pytest.mark.usefixtures("archive_of_30")
def test_trends() -> None:
    """A line a day with the newest last, then bars; weeks and JSON on demand."""
    today = [f"{datetime.now().astimezone():%a %d %b %Y}"]
    shown = run("trends", "--last", "5")
    today.append(f"{datetime.now().astimezone():%a %d %b %Y}")  # midnight may have come
    assert (shown.returncode, shown.stderr) == (0, "")
    header, *days = shown.stdout.splitlines()[:6]
    assert header.split() == ["DAY", "SESSIONS", "WELL", "ERRORS", "TOKENS", "COST"]
    assert days[-1].startswith(tuple(today))
    assert any(set("▂▃▄▅▆▇█") & set(line) for line in shown.stdout.splitlines() if line.startswith("sessions"))
    weeks = json.loads(run("trends", "--per", "week", "--last", "0", "--json").stdout)["periods"]
    assert sum(week["sums"]["sessions"] for week in weeks) == 30


@pytest.mark.usefixtures("archive_of_30")
def test_plots(tmp_path: Path) -> None:
    """--plot draws a PNG, an SVG that is XML, or a page that needs nothing from elsewhere."""
    for ending in ("png", "svg", "html"):
        shown = run("trends", "--plot", str(tmp_path / f"trends.{ending}"))
        assert (shown.returncode, shown.stdout) == (0, "")
    assert (tmp_path / "trends.png").read_bytes().startswith(b"\x89PNG")
    assert ElementTree.parse(tmp_path / "trends.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"
    page = (tmp_path / "trends.html").read_text()
    assert "<svg" in page
    assert page.count("AI coding sessions per day") == 2  # the window's title and the page's
    assert not any(word in page for word in ("<script", "src=", 'href="http', "url(http"))


def test_no_sessions(tmp_path: Path) -> None:
    """Nothing to show is one line; a wrong ending of the picture's name too."""
    for command in ("stats", "trends"):
        shown = run(command)
        assert (shown.returncode, shown.stdout) == (1, "")
        assert "No session is recorded in" in shown.stderr
    with pytest.raises(WithTrackingError, match=r"\.png, \.svg, \.html"):
        write_plot(tmp_path / "trends.gif", timeline([row()], Unit.DAY), Unit.DAY)


def test_files_that_were_asked_for(tmp_path: Path) -> None:
    """They have the rights of other new files, links stay links, and a place that cannot be written is one line."""
    file, link = tmp_path / "report.md", tmp_path / "link.md"
    write_output(file, b"one")
    (tmp_path / "plain").write_text("")
    assert file.stat().st_mode == (tmp_path / "plain").stat().st_mode
    link.symlink_to(file)
    write_output(link, b"two")
    assert (link.is_symlink(), file.read_bytes()) == (True, b"two")
    write_output(Path(os.devnull), b"three")
    with pytest.raises(WithTrackingError, match="cannot be written"):
        write_output(tmp_path / "nowhere" / "report.md", b"")
    assert sorted(each.name for each in tmp_path.iterdir() if each.name.startswith(".")) == []
