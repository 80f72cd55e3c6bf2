"""Ages, sizes and counts as people write them: `90d`, `36h`, `5GB`, `500 MB`, `1 session`."""

from __future__ import annotations

import re
from datetime import timedelta

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_AGE = re.compile(r"(\d{1,6})\s*([smhdw])", re.IGNORECASE)
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)

AGE_LOOKS = 'an age such as "90d" (s, m, h, d, w)'
SIZE_LOOKS = 'a size such as "5GB" (kB, MB, GB, TB, KiB, MiB, GiB)'


def age(text: str) -> timedelta:
    """Read an age. Raises ValueError, saying how one looks."""
    match = _AGE.fullmatch(text.strip())
    if match is None:
        raise ValueError(AGE_LOOKS)
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2].lower()])


def size(text: str) -> int:
    """Read a size in bytes; with an `i` the units are powers of 1024. Raises ValueError, saying how one looks."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(SIZE_LOOKS)
    unit = _BYTES[match[2].lower()]
    if match[3]:
        unit = 1024 ** "kmgt".index(match[2].lower()) * 1024 if match[2] else 1
    return int(float(match[1]) * unit)


def age_text(duration: timedelta) -> str:
    """Write an age in the largest unit that needs no fraction."""
    seconds = int(duration.total_seconds())
    unit = next((name for name in "dhm" if seconds and seconds % _SECONDS[name] == 0), "s")
    return f"{seconds // _SECONDS[unit]}{unit}"


def size_text(count: int) -> str:
    """Write a number of bytes with three digits at most before the unit."""
    amount, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 session, 2 sessions."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
