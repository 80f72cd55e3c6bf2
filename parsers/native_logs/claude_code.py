"""Claude Code's log: `<config>/projects/<folder>/<sessionId>.jsonl`, and its sub-agents' files (1.0.128 … 2.1.328).

One record per content block; all blocks of an answer repeat its id and its usage as known so far, so usage counts
once per message id and request id, and the most complete one wins. Sub-agents write into the same file marked as
side chain (1.0), into `agent-<id>.jsonl` beside it (2.0) or below `<sessionId>/subagents/` (2.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from parsers.native_logs.base import (
    Candidate,
    LogFile,
    NativeLog,
    Places,
    Tally,
    Window,
    aware,
    decoded,
    in_order,
    json_records,
    last_time,
    parse_time,
    seconds_between,
    touched_since,
)
from parsers.native_logs.claude_conversation import close_cut, place, take
from parsers.native_logs.claude_prompts import COMMAND_NAME
from parsers.native_logs.claude_records import RECORD, USER_MESSAGE, Record, text_of
from parsers.native_logs.claude_state import Reading
from parsers.native_logs.claude_usage import Answers
from parsers.session import Error, ErrorKind, Source, Tokens, Totals

PROVIDER = "claude_code"
EPOCH = datetime.fromtimestamp(0, UTC)
HEAD = 20  # records at a file's start that are looked at for its session, folder and time


def read(
    files: Sequence[LogFile],
    *,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    session_ids: Sequence[str] = (),
    seen: set[str] | None = None,
) -> NativeLog:
    """Read one session from its files, sub-agents' included, in any order. `session_ids` is not needed.

    `seen` holds the ids of records and answers that count already, and is added to: resuming may begin a file with
    copies of the earlier one's records, which must not count again when all sessions are read.
    """
    window = Window(aware(started_at), aware(ended_at))
    known = set() if seen is None else seen
    begins = {file: _begins(file) for file in files}
    first = min((at for at in begins.values() if at is not None), default=None)
    reading = Reading(window, window.started_at or first, seen=known, answers=Answers(known))
    for file in sorted(files, key=lambda file: (_is_agent_file(file), begins[file] or EPOCH)):
        if isinstance(file, bytes) or (file.suffix == ".jsonl" and file.name != "history.jsonl"):
            _read_file(file, reading)
    return _result(reading)


def _is_agent_file(file: LogFile) -> bool:
    """Sub-agents' files come last, in order of time: who starts one says before what its task is called."""
    return isinstance(file, Path) and file.name.startswith("agent-")


def _begins(file: LogFile) -> datetime | None:
    """Give the time of a file's earliest record, looking at the first ones only."""
    return min((at for record in _head(file) if (at := parse_time(record.timestamp)) is not None), default=None)


def _head(file: LogFile) -> list[Record]:
    records = json_records(file, RECORD, Tally())
    return [record for (record, _), _number in zip(records, range(HEAD), strict=False)]


def _read_file(file: LogFile, reading: Reading) -> None:
    for record, line in json_records(file, RECORD, reading.tally):
        at = parse_time(record.timestamp)
        if not reading.window.holds(at) or (record.uuid is not None and record.uuid in reading.seen):
            reading.tally.records -= 1
            continue
        if record.uuid is not None:
            reading.seen.add(record.uuid)
        reading.tally.saw(at)
        place(record, reading)
        if not take(record, at, reading):
            reading.tally.not_understood(line, seconds_between(reading.origin, at))


def _result(reading: Reading) -> NativeLog:
    close_cut(reading)
    reading.events.extend(reading.open_calls.values())
    understood = len(reading.events)
    calls = tuple(reading.answers.model_calls(reading.origin))
    reading.events.extend(calls or _nothing_used(reading))
    reading.events.extend(reading.tally.kept)
    tally = reading.tally
    return NativeLog(
        events=in_order(reading.events),
        provider_version=reading.version,
        model=reading.model,
        native_session_ids=tuple(reading.session_ids),
        cwd=reading.cwd,
        git_branch=reading.git_branch,
        started_at=tally.first_at,
        ended_at=tally.last_at,
        records=tally.records,
        unknown_records=tally.unknown,
        problems=tally.all_problems(PROVIDER, understood=understood),
    )


def _nothing_used(reading: Reading) -> tuple[Totals, ...]:
    """Tell that no tokens were used where the API only failed; without failure nothing is known."""
    failed = any(isinstance(event, Error) and event.kind is ErrorKind.API_ERROR for event in reading.events)
    nothing = Tokens(input=0, output=0, cache_read=0, cache_write=0)
    return (Totals(tokens=nothing, source=Source.NATIVE),) if failed else ()


def candidates(places: Places, *, since: datetime | None = None) -> Iterator[Candidate]:
    """List the sessions: one file each, below the configuration folder or, since 1.0.30, below XDG's."""
    roots = [*places.folders("CLAUDE_CONFIG_DIR", ".claude")]
    if not places.environ.get("CLAUDE_CONFIG_DIR"):
        roots.append(places.folder("XDG_CONFIG_HOME", ".config") / "claude")
    for root in roots:
        for folder in sorted((root / "projects").glob("*/")):
            yield from _in_folder(folder, since)


def _in_folder(folder: Path, since: datetime | None) -> Iterator[Candidate]:
    files = [file for file in sorted(folder.glob("*.jsonl")) if touched_since(file, since)]
    agents: dict[str, list[Path]] = {}
    for file in files:
        if _is_agent_file(file):
            owner = next((record.session_id for record in _head(file) if record.session_id), None)
            agents.setdefault(owner or "", []).append(file)
    originals: dict[str, list[Path]] = {}
    for file in sorted(files, key=lambda file: last_time(file) or EPOCH):
        if _is_agent_file(file):
            continue
        one = _candidate(file, agents.get(file.stem, []))
        first = next((record.uuid for record in _head(file) if record.uuid), None)
        earlier = originals.setdefault(first, []) if first is not None else []
        yield replace(one, started_at=_own_start(file, earlier) or one.started_at) if earlier else one
        earlier.append(file)


def _own_start(file: Path, originals: Sequence[Path]) -> datetime | None:
    """Give the time of the first record that is no copy of an original's: resuming may begin a file with copies."""
    known = {record.uuid for original in originals for record, _ in json_records(original, RECORD, Tally())}
    own = (record for record, _ in json_records(file, RECORD, Tally()) if record.uuid and record.uuid not in known)
    return next((at for record in own if (at := parse_time(record.timestamp)) is not None), None)


def _candidate(file: Path, agents: list[Path]) -> Candidate:
    head = _head(file)
    below = sorted((file.parent / file.stem).rglob("agent-*.jsonl"))
    return Candidate(
        session_id=next((record.session_id for record in head if record.session_id), file.stem),
        files=(file, *agents, *below),
        cwd=next((record.cwd for record in head if record.cwd), None),
        started_at=_begins(file),
        last_at=last_time(file),
        cleared=any(_is_clear(record) for record in head),
    )


def _is_clear(record: Record) -> bool:
    """Tell whether this is the /clear that ended one log and began this one."""
    message = decoded(USER_MESSAGE, record.message) if record.type == "user" else None
    found = COMMAND_NAME.search(text_of(message.content)) if message else None
    return found is not None and found["name"] in ("clear", "reset", "new")
