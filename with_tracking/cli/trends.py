"""`with-tracking trends`: sessions per day or week, as bars in the terminal or as a picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from with_tracking import index, paths
from with_tracking.cli.current_index import asked, nothing_fits
from with_tracking.cli.edge import Command
from with_tracking.cli.filters import REMOTE, filter_options
from with_tracking.history.filters import Filters
from with_tracking.history.timeline import Period, Unit, series, timeline

EPILOG = """\b
Examples:
  with-tracking trends
  with-tracking trends --per week --last 26 --provider claude
  with-tracking trends --since 90d --plot trends.png"""
TITLES = {"sessions": "SESSIONS", "success": "WELL", "errors": "ERRORS", "tokens": "TOKENS", "cost_usd": "COST"}


@click.command("trends", cls=Command, epilog=EPILOG)
@click.option(
    "--per",
    type=click.Choice([unit.value for unit in Unit]),
    default="day",
    show_default=True,
    help="How long a period is.",
)
@click.option(
    "--last", default=14, show_default=True, type=click.IntRange(0), metavar="N", help="So many periods; 0 is all."
)
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw them: FILE.png, .svg or .html.")
@filter_options
@REMOTE
@click.option("--json", "as_json", is_flag=True, help="Print the periods as JSON.")
def command(per: str, last: int, plot: Path | None, filters: Filters, remote: bool, as_json: bool) -> None:
    """Show sessions, success, errors, tokens and cost per day or week.

    Success is the share of sessions that ended well; tokens are those read and written, without what caches held.
    """
    root = paths.root(os.environ)
    with asked(root, filters, remote) as connection:
        rows = index.select(connection, filters)
    until = None if filters.until else datetime.now().astimezone().date()
    periods = timeline(rows, Unit(per), until=until)[-last:]
    if as_json:
        from with_tracking.cli.output import print_json

        print_json({"per": per, "periods": periods})
    elif not periods:
        raise nothing_fits(root, remote)
    if plot is not None and periods:
        from with_tracking.history.plot import write_plot

        write_plot(plot, periods, Unit(per))
        click.echo(f"Drawn into {plot}", err=True)
    elif not as_json:
        _print(periods, Unit(per))


def _print(periods: Sequence[Period], unit: Unit) -> None:
    from rich.text import Text

    from with_tracking.cli.output import console
    from with_tracking.cli.tables import print_table, table
    from with_tracking.history.figures import figure, sparkline

    lines = series(periods)
    figures = table("WEEK OF" if unit is Unit.WEEK else "DAY", *(TITLES[name] for name in lines))
    for number, period in enumerate(periods):
        cells = [figure(name, values[number]) for name, values in lines.items()]
        figures.add_row(f"{period.start:%a %d %b %Y}", *cells, style="" if period.sums.sessions else "dim")
    out = console()
    print_table(out, figures)
    out.print()
    for name, values in lines.items():
        top = max((value for value in values if value is not None), default=None)
        line = Text(f"{TITLES[name].lower():9}", "dim").append(sparkline(values[-60:]), "cyan")
        out.print(line.append(f"  up to {figure(name, top)}", "dim") if top else line)
