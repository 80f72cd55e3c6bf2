"""`with-tracking patterns`: what comes back in many sessions."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from with_tracking import index, paths
from with_tracking.cli.current_index import asked, nothing_fits, stories
from with_tracking.cli.edge import Command
from with_tracking.cli.filters import REMOTE, filter_options
from with_tracking.cli.output import console, one_line, print_cut
from with_tracking.history.figures import count, percent
from with_tracking.history.filters import Filters
from with_tracking.history.patterns import (
    COMPLEXITY,
    Complexity,
    Recurring,
    Retried,
    complexity,
    failing_commands,
    recurring_errors,
    retried_commands,
)
from with_tracking.history.procedure_rates import Rate, procedure_rates
from with_tracking.quantities import counted

EPILOG = """\b
Examples:
  with-tracking patterns --since 30d
  with-tracking patterns --repo webapp --json | jq '.errors[0]'"""
ROWS = 6
"""So many of each kind are shown; --json has all."""


@click.command("patterns", cls=Command, epilog=EPILOG)
@click.option(
    "--limit",
    default=1000,
    show_default=True,
    type=click.IntRange(1),
    metavar="N",
    help="Look at so many of the newest.",
)
@filter_options
@REMOTE
@click.option("--json", "as_json", is_flag=True, help="Print everything found as JSON.")
def command(limit: int, filters: Filters, remote: bool, as_json: bool) -> None:
    """Show what comes back: errors and what fixed them, retries, how procedures do, complex sessions.

    This is counting: a command that failed and later succeeded in the same session counts as fixed by what was last
    changed between the two. Numbers in errors and commands are shown as N, folders as ….
    """
    root = paths.root(os.environ)
    with asked(root, filters, remote) as connection:
        rows = index.select(connection, filters, limit=limit)
    told = stories(root, rows, remote)
    errors, commands = recurring_errors(told), failing_commands(told)
    retries, rates, complex_ones = retried_commands(told), procedure_rates(rows), complexity(rows)
    if as_json:
        from with_tracking.cli.output import print_json

        found = {"errors": errors, "commands": commands, "retries": retries}
        print_json({**found, "procedures": rates, "complexity": complex_ones})
        return
    if not told:
        raise nothing_fits(root, remote, "There is no session that fits and has been read")
    out = console()
    out.print(one_line(counted(len(told), "session"), "bold"))
    _print_recurring(out, "Errors that came back", errors, len(told))
    _print_recurring(out, "Commands that failed in several sessions", commands, len(told))
    _print_retries(out, retries)
    _print_rates(out, rates)
    _print_complexity(out, complex_ones)


def _title(out: Console, title: str, total: int) -> None:
    out.print()
    out.print(one_line(title if total <= ROWS else f"{title} ({ROWS} of {total})", "bold"))


def _print_recurring(out: Console, title: str, found: Sequence[Recurring], total: int) -> None:
    if not found:
        return
    _title(out, title, len(found))
    for each in found[:ROWS]:
        times = f"{len(each.sessions)} of {total} sessions, {each.count} times"
        kind = "" if each.kind == "command" else f"{each.kind.replace('_', ' ')}: "
        print_cut(out, Text("  ").append_text(one_line(kind + each.text)))
        fixes = ", ".join(f"{fix.what} ({fix.count} of {each.count})" for fix in each.fixes[:2])
        print_cut(out, Text(f"    {times}; newest {each.sessions[0]}", "dim"))
        if fixes:
            line = Text("    fixed by: ", "dim").append_text(one_line(fixes, "green"))
            print_cut(out, line)


def _print_retries(out: Console, found: Sequence[Retried]) -> None:
    if not found:
        return
    _title(out, "Commands that were tried again after a failure", len(found))
    for each in found[:ROWS]:
        attempts = f", after {count(each.attempts)} runs in the median" if each.attempts else ""
        print_cut(out, Text("  ").append_text(one_line(each.command)))
        retries = f"{each.retries} retr{'y' if each.retries == 1 else 'ies'}"
        told = f"{retries} in {counted(each.sessions, 'session')}; succeeded in {each.recovered}{attempts}"
        print_cut(out, Text(f"    {told}", "dim"))


def _print_rates(out: Console, rates: Sequence[Rate]) -> None:
    if not rates:
        return
    _title(out, "Procedures", len(rates))
    for each in rates[:ROWS]:
        low, high = (percent(limit) for limit in each.interval)
        small = ", a small sample" if each.small else ""
        told = f"{percent(each.rate)} of {each.n} ended well; the true rate is likely {low} to {high}{small}"
        print_cut(out, Text("  ").append_text(one_line(each.name)))
        print_cut(out, Text(f"    {told}", "dim"))


def _print_complexity(out: Console, found: Sequence[Complexity]) -> None:
    _title(out, "The most complex sessions", len(found))
    for each in found[:ROWS]:
        line = Text(f"  {each.score:3.0f}  {each.session_id}  ").append_text(one_line(each.prompt or ""))
        print_cut(out, line)
    names = ", ".join(part.replace("_", " ") for part in COMPLEXITY)
    legend = Text(f"0–100: the mean of the ranks among these sessions in {names}.", "dim")
    out.print(Padding(legend, (0, 0, 0, 2)))
