"""Playing a recording again, in the terminal and as asciicast."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from parsers.recording import Output, Recording, Resize
from tests import synthetic
from tests.forked import CHECKOUT, run
from tests.pseudo_terminal import PseudoTerminal
from with_tracking import asciicast, privacy

RECORDING = Recording(
    command="claude 'fix it'",
    term="xterm",
    rows=24,
    cols=80,
    started_at=synthetic.BEGAN,
    duration_seconds=20.0,
    exit_code=3,
    chunks=(
        Output(0.5, b"caf\xc3"),
        Output(0.5004, b"\xa9\r\n"),
        Resize(1.0, 30, 100),
        Output(20.0, b"\x1b[1mend\xff"),
    ),
)


def cast(version: int, **how: float) -> list[object]:
    """Return the lines of an asciicast."""
    moments = asciicast.at_speed(RECORDING, **how)
    lines = asciicast.lines(RECORDING, moments, version=version, title=("claude", "fix it"))
    return [json.loads(line) for line in lines]


def test_asciicast_2() -> None:
    """Times count from the start; characters are whole; what is no text is marked, never dropped or raised."""
    header, *events = cast(2)
    assert header == {
        "version": 2,
        "width": 80,
        "height": 24,
        "timestamp": int(synthetic.BEGAN.timestamp()),
        "command": "claude 'fix it'",
        "title": "claude 'fix it'",
        "env": {"TERM": "xterm"},
    }
    assert events == [
        [0.5, "o", "caf"],
        [0.5004, "o", "é\r\n"],
        [1.0, "r", "100x30"],
        [20.0, "o", "\x1b[1mend\ufffd"],
    ]


def test_asciicast_3() -> None:
    """Times count from the event before, and rounding does not add up; the exit status comes last."""
    header, *events = cast(3)
    assert isinstance(header, dict)
    assert header["term"] == {"cols": 80, "rows": 24, "type": "xterm"}
    assert not {"width", "height"} & header.keys()
    assert events == [
        [0.5, "o", "caf"],
        [0.0, "o", "é\r\n"],
        [0.5, "r", "100x30"],
        [19.0, "o", "\x1b[1mend\ufffd"],
        [0.0, "x", "3"],
    ]


def test_idle_limit_and_speed() -> None:
    """Pauses are cut first, then everything is sped up."""
    assert [seconds for seconds, _ in asciicast.at_speed(RECORDING, idle_limit=2, speed=2)] == [0.25, 0.2502, 0.5, 1.5]


def test_replay_keeps_time_and_bytes(tracking_root: Path) -> None:
    """The recorded bytes come out as they are, at the recorded times divided by the speed."""
    folder = synthetic.record(tracking_root, "a")
    (folder / "typescript").write_bytes(b"one\r\ntwo\xff\r\n")
    (folder / "timing.log").write_text("O 0.2 5\nO 60.0 6\n")
    command = [sys.executable, "-m", "with_tracking", "replay", "last", "--speed", "2", "--idle-limit", "3"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.read(5)
        began = time.monotonic()
        rest = process.stdout.read()
        took = time.monotonic() - began
    assert (first, rest, process.returncode) == (b"one\r\n", b"two\xff\r\n", 0)
    assert 0.5 < took < 25.0  # 1.5; none without waiting, 30 without the limit


def test_the_terminal_is_as_before(tracking_root: Path) -> None:
    """What a recording asked of the terminal is taken back, also after Ctrl-C; answers to it are not typed."""
    folder = synthetic.record(tracking_root, "a")
    (folder / "typescript").write_bytes(b"\x1b[?1049h\x1b[?25l\x1b[6nplaying, never to end")
    (folder / "timing.log").write_text("O 0.1 25\nO 600.0 13\n")
    command = [sys.executable, "-m", "with_tracking", "replay", "last"]
    with PseudoTerminal(command, cwd=CHECKOUT, environ=os.environ) as terminal:
        terminal.wait_for("playing")
        terminal.interrupt()
        assert terminal.wait_for_end() == 130
        assert terminal.bytes.count(b"\x1b[?1049l\x1b[?25h") == 1


def test_cast_file(tracking_root: Path, tmp_path: Path) -> None:
    """--cast writes a file whose output events are the whole recording; - is stdout."""
    synthetic.parsed(tracking_root, "a")
    file = tmp_path / "a.cast"
    assert run("replay", "a", "--cast", str(file), "--cast-version", "3").returncode == 0
    header, *events = map(json.loads, file.read_text().splitlines())
    assert header["version"] == 3
    assert "".join(text for _, code, text in events if code == "o").encode() == synthetic.OUTPUT
    printed = run("replay", "a", "--cast", "-").stdout.splitlines()
    assert json.loads(printed[0])["version"] == 2


def test_no_cast_of_what_shows_secrets(tracking_root: Path, tmp_path: Path) -> None:
    """A recording in which secrets are not masked, yet or at all, is not written for others."""
    folder = synthetic.record(tracking_root, "a")
    file = tmp_path / "a.cast"
    assert "not masked yet" in run("replay", "a", "--cast", str(file)).stderr
    synthetic.parsed(tracking_root, "b")
    (folder.parent / "b" / privacy.WITHHELD).write_text('["typescript"]')
    assert "could not be masked" in run("replay", "b", "--cast", str(file)).stderr
    assert not file.exists()


def test_nothing_to_play(tracking_root: Path) -> None:
    """A session without a recording cannot be played; what can be done is said."""
    folder = synthetic.record(tracking_root, "a")
    (folder / "typescript").unlink()
    shown = run("replay", "a")
    assert (shown.returncode, shown.stderr.endswith("Try: with-tracking show a\n")) == (1, True)
