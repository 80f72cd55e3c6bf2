"""The terminal modes that tell a conversation in the alternate screen from a pager."""

from __future__ import annotations

from parsers.replay.units import Mode

BRACKETED_PASTE = 2004


class Modes:
    """Watches which modes a program sets.

    Whoever reads a person's typing turns bracketed paste on: a shell at its prompt, an assistant while it runs. A full-
    screen conversation does so itself and mostly wants the mouse; `less` and the like do neither. And a view that
    opens while an inline assistant holds bracketed paste on, and closes with it still on, belongs to that assistant.
    """

    def __init__(self) -> None:
        self._pasting = False
        self._drawn_since = False  # on the main screen, since bracketed paste was turned on
        self._held = False  # by an inline program when the alternate screen was entered
        self._inside: set[int] = set()

    def watch(self, mode: Mode) -> None:
        """Note a mode that is set or reset."""
        if mode.on:
            self._inside.add(mode.number)
        if mode.number == BRACKETED_PASTE and mode.on != self._pasting:
            self._pasting, self._drawn_since = mode.on, False

    def drew(self) -> None:
        """Note that something was drawn on the main screen."""
        self._drawn_since = True

    def enter(self) -> None:
        """Note that the alternate screen was entered."""
        self._held = self._pasting and self._drawn_since
        # Codex 0.169 sets it just before it enters, and in tmux no mouse after that.
        self._inside = {BRACKETED_PASTE} if self._pasting and not self._drawn_since else set()

    def pager(self, *, lives_on: bool) -> bool:
        """Tell whether what was in the alternate screen was a view rather than a conversation.

        `lives_on` says that the recording goes on after it.
        """
        return self._pasting and lives_on if self._held else not self._inside
