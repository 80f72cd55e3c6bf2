"""`with-tracking experiments`: what experiments the MLflow store holds."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import click

from with_tracking import paths
from with_tracking.cli.edge import Command


@click.command("experiments", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print them as a JSON list.")
def command(as_json: bool) -> None:
    """List the experiments of the MLflow store that the settings name; * marks the one that sessions go to."""
    from with_tracking.store.mlflow_remote import Store

    found = Store(paths.root(os.environ), Path.cwd()).experiments()
    if as_json:
        from with_tracking.cli.output import print_json

        print_json(found)
        return
    from rich.table import Table

    from with_tracking.cli.output import console, one_line

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("ID", "NAME", "CREATED", "CHANGED", ""):
        table.add_column(title, no_wrap=True)
    for one in found:
        cells = (one.experiment_id, one.name, _day(one.created_at), _day(one.updated_at), "*" if one.current else "")
        table.add_row(*(one_line(cell) for cell in cells))
    console().print(table)


def _day(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else ""
