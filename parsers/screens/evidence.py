"""What screens leave to be inferred: who stopped a call, how a command ended, which file was meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

import msgspec

from parsers.amounts import whole
from parsers.command_outcomes import failure
from parsers.screens.table import Reading
from parsers.screens.wrapping import broken_word, width
from parsers.session import Error, ErrorKind, Event, Note, NoteKind, Stopped, ToolUse

_MARKED_NO = re.compile(r"(?m)^[│ ]*[❯›] (?:\d\. )?No\b")
_FULL_ROW = re.compile(r"(?<=\S) ?│\n *│ (?=\S)")  # of a box, which breaks paths anywhere
_LONG_ENOUGH = 8  # characters of a command by which a dialog's row is known
_AROUND = 1.5  # seconds: a dialog is gone, and what came of it is drawn, within this time


def was_asked(reading: Reading, start: float, end: float, question: re.Pattern[str]) -> bool:
    """Tell whether a dialog with this question was on the screen from after `start` until about `end`."""
    return any(
        passing.first_seconds >= start - _AROUND
        and abs(passing.last_seconds - end) <= _AROUND
        and question.search(passing.text)
        for passing in reading.transcript.passing
    )


def asked_and_answered(reading: Reading, question: re.Pattern[str], stops: Collection[str]) -> Iterator[Note]:
    """Read the dialogs that passed: what they were about, the question, and whether it was allowed.

    `question` has a group of that name; `stops` are the kinds of row that tell of a denial just after the dialog.
    """
    denied = [row.line.seconds for block in reading.blocks for row in block.rows if row.kind in stops]
    for passing in reading.transcript.passing:
        found = question.search(passing.text)
        if found:
            stopped = any(abs(passing.last_seconds - seconds) <= _AROUND for seconds in denied)
            answer = "denied" if stopped or _MARKED_NO.search(passing.text) else "allowed"
            above = (line.strip(" │╭╮─╌") for line in passing.text[: found.start()].split("\n"))
            about = next((line for line in above if line and not line.startswith(("⎿", "Tip:", "●"))), "")
            asked = f"{about}: {found['question']}" if about else found["question"]
            yield Note(kind=NoteKind.APPROVAL, text=f"{asked} → {answer}", seconds=passing.first_seconds)


def stopped_how(asked: bool) -> Stopped:
    """Tell denied from interrupted: what was stopped while the person was being asked never ran."""
    return Stopped.DENIED if asked else Stopped.INTERRUPTED


def shell_outcome(command: str | None, output: str | None, code: int | None = None) -> dict[str, Any]:
    """Give `ok` and `exit_code` of a command: by the status that was shown, else by what its output proves."""
    if code is not None:
        return {"ok": code == 0, "exit_code": code}
    failed, proven = failure(command or "", output or "")
    return {"ok": False, "exit_code": proven} if failed else {"ok": None, "exit_code": None}


def complete_names(events: Iterable[Event], reading: Reading) -> list[Event]:
    """Give bare file names the path under which the session named the file elsewhere.

    Some assistants show `Edit pricing.py` for app/pricing.py; they have read it by its path before, or asked for
    permission with it.
    """
    known: dict[str, str] = {}
    done: list[Event] = []
    for event in events:
        if isinstance(event, ToolUse) and event.files:
            files = tuple(known.get(path) or _asked_about(path, reading) or path for path in event.files)
            known |= {PurePosixPath(path).name: path for path in files if "/" in path}
            event = msgspec.structs.replace(event, files=files)
        done.append(event)
    return done


def _asked_about(name: str, reading: Reading) -> str | None:
    """Find the one path with this name that a dialog showed."""
    if "/" in name:
        return None
    path = re.compile(rf"(?<!\S)[~/]\S*/{re.escape(name)}(?=[\s?:,]|$)")
    shown = (_FULL_ROW.sub("", passing.text) for passing in reading.transcript.passing if name in passing.text)
    found = {match[0] for text in shown for match in path.finditer(text)}
    return found.pop() if len(found) == 1 else None


def retries(reading: Reading, counted: re.Pattern[str], *, running: int = 0) -> list[Error]:
    """Find the attempts that failed by what passed over the screen: its pattern has `attempt` and may have `text`.

    A line that changed its number stayed the same line, so a number counts for all below it. `running` attempts of
    that number had not failed yet.
    """
    found: list[Error] = []
    before = 0
    for passing in reading.transcript.passing:
        for match in counted.finditer(passing.text):
            failed = int(match["attempt"]) - running
            text = match.groupdict().get("text") or f"attempt {failed} failed"
            new = failed - before if failed > before else failed if passing.first_seconds > _until(found) else 0
            found += [Error(kind=ErrorKind.API_ERROR, text=text, seconds=passing.first_seconds)] * new
            before = failed
    return found


def _until(found: list[Error]) -> float:
    return (found[-1].seconds or 0.0) if found else 0.0


def rejoin(lines: Sequence[str], room: int) -> str:
    """Put together what a box broke at its width: `lines` without borders, `room` columns for each.

    A line goes on if its next word would not have fitted; other ends of lines are the text's own.
    """
    joined = lines[0] if lines else ""
    for above, below in pairwise(lines):
        word = below.split(" ", 1)[0]
        if width(above) + 1 + width(word) <= room or not word:
            joined += "\n" + below
        elif (width(above) >= room and broken_word(above, below, room)) or _hyphenated(above, below):
            joined += below
        else:
            joined += " " + below
    return joined


def _hyphenated(above: str, below: str) -> bool:
    """Tell whether a break is at a hyphen, of a word or of an option."""
    option = (above.endswith(" --") and below[:1].isalnum()) or (above.endswith(" -") and below.startswith("-"))
    return option or (above[-2:-1].isalnum() and above.endswith("-"))


def completed(cut: str, reading: Reading) -> str:
    """Give a command that the screen cut short as a dialog showed it, else as it is."""
    begin = cut.rstrip("….").strip()
    for passing in reading.transcript.passing:
        for line in passing.lines:
            shown = line.text.strip(" │┃|")
            if len(begin) >= _LONG_ENOUGH and shown.startswith(begin) and len(shown) > len(begin):
                return shown
    return cut


def changed(fields: Mapping[str, str]) -> dict[str, int | None]:
    """Give the lines that an edit added and removed, from fields of these names."""
    return {f"lines_{name}": whole(fields[name]) for name in ("added", "removed") if name in fields}
