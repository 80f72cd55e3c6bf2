"""What is printed: JSON or text on stdout, no escapes where nobody sees colours, no control characters ever."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import click
import msgspec
from rich.console import Console, RenderableType
from rich.text import Text

SCHEMA_VERSION = 1
"""Of what print_json prints: counted up when a field changes its meaning or goes away. docs/json.md describes it."""
NAME = 12
"""So much of a name, in the first column of a table, is worth more than another column."""
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


def print_cut(out: Console, text: str | Text) -> None:
    """Print a line, cut to the terminal's width; in a pipe it is whole."""
    if out.is_terminal:
        out.print(text, no_wrap=True, overflow="ellipsis")
    else:
        out.print(text, soft_wrap=True)


def print_trimmed(out: Console, table: RenderableType) -> None:
    """Print a table; in a pipe its lines end where their texts do, not where the table would."""
    if out.is_terminal:
        out.print(table)
    else:
        with out.capture() as captured:
            out.print(table)
        click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def columns_that_fit(widths: Sequence[int], width: int) -> int:
    """Return how many columns of a table, two blanks apart, have room in a line; at the last the names give way."""
    ends = accumulate((min(NAME, widths[0]), *(2 + each for each in widths[1:])))
    return max(1, sum(end <= width for end in ends))


def print_json(value: Any) -> None:
    """Print JSON, indented, on stdout: an object or a list of objects, each with its schema_version."""
    click.echo(msgspec.json.format(msgspec.json.encode(_versioned(value)), indent=2))


def _versioned(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_versioned(one) for one in value]
    if hasattr(value, "schema_version"):
        return value
    return {"schema_version": SCHEMA_VERSION, **(value if isinstance(value, dict) else msgspec.to_builtins(value))}
