"""Finding the log of one session among all that the assistant keeps, and keeping a copy of it.

The session's own folder comes first: what was copied there is read. Else the id that the screen or argv shows decides;
else the working directory, the time and the prompts. Several logs belong to one session if the conversation was
cleared: they follow each other in time, while sessions that run at once overlap.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from parsers.argv_prompts import prompt_of
from parsers.native_logs import reader_of
from parsers.native_logs.base import Candidate, Hints, Places, Reader, Window, aware
from parsers.session import AssistantText, Prompt
from parsers.session_header import SessionHeader

SESSION_ID = re.compile(r"(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|ses_\w{8,40})", re.IGNORECASE)
NOT_LETTERS = re.compile(r"[\W_]+")
SURE_LETTERS = 12  # so many equal letters at the start of two prompts are no accident
FRESH_SECONDS = 10.0  # a log that begins so soon after the session is its log, unless another fits better
NATIVE = "native"


@dataclass(frozen=True, slots=True)
class Found:
    """The files of a session's log. `session_ids` pick it out of files that hold other sessions too."""

    files: tuple[Path, ...] = ()
    session_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Search:
    """What is looked for. `expected` are the letters of its prompts; one must be in the log if they are `sure`.

    `answers` are the letters of what the assistant said: the same prompt may be given to two sessions at once, and one
    that came through a pipe is not on screen.
    """

    reader: Reader
    window: Window
    cwd: str | None
    expected: tuple[str, ...]
    sure: bool
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rated:
    """A candidate: its prompts of the session's time (letters only), how soon after the start it begins.

    `answered` tells how many of the session's answers it holds, None if it holds no answers at all; `below` that it
    was kept in a folder below the session's: a worktree that the assistant made.
    """

    one: Candidate
    logged: tuple[str, ...]
    distance: float
    answered: int | None
    below: bool

    def rank(self, expected: Sequence[str]) -> tuple[float, ...]:
        """Give the key by which what fits best comes first: its prompts tell most, then its answers, then the time."""
        return (-len(_common(expected, self.logged)), -(self.answered or 0), self.below, self.distance)


def find_log(
    folder: Path,
    header: SessionHeader,
    hints: Hints,
    environ: Mapping[str, str] | None,
    *,
    provider: str | None = None,
) -> Found:
    """Find the session's log in its folder's `native/`, else where `environ` says that the assistant keeps its logs.

    `provider` overrules the header's. Without `environ` only the folder is looked at.
    """
    reader = reader_of(provider or header.provider or "")
    if reader is None:
        return Found()
    window = Window(aware(header.started_at or hints.started_at), aware(header.ended_at or hints.ended_at))
    expected = tuple(_letters(text) for text in _with_argv(hints.prompts, header) or _spoken(header.argv))
    answers = tuple(letters for text in hints.answers if len(letters := _letters(text)) >= SURE_LETTERS)
    search = _Search(reader, window, header.cwd, expected, sure=bool(hints.prompts), answers=answers)
    ids = {*hints.session_ids, *(found for word in header.argv for found in SESSION_ID.findall(word))}
    copied = _files_below(folder / NATIVE)
    if copied:
        kept = Places(home=folder / NATIVE, cwd=Path(header.cwd) if header.cwd else None)
        return Found(copied, _choose(search, list(reader.candidates(kept)), ids).session_ids or tuple(sorted(ids)))
    if environ is None:
        return Found()
    places = Places.of(header, environ)
    found = _choose(search, list(reader.candidates(places, since=window.started_at)), ids)
    if not found.files and ids:  # a log brought back from elsewhere may carry an older time
        found = _choose(search, list(reader.candidates(places)), ids)
    return found


def _with_argv(prompts: Sequence[str], header: SessionHeader) -> tuple[str, ...]:
    """Give the prompts on screen, and before them the command line's if clearing has wiped it away."""
    given = prompt_of(header.provider or "", header.argv) if prompts else None
    missing = given is not None and not any(_same_prompt(_letters(given), _letters(text)) for text in prompts)
    return (given, *prompts) if given and missing else tuple(prompts)


def _spoken(argv: Sequence[str]) -> tuple[str, ...]:
    """Give the arguments that may be a prompt."""
    return tuple(word for word in argv[1:] if not word.startswith("-") and not SESSION_ID.fullmatch(word))


def _choose(search: _Search, candidates: Sequence[Candidate], ids: Iterable[str]) -> Found:
    """Choose the candidates that belong to the session: those named by id, and those that hold its other prompts."""
    wanted = set(ids)
    chosen = [one for one in candidates if one.session_id in wanted]
    pool = [_rated(search, one) for one in candidates if one not in chosen and _fits(search, one)]
    left = _without(search.expected, [prompt for one in chosen if pool for prompt in _rated(search, one).logged])
    for rated in sorted(pool, key=lambda rated: rated.rank(search.expected)):
        common = _common(left, rated.logged)
        if common or _may_belong(search, rated, chosen):
            chosen.append(rated.one)
            left = _without(left, rated.logged)
    chosen.sort(key=lambda one: one.started_at or datetime.min.replace(tzinfo=UTC))
    files = dict.fromkeys(file for one in chosen for file in one.files)
    return Found(tuple(files), tuple(one.session_id for one in chosen))


def _fits(search: _Search, one: Candidate) -> bool:
    """Tell whether a candidate is of the right folder and was written to during the session."""
    if one.cwd is not None and search.cwd is not None and not _in_folder(one.cwd, search.cwd):
        return False
    window = search.window
    if (
        window.ended_at is not None
        and one.started_at is not None
        and not Window(None, window.ended_at).holds(one.started_at)
    ):
        return False
    return window.started_at is None or one.last_at is None or one.last_at >= window.started_at


def _may_belong(search: _Search, rated: _Rated, chosen: Sequence[Candidate]) -> bool:
    """Tell whether a candidate that holds none of the prompts still missing is the session's log, or a part of it."""
    if chosen:
        follows = rated.one.cleared and not search.sure
        return follows and not any(_at_once(search, rated.one, other) for other in chosen)
    if search.window.started_at is None:
        return False
    if not search.sure:
        unanswered = rated.answered is None or not search.answers
        return bool(rated.answered) or (unanswered and not rated.below)
    return not rated.logged or rated.distance < FRESH_SECONDS


def _at_once(search: _Search, one: Candidate, other: Candidate) -> bool:
    """Tell whether two logs were written at the same time, so that they cannot be parts of one session."""
    (begins, ends), (other_begins, other_ends) = _span(search, one), _span(search, other)
    return begins < other_ends and other_begins < ends


def _span(search: _Search, one: Candidate) -> tuple[datetime, datetime]:
    """Give the time in which a log was written during the session."""
    started, last = search.window.started_at, one.last_at
    begins = max((at for at in (started, one.started_at) if at is not None), default=datetime.min.replace(tzinfo=UTC))
    return begins, last if last is not None else begins


def _rated(search: _Search, one: Candidate) -> _Rated:
    """Read a candidate's prompts of the session's time, and compare."""
    window = search.window
    log = search.reader.read(
        one.files, started_at=window.started_at, ended_at=window.ended_at, session_ids=(one.session_id,)
    )
    logged = tuple(_letters(event.text) for event in log.events if isinstance(event, Prompt))
    distance = float("inf")
    if window.started_at is not None and one.started_at is not None:
        distance = abs((one.started_at - window.started_at).total_seconds())
    said = tuple(_letters(event.text) for event in log.events if isinstance(event, AssistantText))
    answered = len(_common(search.answers, said)) if said else None
    below = None not in (one.cwd, search.cwd) and not _same_folder(one.cwd or "", search.cwd or "")
    return _Rated(one, logged, distance, answered, below)


def _common(expected: Sequence[str], logged: Sequence[str]) -> list[str]:
    """Give the expected prompts that a log holds, each of the log's prompts used once."""
    free, found = list(logged), []
    for prompt in expected:
        match = next((other for other in free if _same_prompt(prompt, other)), None)
        if match is not None:
            free.remove(match)
            found.append(prompt)
    return found


def _without(expected: Sequence[str], logged: Sequence[str]) -> tuple[str, ...]:
    """Give the expected prompts that a log does not account for."""
    left = list(expected)
    for prompt in _common(expected, logged):
        left.remove(prompt)
    return tuple(left)


def _same_prompt(seen: str, logged: str) -> bool:
    """Compare letters only; the screen may show a long prompt's beginning."""
    if not seen or not logged:
        return False
    short, long = sorted((seen, logged), key=len)
    return short == long or (len(short) >= SURE_LETTERS and long.startswith(short))


def _letters(text: str) -> str:
    return NOT_LETTERS.sub("", text).casefold()


def _same_folder(one: str, other: str) -> bool:
    """Compare two folders by name and, where they exist here, by what links lead to."""
    return one.rstrip("/") == other.rstrip("/") or os.path.realpath(one) == os.path.realpath(other)


def _in_folder(one: str, folder: str) -> bool:
    """Tell whether one is the folder, or lies in it."""
    return _same_folder(one, folder) or one.startswith(folder.rstrip("/") + "/")


def copy_native(found: Found, folder: Path, *, home: Path, provider: str | None = None) -> tuple[Path, ...]:
    """Copy a log into the session folder's `native/`, laid out as below the home folder; returns the copies.

    A later purge by the assistant then takes nothing. A copy is complete before it gets its name, and so is the first
    copy of all files. A reader may offer `extract(file, session_ids, target) -> bool`, which takes this session's part
    out of a file shared by many.
    """
    extract = getattr(reader_of(provider or ""), "extract", None)
    kept = folder / NATIVE
    into = kept if kept.exists() else folder / f".{NATIVE}"
    if into != kept:
        shutil.rmtree(into, ignore_errors=True)  # an interrupted copy
    copies = []
    for file in found.files:
        if file.is_relative_to(kept):
            continue
        target = into / _below(file, home)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = target.with_name(f"{target.name}.part")
        try:
            if extract is None or not extract(file, found.session_ids, part):
                shutil.copyfile(file, part)
            part.chmod(0o600)
            part.replace(target)
        except FileNotFoundError:  # -wal and -shm files come and go
            continue
        copies.append(kept / target.relative_to(into))
    if copies and into != kept:
        into.rename(kept)
    return tuple(copies)


def _below(file: Path, home: Path) -> Path:
    """Give the path below the home folder; a log kept elsewhere keeps its last folders."""
    return file.relative_to(home) if file.is_relative_to(home) else Path(*file.parts[1:][-5:])


def _files_below(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.endswith(".part")))
