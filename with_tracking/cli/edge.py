"""Where the library meets the terminal: errors become one line and an exit status; data to stdout, talk to stderr."""

from __future__ import annotations

import os
import sys
from typing import IO, Any, NoReturn

import click

from with_tracking.errors import WithTrackingError


class Command(click.Command):
    """A command whose expected errors are one line: exit 1, usage errors 2, Ctrl-C 130."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the command as a whole process."""
        run_to_exit(super().main, *args, **kwargs)


class Group(click.Group):
    """A group of commands with the same manners."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the command as a whole process."""
        run_to_exit(super().main, *args, **kwargs)


class Failure(click.ClickException):
    """An expected error, shown in one line."""

    def __init__(self, error: WithTrackingError) -> None:
        super().__init__(str(error))

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line as it is; click would put its own `Error:` before it."""
        click.echo(self.message, file=file or sys.stderr)


def run_to_exit(main: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Run a click main and leave the process: WithTrackingError 1, usage 2, Ctrl-C 130, a closed pipe 141."""
    kwargs.update(standalone_mode=False, prog_name=main.__self__.name)
    try:
        result = main(*args, **kwargs)
        sys.stdout.flush()
        sys.exit(result if isinstance(result, int) else 0)
    except WithTrackingError as error:
        Failure(error).show()
        sys.exit(1)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
