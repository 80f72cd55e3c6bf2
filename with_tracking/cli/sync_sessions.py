"""`with-tracking sync`: read and log what is pending."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from with_tracking import archive, config, paths
from with_tracking.cli.edge import Command
from with_tracking.quantities import counted
from with_tracking.store import mlflow_remarks
from with_tracking.sync import Summary, read, sync
from with_tracking.turn_taking import turn


@click.command("sync", cls=Command)
@click.option("--quiet", is_flag=True, help="Say nothing but what went wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def command(quiet: bool, as_json: bool) -> None:
    """Read and log the sessions that are pending.

    These are sessions that ended while MLflow was away, or whose recorder or computer died. Exit 1 if any is left.

    \b
    with-tracking sync
    with-tracking sync --quiet                       in a crontab
    """
    root = paths.root(os.environ)
    if quiet:
        read(archive.pending(root))
        with turn(root) as ours:
            sys.exit(_sync(root, quiet=True, as_json=as_json) if ours else 0)
    sys.exit(_sync(root, quiet=False, as_json=as_json))


def _sync(root: Path, *, quiet: bool, as_json: bool) -> int:
    """Do it and say what was done; return the exit status."""
    waiting = archive.pending(root)
    if not quiet and not as_json and sys.stderr.isatty() and waiting:
        with _bar(len(waiting)) as advance:
            summary = sync(waiting, advance)
    else:
        summary = sync(waiting, lambda session_id: None)
    if as_json:
        from with_tracking.cli.output import print_json

        print_json(summary)
    _report(summary, quiet)
    for problem in mlflow_remarks.send_all(root):
        click.echo(f"Tags and notes wait for the next with-tracking sync. {problem}", err=True)
    _prune(root, quiet)
    return 1 if summary.pending else 0


@contextmanager
def _bar(total: int) -> Iterator[Callable[[str], None]]:
    """Show how far it is on stderr."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from with_tracking.cli.output import console

    columns = (
        TextColumn("Logging"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda session_id: progress.update(task, advance=1, description=session_id)


def _report(summary: Summary, quiet: bool) -> None:
    lost = sum(one.lost for one in summary.logged)
    note = f" ({lost} whose recorder had died)" if lost else ""
    _say(
        quiet,
        f"{counted(len(summary.logged), 'session')} logged{note}." if summary.logged else "Nothing to log.",
        bool(summary.pending or summary.unwanted),
    )
    for one in summary.failed:
        click.echo(f"{one.session_id}: {one.error}", err=True)
    if summary.unwanted:
        count = counted(summary.unwanted, "session")
        _say(quiet, f"{count} kept here alone: logging to MLflow is switched off ([mlflow] enabled = false).")
    if summary.stopped_by:
        click.echo(summary.stopped_by, err=True)
    if summary.pending:
        _say(quiet, f"{counted(summary.pending, 'session')} left for the next with-tracking sync.")


def _prune(root: Path, quiet: bool) -> None:
    """Do what [retention] says."""
    limits = config.load(os.environ, root).retention
    if limits:
        from with_tracking.cli.prune import said
        from with_tracking.upkeep.pruning import prune_now_and_then

        if done := prune_now_and_then(root, limits):
            _say(quiet, said(done))


def _say(quiet: bool, text: str, obvious: bool = False) -> None:
    if not quiet and not (obvious and text == "Nothing to log."):
        click.echo(text, err=True)
