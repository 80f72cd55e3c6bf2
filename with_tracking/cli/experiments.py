"""`with-tracking experiments`: what experiments the MLflow store holds."""

from __future__ import annotations

import os
from datetime import datetime

import click

from with_tracking import paths
from with_tracking.cli.edge import Command


@click.command("experiments", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print them as a JSON list.")
def command(as_json: bool) -> None:
    """List the experiments of the MLflow store that the settings name; * marks the one that sessions go to.

    \b
    with-tracking experiments
    MLFLOW_TRACKING_URI=http://localhost:5000 with-tracking experiments
    """
    from with_tracking.store.mlflow_remote import Store

    found = Store(paths.root(os.environ), paths.here()).experiments()
    if as_json:
        from with_tracking.cli.output import print_json

        print_json(found)
        return
    from with_tracking.cli.output import console
    from with_tracking.cli.tables import name_cell, print_table, table

    experiments = table("NAME", "ID", "CREATED", "CHANGED", "", left=5)
    for one in found:
        cells = (one.experiment_id, _day(one.created_at), _day(one.updated_at), "*" if one.current else "")
        experiments.add_row(name_cell(one.name), *cells)
    print_table(console(), experiments)


def _day(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else ""
