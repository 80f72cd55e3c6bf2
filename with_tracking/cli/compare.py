"""`with-tracking compare`: two sessions, groups of sessions, or the latest and those before it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from parsers.session import Session
from with_tracking import archive, index, paths
from with_tracking.cli import tab_key
from with_tracking.cli.current_index import asked, nothing_fits
from with_tracking.cli.edge import Command
from with_tracking.cli.filters import REMOTE, filter_options
from with_tracking.errors import WithTrackingError
from with_tracking.history.comparison import compare_groups, side_by_side
from with_tracking.history.filters import Filters
from with_tracking.history.progress import PREVIOUS, progress
from with_tracking.history.rows import KEYS, MAIN_METRICS, known_metrics, newest_first
from with_tracking.history.session_rows import SessionRow, row_of

EPILOG = """\b
Examples:
  with-tracking compare -2 -1
  with-tracking compare --by provider --procedure close-issue
  with-tracking compare --by tag:mode --metric commands_failed --since 30d
  with-tracking compare --latest-vs-previous --procedure close-issue"""


class Key(click.ParamType[str]):
    """What to group by."""

    name = "key"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take one of the keys, or a tag's name."""
        text = str(value)
        if text not in KEYS and not (text.startswith("tag:") and text[4:]):
            self.fail(f"{text!r} is nothing to group by: write {', '.join(KEYS)} or tag:NAME.", param, ctx)
        return text


@click.command("compare", cls=Command, epilog=EPILOG, context_settings={"ignore_unknown_options": True})
@click.argument("ids", nargs=-1, metavar="[A B]", shell_complete=tab_key.sessions)
@click.option("--by", type=Key(), help=f"Compare groups: {', '.join(KEYS)} or tag:NAME.")
@click.option(
    "--baseline", metavar="GROUP", help="With --by: the group that the others are compared with (default: the largest)."
)
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="NAME",
    help="Compare this number (again for more; default: the main ones).",
)
@click.option("--latest-vs-previous", "latest", is_flag=True, help="Compare the latest session with those before it.")
@click.option(
    "--previous",
    default=PREVIOUS,
    show_default=True,
    type=click.IntRange(1),
    metavar="N",
    help="So many are before the latest.",
)
@filter_options
@REMOTE
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def command(
    ids: Sequence[str],
    by: str | None,
    baseline: str | None,
    metrics: Sequence[str],
    latest: bool,
    previous: int,
    filters: Filters,
    remote: bool,
    as_json: bool,
) -> None:
    """Compare two sessions A and B, groups of sessions (--by), or the latest with those before.

    Differences of groups come with a test, the size of the effect and the number of sessions; small samples are called
    small. The latest session is compared with the earlier ones of the same procedure.
    """
    if sum((bool(ids), by is not None, latest)) != 1 or (ids and len(ids) != 2):
        raise click.UsageError("Give two sessions (with-tracking compare -2 -1), --by KEY, or --latest-vs-previous.")
    root = paths.root(os.environ)
    if ids:
        pair = [(_remote if remote else _local)(root, wanted) for wanted in ids]
        _compare_two(pair, as_json)
        return
    with asked(root, filters, remote) as connection:
        rows = index.select(connection, filters)
    if not rows and not as_json:
        raise nothing_fits(root, remote)
    if by is not None:
        _compare_groups(rows, by, metrics, baseline, as_json)
    else:
        _compare_latest(rows, metrics, previous, as_json)


def _local(root: Path, wanted: str) -> tuple[Session | None, SessionRow]:
    folder = archive.find(root, wanted)
    return archive.read_session(folder), row_of(folder, root)


def _remote(root: Path, wanted: str) -> tuple[Session | None, SessionRow]:
    from with_tracking.store.mlflow_remote import Store

    session, _, row = Store(root, paths.here()).session(wanted)
    return session, row


def _compare_two(pair: Sequence[tuple[Session | None, SessionRow]], as_json: bool) -> None:
    (one, first), (other, second) = pair
    pairs = side_by_side(first, second)
    if as_json:
        _print_json({"a": first, "b": second, "metrics": pairs})
        return
    if one is None or other is None:
        missing = first if one is None else second
        raise WithTrackingError(f"The session {missing.session_id} has not been read yet", "with-tracking sync")
    from with_tracking.cli import comparison_tables
    from with_tracking.cli.output import console

    comparison_tables.print_pair(console(), one, other, pairs)


def _compare_groups(
    rows: Sequence[SessionRow], by: str, metrics: Sequence[str], baseline: str | None, as_json: bool
) -> None:
    _check_metrics(rows, metrics)
    found = compare_groups(rows, by, metrics or MAIN_METRICS, baseline)
    names = [group.name for group in found.groups]
    if baseline is not None and baseline not in names:
        raise WithTrackingError(f"There is no group {baseline!r}", f"one of {', '.join(names[:8]) or 'none'}")
    if as_json:
        _print_json(found)
        return
    if not names:
        raise WithTrackingError(f"No session that fits has a {by}", "with-tracking list")
    from with_tracking.cli import comparison_tables
    from with_tracking.cli.output import console

    comparison_tables.print_comparison(console(), found)


def _compare_latest(rows: Sequence[SessionRow], metrics: Sequence[str], previous: int, as_json: bool) -> None:
    _check_metrics(rows, metrics)
    ordered = [row for row in newest_first(rows) if row.ended_at is not None]
    if not ordered:
        raise WithTrackingError("No session that fits has ended yet", "with-tracking list")
    same = [row for row in ordered if row.procedure_name == ordered[0].procedure_name]
    if len(same) < 2:
        name = ordered[0].procedure_name or "sessions without a procedure"
        raise WithTrackingError(f"There is only one session of {name}", "--procedure NAME for another")
    found = progress(same, metrics or MAIN_METRICS, previous)
    if as_json:
        _print_json(found)
        return
    from with_tracking.cli import comparison_tables
    from with_tracking.cli.output import console

    comparison_tables.print_progress(console(), found)


def _check_metrics(rows: Sequence[SessionRow], metrics: Sequence[str]) -> None:
    """Refuse a metric that no session has."""
    known = known_metrics(rows) if metrics else set()
    for name in metrics:
        if rows and name not in known:
            import difflib  # only needed to be helpful

            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            step = f"--metric {near[0]}" if near else f"one of {', '.join(MAIN_METRICS)}"
            raise WithTrackingError(f"No session has the metric {name!r}", step)


def _print_json(value: Any) -> None:
    from with_tracking.cli.output import print_json

    print_json(value)
