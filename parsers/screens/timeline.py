"""Putting events that were read elsewhere into the order of those that a screen's lines gave."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from parsers.session import Event


def merged(events: Sequence[Event], more: Iterable[Event]) -> list[Event]:
    """Insert each of `more` after the events that had begun by then; `events` keep their order."""
    begun = list(accumulate((event.seconds or 0.0 for event in events), max))
    placed = sorted(((bisect_right(begun, event.seconds or 0.0), event) for event in more), key=lambda pair: pair[0])
    result: list[Event] = []
    start = 0
    for place, event in placed:
        result += events[start:place]
        result.append(event)
        start = place
    return result + list(events[start:])
