"""What a person types to search, as a query of SQLite's FTS5; every text is allowed in words, whatever signs are in it.

Words side by side must all be there; `"two words"` is a phrase, `migrat*` a beginning; AND, OR, NOT and brackets as
one expects. What joins a word by signs (src/app.py, --force, foo_bar) is a phrase of its parts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from with_tracking.errors import WithTrackingError
from with_tracking.history.unspaced import split_words

_TOKEN = re.compile(r'"(?P<phrase>[^"]*)"(?P<prefix>\*?)|(?P<bracket>[()])|(?P<word>[^\s()"]+)|(?P<quote>")')
_OPERATORS = frozenset({"AND", "OR", "NOT"})
_EXAMPLE = """with-tracking search '"connection refused" OR timeout*'"""
MAX_DEPTH = 40
"""Brackets within brackets; SQLite's parser ends at about 100."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query for `MATCH`, and one that any of the words wanted fits (to show where they are)."""

    match: str
    any_of: str

    def within(self, columns: Sequence[str]) -> Query:
        """Return the same query, of some columns only."""
        if not columns:
            return self
        which = "{" + " ".join(columns) + "}"
        return Query(f"{which} : ({self.match})", f"{which} : ({self.any_of})")


def read_query(text: str) -> Query:
    """Read what was typed. Raises WithTrackingError, saying what is wrong with it."""
    reader = _Reader(_tokens(text))
    match = reader.alternatives(0)
    if reader.next() is not None:
        raise _wrong("A bracket is closed that was not opened")
    return Query(match, " OR ".join(reader.wanted))


@dataclass(slots=True)
class _Reader:
    """Reads tokens from left to right: alternatives of sequences of terms."""

    tokens: list[str]
    at: int = 0
    wanted: list[str] = field(default_factory=list)

    def next(self) -> str | None:
        """Return the next token without taking it."""
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def alternatives(self, depth: int, *, unwanted: bool = False) -> str:
        """Read `a b OR c`."""
        if depth > MAX_DEPTH:
            raise _wrong("There are too many brackets within brackets")
        found = [self._sequence(depth, unwanted)]
        while self.next() == "OR":
            self.at += 1
            found.append(self._sequence(depth, unwanted))
        return " OR ".join(found)

    def _sequence(self, depth: int, unwanted: bool) -> str:
        """Read `a AND b c NOT d`."""
        required, excluded = [self._term(depth, unwanted)], []
        while self.next() not in (None, ")", "OR"):
            operator = self.next()
            self.at += operator in ("AND", "NOT")
            if operator == "NOT":
                excluded.append(self._term(depth, unwanted=not unwanted))
            else:
                required.append(self._term(depth, unwanted))
        both = " AND ".join(required)
        return f"(({both}) NOT ({' OR '.join(excluded)}))" if excluded else f"({both})"

    def _term(self, depth: int, unwanted: bool) -> str:
        token = self.next()
        if token is None:
            raise _wrong("Something is missing at the end")
        if token in _OPERATORS or token == ")":
            raise _wrong(f"Something is missing before {token}")
        self.at += 1
        if token != "(":
            if not unwanted:
                self.wanted.append(token)
            return token
        inner = self.alternatives(depth + 1, unwanted=unwanted)
        if self.next() != ")":
            raise _wrong("A bracket is not closed")
        self.at += 1
        return f"({inner})"


def _tokens(text: str) -> list[str]:
    """Split the text; words and phrases come back as FTS5 writes phrases."""
    found = []
    for match in _TOKEN.finditer(text):
        word = match["word"]
        if match["quote"]:
            raise _wrong('A quotation mark (") is not closed')
        if match["bracket"] or word in _OPERATORS:
            found.append(match[0])
        elif word:
            found.append(_phrase(word.rstrip("*") or word, prefix=word.endswith("*")))
        else:
            found.append(_phrase(match["phrase"], prefix=bool(match["prefix"])))
    if not found:
        raise _wrong("There is nothing to search for")
    return found


def _phrase(text: str, *, prefix: bool) -> str:
    if not any(char.isalnum() for char in text):
        raise _wrong(f"There is no letter and no digit in {text!r}, only those are searched for")
    words = split_words(text)
    return f'"{words}"*' if prefix else f'"{words}"'


def _wrong(what: str) -> WithTrackingError:
    return WithTrackingError(what, _EXAMPLE)
