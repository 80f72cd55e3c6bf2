"""What may be kept of a session: its secrets masked everywhere, and no more content than the person wants.

Works on the session folder in place, before anything of it is logged: on what was read (returned masked), on the
recording, on the copy of the assistant's log and on session.json.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from parsers.session import AssistantText, Disagreement, Error, Event, Note, Prompt, Session, ToolUse, Unknown
from parsers.session_folder import Parsed
from parsers.session_header import SessionHeader
from with_tracking import archive
from with_tracking.config import Content, Privacy
from with_tracking.masking import Secrets, drawn_text, texts_of
from with_tracking.redaction import Redactor, Rule, built_in_rules, compile_own

WITHHELD = "withheld.json"
"""Names the recorded files of a session folder in which a secret could not be found: they are never logged."""
DROPPING = "dropping"
"""A file that is there from when a session is reduced until all recorded files are deleted."""
_ROOMS = ("native", "artifacts")
_OUTPUTS = ("typescript", "stdout.txt", "stderr.txt")


def protect(folder: Path, parsed: Parsed, privacy: Privacy) -> Parsed:
    """Mask secrets in the folder's recorded files and in what was read of them; of that drop unwanted content, too.

    Files are replaced whole, masks are as long as what they hide. Safe to repeat. `drop_content` is to follow as soon
    as what is returned was written: not before, or a crash between would lose the session.
    """
    redactor = redactor_of(privacy)
    files = list(_recorded(folder))
    contents = (_content(file) for file in files)
    read = (parsed.transcript, *texts_of([msgspec.to_builtins(item) for item in (parsed.session, *parsed.events)]))
    words = " ".join(parsed.session.argv)  # an option gives its value away
    secrets = Secrets.gather(redactor, (*read, words, *(str(file.relative_to(folder)) for file in files), *contents))
    if secrets:
        _mask_files(files, secrets)
        _mask_names(folder, secrets)
        parsed = _masked(parsed, secrets)
        parsed = _withhold(folder, parsed, secrets)
    return _reduced(folder, parsed, privacy.content)


def redactor_of(privacy: Privacy) -> Redactor:
    """Return the built-in rules with the person's own patterns and exceptions; a pattern that is none is left out."""
    own = [Rule(name, (), pattern) for name, text in privacy.patterns.items() if (pattern := _pattern(text))]
    allowed = [pattern for text in privacy.allow if (pattern := _pattern(text))]
    return Redactor((*own, *built_in_rules()), allowed)


def withheld(folder: Path) -> frozenset[str]:
    """Return the names of the folder's files that must not be logged."""
    try:
        return frozenset(msgspec.json.decode((folder / WITHHELD).read_bytes(), type=list[str]))
    except (OSError, msgspec.DecodeError):
        return frozenset()


def _pattern(text: str) -> Any:
    """Return a pattern that is as good as linear where it can be: one of a project's must not stop the reading."""
    try:
        return compile_own(text)
    except re.error:
        return None


def _recorded(folder: Path) -> Iterator[Path]:
    """Yield the files that the recorder, the assistant and a tracked procedure wrote."""
    for name in ("session.json", "timing.log", *_OUTPUTS):
        if (folder / name).is_file():
            yield folder / name
    for room in _ROOMS:
        yield from sorted(f for f in (folder / room).rglob("*") if f.is_file() and not f.is_symlink())


def _content(file: Path) -> str:
    text = file.read_bytes().decode("utf-8", "replace")
    return drawn_text(text) if file.name in _OUTPUTS else text


def _mask_files(files: Iterable[Path], secrets: Secrets) -> None:
    for file in files:
        data = file.read_bytes()
        masked = secrets.mask_bytes(data)
        if masked != data:
            archive.write_whole(file, masked)


def _mask_names(folder: Path, secrets: Secrets) -> None:
    """Rename what bears a secret: assistants name folders after the working directory."""
    paths = [path for room in _ROOMS for path in (folder / room).rglob("*")]
    for path in sorted(paths, reverse=True):  # what is in a folder before the folder
        name = secrets.mask_text(path.name)
        if name != path.name:
            path.rename(path.with_name(name))


def _masked(parsed: Parsed, secrets: Secrets) -> Parsed:
    return replace(
        parsed,
        session=secrets.mask_value(parsed.session),
        events=tuple(secrets.mask_value(event) for event in parsed.events),
        transcript=secrets.mask_text(parsed.transcript),
    )


# --- what could not be masked ---------------------------------------------------------------------------------------


def _withhold(folder: Path, parsed: Parsed, secrets: Secrets) -> Parsed:
    """Read the masked files again; those that still show a secret stay here, and the session says so."""
    showing = [name for name, texts in _readings(folder) if any(secrets.stand_in(text) for text in texts)]
    if not showing:
        (folder / WITHHELD).unlink(missing_ok=True)
        return parsed
    archive.write_whole(folder / WITHHELD, msgspec.json.encode(showing) + b"\n")
    said = f"a secret could not be masked in {', '.join(showing)}: kept in the session folder, not logged"
    parse = msgspec.structs.replace(parsed.session.parse, problems=(*parsed.session.parse.problems, said))
    return replace(parsed, session=msgspec.structs.replace(parsed.session, parse=parse))


def _readings(folder: Path) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield the recorded files with the texts that a reader sees in them."""
    from parsers.recording import read_recording
    from parsers.session_folder import read_folder
    from parsers.terminal import read_transcript

    if (folder / "typescript").is_file():
        size = (archive.read_header(folder) or SessionHeader()).terminal
        data = (folder / "typescript").read_bytes()
        shown = read_transcript(read_recording(data, None, rows=size.rows, cols=size.cols))
        yield "typescript", [line.text for line in shown.lines] + [passing.text for passing in shown.passing]
    for name in ("stdout.txt", "stderr.txt"):
        if (folder / name).is_file():
            yield name, [(folder / name).read_text("utf-8", "replace")]
    if (folder / "native").is_dir():
        yield "native", list(texts_of([msgspec.to_builtins(event) for event in read_folder(folder).events]))


# --- less than everything -------------------------------------------------------------------------------------------


def _reduced(folder: Path, parsed: Parsed, content: Content) -> Parsed:
    """Drop what the person does not want to keep, and the files that hold it."""
    if content is Content.FULL:
        return parsed
    archive.write_whole(folder / DROPPING, b"")
    if content is Content.METRICS_ONLY:
        return Parsed(_without_texts(_without_prompts(parsed.session)), (), "")
    kept = tuple(_wordless(event) for event in parsed.events if not isinstance(event, Prompt | AssistantText | Unknown))
    return Parsed(_without_prompts(parsed.session), kept, "")


def _wordless(event: Event) -> Event:
    """Return an event without what people, the model or its tools wrote in it."""
    if isinstance(event, ToolUse):
        return _tool_alone(event)
    if isinstance(event, Disagreement):
        return msgspec.structs.replace(event, screen="", native="")
    return msgspec.structs.replace(event, text="") if isinstance(event, Note | Error) else event


def _tool_alone(use: ToolUse) -> ToolUse:
    return msgspec.structs.replace(use, input={}, output=None)


def _without_prompts(session: Session) -> Session:
    """Return the session with commands, files and errors, but without prompts, answers, inputs and outputs."""
    return msgspec.structs.replace(
        session,
        argv=session.argv[:1],
        user_prompts=(),
        assistant_texts=(),
        tool_uses=tuple(map(_tool_alone, session.tool_uses)),
        errors=tuple(msgspec.structs.replace(error, text="") for error in session.errors),
    )


def _without_texts(session: Session) -> Session:
    """Return the numbers and names of a session alone."""
    return msgspec.structs.replace(
        session, tool_uses=(), commands=(), git_operations=(), files_read=(), files_edited=(), files_written=()
    )


def drop_content(folder: Path) -> None:
    """Delete the recording and the assistant's log of a session that is reduced; parsed.json holds what is kept.

    The caller holds the session's lock.
    """
    if not (folder / DROPPING).exists() or not (folder / "parsed.json").exists():
        return
    for file in _recorded(folder):
        if file.name != "session.json":
            file.unlink()
    for room in _ROOMS:
        shutil.rmtree(folder / room, ignore_errors=True)
    header = folder / "session.json"
    if header.is_file():
        fields = msgspec.json.decode(header.read_bytes(), type=dict[str, object])
        argv = fields.get("argv")
        fields["argv"] = argv[:1] if isinstance(argv, list) else []
        archive.write_whole(header, msgspec.json.encode(fields) + b"\n")
    (folder / WITHHELD).unlink(missing_ok=True)
    (folder / DROPPING).unlink()
