"""`start-mlflow`: the MLflow UI over the recorded sessions, in the background."""

from __future__ import annotations

import os
import shlex
import sys

import click

from with_tracking import config, paths, ui_address, ui_server
from with_tracking.cli.edge import Command, Group

PORT = click.option(
    "--port", type=click.IntRange(1, 65535), metavar="PORT", help="Listen there; without it, the first free from 5000."
)
OPEN = click.option("--open", "in_browser", is_flag=True, help="Open the sessions in the browser, if there is one.")


@click.group("start-mlflow", cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Run the MLflow UI over the recorded sessions: in the background, for this computer only (127.0.0.1).

    \b
    start-mlflow start --open
    start-mlflow restart --port 8080
    """


@main.command(cls=Command)
@PORT
@OPEN
def start(port: int | None, in_browser: bool) -> None:
    """Start the UI and print its address once it answers."""
    _start(port, in_browser)


@main.command(cls=Command)
def stop() -> None:
    """Stop the UI."""
    server = ui_server.stop(paths.root(os.environ))
    click.echo(f"Stopped (it ran on port {server.port})." if server else "It was not running.", err=True)


@main.command(cls=Command)
@PORT
@OPEN
def restart(port: int | None, in_browser: bool) -> None:
    """Stop the UI and start it again.

    It comes back on the same port if no other is given.
    """
    root = paths.root(os.environ)
    old = ui_server.running(root)
    if port is not None and not (old and port == old.port):
        ui_server.check_port(port)  # before the one that runs is gone
    ui_server.stop(root)
    _start(port or (old.port if old else None), in_browser)


@main.command(cls=Command)
def status() -> None:
    """Say whether the UI runs and answers; exit 1 if not."""
    root = paths.root(os.environ)
    server = ui_server.running(root)
    if server is None:
        click.echo("Not running. Try: start-mlflow start", err=True)
        sys.exit(1)
    answers = ui_address.is_healthy(f"http://{ui_server.HOST}:{server.port}")
    state = "running" if answers else "running, but does not answer"
    click.echo(f"MLflow is {state}: process {server.pid}, log {root / 'ui' / 'server.log'}", err=True)
    click.echo(server.url)
    sys.exit(0 if answers else 1)


@main.command(cls=Command)
@OPEN
def url(in_browser: bool) -> None:
    """Print the address of the sessions; exit 1 if the UI does not run."""
    address = _remote() or ui_server.running_url(paths.root(os.environ))
    if address is None:
        click.echo("Not running. Try: start-mlflow start", err=True)
        sys.exit(1)
    _show(address, in_browser)


def _start(port: int | None, in_browser: bool) -> None:
    if remote := _remote():
        click.echo("The sessions go to an MLflow server with a UI of its own; nothing to start.", err=True)
        _show(remote, in_browser)
        return
    root = paths.root(os.environ)
    if not ui_server.running(root):
        click.echo("Starting the MLflow UI …", err=True)
    server = ui_server.start(root, _settings(), port, lambda text: click.echo(text, err=True))
    command = shlex.quote(paths.to_type("start-mlflow", os.environ, paths.here()))
    click.echo(f"MLflow is ready (process {server.pid}; stop it with: {command} stop)", err=True)
    _show(server.url, in_browser)


def _settings() -> config.Mlflow:
    return config.load(os.environ, paths.here()).mlflow


def _remote() -> str | None:
    """Return the address of the sessions on a server that somebody else runs, None if the store is ours to serve."""
    settings = _settings()
    if not (settings.tracking_uri or "").startswith(("http://", "https://")):
        return None
    return f"{settings.tracking_uri}/#/experiments".replace("//#", "/#")


def _show(address: str, in_browser: bool) -> None:
    click.echo(address)
    if in_browser:
        from with_tracking import browser

        if not browser.show(address):
            click.echo("There is no browser here to open it in.", err=True)


if __name__ == "__main__":
    main()
