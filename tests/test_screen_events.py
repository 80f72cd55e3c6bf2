"""The machine that applies the tables: first match wins, nothing is lost, nothing is slow, styles may be missing."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from parsers.provider_patterns import GENERIC, SCREENS
from parsers.screen_events import read_screen
from parsers.screens.blocks import classify, group, palette_of
from parsers.screens.hues import Hue, hue
from parsers.screens.table import Look, Palette, Place, Screen, chrome, head, panel, part
from parsers.screens.timeline import merged
from parsers.screens.wrapping import unwrap
from parsers.session import Note, NoteKind, Prompt, Unknown
from parsers.terminal import Line, Style, read_transcript
from tests.screens.showing import of, recorded, show

PLAIN = Style()


def line(text: str, seconds: float = 0.0, lead: Style = PLAIN, body: Style = PLAIN, segment: int = 0) -> Line:
    """Make a transcript line."""
    return Line(text, seconds, lead, body, segment, 80)


def kinds(screen: Screen, *lines: Line) -> list[tuple[str, Place]]:
    """Classify lines by a table."""
    return [(row.kind, row.place) for row in classify(lines, screen, palette_of(lines, screen))]


def table(*rules: object) -> Screen:
    """Make a table of these rules alone."""
    return Screen(provider="test", rules=rules, readers={})  # type: ignore[arg-type]


def test_the_first_rule_that_fits_wins() -> None:
    """Order is meaning: what comes first decides."""
    screen = table(head("a", r"x+"), head("b", r"."))
    assert kinds(screen, line("xx"), line("yy")) == [("a", Place.HEAD), ("b", Place.HEAD)]


def test_rules_ask_for_the_open_block_and_the_line_before() -> None:
    """`within` looks at the head that is open, `after` at the last line that is not blank."""
    screen = table(head("h", "h"), part("p", "p", within=("h",), after=("h", "p")), part("q", "q", within=("h",)))
    lines = [line("p"), line("h"), line(""), line("p"), line("q"), line("p")]
    assert [kind for kind, _ in kinds(screen, *lines)] == ["unknown", "h", "", "p", "q", "unknown"]


def test_furniture_within_a_panel() -> None:
    """A panel opens a place where everything is furniture, until a head is drawn or the screen is cleared."""
    screen = table(head("h", "h"), panel("rule", "--"), chrome("inside", ".", within=("rule",)))
    places = [place for _, place in kinds(screen, line("--"), line("x"), line("h"), line("x"), line("x", segment=1))]
    assert places == [Place.PANEL, Place.CHROME, Place.HEAD, Place.UNKNOWN, Place.UNKNOWN]


def test_blocks_hold_what_follows_their_head() -> None:
    """Parts and blank lines belong to the head above, unknown lines make blocks of their own, chrome is gone."""
    screen = table(head("h", "h"), part("p", " "), chrome("c", "c"))
    rows = classify([line("h"), line(" p"), line("c"), line(""), line("?"), line("?"), line("h")], screen, Palette())
    assert [(b.kind, len(b.rows), b.index) for b in group(rows)] == [("h", 2, 0), ("unknown", 2, 1), ("h", 1, 2)]


def test_styles_that_a_recording_lacks_say_nothing() -> None:
    """Under NO_COLOR a condition on a colour holds; one that has to be sure does not."""
    wanted, sure = Look(hues=frozenset({Hue.RED}), bold=True), Look(bold=True, sure=True)
    assert not wanted.fits(PLAIN, Palette(colours=True, attributes=True))
    assert wanted.fits(PLAIN, Palette(colours=False, attributes=False))
    assert not sure.fits(PLAIN, Palette(colours=False, attributes=False))


@pytest.mark.parametrize(
    ("colour", "family"),
    [
        (None, Hue.DEFAULT),
        (1, Hue.RED),
        (211, Hue.RED),
        ((255, 107, 128), Hue.RED),
        (114, Hue.GREEN),
        ((78, 186, 101), Hue.GREEN),
        (231, Hue.WHITE),
        (246, Hue.GREY),
        ((0, 0, 0), Hue.BLACK),
    ],
)
def test_hues(colour: int | tuple[int, int, int] | None, family: Hue) -> None:
    """Palette index, cube and true colour of the same kind are one family."""
    assert hue(colour) is family


def test_paragraphs_read_the_same_at_any_width() -> None:
    """Rows that ended for want of room are joined; items, tables and lines that end early are not."""
    words = (
        "The repository is a small issue tracker with a store and reports, and its tests are run with pytest. " * 2
    ).split()
    wrapped: dict[int, list[str]] = {}
    for cols in (50, 80, 120, 200):
        rows = ["  "]
        for word in words:
            if len(rows[-1]) + 1 + len(word) > cols:
                rows.append(" ")
            rows[-1] += f" {word}"
        wrapped[cols] = [" ".join(row.split()) for row in unwrap(rows, cols)]
    assert all(text == [" ".join(words)] for text in wrapped.values())
    kept = [
        "  - one item that is long enough to fill the whole row",
        "  - another",
        "  | a | b |",
        "  short.",
        "  Next.",
    ]
    assert unwrap(kept, 56) == kept


def test_wide_characters_have_two_columns_and_no_spaces() -> None:
    """Chinese and Japanese are broken anywhere: no space belongs where the row ended."""
    row = "長い行です。" * 6
    assert unwrap([row, "続き。"], 72) == [row + "続き。"]


def test_events_read_elsewhere_find_their_place() -> None:
    """A note is put after what had begun by then."""
    events = [Prompt(text=t, seconds=s) for t, s in (("a", 1.0), ("b", 5.0))]
    note = Note(kind=NoteKind.OTHER, text="n", seconds=3.0)
    assert merged(events, [note]) == [events[0], note, events[1]]


def test_what_is_not_understood_is_kept_and_counted() -> None:
    """An unknown line is an event and stands in the transcript."""
    reading = show(" ▐▛███▛█   Claude Code v2.1.328\n\nsomething new\n")
    assert [event.text for event in of(reading, Unknown)] == ["something new"]
    assert reading.unknown_lines == 1
    assert "something new" in reading.transcript


def test_pagers_are_no_conversation() -> None:
    """What a pager shows in the alternate screen over an inline conversation is neither told nor counted."""
    page = "\x1b[?1049h\x1b[H\x1b[2J" + "● Bash(rm -rf /)\n  ⎿  gone\n" * 5 + "\x1b[?1049l"
    shaded = "\x1b[48;5;237m❯ hello\x1b[0m\n\n"
    reading = show(" ▐▛███▛█   Claude Code v2.1.328\n\n" + shaded, page, "\x1b[38;5;231m●\x1b[0m Bye.\n")
    assert "rm -rf" not in reading.transcript


@pytest.mark.parametrize("screen", [*SCREENS, GENERIC], ids=lambda screen: screen.name)
@pytest.mark.parametrize("filling", ["x", "● ", "a b ", " ", "─", "(", "⎿ ", "`", "$ "])
def test_no_line_is_too_long(screen: Screen, filling: str) -> None:
    """A line of a megabyte takes no longer than it takes to look at its beginning."""
    text = (filling * 1_000_000)[:1_000_000]
    lines = [line(f"{start}{text}") for start in ("", "● Bash(", "  ⎿  ", "❯ ", "  ", "$ ")]
    began = time.process_time()
    list(classify(lines, screen, Palette()))
    assert time.process_time() - began < 5.0


@pytest.mark.parametrize("screen", [*SCREENS, GENERIC], ids=lambda screen: screen.name)
def test_every_table_holds_together(screen: Screen) -> None:
    """Readers, signs and flowing kinds name rules that exist; `within` and `after` ask for kinds that can be."""
    tables = [other for other in (*SCREENS, GENERIC) if other.provider == screen.provider]  # they share their parts
    rules = [rule for other in tables for rule in other.rules]
    opened = {"", *(rule.kind for rule in rules if rule.place in (Place.HEAD, Place.PANEL))}
    every = {"", *(rule.kind for rule in rules)}
    assert set(screen.readers) <= {rule.kind for rule in rules if rule.place is Place.HEAD}
    assert screen.signs <= every
    for rule in screen.rules:
        assert rule.within <= opened, f"{rule.kind}: within {rule.within - opened}"
        assert rule.after <= every, f"{rule.kind}: after {rule.after - every}"


def test_no_number_is_too_large() -> None:
    """A line that claims a billion calls, attempts or tokens is kept; it neither fails nor fills the memory."""
    nines = "9" * 5000
    counts = f"\x1b[38;5;246m  Read {nines} files (ctrl+o to expand)\x1b[0m\n"
    end = f"Total cost: ${nines}.1.2\nToken usage: total=1 input={nines} output=,\n"
    claude = show(f" ▐▛███▛█   Claude Code v2.1.328\n\n● Hi.\n\n{counts}\n{end}")
    codex = show(f"│ >_ OpenAI Codex (v0.87.0) │\n\n• Ran {nines} commands · x\n{end}")
    assert len(claude.events) + len(codex.events) < 50


def test_reading_is_deterministic_and_survives_nothing() -> None:
    """The same transcript gives the same reading; an empty one gives an empty session."""
    transcript = read_transcript(recorded([(0.0, "❯ hi\n\n● Bash(ls)\n  ⎿  a\n")]))
    assert read_screen(transcript) == read_screen(transcript)
    empty = read_screen(replace(transcript, lines=(), segments=()), provider="claude_code")
    assert (empty.events, empty.transcript) == ((), "")
