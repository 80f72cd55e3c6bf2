"""What the blocks of Qwen Code's screen mean, where it differs from Gemini CLI's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from parsers.screens import gemini_blocks
from parsers.screens.evidence import complete_names
from parsers.screens.prose import said
from parsers.screens.table import Block, Place, Reader, Reading, Row
from parsers.screens.wrapping import unwrap, width
from parsers.session import Category, Error, ErrorKind, Event, Note, NoteKind, ToolUse

_REFUSED = re.compile(r"(?m)^ *✕\ufe0e? {1,2}(?P<text>\[API Error: .*\])")
_JSON = re.compile(r'\{".*"\}')  # whole arguments
_CLAUSE = re.compile(r"(?:^|, )(?P<verb>[Ss]earched|[Rr]ead|[Ll]isted) (?=\S)")
_COUNTED = re.compile(r"(?P<count>\d{1,3}) (?:files?|patterns?|director(?:y|ies))$")
_MORE = re.compile(r"\.\.\. and (?P<count>\d{1,3}) more$")
_VERBS = {
    "searched": ("Grep", Category.SEARCH),
    "read": ("ReadFile", Category.READ),
    "listed": ("ListFiles", Category.SEARCH),
}


def tool(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a call as Gemini's, its title whole."""
    title, rest = _title(block)
    first = replace(block.rows[0], fields={**block.fields, "input": title})
    yield from gemini_blocks.tool(replace(block, rows=(first, *rest)), reading)


def _title(block: Block) -> tuple[str, list[Row]]:
    """Give the title with the rows that it goes on in, and the rows below it.

    It goes on while a quotation or a here-document is open, and where a row had no room for the next word; in a box it
    is cut instead. What follows a here-document is told from its output only by the description at its end.
    """
    title, above = block.fields.get("input", ""), block.rows[0]
    boxed = "│" in above.line.text[:4]
    rows = list(block.rows[1:])
    while rows and (rows[0].kind == "output" or rows[0].place is Place.BLANK) and not _JSON.fullmatch(title):
        text = rows[0].fields.get("text", "").strip()
        last = above.line.text[-(width(above.line.text) % above.line.cols) :]  # the terminal may have wrapped it, too
        joined = unwrap([last, rows[0].line.text], above.line.cols, prose=False)
        if not boxed and len(joined) == 1:
            title += joined[0][len(last) :]
        elif gemini_blocks.goes_on(title) and not title.endswith("…"):
            title = f"{title}\n{text}"
        else:
            break
        above = rows.pop(0)
    ends_bare = "<<" in title and "\n" in title and not title.endswith((")", "…"))
    return f"{title}…" if ends_bare else title, rows


def group(block: Block, reading: Reading) -> Iterator[Event]:
    """Read several calls on one line: `Searched 'subtotal' in ., read app/pricing.py, README.md, ... and 2 more`."""
    shown = said(block, reading, kinds=("output", "more"))
    ok = gemini_blocks.MARKS.get(block.fields["mark"])
    starts = [*_CLAUSE.finditer(shown)]
    ends = [found.start() for found in starts[1:]] + [len(shown)]
    for found, end in zip(starts, ends, strict=True):
        name, category = _VERBS[found["verb"].lower()]
        for given in _given(shown[found.end() : end]):
            yield ToolUse(
                name=name,
                category=category,
                input={"input": given} if given else {},
                files=(given,) if given and category is Category.READ else (),
                ok=ok,
                start_seconds=block.seconds,
            )


def _given(clause: str) -> list[str]:
    """Give what each call of a clause was given, an empty text where only their number is known."""
    counted = _COUNTED.fullmatch(clause)
    if counted:
        return [""] * int(counted["count"])
    given: list[str] = []
    for item in clause.split(", "):
        more = _MORE.fullmatch(item)
        given += [""] * int(more["count"]) if more else [item]
    return given


def resume(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the id with which the session can be resumed."""
    yield Note(kind=NoteKind.RESUME_ID, text=block.fields["session"], seconds=block.seconds)


READERS: Mapping[str, Reader] = {
    **gemini_blocks.READERS,
    "tool": tool,
    "group": group,
    "resume": resume,
}


def finish(events: list[Event], reading: Reading) -> list[Event]:
    """Complete file names, and add the API errors that only stood until the next prompt (before 0.2x)."""
    passed = [
        Error(kind=ErrorKind.API_ERROR, text=found["text"], seconds=passing.first_seconds)
        for passing in reading.transcript.passing
        for found in _REFUSED.finditer(passing.text)
    ]
    events = complete_names(events, reading)
    return sorted([*events, *passed], key=lambda event: event.seconds or 0.0) if passed else events
