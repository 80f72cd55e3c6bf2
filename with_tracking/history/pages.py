"""A page of headings, paragraphs, lists and tables, as Markdown or as HTML that needs nothing from elsewhere.

All texts are plain: whatever a prompt or an error holds is shown as it is and never taken for markup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TEXT_LENGTH = 300
_MARKUP = re.compile(r"([\\`*_\[\]<>#|~!&])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the page's second level."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `note` is one in small print."""

    text: str
    note: bool = False


@dataclass(frozen=True, slots=True)
class Tiles:
    """A few figures that stand out: each a name, a value, and what there is to add."""

    items: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first `texts` columns are texts, the others numbers."""

    titles: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: int = 1


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar for each day: name and height."""

    title: str
    items: Sequence[tuple[str, float]]


Block = Heading | Paragraph | Tiles | Table | Bars


def plain(text: str) -> str:
    """Return a text in one line of bounded length, without control characters and marks of direction."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    return line if len(line) <= TEXT_LENGTH else line[: TEXT_LENGTH - 1] + "…"


# --- Markdown ---------------------------------------------------------------------------------------------------------


def as_markdown(title: str, blocks: Iterable[Block]) -> str:
    """Return the page as Markdown, as GitHub shows it."""
    return "\n\n".join([f"# {_md(title)}", *filter(None, map(_markdown, blocks))]) + "\n"


def _markdown(block: Block) -> str:
    if isinstance(block, Heading):
        return f"## {_md(block.text)}"
    if isinstance(block, Paragraph):
        return f"*{_md(block.text)}*" if block.note else _md(block.text)
    if isinstance(block, Tiles):
        return "\n".join(f"- **{_md(a)}:** {_md(b)}" + (f" ({_md(c)})" if c else "") for a, b, c in block.items)
    if isinstance(block, Bars):
        return ""  # a picture
    lines = [
        [_md(title) for title in block.titles],
        ["---" if number < block.texts else "---:" for number in range(len(block.titles))],
    ]
    head = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([*head, *(f"| {' | '.join(map(_md, row))} |" for row in block.rows)])


def _md(text: str) -> str:
    return _MARKUP.sub(r"\\\1", plain(text))


# --- HTML -------------------------------------------------------------------------------------------------------------

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --dim: #5f6b7a; --line: #dfe4ea; --paper: #fff; --bar: #3b6ea8 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ee; --dim: #9aa6b4; --line: #323b47; --paper: #161b22; --bar: #6ea3dd } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem;
  margin: 2.5rem auto; padding: 0 1rem }
h1 { font-size: 1.7rem; margin: 0 0 .3rem } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem }
p.note { color: var(--dim); font-size: .875rem; margin: .4rem 0 }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.4rem, 1fr)); gap: .75rem; margin: 1.2rem 0 }
.tiles div { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem }
.tiles small { color: var(--dim); display: block } .tiles b { font-size: 1.35rem; font-weight: 600 }
.wide { overflow-x: auto } .wide + .wide { margin-top: 1rem }
table { border-collapse: collapse; width: 100%; font-size: .925rem }
th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
th { font-weight: 600; color: var(--dim); white-space: nowrap } td.text { overflow-wrap: anywhere }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
svg { width: 100%; height: 5rem } svg rect { fill: var(--bar) } figure { margin: 1rem 0 }
figcaption { color: var(--dim); font-size: .875rem; display: flex; justify-content: space-between }
@media print { body { margin: 0; max-width: none } }
"""


def as_html(title: str, blocks: Iterable[Block]) -> str:
    """Return the page as one HTML file: no scripts, no addresses, everything escaped."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{_h(title)}</title>'
    body = "\n".join(map(_html, blocks))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>{head}<style>{STYLE}</style></head>\n'
        f"<body>\n<h1>{_h(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def _html(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h2>{_h(block.text)}</h2>"
    if isinstance(block, Paragraph):
        return f"<p{' class=note' if block.note else ''}>{_h(block.text)}</p>"
    if isinstance(block, Tiles):
        tiles = (f"<div><small>{_h(a)}</small><b>{_h(b)}</b><small>{_h(c)}</small></div>" for a, b, c in block.items)
        return f'<div class="tiles">{"".join(tiles)}</div>'
    return _html_bars(block) if isinstance(block, Bars) else _html_table(block)


def _html_table(table: Table) -> str:
    classes = ["text" if number < table.texts else "number" for number in range(len(table.titles))]
    head = "".join(f'<th class="{kind}">{_h(title)}</th>' for kind, title in zip(classes, table.titles, strict=True))
    rows = (
        "".join(f'<td class="{kind}">{_h(cell)}</td>' for kind, cell in zip(classes, row, strict=True))
        for row in table.rows
    )
    body = "".join(f"<tr>{row}</tr>\n" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def _html_bars(bars: Bars) -> str:
    top, count = max((height for _, height in bars.items), default=0.0) or 1.0, max(len(bars.items), 1)
    drawn = "".join(
        f'<rect x="{number + 0.1:g}" y="{40 * (1 - height / top):.2f}" width=".8" height="{40 * height / top:.2f}">'
        f"<title>{_h(f'{name}: {height:g}')}</title></rect>"
        for number, (name, height) in enumerate(bars.items)
    )
    ends = [bars.items[0][0], bars.title, bars.items[-1][0]] if bars.items else []
    caption = "".join(f"<span>{_h(text)}</span>" for text in ends)
    picture = f'<svg viewBox="0 0 {count} 40" preserveAspectRatio="none" role="img" aria-label="{_h(bars.title)}">'
    return f"<figure>{picture}{drawn}</svg><figcaption>{caption}</figcaption></figure>"


def _h(text: str) -> str:
    return html.escape(plain(text))
