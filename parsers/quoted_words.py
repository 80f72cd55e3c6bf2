"""Splitting a command line that another program noted into its words."""

from __future__ import annotations

import re
import shlex

_ANSI_C = re.compile(r"(?<!\S)\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"e": b"\x1b", b"E": b"\x1b", b"f": b"\f"}


def words_of(command: str) -> tuple[str, ...]:
    r"""Split a command line; none if it does not split. What bash quotes as `$'one\ntwo'` counts as one word."""
    try:
        return tuple(shlex.split(_ANSI_C.sub(_plainly_quoted, command)))
    except ValueError:
        return ()


def _plainly_quoted(word: re.Match[str]) -> str:
    """Quote a word as any shell does; in other locales bash writes letters beyond ASCII as bytes in octal."""
    return shlex.quote(_ESCAPE.sub(_escaped, word[1].encode("utf-8", "replace")).decode("utf-8", "replace"))


def _escaped(escape: re.Match[bytes]) -> bytes:
    code = escape[1]
    return bytes([int(code, 8) & 0xFF]) if code.isdigit() and code < b"8" else _ESCAPES.get(code, code)
