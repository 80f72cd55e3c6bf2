"""The pieces of an aider chat, and the code blocks in an answer: proposed commands, lines that edits change.

`#### ` begins what the person typed, `> ` what the program said; both end in two blanks, which tells them from the
headings and quotations of an answer. Anything else is an answer, or the rest of a message of several lines.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

_END = "  "
_FENCE = re.compile(r"^(?:```|~~~)(\w*)\s*$")
_SHELLS = frozenset({"bash", "sh", "shell", "cmd", "batch", "powershell", "ps1", "zsh", "fish", "ksh", "csh", "tcsh"})
_SEARCH = re.compile(r"^<{5,9} SEARCH>?\s*$")
_DIVIDER = re.compile(r"^={5,9}\s*$")
_REPLACE = re.compile(r"^>{5,9} REPLACE\s*$")


class Voice(StrEnum):
    """Who speaks in a piece of a chat."""

    PERSON = "person"
    PROGRAM = "program"
    MODEL = "model"


def pieces(lines: Iterable[str]) -> Iterator[tuple[Voice, str]]:
    """Cut a chat's lines into what was typed (a prompt each), what the program said (a message each), and answers."""
    voice, collected, is_open = Voice.PROGRAM, [""], False
    for line in lines:
        if is_open:  # inside a message of several lines
            collected.append(line)
            is_open = not line.endswith(_END)
            continue
        speaker = _speaker(line, voice, "".join(collected).strip())
        if speaker is not voice or speaker is Voice.PROGRAM:
            yield from _piece(voice, collected)
            voice, collected = speaker, []
        collected.append(_without_mark(line, speaker))
        is_open = speaker is Voice.PROGRAM and line.startswith("> ") and not line.endswith(_END)
    yield from _piece(voice, collected)


def _speaker(line: str, before: Voice, said: str) -> Voice:
    """Tell who speaks a line; a `> ` that does not end in blanks is a quotation once an answer has begun."""
    if line.startswith("####") and line.endswith(_END):
        return Voice.PERSON
    if line.startswith("> ") and (line.endswith(_END) or not (before is Voice.MODEL and said)):
        return Voice.PROGRAM
    return Voice.MODEL


def _without_mark(line: str, speaker: Voice) -> str:
    if speaker is Voice.PERSON:
        return line[4:].removeprefix(" ").removesuffix(_END)
    return line[2:] if speaker is Voice.PROGRAM else line


def _piece(voice: Voice, collected: list[str]) -> Iterator[tuple[Voice, str]]:
    text = "\n".join(collected).strip()
    if text:
        yield voice, text


def shell_blocks(text: str) -> frozenset[str]:
    """List the lines of the shell blocks in an answer: each is a command that aider offers to run."""
    lines: set[str] = set()
    inside = False
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if fence:
            inside = not inside and fence[1] in _SHELLS
        elif inside and line.strip():
            lines.add(line.strip())
    return frozenset(lines)


def counts_by_path(text: str) -> dict[str, tuple[int, int]]:
    """Count the lines added and removed by the SEARCH/REPLACE blocks of an answer, by the path above each."""
    totals: dict[str, tuple[int, int]] = {}
    for path, before, after in _edit_blocks(text):
        added, removed = totals.get(path, (0, 0))
        for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag != "equal":
                added, removed = added + j2 - j1, removed + i2 - i1
        totals[path] = (added, removed)
    return totals


def _edit_blocks(text: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield (path, lines searched, lines put instead); a block that does not end is left out."""
    path, last, part = "", "", 0
    sides: tuple[list[str], list[str]] = ([], [])
    for line in text.splitlines():
        if part == 0:
            if _SEARCH.match(line):
                part, sides, path = 1, ([], []), last or path
            elif line.strip() and not line.startswith(("```", "~~~")):
                last = line.strip().strip("`*:# ")
        elif part == 1 and _DIVIDER.match(line):
            part = 2
        elif part == 2 and _REPLACE.match(line):
            yield path, *sides
            part, last = 0, ""
        else:
            sides[part - 1].append(line)
