"""`with-tracking config`: the settings in effect, and where each was set."""

from __future__ import annotations

import os

import click

from with_tracking import config, paths
from with_tracking.cli.edge import Command
from with_tracking.effective import Effective, as_text, effective, sources

EPILOG = """\b
Examples:
  with-tracking config
  MLFLOW_TRACKING_URI=http://localhost:5000 with-tracking config
  with-tracking config --json | jq '.settings[] | select(.origin != "default")'"""


@click.command("config", cls=Command, epilog=EPILOG)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the settings, the files and what is wrong in them as JSON."
)
def command(as_json: bool) -> None:
    """Show the settings that hold in this folder, and where each was set.

    They come from your config.toml, from the .with-tracking.toml of the project around this folder, and from the
    environment; the later one wins. What is wrong in a file is named and does no harm.
    """
    cwd = paths.here()
    settings = config.load(os.environ, cwd)
    found = list(effective(settings, os.environ))
    if as_json:
        from with_tracking.cli.output import print_json

        print_json({"settings": found, "files": sources(os.environ, cwd), "problems": settings.problems})
        return
    _print_table(found)
    for source in sources(os.environ, cwd):
        click.echo(f"{'read' if source['exists'] else 'not there'}: {source['file']}", err=True)
    for problem in settings.problems:
        click.echo(f"Ignored: {problem}", err=True)


def _print_table(found: list[Effective]) -> None:
    from with_tracking.cli.output import console, harmless

    out = console()
    names = max(len(one.name) for one in found)
    values = min(24, max(len(as_text(one.value)) for one in found))  # a long one pushes its origin aside
    for one in found:
        line = f"{one.name:{names}}  {as_text(one.value):{values}}  {one.origin}"
        out.print(harmless(line.rstrip()), soft_wrap=True, style="" if one.origin != "default" else "dim")
