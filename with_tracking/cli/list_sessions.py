"""`with-tracking list`: the newest sessions in a table."""

from __future__ import annotations

import itertools
import os

import click

from with_tracking import archive, paths
from with_tracking.archive import State
from with_tracking.cli.edge import Command
from with_tracking.session_facts import Facts, facts_of


@click.command("list", cls=Command)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="So many of the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print them as a JSON list.")
def command(limit: int, as_json: bool) -> None:
    """List the newest sessions.

    The ID may be shortened in other commands as long as it stays unique.
    """
    root = paths.root(os.environ)
    facts = [facts_of(folder) for folder in itertools.islice(archive.folders(root), limit)]
    if as_json:
        from with_tracking.cli.output import print_json

        print_json(facts)
    elif facts:
        _print_table(facts)
    else:
        click.echo(f"No session is recorded in {root} yet. Try: claude-with-tracking", err=True)


def _print_table(facts: list[Facts]) -> None:
    from rich.table import Table

    from with_tracking.cli.output import console, one_line

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("ID", "WHEN"):
        table.add_column(title, no_wrap=True)
    table.add_column("WITH", no_wrap=True, max_width=8)
    for title in ("TIME", "CMDS"):
        table.add_column(title, no_wrap=True, justify="right")
    table.add_column("", no_wrap=True)
    table.add_column("ASKED", no_wrap=True, overflow="ellipsis", ratio=1)
    for fact in facts:
        who = fact.wrapper or fact.provider or "?"
        cells = (fact.session_id, _when(fact), who, _duration(fact), _commands(fact), _outcome(fact), fact.prompt or "")
        table.add_row(*(one_line(cell) for cell in cells))
    console().print(table)


def _when(fact: Facts) -> str:
    return fact.started_at.astimezone().strftime("%d %b %H:%M") if fact.started_at else "?"


def _duration(fact: Facts) -> str:
    """Return the duration in at most six characters: 22s, 3m05, 2h10."""
    if fact.duration_seconds is None:
        return ""
    seconds = round(fact.duration_seconds)
    if seconds < 60:
        return f"{seconds}s"
    return f"{seconds // 60}m{seconds % 60:02}" if seconds < 3600 else f"{seconds // 3600}h{seconds % 3600 // 60:02}"


def _commands(fact: Facts) -> str:
    """Return how many commands ran and, after a stroke, how many of them failed."""
    if "commands_executed" not in fact.metrics:
        return ""
    ran, failed = int(fact.metrics["commands_executed"]), int(fact.metrics.get("commands_failed", 0))
    return f"{ran}/{failed}✗" if failed else str(ran)


def _outcome(fact: Facts) -> str:
    """Return a mark: recording, not read yet, ended well, ended badly, not known."""
    if fact.state is State.RECORDING:
        return "●"
    if fact.state is State.RECORDED:
        return "…"
    return {True: "✓", False: "✗", None: "·"}[fact.success]
