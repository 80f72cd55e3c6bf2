"""Asking the index from a command; whoever has to wait until it is made sees how far it is."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from with_tracking import archive, index, paths
from with_tracking.errors import WithTrackingError

if TYPE_CHECKING:
    from with_tracking.history.filters import Filters
    from with_tracking.history.session_rows import SessionRow
    from with_tracking.history.stories import Story

SHOWN_FROM = 300
"""Fewer sessions are added in a second or two."""


@contextmanager
def current_index(root: Path) -> Iterator[sqlite3.Connection]:
    """Open the index as it has to be now."""
    with progress_bar() as progress, index.current(root, progress) as connection:
        progress.done()
        yield connection


@contextmanager
def asked(root: Path, filters: Filters, remote: bool) -> Iterator[sqlite3.Connection]:
    """Open the index to ask: that of the archive, or one of the store's sessions that fit."""
    if remote:
        from with_tracking.store.mlflow_remote import Store

        with Store(root, paths.here()).opened(filters) as connection:
            yield connection
    else:
        with current_index(root) as connection:
            yield connection


@contextmanager
def asked_for_texts(root: Path, filters: Filters, remote: bool) -> Iterator[tuple[sqlite3.Connection, Path]]:
    """Open the index to search in the texts of sessions, and the root that holds their folders."""
    if remote:
        from with_tracking.store.mlflow_remote import Store

        with (
            progress_bar("Reading") as progress,
            Store(root, paths.here()).opened_with_texts(filters, progress) as (connection, copies),
        ):
            progress.done()
            yield connection, copies
    else:
        with current_index(root) as connection:
            yield connection, root


def stories(root: Path, rows: Sequence[SessionRow], remote: bool) -> list[Story]:
    """Return what happened in sessions, of the archive or of the store."""
    from with_tracking.history.stories import parsed_files, read_stories

    if not remote:
        return list(read_stories(parsed_files(root, rows)))
    from with_tracking.store.mlflow_remote import Store

    with progress_bar("Reading") as progress:
        return list(read_stories(data for _, data in Store(root, paths.here()).files(rows, "parsed.json", progress)))


def nothing_fits(root: Path, remote: bool, what: str = "There is no session that fits") -> WithTrackingError:
    """Return the error of a command that has no session to speak of, which in an empty archive is nobody's filter."""
    if not remote and next(archive.folders(root), None) is None:
        return archive.none_recorded(root)
    return WithTrackingError(what, "with-tracking list")


class Bar:
    """A progress bar on stderr that comes only when there is much to do."""

    def __init__(self, doing: str) -> None:
        self.doing = doing
        self.shown: Any = None
        self.task: Any = None

    def __call__(self, done: int, total: int) -> None:
        """Say how far it is."""
        if total < SHOWN_FROM or not os.isatty(sys.stderr.fileno()):
            return
        if self.shown is None:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            from with_tracking.cli.output import console

            columns = (TextColumn(self.doing), BarColumn(), MofNCompleteColumn())
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
def progress_bar(doing: str = "Indexing") -> Iterator[Bar]:
    """Give a bar that is gone afterwards."""
    bar = Bar(doing)
    try:
        yield bar
    finally:
        bar.done()
