"""Tables without lines: in a narrow terminal the first column, which names things, gives way, and then the last go."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from with_tracking.cli.output import columns_that_fit, one_line, print_trimmed


def table(*titles: str, left: int = 1) -> Table:
    """Make a table; the first `left` columns are texts, the others numbers."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for number, title in enumerate(titles):
        # Rich begins with the columns whose cells could be wrapped: none but the first is made narrower.
        made.add_column(title, no_wrap=number > 0, overflow="ellipsis", justify="left" if number < left else "right")
    return made


def name_cell(text: str, width: int = 0) -> Text:
    """Return a cell of the first column: in one line, at least so wide, and cut where there is no room for it."""
    cell = one_line(text)
    cell.pad_right(max(0, width - cell_len(cell.plain)))
    cell.no_wrap, cell.overflow = True, "ellipsis"
    return cell


def print_table(out: Console, made: Table) -> None:
    """Print a table; columns at its end for which there is no room beside the names are left out."""
    widths = [max(cell_len(str(cell)) for cell in (column.header, *column.cells)) for column in made.columns]
    del made.columns[columns_that_fit(widths, out.width) :]
    print_trimmed(out, made)
