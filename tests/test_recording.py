"""What is read of script(1)'s files, whole and broken."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.recording import Output, Recording, Resize, read_recording

HEADER = (
    b'Script started on 2026-11-20 09:29:39+00:00 [COMMAND="claude \\"x\\"" TERM="xterm-256color" TTY="/dev/pts/5" '
    b'COLUMNS="120" LINES="40"]\n'
)
FOOTER = b'\nScript done on 2026-11-20 09:29:56+00:00 [COMMAND_EXIT_CODE="137"]\n'
TIMING = b"""H 0.000000 START_TIME 2026-11-20 09:29:39+00:00
H 0.000000 COLUMNS 100
H 0.000000 LINES 30
H 0.000000 COMMAND claude "x"
O 0.500000 5
I 0.100000 1
S 0.400000 SIGWINCH ROWS=24 COLS=80
O 1.000000 6
H 0.000000 DURATION 2.125000
H 0.000000 EXIT_CODE 3
"""


def bytes_of(recording: Recording) -> bytes:
    """Return all output of a recording."""
    return b"".join(chunk.data for chunk in recording.chunks if isinstance(chunk, Output))


def test_reads_a_whole_recording() -> None:
    """Output and resizes come with their times; header and footer are no output; input rows pass time."""
    read = read_recording(HEADER + b"hello world" + FOOTER, TIMING)
    assert read.chunks == (Output(0.5, b"hello"), Resize(1.0, 24, 80), Output(2.0, b" world"))
    assert (read.rows, read.cols, read.command, read.term) == (30, 100, 'claude "x"', "xterm-256color")
    assert read.started_at == datetime(2026, 11, 20, 9, 29, 39, tzinfo=UTC)
    assert (read.duration_seconds, read.exit_code, read.problems) == (2.125, 137, ())


def test_reads_the_classic_timing_format() -> None:
    """Rows of a delay and a count, as `script --timing` wrote them before advanced logging."""
    read = read_recording(b"Script started on Thu 20 Nov 2026\nabcdef", b"0.25 2\n0.5 4\n")
    assert read.chunks == (Output(0.25, b"ab"), Output(0.75, b"cdef"))
    assert (read.rows, read.cols, read.exit_code) == (24, 80, None)


def test_a_size_that_only_the_recorder_knows() -> None:
    """BSD's script writes no header: the recorder's size counts; what the recording says itself goes before it."""
    bare = read_recording(b"hello", None, rows=40, cols=132)
    assert (bare.rows, bare.cols) == (40, 132)
    told = read_recording(HEADER + b"hello" + FOOTER, None, rows=1, cols=1)
    assert (told.rows, told.cols) == (40, 120)
    absurd = read_recording(b"hello", None, rows=0, cols=10**9)
    assert (absurd.rows, absurd.cols) == (24, 80)


def test_reads_a_typescript_without_a_timing_log() -> None:
    """All of it comes at once, its size and exit code are in header and footer, and the lack is named."""
    read = read_recording(HEADER + b"hello" + FOOTER, None)
    assert read.chunks == (Output(0.0, b"hello"),)
    assert (read.rows, read.cols, read.exit_code, read.duration_seconds) == (40, 120, 137, None)
    assert read.problems == ("no timing.log: times are not known",)


@pytest.mark.parametrize(
    ("timing", "said"),
    [
        (b"O 0.5 5\n", "timing.log tells of 5 bytes, the typescript holds 11"),
        (b"O 0.5 50\n", "timing.log tells of 50 bytes, the typescript holds only 11"),
        (b"", "timing.log holds no output rows: times are not known"),
        (b"\x00\xff\nO x y\nO 0.1\nO 0.1 11\n", "timing.log holds 3 rows that cannot be read"),
    ],
)
def test_keeps_all_output_whatever_the_timing_log_says(timing: bytes, said: str) -> None:
    """A timing log that does not fit costs times, never bytes, and is named."""
    read = read_recording(HEADER + b"hello world" + FOOTER, timing)
    assert bytes_of(read) == b"hello world"
    assert read.problems == (said,)


def test_takes_text_about_scripts_for_output() -> None:
    """Only a line at the very beginning is a header, only one at the very end a footer."""
    text = b"x\nScript started on now\nScript done on now\nmore" + b"." * 500
    assert bytes_of(read_recording(HEADER + text + FOOTER, None)) == text


def test_takes_no_absurd_size() -> None:
    """A size beyond any terminal's comes from a broken log."""
    read = read_recording(b"", b"H 0 COLUMNS 99999999\nH 0 LINES -3\nS 0 SIGWINCH ROWS=0 COLS=9999999\n")
    assert (read.rows, read.cols, read.chunks) == (24, 80, ())


@given(st.binary(max_size=300), st.one_of(st.none(), st.binary(max_size=300)), st.integers(0, 400), st.integers(0, 400))
def test_never_raises(noise: bytes, log: bytes | None, cut: int, cut_log: int) -> None:
    """Cut and broken files are read as far as they go, and no output is lost or made up."""
    assert bytes_of(read_recording(noise, log)) in noise
    whole, timing = HEADER + b"hello" + noise + FOOTER, (log or b"") + TIMING
    read_recording(whole[:cut], timing[:cut_log])
    assert len(bytes_of(read_recording(HEADER + noise, timing))) <= len(noise)
