"""A session folder → everything that can be read from it: events, Session, transcript.

The only reader module that touches the disk: it fetches the bytes and hands them through the pure ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from parsers.log_transcript import transcript_of
from parsers.native_logs import read_native
from parsers.native_logs.base import Hints, NativeLog, seconds_between
from parsers.native_logs.finding import Found, find_log
from parsers.quoted_words import words_of
from parsers.reading import ScreenReading
from parsers.reconcile import reconcile
from parsers.screens.own_patterns import OwnPatterns
from parsers.session import AssistantText, Detection, Event, ModelCall, Prompt, Session
from parsers.session_header import SessionHeader, Terminal
from parsers.summary import Facts, active_seconds, moment_after, summarise

Price = Callable[[Sequence[ModelCall]], tuple[float | None, tuple[str, ...]]]
"""Model calls → their cost in US dollars (None if not known), and warnings."""


@dataclass(frozen=True, slots=True)
class Personal:
    """What the person's settings add to reading: prices, procedures of their own by name, patterns of screen lines."""

    price: Price | None = None
    procedures: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    patterns: OwnPatterns = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a session folder holds: the Session, the events it adds up, and the readable transcript.

    `log` is where the assistant's own log was found; it may still be outside of the folder.
    """

    session: Session
    events: tuple[Event, ...]
    transcript: str
    log: Found = Found()  # noqa: RUF009  (frozen)


@dataclass(frozen=True, slots=True)
class _Screen:
    """What the recording gave: the reading, and the recording's own facts."""

    reading: ScreenReading
    facts: Facts


def read_folder(
    path: Path,
    *,
    provider: str | None = None,
    environ: Mapping[str, str] | None = None,
    personal: Callable[[SessionHeader], Personal] = lambda _: Personal(),
) -> Parsed:
    """Read a session folder, or a bare typescript file.

    `provider` overrules what session.json says and detection finds. The assistant's own log is looked for in the
    folder's `native/`, then in the places that `environ` tells (HOME and the assistants' variables); without `environ`
    only in the folder. `personal` gives the settings that hold for a session. Raises OSError if `path` is not there or
    not readable; anything else that is wrong is counted in the session's `parse`.
    """
    header, problems = _read_header(path)
    wanted = provider or (header.provider if header.provider != "generic" else None)
    own = personal(header)
    screen = _read_output(path, wanted, header, own.patterns)
    facts = replace(
        screen.facts, provider=wanted or screen.facts.provider, problems=(*problems, *screen.facts.problems)
    )
    if provider is None and header.provider:
        method = "log" if header.origin == "import" else "wrapper"
        facts = replace(facts, detection=Detection(method=method, confidence=1.0))
    found, log = _read_log(path, header, facts, screen.reading, environ)
    events = reconcile(screen.reading.events, log.events) if log else screen.reading.events
    if log:
        facts = _with_log(facts, log)
        header = _with_branch(header, log)
    calls = [e for e in events if isinstance(e, ModelCall)]
    cost_usd, warnings = own.price(calls) if own.price and calls else (None, ())
    session = summarise(
        events,
        header,
        replace(facts, problems=(*facts.problems, *warnings)),
        session_id=header.session_id or path.absolute().name,
        cost_usd=cost_usd,
        procedures=own.procedures,
    )
    transcript = transcript_of(events) if header.origin == "import" else screen.reading.transcript
    return Parsed(session, events, transcript, found)


def _read_header(path: Path) -> tuple[SessionHeader, tuple[str, ...]]:
    """Return session.json, an empty header where there is none, and what was wrong with it."""
    file = path / "session.json"
    try:
        fields = msgspec.json.decode(file.read_bytes())
        if isinstance(fields, dict) and isinstance(fields.get("argv"), str):
            fields["argv"] = words_of(fields["argv"])  # one line, as other programs write commands
        return msgspec.convert(fields, SessionHeader), ()
    except (FileNotFoundError, NotADirectoryError):
        return SessionHeader(), ()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        return SessionHeader(), (f"session.json cannot be read: {error}",)


def _read_output(path: Path, provider: str | None, header: SessionHeader, patterns: OwnPatterns) -> _Screen:
    """Read what the assistant printed: to a terminal, or into pipes."""
    if path.is_dir() and not (path / "typescript").exists():
        return _read_pipes(path, provider, header, patterns)
    return _read_typescript(path if path.is_file() else path / "typescript", provider, header, patterns)


def _read_typescript(file: Path, provider: str | None, header: SessionHeader, patterns: OwnPatterns) -> _Screen:
    """Read an interactive session."""
    from parsers.recording import read_recording
    from parsers.screen_events import read_screen
    from parsers.streams import read_json_recording
    from parsers.terminal import read_transcript

    data = file.read_bytes()
    size = header.terminal
    recording = read_recording(data, _bytes(file.with_name("timing.log")), rows=size.rows, cols=size.cols)
    argv = header.argv or words_of(recording.command or "")
    reading = read_json_recording(recording, provider=provider, argv=argv) or read_screen(
        read_transcript(recording), provider=provider, argv=argv, patterns=patterns
    )
    facts = _facts(reading, len(data))
    return _Screen(
        reading,
        replace(
            facts,
            started_at=recording.started_at,
            duration_seconds=recording.duration_seconds,
            active_seconds=active_seconds(chunk.seconds for chunk in recording.chunks),
            exit_code=recording.exit_code,
            terminal=Terminal(rows=recording.rows, cols=recording.cols, term=recording.term),
            argv=argv,
            problems=recording.problems,
        ),
    )


def _read_pipes(path: Path, provider: str | None, header: SessionHeader, patterns: OwnPatterns) -> _Screen:
    """Read a session whose output went into pipes; a folder with no output at all is an empty session."""
    from parsers.streams import read_streams

    out, err = _bytes(path / "stdout.txt"), _bytes(path / "stderr.txt")
    problems = ("nothing was recorded",) if out is None and err is None and header.origin != "import" else ()
    reading = read_streams(out or b"", err or b"", provider=provider, argv=header.argv, patterns=patterns)
    facts = _facts(reading, len(out or b"") + len(err or b""))
    return _Screen(reading, replace(facts, problems=problems))


def _facts(reading: ScreenReading, transcript_bytes: int) -> Facts:
    """Return what the reading says of the assistant."""
    return Facts(
        provider=reading.provider,
        detection=reading.detection,
        provider_version=reading.provider_version,
        client=reading.client,
        native_session_id=reading.native_session_id,
        model=reading.model,
        cwd=reading.cwd,
        transcript_bytes=transcript_bytes,
        unknown_lines=reading.unknown_lines,
    )


def _read_log(
    path: Path, header: SessionHeader, facts: Facts, reading: ScreenReading, environ: Mapping[str, str] | None
) -> tuple[Found, NativeLog | None]:
    """Find and read the assistant's own log, None if it keeps none or none belongs to this session."""
    started_at = header.started_at or facts.started_at
    ended = moment_after(started_at, facts.duration_seconds)
    ended_at = header.ended_at or (ended and ended.replace(microsecond=0))  # told to the second as starts are
    named = tuple(filter(None, (reading.native_session_id, header.native_session_id)))
    prompts = tuple(e.text for e in reading.events if isinstance(e, Prompt))
    answers = tuple(e.text for e in reading.events if isinstance(e, AssistantText))
    hints = Hints(session_ids=named, prompts=prompts, answers=answers, started_at=started_at, ended_at=ended_at)
    found = find_log(path, header, hints, environ, provider=facts.provider)
    if not found.files:
        return found, None
    log = read_native(
        facts.provider, found.files, started_at=started_at, ended_at=ended_at, session_ids=found.session_ids
    )
    return found, log if log.records else None


def _with_log(facts: Facts, log: NativeLog) -> Facts:
    """Return the facts with what the log knows better: the version, the model, the id."""
    return replace(
        facts,
        provider_version=log.provider_version or facts.provider_version,
        model=log.model or facts.model,
        native_session_id=log.native_session_ids[-1] if log.native_session_ids else facts.native_session_id,
        client=facts.client or log.client,
        cwd=facts.cwd or log.cwd,
        started_at=facts.started_at or log.started_at,
        duration_seconds=_first(facts.duration_seconds, seconds_between(log.started_at, log.ended_at)),
        unknown_records=log.unknown_records,
        problems=(*facts.problems, *log.problems),
    )


def _with_branch(header: SessionHeader, log: NativeLog) -> SessionHeader:
    """Take the branch from the log where the recorder did not note it."""
    if header.git.branch or not log.git_branch:
        return header
    return msgspec.structs.replace(header, git=msgspec.structs.replace(header.git, branch=log.git_branch))


def _first(recorded: float | None, logged: float | None) -> float | None:
    return logged if recorded is None else recorded


def _bytes(file: Path) -> bytes | None:
    """Return a file's content, None if there is none."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
