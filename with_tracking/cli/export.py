"""`with-tracking export`: sessions for other programs."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from with_tracking import archive, index, paths
from with_tracking.cli.current_index import asked
from with_tracking.cli.edge import Command
from with_tracking.cli.filters import REMOTE, filter_options
from with_tracking.errors import WithTrackingError
from with_tracking.history.export import FORMATS, as_prometheus
from with_tracking.history.filters import Filters
from with_tracking.history.output_files import write_output
from with_tracking.history.session_rows import SessionRow
from with_tracking.quantities import counted

EPILOG = """\b
Examples:
  with-tracking export --since 30d > sessions.csv
  with-tracking export --output sessions.parquet
  with-tracking export --prometheus /var/lib/node_exporter/ai_sessions.prom
  with-tracking export --otlp http://localhost:4318 --since 1d"""


@click.command("export", cls=Command, epilog=EPILOG)
@click.option("--format", "kind", type=click.Choice(list(FORMATS)), help="Default: by FILE's ending, else csv.")
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it there instead of stdout.")
@click.option("--prometheus", type=click.Path(path_type=Path), metavar="FILE", help="Replace this textfile at once.")
@click.option("--otlp", metavar="URL", help="Send spans and metrics there, with OpenTelemetry over HTTP.")
@click.option("--content", is_flag=True, help="With --otlp: send prompts, answers, inputs and outputs, too.")
@filter_options
@REMOTE
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def command(
    kind: str | None,
    output: Path | None,
    prometheus: Path | None,
    otlp: str | None,
    content: bool,
    filters: Filters,
    remote: bool,
    as_json: bool,
) -> None:
    """Export sessions as a table (CSV, JSON, JSON lines, Parquet), to Prometheus or by OpenTelemetry.

    A table has a line for each session, the oldest first. Prometheus gets sums by provider and model. OpenTelemetry
    gets a trace for each session after the conventions for GenAI, the same one if it is exported again.
    """
    root = paths.root(os.environ)
    if remote and otlp is not None:
        raise click.UsageError("--otlp sends what is in this archive; without --remote.")
    with asked(root, filters, remote) as connection:
        rows = index.select(connection, filters, ascending=True)
    if prometheus is not None:
        write_output(prometheus, as_prometheus(rows))
    if otlp is not None:
        _send(root, rows, otlp, content)
    if (prometheus is None and otlp is None) or output is not None or kind or as_json:
        _write(rows, "json" if as_json else kind, output)


def _write(rows: Sequence[SessionRow], kind: str | None, output: Path | None) -> None:
    if kind is None:
        ending = output.suffix[1:].lower() if output else ""
        kind = {"ndjson": "jsonl"}.get(ending, ending if ending in FORMATS else "csv")
    if kind == "parquet" and output is None and sys.stdout.isatty():
        raise WithTrackingError("Parquet is nothing for a terminal", "--output sessions.parquet")
    data: bytes = FORMATS[kind](rows)
    if output is None:
        sys.stdout.buffer.write(data)
    else:
        write_output(output, data)
        click.echo(f"{counted(len(rows), 'session')} written to {output}", err=True)


def _send(root: Path, rows: Sequence[SessionRow], url: str, content: bool) -> None:
    from with_tracking import config, pricing
    from with_tracking.history.otlp import Exporter

    if not url.startswith(("http://", "https://")):
        raise WithTrackingError(f"{url!r} is no address of OTLP over HTTP", "--otlp http://localhost:4318")
    prices = config.load(os.environ, root).prices
    price = functools.partial(pricing.cost_of, overrides=prices)
    exporter, sent = Exporter(url, content).open(), 0
    for row in rows:
        if exporter.refused:
            break
        folder = root / row.path
        session, events = archive.read_session(folder), archive.read_events(folder)
        if session is not None and events is not None and session.started_at is not None:
            exporter.add(session, events, price)
            sent += 1
    if not exporter.close():
        raise WithTrackingError(
            f"{url} did not take all of it, or does not answer", "with-tracking export again: the spans stay the same"
        )
    click.echo(f"{counted(sent, 'session')} sent to {url}", err=True)
