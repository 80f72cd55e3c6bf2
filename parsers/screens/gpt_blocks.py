"""What the blocks of the plain GPT clients' screens mean."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import msgspec

from parsers.screens.evidence import shell_outcome
from parsers.screens.quotations import KEY
from parsers.screens.table import Block, Place, Reader, Reading
from parsers.session import (
    AssistantText,
    Category,
    Error,
    ErrorKind,
    Event,
    Note,
    NoteKind,
    Prompt,
    Stopped,
    ToolUse,
)
from parsers.tool_calls import tool_use

_QUOTED = "▌ "  # so shell-gpt's markdown draws a quotation, which a call is
_STATUS = re.compile(r"exit (?:code|status):? (?P<code>-?\d{1,9})\b", re.IGNORECASE)
_OF_A_REQUEST = re.compile(
    r"(?:(?:openai|httpx|httpcore|litellm|requests|urllib3|aiohttp)\.[\w.]+|(?:API|HTTP|Connect|\w*Timeout|RateLimit"
    r"|Authentication|Permission|NotFound|BadRequest|InternalServer|ServiceUnavailable|gaierror)\w*): "
)
_NEXT_ARGUMENT = re.compile(r'", ?(?=\w+=")')


def prompt(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a submitted message, of one line or several."""
    yield Prompt(text=_lines(block), seconds=block.seconds)


def _lines(block: Block) -> str:
    """Give the text of the head and the lines below it, blank ones between them kept."""
    shown = [row.fields.get("text", "" if row.place is Place.BLANK else row.line.text) for row in block.rows]
    if block.kind == "multi" and "text" not in block.fields:
        shown = shown[1:]
    return "\n".join(shown).strip()


def slash(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command for the program itself."""
    yield Note(kind=NoteKind.SLASH_COMMAND, text=block.fields["text"], seconds=block.seconds)


def text(block: Block, reading: Reading) -> Iterator[Event]:
    """Read an answer; the terminal's echo of Ctrl-C may end it."""
    after = reading.following(block)
    ends = after.kind if after is not None else ""
    shown = _lines(block)
    said = shown.removesuffix(KEY).rstrip()
    cut = said != shown or ends in ("interrupt", "api_error")
    if said:
        yield AssistantText(text=said, seconds=block.seconds, cut=cut)
    if said != shown and ends != "interrupt":
        yield Error(kind=ErrorKind.INTERRUPTED, text=KEY, seconds=block.rows[-1].line.seconds)


def tool(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a call: its arguments, whether it was approved, and its result where it is shown."""
    if block.fields.get("before"):
        yield AssistantText(text=block.fields["before"].strip(), seconds=block.seconds)
    answer = _approval(block, reading)
    if answer == "y" and _shown_again(block, reading):
        return
    output = "\n".join(row.fields.get("text", "") for row in block.rows[1:] if row.kind == "output" or not row.kind)
    output = output.strip("\n")
    call = tool_use(
        block.fields["tool"], arguments_of(_arguments(block)), start_seconds=block.seconds, output=output or None
    )
    if answer is not None and answer != "y":
        call = msgspec.structs.replace(call, ok=False, stopped=Stopped.DENIED)
    elif output:
        call = msgspec.structs.replace(call, **_outcome(call, output))
    elif call.command and not _whole(block):
        call = msgspec.structs.replace(call, command=f"{call.command}…")
    yield call


def _whole(block: Block) -> bool:
    """Tell whether the closing parenthesis is shown: a blank line in a command ends what shell-gpt shows of it."""
    last = (block.of("arguments") or block.rows)[-1]
    return last.line.text.rstrip(" `").endswith(")")


def _arguments(block: Block) -> str:
    """Give what stands between the parentheses, wrapped rows joined."""
    rows = [block.rows[0], *block.of("arguments")]
    if len(rows) == 1:
        return block.fields["arguments"].removesuffix("`").removesuffix(")")
    room = block.rows[0].line.cols - len(_QUOTED)
    shown = [row.line.text.removeprefix(_QUOTED) for row in rows]
    joined = shown[0]
    for above, below in pairwise(shown):
        joined += below if _breaks_word(above, room) else f" {below}"
    return joined.split("(", 1)[-1].removesuffix("`").removesuffix(")")


def _breaks_word(above: str, room: int) -> bool:
    """Tell whether a row is full with a word that may not have fitted."""
    return len(above) >= room and " " not in above[room // 2 :]


def _approval(block: Block, reading: Reading) -> str | None:
    """Give the answer to the question below the call, None if there was none."""
    after = reading.following(block)
    return after.fields["answer"].lower()[:1] if after is not None and after.kind == "approval" else None


def _shown_again(block: Block, reading: Reading) -> bool:
    """Tell whether the call is shown once more with its result, after the question."""
    again = reading.blocks[block.index + 2 : block.index + 3]
    keys = ("tool", "arguments")
    return any(b.kind == "tool" and all(b.fields.get(k) == block.fields.get(k) for k in keys) for b in again)


def _outcome(call: ToolUse, output: str) -> dict[str, Any]:
    """Tell how a call ended: by the status that its result begins with, by what it says of an exception."""
    status = _STATUS.match(output)
    if call.category is Category.SHELL:
        return shell_outcome(call.command, output, int(status["code"]) if status else None)
    return {"ok": not re.match(r"(?:Error|Exception|Traceback)\b", output)}


def arguments_of(given: str) -> dict[str, Any]:
    """Read arguments as the clients print them: a dict in Python or JSON, or key="value" without any escaping."""
    try:
        value = ast.literal_eval(given)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        try:
            value = msgspec.json.decode(given)
        except msgspec.DecodeError:
            value = None
    if isinstance(value, dict):
        return {str(key): item for key, item in value.items()}
    pairs = (part.partition("=") for part in _NEXT_ARGUMENT.split(given))
    named = {
        key.strip(): value.removeprefix('"') for key, equals, value in pairs if equals and key.strip().isidentifier()
    }
    if named:
        last = list(named)[-1]
        return {**named, last: named[last].removesuffix('"')}
    words = str(value) if isinstance(value, str) else given.strip()
    return {"command": words, "path": words} if words else {}


def execute(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the choice to run the command that was suggested last."""
    if block.kind == "choice" and block.fields["answer"].lower() != "e":
        return
    command = _suggestion(block, reading)
    if command is None:
        return
    output = "\n".join(row.line.text for row in block.of("output")) or None
    yield ToolUse(
        name="shell", category=Category.SHELL, input={"command": command}, command=command, output=output,
        start_seconds=block.seconds, **shell_outcome(command, output),
    )  # fmt: skip


def _suggestion(block: Block, reading: Reading) -> str | None:
    """Give the answer to the last prompt that was not a choice: shell-gpt's is a command and nothing else."""
    found = None
    for other in reversed(reading.blocks[: block.index]):
        if other.kind in ("prompt", "multi"):
            break
        if other.kind == "text":
            found = _lines(other)
    return found


def interrupt(block: Block, reading: Reading) -> Iterator[Event]:
    """Read Ctrl-C in an answer."""
    if block.fields["text"].strip(" ^C"):
        yield AssistantText(text=block.fields["text"].strip(), seconds=block.seconds, cut=True)
    yield Error(kind=ErrorKind.INTERRUPTED, text="Aborted!", seconds=block.seconds)


def api_error(block: Block, reading: Reading) -> Iterator[Event]:
    """Read an answer that the API refused."""
    yield Error(kind=ErrorKind.API_ERROR, text=block.fields["text"], seconds=block.seconds)


def raised(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the error that a chain of tracebacks ends with: a request that failed, or the program itself."""
    after = reading.following(block)
    if after is not None and after.kind == "raised":
        return
    shown = " ".join(row.line.text.strip() for row in block.rows)
    if _OF_A_REQUEST.match(shown):
        yield Error(kind=ErrorKind.API_ERROR, text=shown, seconds=block.seconds)
    else:
        yield Note(kind=NoteKind.OTHER, text=shown, seconds=block.seconds)


READERS: Mapping[str, Reader] = {
    "prompt": prompt,
    "multi": prompt,
    "slash": slash,
    "text": text,
    "tool": tool,
    "execute": execute,
    "choice": execute,
    "interrupt": interrupt,
    "api_error": api_error,
    "raised": raised,
}
