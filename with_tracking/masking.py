"""Masking the secrets of one session everywhere: in what was read of it and in the recorded bytes themselves.

A secret that a rule recognises in one place (`TOKEN=…`) stands elsewhere without the words that gave it away, broken
over lines, or drawn in pieces between cursor moves. So secrets are first gathered from everything there is, and each is
then masked wherever it stands. In recorded files a mask is exactly as long as what it hides: timing logs and databases
stay right.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, AnyStr, TypeVar

import msgspec

from with_tracking.redaction import Redactor

T = TypeVar("T")
SHORTEST_PIECE = 6  # characters of a secret that are worth hiding by themselves
ANCHOR = 12  # so many characters of a secret are a fragment of it and no accident

# What can stand between two characters of a secret that was wrapped or drawn in pieces: line ends, indentation, box
# sides, JSON's \n, and in recorded bytes escape sequences.
_TEXT_GAP = r"(?:[ \t│┃|]*(?:\r?\n|\\r\\n|\\n)[ \t│┃|⎿└]*)?"
_ESCAPE = rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z\\^-~]"
_BETWEEN = _ESCAPE + rb"|[\x00-\x1a ]|\xe2\x94[\x82\x83]|\\[nrt]"
_BYTE_GAP = rb"(?:" + _BETWEEN + rb"){0,64}?"
_CONTIGUOUS = re.compile(rb"[!-~\x80-\xff]+")
_CHARACTERS = re.compile(rb"(" + _BETWEEN + rb")|([^\x00-\x20])")
_WRAP = re.compile(r"(?<=\S{16})[ \t│┃|]*\n[ \t│┃|⎿└]*(?=[^\s│┃|⎿└])")
_BREAK = re.compile(r"\s+|\\[nrt]|[│┃|]")


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of a session, each with the name of its rule."""

    names: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.names)

    @classmethod
    def gather(cls, redactor: Redactor, texts: Iterable[str]) -> Secrets:
        """Find the secrets in texts, also those that were wrapped over lines."""
        names: dict[str, str] = {}
        for text in texts:
            for view in {text, _WRAP.sub("", text)}:
                for finding in redactor.findings(view):
                    for piece in _BREAK.split(view[finding.start : finding.end]):
                        if len(piece) >= SHORTEST_PIECE:
                            names.setdefault(piece, finding.name)
        return cls(dict(sorted(names.items(), key=lambda item: -len(item[0]))))

    def mask_text(self, text: str) -> str:
        """Return the text with `[redacted:name]` in the place of every secret."""
        for secret, name in self.names.items():
            if secret[:3] in text:
                text = _text_pattern(secret).sub(f"[redacted:{name}]", text)
            for start, end in _fragments(text, secret):
                text = f"{text[:start]}[redacted:{name}]{text[end:]}"
        return text

    def mask_bytes(self, data: bytes) -> bytes:
        """Return as many bytes, in which no secret can be read; what was drawn between its pieces is kept."""
        for secret, name in self.names.items():
            label = f"[redacted:{name}]".encode()
            for spelt in {secret, msgspec.json.encode(secret).decode()[1:-1]}:
                data = _byte_pattern(spelt).sub(functools.partial(_hidden, label), data)
                for start, end in _fragments(data, spelt.encode()):
                    data = data[:start] + b"*" * (end - start) + data[end:]
        return data

    def stand_in(self, text: str) -> bool:
        """Tell whether a secret can be read in the text, wherever its lines break."""
        joined = "".join(_BREAK.split(text))
        return any(secret in joined for secret in self.names)

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


def _text_pattern(secret: str) -> re.Pattern[str]:
    return re.compile(_TEXT_GAP.join(map(re.escape, secret)))


def _byte_pattern(secret: str) -> re.Pattern[bytes]:
    return re.compile(_BYTE_GAP.join(re.escape(char.encode()) for char in secret))


def _fragments(text: AnyStr, secret: AnyStr) -> list[tuple[int, int]]:
    """Return where longer pieces of a secret stand alone (typed so far, cut off, shared out over lines), last first."""
    found: dict[int, int] = {}
    for offset in dict.fromkeys((*range(0, len(secret) - ANCHOR + 1, ANCHOR), len(secret) - ANCHOR)):
        anchor = secret[max(offset, 0) : offset + ANCHOR]
        at = text.find(anchor) if len(secret) > ANCHOR else -1
        while at >= 0:
            start, end, first, last = at, at + ANCHOR, offset, offset + ANCHOR
            while start > 0 and first > 0 and text[start - 1] == secret[first - 1]:
                start, first = start - 1, first - 1
            while end < len(text) and last < len(secret) and text[end] == secret[last]:
                end, last = end + 1, last + 1
            found[start] = max(end, found.get(start, 0))
            at = text.find(anchor, end)
    return sorted(found.items(), reverse=True)


def _hidden(label: bytes, match: re.Match[bytes]) -> bytes:
    """Return the label in the place of a contiguous secret, asterisks in that of one that was drawn in pieces."""
    found = match.group()
    if _CONTIGUOUS.fullmatch(found):
        return label[: len(found)].ljust(len(found), b"*") if len(found) >= len(label) else b"*" * len(found)
    return _CHARACTERS.sub(lambda match: match[1] or b"*" * len(match[2]), found)
