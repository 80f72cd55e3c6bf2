"""Lines of an answer that look as if somebody had typed them: plain programs have no other sign of a prompt.

A person takes a while to begin, and the model to answer; what is printed comes with the lines around it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from parsers.screens.table import Block, Place, Row

if TYPE_CHECKING:
    from parsers.terminal import Line, Transcript

KEY = "^C"  # the terminal's echo
_FENCE = "```"
_WAITS = (1.0, 0.5)  # seconds: nobody begins to type and is answered faster than both
_ANYONE = (0.3, 0.3)  # the same for a program that nobody knows: it may prompt below a blank line, and answer at once
_PRINTED = 100  # letters a second: the least at which answers come
_WORDS = 3  # of a row that is drawn twice: shorter ones may be said twice
_TEXT, _PLAIN = "text", "plain"
_SAID = frozenset({_TEXT, _PLAIN, "answer"})
_PROMPTS = frozenset({"prompt", "multi"})
_IN_CODE = frozenset({"prompt", "command", "tool", "error", "interrupted"})  # what code may look like


def whole(blocks: Sequence[Block], transcript: Transcript) -> list[Block]:
    """Put the pieces of answers together into which lines that look typed split them."""
    return _joined(blocks, _quotations(blocks, transcript.lines), transcript.lines)


def whole_in_chat(blocks: Sequence[Block], transcript: Transcript) -> list[Block]:
    """Do so for llm, which prompts directly below an answer, and not at all before it has said that a chat begins."""
    if any(line.text.startswith("Chatting with ") for line in transcript.lines):
        return _joined(blocks, _quotations(blocks, transcript.lines, pace=_PRINTED), transcript.lines)
    return _joined(blocks, {block.index for block in blocks if block.kind == "prompt"}, transcript.lines)


def whole_code(blocks: Sequence[Block], transcript: Transcript) -> list[Block]:
    """Do so for shell-gpt, whose sign of a prompt stands in no prose."""
    quoted = _quotations(blocks, transcript.lines, pace=_PRINTED, in_prose=False)
    return [_drawn_once(block) for block in _joined(blocks, quoted, transcript.lines)]


def _drawn_once(block: Block) -> Block:
    """Take the first row off an answer that was drawn anew below it, and put back the key that made rich do so.

    The terminal's echo of Ctrl-C goes to the row below the last one, where the redrawing covers it.
    """
    first, again = (row.line.text for row in block.rows[:2]) if len(block.rows) > 1 else ("", "")
    if block.kind != _TEXT or len(first.split()) < _WORDS or not again.startswith(first):
        return block
    last = block.rows[-1]
    return replace(block, rows=(*block.rows[1:], replace(last, line=structs.replace(last.line, text=KEY), fields={})))


def whole_of_anyone(blocks: Sequence[Block], transcript: Transcript) -> list[Block]:
    """Do so for a program that nobody knows. One that names who speaks prompts with no other sign."""
    found = _quotations(blocks, transcript.lines, waits=_ANYONE) | _in_code(blocks)
    answering = False
    for block in blocks:
        sign = block.rows[0].line.text[0] if block.kind == "prompt" else ""
        if answering and sign and not sign.isalpha():
            found.add(block.index)
        elif block.kind not in _SAID:
            answering = False
        if block.kind == "answer":
            answering = any(other.kind == "prompt" and other.rows[0].line.text[0].isalpha() for other in blocks)
    return _joined(blocks, found, transcript.lines)


def _in_code(blocks: Sequence[Block]) -> set[int]:
    """Find the blocks that stand within a code fence of an answer that was printed with them."""
    found: set[int] = set()
    in_code, seconds = False, 0.0
    for block in blocks:
        in_code = in_code and block.seconds - seconds < _WAITS[1]
        if in_code and block.kind in _IN_CODE:
            found.add(block.index)
        if block.kind in _SAID or block.index in found:
            in_code ^= sum(row.line.text.lstrip().startswith(_FENCE) for row in block.rows) % 2 == 1
            seconds = block.rows[-1].line.seconds
    return found


def _quotations(
    blocks: Sequence[Block],
    lines: Sequence[Line],
    *,
    waits: tuple[float, float] = _WAITS,
    pace: float = math.inf,
    in_prose: bool = True,
) -> set[int]:
    """Find the prompts that only look typed: they come with the lines around them, where an answer may have them.

    That is in its code, where a paragraph begins, and directly below a prompt. `pace` are the letters a second that an
    answer comes in, infinite where a prompt may stand there just as well; `waits` the seconds that are left for typing.
    """
    places = {id(line): number for number, line in enumerate(lines)}
    found: set[int] = set()
    in_code = False
    typed = -2
    for block in blocks:
        line = block.rows[0].line
        if block.kind in _PROMPTS:
            place = places[id(line)]
            above = lines[place - 1].text if place else ""
            answers = in_prose and pace < math.inf and typed == block.index - 1 and above
            may_be = in_code or (in_prose and (not above or above[:1] == line.text[:1]))
            if block.kind == "prompt" and (answers or (may_be and _came_along(lines, place, waits, pace))):
                found.add(block.index)
            else:
                in_code, typed = False, block.index
        if block.kind in _SAID or block.index in found:
            in_code ^= sum(row.line.text.lstrip().startswith(_FENCE) for row in block.rows) % 2 == 1
    return found


def _came_along(lines: Sequence[Line], place: int, waits: tuple[float, float], pace: float) -> bool:
    """Tell whether a line came as fast after the one above, and the one below as fast after it, as an answer comes.

    Below the last line of an answer somebody may have typed. A recording without times tells nothing.
    """
    if lines[0].seconds == lines[-1].seconds:
        return False
    line = lines[place]
    above = next((lines[n] for n in range(place - 1, -1, -1) if lines[n].text), None)
    below = next((lines[n] for n in range(place + 1, len(lines)) if lines[n].text), None)
    return (
        above is not None
        and below is not None
        and line.seconds - above.seconds < waits[0] + len(above.text) / pace
        and (
            below.seconds - line.seconds < waits[1] + len(line.text) / pace
            or (pace < math.inf and lines[place + 1].text[:1] == line.text[:1])
        )
    )


def _joined(blocks: Sequence[Block], quoted: set[int], lines: Sequence[Line]) -> list[Block]:
    """Make one answer of each quotation and the texts around it."""
    if not quoted:
        return list(blocks)
    places = {id(line): number for number, line in enumerate(lines)}
    joined: list[Block] = []
    goes_on = False
    for block in blocks:
        is_quoted = block.index in quoted
        if joined and joined[-1].kind in _SAID and (is_quoted or (goes_on and block.kind in (_TEXT, _PLAIN))):
            begin, end = places[id(joined[-1].rows[-1].line)] + 1, places[id(block.rows[-1].line)] + 1
            more = [Row(line, "more", Place.PART, {}) for line in lines[begin:end]]
            joined[-1] = replace(joined[-1], rows=(*joined[-1].rows, *more))
        elif is_quoted:
            joined.append(Block(_TEXT, tuple(replace(row, kind=_TEXT, fields={}) for row in block.rows)))
        else:
            joined.append(block)
        goes_on = is_quoted or (goes_on and block.kind in (_TEXT, _PLAIN))
    return [replace(block, index=number) for number, block in enumerate(joined)]
