"""Keeping what was read of a session: its log copied, its secrets masked, then all of it written into its folder."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import msgspec

from parsers.native_logs import Places
from parsers.native_logs.finding import copy_native
from parsers.session_folder import Parsed
from parsers.session_header import SessionHeader
from with_tracking import archive, config, index, paths, privacy
from with_tracking.errors import WithTrackingError


def keep(folder: Path, parsed: Parsed) -> Parsed:
    """Write what was read into the session folder and return it as it was written: with secrets masked.

    `parsed.json` comes last because it says that the folder is parsed. The assistant's own log is copied along, since
    where it lies it is deleted after some weeks.
    """
    settings = config.load(os.environ, Path(parsed.session.cwd or folder))
    with archive.private(), archive.lock(folder):
        home = Places.of(archive.read_header(folder) or SessionHeader(), os.environ).home
        copy_native(parsed.log, folder, home=home, provider=parsed.session.provider)
        parsed = privacy.protect(folder, parsed, settings.privacy)
        archive.write_whole(folder / "transcript.txt", parsed.transcript.encode())
        archive.write_whole(folder / "events.jsonl", b"".join(msgspec.json.encode(e) + b"\n" for e in parsed.events))
        archive.write_whole(folder / "parsed.json", msgspec.json.format(msgspec.json.encode(parsed.session)) + b"\n")
        privacy.drop_content(folder)
    with contextlib.suppress(OSError, sqlite3.Error, WithTrackingError):  # the next command sees that it is missing
        index.add(paths.root(os.environ), folder, parsed.events)
    return parsed
