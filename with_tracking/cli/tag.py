"""`with-tracking tag`: words of one's own on a session, by which it is found and compared."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from with_tracking import archive, paths, remarks
from with_tracking.cli import tab_key
from with_tracking.cli.edge import Command
from with_tracking.cli.remarking import show, tell


@click.command("tag", cls=Command, context_settings={"ignore_unknown_options": True})
@click.argument("session_id", metavar="ID|last|-N", shell_complete=tab_key.sessions)
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--remove", multiple=True, metavar="KEY", help="Take this tag away.")
@click.option("--json", "as_json", is_flag=True, help="Print all tags and the note as JSON.")
def command(session_id: str, pairs: Sequence[str], remove: Sequence[str], as_json: bool) -> None:
    """Put tags on a session, here and on its MLflow run; without any, print those that it has.

    \b
    with-tracking tag last mode=plan result=good
    with-tracking list --tag mode=plan
    """
    folder = archive.find(paths.root(os.environ), session_id)
    changes: dict[str, str | None] = {**_read(pairs), **dict.fromkeys(remove)}
    old = remarks.read_remarks(folder)
    for key in (key for key in remove if key not in old.tags):
        click.echo(f"It has no tag {key!r}.", err=True)
    if not changes:
        show(folder, old, as_json=as_json, note=False)
    elif any(old.tags.get(key) != value for key, value in changes.items()):
        tell(folder, remarks.change(folder, changes), as_json=as_json, changed=True)
    else:
        tell(folder, old, as_json=as_json, changed=False)


def _read(pairs: Sequence[str]) -> dict[str, str]:
    """Read `key=value` words. Usage errors name the word."""
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals and value):
            raise click.UsageError(f"{pair!r} is no tag: write key=value.")
        try:
            remarks.check_key(key)
        except ValueError as error:
            raise click.UsageError(f"{error}.") from error
        found[key] = value
    return found
