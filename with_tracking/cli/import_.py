"""`with-tracking import`: past sessions, found in the assistants' own logs, become sessions here."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import msgspec

from parsers.native_logs import Places
from parsers.session import Tokens
from with_tracking import archive, paths
from with_tracking.cli.edge import Command
from with_tracking.history_import import importing
from with_tracking.history_import.import_plan import SOURCES, Plan, Skip, plan
from with_tracking.history_import.importing import Outcome

AGO = re.compile(r"(\d+)([hdw])")
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class Since(click.ParamType[datetime]):
    """A time: so long ago (30d, 12h, 2w), or a date."""

    name = "when"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the time; a date is one of this computer's days."""
        if isinstance(value, datetime):
            return value
        found = AGO.fullmatch(str(value).strip())
        try:
            if found:
                return datetime.now(UTC) - int(found[1]) * UNITS[found[2]]
            return datetime.fromisoformat(str(value)).astimezone()
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time: write 30d, 12h, 2w or 2026-11-20.", param, ctx)


class Row(msgspec.Struct, kw_only=True):
    """The figures of one assistant."""

    source: str
    imported: int = 0
    updated: int = 0
    skipped: dict[str, int] = {}
    tokens: Tokens = Tokens()
    cost_usd: float | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, or (dry_run) would be."""

    dry_run: bool
    sources: tuple[Row, ...]
    waiting: str | None = None
    failed: tuple[Outcome, ...] = ()
    problems: tuple[str, ...] = ()


@click.command("import", cls=Command)
@click.argument("names", nargs=-1, type=click.Choice([*SOURCES, "gpt", "all"]), metavar="[ASSISTANT]...")
@click.option("--since", type=Since(), help="Only sessions that went on after this: 30d, 12h, 2w or a date.")
@click.option(
    "--home", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The home folder to look in."
)
@click.option("--dry-run", is_flag=True, help="Say what would be imported; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(names: Sequence[str], since: datetime | None, home: Path | None, dry_run: bool, as_json: bool) -> None:
    """Import past sessions from the assistants' own logs.

    ASSISTANT is claude, codex, gemini, qwen, opencode, copilot, llm, sgpt, gpt (both), aider or all (the default). Run
    it as often as you like: only what is new or grew is imported, and nothing that a wrapper recorded. aider keeps its
    logs in the projects; they are looked for where other sessions were.

    \b
    with-tracking import all --dry-run
    with-tracking import claude codex --since 90d
    """
    root = paths.root(os.environ)
    places = _places(home)
    if dry_run:
        _show(_report(plan(_sources(names), places, root, since=since), [], dry_run=True), as_json)
        return
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with archive.lock_file(root / ".import.lock"):  # two at once would fill the same folders
        todo = plan(_sources(names), places, root, since=since)
        outcomes = importing.import_all(todo.jobs, root, places.home, processes=importing.processes_for(todo.jobs))
        with _bar(len(todo.jobs), shown=sys.stderr.isatty() and not as_json) as advance:
            done, interrupted = importing.follow(outcomes, advance)
    report = _report(todo, done, dry_run=False)
    _show(report, as_json)
    if interrupted:
        click.echo("Interrupted. Run it again: it goes on where it was.", err=True)
    sys.exit(130 if interrupted else 1 if report.failed else 0)


def _sources(names: Sequence[str]) -> list[str]:
    """Give the sources named: all if none is, `gpt` for both of its programs."""
    if not names or "all" in names:
        return list(SOURCES)
    return list(dict.fromkeys(source for name in names for source in (("llm", "sgpt") if name == "gpt" else (name,))))


def _places(home: Path | None) -> Places:
    """Say where to look. In a home folder that is named, the variables of this environment mean nothing."""
    if home is not None:
        return Places(home=home.absolute())
    return Places(home=Path.home(), environ=os.environ, cwd=paths.here())


@contextmanager
def _bar(total: int, *, shown: bool) -> Iterator[Callable[[Outcome], None]]:
    """Show how far it is on stderr."""
    if not shown or not total:
        yield lambda outcome: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from with_tracking.cli.output import console

    columns = (TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda outcome: progress.advance(task)


def _report(todo: Plan, done: Sequence[Outcome], *, dry_run: bool) -> Report:
    """Add up the figures of each assistant."""
    rows = {source: Row(source=source, skipped={}) for source in SOURCES}
    for (source, why), count in todo.skipped.items():
        rows[source].skipped[why] = count
    for job in todo.jobs if dry_run else ():
        row = rows[job.source]
        row.updated, row.imported = row.updated + job.known, row.imported + (not job.known)
    for outcome in done:
        _count(rows[outcome.source], outcome)
    return Report(
        dry_run=dry_run,
        sources=tuple(row for row in rows.values() if row.imported or row.updated or row.skipped),
        waiting=next((outcome.waiting for outcome in done if outcome.waiting), None),
        failed=tuple(outcome for outcome in done if outcome.skipped is Skip.FAILED),
        problems=(*todo.problems, *_of_sessions(done)),
    )


def _of_sessions(done: Sequence[Outcome]) -> list[str]:
    """Say what was wrong with the sessions that were imported, each sentence once."""
    counts = Counter(problem for outcome in done for problem in dict.fromkeys(outcome.problems))
    return [problem if count == 1 else f"{problem} ({count} sessions)" for problem, count in counts.most_common()]


def _count(row: Row, outcome: Outcome) -> None:
    if outcome.skipped is not None:
        row.skipped[outcome.skipped] = row.skipped.get(outcome.skipped, 0) + 1
        return
    row.updated, row.imported = row.updated + outcome.updated, row.imported + (not outcome.updated)
    row.tokens = row.tokens + outcome.tokens
    if outcome.cost_usd is not None:
        row.cost_usd = (row.cost_usd or 0.0) + outcome.cost_usd


def _show(report: Report, as_json: bool) -> None:
    """Print the figures, and on stderr what went wrong."""
    if as_json:
        from with_tracking.cli.output import print_json

        print_json(report)
    elif report.sources:
        _print_table(report)
    else:
        click.echo("No sessions were found in the assistants' logs.", err=True)
    for problem in report.problems:
        click.echo(problem, err=True)
    for outcome in report.failed:
        click.echo(f"{outcome.source} {outcome.native_session_id}: {outcome.error}", err=True)
    if report.waiting:
        click.echo(f"Not all of them are in MLflow yet. {report.waiting}", err=True)


def _print_table(report: Report) -> None:
    from rich.table import Table

    from with_tracking.cli.output import console, one_line, print_trimmed

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("FROM", no_wrap=True)
    for title in ("NEW", "GREW", "TOKENS IN", "CACHED", "OUT", "COST"):
        table.add_column(title, no_wrap=True, justify="right")
    table.add_column("LEFT OUT")
    for row in (*report.sources, _total(report.sources)):
        left_out = ", ".join(f"{count} {why}" for why, count in sorted(row.skipped.items()))
        tokens = (_number(value) for value in (row.tokens.input, row.tokens.cache_read, row.tokens.output))
        cost = "" if row.cost_usd is None else f"${row.cost_usd:,.2f}"
        cells = (row.source, str(row.imported), str(row.updated), *tokens, cost, left_out)
        table.add_row(*(one_line(cell) for cell in cells))
    print_trimmed(console(), table)
    if report.dry_run:
        click.echo("Nothing was written.", err=True)


def _total(rows: Sequence[Row]) -> Row:
    total = Row(source="all", skipped={})
    for row in rows:
        total.imported, total.updated = total.imported + row.imported, total.updated + row.updated
        total.tokens = total.tokens + row.tokens
        if row.cost_usd is not None:
            total.cost_usd = (total.cost_usd or 0.0) + row.cost_usd
    return total


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
