"""Which past sessions to import: those in the assistants' logs that are new or grew, and that no wrapper recorded."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

import msgspec

from parsers.native_logs import Candidate, Places
from parsers.native_logs.base import Window, aware
from with_tracking import archive
from with_tracking.history_import import import_ledger
from with_tracking.upkeep import tombstones

SOURCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "claude": ("claude_code", "claude_code"),
        "codex": ("openai_codex", "openai_codex"),
        "gemini": ("gemini_cli", "gemini_cli"),
        "qwen": ("qwen_code", "qwen_code"),
        "opencode": ("opencode", "opencode"),
        "copilot": ("github_copilot", "github_copilot"),
        "llm": ("gpt", "llm"),
        "sgpt": ("gpt", "shell_gpt"),
        "aider": ("aider", "aider"),
    }
)
"""What can be imported: the name on the command line, the provider's tag, the module that lists its sessions."""

IN_FOLDERS = frozenset({"aider"})  # logs that lie in the projects: looked for where other sessions were


class Skip(StrEnum):
    """Why a session in a log is not imported."""

    UNCHANGED = "imported before, unchanged"
    RECORDED = "recorded by a wrapper"
    DELETED = "deleted here on purpose"
    EMPTY = "nothing in it"
    FAILED = "could not be read"


@dataclass(frozen=True, slots=True)
class Job:
    """A session to import. `key` names it for ever, `signature` changes when it grows."""

    source: str
    provider: str
    candidate: Candidate
    key: str
    signature: str
    session_id: str
    known: bool  # it was imported before


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, and how many sessions of each source are left out, and why."""

    jobs: tuple[Job, ...]
    skipped: Mapping[tuple[str, Skip], int]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A session that a wrapper recorded. `ids` are the assistant's own, empty if they are not known."""

    provider: str | None
    cwd: str | None
    window: Window
    ids: frozenset[str]


class _Read(msgspec.Struct):
    """The one field of parsed.json that is needed here."""

    native_session_id: str | None = None


def plan(names: Sequence[str], places: Places, root: Path, *, since: datetime | None = None) -> Plan:
    """Look through the logs of the sources named and decide."""
    recorded = list(_recorded(root))
    ledger = import_ledger.load(root)
    deleted = _deleted(root)
    problems: list[str] = []
    found: dict[str, list[Candidate]] = {}
    for name in sorted(names, key=lambda name: name in IN_FOLDERS):
        found[name] = list(_candidates(name, places, since, _folders(found, recorded, places), problems))
    jobs: list[Job] = []
    skipped: Counter[tuple[str, Skip]] = Counter()
    for name, candidates in found.items():
        times = Counter(file for candidate in candidates for file in candidate.files)
        for candidate in candidates:
            job = _job(name, candidate, ledger, shared=frozenset(f for f, n in times.items() if n > 1))
            before = ledger.get(job.key)
            if not deleted.isdisjoint({job.session_id, (job.provider, candidate.session_id)}):
                skipped[name, Skip.DELETED] += 1
            elif before is not None and before.signature == job.signature:
                skipped[name, Skip.UNCHANGED if before.session_id else Skip.EMPTY] += 1
            elif not job.known and any(_same(one, job) for one in recorded):
                skipped[name, Skip.RECORDED] += 1
            else:
                jobs.append(job)
    jobs.sort(key=lambda job: job.session_id)
    return Plan(tuple(jobs), MappingProxyType(dict(skipped)), tuple(problems))


def _deleted(root: Path) -> frozenset[str | tuple[str | None, str]]:
    """Return the sessions that must not come back: our ids, and the assistants' own with the provider."""
    stones = tombstones.load(root)
    own = {(stone.provider, each) for stone in stones for each in stone.native_session_ids}
    return frozenset(own | {stone.session_id for stone in stones})


def _candidates(
    name: str, places: Places, since: datetime | None, folders: Iterable[Path], problems: list[str]
) -> Iterator[Candidate]:
    """List the sessions of one source; a storage that cannot be read is a problem of its own."""
    reader = import_module(f"parsers.native_logs.{SOURCES[name][1]}")
    seen: set[tuple[str, tuple[Path, ...]]] = set()
    for where in (replace(places, cwd=folder) for folder in folders) if name in IN_FOLDERS else (places,):
        try:
            for candidate in reader.candidates(where, since=since):
                identity = (candidate.session_id, candidate.files)
                if identity not in seen:
                    seen.add(identity)
                    yield candidate
        except OSError as error:
            problems.append(f"{name}: {error}")


def _folders(found: Mapping[str, Sequence[Candidate]], recorded: Iterable[_Recorded], places: Places) -> list[Path]:
    """List the folders in which sessions of any assistant took place, and the home folder."""
    named = [candidate.cwd for candidates in found.values() for candidate in candidates]
    named += [one.cwd for one in recorded]
    folders = [places.home, *([places.cwd] if places.cwd else []), *(Path(cwd) for cwd in named if cwd)]
    return [folder for folder in dict.fromkeys(folders) if folder.is_dir()]


def _job(name: str, candidate: Candidate, ledger: Mapping[str, import_ledger.Entry], shared: frozenset[Path]) -> Job:
    provider = SOURCES[name][0]
    where = f"@{candidate.files[0].parent}" if name in ("aider", "sgpt") else ""  # their ids are unique in a folder
    key = f"{name}:{candidate.session_id}{where}"
    before = ledger.get(key)
    return Job(
        source=name,
        provider=provider,
        candidate=candidate,
        key=key,
        signature=_signature(candidate, shared),
        session_id=before.session_id if before and before.session_id else _session_id(key, candidate),
        known=before is not None and before.session_id is not None,
    )


def _session_id(key: str, candidate: Candidate) -> str:
    """Make the id that this session gets whenever it is imported: time, and a digest of the key."""
    at = aware(candidate.started_at or candidate.last_at) or datetime.fromtimestamp(0, UTC)
    return f"{at.astimezone(UTC):%Y%m%d-%H%M%S}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _signature(candidate: Candidate, shared: frozenset[Path]) -> str:
    """Say what the session's own files look like; in files that it shares with others, when it was last written to."""
    own = [file for file in candidate.files if file not in shared]
    if not own:
        return f"last written to {candidate.last_at.isoformat() if candidate.last_at else 'some day'}"
    hashed = hashlib.sha256()
    for file in own:
        try:
            stat = file.stat()
        except OSError:
            continue
        hashed.update(f"{file} {stat.st_size} {stat.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return hashed.hexdigest()[:32]


def _recorded(root: Path) -> Iterator[_Recorded]:
    """List what wrappers recorded."""
    for folder in archive.folders(root):
        header = archive.read_header(folder)
        if header is None or header.origin == "import":
            continue
        ended_at = header.ended_at
        if ended_at is None and not archive.is_recording(folder):  # its recorder died
            ended_at = datetime.fromtimestamp(archive.last_written(folder), UTC)
        window = Window(aware(header.started_at), aware(ended_at))
        yield _Recorded(header.provider, header.cwd, window, frozenset(native_ids(folder, header.provider)))


def native_ids(folder: Path, provider: str | None) -> Iterator[str]:
    """Yield the assistant's own ids of a recorded session: those in the copied log, and the one that was read."""
    try:
        read = msgspec.json.decode((folder / "parsed.json").read_bytes(), type=_Read)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        read = _Read()
    if read.native_session_id:
        yield read.native_session_id
    native = Places(home=folder / "native")
    if not native.home.is_dir():
        return
    for tag, module in SOURCES.values():
        if tag == provider:
            for candidate in import_module(f"parsers.native_logs.{module}").candidates(native):
                yield candidate.session_id


def _same(recorded: _Recorded, job: Job) -> bool:
    """Tell whether this is the recorded session: by its id, else by when and where it was."""
    if recorded.provider != job.provider:
        return False
    one = job.candidate
    same_place = one.cwd is None or recorded.cwd is None or one.cwd.rstrip("/") == recorded.cwd.rstrip("/")
    if one.session_id in recorded.ids:
        return same_place or job.source not in IN_FOLDERS
    if recorded.ids or recorded.window.started_at is None or one.started_at is None:
        return False
    return same_place and recorded.window.holds(one.started_at)
