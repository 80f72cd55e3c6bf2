"""The parts that an assistant's table is made of: line rules, tool names, signs to know it by.

A table (`Screen`) says how one assistant draws its conversation. Its line rules are tried from the first to the last
and the first that fits decides. A rule looks at a line's text, at the pens it was drawn with and at the block that is
open: the same words mean different things at the left edge in bold and indented below a result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from parsers.screens.hues import Hue, hue
from parsers.session import Category, Event
from parsers.tool_calls import category_of

if TYPE_CHECKING:
    from parsers.terminal import Line, Style, Transcript

_Computed = TypeVar("_Computed")
# Patterns see at most this much of a line. What a program drew on one line is far shorter; a longer one is output.
LONGEST_MATCHED = 8_192


class Place(StrEnum):
    """What a line is to the conversation."""

    HEAD = "head"  # opens a block: a prompt, an answer, a tool call
    PART = "part"  # belongs to the block that is open
    CHROME = "chrome"  # the program's furniture: left out of transcript and events
    PANEL = "panel"  # furniture that more furniture follows: rules may ask to stand within it
    BLANK = "blank"
    UNKNOWN = "unknown"  # no rule fits: kept, and counted


@dataclass(frozen=True, slots=True)
class Palette:
    """Which kinds of style a recording has at all. Under NO_COLOR or TERM=dumb a missing colour says nothing."""

    colours: bool = True
    attributes: bool = True


@dataclass(frozen=True, slots=True)
class Look:
    """A condition on a pen. None and the empty set ask for nothing.

    Where a recording has no colours or no attributes at all, conditions on them hold; `sure` ones do not.
    """

    hues: frozenset[Hue] = frozenset()
    not_hues: frozenset[Hue] = frozenset()
    background: bool | None = None
    bold: bool | None = None
    faint: bool | None = None
    italic: bool | None = None
    struck: bool | None = None
    inverse: bool | None = None
    sure: bool = False

    def fits(self, style: Style, palette: Palette) -> bool:
        """Tell whether a pen meets the condition, as far as this recording can tell."""
        colours = self._colours_fit(style) if palette.colours or self.sure else True
        attributes = self._attributes_fit(style) if palette.attributes or self.sure else True
        return colours and attributes

    def _colours_fit(self, style: Style) -> bool:
        family = hue(style.foreground)
        if family is Hue.WHITE and style.faint:
            family = Hue.GREY  # the sixteen colours have no other
        if self.background is not None and self.background != (style.background is not None):
            return False
        return family not in self.not_hues and (not self.hues or family in self.hues)

    def _attributes_fit(self, style: Style) -> bool:
        wanted = (
            (self.bold, style.bold),
            (self.faint, style.faint),
            (self.italic, style.italic),
            (self.struck, style.strikethrough),
            (self.inverse, style.inverse),
        )
        return all(want is None or want == has for want, has in wanted)


@dataclass(frozen=True, slots=True)
class LineRule:
    """One kind of line: its text (matched at its start), its pens, and where it may stand.

    `lead` is the pen of the first visible cell (the bullet), `body` that of the first letter or digit after it.
    `within` names the kinds of block that have to be open, `after` the kinds of line that have to come just before
    (blank lines do not count). Both empty: anywhere.
    """

    kind: str
    pattern: re.Pattern[str]
    place: Place = Place.HEAD
    lead: Look | None = None
    body: Look | None = None
    within: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()


def _rule(place: Place) -> Callable[..., LineRule]:
    def build(
        kind: str,
        pattern: str,
        *,
        lead: Look | None = None,
        body: Look | None = None,
        within: Iterable[str] = (),
        after: Iterable[str] = (),
    ) -> LineRule:
        return LineRule(kind, re.compile(pattern), place, lead, body, frozenset(within), frozenset(after))

    return build


head = _rule(Place.HEAD)
part = _rule(Place.PART)
chrome = _rule(Place.CHROME)
panel = _rule(Place.PANEL)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the transcript, and what the table makes of it. `fields` are the pattern's named groups."""

    line: Line
    kind: str
    place: Place
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Block:
    """A head line with everything that belongs to it. `index` is its number within the reading."""

    kind: str
    rows: tuple[Row, ...]
    index: int = 0

    @property
    def fields(self) -> Mapping[str, str]:
        """The named groups of the head line."""
        return self.rows[0].fields

    @property
    def seconds(self) -> float:
        """When the head line first appeared."""
        return self.rows[0].line.seconds

    def of(self, *kinds: str) -> tuple[Row, ...]:
        """Give the rows of these kinds, in order."""
        return tuple(row for row in self.rows if row.kind in kinds)

    def first(self, *kinds: str) -> Row | None:
        """Give the first row of these kinds."""
        return next((row for row in self.rows if row.kind in kinds), None)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader of a block may look at besides its block; `about` is what the program said of itself."""

    screen: Screen
    transcript: Transcript
    blocks: Sequence[Block]
    palette: Palette
    argv: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)
    _known: dict[Callable[[Reading], object], object] = field(default_factory=dict, compare=False)

    @property
    def version(self) -> tuple[int, ...]:
        """The program's version as numbers, empty if it never said."""
        return tuple(int(number) for number in re.findall(r"\d+", self.about.get("version", ""))[:3])

    def once(self, compute: Callable[[Reading], _Computed]) -> _Computed:
        """Give what `compute` finds in this reading, computed at the first call."""
        if compute not in self._known:
            self._known[compute] = compute(self)
        return cast(_Computed, self._known[compute])

    def following(self, block: Block) -> Block | None:
        """Give the block after this one."""
        return self.blocks[block.index + 1] if block.index + 1 < len(self.blocks) else None

    def preceding(self, block: Block) -> Block | None:
        """Give the block before this one."""
        return self.blocks[block.index - 1] if block.index else None


Reader: TypeAlias = Callable[[Block, Reading], Iterable[Event]]
Settle: TypeAlias = "Callable[[Sequence[Block], Transcript], list[Block]]"
Finish: TypeAlias = Callable[[list[Event], Reading], list[Event]]


def as_drawn(blocks: Sequence[Block], _transcript: Transcript) -> list[Block]:
    """Take nothing out: the default first step."""
    return list(blocks)


def unchanged(events: list[Event], _reading: Reading) -> list[Event]:
    """Add nothing: the default last step."""
    return events


@dataclass(frozen=True, slots=True)
class Screen:
    """How one assistant's screen looks.

    `banners` and `titles` are what only this program shows; they and `facts` (other lines that tell something of the
    program) have the named groups version, model and cwd. `signs` are kinds of its `rules` that no other program
    draws, for recordings without a banner. `programs` are the names it is started by; `words` those of which one
    stands on the command line in this `mode` (exec, print); `resumes` those that take up an earlier session, whose
    conversation is then drawn again at the start. `settle` takes out of the blocks what the program draws twice and
    joins what is one, `readers` turn those of a kind into events, `finish` has the last word over all events.
    `styled` lines are those by which to tell whether a recording has colours at all: programs colour quoted code even
    where they are asked for none. `flowing` kinds hold prose that the program wrapped at the terminal's width;
    `margin` is how far it indents what follows the head.
    """

    provider: str
    rules: tuple[LineRule, ...]
    readers: Mapping[str, Reader]
    tools: tuple[tuple[re.Pattern[str], Category], ...] = ()
    client: str | None = None
    mode: str | None = None
    banners: tuple[re.Pattern[str], ...] = ()
    facts: tuple[re.Pattern[str], ...] = ()
    titles: tuple[re.Pattern[str], ...] = ()
    signs: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    resumes: frozenset[str] = frozenset()
    settle: Settle = as_drawn
    finish: Finish = unchanged
    styled: re.Pattern[str] = re.compile("")
    flowing: frozenset[str] = frozenset({"prompt", "text"})
    margin: int = 2

    @property
    def name(self) -> str:
        """The table's name in the registry: provider or client, and the mode if there is one."""
        return " ".join(filter(None, (self.client or self.provider, self.mode)))

    def category(self, tool: str) -> Category:
        """Tell what a tool does by its name on this screen, else by what such a name means anywhere."""
        return next((category for pattern, category in self.tools if pattern.match(tool)), None) or category_of(tool)


def tool_table(*entries: tuple[str, Category]) -> tuple[tuple[re.Pattern[str], Category], ...]:
    """Make a table of tool names: the first pattern that matches the whole name decides, whatever its case."""
    return tuple((re.compile(rf"(?:{pattern})\Z", re.IGNORECASE), category) for pattern, category in entries)
