"""Lines to blocks: every line is classified by the first rule that fits, and put to the head line it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from parsers.screens import outside
from parsers.screens.table import LONGEST_MATCHED, Block, LineRule, Palette, Place, Row, Screen

if TYPE_CHECKING:
    from parsers.terminal import Line

UNKNOWN = "unknown"


def palette_of(lines: Iterable[Line], screen: Screen) -> Palette:
    """Which kinds of style these lines have at all, as far as the program draws them in its own styles."""
    colours = attributes = False
    for line in lines:
        if not screen.styled.match(line.text):
            continue
        for style in (line.lead, line.body):
            colours = colours or style.foreground is not None or style.background is not None
            attributes = attributes or style.bold or style.faint or style.italic or style.inverse
        if colours and attributes:
            break
    return Palette(colours, attributes)


def classify(lines: Iterable[Line], screen: Screen, palette: Palette) -> Iterator[Row]:
    """Tell what each line is. A new segment of the screen closes the block that was open."""
    opened = previous = ""
    segment = None
    rules = (*screen.rules, *outside.RULES)
    fitting: dict[str, list[LineRule]] = {}  # the rules that may apply while a block of this kind is open
    for line in lines:
        if line.segment != segment:
            opened, previous, segment = "", "", line.segment
        if opened not in fitting:
            fitting[opened] = [rule for rule in rules if not rule.within or opened in rule.within]
        row = _row(line, fitting[opened], palette, previous)
        yield row
        if row.place in (Place.HEAD, Place.PANEL, Place.UNKNOWN):
            opened = row.kind
        if row.place is not Place.BLANK:
            previous = row.kind


def _row(line: Line, rules: Sequence[LineRule], palette: Palette, previous: str) -> Row:
    text = line.text[:LONGEST_MATCHED]
    if not text.strip():
        return Row(line, "", Place.BLANK, {})
    for rule in rules:
        if rule.after and previous not in rule.after:
            continue
        found = rule.pattern.match(text)
        if (
            found
            and (rule.lead is None or rule.lead.fits(line.lead, palette))
            and (rule.body is None or rule.body.fits(line.body, palette))
        ):
            return Row(
                line,
                rule.kind,
                rule.place,
                {name: value for name, value in found.groupdict().items() if value is not None},
            )
    return Row(line, UNKNOWN, Place.UNKNOWN, {})


def group(rows: Iterable[Row]) -> list[Block]:
    """Put rows into blocks. Chrome is dropped; what is not understood makes blocks of its own."""
    blocks: list[Block] = []
    held: list[Row] = []

    def close() -> None:
        while held and held[-1].place is Place.BLANK:
            held.pop()
        if held:
            blocks.append(Block(held[0].kind, tuple(held), len(blocks)))
        held.clear()

    for row in rows:
        if row.place in (Place.CHROME, Place.PANEL):
            continue
        if row.place is Place.HEAD or (row.place is Place.UNKNOWN and not (held and held[0].kind == UNKNOWN)):
            close()
        if held and row.line.segment != held[0].line.segment:
            close()
        if held or row.place is not Place.BLANK:
            held.append(row)
    close()
    return blocks
