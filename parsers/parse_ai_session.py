#!/usr/bin/env python3
"""Read one recorded session and log it: recording → emulator → lines → events → Session → MLflow.

    parse_ai_session.py FOLDER              read, write what was read into the folder, log the run
    parse_ai_session.py FOLDER --json       print the session as JSON, nothing else
    parse_ai_session.py FOLDER --transcript print the readable transcript, nothing else

FOLDER is a session folder, or a typescript file of script(1).
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if __package__ in (None, ""):  # run as a file: what is importable is then the folder of the file, not the project
    checkout = Path(__file__).resolve().parents[1]
    sys.path[0] = str(checkout)
    prepared = checkout / ".venv" / "bin" / "python"
    if find_spec("msgspec") is None and prepared.exists():  # another Python than the one that was set up
        os.execv(prepared, [str(prepared), *sys.argv])

import click
import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parsers.session import ModelCall
    from parsers.session_folder import Parsed, Personal
    from parsers.session_header import SessionHeader


RECORDED = ("session.json", "typescript", "stdout.txt", "stderr.txt", "native")
"""What a session folder has at least one of."""


def parse_folder(folder: Path, provider: str | None = None) -> Parsed:
    """Read a session folder with the person's logs and prices. Writes nothing."""
    from parsers.session_folder import read_folder

    return read_folder(folder, provider=provider, environ=os.environ, personal=_personal)


def _personal(header: SessionHeader) -> Personal:
    """Return what the settings add that hold for a session in its working directory."""
    from parsers.session_folder import Personal
    from with_tracking import config

    settings = config.load(os.environ, Path(header.cwd or "."))
    wrapper = settings.providers.get(header.wrapper or "", config.Provider())

    def price(calls: Sequence[ModelCall]) -> tuple[float | None, tuple[str, ...]]:
        from with_tracking import pricing

        cost = pricing.price(calls, settings.prices)
        return cost.usd, cost.warnings

    return Personal(price, settings.procedures, wrapper.patterns)


@click.command("parse_ai_session.py", help=__doc__.replace("\n\n    parse_ai", "\n\n\b\n    parse_ai", 1))
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the session as JSON; write and log nothing.")
@click.option("--transcript", is_flag=True, help="Print the readable transcript; write and log nothing.")
@click.option("--provider", help="Read it as this assistant's, whatever session.json says: claude_code, …")
@click.option("--no-log", is_flag=True, help="Write what was read into the folder, but log no run.")
@click.option("--background", is_flag=True, help="Say in one line what was recorded, and log while nobody waits.")
def main(folder: Path, as_json: bool, transcript: bool, provider: str | None, no_log: bool, background: bool) -> None:
    """Run the command."""
    if folder.is_file() and not (as_json or transcript):
        raise click.UsageError("A bare typescript can be read (--json, --transcript), only a session folder be logged.")
    if background:
        _close(folder, provider)
        return
    _check(folder, provider)
    parsed = parse_folder(folder, provider)
    if as_json:
        click.echo(msgspec.json.encode(parsed.session))
    elif transcript:
        click.echo(parsed.transcript, nl=not parsed.transcript.endswith("\n"))
    else:
        _keep(folder, parsed, log=not no_log)


def _check(folder: Path, provider: str | None) -> None:
    """Refuse a folder in which nothing was recorded, and an assistant that nobody knows."""
    from parsers.provider_patterns import GENERIC, PROVIDERS
    from with_tracking.errors import WithTrackingError

    known = sorted({screen.provider for screen in (*PROVIDERS.values(), GENERIC)})
    if provider is not None and provider not in known:
        raise WithTrackingError(f"There is no provider {provider!r}", f"one of {', '.join(known)}")
    if folder.is_dir() and not any((folder / name).exists() for name in RECORDED):
        raise WithTrackingError(f"Nothing was recorded in {folder}", "a session folder, or a typescript of script(1)")


def _keep(folder: Path, parsed: Parsed, *, log: bool) -> None:
    """Write what was read into the folder, and log it."""
    from with_tracking.keeping import keep

    parsed = keep(folder, parsed)
    if log:
        from with_tracking.mlflow_store import log_session

        click.echo(f"Logged as run {log_session(folder, parsed.session, parsed.events)}", err=True)


def _close(folder: Path, provider: str | None) -> None:
    """Say what was recorded, at once: what only costs time (prices, masking, writing, logging) is done meanwhile."""
    from dataclasses import replace

    from parsers.session_folder import read_folder
    from with_tracking.closing import close_session

    def unpriced(header: SessionHeader) -> Personal:
        return replace(_personal(header), price=None)

    close_session(folder, lambda: read_folder(folder, provider=provider, environ=os.environ, personal=unpriced).session)


def run() -> None:
    """Run it as a whole process: errors are one line."""
    from with_tracking.cli.edge import run_to_exit

    run_to_exit(main.main)


if __name__ == "__main__":
    run()
