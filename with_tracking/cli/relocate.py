"""`with-tracking relocate`: move the root, or mend its store after it was moved by hand."""

from __future__ import annotations

import os
from pathlib import Path

import click

from with_tracking import paths
from with_tracking.cli.edge import Command
from with_tracking.upkeep import relocation

EPILOG = """\b
Examples:
  with-tracking relocate /big/disk/sessions
  with-tracking relocate                        # after the folder was moved by hand"""


@click.command("relocate", cls=Command, epilog=EPILOG)
@click.argument("new_root", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def command(new_root: Path | None, as_json: bool) -> None:
    """Move everything that is recorded to NEW_ROOT, and mend the addresses of the files in the MLflow store.

    Without NEW_ROOT, only mend: the root was moved by hand. The database is kept as it was, beside the new one.
    """
    root = paths.root(os.environ)
    done = relocation.relocate(root, new_root) if new_root else relocation.mend(root)
    if as_json:
        from with_tracking.cli.output import print_json

        print_json(done)
        return
    mended = f"{done.mended} addresses mended (before: {done.backup})" if done.mended else "no address to mend"
    click.echo(f"{'Moved to' if new_root else 'Looked at'} {done.root}: {mended}.", err=True)
    if new_root:
        click.echo(f"Set it for your shells, too: export WITH_TRACKING_HOME={done.root}", err=True)
