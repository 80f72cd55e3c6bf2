"""Numbers as programs show them: 1,234, 2.4k, 1.2m, $0.0075. What only looks like one is not known."""

from __future__ import annotations

_SCALES = {"k": 1_000, "m": 1_000_000, "b": 1_000_000_000}
_LONGEST = 24  # characters: more are no number of anything


def amount(text: str | None) -> float | None:
    """Read a number, None if it is none."""
    plain = (text or "").strip().replace(",", "").lower()
    scale = _SCALES.get(plain[-1:], 1)
    try:
        return float(plain[:-1] if scale > 1 else plain) * scale if len(plain) <= _LONGEST else None
    except ValueError:
        return None


def whole(text: str | None) -> int | None:
    """Read a whole number, None if it is none."""
    number = amount(text)
    return None if number is None else round(number)
