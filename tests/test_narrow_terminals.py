"""Tables in a terminal that is narrower than they are: names stay, whole columns go, no number is cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import synthetic, varied_archive
from tests.forked import run


@pytest.mark.parametrize(
    ("arguments", "names", "shown", "gone"),
    [
        (("stats",), ("claude_code", "openai_codex", "close-issue"), "SESSIONS", "COST"),
        (("trends", "--until", "2026-11-21"), ("Fri 20 Nov 2026",), "SESSIONS", "COST"),
        (("compare", "--by", "provider"), ("claude_code", "openai_codex"), "MEDIAN", "baseline"),
        (("compare", "-1", "-2"), ("duration_se…", "cost_usd"), "DIFFERENCE", "%"),
        (("compare", "--latest-vs-previous"), ("success", "cost_usd"), "BEFORE", "VERDICT"),
    ],
)
def test_names_stay(
    tracking_root: Path, arguments: tuple[str, ...], names: tuple[str, ...], shown: str, gone: str
) -> None:
    """What a line is about can be read; the last columns are left out, where 80 columns have room for all."""
    varied_archive.make(tracking_root, 12)
    narrow, usual = (run(*arguments, COLUMNS=columns).stdout for columns in ("40", "80"))
    table = [line for line in narrow.splitlines() if not line.startswith(("MEDIAN:", "small:"))]
    assert all(any(line.startswith(name) for line in table) for name in names)
    assert all(len(line) <= 40 for line in table)
    assert any(shown in line for line in table)
    assert (gone in "".join(table), gone in usual) == (False, True)


def test_both_sessions_have_as_much_room(tracking_root: Path) -> None:
    """Two sessions beside each other: neither is left out."""
    varied_archive.make(tracking_root, 2)
    lines = {line.split()[0]: line for line in run("compare", "-1", "-2", COLUMNS="40").stdout.splitlines() if line}
    assert lines["assistant"].split() == ["assistant", "openai_codex", "claude_code"]


@pytest.mark.parametrize(
    ("columns", "titles"),
    [("80", "ID WHEN WITH TIME CMDS ASKED"), ("55", "ID WITH TIME CMDS ASKED"), ("40", "ID WITH CMDS ASKED")],
)
def test_list_keeps_what_was_asked(tracking_root: Path, columns: str, titles: str) -> None:
    """The id and what was asked are why one looks: other columns make room for them."""
    synthetic.parsed(tracking_root)
    header, line = run("list", COLUMNS=columns).stdout.splitlines()
    assert header.split() == titles.split()
    assert "close-i" in line
    assert max(len(header), len(line)) <= int(columns)
