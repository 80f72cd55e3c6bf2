"""Small programs that draw a conversation the ways assistants do, with known text, at any size.

Each keeps the conversation as paragraphs, draws frames of it as timed output, and can be resized at any moment. They
are the reader's opponents: what they said is known exactly, so that anything lost or said twice shows.
"""

from __future__ import annotations

import random
import textwrap
from dataclasses import dataclass, field

from parsers.recording import Output, Recording, Resize

_WORDS = """
    the a of to in test file line issue close open state function returns value reads module caller index page number
    commit branch fails passes because when where label report store missing wrong fixed change add remove rename run
"""
WORDS = _WORDS.split()
BANNER = ["  ◆ Demo Assistant v1.2.3", "    mock-large · /home/dev/projects/webapp", ""]


@dataclass
class Program:
    """A conversation of paragraphs, drawn frame by frame. `live` are the rows of the block below it."""

    cols: int
    rows: int
    seed: int
    tick: float = 0.05
    now: float = 0.0
    said: list[str] = field(default_factory=list)
    live: list[str] = field(default_factory=list)
    chunks: list[Output | Resize] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)  # rows, if the program cannot show all that is said

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.live = ["> Type here", "? for shortcuts"]
        self.start()

    def start(self) -> None:
        """Draw the first frame."""
        self.draw()

    def draw(self) -> None:
        """Draw a frame of what is said and what is live."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Draw everything anew, after a resize."""
        raise NotImplementedError

    def write(self, text: str) -> None:
        """Send text to the terminal, a moment after the last."""
        self.now += self.tick
        self.chunks.append(Output(self.now, text.encode()))

    def text(self, width: int | None = None) -> list[str]:
        """Return the conversation as rows of a width."""
        rows = [row[: self.cols - 1] for row in BANNER]
        for paragraph in self.said:
            rows += [*textwrap.wrap(paragraph, (width or self.cols) - 2, subsequent_indent="  "), ""]
        return rows

    def sentence(self, words: int) -> str:
        """Return a sentence that nothing else says."""
        mark = "".join(self.random.choices("bcdfghklmnprstvz", k=6))
        return " ".join(["Item", mark, *self.random.choices(WORDS, k=words)])

    def prompt(self) -> None:
        """Let a person say something."""
        self.said.append("❯ " + self.sentence(6))
        self.draw()

    def answer(self, words: int = 30, step: int = 5) -> None:
        """Say a paragraph, some words at a time."""
        whole = ("● " + self.sentence(words)).split()
        self.said.append("")
        for end in range(step, len(whole) + step, step):
            self.said[-1] = " ".join(whole[:end])
            self.draw()

    def command(self, outputs: int = 4) -> None:
        """Run a command: pending first, then its output."""
        self.said.append("● Bash(pytest -q)")
        self.spin(2)
        for _ in range(outputs):
            self.said.append("  " + self.sentence(4))
        self.draw()

    def spin(self, frames: int) -> None:
        """Show a spinner for some frames."""
        for number in range(frames):
            self.live.insert(0, f"{'·✢✶✻'[number % 4]} Thinking… ({number}s · {number * 37} tokens)")
            self.draw()
            self.live.pop(0)

    def dialog(self, height: int = 8) -> None:
        """Ask something in a dialog, which goes again."""
        before = self.live
        self.live = ["─" * (self.cols - 1), "Do you want to proceed?"]
        self.live += [f"  option {'abcdefghijklmnopqrstuvwxyz'[n % 26] * 5} {n}" for n in range(height - 3)]
        self.live += ["Esc to cancel"]
        self.draw()
        self.now += 1.0
        self.draw()
        self.live = before
        self.draw()

    def resize(self, cols: int, rows: int) -> None:
        """Change the terminal's size; the program draws everything anew."""
        self.now += self.tick
        self.cols, self.rows = cols, rows
        self.chunks.append(Resize(self.now, rows, cols))
        self.repaint()

    def recording(self, cols: int, rows: int) -> Recording:
        """Return what was drawn as a recording that began at a size."""
        return Recording("demo", "xterm", rows, cols, None, self.now, 0, tuple(self.chunks))


class ClearAndPrint(Program):
    """Erases its live block line by line and prints it anew; clears everything to repaint (Ink, Gemini CLI)."""

    erase_screen = "\x1b[2J\x1b[3J\x1b[H"
    printed = 0
    height = 0

    def draw(self) -> None:
        """Print what is final, then the live block; all of it if that is taller than the screen."""
        final = self.text()
        while final and not final[-1]:
            final.pop()
        open_rows = len(textwrap.wrap(self.said[-1], self.cols - 2, subsequent_indent="  ")) if self.said else 0
        static, block = final[: len(final) - open_rows], [*final[len(final) - open_rows :], "", *self.live]
        if len(block) >= self.rows or self.height >= self.rows:
            self.write(self.erase_screen + "\r\n".join([*static, *block]))
        else:
            erase = "\x1b[2K" + "\x1b[1A\x1b[2K" * (self.height - 1) + "\r" if self.height else ""
            self.write(erase + "".join(row + "\r\n" for row in static[self.printed :]) + "\r\n".join(block))
        self.printed, self.height = len(static), len(block)

    def repaint(self) -> None:
        """Clear and print everything."""
        self.printed = self.height = 0
        self.write(self.erase_screen)
        self.now -= self.tick
        self.draw()


class Rewrite(Program):
    """Moves up to the first row that changed and writes from there; from the top if that scrolled off (Claude Code)."""

    drawn: tuple[str, ...] | list[str] = ()
    top = 0  # the row of the text that is the screen's first

    def draw(self) -> None:
        """Write the rows that changed and all below them."""
        frame = [*self.text(), *self.live]
        same = next((n for n, (a, b) in enumerate(zip(frame, self.drawn, strict=False)) if a != b), -1)
        if same < 0:
            same = min(len(frame), len(self.drawn))
        if same < self.top:
            self.repaint()
            return
        up = len(self.drawn) - 1 - same
        move = f"\x1b[{up}A\r" if up > 0 else "\r" if up == 0 else "\r\n" if self.drawn else ""
        self.write("\x1b[?2026h" + move + "\x1b[J" + "\r\n".join(frame[same:]) + "\x1b[?2026l")
        self.drawn, self.top = frame, max(self.top, len(frame) - self.rows)
        if same >= len(frame):
            self.repaint()

    def repaint(self) -> None:
        """Erase each row and write everything from the top of the screen."""
        self.drawn = [*self.text(), *self.live]
        self.top = max(0, len(self.drawn) - self.rows)
        erase = "\x1b[H" + "\x1b[2K\x1b[1B" * self.rows + "\x1b[H"
        self.write("\x1b[?2026h" + erase + "\r\n".join(self.drawn) + "\x1b[?2026l")


class FullScreen(Program):
    """Shows a window on its text in the alternate screen, between a title and a composer; writes cells that differ."""

    title = True
    back = 0
    drawn: tuple[str, ...] | list[str] = ()
    over: tuple[str, ...] | list[str] = ()

    def start(self) -> None:
        """Enter the alternate screen."""
        self.write("\x1b[?2004h\x1b[?1049h\x1b[?1000h\x1b[2J")
        self.draw()

    def window(self) -> list[str]:
        """Return the rows of the screen."""
        head = [f" # A title of the session {'◐◓'[len(self.said) % 2]}", "─" * (self.cols - 1)] if self.title else []
        foot = ["", *self.live, "╹" + "▀" * (self.cols - 2), f"  /home/dev/webapp  {len(self.said)}%  ctrl+p commands"]
        room = self.rows - len(head) - len(foot)
        text = self.text()
        begin = max(0, len(text) - room - self.back)
        rows = [*head, *text[begin : begin + room], *[""] * max(0, room - len(text)), *foot]
        for number, row in enumerate(self.over):
            at = self.rows // 3 + number
            left = self.cols // 4
            rows[at] = rows[at][:left].ljust(left) + row.ljust(self.cols // 2) + rows[at][left + self.cols // 2 :]
        return [row[: self.cols] for row in rows[: self.rows]]

    def draw(self) -> None:
        """Write the cells that differ."""
        frame, out = self.window(), ["\x1b[?2026h"]
        self.shown.update(frame)
        for number, row in enumerate(frame):
            was = self.drawn[number] if number < len(self.drawn) else ""
            if row == was:
                continue
            same = next((n for n, (a, b) in enumerate(zip(row, was, strict=False)) if a != b), min(len(row), len(was)))
            out.append(f"\x1b[{number + 1};{same + 1}H{row[same:]}\x1b[K")
        self.drawn = frame
        self.write("".join([*out, "\x1b[?2026l"]))

    def repaint(self) -> None:
        """Clear the screen and write all of it."""
        self.drawn = []
        self.chunks.append(Output(self.now, b"\x1b[2J"))
        self.draw()

    def scroll_back(self, rows: int) -> None:
        """Scroll back some rows, one or three at a time, and return."""
        far = min(rows, max(0, len(self.text()) - self.rows // 2))
        for back in [*range(0, far, 3), *range(far, 0, -2), 0]:
            self.back = back
            self.draw()

    def modal(self) -> None:
        """Lay a box over the middle of the screen and take it away."""
        self.over = ["┌" + "─" * 20, "│ Help", "│ Press a key", "└" + "─" * 20]
        self.draw()
        self.now += 1
        self.over = []
        self.draw()


def converse(program: Program, turns: int) -> None:
    """Hold a conversation with everything in it that makes reading hard."""
    chance = program.random
    for turn in range(turns):
        program.prompt()
        program.spin(chance.randint(1, 4))
        for _ in range(chance.randint(1, 3)):
            program.answer(chance.randint(5, 60), chance.randint(2, 9))
            if chance.random() < 0.4:
                program.dialog(chance.randint(5, program.rows + 6))
            program.command(chance.randint(0, 9))
        program.answer(chance.randint(10, 90))
        if turn % 3 == 2:
            program.resize(chance.choice([50, 64, 80, 100, 120, 200]), chance.choice([24, 30, 40, 55]))
        if isinstance(program, FullScreen):
            if chance.random() < 0.4:
                program.scroll_back(chance.randint(5, 60))
            if chance.random() < 0.4:
                program.modal()
