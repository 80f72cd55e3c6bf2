"""Trends as a picture: one panel for each series, as PNG, SVG, or an HTML page with nothing outside of it."""

from __future__ import annotations

import html
import importlib
import io
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from with_tracking.errors import WithTrackingError
from with_tracking.history.figures import figure
from with_tracking.history.output_files import write_output
from with_tracking.history.timeline import Period, Unit, series
from with_tracking.paths import installing

FORMATS = (".png", ".svg", ".html")
TITLES = {"sessions": "Sessions", "success": "Ended well", "errors": "Errors", "tokens": "Tokens", "cost_usd": "Cost"}
FEWEST = 7
"""So many periods have room; the bar of a single one is not as wide as the picture."""
COLOUR = "#3b6ea8"
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
svg {{ width: 100%; height: auto }}</style></head>
<body><h1>{title}</h1>{drawing}</body></html>
"""


def write_plot(path: Path, periods: Sequence[Period], unit: Unit) -> None:
    """Draw the periods (at least one) into a file; its ending says what it will be.

    Raises WithTrackingError for other endings, and where matplotlib is missing or the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise WithTrackingError(f"{path.name} is neither of {', '.join(FORMATS)}", "--plot trends.png")
    title = f"AI coding sessions per {unit}"
    data = _draw(periods, unit, "" if ending == ".html" else title, "png" if ending == ".png" else "svg")
    if ending == ".html":
        drawing = data.decode()
        data = PAGE.format(title=html.escape(title), drawing=drawing[drawing.index("<svg") :]).encode()
    write_output(path, data)


def _draw(periods: Sequence[Period], unit: Unit, title: str, kind: str) -> bytes:
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise WithTrackingError(f"matplotlib cannot be loaded ({error})", installing("matplotlib")) from error
    lines = {name: values for name, values in series(periods).items() if any(value is not None for value in values)}
    with matplotlib.rc_context({"svg.hashsalt": "with-tracking"}):
        picture = Figure(figsize=(9, 1.6 * len(lines) + 0.8), layout="constrained", dpi=120)
        if title:
            picture.suptitle(title)
        _panels(picture, [period.start for period in periods], 7 if unit is Unit.WEEK else 1, lines)
        file = io.BytesIO()
        picture.savefig(file, format=kind, metadata={"Date": None} if kind == "svg" else None)
    return file.getvalue()


def _panels(picture: Any, days: Sequence[date], step: int, lines: Mapping[str, Sequence[float | None]]) -> None:
    """Draw a panel for each line; a period is `step` days wide, and there is room for a few at least."""
    panels = picture.subplots(len(lines), 1, sharex=True, squeeze=False)[:, 0]
    first = min(days[0], days[-1] - timedelta(days=step * (FEWEST - 1)))
    panels[0].set_xlim(*(day + timedelta(days=side * step) for day, side in ((first, -1), (days[-1], 1))))
    for axes, (name, values) in zip(panels, lines.items(), strict=True):
        known = [(day, value) for day, value in zip(days, values, strict=True) if value is not None]
        if name == "success":
            axes.plot(*zip(*known, strict=True), marker="o", markersize=3, color=COLOUR)
            axes.set_ylim(-0.05, 1.05)
            axes.set_yticks([0.0, 0.5, 1.0])
        else:
            axes.bar(*zip(*known, strict=True), width=0.8 * step, color=COLOUR)
            axes.yaxis.set_major_locator(_ticks(name))
        axes.set_title(TITLES[name], loc="left", fontsize=10)
        axes.yaxis.set_major_formatter(lambda value, place, name=name: figure(name, value))
        axes.spines[["top", "right"]].set_visible(False)
    dates: Any = importlib.import_module("matplotlib.dates")  # it has no types
    places = dates.AutoDateLocator(minticks=3, maxticks=9)
    panels[-1].xaxis.set_major_locator(places)
    panels[-1].xaxis.set_major_formatter(dates.ConciseDateFormatter(places))


def _ticks(name: str) -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(4, integer=name in ("sessions", "errors"))
