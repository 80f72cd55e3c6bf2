"""When two errors, or two commands, are the same: what differs from one time to the next is taken out."""

from __future__ import annotations

import re

LENGTH = 160
"""Characters of a signature."""
_LOOKED_AT = 4000  # characters at either end of an output

_TELLING = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?i)\b\w*(?:error|exception|fatal|panic)\b:?\s|not found|no such|denied|cannot |can't |timed out",
        r"^(?:FAILED |FAIL: |--- FAIL|not ok )",
        r"^E {2,}\S",
    )
)
"""Lines that say what went wrong; those of an earlier pattern say more."""
_EMPTY = re.compile(
    r"(?i)^(?:exit code:? \d+|error:?(?: exit code \d+)?|traceback \(most recent call last\):|[\s\W_]*"
    r"|[.FEsx]+\s*\[ *\d+%\]|[=_-]{3,} .* [=_-]{3,}"  # what pytest shows before the first failure
    r"|(?:wall time|chunk id|original token count|process exited with code)\b.*|output:|script (?:failed|error:))$"
)
"""What only says that something failed, and what assistants put around an output."""
_SHELL = re.compile(r"^(?:\S*/)?(?:ba|z|da|k)?sh: (?:line )?(?:\d+: )?")  # whichever shell says it, of whichever line
_VARIABLE = (
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?Z?)?"), "<time>"),
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b"), "<address>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}\b"), "<id>"),
    (re.compile(r"(?<![\w.~:/])(?:~|\.{1,2})?(?:/[\w.@+-]+)+/(?=[\w.@+-])"), "…/"),
    (re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?=s\b|ms\b|\b)(?![\w.]*\.[A-Za-z])"), "N"),
)
"""What differs each time, and what stands for it; the order matters."""


def telling_line(text: str) -> str:
    """Return the line of an error's text that says most."""
    lines = [line.strip() for line in (text[:_LOOKED_AT] + "\n" + text[_LOOKED_AT:][-_LOOKED_AT:]).splitlines()]
    said = [line for line in lines if not _EMPTY.match(line)] or [line for line in lines if line] or [""]
    telling = ([line for line in said if pattern.search(line)] for pattern in _TELLING)
    # The last one that tells: in a traceback and after a compiler's notes that is the error itself.
    line = next((found[-1] for found in telling if found), said[0])
    return _SHELL.sub("", line)


def error_signature(text: str) -> str:
    """Return the line of an error's text that says most, without times, numbers, ids and folders."""
    return _general(telling_line(text))


def command_signature(command: str) -> str:
    """Return a command without times, numbers, ids, folders, and without the `cd somewhere &&` before it."""
    return _general(re.sub(r"^(?:cd \S+ *&& *)+", "", " ".join(command.split())))


def _general(line: str) -> str:
    line = " ".join(line[: 2 * LENGTH].split())
    for pattern, stand_in in _VARIABLE:
        line = pattern.sub(stand_in, line)
    return line if len(line) <= LENGTH else line[: LENGTH - 1] + "…"
