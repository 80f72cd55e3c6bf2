"""The terminal in which tests watch programs: their last words are seen, and Ctrl-C is pressed until it counts."""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path

import pytest

from tests.pseudo_terminal import PseudoTerminal

DEAF_AT_FIRST = """
import signal, time
pressed = []
signal.signal(signal.SIGINT, lambda *_: pressed.append(1))
print("ready", flush=True)
while len(pressed) < 2: time.sleep(0.1)
print("noticed", flush=True)
"""


def test_the_last_words_of_a_program_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came between the last look at the terminal and the end of the program is on the screen with its status."""
    really = select.select

    def too_early(*arguments: object) -> object:
        """See nothing, as whoever looks just before the program writes and ends."""
        monkeypatch.setattr(select, "select", really)
        os.waitid(os.P_PID, terminal._pid, os.WEXITED | os.WNOWAIT)
        return [], [], []

    with PseudoTerminal(["echo", "last words"], cwd=tmp_path, environ=os.environ) as terminal:
        monkeypatch.setattr(select, "select", too_early)
        assert terminal.wait_for_end() == 0
        assert terminal.screen == "last words"


def test_ctrl_c_is_pressed_again(tmp_path: Path) -> None:
    """A program that does not notice the first Ctrl-C gets another, until it shows what it should or has ended."""
    command = [sys.executable, "-c", DEAF_AT_FIRST]
    for until in ("noticed", None):
        with PseudoTerminal(command, cwd=tmp_path, environ=os.environ) as terminal:
            terminal.wait_for("ready")
            terminal.interrupt(until, again=0.5)
            assert terminal.wait_for_end() == 0
