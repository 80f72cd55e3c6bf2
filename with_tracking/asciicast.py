"""A recording as asciicast, the format of asciinema and its players.

Version 2: https://docs.asciinema.org/manual/asciicast/v2/, version 3: https://docs.asciinema.org/manual/asciicast/v3/.
Version 3 counts times from the event before; both hold text, so bytes are decoded across the borders of chunks.
"""

from __future__ import annotations

import codecs
import json
import shlex
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from parsers.recording import Chunk, Output, Recording

Moments: TypeAlias = Sequence[tuple[float, Chunk]]
"""Pieces of a recording, each with the second at which it is to be played."""


def at_speed(recording: Recording, *, speed: float = 1.0, idle_limit: float | None = None) -> Moments:
    """Return when each piece is to be played. `idle_limit` shortens pauses (in seconds, before they are sped up)."""
    moments, now, before = [], 0.0, 0.0
    for chunk in recording.chunks:
        pause = max(0.0, chunk.seconds - before)
        before = max(before, chunk.seconds)
        now += (pause if idle_limit is None else min(pause, idle_limit)) / speed
        moments.append((now, chunk))
    return moments


def lines(recording: Recording, moments: Moments, *, version: int = 2, title: Sequence[str] = ()) -> Iterator[str]:
    """Yield the lines of a file. `title` are the words of the command."""
    yield _json(_header(recording, version, shlex.join(title)))
    before = 0.0
    for seconds, code, text in _events(moments):
        shown = seconds - before if version == 3 else seconds
        if version == 3:  # what rounding takes from one event is given to the next
            shown = round(shown, 3)
            before += shown
        yield _json([round(shown, 6), code, text])
    if version == 3 and recording.exit_code is not None:
        end = moments[-1][0] if moments else 0.0
        yield _json([round(max(0.0, end - before), 3), "x", str(recording.exit_code)])


def _header(recording: Recording, version: int, title: str) -> dict[str, object]:
    began = int(recording.started_at.timestamp()) if recording.started_at else None
    known: dict[str, object] = {"timestamp": began, "command": recording.command, "title": title or None}
    if version == 3:
        kind = {"type": recording.term} if recording.term else {}
        known["term"] = {"cols": recording.cols, "rows": recording.rows, **kind}
    else:
        known |= {"width": recording.cols, "height": recording.rows}
        known["env"] = {"TERM": recording.term} if recording.term else None
    return {"version": version, **{name: value for name, value in known.items() if value is not None}}


def _events(moments: Moments) -> Iterator[tuple[float, str, str]]:
    """Yield time, kind and text. A character that is cut by the border of two chunks comes with the second."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    seconds = 0.0
    for seconds, chunk in moments:
        if isinstance(chunk, Output):
            if text := decoder.decode(chunk.data):
                yield seconds, "o", text
        else:
            yield seconds, "r", f"{chunk.cols}x{chunk.rows}"
    if text := decoder.decode(b"", final=True):
        yield seconds, "o", text


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"
