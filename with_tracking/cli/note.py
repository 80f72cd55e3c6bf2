"""`with-tracking note`: a sentence on a session."""

from __future__ import annotations

import os

import click

from with_tracking import archive, paths, remarks
from with_tracking.cli import tab_key
from with_tracking.cli.edge import Command
from with_tracking.cli.remarking import show, tell


@click.command("note", cls=Command, context_settings={"ignore_unknown_options": True})
@click.argument("session_id", metavar="ID|last|-N", shell_complete=tab_key.sessions)
@click.argument("text", nargs=-1)
@click.option("--remove", is_flag=True, help="Take the note away.")
@click.option("--json", "as_json", is_flag=True, help="Print the note and all tags as JSON.")
def command(session_id: str, text: tuple[str, ...], remove: bool, as_json: bool) -> None:
    """Write a note on a session, here and on its MLflow run; without a text, print the one that it has.

    \b
    with-tracking note last "the second prompt was much better"
    """
    folder = archive.find(paths.root(os.environ), session_id)
    old = remarks.read_remarks(folder)
    if remove and not old.note:
        tell(folder, old, as_json=as_json, changed=False)
    elif text or remove:
        said = remarks.change(folder, {}, note="" if remove else " ".join(text))
        tell(folder, said, as_json=as_json, changed=True)
    else:
        show(folder, old, as_json=as_json, note=True)
