"""How fast and in how much memory terminal recordings become transcripts, beside emulators alone.

    python benchmarks/reader.py [RECORDINGS_DIR]

Reads every typescript below RECORDINGS_DIR (default: tests/recordings) end to end, and feeds the same bytes to pyavt
alone and, of the smaller ones, to pyte alone. Time is the processor's, so that a busy machine matters less, and the
median of some fresh processes. Memory is the peak of a fresh process that reads the largest recording ten times over,
as one. Exits 1 if a goal is missed.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeAlias

import avt
import pyte

from parsers.recording import Recording, Resize, read_recording
from parsers.replay.units import Unit, units
from parsers.terminal import read_transcript

Files: TypeAlias = list[tuple[bytes, bytes | None]]  # typescripts and timing logs

CHECKOUT = Path(__file__).resolve().parents[1]
SPEED_GOAL = 20.0  # MB/s
MEMORY_GOAL = 150.0  # MB
ROUNDS = 5
TIMES = 10
PYTE_BYTES = 60_000  # of a recording: pyte is slow, the longest would take minutes


def files(folder: Path) -> tuple[bytes, bytes | None]:
    """Return a recording's typescript and timing log."""
    timing = folder / "timing.log"
    return (folder / "typescript").read_bytes(), timing.read_bytes() if timing.exists() else None


def speed(name: str, amount: int, seconds: float) -> float:
    """Print and return how many MB/s an amount of bytes in some seconds is."""
    rate = amount / 1e6 / seconds
    print(f"{name:34s} {amount / 1e6:7.2f} MB {seconds:8.2f} s {rate:8.1f} MB/s")
    return rate


def median_of(measure: Callable[[Files], float], recordings: Files) -> float:
    """Return the median of what a function measures in some fresh processes: nothing is read twice in one of them."""
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        return statistics.median(processes.map(measure, [recordings] * ROUNDS))


def end_to_end(recordings: Files) -> float:
    """Measure the seconds from files to transcripts."""
    began = time.process_time()
    for typescript, timing in recordings:
        read_transcript(read_recording(typescript, timing))
    return time.process_time() - began


def pyavt_alone(recordings: Files) -> float:
    """Measure the seconds of feeding the same units to pyavt and looking at nothing."""
    seconds = 0.0
    for recording in (read_recording(typescript, timing) for typescript, timing in recordings):
        terminal = avt.Vt(recording.cols, recording.rows, 0)
        pieces = [piece.data.decode("utf-8", "replace") for piece in units(recording.chunks) if isinstance(piece, Unit)]
        began = time.process_time()
        for text in pieces:
            terminal.feed_str(text)
        seconds += time.process_time() - began
    return seconds


def pyte_alone(recordings: list[Recording]) -> None:
    """Measure feeding the beginnings of the same recordings to pyte."""
    seconds, amount = 0.0, 0
    for recording in recordings:
        stream = pyte.ByteStream(PyteScreen(recording.cols, recording.rows))
        raw = b"".join(chunk.data for chunk in recording.chunks if not isinstance(chunk, Resize))[:PYTE_BYTES]
        began = time.process_time()
        stream.feed(raw)
        seconds += time.process_time() - began
        amount += len(raw)
    speed("pyte alone", amount, seconds)


class PyteScreen(pyte.Screen):
    """A pyte screen that does not stumble over sequences of today's programs."""

    def select_graphic_rendition(self, *attributes: int, private: bool = False) -> None:
        """Take no notice of `CSI > … m`, which sets keyboard modes."""
        if not private:
            super().select_graphic_rendition(*attributes)

    def report_device_status(self, mode: int, private: bool = False) -> None:
        """Answer nothing."""


def repeated(folder: Path) -> tuple[bytes, bytes | None]:
    """Return a recording's output ten times over as one, with its timing."""
    typescript, timing = files(folder)
    recording = read_recording(typescript, timing)
    outputs = [chunk for chunk in recording.chunks if not isinstance(chunk, Resize)]
    rows, before = [f"H 0 COLUMNS {recording.cols}", f"H 0 LINES {recording.rows}"], 0.0
    for chunk in outputs:
        rows.append(f"O {max(0.0, chunk.seconds - before):.6f} {len(chunk.data)}")
        before = chunk.seconds
    body = "\n".join([*rows[:2], *rows[2:] * TIMES, ""]).encode()
    return b"".join(chunk.data for chunk in outputs) * TIMES, body


def measure_memory(folder: Path) -> None:
    """In a process of its own: read the repeated recording and print the peak."""
    typescript, timing = repeated(folder)
    began = time.process_time()
    lines = len(read_transcript(read_recording(typescript, timing)).lines)
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / (1024 if sys.platform == "darwin" else 1)
    print(len(typescript), lines, seconds, peak)


def memory(folders: list[Path]) -> float:
    """Measure the peak of reading the largest recording ten times over, in MB."""
    largest = max(folders, key=lambda folder: (folder / "typescript").stat().st_size)
    command = [sys.executable, "-m", "benchmarks.reader", "--memory", str(largest.resolve())]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=CHECKOUT)
    amount, lines, seconds, peak = map(float, done.stdout.split())
    speed(f"{'/'.join(largest.parts[-2:])} x {TIMES}", int(amount), seconds)
    print(f"{'':34s} {lines:.0f} lines, peak {peak:.0f} MB")
    return peak


def main() -> int:
    """Measure and compare with the goals."""
    if sys.argv[1:2] == ["--memory"]:
        measure_memory(Path(sys.argv[2]))
        return 0
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else CHECKOUT / "tests" / "recordings"
    folders = sorted(path.parent for path in root.rglob("typescript"))
    if not folders:
        print(f"Error: no typescript below {root}. Try: python benchmarks/reader.py FOLDER", file=sys.stderr)
        return 1
    raw = [files(folder) for folder in folders]
    amount = sum(len(typescript) for typescript, _ in raw)
    rate = speed("bytes to transcript", amount, median_of(end_to_end, raw))
    speed("pyavt alone", amount, median_of(pyavt_alone, raw))
    pyte_alone([read_recording(typescript, timing) for typescript, timing in raw])
    peak = memory(folders)
    good = rate >= SPEED_GOAL and peak <= MEMORY_GOAL
    print(f"{'met' if good else 'MISSED'}: goals are {SPEED_GOAL:.0f} MB/s end to end and at most {MEMORY_GOAL:.0f} MB")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
