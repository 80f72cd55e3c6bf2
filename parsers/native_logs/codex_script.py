"""Codex's code mode: the tool calls inside the JavaScript that the model writes for the tool `exec`.

`const r = await tools.exec_command({"cmd": "git status -sb"}); text(r);` is one call of exec_command. Nothing is
run: literals, constants, string concatenation, templates and `[…].join(…)` are read; what a script computes otherwise
is given as None, and the log's own items tell what was run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 40  # nesting of literals that is followed

SKIPPED = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>//[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/)?)
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<template>`(?:[^`\\]|\\.)*`)
  | (?P<number>-?(?:0[xX][0-9a-fA-F]+|\d+(?:_\d+)*(?:\.\d+)?(?:[eE][+-]?\d+)?))
  | (?P<word>[A-Za-z_$][\w$]*)
  | (?P<mark>[^\s])
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r\n|.)", re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}
PLACE = re.compile(r"(?<!\\)\$\{\s*([A-Za-z_$][\w$]*)\s*\}")
WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "undefined": None}


class NotLiteralError(Exception):
    """A value that only running the script would tell."""


@dataclass(frozen=True, slots=True)
class ScriptCall:
    """One `tools.<name>(argument)`; the argument is None where the script computes it."""

    name: str
    argument: Any


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the script."""

    kind: str
    text: str


def calls_in(script: str) -> tuple[ScriptCall, ...]:
    """Give the tool calls in a script, in the order in which they are written."""
    return tuple(_Script(tuple(_tokens(script))).calls())


def _tokens(script: str) -> Iterator[Token]:
    for found in SKIPPED.finditer(script):
        kind = found.lastgroup or "mark"
        if kind not in ("space", "comment"):
            yield Token(kind, found[0])


class _Script:
    """Reads the tokens of one script; `names` are the constants seen so far."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self.tokens = tokens
        self.names: dict[str, Any] = {}
        self.at = 0

    def calls(self) -> Iterator[ScriptCall]:
        while self.at < len(self.tokens):
            if self._text() in ("const", "let", "var"):
                self._constant()
                continue
            name = self._tool_name()
            if name is None:
                self.at += 1
                continue
            yield ScriptCall(name, self._argument())

    def _text(self, ahead: int = 0) -> str:
        index = self.at + ahead
        return self.tokens[index].text if index < len(self.tokens) else ""

    def _constant(self) -> None:
        """Remember `const name = <literal>`; the position moves on only past what was a literal."""
        self.at += 1
        if self._text(1) != "=" or self._text(2) == "=":
            return
        name, start = self._text(), self.at + 2
        self.at = start
        try:
            self.names[name] = self._value()
        except NotLiteralError:
            self.names.pop(name, None)
            self.at = start

    def _tool_name(self) -> str | None:
        """Give the name if a call begins here, and stop behind its opening parenthesis."""
        if self._text() != "tools":
            return None
        if self._text(1) == "." and self._text(3) == "(":
            name, length = self._text(2), 4
        elif self._text(1) == "[" and self._text(3) == "]" and self._text(4) == "(":
            name, length = _string(self._text(2)), 5
        else:
            return None
        self.at += length
        return name

    def _argument(self) -> Any:
        start = self.at
        if self._text() == ")":
            return {}
        try:
            return self._value()
        except NotLiteralError:
            self.at = start
            return None

    def _value(self, depth: int = 0) -> Any:
        """Read a value with all that is added to it."""
        value = self._operand(depth)
        while self._text() == "+":
            self.at += 1
            value = _added(value, self._operand(depth))
        return value

    def _operand(self, depth: int) -> Any:
        if depth > MAX_DEPTH or self.at >= len(self.tokens):
            raise NotLiteralError
        token = self.tokens[self.at]
        self.at += 1
        if token.text == "String" and self._text() == "." and self._text(1) == "raw":
            self.at += 3
            return self._after(self.tokens[self.at - 1].text[1:-1], depth)
        if token.kind == "string":
            return self._after(_string(token.text), depth)
        if token.kind == "template":
            return self._after(self._template(token.text[1:-1]), depth)
        if token.kind == "number":
            return _number(token.text)
        if token.kind == "word":
            return self._after(self._named(token.text), depth)
        return self._after(self._bracketed(token.text, depth), depth)

    def _bracketed(self, opening: str, depth: int) -> Any:
        match opening:
            case "{":
                return self._object(depth + 1)
            case "[":
                return self._list(depth + 1)
            case "(":
                value = self._value(depth + 1)
                self._expect(")")
                return value
        raise NotLiteralError

    def _after(self, value: Any, depth: int) -> Any:
        """Apply `.join(…)`; any other use of a value makes it unknown."""
        if self._text() == "." and self._text(1) == "join" and self._text(2) == "(" and isinstance(value, list):
            self.at += 3
            by = "," if self._text() == ")" else self._value(depth + 1)
            self._expect(")")
            return str(by).join(str(item) for item in value)
        if self._text() in (".", "[", "(", "?", "`"):
            raise NotLiteralError
        return value

    def _named(self, word: str) -> Any:
        if word in WORDS:
            return WORDS[word]
        if word not in self.names:
            raise NotLiteralError
        return self.names[word]

    def _template(self, text: str) -> str:
        """Fill the constants into a template; any other expression in it cannot be read."""
        filled = PLACE.sub(lambda found: str(self._named(found[1])).replace("\\", "\\\\"), text)
        if re.search(r"(?<!\\)\$\{", filled) and not PLACE.search(text):
            raise NotLiteralError
        return _unescaped(filled)

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self._text() != "}":
            key = self._key()
            if self._text() == ":":
                self.at += 1
                found[key] = self._value(depth)
            else:  # {cmd} is short for {cmd: cmd}
                found[key] = self._named(key)
            if self._text() == ",":
                self.at += 1
        self.at += 1
        return found

    def _key(self) -> str:
        if self.at >= len(self.tokens):
            raise NotLiteralError
        token = self.tokens[self.at]
        self.at += 1
        if token.kind == "string":
            return _string(token.text)
        if token.kind in ("word", "number"):
            return token.text
        raise NotLiteralError

    def _list(self, depth: int) -> list[Any]:
        found: list[Any] = []
        while self._text() != "]":
            found.append(self._value(depth))
            if self._text() == ",":
                self.at += 1
        self.at += 1
        return found

    def _expect(self, text: str) -> None:
        if self._text() != text:
            raise NotLiteralError
        self.at += 1


def _added(left: Any, right: Any) -> Any:
    if isinstance(left, str) or isinstance(right, str):
        return f"{left}{right}"
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left + right
    raise NotLiteralError


def _number(text: str) -> int | float:
    plain = text.replace("_", "")
    return int(plain, 0) if re.fullmatch(r"-?(?:0[xX][0-9a-fA-F]+|[1-9]\d*|0)", plain) else float(plain)


def _string(literal: str) -> str:
    if literal.startswith('"'):
        try:
            return str(json.loads(literal))
        except ValueError:
            pass
    return _unescaped(literal[1:-1])


def _unescaped(text: str) -> str:
    return ESCAPE.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    code = found[1]
    if code[0] in "ux" and len(code) > 1:
        number = int(code.strip("ux{}"), 16)
        return chr(number) if number <= 0x10FFFF else found[0]
    return ESCAPES.get(code, code)
