"""What `tag` and `note` say, and what they do after writing."""

from __future__ import annotations

from pathlib import Path

import click

from with_tracking import archive
from with_tracking.archive import State
from with_tracking.cli.edge import to_try
from with_tracking.cli.output import harmless
from with_tracking.remarks import Remarks


def show(folder: Path, said: Remarks, *, as_json: bool, note: bool) -> None:
    """Print the tags, or the `note`; where there is none, say how one is written."""
    if as_json:
        _print_json(folder, said)
    elif said.note if note else said.tags:
        _print(said, tags=not note, note=True)
    elif note:
        example = to_try(f'with-tracking note {folder.name} "what to remember"')
        click.echo(f"It has no note. Try: {example}", err=True)
    else:
        click.echo(f"It has no tags. Try: {to_try(f'with-tracking tag {folder.name} mode=plan')}", err=True)


def tell(folder: Path, said: Remarks, *, as_json: bool, changed: bool) -> None:
    """Print all tags and the note; a run that is there already gets what changed while nobody waits."""
    if as_json:
        _print_json(folder, said)
    else:
        _print(said, tags=True, note=True)
    if changed and archive.state_of(folder) is State.LOGGED:
        from with_tracking.closing import log_in_background

        log_in_background(folder)
        click.echo("The MLflow run gets it in the background; if that fails, with the next sync.", err=True)
    elif changed:
        click.echo("The MLflow run gets it when the session is logged.", err=True)


def _print(said: Remarks, *, tags: bool, note: bool) -> None:
    for key, value in said.tags.items() if tags else ():
        click.echo(harmless(f"{key}={value}"))
    if said.note and note:
        click.echo(harmless(f"note: {said.note}"))


def _print_json(folder: Path, said: Remarks) -> None:
    from with_tracking.cli.output import print_json

    known = {"session_id": folder.name, "tags": said.tags, "note": said.note}
    print_json({**known, "waiting_for_mlflow": said.unsent})
