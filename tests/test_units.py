"""What pieces recorded output is cut into."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.recording import Output, Resize
from parsers.replay.units import MAX_UNIT, Mode, Title, Unit, units

BYTES = [
    b"ab",
    b"\xe6\x97\xa5",
    b"\r\n",
    b"\x1b[2J",
    b"\x1b[H",
    b"\x1b[1m",
    b"\x1b[?2026h",
    b"\x1b[?2026l",
    b"\x1b[?1049h",
]
BROKEN = [b"", b"\x1b", b"\x1b[", b"\xe6", b"\x9f", b"\x1b]0;t", b"\x07"]
CHUNKS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([0.0, 0.015, 0.03, 2.0]), st.sampled_from(BYTES + BROKEN)),
        st.just(Resize(0.0, 9, 9)),
    ),
    max_size=30,
)


def timed(chunks: list[tuple[float, bytes] | Resize]) -> list[Output | Resize]:
    """Return chunks that come so many seconds after the one before."""
    now, found = 0.0, []
    for chunk in chunks:
        now += 0.0 if isinstance(chunk, Resize) else chunk[0]
        found.append(Resize(now, 9, 9) if isinstance(chunk, Resize) else Output(now, chunk[1]))
    return found


@given(CHUNKS)
def test_nothing_is_lost_and_no_unit_is_empty(chunks: list[tuple[float, bytes] | Resize]) -> None:
    """The units are the output, in order, at times at which output came; resizes stay where they were, among them."""
    output = timed(chunks)
    pieces = list(units(output))
    drawn = [piece for piece in pieces if isinstance(piece, Unit)]
    assert b"".join(unit.data for unit in drawn) == b"".join(
        chunk.data for chunk in output if isinstance(chunk, Output)
    )
    assert all(unit.data for unit in drawn)
    assert {unit.seconds for unit in drawn} <= {chunk.seconds for chunk in output}
    assert [piece for piece in pieces if isinstance(piece, Resize)] == [
        chunk for chunk in output if isinstance(chunk, Resize)
    ]
    times = [unit.seconds for unit in drawn]
    assert times == sorted(times)


@given(CHUNKS, st.data())
def test_chunks_do_not_matter(chunks: list[tuple[float, bytes] | Resize], data: st.DataObject) -> None:
    """Cut in two, or with chunks of nothing in between at any time, the same output gives the same units."""
    output = timed(chunks)
    again: list[Output | Resize] = []
    for chunk, after in itertools.zip_longest(output, output[1:]):
        if isinstance(chunk, Output):
            at = data.draw(st.integers(0, len(chunk.data)))
            again += [Output(chunk.seconds, chunk.data[:at]), Output(chunk.seconds, chunk.data[at:])]
        else:
            again.append(chunk)
        again.append(Output((chunk.seconds + (after or chunk).seconds) / 2, b""))
    assert list(units(again)) == list(units(output))


@pytest.mark.parametrize(
    "whole",
    [
        b"\x1b]0;a title\x1b\\",
        b"\x1b]2;title\x07",
        b"\x1b[38;2;255;255;255;48;2;0;0;0;1m",
        b"\x1b[>4;1m",
        b"\x1b(B",
        "日".encode(),
    ],
)
def test_a_sequence_is_not_cut_by_a_pause(whole: bytes) -> None:
    """Wherever the output pauses, a control sequence, a title or a character comes in one piece."""
    for at in range(1, len(whole)):
        pieces = list(units([Output(0.0, b"a" + whole[:at]), Output(1.0, whole[at:] + b"b")]))
        assert [piece for piece in pieces if isinstance(piece, Unit)] == [Unit(0.0, b"a"), Unit(1.0, whole + b"b")]


def test_a_title_that_comes_in_two_is_read() -> None:
    """Also if its end, which is a sequence of its own, is what comes in two."""
    pieces = units([Output(0.0, b"\x1b]0;a title\x1b"), Output(1.0, b"\\text")])
    assert [piece for piece in pieces if isinstance(piece, Title)] == [Title(1.0, "a title")]


def test_modes_and_titles_come_before_the_unit_that_sets_them() -> None:
    """And after the unit before that; neither ends a unit."""
    output = [
        Output(0.0, b"\x1b[?2004hone"),
        Output(1.0, b"two\x1b]2;now\x07\x1b[?2004l"),
        Output(1.01, b"\x1b[?1006h"),
    ]
    assert list(units(output)) == [
        Mode(0.0, 2004, True),
        Unit(0.0, b"\x1b[?2004hone"),
        Title(1.0, "now"),
        Mode(1.0, 2004, False),
        Mode(1.01, 1006, True),
        Unit(1.01, b"two\x1b]2;now\x07\x1b[?2004l\x1b[?1006h"),
    ]


def test_a_long_unit_is_cut_between_characters() -> None:
    """Each part is as old as its last byte."""
    half = "日".encode() * (MAX_UNIT // 6)
    pieces = list(units([Output(0.0, half), Output(0.01, half + half)]))
    assert [piece.seconds for piece in pieces] == [0.01, 0.01]
    assert all(piece.data.decode() for piece in pieces if isinstance(piece, Unit))
