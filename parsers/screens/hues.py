"""Colours by what they mean: a "failed" bullet is red whatever the palette, theme or terminal made of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

Colour: TypeAlias = int | tuple[int, int, int] | None


class Hue(StrEnum):
    """The family of a colour; DEFAULT is the terminal's own foreground or background."""

    DEFAULT = "default"
    BLACK = "black"
    GREY = "grey"
    WHITE = "white"
    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"
    CYAN = "cyan"
    BLUE = "blue"
    MAGENTA = "magenta"


# ECMA-48 colours 0-7 and their bright twins 8-15.
_ANSI = (Hue.BLACK, Hue.RED, Hue.GREEN, Hue.YELLOW, Hue.BLUE, Hue.MAGENTA, Hue.CYAN, Hue.WHITE)
_ANSI_BRIGHT = (Hue.GREY, *_ANSI[1:])
_CUBE = (0, 95, 135, 175, 215, 255)  # the levels of xterm's 6x6x6 colour cube, colours 16-231
# Hue angles in degrees, upper bounds.
_WHEEL = (
    (20, Hue.RED),
    (70, Hue.YELLOW),
    (165, Hue.GREEN),
    (200, Hue.CYAN),
    (260, Hue.BLUE),
    (325, Hue.MAGENTA),
    (360, Hue.RED),
)
_GREY_SPREAD = 24  # channels closer together than this have no hue worth the name


def hue(colour: Colour) -> Hue:
    """Give the family of a colour, given as None (default), a palette index 0-255 or an (r, g, b) triple."""
    if colour is None:
        return Hue.DEFAULT
    if isinstance(colour, int):
        if colour < 16:
            return (_ANSI + _ANSI_BRIGHT)[colour]
        colour = _palette(colour)
    return _family(*colour)


def _palette(index: int) -> tuple[int, int, int]:
    """Give xterm's value for a palette index of 16 and above."""
    if index >= 232:
        level = 8 + 10 * (index - 232)
        return level, level, level
    cube = index - 16
    return _CUBE[cube // 36 % 6], _CUBE[cube // 6 % 6], _CUBE[cube % 6]


def _family(red: int, green: int, blue: int) -> Hue:
    high, low = max(red, green, blue), min(red, green, blue)
    if high - low < _GREY_SPREAD:
        return Hue.WHITE if low >= 215 else Hue.BLACK if high <= 40 else Hue.GREY
    if high == red:
        angle = 60 * (green - blue) / (high - low) % 360
    elif high == green:
        angle = 120 + 60 * (blue - red) / (high - low)
    else:
        angle = 240 + 60 * (red - green) / (high - low)
    return next(family for bound, family in _WHEEL if angle <= bound)
