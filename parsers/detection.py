"""Which assistant drew a recording, and which stretches of it: by banner, title, command line or shapes, never by prose."""

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
_ENOUGH_SIGNS = 2  # one shape alone may be a coincidence


@dataclass(frozen=True, slots=True)
class Found:
    """The assistant of a recording, how it was found out, and the lines where it starts (empty: from the first line)."""

    screen: Screen
    detection: Detection
    starts: tuple[int, ...] = ()


def detect(
    transcript: Transcript,
    screens: Mapping[str, Screen],
    generic: Screen,
    *,
    provider: str | None = None,
    argv: Sequence[str] = (),
) -> Found:
    """Find out which assistant drew the transcript.

    `provider` is what the recorder's wrapper knew, `argv` the recorded command line. Without either, the program's own
    banner decides, then the window title, then shapes that only one assistant draws; `generic` if nothing does.
    """
    named = _by_command(argv, screens.values())
    candidates = [s for s in screens.values() if s.provider == provider] if provider else list(screens.values())
    banners = list(_banners(transcript.lines, candidates))
    if provider and candidates:
        screen = (
            banners[0][1]
            if banners
            else named
            if named in candidates
            else _by_signs(transcript, candidates)[0] or candidates[0]
        )
        return Found(screen, Detection(method="wrapper", confidence=1.0), tuple(i for i, s in banners if s is screen))
    if banners:
        screen = _longest(banners, len(transcript.lines))
        return Found(screen, Detection(method="banner", confidence=0.98), tuple(i for i, s in banners if s is screen))
    if named is not None:
        return Found(named, Detection(method="banner", confidence=0.95))
    titled = _by_title(transcript.titles, candidates)
    if titled is not None:
        return Found(titled, Detection(method="banner", confidence=0.9))
    shaped, signs = _by_signs(transcript, candidates)
    if shaped is not None:
        return Found(shaped, Detection(method="patterns", confidence=round(0.9 - 0.4 / signs, 2)))
    return Found(generic, Detection(method="generic", confidence=0.3))


def program_of(argv: Sequence[str]) -> str:
    """The name of the program that a command line starts, without launchers such as npx and paths."""
    for word in argv:
        name = PurePath(word).name
        if name not in _LAUNCHERS and not _ASSIGNMENT.match(word):
            return name.split("@")[0] if not word.startswith("@") else name
    return ""


def _by_command(argv: Sequence[str], screens: Iterable[Screen]) -> Screen | None:
    name = program_of(argv)
    return next((screen for screen in screens if name in screen.programs), None)


def _banners(lines: Sequence[Line], screens: Sequence[Screen]) -> Iterable[tuple[int, Screen]]:
    """Every line that is a program's banner, with its number."""
    for number, line in enumerate(lines):
        text = line.text[:LONGEST_MATCHED]
        for screen in screens:
            if any(pattern.match(text) for pattern in screen.banners):
                yield number, screen
                break


def _longest(banners: Sequence[tuple[int, Screen]], end: int) -> Screen:
    """The assistant that was on for the most lines."""
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


def _by_signs(transcript: Transcript, screens: Sequence[Screen]) -> tuple[Screen | None, int]:
    """The assistant with the most lines of a shape that only it draws, and their number."""
    palette = palette_of(transcript.lines)
    counted = [
        (sum(row.kind in screen.signs for row in classify(transcript.lines, screen, palette)), screen)
        for screen in screens
        if screen.signs
    ]
    count, screen = max(counted, key=lambda pair: pair[0], default=(0, None))
    return (screen, count) if screen is not None and count >= _ENOUGH_SIGNS else (None, 0)
