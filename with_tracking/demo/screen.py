"""How the demo draws. The package's docstring shows every shape."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import textwrap
import time
import tty
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import TextIO


class Bullet(StrEnum):
    """The 256-colour number of a bullet by what it stands for."""

    PENDING = "246"
    OK = "114"
    FAILED = "211"
    TEXT = "231"


PERMISSION = ("❯ 1. Yes", "  2. No")
ERASE_LINE = "\r\x1b[2K"
LINE_UP = "\x1b[1A"


class Screen:
    """Writes the demo's lines to a terminal, or plainly to anything else.

    `delay` is how many seconds the model seems to think; 0 where nobody watches.
    """

    def __init__(self, out: TextIO, *, delay: float, environ: Mapping[str, str] = os.environ) -> None:
        self._out = out
        self._delay = delay
        self.is_terminal = out.isatty() and environ.get("TERM") != "dumb"
        self._colour = self.is_terminal and not environ.get("NO_COLOR")

    def line(self, text: str = "") -> None:
        """Write one line."""
        self._write(text + "\n")

    def prompt(self, text: str) -> None:
        """Write a prompt that was not typed here."""
        self.line(f"\n❯ {text}")

    def text(self, text: str) -> None:
        """Write what the model says; a terminal gets no broken words."""
        lines = text.splitlines()
        if self.is_terminal:
            wrapper = textwrap.TextWrapper(max(20, self._width() - 2), break_on_hyphens=False)  # close-issue is a word
            lines = [part for line in lines for part in wrapper.wrap(line) or [""]]
        first, *rest = lines
        self.line(f"\n{self._bullet(Bullet.TEXT)} {first}")
        for each in rest:
            self.line(f"  {each}")

    def tool_begins(self, name: str, argument: str) -> None:
        """Write the line of a tool use that now runs; its bullet gets its colour when it has ended."""
        self._call = f"{name}({argument})"
        self.line()
        self._write(f"{self._bullet(Bullet.PENDING)} {self._call}")

    def tool_ends(self, ok: bool, lines: Iterable[str]) -> None:
        """Recolour the bullet and write the output."""
        if self._colour and len(self._call) + 2 <= self._width():
            self._write(f"\r{self._bullet(Bullet.OK if ok else Bullet.FAILED)} {self._call}")
        self.line()
        self.output(lines)

    def output(self, lines: Iterable[str]) -> None:
        """Write output below an elbow."""
        for index, each in enumerate(lines):
            self.line((("  ⎿  " if index == 0 else "     ") + each).rstrip())

    def think(self) -> None:
        """Wait as if for a model."""
        if not self._delay:
            return
        if self.is_terminal:
            self._write("\n✻ Thinking…")
        try:
            time.sleep(self._delay)
        finally:
            if self.is_terminal:
                self._write(ERASE_LINE + LINE_UP)

    def ask(self, question: str, *, seconds: float | None) -> bool:
        """Ask for a permission with one key press; Enter, 1, y and the end of `seconds` mean yes.

        Raises KeyboardInterrupt on Ctrl-C.
        """
        hint = "" if seconds is None else f"  (goes on by itself in {seconds:g} s)"
        lines = (f" {question}{hint}", *(f" {each}" for each in PERMISSION))
        try:
            with single_keys(sys.stdin.fileno()) as terminal:  # before the question: a key pressed at once counts
                self._write("\n\n" + "\n".join(lines))
                return read_yes_or_no(terminal, seconds)
        finally:
            self._write((ERASE_LINE + LINE_UP) * (len(lines) + 1) + "\r")

    def _bullet(self, kind: Bullet) -> str:
        return f"\x1b[38;5;{kind}m●\x1b[39m" if self._colour else "●"

    def _width(self) -> int:
        return os.get_terminal_size(self._out.fileno()).columns or 80  # COLUMNS may be of another terminal

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


@contextlib.contextmanager
def single_keys(terminal: int) -> Iterator[int]:
    """Let keys be read one by one; what was typed before is thrown away."""
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    try:
        yield terminal
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def read_yes_or_no(terminal: int, seconds: float | None) -> bool:
    """Read single keys until one answers. Ctrl-D and Esc mean no."""
    while True:
        ready, _, _ = select.select([terminal], [], [], seconds)
        key = os.read(terminal, 1) if ready else b"\r"
        if key in (b"\r", b"\n", b"1", b"y", b"Y"):
            return True
        if key in (b"", b"2", b"n", b"N", b"\x04", b"\x1b"):
            return False
