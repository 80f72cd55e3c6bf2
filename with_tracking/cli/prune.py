"""`with-tracking prune`: delete old recordings and old sessions that are in MLflow."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click

from with_tracking import config, paths, quantities
from with_tracking.cli.edge import Command
from with_tracking.settings import Retention
from with_tracking.upkeep import pruning
from with_tracking.upkeep.pruning import Pruned, What

EPILOG = """\b
Examples:
  with-tracking prune --keep-raw 14d --dry-run
  with-tracking prune --older-than 90d --max-size 5GB"""


class Quantity(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.2
    """An option whose text one of our readers understands."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name, self.read = name, read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the text, or say how it should look."""
        try:
            return self.read(value)
        except ValueError as error:
            self.fail(f"{value!r} is not {error}.", param, ctx)


AGE, SIZE = Quantity("age", quantities.age), Quantity("size", quantities.size)


@click.command("prune", cls=Command, epilog=EPILOG)
@click.option("--older-than", type=AGE, help="Delete sessions that ended longer ago: 90d.")
@click.option("--keep-raw", type=AGE, help="Delete recordings (typescript, logs) that are older: 14d.")
@click.option("--max-size", type=SIZE, help="Delete the oldest until the session folders hold no more than this: 5GB.")
@click.option("--dry-run", is_flag=True, help="Show what would be deleted, and delete nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was (would be) deleted as JSON.")
def command(
    older_than: timedelta | None, keep_raw: timedelta | None, max_size: int | None, dry_run: bool, as_json: bool
) -> None:
    """Delete what is old, recordings before whole sessions, and only of sessions that are in MLflow.

    Runs in MLflow stay. Without options, what [retention] in your config.toml says is done; with it,
    with-tracking sync does so by itself once a day.
    """
    root = paths.root(os.environ)
    limits = Retention(older_than, keep_raw, max_size) or config.load(os.environ, root).retention
    if not limits:
        raise click.UsageError("Say what to delete: --older-than, --keep-raw or --max-size (or [retention]).")
    planned = pruning.plan(root, limits)
    done = planned if dry_run else list(pruning.prune(planned, root))
    if as_json:
        from with_tracking.cli.output import print_json

        print_json({"dry_run": dry_run, "pruned": done, "bytes": sum(one.bytes for one in done)})
        return
    for one in done if dry_run else ():
        click.echo(f"{one.session_id}  {one.what:6}  {quantities.size_text(one.bytes)}")
    click.echo(said(done, dry_run=dry_run), err=True)


def said(done: list[Pruned], *, dry_run: bool = False) -> str:
    """Return in one line what was deleted."""
    raw, folders = (sum(one.what is what for one in done) for what in What)
    if not done:
        return "Nothing to delete."
    verb = "Would delete" if dry_run else "Deleted"
    freed = quantities.size_text(sum(one.bytes for one in done))
    counts = [quantities.counted(raw, "recording")] if raw else []
    counts += [quantities.counted(folders, "session")] if folders else []
    return f"{verb} {' and '.join(counts)}: {freed}."
