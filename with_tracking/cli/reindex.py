"""`with-tracking reindex`: the index made anew from the archive."""

from __future__ import annotations

import os

import click

from with_tracking import index, paths, quantities
from with_tracking.cli.current_index import progress_bar
from with_tracking.cli.edge import Command
from with_tracking.history import index_database


@click.command("reindex", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(as_json: bool) -> None:
    """Make the index of the sessions anew.

    It is brought up to date by every command anyway; this is for one that was damaged.

    \b
    with-tracking reindex
    """
    root = paths.root(os.environ)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with progress_bar() as progress:
        count = index.rebuild(root, progress)
    size = index_database.database(root).stat().st_size
    if as_json:
        from with_tracking.cli.output import print_json

        print_json({"sessions": count, "bytes": size})
    else:
        click.echo(f"{quantities.counted(count, 'session')} indexed ({quantities.size_text(size)}).", err=True)
