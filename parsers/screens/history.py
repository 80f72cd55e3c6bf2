"""A resumed session draws its earlier conversation again: that is no news, and none of this session's events."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from parsers.argv_prompts import prompt_of
from parsers.screens.table import Block, Reading
from parsers.session import Prompt

_AT_ONCE = 1.0  # seconds: history is there before anybody can have typed
_FRAME = 0.02  # seconds


def new_blocks(reading: Reading) -> list[Block]:
    """Give the blocks without those that a resumed session drew at its start."""
    blocks = list(reading.blocks)
    if not blocks or not reading.screen.resumes.intersection(reading.argv[1:]):
        return blocks
    begin = _first_drawn(blocks, reading)
    end = max(number for number, block in enumerate(blocks) if block.seconds <= begin + _AT_ONCE) + 1
    given = prompt_of(reading.screen.provider, reading.argv)
    asked = [number for number, block in enumerate(blocks[:end]) if given and given in _prompts(block, reading)]
    return blocks[asked[-1] if asked else end :]


def _first_drawn(blocks: Sequence[Block], reading: Reading) -> float:
    """Tell when the history was drawn: what came before it, a warning or a question, may have taken its time.

    A prompt that is drawn with its answer was not typed just then.
    """
    for block, below in pairwise(blocks):
        if _prompts(block, reading):
            return block.seconds if below.seconds - block.seconds < _FRAME else blocks[0].seconds
    return blocks[0].seconds


def _prompts(block: Block, reading: Reading) -> list[str]:
    reader = reading.screen.readers.get(block.kind)
    return [event.text for event in reader(block, reading) if isinstance(event, Prompt)] if reader else []
