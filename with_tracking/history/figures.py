"""Numbers as a person reads them: 3m05, 45.2k, $0.12, 93 %, +35 %."""

from __future__ import annotations

import math
from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"


def figure(metric: str, value: float | None) -> str:
    """Return a value of a metric in few characters, in its unit; nothing if it is not known."""
    if value is None:
        return ""
    if metric.endswith("_seconds"):
        return duration(value)
    if metric.startswith("cost"):
        return dollars(value)
    if metric == "success":
        return percent(value)
    return count(value)


def duration(seconds: float) -> str:
    """Return a duration in at most six characters: 0.4s, 22s, 3m05, 2h10, 41h02."""
    if seconds < 10:
        return f"{seconds:.1f}s" if seconds != round(seconds) else f"{seconds:.0f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    return f"{whole // 60}m{whole % 60:02}" if whole < 3600 else f"{whole // 3600}h{whole % 3600 // 60:02}"


def dollars(value: float) -> str:
    """Return an amount of US dollars with two digits that count: $12.40, $0.12, $0.0034."""
    if value == 0 or abs(value) >= 0.1:
        return f"${value:,.2f}"
    digits = min(6, 1 - math.floor(math.log10(abs(value))))
    return f"${value:.{digits}f}"


def count(value: float) -> str:
    """Return a number in at most six characters: 7, 2.5, 999, 45.2k, 1.3M."""
    size = abs(value)
    if size < 1e4:
        return f"{value:.0f}" if value == round(value) or size >= 100 else f"{value:.1f}"
    unit, divisor = next((unit, divisor) for limit, unit, divisor in _UNITS if size < limit)
    shown = value / divisor
    return f"{shown:.1f}{unit}" if abs(shown) < 100 else f"{shown:.0f}{unit}"


_UNITS = ((1e6, "k", 1e3), (1e9, "M", 1e6), (math.inf, "G", 1e9))


def percent(share: float | None) -> str:
    """Return a share from 0 to 1 as whole per cent, nothing if it is not known."""
    return "" if share is None else f"{share:.0%}".replace("%", " %")


def change(before: float | None, after: float | None) -> float | None:
    """Return by which share something has changed: 0.35 is 35 % more. None if that cannot be said."""
    if before is None or after is None or (before == 0 and after != 0):
        return None
    return (after - before) / abs(before) if before else 0.0


def signed_percent(share: float | None) -> str:
    """Return a change as +35 %, −8 % or, of ten times and more, ×12; nothing if it is not known."""
    if share is None:
        return ""
    if share >= 9:
        return f"×{share + 1:,.0f}"
    return f"{'+' if share >= 0.005 else '−' if share <= -0.005 else '±'}{abs(share) * 100:,.0f} %"


def p_value(p: float) -> str:
    """Return a p-value as it is printed: 0.012, <0.001."""
    return "<0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def sparkline(values: Sequence[float | None]) -> str:
    """Return a bar for each value, from the lowest (zero) to the highest value; a gap for one that is not known."""
    top = max((value for value in values if value is not None), default=0.0)
    return "".join(" " if value is None else _bar(value, top) for value in values)


def _bar(value: float, top: float) -> str:
    return BARS[min(len(BARS) - 1, int(value / top * len(BARS)))] if top > 0 and value > 0 else BARS[0]
