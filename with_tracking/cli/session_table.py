"""Sessions in a table of 80 columns or whatever the terminal has; `list`, `search` and the others show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from with_tracking.archive import State
from with_tracking.cli.output import console, one_line
from with_tracking.history.figures import figure
from with_tracking.history.session_rows import SessionRow

TITLES = ("ID", "WHEN", "WITH", "TIME", "CMDS", " ")
SORTED_BY = {
    "cost": "cost_usd",
    "errors": "errors_encountered",
    "tokens": "tokens.output",
    "files": "files_edited",
}
"""What the table has a column for only when it is sorted by that, and its metric."""
ROOM = 10
"""Prompts get at least so much; in a narrow terminal other columns go for that, in this order."""
GO_FIRST = ("WHEN", "TIME", "CMDS")
TIME_LENGTH = len("20261120-092939")


def print_table(rows: Sequence[SessionRow], ids: Iterable[str], sort: str = "when") -> None:
    """Print a line each; the prompt gets what is left of the terminal's width.

    `ids` are those of all sessions: what is shown of one tells it from the others. What they are sorted by is shown.
    """
    known = beginnings(ids)
    metric = SORTED_BY.get(sort)
    lines = [(*TITLES, *([sort.upper()] if metric else []))]
    for row in rows:
        extra = [figure(metric, row.metrics.get(metric))] if metric else []
        lines.append((short_id(row.session_id, known), *_cells(row), *extra))
    widths = [max(cell_len(cell) for cell in column) for column in zip(*lines, strict=True)]
    out = console()
    gone = _columns_to_leave_out(lines[0], widths, out.width)
    asked = ["ASKED", *(row.prompt or "" for row in rows)]
    for cells, prompt in zip(lines, asked, strict=True):
        shown = (each for each in zip(lines[0], cells, widths, strict=True) if each[0] not in gone)
        fixed = " ".join(set_cell_size(cell, width) for _, cell, width in shown)
        line = Text(f"{fixed} ", style="bold" if cells is lines[0] else "").append_text(one_line(prompt))
        line.rstrip()
        out.print(line, no_wrap=True, overflow="ellipsis")


def _columns_to_leave_out(titles: Sequence[str], widths: Sequence[int], width: int) -> set[str]:
    """Return the titles of the columns that go, so that there is room for the prompts."""
    gone: set[str] = set()
    for title in GO_FIRST:
        if width - sum(1 + each for name, each in zip(titles, widths, strict=True) if name not in gone) < ROOM:
            gone.add(title)
    return gone


def beginnings(ids: Iterable[str]) -> Counter[str]:
    """Return how many sessions begin with the same date and time."""
    return Counter(name[:TIME_LENGTH] for name in ids)


def short_id(name: str, known: Mapping[str, int]) -> str:
    """Return the date and time that an id begins with, if no other session begins with the same."""
    begin = name[:TIME_LENGTH]
    return begin if known.get(begin) == 1 and name[TIME_LENGTH : TIME_LENGTH + 1] == "-" else name


def when_text(row: SessionRow) -> str:
    """Return when a session began, as short as it stays clear: the year only if it is another one."""
    if row.started_at is None:
        return "?"
    moment = row.started_at.astimezone()
    return moment.strftime("%d %b %H:%M" if moment.year == datetime.now().year else "%d %b %Y")


def duration_cell(seconds: float | None) -> str:
    """Return a duration in at most six characters: 22s, 3m05, 2h10."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    return f"{whole // 60}m{whole % 60:02}" if whole < 3600 else f"{whole // 3600}h{whole % 3600 // 60:02}"


def outcome_mark(row: SessionRow) -> str:
    """Return a mark: recording, not read yet, ended well, ended badly, not known."""
    if row.state is State.RECORDING:
        return "●"
    if row.state is State.RECORDED:
        return "…"
    return {True: "✓", False: "✗", None: "·"}[row.success]


def _cells(row: SessionRow) -> tuple[str, ...]:
    return when_text(row), row.assistant or "?", duration_cell(row.duration_seconds), _commands(row), outcome_mark(row)


def _commands(row: SessionRow) -> str:
    """Return how many commands ran and, after a stroke, how many of them failed."""
    if "commands_executed" not in row.metrics:
        return ""
    ran, failed = int(row.metrics["commands_executed"]), int(row.metrics.get("commands_failed", 0))
    return f"{ran}/{failed}✗" if failed else str(ran)
