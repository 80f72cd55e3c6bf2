"""Numbers on a screen or in a log, and what only looks like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from parsers.amounts import amount, whole
from parsers.session import Error, Event, ModelCall, ToolUse, Totals
from tests.native_logs import test_aider as aider_log
from tests.screens.showing import of, show

HUGE = "9" * 5_000


@pytest.mark.parametrize(
    ("text", "number"),
    [("706", 706), ("1,234", 1_234), ("2.4k", 2_400), ("1.2M", 1_200_000), (" 0.0075", 0.0075)],
)
def test_amounts(text: str, number: float) -> None:
    """Thousands may be set apart or told by a letter."""
    assert amount(text) == pytest.approx(number)


@pytest.mark.parametrize("text", ["", ".", "...", "1.5.0", "k", "1kk", HUGE, None])
def test_what_is_no_number_is_not_known(text: str | None) -> None:
    """It raises nothing, however long it is."""
    assert amount(text) is None
    assert whole(text) is None


def test_aiders_screen_with_tokens_that_are_none() -> None:
    """An answer may begin like the line of tokens; the session is read all the same."""
    reading = show("> a\nTokens: ... sent, 1.2.3 received. Cost: $1.5.0 message, $. session.\n", provider="aider")
    assert [(totals.tokens.input, totals.tokens.output, totals.cost_usd) for totals in of(reading, Totals)] == [
        (None, None, None)
    ]


def test_aiders_log_with_tokens_that_are_none(tmp_path: Path) -> None:
    """Here it is a call of the model of which nothing is known."""
    told = aider_log.said("Tokens: ... sent, 1.2.3 received. Cost: $1.5.0 message, $1.5.0 session.")
    log = aider_log.read(tmp_path, aider_log.HEAD + aider_log.asked("a") + "One.\n\n" + told)
    assert [call.tokens.output for call in aider_log.of(log, ModelCall)] == [None]
    assert aider_log.of(log, Totals) == []


@pytest.mark.parametrize(
    ("provider", "lines"),
    [
        ("gemini_cli", f"Attempt {HUGE} failed with status 429.\n"),
        ("opencode", f"  overloaded [retrying in 2s attempt #{'9' * 12}]\n"),
        ("qwen_code", f" ✓  Read {'9' * 12} files, ... and {'9' * 12} more\n"),
        ("github_copilot", f"● Run\n  └ Failed with exit code {HUGE}\n"),
        ("gpt", f"Tool call: run({{}})\n  exit code: {HUGE}\n"),
    ],
)
def test_no_count_makes_as_many_events(provider: str, lines: str) -> None:
    """What is counted beyond reason is no count: reading takes neither for ever nor all memory."""
    events: list[Event] = list(show(lines, "\x1b[2J\x1b[H> b\n", provider=provider).events)
    assert len([event for event in events if isinstance(event, ToolUse | Error)]) < 5
