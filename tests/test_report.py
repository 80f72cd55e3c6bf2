"""The report: what it tells, and that whatever sessions hold is shown and never taken for markup."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from parsers.session import Prompt
from parsers.session_header import Git
from tests import synthetic, varied_archive
from tests.forked import run
from tests.test_comparison import row
from with_tracking.history.pages import Bars, Heading, Paragraph, Table, Tiles, as_html, as_markdown
from with_tracking.history.report import make_report
from with_tracking.history.report_page import blocks_of

NASTY = "<script>alert(1)</script> | **bold** [x](javascript:y) `code` \x1b[31m \u202e &amp; \"q\" 'a'\n# heading"
BLOCKS = [
    Heading(NASTY),
    Paragraph(NASTY),
    Tiles([(NASTY, NASTY, NASTY)]),
    Table([NASTY, NASTY], [[NASTY, NASTY]]),
    Bars(NASTY, [(NASTY, 1.0), (NASTY, 0.0)]),
]


class Elements(HTMLParser):
    """Collects the elements, attributes and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text += data


def test_html_escapes_everything() -> None:
    """Nothing that a session holds becomes an element or an attribute, and nothing is fetched from elsewhere."""
    page = as_html(NASTY, BLOCKS)
    found = Elements(page)
    assert not found.names & {"script", "a", "b2", "img", "link", "iframe"}
    assert not {name for name in found.attributes if name.startswith("on") or name in ("href", "src")}
    assert found.text.count("<script>alert(1)</script> | **bold**") >= 8
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", page)


def test_markdown_escapes_everything() -> None:
    """In Markdown a table keeps its columns, and texts are no markup."""
    page = as_markdown("Report", BLOCKS)
    table = [line for line in page.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {3}
    assert not re.search(r"(?<!\\)<script|(?<!\\)`code|(?<!\\)\[x", page)
    assert page.count("\n# ") == 0


def test_figures_are_compared_with_the_time_before() -> None:
    """As many days before are the measure: more, less, or nothing to compare with."""
    until = datetime.now(UTC)
    rows, before = [row(1), row(2), row(3)], [row(4), row(5)]
    report = make_report(rows, before, [], since=until - timedelta(days=7), until=until)
    assert "+50 % against before" in as_markdown("", blocks_of(report))
    alone = make_report(rows, None, [], since=None, until=until)
    assert "against before" not in as_markdown("", blocks_of(alone))


def test_what_works_best_is_not_what_worked_once() -> None:
    """One success of one is no proof: prompts used more than once count, and many good ones more than few."""
    many = [row(i, procedure_name="tried", success=i > 0) for i in range(20)]
    few = [row(30 + i, procedure_name="new") for i in range(2)]
    once = [row(50, procedure_name="once")]
    report = make_report([*many, *few, *once], None, [], since=None, until=datetime.now(UTC))
    assert [rate.name for rate in report.best] == ["tried", "new"]
    assert report.worst == ()


def test_what_fails_most_is_not_what_works_best() -> None:
    """A procedure is in one of both lists: among the worst if it mostly fails, or surely more often than the rest."""
    good = [row(i, procedure_name="good", success=i > 0) for i in range(20)]
    bad = [row(30 + i, procedure_name="bad", success=i > 5) for i in range(20)]
    hopeless = [row(60 + i, procedure_name="hopeless", success=False) for i in range(2)]
    report = make_report([*good, *bad, *hopeless], None, [], since=None, until=datetime.now(UTC))
    assert [rate.name for rate in report.best] == ["good", "bad"]
    assert [rate.name for rate in report.worst] == ["hopeless"]
    report = make_report([*good * 5, *bad], None, [], since=None, until=datetime.now(UTC))
    assert [rate.name for rate in report.worst] == ["bad"]


def test_a_page_says_what_is_not_known() -> None:
    """The cost of some sessions is called that; outcomes are told by sessions."""
    known = [row(1, cost_usd=2.0, metrics={"cost_usd": 2.0}), row(2, outcomes=("tests_failed",))]
    page = as_markdown("", blocks_of(make_report(known, None, [], since=None, until=datetime.now(UTC))))
    assert "**Cost:** $2.00 (known of 1 of 2)" in page
    assert "tests failed in 1" in page


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def archive_of_30(tracking_root: Path) -> None:
    """Make 30 sessions up to now, one of them with markup in its prompt."""
    now = datetime.now(UTC)
    varied_archive.make(tracking_root, 30, until=now - timedelta(hours=1))
    began = now - timedelta(minutes=30)
    git = Git(root="/home/dev/<b>app", branch="main")
    folder = synthetic.record(tracking_root, "nasty", started_at=began, ended_at=now, git=git)
    synthetic.parse(folder, [Prompt(text=NASTY, seconds=1)])


@pytest.mark.usefixtures("archive_of_30")
def test_report(tmp_path: Path) -> None:
    """The page tells what was worked on, what it cost, what keeps failing and what works, in three formats."""
    shown = run("report", "--since", "30d")
    assert (shown.returncode, shown.stderr) == (0, "")
    for wanted in (
        "- **Sessions:** 31",
        "| webapp | main, feature | \\#583 |",
        "## Failures that keep coming back",
        "| ModuleNotFoundError: No module named 'requests' | pip install requests (8×) | 8 | 8 |",
        "## The slowest sessions",
        "## What works best",
    ):
        assert wanted in shown.stdout
    page = tmp_path / "report.html"
    assert run("report", "--since", "30d", "--output", str(page)).stdout == ""
    found = Elements(page.read_text())
    assert "What was worked on" in found.text
    assert "<b>app" in found.text
    assert not found.names & {"script", "a", "img", "link"}
    data = json.loads(run("report", "--since", "30d", "--format", "json").stdout)
    assert (data["total"]["sessions"], data["errors"][0]["fixed"], data["schema_version"]) == (31, 8, 1)


@pytest.mark.usefixtures("archive_of_30")
def test_the_week_is_the_last_seven_days() -> None:
    """Without --since the last week is reported, with --week too; both together are a usage error."""
    week = json.loads(run("report", "--week", "--json").stdout)
    assert 17 <= week["total"]["sessions"] <= 21
    assert week["before"]["sessions"] < week["total"]["sessions"]
    assert json.loads(run("report", "--json").stdout)["total"] == week["total"]
    assert run("report", "--week", "--since", "1d").returncode == 2


def test_report_of_nothing() -> None:
    """A team without sessions gets a page that says so."""
    assert "There were no sessions." in run("report").stdout
