"""`with-tracking search`: in which sessions something was said, done or printed, and when."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from with_tracking import index, paths
from with_tracking.cli.current_index import asked_for_texts, nothing_fits
from with_tracking.cli.edge import Command
from with_tracking.cli.filters import REMOTE, filter_options
from with_tracking.history import search
from with_tracking.history.filters import Filters
from with_tracking.history.index_database import COLUMNS
from with_tracking.history.search_query import read_query

if TYPE_CHECKING:
    from rich.text import Text


@click.command("search", cls=Command)
@click.argument("text", nargs=-1, required=True)
@filter_options
@click.option("--in", "columns", multiple=True, type=click.Choice(COLUMNS), help="Search only these texts.")
@click.option(
    "--sort",
    type=click.Choice(["relevance", *index.SORTS]),
    default="when",
    show_default=True,
    metavar="KEY",
    help=f"The best or largest first of relevance, {', '.join(index.SORTS)}.",
)
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1), metavar="N", help="So many sessions.")
@click.option(
    "--snippets", default=3, show_default=True, type=click.IntRange(1), metavar="N", help="So many places in each."
)
@REMOTE
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def command(
    text: Sequence[str],
    filters: Filters,
    columns: Sequence[str],
    sort: str,
    limit: int,
    snippets: int,
    remote: bool,
    as_json: bool,
) -> None:
    """Search prompts, answers, commands, outputs, errors, file names, tags and notes.

    All words must be in a session. "Two words" in quotation marks are a phrase, migrat* is a beginning; AND, OR, NOT
    (in capitals) and brackets work. Of long outputs the beginning and the end are searched. Exit 1 if nothing is found.

    \b
    with-tracking search '"connection refused"' --since 30d
    with-tracking search 'migrat* NOT rollback' --in commands
    """
    root = paths.root(os.environ)
    query = read_query(" ".join(text)).within(columns)
    with asked_for_texts(root, filters, remote) as (connection, folders):
        found = search.search(connection, folders, query, filters, sort=sort, limit=limit, snippets=snippets)
        ids = [hit.session.session_id for hit in found.hits] if remote else index.ids(connection)
    if as_json:
        from with_tracking.cli.output import print_json

        print_json(found)
    elif found.hits:
        _print(found, ids)
    elif not ids and not remote:
        raise nothing_fits(root, remote)
    else:
        click.echo("Nothing was found. Try: fewer words, or a beginning such as migrat*", err=True)
    raise SystemExit(0 if found.hits else 1)


def _print(found: search.Found, ids: Sequence[str]) -> None:
    """Print a line for each session and one for each place."""
    from rich.text import Text

    from with_tracking.cli.event_lines import moment
    from with_tracking.cli.output import console, one_line, print_cut
    from with_tracking.cli.session_table import beginnings, outcome_mark, short_id, when_text

    out, known = console(), beginnings(ids)
    width = max(len(snippet.where) for hit in found.hits for snippet in hit.snippets) if found.hits else 0
    for hit in found.hits:
        row = hit.session
        facts = (short_id(row.session_id, known), when_text(row), row.assistant or "?", outcome_mark(row))
        head = Text(" ".join(facts) + " ", style="bold").append_text(one_line(row.prompt or "", "not bold"))
        head.rstrip()
        print_cut(out, head)
        for snippet in hit.snippets:
            place = Text(f"  {moment(snippet.seconds):>8} {snippet.where:{width}} ", style="dim")
            room = out.width - place.cell_len if out.is_terminal else None
            place.append_text(highlighted(snippet, room))
            print_cut(out, place)
        if hit.places > len(hit.snippets):
            out.print(Text(f"           and {hit.places - len(hit.snippets)} more", style="dim"))
    if found.sessions > len(found.hits):
        click.echo(f"{len(found.hits)} of {found.sessions} sessions. More: --limit {found.sessions}", err=True)


def highlighted(snippet: search.Snippet, room: int | None) -> Text:
    """Return the snippet with what was found marked; what comes first is cut if that would not fit into `room`."""
    from rich.text import Text

    text = Text(snippet.text, style="not dim")
    for start, end in snippet.highlights:
        text.stylize("bold red not dim", start, end)
    if room is None or not snippet.highlights or snippet.highlights[0][1] < room:
        return text
    start, end = snippet.highlights[0]
    return Text("…", style="not dim").append_text(text[max(0, start - max(0, room - (end - start)) // 3) :])
