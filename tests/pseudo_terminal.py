"""A program in a real pseudo-terminal, watched through a terminal emulator as a person would watch it."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from avt import Vt

Keys = str | bytes


class PseudoTerminal:
    """Runs a command; `screen` is what a person would see, `bytes` all that came, `status` its exit status.

    A status of 128 + n stands for signal n. Leaving the `with` block kills what still runs.
    """

    def __init__(
        self, command: Sequence[str], *, cwd: Path, environ: Mapping[str, str], rows: int = 40, cols: int = 120
    ) -> None:
        self.bytes = b""
        self.status: int | None = None
        self._emulator = Vt(cols, rows, 0)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pid, self._master = pty.fork()
        if self._pid == 0:  # pragma: no cover -- the child
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
                os.chdir(cwd)
                os.execvpe(command[0], list(command), {**environ, "TERM": environ.get("TERM", "xterm-256color")})
            finally:
                os._exit(127)

    def __enter__(self) -> PseudoTerminal:
        """Start nothing: it runs already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill the program if it still runs, and close the terminal."""
        if self.status is None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._master)

    @property
    def screen(self) -> str:
        """The screen's lines, without blanks at the right and without empty lines at the end."""
        return "\n".join(line.text.rstrip() for line in self._emulator.view()).rstrip()

    def send(self, keys: Keys) -> None:
        """Type."""
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

    def kill(self, number: signal.Signals) -> None:
        """Send a signal to the program alone."""
        assert self.status is None, f"it has ended with {self.status}, its number may be another's"
        os.kill(self._pid, number)

    def interrupt(self, until: str | None = None, *, again: float = 5) -> None:
        """Press Ctrl-C until the screen shows what it leads to, or the program ends. Fails with the screen if not.

        Once may be too little: Python does not notice a signal that comes in the instant before it begins to wait, be
        it in input() or in sleep(). The next one is only `again` seconds later: it would meet what the first has begun.
        """

        def is_over() -> bool:
            return self.status is not None or (until is not None and until in self.screen)

        for _ in range(12):
            self.send("\x03")
            enough = time.monotonic() + again
            while not is_over() and time.monotonic() < enough:
                self._read(0.2)
            if is_over():
                break
        assert is_over(), f"Ctrl-C changed nothing; the screen:\n{self.screen}"
        assert until is None or until in self.screen, f"not {until!r} ({self.status}); the screen:\n{self.screen}"

    def wait_for(self, *texts: str, seconds: float = 60) -> str:
        """Read until the screen shows one of the texts, and return that text. Fails with the screen if it does not."""
        self.wait_until(lambda screen: any(text in screen for text in texts), f"one of {texts}", seconds=seconds)
        return next(text for text in texts if text in self.screen)

    def wait_until(self, holds: Callable[[str], bool], what: str, *, seconds: float = 60) -> None:
        """Read until something holds of the screen. Fails with the screen if it does not."""
        deadline = time.monotonic() + seconds
        while not holds(self.screen) and time.monotonic() < deadline:
            if not self._read(0.2) and self.status is not None:
                break
        assert holds(self.screen), f"not {what} within {seconds} s (status {self.status}); the screen:\n{self.screen}"

    def wait_until_quiet(self, quiet: float = 0.5, seconds: float = 20) -> None:
        """Read until nothing has come for a while."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._read(quiet):
            pass

    def wait_for_end(self, seconds: float = 60) -> int:
        """Read until the program has ended, and return its status. Fails with the screen if it does not end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.status is None:
            self._read(0.2)
        assert self.status is not None, f"still running after {seconds} s; the screen:\n{self.screen}"
        return self.status

    def _read(self, seconds: float) -> bool:
        """Take what comes within some seconds. Returns whether anything came."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        try:
            data = os.read(self._master, 65536) if ready else b""
        except OSError:  # EIO: the other side is closed
            data = b""
        if data:
            self.bytes += data
            self._emulator.feed_str(self._decoder.decode(data))
            self._answer(data)
            return True
        self._look_whether_it_ended(wait=bool(ready))
        return False

    def _look_whether_it_ended(self, *, wait: bool) -> None:
        if self.status is None:
            pid, status = os.waitpid(self._pid, 0 if wait else os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self.status = code if code >= 0 else 128 - code
                while self._read(0.1):  # it may have written after we looked and before it ended
                    pass

    def _answer(self, data: bytes) -> None:
        """Answer what programs ask a terminal at their start, or they wait: position, attributes."""
        if b"\x1b[6n" in data:
            cursor = self._emulator.cursor
            self.send(f"\x1b[{cursor.row + 1};{cursor.col + 1}R")
        if b"\x1b[c" in data or b"\x1b[0c" in data:
            self.send("\x1b[?62;c")
