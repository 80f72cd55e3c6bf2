"""Masking the secrets of one session everywhere: in what was read of it and in the recorded bytes themselves.

A secret that a rule recognises in one place (`TOKEN=…`) stands elsewhere without the words that gave it away, broken
over lines, drawn in pieces between cursor moves, escaped as JSON, typed up to its middle. So secrets are first gathered
from everything there is. Then each text is read without what can stand between two characters of a secret, and each
longer piece of one is masked where it stands. In recorded files a mask is exactly as long as what it hides: timing logs
and databases stay right.
"""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import msgspec

from with_tracking.redaction import Redactor

T = TypeVar("T")
SHORTEST = 6  # characters of a secret that is worth hiding
PIECE = 12  # so many characters of a secret are a piece of it and no accident
GRAM, STEP = 8, 4  # where to look for pieces: each of PIECE characters holds such a gram at every such step
FULL_ROW = 30  # characters; a terminal is seldom so narrow that a full row has fewer
FULL_ROW_PADDING = 4  # characters: the side of a box with a blank on either side, a carriage return
_SIDES = " \t\r│┃|⎿└"

# What can stand between two characters of a secret: escape sequences (with or without the texts of titles and links
# in them, which may hold secrets themselves), control characters and blanks, the sides of boxes, JSON's \n. Recorded
# bytes are read as Latin-1, in which a box side is three characters.
_BLANK = r"[\x00-\x20\x7f│┃|⎿└]|\xe2(?:\x94[\x82\x83\x94]|\x8e\xbf)|\\+[nrt]"
_SEQUENCE = r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-Z\\^-~]"
_STRING = r"\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"
# And how one of its characters can be written.
_WRITTEN = re.compile(r"\\+u00([0-7][0-9a-fA-F])|%([2-7][0-9a-fA-F])|\\+([\"'/\\])")
_SCREEN = re.compile(rf"(?:{_STRING}|{_SEQUENCE}|{_BLANK})+|{_WRITTEN.pattern}")
_STRINGS = re.compile(rf"(?:\x1b[\]PX^_]|{_SEQUENCE}|{_BLANK})+|{_WRITTEN.pattern}")
_DRAWING = re.compile(rf"\x1b\[(\d*)[\d;]*[Hf]|\x1b\[\d*([ABEF])|(\x1b\[\d*[CG]|\x1b[\]PX^_])|{_SEQUENCE}")
_WORD = re.compile(r"[A-Z]?[a-z]+(?:[_./:-]+[a-z]+)*")  # a secret may hold one, and so may what it was joined with
_ENCODED = re.compile(r"%(?:2[0-9A-F]|3[A-F])|\\u00")


class _Run(NamedTuple):
    """Characters that stand together: where in the stream and in the text, and how many characters each is there."""

    at: int
    place: int
    width: int


@dataclass(frozen=True, slots=True)
class _Stream:
    """A text without what can stand between the characters of a secret, and where each character stood."""

    text: str
    runs: list[_Run]
    starts: list[int]

    @classmethod
    def of(cls, text: str, between: re.Pattern[str] = _SCREEN) -> _Stream:
        parts: list[str] = []
        runs: list[_Run] = []
        at = place = 0
        for match in between.finditer(text):
            if match.start() > place:
                parts.append(text[place : match.start()])
                runs.append(_Run(at, place, 1))
                at += match.start() - place
            if match.lastindex:
                parts.append(_character(match))
                runs.append(_Run(at, match.start(), match.end() - match.start()))
                at += 1
            place = match.end()
        if place < len(text):
            parts.append(text[place:])
            runs.append(_Run(at, place, 1))
        return cls("".join(parts), runs, [run.at for run in runs])

    def places(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the places in the text, without gaps, of some characters of the stream."""
        while start < end:
            number = bisect_right(self.starts, start) - 1
            run = self.runs[number]
            stop = min(end, self.starts[number + 1] if number + 1 < len(self.runs) else end)
            place = run.place + (start - run.at) * run.width
            yield place, place + (stop - start) * run.width
            start = stop


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of a session (without blanks and line breaks), each with the name of its rule."""

    names: Mapping[str, str] = field(default_factory=dict)
    _short: Mapping[str, str] = field(init=False)
    _grams: Mapping[str, list[tuple[str, int]]] = field(init=False)

    def __post_init__(self) -> None:
        spelt = {form: name for secret, name in self.names.items() for form in _forms(secret)}
        grams: dict[str, list[tuple[str, int]]] = {}
        for secret in spelt:
            for offset in range(len(secret) - GRAM + 1 if len(secret) >= PIECE else 0):
                grams.setdefault(secret[offset : offset + GRAM], []).append((secret, offset))
        object.__setattr__(self, "names", spelt)
        object.__setattr__(self, "_short", {secret: name for secret, name in spelt.items() if len(secret) < PIECE})
        object.__setattr__(self, "_grams", grams)

    def __bool__(self) -> bool:
        return bool(self.names)

    @classmethod
    def gather(cls, redactor: Redactor, texts: Iterable[str]) -> Secrets:
        """Find the secrets in texts, also those that were wrapped over lines."""
        names: dict[str, str] = {}
        for text in texts:
            for view in _views(text):
                for finding in redactor.findings(view):
                    secret = _Stream.of(view[finding.start : finding.end]).text.rstrip(".,:;")
                    if len(secret) >= SHORTEST:
                        names.setdefault(secret, finding.name)
        return cls(names)

    def mask_text(self, text: str) -> str:
        """Return the text with `[redacted:name]` in the place of every secret."""
        stream = _Stream.of(text)
        for start, end, name in reversed(self._found(stream.text)):
            places = list(stream.places(start, end))
            text = f"{text[: places[0][0]]}[redacted:{name}]{text[places[-1][1] :]}"
        return text

    def mask_bytes(self, data: bytes) -> bytes:
        """Return as many bytes, in which no secret can be read; what was drawn between its pieces is kept."""
        text = data.decode("latin-1")
        masked = bytearray(data)
        for between in (_SCREEN, _STRINGS) if "\x1b" in text else (_SCREEN,):
            stream = _Stream.of(text, between)
            for start, end, name in self._found(stream.text):
                places = list(stream.places(start, end))
                label = f"[redacted:{name}]" if places[-1][1] - places[0][0] == end - start else ""
                for place, stop in places:
                    fitting = label if len(label) <= stop - place else ""
                    masked[place:stop] = fitting.encode().ljust(stop - place, b"*")
        return bytes(masked)

    def stand_in(self, text: str) -> bool:
        """Tell whether a longer piece of a secret can be read in the text, wherever its lines break."""
        return bool(self._found(_Stream.of(text).text))

    def mask_value(self, value: T) -> T:
        """Return a struct, or a sequence of structs, with all its texts masked."""
        if not self.names:
            return value
        masked = self._masked(msgspec.to_builtins(value))
        return msgspec.convert(masked, type(value))

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.mask_text(value)
        if isinstance(value, dict):
            return {self.mask_text(key): self._masked(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._masked(item) for item in value]
        return value

    def _found(self, stream: str) -> list[tuple[int, int, str]]:
        """Return where secrets and longer pieces of them stand, in order, none overlapping another."""
        found = [*self._whole(stream), *self._pieces(stream)]
        kept: list[tuple[int, int, str]] = []
        for start, end, name in sorted(found, key=lambda item: (item[0], -item[1])):
            if kept and start < kept[-1][1]:
                kept[-1] = (kept[-1][0], max(end, kept[-1][1]), kept[-1][2])
            else:
                kept.append((start, end, name))
        return kept

    def _whole(self, stream: str) -> Iterator[tuple[int, int, str]]:
        for secret, name in self._short.items():
            at = stream.find(secret)
            while at >= 0:
                yield at, at + len(secret), name
                at = stream.find(secret, at + len(secret))

    def _pieces(self, stream: str) -> Iterator[tuple[int, int, str]]:
        grams, reached = self._grams, 0
        for at in range(0, len(stream) - GRAM + 1 if grams else 0, STEP):
            if stream[at : at + GRAM] in grams and at + GRAM > reached:
                grown = [(*_grown(stream, at, *held), self.names[held[0]]) for held in grams[stream[at : at + GRAM]]]
                start, end, name = max(grown, key=lambda piece: piece[1] - piece[0])
                if end - start >= PIECE and (
                    stream[start:end] in self.names or not _WORD.fullmatch(stream, start, end)
                ):
                    yield start, end, name
                    reached = end


def texts_of(value: Any) -> Iterable[str]:
    """Yield all texts in a struct or in JSON-like data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts_of(key)
            yield from texts_of(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_of(item)
    elif isinstance(value, msgspec.Struct):
        yield from texts_of(msgspec.to_builtins(value))


def drawn_text(recorded: str) -> str:
    """Return recorded output roughly as text: no colours, new rows and blanks where the cursor was put elsewhere."""
    row = ""

    def drawn(match: re.Match[str]) -> str:
        nonlocal row
        if match[1] is None:
            return " " if match[3] else "\n" if match[2] else ""
        before, row = row, match[1]
        return " " if row == before else "\n"

    return _DRAWING.sub(drawn, recorded)


def _character(written: re.Match[str]) -> str:
    """Return the character that stands there in another way of writing."""
    return written[3] or chr(int(written[1] or written[2], 16))


def _views(text: str) -> set[str]:
    """Return the ways to read a text: as it is, with its full rows joined, decoded where it is part of an address."""
    views = {text, _rows_joined(text)}
    return views | {_WRITTEN.sub(_character, text)} if _ENCODED.search(text) else views


def _rows_joined(text: str) -> str:
    """Return the text as it was before something broke it into rows: the last word of a full row may go on."""
    parts: list[str] = []
    full = blank = False
    for row in text.split("\n"):
        content = row.strip(_SIDES)
        if full and content:
            parts[-1] = parts[-1].rstrip(_SIDES)
            parts.append(content)
        elif full and not blank:  # the transcript sets rows apart
            blank = True
            continue
        else:
            parts += ("\n", row) if parts else (row,)
        width = len(row.rstrip(_SIDES))
        full, blank = width >= FULL_ROW and len(row) - width <= FULL_ROW_PADDING, False
    return "".join(parts)


def _grown(stream: str, at: int, secret: str, offset: int) -> tuple[int, int]:
    """Return the longest common part of a stream and a secret around a place where both are the same."""
    start, first = at, offset
    while start > 0 and first > 0 and stream[start - 1] == secret[first - 1]:
        start, first = start - 1, first - 1
    end, last = at + GRAM, offset + GRAM
    while end < len(stream) and last < len(secret) and stream[end] == secret[last]:
        end, last = end + 1, last + 1
    return start, end


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret, its UTF-8 read as Latin-1, and what is the same of it in base64 whatever stands around it."""
    data = secret.encode("utf-8", "replace")
    yield from (secret, data.decode("latin-1"))
    for lead in range(3):
        whole = (len(data) + lead) // 3 * 4
        inner = base64.b64encode(b"\0" * lead + data)[4 if lead else 0 : whole].decode()
        if len(inner) >= PIECE:
            yield inner
