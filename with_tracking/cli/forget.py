"""`with-tracking forget`: delete a session everywhere."""

from __future__ import annotations

import os

import click

from with_tracking import archive, paths
from with_tracking.cli import tab_key
from with_tracking.cli.edge import Command
from with_tracking.quantities import size_text
from with_tracking.upkeep.removal import Forgotten, forget, size_of

EPILOG = """\b
Examples:
  with-tracking forget last
  with-tracking forget 20261120-092939 --yes"""


@click.command("forget", cls=Command, epilog=EPILOG, context_settings={"ignore_unknown_options": True})
@click.argument("session_id", metavar="ID|last|-N", shell_complete=tab_key.sessions)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print what was deleted as JSON; needs --yes.")
def command(session_id: str, yes: bool, as_json: bool) -> None:
    """Delete a session for good: its folder, its MLflow run with files and traces, and the search index.

    A note with its ids alone stays, so that `with-tracking import` does not bring it back from the assistant's own
    log; that log is the assistant's and is not touched.
    """
    root = paths.root(os.environ)
    folder = archive.find(root, session_id)
    if not yes:
        if as_json:
            raise click.UsageError("--json asks nothing: give --yes with it.")
        _ask(folder.name, f"{size_text(size_of(folder))} in {folder}, and its run in MLflow")
    done = forget(root, folder, os.environ)
    if as_json:
        from with_tracking.cli.output import print_json

        print_json(done)
    else:
        click.echo(_said(done), err=True)


def _ask(name: str, what: str) -> None:
    click.confirm(f"Delete the session {name} ({what})?", abort=True, err=True)


def _said(done: Forgotten) -> str:
    runs = {0: "no run of it was in MLflow", 1: "1 run"}.get(done.runs, f"{done.runs} runs")
    return f"Forgotten: {done.session_id} ({size_text(done.bytes)}; {runs})."
