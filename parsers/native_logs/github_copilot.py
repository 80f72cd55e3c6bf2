"""Copilot CLI's own log: `~/.copilot/session-state/<id>/events.jsonl`, one event a line.

Events: `session-events.schema.json` of github/copilot-sdk. `success` of a tool stays true when its command failed:
`shellExecution.exitCode` is the exit code. A call whose permission was refused never completes. Older versions
(0.0.3xx) write the same events to `session-state/<id>.jsonl`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from parsers.lenient_json import UNDECODABLE, decode
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
from parsers.native_logs.copilot_events import RECORDS, Reading, interruptions, start, take
from parsers.native_logs.copilot_tools import tool_uses

PROVIDER = "github_copilot"


def read(
    files: Sequence[LogFile],
    *,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    session_ids: Sequence[str] = (),
) -> NativeLog:
    """Read one session's events; sub-agents' are among them."""
    tally, window = Tally(), Window(aware(started_at), aware(ended_at))
    reading = Reading(aware(started_at))
    for file in files:
        if isinstance(file, Path) and file.suffix != ".jsonl":
            continue  # workspace.yaml
        for record, line in json_records(file, RECORDS, tally):
            if record.type == "session.start":
                start(record.data, reading)
            if window.holds(record.timestamp):
                tally.saw(record.timestamp)
                reading.origin = reading.origin or record.timestamp
                seconds = seconds_between(reading.origin, record.timestamp)
                if not take(record, seconds, reading):
                    tally.not_understood(line, seconds)
    found = list(tool_uses(reading.calls.values(), [at for at, _ in reading.aborts]))
    events = [*reading.events, *found, *interruptions(reading, found)]
    return NativeLog(
        events=(*in_order(sorted(events, key=lambda e: e.seconds or 0.0)), *tally.kept),
        provider_version=reading.version,
        model=reading.model,
        native_session_ids=tuple(dict.fromkeys(reading.session_ids)),
        cwd=reading.context.get("cwd"),
        git_branch=reading.context.get("branch"),
        started_at=tally.first_at,
        ended_at=tally.last_at,
        records=tally.records,
        unknown_records=tally.unknown,
        problems=tally.all_problems(PROVIDER, understood=len(events)),
    )


def candidates(places: Places, *, since: datetime | None = None) -> Iterator[Candidate]:
    """List the sessions below `$COPILOT_HOME` (0.0.4xx and later), `$XDG_STATE_HOME/.copilot` or `~/.copilot`."""
    default = places.folder("XDG_STATE_HOME", "") / ".copilot"
    roots = dict.fromkeys((places.folder("COPILOT_HOME", str(default)), default, places.home / ".copilot"))
    for root in roots:
        state = root / "session-state"
        for file in sorted((*state.glob("*/events.jsonl"), *state.glob("*.jsonl"))):
            found = _candidate(file)
            if found is not None and (since is None or found.last_at is None or found.last_at >= since):
                yield found


def _candidate(file: Path) -> Candidate | None:
    try:
        last_at = from_epoch(file.stat().st_mtime)
        with file.open("rb") as lines:
            start = decode(RECORDS, lines.readline())
    except (OSError, *UNDECODABLE):
        return None
    identity = start.data.get("sessionId") or (file.parent.name if file.name == "events.jsonl" else file.stem)
    context = start.data.get("context")
    cwd = context.get("cwd") if isinstance(context, dict) else None
    return Candidate(
        session_id=str(identity),
        files=(file,),
        cwd=cwd if isinstance(cwd, str) else None,
        started_at=start.timestamp,
        last_at=last_at,
    )
