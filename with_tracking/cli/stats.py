"""`with-tracking stats`: what all sessions add up to."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

import click

from with_tracking import index, paths
from with_tracking.cli.current_index import asked, nothing_fits
from with_tracking.cli.edge import Command
from with_tracking.cli.filters import REMOTE, filter_options
from with_tracking.history.figures import count, dollars, duration, percent, sparkline
from with_tracking.history.filters import Filters
from with_tracking.history.rows import grouped, newest_first
from with_tracking.history.session_rows import SessionRow
from with_tracking.history.timeline import Sums, Unit, priced, series, sums, timeline

EPILOG = """\b
Examples:
  with-tracking stats --since 30d
  with-tracking stats --provider codex --json"""
GROUPS = ("provider", "model", "procedure")
ROWS = 8
"""So many of each group are shown; --json has all."""
DAYS = 28


@click.command("stats", cls=Command, epilog=EPILOG)
@filter_options
@REMOTE
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(filters: Filters, remote: bool, as_json: bool) -> None:
    """Show what the sessions add up to: time, success, commands, errors, tokens, cost, by whom and for what."""
    root = paths.root(os.environ)
    with asked(root, filters, remote) as connection:
        rows = index.select(connection, filters)
    groups = {by: {name: sums(some) for name, some in grouped(rows, by).items()} for by in GROUPS}
    if as_json:
        from with_tracking.cli.output import print_json

        total = {"total": sums(rows), "errors": errors_by_kind(rows)}
        print_json({**total, **{f"by_{by}": group for by, group in groups.items()}})
        return
    if not rows:
        raise nothing_fits(root, remote)
    _print(rows, groups)


def errors_by_kind(rows: Sequence[SessionRow]) -> dict[str, int]:
    """Return how many errors of each kind there were, the most frequent first."""
    kinds: Counter[str] = Counter()
    for row in rows:
        kinds.update({name[7:]: round(value) for name, value in row.metrics.items() if name.startswith("errors.")})
    return dict(kinds.most_common())


def _print(rows: Sequence[SessionRow], groups: dict[str, dict[str, Sums]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from with_tracking.cli.output import console, one_line, print_trimmed
    from with_tracking.cli.tables import name_cell, print_table, table

    out = console()
    facts = Table(box=None, pad_edge=False, show_header=False)
    for name, value in _facts(rows, sums(rows)):
        facts.add_row(Text(name, "dim"), one_line(value))
    print_trimmed(out, facts)
    longest = max((len(name) for group in groups.values() for name in [*group][:ROWS]), default=0)
    for by, group in groups.items():
        if not group:
            continue
        figures = table(by.upper(), "SESSIONS", "WELL", "TIME", "CMDS", "ERRORS", "TOKENS", "COST")
        for name, some in list(group.items())[:ROWS]:
            figures.add_row(name_cell(name, longest), *_cells(some))
        if len(group) > ROWS:
            figures.add_row(name_cell(f"… {len(group) - ROWS} more"))
        out.print()
        print_table(out, figures)


def _facts(rows: Sequence[SessionRow], total: Sums) -> Iterator[tuple[str, str]]:
    dated = newest_first(rows)
    span = ""
    if dated and dated[0].started_at and dated[-1].started_at:
        first, last = (row.started_at.astimezone() for row in (dated[-1], dated[0]) if row.started_at)
        span = f", {first:%d %b %Y} to {last:%d %b %Y}"
    yield "sessions", f"{total.sessions:,}{span}"
    ended = total.succeeded + total.failed
    if ended:
        yield "success", f"{percent(total.success_rate)} ended well ({total.succeeded} of {ended})"
    if total.seconds is not None:
        yield "time", duration(total.seconds)
    yield "commands", f"{total.commands:,}, {total.commands_failed:,} failed"
    kinds = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in errors_by_kind(rows).items())
    yield "errors", f"{total.errors:,}" + (f": {kinds}" if kinds else "")
    if total.tokens is not None:
        yield "tokens", f"{total.tokens:,} read and written, caches aside"
    if total.cost_usd is not None:
        yield "cost", dollars(total.cost_usd) + (f" ({known})" if (known := priced(total)) else "")
    if dated and dated[0].started_at:
        recent = [row for row in dated if row.started_at and dated[0].started_at - row.started_at < timedelta(DAYS)]
        yield "per day", sparkline(series(timeline(recent, Unit.DAY))["sessions"][-DAYS:])


def _cells(some: Sums) -> tuple[str, ...]:
    return (
        count(some.sessions),
        percent(some.success_rate),
        "" if some.seconds is None else duration(some.seconds),
        count(some.commands),
        count(some.errors),
        "" if some.tokens is None else count(some.tokens),
        "" if some.cost_usd is None else dollars(some.cost_usd),
    )
