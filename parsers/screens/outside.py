"""What stands around an assistant in a recorded shell: the person's own commands and what they printed.

These rules are tried after all others, on every screen: `bash` may be recorded with an assistant started inside it,
once or several times.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.screens.table import Block, LineRule, Reading, head, part
from parsers.session import Event, Note, NoteKind

_PROMPT = r"(?:\([\w.-]+\) )?(?:[\w.-]+@[\w.-]+[: ][^\s$#%]{0,200} ?|(?:ba|z|da|)sh-[\d.]+|)[$#%]"
KIND = "shell_line"

RULES: tuple[LineRule, ...] = (
    head(KIND, rf"{_PROMPT} (?P<command>\S.*)"),
    head(KIND, rf"{_PROMPT}$"),
    part("output", r".", within=(KIND,)),
)


def read(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command that the person typed; the one that starts the assistant is among them."""
    if "command" in block.fields:
        yield Note(kind=NoteKind.USER_SHELL, text=block.fields["command"], seconds=block.seconds)
