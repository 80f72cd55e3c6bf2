"""Asking the index from a command; whoever has to wait until it is made sees how far it is."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from with_tracking import index

SHOWN_FROM = 300
"""Fewer sessions are added in a second or two."""


@contextmanager
def current_index(root: Path) -> Iterator[sqlite3.Connection]:
    """Open the index as it has to be now."""
    with progress_bar() as progress, index.current(root, progress) as connection:
        progress.done()
        yield connection


class Bar:
    """A progress bar on stderr that comes only when there is much to do."""

    def __init__(self) -> None:
        self.shown: Any = None
        self.task: Any = None

    def __call__(self, done: int, total: int) -> None:
        """Say how far it is."""
        if total < SHOWN_FROM or not os.isatty(sys.stderr.fileno()):
            return
        if self.shown is None:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            from with_tracking.cli.output import console

            columns = (TextColumn("Indexing"), BarColumn(), MofNCompleteColumn())
            self.shown = Progress(*columns, console=console(stderr=True), transient=True)
            self.shown.start()
            self.task = self.shown.add_task("", total=total)
        self.shown.update(self.task, completed=done)

    def done(self) -> None:
        """Take the bar away."""
        if self.shown is not None:
            self.shown.stop()
            self.shown = None


@contextmanager
def progress_bar() -> Iterator[Bar]:
    """Give a bar that is gone afterwards."""
    bar = Bar()
    try:
        yield bar
    finally:
        bar.done()
