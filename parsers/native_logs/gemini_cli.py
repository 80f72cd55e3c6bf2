"""Gemini CLI's own log: `~/.gemini/tmp/<project>/chats/`, as JSON lines (0.40 and later) or one JSON file (before).

Format: `packages/core/src/services/chatRecordingService.ts` of google-gemini/gemini-cli. A JSON-lines file is a list of
mutations of one conversation: a message is written again, under its id, whenever it grows (the last one wins), and
`$set.messages` or `$rewindTo` change what the model is told next. They undo nothing that happened, so events come from
the messages as they were written, and what only repeats them (see `_copies`) is left out. `logs.json` beside the chats
holds what was typed, slash commands included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path

import msgspec

from parsers.lenient_json import UNDECODABLE, decode
from parsers.native_logs import gemini_messages
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
    json_records,
    seconds_between,
)
from parsers.native_logs.gemini_chats import RECORDS, Conversation, Record, conversation, patch
from parsers.native_logs.gemini_messages import Message, prompt_text
from parsers.session import Event, Note, NoteKind, Prompt, Source

PROVIDER = "gemini_cli"


class _Typed(msgspec.Struct, rename="camel"):
    """An entry of logs.json."""

    session_id: str = ""
    type: str = ""
    message: str = ""
    timestamp: datetime | None = None

    def __post_init__(self) -> None:
        """Take a time without a zone as UTC."""
        self.timestamp = aware(self.timestamp)


_TYPED = msgspec.json.Decoder(list[_Typed])


def read(
    files: Sequence[LogFile],
    *,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    session_ids: Sequence[str] = (),
) -> NativeLog:
    """Read one session: its chat file, its sub-agents' files and logs.json, in any order."""
    tally, window = Tally(), Window(aware(started_at), aware(ended_at))
    conversations, typed = [], []
    for file in files:
        if isinstance(file, Path) and file.name == "logs.json":
            typed += _typed(file, tally)
        else:
            conversations.append(conversation(file, tally))
    conversations = _of_session(conversations, session_ids)
    for message in chain.from_iterable(c.messages.values() for c in conversations):
        if window.holds(message.timestamp):
            tally.saw(message.timestamp)
    origin = aware(started_at) or tally.first_at
    main = [c for c in conversations if c.kind != "subagent"]
    ids = tuple(dict.fromkeys(c.session_id for c in main if c.session_id))
    events = [e for c in conversations for e in _events(c, conversations, window, origin)]
    events += _typed_events(typed, ids, main, window, origin)
    messages = [m for c in main for m in c.messages.values()]
    return NativeLog(
        events=(*in_order(sorted(events, key=lambda e: e.seconds or 0.0)), *tally.kept),
        model=next((m.model for m in reversed(messages) if m.model and window.holds(m.timestamp)), None),
        native_session_ids=ids,
        cwd=next((cwd for m in messages if (cwd := gemini_messages.workspace(m))), None),
        started_at=tally.first_at,
        ended_at=tally.last_at,
        records=tally.records,
        unknown_records=tally.unknown,
        problems=tally.all_problems(PROVIDER, understood=len(events)),
    )


def _typed(source: Path, tally: Tally) -> list[_Typed]:
    """Read logs.json; it is only a help, so a broken one is no more than a problem."""
    try:
        return decode(_TYPED, source.read_bytes())
    except OSError as error:
        tally.problems.append(f"cannot read the log {source}: {error.strerror}")
    except UNDECODABLE:
        tally.problems.append(f"{PROVIDER}: logs.json is broken")
    return []


def _of_session(conversations: list[Conversation], session_ids: Sequence[str]) -> list[Conversation]:
    """Keep the sessions asked for, with all sub-agents; every one if none was asked for or found.

    A .json file that was resumed as .jsonl has its messages in both: the first file keeps them.
    """
    wanted = [c for c in conversations if c.kind == "subagent" or not session_ids or c.session_id in session_ids]
    kept = wanted if any(c.kind != "subagent" for c in wanted) else conversations
    seen: set[str] = set()
    for talk in sorted(kept, key=lambda c: c.whole_file):
        talk.messages = {key: m for key, m in talk.messages.items() if key not in seen}
        seen |= talk.messages.keys()
    return kept


def _events(
    talk: Conversation, conversations: list[Conversation], window: Window, origin: datetime | None
) -> Iterator[Event]:
    copies = _copies(talk.messages.values())
    messages = [m for m in talk.messages.values() if m.id not in copies and window.holds(m.timestamp)]
    agent = _agent(talk, conversations) if talk.kind == "subagent" else None
    yield from gemini_messages.events(messages, origin, agent)


def _copies(messages: Iterable[Message]) -> set[str]:
    """Name the messages that only repeat earlier ones.

    After an interruption Gemini (0.61) records what is left of the model's history once more, under new ids and within
    a moment; its answers are then lists of API parts, while an answer that just came is a string.
    """
    listed = list(messages)
    again = [m for m in listed if m.type == "gemini" and isinstance(m.content, list) and not (m.tokens or m.tool_calls)]
    at_once = {m.timestamp for m in again}
    about = {int(at.timestamp()) + beside for at in at_once if at is not None for beside in (-1, 0, 1)}
    copies = {m.id for m in again}
    said: set[str] = set()
    for message in listed:
        if message.type == "user":
            text = gemini_messages.text_of(message.content)
            near = message.timestamp is not None and int(message.timestamp.timestamp()) in about
            if message.timestamp in at_once or (near and text in said):
                copies.add(message.id)
            said.add(text)
    return copies


def _agent(talk: Conversation, conversations: list[Conversation]) -> str:
    """Find the name by which the sub-agent of this file was called."""
    calls = (call for c in conversations for m in c.messages.values() for call in m.tool_calls or ())
    names = (call.args.get("agent_name") or call.name for call in calls if call.agent_id == talk.session_id)
    return str(next(names, "subagent"))


def _typed_events(
    typed: list[_Typed], ids: tuple[str, ...], main: list[Conversation], window: Window, origin: datetime | None
) -> Iterator[Event]:
    """Yield slash commands, and prompts that a JSON-generation chat dropped because they were cancelled."""
    recorded = {" ".join(prompt_text(m).split()) for c in main for m in c.messages.values() if m.type == "user"}
    shell = {c for talk in main for m in talk.messages.values() if (c := gemini_messages.shell_mode_command(m))}
    for entry in typed:
        if entry.session_id not in ids or entry.type != "user" or not window.holds(entry.timestamp):
            continue
        seconds = seconds_between(origin, entry.timestamp)
        if entry.message.startswith("/"):
            yield Note(kind=NoteKind.SLASH_COMMAND, text=entry.message, seconds=seconds, source=Source.NATIVE)
        elif not all(c.whole_file for c in main) or entry.message.strip() in shell:
            continue
        elif " ".join(entry.message.split()) not in recorded:
            yield Prompt(text=entry.message, seconds=seconds, source=Source.NATIVE)


def candidates(places: Places, *, since: datetime | None = None) -> Iterator[Candidate]:
    """List the chats below `$GEMINI_CLI_HOME/.gemini/tmp` (or the home folder's), sub-agents with their parents."""
    root = places.folder("GEMINI_CLI_HOME", "") / ".gemini"
    cwds = _project_folders(root)
    for chat in sorted((root / "tmp").glob("*/chats/session-*.json*")):
        if chat.suffix == ".json" and chat.with_suffix(".jsonl").exists():
            continue  # resumed: the new file holds the old one's messages too
        last_at = from_epoch(_mtime(chat))
        if since is not None and last_at is not None and last_at < since:
            continue
        header = _head(chat)
        if header is None or header.session_id is None:
            continue
        logs = [p for p in [chat.parent.parent / "logs.json"] if p.is_file()]
        project = chat.parent.parent.name
        yield Candidate(
            session_id=header.session_id,
            files=(chat, *_of_agents(chat, header.session_id), *logs),
            cwd=cwds.get(project) or gemini_messages.hashed_folder(project, places.cwd) or _cwd_inside(chat),
            started_at=header.start_time,
            last_at=last_at,
        )


def _of_agents(chat: Path, session_id: str) -> list[Path]:
    """List the chats of a session's sub-agents: they lie in a folder of its name, if that is one."""
    if session_id in ("", "..") or session_id != Path(session_id).name:
        return []
    try:
        return sorted((chat.parent / session_id).glob("*.jsonl"))
    except OSError:  # the name is too long
        return []


def _project_folders(root: Path) -> dict[str, str]:
    """Read projects.json: folder below tmp -> working directory."""
    try:
        projects = msgspec.json.decode((root / "projects.json").read_bytes(), type=dict[str, dict[str, str]])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return {name: cwd for cwd, name in projects.get("projects", {}).items()}


def _head(chat: Path) -> Record | None:
    """Read the header: a file's first line, or all of a JSON-generation file."""
    try:
        with chat.open("rb") as file:
            content = file.readline() if chat.suffix == ".jsonl" else file.read()
        return decode(RECORDS, content)
    except (OSError, *UNDECODABLE):
        return None


def _cwd_inside(chat: Path) -> str | None:
    """Find the working directory in the first lines of a chat."""
    if chat.suffix != ".jsonl":
        return None
    talk = Conversation()
    with chat.open("rb") as file:
        head = b"".join(file.readline() for _ in range(3))
    for record, _ in json_records(head, RECORDS, Tally()):
        patch(talk, record.patch or {})
    return next((cwd for m in talk.messages.values() if (cwd := gemini_messages.workspace(m))), None)


def _mtime(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def extract(file: Path, session_ids: Sequence[str], target: Path) -> bool:
    """Take what was typed in these sessions out of logs.json, which a project shares; False for any other file."""
    if file.name != "logs.json" or not session_ids:
        return False
    typed = [entry for entry in _typed(file, Tally()) if entry.session_id in session_ids]
    target.write_bytes(msgspec.json.encode(typed))
    return True
