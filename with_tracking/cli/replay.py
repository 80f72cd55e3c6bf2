"""`with-tracking replay`: a recording played again in the terminal, or written as asciicast."""

from __future__ import annotations

import os
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from parsers.recording import Output, Recording, read_recording
from parsers.session_header import SessionHeader
from with_tracking import archive, asciicast, paths
from with_tracking.cli import tab_key
from with_tracking.cli.edge import Command
from with_tracking.errors import WithTrackingError
from with_tracking.history.output_files import write_output

RESTORE = (
    "\x1b[?1049l\x1b[?25h\x1b[?1000;1002;1003;1006l\x1b[?2004l\x1b[?1004l\x1b[<u\x1b[>4;0m\x1b7\x1b[r\x1b8\x1b[0m\n"
)
"""Takes back what a recording that is left in the middle may have asked of the terminal: the alternate screen, a
hidden cursor, mouse and focus reports, bracketed paste, the keyboard protocols of kitty and xterm, margins, colours."""

ANSWER_SECONDS = 0.05
"""So long a terminal may take to answer the last question of the recording."""


@click.command("replay", cls=Command, context_settings={"ignore_unknown_options": True})
@click.argument("session_id", metavar="ID|last|-N", shell_complete=tab_key.sessions)
@click.option(
    "--speed",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.01, 1e6),
    metavar="N",
    help="So many times as fast.",
)
@click.option("--idle-limit", type=click.FloatRange(0), metavar="SECONDS", help="Cut longer pauses to this.")
@click.option(
    "--cast", type=click.Path(dir_okay=False, path_type=Path), help="Write it as asciicast into this file instead."
)
@click.option("--cast-version", type=click.Choice(["2", "3"]), default="2", show_default=True, help="Of asciicast.")
def command(session_id: str, speed: float, idle_limit: float | None, cast: Path | None, cast_version: str) -> None:
    """Play a recorded session in this terminal, as it was and as fast. Ctrl-C ends it.

    \b
    with-tracking replay last --idle-limit 2
    with-tracking replay last --cast session.cast     for asciinema and its player
    """
    folder = archive.find(paths.root(os.environ), session_id)
    recording = _recording(folder)
    moments = asciicast.at_speed(recording, speed=speed, idle_limit=idle_limit)
    if cast is None:
        _play(recording, moments)
        return
    _check_masked(folder)
    header = archive.read_header(folder)
    lines = asciicast.lines(recording, moments, version=int(cast_version), title=header.argv if header else ())
    text = "".join(lines)
    if str(cast) == "-":
        click.echo(text, nl=False)
    else:
        write_output(cast, text.encode())
        click.echo(f"Written: {cast} ({len(moments)} events)", err=True)


def _recording(folder: Path) -> Recording:
    if not (folder / "typescript").is_file():
        raise WithTrackingError(
            f"Nothing was recorded of {folder.name} that could be played", f"with-tracking show {folder.name}"
        )
    timing = folder / "timing.log"
    size = (archive.read_header(folder) or SessionHeader()).terminal
    times = timing.read_bytes() if timing.is_file() else None
    return read_recording((folder / "typescript").read_bytes(), times, rows=size.rows, cols=size.cols)


def _check_masked(folder: Path) -> None:
    """Refuse to write for others what still shows secrets."""
    from with_tracking import privacy  # it brings the rules along

    if not (folder / "parsed.json").exists():
        raise WithTrackingError(f"The secrets in {folder.name} are not masked yet", "with-tracking sync")
    if "typescript" in privacy.withheld(folder):
        what = f"A secret in the recording of {folder.name} could not be masked, so it stays here"
        raise WithTrackingError(what, f"with-tracking replay {folder.name}")


def _play(recording: Recording, moments: asciicast.Moments) -> None:
    """Write each piece when its time has come; what the terminal was asked for is taken back at the end."""
    terminal = sys.stdout.isatty()
    _warn(recording, terminal)
    began = time.monotonic()
    with _deaf(terminal):
        for seconds, chunk in moments:
            if (pause := seconds - (time.monotonic() - began)) > 0:
                sys.stdout.flush()
                time.sleep(pause)
            if isinstance(chunk, Output):
                sys.stdout.buffer.write(chunk.data)
                sys.stdout.buffer.flush()


@contextmanager
def _deaf(terminal: bool) -> Iterator[None]:
    """Keep the answers to what the recording asks of the terminal from being shown, or typed at the next prompt."""
    if not (terminal and sys.stdin.isatty()):
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    quiet = [*before[:3], before[3] & ~(termios.ECHO | termios.ICANON), *before[4:]]
    try:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, quiet)
        yield
    finally:
        sys.stdout.write(RESTORE)
        sys.stdout.flush()
        time.sleep(ANSWER_SECONDS)
        termios.tcflush(sys.stdin, termios.TCIFLUSH)
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _warn(recording: Recording, terminal: bool) -> None:
    if not terminal:
        return
    size = os.get_terminal_size(sys.stdout.fileno())
    if size.columns < recording.cols or size.lines < recording.rows:
        own = f"{size.columns}x{size.lines}"
        click.echo(f"It was recorded in a terminal of {recording.cols}x{recording.rows}, this one is {own}.", err=True)
        time.sleep(1.0)
