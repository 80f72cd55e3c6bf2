"""What is printed: JSON or text on stdout, no escapes where nobody sees colours, no control characters ever."""

from __future__ import annotations

import re
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.text import Text

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a recorded text could do to the terminal that shows it."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the edge, like every other output; rich would exit with 1, which means an error."""
        raise BrokenPipeError


def console(*, stderr: bool = False) -> Console:
    """Return a console that leaves texts as they are: no markup, no emoji names, no highlighting."""
    return _Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def one_line(text: str, style: str = "") -> Text:
    """Return a text in one line, without control characters."""
    return Text(" ".join(CONTROL.sub(" ", text).split()), style=style)


def harmless(text: str) -> str:
    """Return a text of several lines without control characters."""
    return CONTROL.sub("", text.expandtabs(4))


def print_json(value: Any) -> None:
    """Print JSON, indented, on stdout."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))
