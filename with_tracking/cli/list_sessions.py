"""`with-tracking list`: sessions in a table."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from with_tracking import index, paths
from with_tracking.cli.current_index import current_index
from with_tracking.cli.edge import Command, to_try
from with_tracking.cli.filters import REMOTE, filter_options
from with_tracking.history.filters import Filters
from with_tracking.quantities import counted


@click.command("list", cls=Command)
@filter_options
@click.option(
    "--sort",
    type=click.Choice([*index.SORTS]),
    default="when",
    show_default=True,
    metavar="KEY",
    help=f"The largest first of {', '.join(index.SORTS)}.",
)
@click.option("--reverse", is_flag=True, help="The smallest (oldest) first.")
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(0), metavar="N", help="So many of them; 0 is all."
)
@REMOTE
@click.option("--json", "as_json", is_flag=True, help="Print them as a JSON list.")
def command(filters: Filters, sort: str, reverse: bool, limit: int, remote: bool, as_json: bool) -> None:
    """List the sessions, the newest first.

    CMDS are the commands that ran, and after the stroke those that failed; ✓ ended well, ✗ badly, · nobody knows,
    … not read yet, ● is being recorded. The ID may be shortened in other commands as long as it stays unique.

    \b
    with-tracking list --failed --since 7d
    with-tracking list --procedure close-issue --sort cost
    """
    root, more = paths.root(os.environ), 0
    if remote:
        from with_tracking.store.mlflow_remote import Store

        rows = Store(root, paths.here()).sessions(filters, sort=sort, limit=limit or None, ascending=reverse)
        ids = [row.session_id for row in rows]
    else:
        with current_index(root) as connection:
            rows = index.select(connection, filters, sort=sort, limit=limit or None, ascending=reverse)
            ids = index.ids(connection)
            more = index.count(connection, filters) - len(rows) if len(rows) == limit else 0
    if as_json:
        from with_tracking.cli.output import print_json

        print_json(rows)
    elif rows:
        from with_tracking.cli.session_table import print_table

        print_table(rows, ids, sort)
        if more and sys.stderr.isatty():
            click.echo(f"… and {counted(more, 'more session')}: --limit 0 lists all", err=True)
    else:
        click.echo("The store has no such session." if remote else _nothing(root, ids), err=True)


def _nothing(root: Path, ids: list[str]) -> str:
    if not ids:
        return f"No session is recorded in {root} yet. Try: {to_try('claude-with-tracking')}"
    return f"None of {counted(len(ids), 'session')} fits. Try: {to_try('with-tracking list')}"
