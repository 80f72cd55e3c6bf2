"""`with-tracking list`: the newest sessions in a table."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import click

from with_tracking import archive, paths
from with_tracking.archive import State
from with_tracking.cli.edge import Command
from with_tracking.session_facts import Facts, facts_of

TITLES = ("ID", "WHEN", "WITH", "TIME", "CMDS", " ")
TIME_LENGTH = len("20261120-092939")


@click.command("list", cls=Command)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="So many of the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print them as a JSON list.")
def command(limit: int, as_json: bool) -> None:
    """List the newest sessions.

    The ID may be shortened in other commands as long as it stays unique.
    """
    root = paths.root(os.environ)
    folders = list(itertools.islice(archive.folders(root), limit + 1))
    facts = [facts_of(folder) for folder in folders[:limit]]
    if as_json:
        from with_tracking.cli.output import print_json

        print_json(facts)
    elif facts:
        _print_table(facts, [_short(folder.name, folders) for folder in folders[:limit]])
    else:
        click.echo(f"No session is recorded in {root} yet. Try: claude-with-tracking", err=True)


def _short(name: str, folders: list[Path]) -> str:
    """Return the date and time that an id begins with, if no session beside it begins with the same."""
    alike = [folder for folder in folders if folder.name.startswith(name[:TIME_LENGTH])]
    return name[:TIME_LENGTH] if len(alike) == 1 and name[TIME_LENGTH : TIME_LENGTH + 1] == "-" else name


def _print_table(facts: list[Facts], ids: list[str]) -> None:
    """Print a line each; the prompt gets what is left of the terminal's width."""
    from rich.cells import cell_len, set_cell_size
    from rich.text import Text

    from with_tracking.cli.output import console, one_line

    out = console()
    rows = [TITLES, *((one, *_cells(fact)) for one, fact in zip(ids, facts, strict=True))]
    widths = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]
    asked = ["ASKED", *(fact.prompt or "" for fact in facts)]
    for cells, prompt in zip(rows, asked, strict=True):
        fixed = " ".join(set_cell_size(cell, width) for cell, width in zip(cells, widths, strict=True))
        line = Text(f"{fixed} ", style="bold" if cells is TITLES else "").append_text(one_line(prompt))
        line.rstrip()
        out.print(line, no_wrap=True, overflow="ellipsis")


def _cells(fact: Facts) -> tuple[str, ...]:
    return _when(fact), _who(fact), _duration(fact), _commands(fact), _outcome(fact)


def _who(fact: Facts) -> str:
    return fact.wrapper or fact.provider or "?"


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
