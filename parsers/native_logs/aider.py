"""aider's own log: `.aider.chat.history.md` in the git root (or the working directory), beside its input history.

All chats that were ever started there are in one file, each below `# aider chat started at <local time>`; the input
history has the time of everything that was typed. Format: `aider/io.py` of Aider-AI/aider; what the lines of a chat
mean is in `aider_chat`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from parsers.native_logs import aider_chat
from parsers.native_logs.base import (
    Candidate,
    LogFile,
    NativeLog,
    Places,
    Tally,
    Window,
    aware,
    from_epoch,
    in_order,
    lines_of,
)

PROVIDER = "aider"
HISTORY, INPUTS = ".aider.chat.history.md", ".aider.input.history"

_STARTED = re.compile(r"# aider chat started at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s*\Z")
_TYPED_AT = re.compile(r"# (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)\s*\Z")
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Chat:
    """One chat of the file: when it started, in local time, and its lines."""

    started_at: datetime
    lines: tuple[str, ...]

    @property
    def id(self) -> str:
        """Identify the chat within its folder."""
        return self.started_at.isoformat()


def read(
    files: Sequence[LogFile],
    *,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    session_ids: Sequence[str] = (),
) -> NativeLog:
    """Read the chat that this session started: the one asked for, else the first in the time window."""
    tally = Tally()
    histories = [f for f in files if isinstance(f, bytes) or not f.name.endswith(INPUTS)]
    inputs = [f for f in files if isinstance(f, Path) and f.name.endswith(INPUTS)]
    chats = [chat for file in histories for chat in _chats(file, tally)]
    zone = started_at.tzinfo if started_at is not None else None
    chat = _chosen(chats, aware(started_at), aware(ended_at), session_ids, zone)
    if chat is None:
        said = [f"aider: {len(chats)} chats in the history, none of them of this session"] if chats else []
        return NativeLog(problems=(*tally.problems, *said))
    begun = _zoned(chat.started_at, zone)
    following = [at for at in (_zoned(c.started_at, zone) for c in chats) if at > begun]
    until = min(following, default=None)
    typed = [
        (at, text) for file in inputs for at, text in _typed(file, zone) if at >= begun and (not until or at < until)
    ]
    reading = aider_chat.read_chat(chat.lines, aware(started_at) or begun, typed, tally)
    tally.saw(begun)
    for at, _ in typed:
        tally.saw(at)
    return NativeLog(
        events=(*in_order(reading.events), *tally.kept),
        provider_version=reading.version,
        model=reading.model,
        native_session_ids=(chat.id,),
        started_at=tally.first_at,
        ended_at=tally.last_at,
        records=tally.records,
        unknown_records=tally.unknown,
        problems=tally.all_problems(PROVIDER, understood=len(reading.events)),
    )


def _chats(source: LogFile, tally: Tally) -> Iterator[_Chat]:
    """Cut a history file into its chats."""
    started: datetime | None = None
    lines: list[str] = []
    try:
        for raw in lines_of(source):
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            found = _STARTED.match(line)
            if found is None:
                lines.append(line)
                continue
            if started is not None:
                yield _Chat(started, tuple(lines))
            started, lines = datetime.fromisoformat(found[1]), []
    except OSError as error:
        tally.problems.append(f"cannot read the log {source!r}: {error.strerror}")
    if started is not None:
        yield _Chat(started, tuple(lines))


def _chosen(
    chats: Sequence[_Chat],
    started_at: datetime | None,
    ended_at: datetime | None,
    session_ids: Sequence[str],
    zone: tzinfo | None,
) -> _Chat | None:
    """Choose a session's chat. aider starts a chat within seconds, and only one a run; it notes whole seconds."""
    window = Window(started_at.replace(microsecond=0) if started_at else None, ended_at)
    named = [c for c in chats if c.id in session_ids]
    fitting = [c for c in named or chats if window.holds(_zoned(c.started_at, zone))]
    return next(iter(fitting or named), None)


def _zoned(at: datetime, zone: tzinfo | None) -> datetime:
    """Give a local time its zone: the session's, else this machine's."""
    return at.replace(tzinfo=zone) if zone is not None else at.astimezone()


def _typed(source: LogFile, zone: tzinfo | None) -> Iterator[tuple[datetime, str]]:
    """Read the input history: a line `# time`, then what was typed, each line with a + before it."""
    at: datetime | None = None
    lines: list[str] = []
    try:
        for raw in lines_of(source):
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            found = _TYPED_AT.match(line)
            if found:
                if at is not None:
                    yield at, "\n".join(lines)
                at, lines = _zoned(datetime.fromisoformat(found[1]), zone), []
            elif line.startswith("+"):
                lines.append(line[1:])
    except OSError:
        return
    if at is not None:
        yield at, "\n".join(lines)


def candidates(places: Places, *, since: datetime | None = None) -> Iterator[Candidate]:
    """List the chats of the working directory's history, and of those above it up to the home folder."""
    for history in _histories(places):
        try:
            last_at = from_epoch(history.stat().st_mtime)
        except OSError:
            continue
        if since is not None and last_at is not None and last_at < since:
            continue
        inputs = history.with_name(INPUTS)
        files = (history, inputs) if inputs.is_file() else (history,)
        for chat, begins, following in _spans(list(_chats(history, Tally()))):
            ends = last_at if following == _NEVER else following
            if since is None or ends is None or ends >= since:
                yield Candidate(chat.id, files, cwd=str(places.cwd or history.parent), started_at=begins, last_at=ends)


def _histories(places: Places) -> Iterator[Path]:
    """Yield the history files that a chat started in the working directory may have used."""
    named = places.environ.get("AIDER_CHAT_HISTORY_FILE")
    if named:
        yield (places.cwd or places.home) / named
    if places.cwd is None:
        return
    for folder in (places.cwd, *places.cwd.parents):
        if (folder / HISTORY).is_file():
            yield folder / HISTORY
            return
        if (folder / ".git").exists() or folder == places.home:
            return


def extract(file: Path, session_ids: Sequence[str], target: Path) -> bool:
    """Take one chat out of the history of all, or out of the input history what was typed in it."""
    chats = list(_chats(file.with_name(HISTORY), Tally())) if session_ids else []
    chosen = [span for span in _spans(chats) if span[0].id in session_ids]
    take = _typed_lines if file.name == INPUTS else _chat_lines
    lines = [line for span in chosen for line in take(file, *span)]
    if chosen:
        target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return bool(chosen)


def _spans(chats: Sequence[_Chat]) -> list[tuple[_Chat, datetime, datetime]]:
    """Say when each chat began, and when the one after it did."""
    begun = [_zoned(chat.started_at, None) for chat in chats]
    return list(zip(chats, begun, [*begun[1:], _NEVER], strict=True))


def _chat_lines(_file: Path, chat: _Chat, _begun: datetime, _ends: datetime) -> Iterator[str]:
    yield f"# aider chat started at {chat.started_at:%Y-%m-%d %H:%M:%S}"
    yield from chat.lines


def _typed_lines(file: Path, _chat: _Chat, begun: datetime, ends: datetime) -> Iterator[str]:
    for at, text in _typed(file, None):
        if begun <= at < ends:
            yield from ("", f"# {at:%Y-%m-%d %H:%M:%S.%f}", *(f"+{line}" for line in text.split("\n")))
