"""`with-tracking open`: the run of a session in MLflow's UI."""

from __future__ import annotations

import os
from pathlib import Path

import click

from with_tracking import archive, paths, ui_server
from with_tracking.cli import tab_key
from with_tracking.cli.edge import Command
from with_tracking.errors import WithTrackingError
from with_tracking.store.logged import Logged, read_logged


@click.command("open", cls=Command, context_settings={"ignore_unknown_options": True})
@click.argument("session_id", metavar="ID|last|-N", shell_complete=tab_key.sessions)
@click.option("--url", "only_url", is_flag=True, help="Print the address and open nothing.")
def command(session_id: str, only_url: bool) -> None:
    """Open the MLflow run of a session in the browser, and print its address.

    The UI must be running (start-mlflow start), unless the sessions go to an MLflow server.

    \b
    with-tracking open last
    with-tracking open 20261120-0929 --url
    """
    root = paths.root(os.environ)
    folder = archive.find(root, session_id)
    logged = read_logged(folder)
    if logged is None:
        raise WithTrackingError(f"{folder.name} is not in MLflow yet", "with-tracking sync")
    click.echo(address := _address(root, logged))
    if not only_url:
        from with_tracking import browser

        if not browser.show(address):
            click.echo("There is no browser here to open it in.", err=True)


def _address(root: Path, logged: Logged) -> str:
    """Return where the run is shown: by the server that it went to, else by the UI over the local store."""
    page = f"#/experiments/{logged.experiment_id}/runs/{logged.run_id}"
    if logged.tracking_uri.startswith(("http://", "https://")):
        return f"{logged.tracking_uri.rstrip('/')}/{page}"
    server = ui_server.running(root)
    if server is None:
        raise WithTrackingError(f"The MLflow UI is not running (the run is {logged.run_id})", "start-mlflow start")
    return f"{server.url.partition('#')[0]}{page}"
