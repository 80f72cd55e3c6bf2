"""`with-tracking show`: one session on a page, or a part of it whole."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from parsers.session import Event, Session
from with_tracking import archive, paths, ui_server
from with_tracking.archive import State
from with_tracking.cli import tab_key
from with_tracking.cli.edge import Command
from with_tracking.cli.filters import REMOTE
from with_tracking.errors import WithTrackingError
from with_tracking.remarks import read_remarks
from with_tracking.store.logged import read_logged

if TYPE_CHECKING:
    from parsers.session_folder import Parsed
    from with_tracking.cli.session_page import Page

RECORDED = ("typescript", "stdout.txt")


@click.command("show", cls=Command, context_settings={"ignore_unknown_options": True})
@click.argument("session_id", metavar="ID|last|-N", shell_complete=tab_key.sessions)
@click.option("--transcript", "part", flag_value="transcript", help="Print the readable transcript.")
@click.option("--commands", "part", flag_value="commands", help="Print all shell commands whole, with times.")
@click.option("--errors", "part", flag_value="errors", help="Print all errors whole, with times.")
@click.option("--timeline", "part", flag_value="timeline", help="Print everything that happened, with times.")
@click.option("--raw", "part", flag_value="raw", help="Print the recording, byte for byte.")
@click.option("--json", "part", flag_value="json", help="Print the whole session as JSON.")
@REMOTE
def command(session_id: str, part: str | None, remote: bool) -> None:
    """Show one session: what was asked and done, and how it went.

    ID may be shortened as long as it stays unique; `last` or -1 is the newest session, -2 the one before.

    \b
    with-tracking show last
    with-tracking show 20261120-0929 --commands
    """
    root = paths.root(os.environ)
    if remote:
        _print_remote(root, session_id, part)
        return
    folder = archive.find(root, session_id)
    if part == "raw":
        _print_raw(folder)
    elif part == "transcript":
        _print_transcript(folder)
    else:
        _print(root, folder, part)


def _print(root: Path, folder: Path, part: str | None) -> None:
    session, events = _read(folder)
    if part == "json":
        from with_tracking.cli.output import print_json

        said = read_remarks(folder)
        more = {"state": archive.state_of(folder), "folder": str(folder), "run_id": _run_id(folder)}
        print_json({**msgspec.to_builtins(session), **more, "tags": said.tags, "note": said.note})
    elif part is None:
        from with_tracking.cli.session_page import print_page

        print_page(_page(root, folder, session, events))
    else:
        _print_part(session, events, part)


def _print_remote(root: Path, session_id: str, part: str | None) -> None:
    """Show a session of the store, from the artifacts of its run."""
    from with_tracking.store.mlflow_remote import RUN, Store

    if part in ("raw", "transcript"):
        raise click.UsageError(f"--{part} is an artifact of the run: look at it in the UI.")
    session, events, row = Store(root, paths.here()).session(session_id)
    run_id = row.path.removeprefix(RUN)
    if part == "json":
        from with_tracking.cli.output import print_json

        print_json({**msgspec.to_builtins(session), "state": State.LOGGED, "run_id": run_id})
    elif part is None:
        from with_tracking.cli.session_page import Page, print_page

        print_page(Page(session=session, events=events, places=(("MLflow run", run_id),)))
    else:
        _print_part(session, events, part)


def _print_part(session: Session, events: Sequence[Event], part: str) -> None:
    from with_tracking.cli import event_lines, session_page
    from with_tracking.cli.output import harmless

    parts = {"commands": session_page.commands(session), "errors": session_page.errors(session)}
    parts["timeline"] = event_lines.whole(events)
    for line in parts[part]:
        click.echo(harmless(line))


def _page(root: Path, folder: Path, session: Session, events: Sequence[Event]) -> Page:
    from with_tracking.cli.session_page import Page

    said = read_remarks(folder)
    return Page(
        session=session,
        events=events,
        recording=archive.state_of(folder) is State.RECORDING,
        tags=said.tags,
        note=said.note,
        places=tuple(_places(root, folder)),
    )


def _places(root: Path, folder: Path) -> Iterator[tuple[str, str]]:
    if run_id := _run_id(folder):
        yield "MLflow run", run_id
        if address := ui_server.running_url(root):
            yield "", f"{address.partition('?')[0]}/{run_id}"
    yield "folder", str(folder)


def _read(folder: Path) -> tuple[Session, Sequence[Event]]:
    """Return what was read from the session, reading it now if nobody has."""
    session, events = archive.read_session(folder), archive.read_events(folder)
    if session is None or events is None:
        parsed = _parse_now(folder)
        return parsed.session, parsed.events
    return session, events


def _parse_now(folder: Path) -> Parsed:
    """Read a session that nobody has read yet, also one that is still being recorded; nothing is written."""
    from parsers.parse_ai_session import parse_folder

    return parse_folder(folder)


def _run_id(folder: Path) -> str | None:
    logged = read_logged(folder)
    return logged.run_id if logged else None


def _print_transcript(folder: Path) -> None:
    from with_tracking.cli.output import harmless

    try:
        text = (folder / "transcript.txt").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        text = _parse_now(folder).transcript
    click.echo(harmless(text), nl=not text.endswith("\n"))


def _print_raw(folder: Path) -> None:
    """Print the typescript, or what a session without a terminal printed: stderr.txt goes to stderr."""
    recorded = [folder / name for name in RECORDED if (folder / name).is_file()]
    if not recorded:
        raise WithTrackingError(f"Nothing was recorded of {folder.name}", f"with-tracking show {folder.name}")
    sys.stdout.flush()
    sys.stdout.buffer.write(recorded[0].read_bytes())
    if (folder / "stderr.txt").is_file():
        sys.stderr.buffer.write((folder / "stderr.txt").read_bytes())
