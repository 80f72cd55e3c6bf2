"""The line below each of aider's answers: its tokens, and what the session has cost so far."""

from __future__ import annotations

import re

from parsers.amounts import amount, whole
from parsers.screens.aider_blocks import together
from parsers.screens.table import Reading
from parsers.session import Event, Tokens, Totals

_COUNTS = re.compile(
    r"Tokens: (?P<input>[\d.,]+[kM]?) sent(?:, (?P<cache_write>[\d.,]+[kM]?) cache write)?"
    r"(?:, (?P<cache_read>[\d.,]+[kM]?) cache hit)?, (?P<output>[\d.,]+[kM]?) received\."
    r"(?: Cost: \$[\d.,]+ message, \$(?P<cost>[\d.,]+) session\.)?"
)


def finish(events: list[Event], reading: Reading) -> list[Event]:
    """Add the sums of the lines after each answer."""
    blocks = [block for block in reading.blocks if block.kind == "tokens"]
    counted = [found.groupdict() for block in blocks if (found := _COUNTS.match(together(block.rows)))]
    if not counted:
        return events
    tokens = Tokens()
    for counts in counted:
        tokens += Tokens(**{name: whole(counts[name]) for name in Tokens.__struct_fields__ if counts.get(name)})
    costs = [cost for counts in counted if (cost := amount(counts["cost"])) is not None]
    return [*events, Totals(tokens=tokens, cost_usd=costs[-1] if costs else None, seconds=blocks[-1].seconds)]
