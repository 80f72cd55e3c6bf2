"""`with-tracking procedure`: any command as a tracked procedure."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, BinaryIO

import click

from with_tracking import archive
from with_tracking.cli.edge import Command, drop_output
from with_tracking.closing import close_session
from with_tracking.errors import WithTrackingError
from with_tracking.procedure_session import STEP, ProcedureSession

EPILOG = """\b
Examples:
  with-tracking procedure deploy --param env=staging -- make deploy
  with-tracking procedure nightly --artifact report.html -- ./nightly.sh
  with-tracking list --provider procedure
\b
A line "::step NAME" in the command's output begins a step."""
LEFT_OPEN_SECONDS = 2
"""Whoever the command left behind may hold its output open for good."""


@click.command("procedure", cls=Command, epilog=EPILOG)
@click.argument("name")
@click.option("--param", "params", multiple=True, metavar="KEY=VALUE", help="A parameter of the run (again for more).")
@click.option("--artifact", "artifacts", multiple=True, type=click.Path(path_type=Path), help="Keep this file, too.")
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
def command(name: str, params: Sequence[str], artifacts: Sequence[Path], words: Sequence[str]) -> None:
    """Run COMMAND and record it as the procedure NAME.

    Its output passes through; its exit status is this one's. How long it took, whether it succeeded, its steps and
    the files that you name become a session and an MLflow run with the tag type = procedure.
    """
    if not name.strip():
        raise click.UsageError("The procedure has no name.")
    if shutil.which(words[0]) is None:
        raise WithTrackingError(f"There is no command {words[0]!r}", "its whole path")
    session = ProcedureSession(name, dict(map(_pair, params)), words)
    try:
        session.begin(os.environ)
    except (OSError, WithTrackingError) as error:
        click.echo(f"with-tracking: cannot record this procedure ({error}); it runs without.", err=True)
        sys.exit(_status(subprocess.run(words, check=False).returncode))
    exit_code, output = _run(session, words)
    for path in artifacts:
        try:
            session.artifact(path)
        except OSError as error:
            click.echo(f"with-tracking: {path} is not kept: {error.strerror or error}", err=True)
    try:
        done = session.finish(success=exit_code == 0, exit_code=exit_code, output=output)
        close_session(session.folder, lambda: done)
    except OSError as error:
        click.echo(f"with-tracking: the recording in {session.folder} is incomplete: {error}", err=True)
    sys.exit(exit_code)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise click.UsageError(f"{text!r} is no parameter: write key=value.")
    return key, value


def _run(session: ProcedureSession, words: Sequence[str]) -> tuple[int, str]:
    """Run the command to its end; return its exit status as shells tell it, and what it printed."""
    environ = {**os.environ, "WITH_TRACKING_SESSION_ID": session.folder.name}
    streams = {"stdout": sys.stdout.buffer, "stderr": sys.stderr.buffer}
    with archive.private():
        files = [(session.folder / f"{name}.txt").open("wb") for name in streams]
    with _signals_passed_on() as pass_on_to:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ)
        pass_on_to(process)
        copiers = [
            threading.Thread(target=_copy, args=(source, target, file, session.step), daemon=True)
            for source, target, file in zip((process.stdout, process.stderr), streams.values(), files, strict=True)
        ]
        for copier in copiers:
            copier.start()
        code = process.wait()
        for copier in copiers:
            copier.join(LEFT_OPEN_SECONDS)
    return _status(code), "".join((session.folder / f"{name}.txt").read_text("utf-8", "replace") for name in streams)


@contextlib.contextmanager
def _signals_passed_on() -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """Let the command decide what signals mean, also those that come while it starts: it is told as soon as it runs.

    Ctrl-C it gets from the terminal itself.
    """
    early: list[int] = []
    send: Callable[[int], None] = early.append

    def pass_on_to(process: subprocess.Popen[bytes]) -> None:
        nonlocal send
        before[signal.SIGINT] = signal.signal(signal.SIGINT, lambda number, frame: None)
        send = process.send_signal
        for number in early:
            send(number)

    before: dict[signal.Signals, Any] = {
        number: signal.signal(number, lambda number, frame: send(number)) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield pass_on_to
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _copy(source: IO[bytes], target: BinaryIO, file: IO[bytes], step: Callable[[str], None]) -> None:
    """Pass a stream on as it comes, keep it, and tell the steps in it."""
    rest = b""
    with file:
        while data := source.read1(1 << 16):  # type: ignore[attr-defined]  # a pipe is buffered
            file.write(data)
            file.flush()
            try:
                target.write(data)
                target.flush()
            except BrokenPipeError:  # nobody reads any more; the command goes on
                drop_output(target)
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[-4096:]
            for line in lines:
                if line.startswith(STEP.encode()):
                    step(line.decode("utf-8", "replace").removeprefix(STEP).strip())


def _status(code: int) -> int:
    return code if code >= 0 else 128 - code
