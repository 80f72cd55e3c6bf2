"""Where the library meets the terminal: errors become one line and an exit status; data to stdout, talk to stderr."""

from __future__ import annotations

import itertools
import os
import re
import signal
import sys
from collections.abc import Sequence
from typing import IO, Any, NoReturn

import click

from with_tracking import paths
from with_tracking.errors import WithTrackingError

CLOSED_PIPE = 128 + signal.SIGPIPE
"""The exit status of whoever writes to a pipe that nobody reads any more."""


class Command(click.Command):
    """A command whose expected errors are one line: exit 1, usage errors 2, Ctrl-C 130."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the command as a whole process."""
        run_to_exit(super().main, *args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Do what is asked; click itself would exit with 1, which means an error, when `| head` has read enough."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            drop_output(sys.stdout)
            sys.exit(CLOSED_PIPE)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; whatever is wrong with them, the error knows of which command they are."""
        try:
            if ctx.ignore_unknown_options:
                self._check_options(ctx, args)
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def _check_options(self, ctx: click.Context, args: Sequence[str]) -> None:
        """Refuse an option that is none. A command ignores those only so that -2 can be a session, not for slips."""
        known = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        for word in itertools.takewhile(lambda word: word != "--", args):
            name = word.partition("=")[0]
            if re.fullmatch("--[a-z-]+", name) and name not in known:
                import difflib  # only needed to be helpful

                raise click.NoSuchOption(name, possibilities=difflib.get_close_matches(name, known))


class Group(click.Group):
    """A group of commands with the same manners."""

    command_class = Command

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the command as a whole process."""
        run_to_exit(super().main, *args, **kwargs)


class Failure(click.ClickException):
    """An expected error, shown in one line."""

    def __init__(self, error: WithTrackingError) -> None:
        super().__init__(f"Error: {error.what}. Try: {to_try(error.next_step)}")

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line as it is; click would put its own `Error:` before it."""
        click.echo(self.message, file=file or sys.stderr)


class Misuse(click.ClickException):
    """A wrong option or argument, shown in one line with the help to look at; `error` is click's own."""

    exit_code = 2

    def __init__(self, error: click.UsageError) -> None:
        message = " ".join(error.format_message().split())
        command = error.ctx.command_path if error.ctx else "with-tracking"
        full_stop = "" if message.endswith((".", "?", "!", "?)")) else "."
        super().__init__(f"Error: {message}{full_stop} Try: {to_try(command)} --help")

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line as it is."""
        click.echo(self.message, file=file or sys.stderr)


def to_try(next_step: str) -> str:
    """Return what to try next, as it can be typed in this shell."""
    return paths.typed(next_step, os.environ, paths.here())


def run_to_exit(main: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Run a click main and leave the process: errors 1, usage 2, Ctrl-C 130, a closed pipe 141.

    A bug is one line as well; WITH_TRACKING_TRACEBACK=1 shows where it is.
    """
    kwargs.update(standalone_mode=False, prog_name=main.__self__.name)
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # __main__ did that
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        result = main(*args, **kwargs)
        print(end="", flush=True)  # unlike sys.stdout.flush() also where stdout was closed
        sys.exit(result if isinstance(result, int) else 0)
    except WithTrackingError as error:
        Failure(error).show()
        sys.exit(1)
    except click.Abort:
        if sys.stderr.isatty():
            click.echo(err=True)  # the cursor stands after a question or after ^C
        sys.exit(130)
    except click.ClickException as error:
        if isinstance(error, click.UsageError) and not isinstance(error, click.exceptions.NoArgsIsHelpError):
            error = Misuse(error)
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:  # `| head` has read enough
        drop_output(sys.stdout)
        sys.exit(CLOSED_PIPE)
    except Exception as error:
        if os.environ.get("WITH_TRACKING_TRACEBACK", "") not in ("", "0"):
            raise
        Failure(_unexpected(error)).show()
        _flush_or_drop()
        sys.exit(1)


def _flush_or_drop() -> None:
    """Print what is left; where that fails, on a full disk, nobody needs to hear of it once more."""
    try:
        print(end="", flush=True)
    except OSError:
        drop_output(sys.stdout)


def drop_output(stream: IO[Any]) -> None:
    """Let what is still to be printed go nowhere, so that Python does not complain about it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _unexpected(error: Exception) -> WithTrackingError:
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return WithTrackingError(f"{error.strerror}{where}", "with-tracking doctor")
    import traceback  # it takes 20 ms

    last = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__}: {' '.join(str(error).split())} ({os.path.basename(last.filename)}:{last.lineno})"
    return WithTrackingError(what, "it again with WITH_TRACKING_TRACEBACK=1, and report what it prints")
