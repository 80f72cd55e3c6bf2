"""Which assistant drew a recording: by banner, command line, title or shapes, never by prose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from parsers.screens.blocks import classify, palette_of
from parsers.screens.table import LONGEST_MATCHED, Screen
from parsers.session import Detection

if TYPE_CHECKING:
    from parsers.terminal import Line, Transcript

_LAUNCHERS = frozenset(
    {
        "npx",
        "bunx",
        "uvx",
        "pipx",
        "run",
        "exec",
        "env",
        "command",
        "sudo",
        "time",
        "node",
        "python",
        "python3",
        "-y",
        "--",
    }
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_MOST_LINES = 20_000  # that are looked at for signs: every table is tried on each
_ENOUGH_SIGNS = 2  # one shape alone may be a coincidence


@dataclass(frozen=True, slots=True)
class Found:
    """The assistant of a recording, and how it was found out."""

    screen: Screen
    detection: Detection


def detect(
    transcript: Transcript,
    screens: Mapping[str, Screen],
    generic: Screen,
    *,
    provider: str | None = None,
    argv: Sequence[str] = (),
) -> Found:
    """Find out which assistant drew the transcript.

    `provider` is what the recorder's wrapper knew, `argv` the recorded command line. The program's own banner decides,
    then the command line, the window title, and shapes that only one assistant draws; `generic` if nothing does.
    """
    candidates = [s for s in screens.values() if provider in (None, s.provider)]
    sure = Detection(method="wrapper", confidence=1.0) if provider and candidates else None
    banners = list(_banners(transcript.lines, candidates))
    if banners:
        screen = _as_drawn(_longest(banners, len(transcript.lines)), transcript, candidates)
        found = sure or Detection(method="banner", confidence=0.98)
        return Found(screen, found)
    for named, confidence in ((_by_command(argv, candidates), 0.95), (_by_title(transcript.titles, candidates), 0.9)):
        if named is not None:
            screen = _as_drawn(named, transcript, candidates)
            return Found(screen, sure or Detection(method="banner", confidence=confidence))
    shaped, signs = _by_signs(transcript, candidates if provider else [s for s in candidates if not _unannounced(s)])
    if shaped is not None:
        return Found(shaped, sure or Detection(method="patterns", confidence=round(0.9 - 0.4 / signs, 2)))
    if sure is not None:  # an interface would have shown itself
        plain = (s for s in candidates if s.mode and not (s.banners or s.signs))
        return Found(next(plain, candidates[0]), sure)
    return Found(generic, Detection(method="generic", confidence=0.3))


def program_of(argv: Sequence[str]) -> str:
    """Give the name of the program that a command line starts, without launchers such as npx and paths."""
    for word in argv:
        name = PurePath(word).name  # of a scoped package, too: @openai/codex
        if name not in _LAUNCHERS and not _ASSIGNMENT.match(word):
            return name.split("@")[0]
    return ""


def _by_command(argv: Sequence[str], screens: Sequence[Screen]) -> Screen | None:
    """Find the assistant whose program the command line starts, in the mode that its words ask for."""
    name = program_of(argv)
    named = [screen for screen in screens if name in screen.programs]
    return next((s for s in named if s.words.intersection(argv)), next((s for s in named if not s.words), None))


def _banners(lines: Sequence[Line], screens: Sequence[Screen]) -> Iterable[tuple[int, Screen]]:
    """Yield every line that is a program's banner, with its number."""
    for number, line in enumerate(lines):
        text = line.text[:LONGEST_MATCHED]
        for screen in screens:
            if any(pattern.match(text) for pattern in screen.banners):
                yield number, screen
                break


def _longest(banners: Sequence[tuple[int, Screen]], end: int) -> Screen:
    """Find the assistant that was on for the most lines."""
    lines: dict[int, int] = {}
    bounds = [number for number, _ in banners[1:]] + [end]
    for (number, screen), bound in zip(banners, bounds, strict=True):
        lines[id(screen)] = lines.get(id(screen), 0) + bound - number
    return max((screen for _, screen in banners), key=lambda screen: lines[id(screen)])


def _by_title(titles: Iterable[tuple[float, str]], screens: Sequence[Screen]) -> Screen | None:
    for _, title in titles:
        for screen in screens:
            if any(pattern.match(title) for pattern in screen.titles):
                return screen
    return None


def _as_drawn(named: Screen, transcript: Transcript, screens: Sequence[Screen]) -> Screen:
    """Of the tables of an assistant that is known, give the one whose shapes it drew, as far as banners do not tell."""
    unannounced = [s for s in screens if s.provider == named.provider and _unannounced(s)]
    if named in unannounced or not unannounced:
        return named
    screen, count = _by_signs(transcript, unannounced)
    return screen if screen is not None and count > _signs_of(named, transcript) else named


def _unannounced(screen: Screen) -> bool:
    """Tell whether a table's shapes are others' as well: they choose it once the assistant is known."""
    return bool(screen.mode and screen.signs and not screen.banners)


def _by_signs(transcript: Transcript, screens: Sequence[Screen]) -> tuple[Screen | None, int]:
    """Find the assistant with the most lines of a shape that only it draws, and their number."""
    counted = [(_signs_of(screen, transcript), screen) for screen in screens if screen.signs]
    count, screen = max(counted, key=lambda pair: pair[0], default=(0, None))
    return (screen, count) if screen is not None and count >= _ENOUGH_SIGNS else (None, 0)


def _signs_of(screen: Screen, transcript: Transcript) -> int:
    """Count the lines of a shape that only this program draws."""
    lines = transcript.lines[:_MOST_LINES]
    return sum(row.kind in screen.signs for row in classify(lines, screen, palette_of(lines, screen)))
