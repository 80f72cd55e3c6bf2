"""Reading what script(1) wrote: a typescript and its timing log become timed chunks of output and resizes.

The typescript is the terminal's bytes between a header and a footer line; the timing log says how many of them came
when. Either may be missing, cut short, or not fit the other: whatever can be read is read, the rest is named in
`Recording.problems`. The formats are those of util-linux 2.38 (`--logging-format advanced` and `classic`, see
script(1) and scriptreplay(1)); older ones and other systems' write the same header line with fewer fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

import msgspec

DEFAULT_ROWS, DEFAULT_COLS = 24, 80
MAX_SIDE = 1000  # rows or columns; more is a broken log, not a terminal

_HEADER = re.compile(rb"\AScript started on (?P<when>[^\n\[]*?)\s*(?:\[(?P<fields>[^\n]*)\])?\r?\n")
_FOOTER = re.compile(rb"\r?\n?Script done on (?P<when>[^\n\[]*?)\s*(?:\[(?P<fields>[^\n]*)\])?\r?\n?\Z")
_FOOTER_ROOM = 400  # bytes at the end in which a footer can begin
_FIELD = re.compile(r'(?P<name>[A-Z_]+)="(?P<value>.*?)"(?=\s+[A-Z_]+="|\s*$)')
# A row of output as script writes it today, or any other: so strict, it is found in half of the time.
_TIMING_ROW = re.compile(rb"^O (\d{1,10}\.\d+) (\d{1,18})$|^(.+)$", re.MULTILINE)
_OTHER_OUTPUT = re.compile(rb"(?:O )?[ \t]*(\d{1,10}(?:\.\d+)?)[ \t]+(\d{1,18})[ \t\r]*")  # the classic has no letter
_OTHER_KINDS = frozenset("HIS")  # header, input, signal
_SIDES = re.compile(r"ROWS=(\d+)\s+COLS=(\d+)")


class Output(msgspec.Struct, frozen=True, gc=False):
    """Bytes that the terminal was sent, `seconds` after the start."""

    seconds: float
    data: bytes


class Resize(msgspec.Struct, frozen=True, gc=False):
    """The terminal's new size, `seconds` after the start."""

    seconds: float
    rows: int
    cols: int


Chunk: TypeAlias = Output | Resize


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded terminal session. What nobody wrote down is None; `rows` and `cols` are then 24 and 80."""

    command: str | None
    term: str | None
    rows: int
    cols: int
    started_at: datetime | None
    duration_seconds: float | None
    exit_code: int | None
    chunks: tuple[Chunk, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Typescript:
    """The bytes of a typescript without header and footer, and what those two said."""

    data: bytes
    fields: dict[str, str]
    started_at: datetime | None
    exit_code: int | None


@dataclass(slots=True)
class _Timing:
    """What a timing log says: when how many bytes came (`steps`), and its header rows."""

    steps: list[tuple[float, int] | Resize] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    unreadable: int = 0


def read_recording(
    typescript: bytes, timing: bytes | None, *, rows: int | None = None, cols: int | None = None
) -> Recording:
    """Put a typescript and its timing log (None if there is none) together. Never raises.

    `rows` and `cols` count if neither tells the terminal's size: BSD's script writes no header.
    """
    script, log = _read_typescript(typescript), _read_timing(timing or b"")
    problems = list(_problems(log, timing))
    chunks = tuple(_chunks(script.data, log, problems))
    fields = {**script.fields, **log.fields}
    return Recording(
        command=fields.get("COMMAND"),
        term=fields.get("TERM"),
        rows=_side(fields.get("LINES")) or _side(str(rows)) or DEFAULT_ROWS,
        cols=_side(fields.get("COLUMNS")) or _side(str(cols)) or DEFAULT_COLS,
        started_at=_moment(fields.get("START_TIME", "")) or script.started_at,
        duration_seconds=_number(fields.get("DURATION")) or (chunks[-1].seconds if chunks and log.steps else None),
        exit_code=script.exit_code if script.exit_code is not None else _integer(fields.get("EXIT_CODE")),
        chunks=chunks,
        problems=tuple(problems),
    )


def _read_typescript(raw: bytes) -> _Typescript:
    fields: dict[str, str] = {}
    begin, end, started_at = 0, len(raw), None
    if header := _HEADER.match(raw):
        begin, started_at = header.end(), _moment(_text(header["when"]))
        fields.update(_named(header["fields"]))
    exit_code = None
    room = max(begin, len(raw) - _FOOTER_ROOM)
    if footer := _FOOTER.search(raw, room):
        end = footer.start()
        exit_code = _integer(_named(footer["fields"]).get("COMMAND_EXIT_CODE"))
    return _Typescript(raw[begin:end], fields, started_at, exit_code)


def _named(fields: bytes | None) -> dict[str, str]:
    return {match["name"]: match["value"] for match in _FIELD.finditer(_text(fields or b""))}


def _read_timing(raw: bytes) -> _Timing:
    log, now = _Timing(), 0.0
    for seconds, count, other in _TIMING_ROW.findall(raw):
        if other and (row := _OTHER_OUTPUT.fullmatch(other)):
            seconds, count = row.groups()
        if count:
            now += float(seconds)
            log.steps.append((now, int(count)))
            continue
        kind, _, rest = _text(other).strip().partition(" ")
        delay, _, value = rest.strip().partition(" ")
        pause = _number(delay) if kind in _OTHER_KINDS else None
        if pause is None:
            log.unreadable += bool(kind)
            continue
        now += pause
        if kind == "H":
            name, _, text = value.partition(" ")
            log.fields[name] = text
        elif kind == "S" and (sides := _SIDES.search(value)):
            rows, cols = _side(sides[1]), _side(sides[2])
            if rows and cols:
                log.steps.append(Resize(now, rows, cols))
    return log


def _chunks(data: bytes, log: _Timing, problems: list[str]) -> Iterator[Chunk]:
    """Cut the bytes as the timing log says. Bytes beyond its end come last, at the last time known."""
    at, now = 0, 0.0
    for step in log.steps:
        if isinstance(step, Resize):
            now = step.seconds
            yield step
            continue
        now, count = step
        if at < len(data):
            yield Output(now, data[at : at + count])
        at += count
    if at < len(data):
        if log.steps:
            problems.append(f"timing.log tells of {at} bytes, the typescript holds {len(data)}")
        yield Output(now, data[at:])
    elif at > len(data):
        problems.append(f"timing.log tells of {at} bytes, the typescript holds only {len(data)}")


def _problems(log: _Timing, timing: bytes | None) -> Iterator[str]:
    if timing is None:
        yield "no timing.log: times are not known"
    elif not log.steps:
        yield "timing.log holds no output rows: times are not known"
    if log.unreadable:
        yield f"timing.log holds {log.unreadable} rows that cannot be read"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < 1e10 else None


def _integer(text: str | None) -> int | None:
    try:
        return int(text or "")
    except ValueError:
        return None


def _side(text: str | None) -> int | None:
    side = _integer(text)
    return side if side is not None and 0 < side <= MAX_SIDE else None
