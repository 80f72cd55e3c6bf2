"""What happened in a session, as far as patterns need it: its tool uses in order and its errors, without its texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from parsers.session import Category, Error, Stopped
from with_tracking.history.session_rows import SessionRow


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A tool use; see `parsers.session.ToolUse`."""

    name: str
    category: Category
    ok: bool | None = None
    stopped: Stopped | None = None
    command: str | None = None
    files: tuple[str, ...] = ()
    output: str | None = None

    @property
    def failed(self) -> bool:
        """Whether it ran and failed; what was denied or interrupted says nothing of the command."""
        return self.ok is False and self.stopped is None


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A session's tool uses and errors."""

    session_id: str
    tool_uses: tuple[Use, ...] = ()
    errors: tuple[Error, ...] = ()


_DECODER = msgspec.json.Decoder(Story)


def read_stories(parsed: Iterable[bytes]) -> Iterator[Story]:
    """Yield the stories of sessions from their parsed.json; what is none has none."""
    for data in parsed:
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            yield _DECODER.decode(data)


def parsed_files(root: Path, rows: Iterable[SessionRow]) -> Iterator[bytes]:
    """Yield the parsed.json of sessions; of what nobody has read yet, or is gone meanwhile, nothing."""
    for row in rows:
        with suppress(OSError):
            yield (root / row.path / "parsed.json").read_bytes()
