"""What `tag` and `note` say and do after writing."""

from __future__ import annotations

from pathlib import Path

import click

from with_tracking import archive
from with_tracking.archive import State
from with_tracking.cli.output import harmless
from with_tracking.remarks import Remarks


def tell(folder: Path, said: Remarks, *, as_json: bool, changed: bool) -> None:
    """Print all tags and the note; a run that is there already gets what changed while nobody waits."""
    if as_json:
        from with_tracking.cli.output import print_json

        known = {"session_id": folder.name, "tags": said.tags, "note": said.note}
        print_json({**known, "waiting_for_mlflow": said.unsent})
    else:
        for key, value in said.tags.items():
            click.echo(harmless(f"{key}={value}"))
        if said.note:
            click.echo(harmless(f"note: {said.note}"))
    if changed and archive.state_of(folder) is State.LOGGED:
        from with_tracking.closing import log_in_background

        log_in_background(folder)
        click.echo("The MLflow run gets it in the background; if that fails, with the next sync.", err=True)
    elif changed:
        click.echo("The MLflow run gets it when the session is logged.", err=True)
