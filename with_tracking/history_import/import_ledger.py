"""What was imported before: one line for each session in `<root>/imported.jsonl`, the last one counts.

Lines are only ever added, so an import that is interrupted knows afterwards what it did.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from with_tracking import archive

FILE = "imported.jsonl"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A session in an assistant's log (`key`), what its files looked like, and the session it became, if any."""

    key: str
    signature: str
    session_id: str | None = None


def load(root: Path) -> dict[str, Entry]:
    """Read the ledger; a half-written line is no entry."""
    entries: dict[str, Entry] = {}
    decoder = msgspec.json.Decoder(Entry)
    with contextlib.suppress(FileNotFoundError):
        for line in (root / FILE).read_bytes().splitlines():
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                entry = decoder.decode(line)
                entries[entry.key] = entry
    return entries


def add(root: Path, entry: Entry) -> None:
    """Add a line; other processes may do so at the same time."""
    file = root / FILE
    with archive.private(), archive.lock_file(file.with_name(f".{FILE}.lock")):
        unfinished = file.exists() and file.read_bytes()[-1:] != b"\n"
        with file.open("ab") as ledger:
            ledger.write((b"\n" if unfinished else b"") + msgspec.json.encode(entry) + b"\n")
