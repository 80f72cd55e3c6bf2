"""Units of output become frames, and frames a story: each goes to the follower of the screen that it is on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from parsers.replay import full_screen, main_screen
from parsers.replay.document import Document, SegmentKind
from parsers.replay.emulator import Emulator
from parsers.replay.frames import Frame
from parsers.replay.modes import Modes
from parsers.replay.rows import BLANK, Row, without_scrollbar
from parsers.replay.side_panel import Panel, find_panel
from parsers.replay.story import Part, Story
from parsers.replay.units import Mode, Unit

MANY = 4  # rows that are touched when a panel comes or goes
STILL = 0.1  # seconds after which a program that has left the alternate screen has not ended


class Stitcher:
    """Feeds units to an emulator and tells the frames that they make to a story."""

    def __init__(self, emulator: Emulator) -> None:
        self.story = Story()
        self._emulator = emulator
        self._screen = [BLANK] * emulator.rows
        self._scrolled: list[Row] = []
        self._touched: list[int] = []
        self._main = self.story.current.document
        self._entered = 0  # the part with which the alternate screen began
        self._left: float | None = None  # when the alternate screen was left, until it is known what it held
        self._modes = Modes()
        self._alternate = False
        self._resized = False
        self._widened = False  # or narrowed: a panel went or came, and the text beside it may be wrapped anew
        self._panel: Panel | None = None  # at the right of the conversation

    def resize(self, seconds: float, rows: int, cols: int) -> None:
        """Change the size. The program will repaint, but what the terminal makes of it is written first."""
        self._scrolled += self._emulator.resize(cols, rows)
        self._screen = self._emulator.screen()
        self._touched = []
        if self._alternate:
            self._screen = [self._trimmed(row) for row in self._screen]
            self._scrolled = []
            self._resized = True
        elif self._has_letters(()):
            main_screen.reflow(self.story, self._frame(seconds))

    def draw(self, unit: Unit) -> None:
        """Draw a unit and look at the frame that it leaves."""
        self._close_view_that_was_left(unit.seconds)
        touched, scrolled = self._emulator.feed(unit.data, () if self._alternate else self._screen)
        if unit.full_screen is not None and unit.full_screen != self._alternate:
            self._switch(unit)
            return
        if not touched and not scrolled:
            return
        if self._alternate:
            numbers = self._beside_a_panel(touched)
            changed = self._emulator.refresh(self._screen, numbers, self._trimmed)
        else:
            numbers = self._scroll(scrolled) if scrolled else touched
            changed = self._emulator.refresh(self._screen, numbers)
        self._touched = sorted({*self._touched, *changed}) if self._touched else changed
        if not (self._touched or self._scrolled) or not self._has_letters(changed):
            return
        if self._alternate:
            full_screen.follow(self.story, self._frame(unit.seconds), resized=self._resized, widened=self._widened)
            self._resized = self._widened = False
        else:
            self._modes.drew()
            main_screen.follow(self.story, self._frame(unit.seconds))

    def set_mode(self, mode: Mode) -> None:
        """Note a mode that the program sets."""
        self._close_view_that_was_left(mode.seconds)
        self._modes.watch(mode)

    def _scroll(self, scrolled: Sequence[Row]) -> Iterable[int]:
        """Move the rows up as the terminal did, so that they are found where they are now; give those to read: all."""
        height = self._emulator.rows
        self._scrolled += scrolled
        self._screen = [*self._screen[len(scrolled) :], *[BLANK] * len(scrolled)][:height]
        return range(height)

    def finish(self) -> Story:
        """Return the story, now that nothing more comes."""
        if self._alternate or self._left is not None:
            self._close_view(lives_on=False)
        self.story.settle()
        self.story.drop_what_was_covered()
        self.story.drop_what_was_printed()
        return self.story

    def _switch(self, unit: Unit) -> None:
        self._alternate = bool(unit.full_screen)
        self._screen = self._emulator.screen()
        self._scrolled, self._touched = [], []
        if self._alternate:
            if self._left is not None:
                self._close_view(lives_on=True)
            self._modes.enter()
            self._main = self.story.current.document
            self._entered = len(self.story.parts)
            self.story.begin(Part(Document(), SegmentKind.FULL_SCREEN, unit.seconds))
        else:
            self._left = unit.seconds
            self.story.begin(Part(self._main, SegmentKind.MAIN, unit.seconds, len(self._main.lines), first=False))

    def _close_view_that_was_left(self, now: float) -> None:
        if self._left is not None and now > self._left + STILL:
            self._close_view(lives_on=True)

    def _close_view(self, *, lives_on: bool) -> None:
        """Call what was drawn in the alternate screen an overlay, if it was a pager's."""
        self._left = None
        if self._modes.pager(lives_on=lives_on):
            for part in self.story.parts[self._entered :]:
                if part.kind is SegmentKind.FULL_SCREEN:
                    part.kind = SegmentKind.OVERLAY

    def _beside_a_panel(self, touched: list[int]) -> Iterable[int]:
        """Look whether a panel came or went; give the rows to read: all of them if so, else those that were touched."""
        if len(touched) < MANY:
            return touched
        panel = find_panel(self._emulator, self._panel)
        if panel == self._panel:
            return touched
        self._panel = panel
        self._widened = True
        self._screen = [BLANK] * self._emulator.rows
        if panel is not None:
            self.story.current.document.narrow(panel.cut_from)
        return range(self._emulator.rows)

    def _trimmed(self, row: Row) -> Row:
        """Return a row of the alternate screen without a panel or a scrollbar at its end."""
        return without_scrollbar(row, self._emulator.cols) if self._panel is None else self._panel.cut_from(row)

    def _has_letters(self, changed: Iterable[int]) -> bool:
        """Whether the screen holds any; the rows that changed are the first to tell."""
        screen = self._screen
        for number in changed:
            if screen[number].letters:
                return True
        return any(row.letters for row in screen)

    def _frame(self, seconds: float) -> Frame:
        cols = self._panel.column if self._alternate and self._panel else self._emulator.cols
        frame = Frame(seconds, self._screen, self._scrolled, self._touched, cols)
        self._scrolled, self._touched = [], []
        return frame
