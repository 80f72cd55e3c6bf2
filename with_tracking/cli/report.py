"""`with-tracking report`: a page that one would send to a team."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import msgspec

from with_tracking import index, paths
from with_tracking.cli.current_index import asked, stories
from with_tracking.cli.edge import Command
from with_tracking.cli.filters import REMOTE, filter_options
from with_tracking.history.filters import Filters
from with_tracking.history.output_files import write_output
from with_tracking.history.pages import as_html, as_markdown
from with_tracking.history.report import Report, make_report
from with_tracking.history.report_page import blocks_of, title_of

EPILOG = """\b
Examples:
  with-tracking report
  with-tracking report --since 30d --format html --output report.html
  with-tracking report --week --repo webapp | glow"""
FORMATS = {".md": "md", ".markdown": "md", ".html": "html", ".htm": "html", ".json": "json"}


@click.command("report", cls=Command, epilog=EPILOG)
@click.option("--week", is_flag=True, help="The last seven days, which is what is reported without --since, too.")
@click.option("--format", "kind", type=click.Choice(["md", "html", "json"]), help="Default: by FILE's ending, else md.")
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it there instead of stdout.")
@filter_options
@REMOTE
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def command(week: bool, kind: str | None, output: Path | None, filters: Filters, remote: bool, as_json: bool) -> None:
    """Report on a time: what was worked on, cost, failures that keep coming back, what works best.

    Figures are compared with those of as long a time before. The HTML page needs nothing from elsewhere.
    """
    if week and filters.since:
        raise click.UsageError("Give either --week or --since.")
    until = filters.until or datetime.now(UTC)
    since = filters.since or until - timedelta(days=7)
    report = _report(paths.root(os.environ), replace(filters, since=since, until=until), remote)
    kind = "json" if as_json else kind or FORMATS.get(output.suffix.lower() if output else "", "md")
    page = _written(report, kind)
    if output is None:
        click.echo(page, nl=False)
    else:
        write_output(output, page.encode())
        click.echo(f"Written to {output}", err=True)


def _report(root: Path, filters: Filters, remote: bool) -> Report:
    since, until = filters.since, filters.until
    assert since is not None
    assert until is not None
    earlier = replace(filters, since=since - (until - since), until=since)
    with asked(root, replace(filters, since=earlier.since), remote) as connection:
        rows = index.select(connection, filters)
        before = index.select(connection, earlier)
    return make_report(rows, before or None, stories(root, rows, remote), since=since, until=until)


def _written(report: Report, kind: str) -> str:
    if kind == "json":
        return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"
    write = as_html if kind == "html" else as_markdown
    return write(title_of(report), blocks_of(report)).encode("utf-8", "replace").decode()
