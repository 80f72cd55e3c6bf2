"""A screen of an unknown program, and the demo's: the shared conventions."""

from __future__ import annotations

import re

import pytest

from parsers.screens.own_patterns import compiled
from parsers.session import Category, ErrorKind, NoteKind, Stopped
from tests.screens.showing import errors, ink, notes, prompts, show, texts, tools


@pytest.mark.parametrize(
    ("line", "name", "command"),
    [
        ("● Bash(git status)", "Bash", "git status"),
        (">>> exec: pytest -q", "exec", "pytest -q"),
        ("$ ls -la", "shell", "ls -la"),
        ("dev@host:~/webapp$ make test", "shell", "make test"),
    ],
)
def test_the_shared_notations_of_tools(line: str, name: str, command: str) -> None:
    """An unknown assistant still gets its shell commands, from each of the conventions."""
    reading = show(f"myassistant 0.1\n{line}\nsome output\n")
    assert (reading.provider, reading.detection.method) == ("generic", "generic")
    assert [(tool.name, tool.command, tool.output) for tool in tools(reading)] == [(name, command, "some output")]


def test_confidence_is_stated_and_low() -> None:
    """Nobody should take a guess for knowledge."""
    assert show("hello\n").detection.confidence < 0.5


def test_prompts_answers_and_errors() -> None:
    """Glyphs at the left edge open prompts and answers; errors are known by their words."""
    reading = show("> fix the bug\n\n• On it.\n\nError: 429 rate limit exceeded\n\n^C\n")
    assert prompts(reading) == ["fix the bug"]
    assert texts(reading) == ["On it."]
    assert errors(reading) == [ErrorKind.API_ERROR, ErrorKind.INTERRUPTED]


def test_what_the_output_proves_is_a_failure() -> None:
    """An exit code that is printed, or a shell's own complaint, makes a command fail; silence proves nothing."""
    reading = show("$ gh issue list\nbash: gh: command not found\n\n$ make\nexit code: 2\n\n$ true\n")
    assert [(tool.ok, tool.exit_code) for tool in tools(reading)] == [(False, 127), (False, 2), (None, None)]


def test_prose_is_no_tool() -> None:
    """A word about tools in the middle of a line is prose, and kept."""
    reading = show("I would call Function: x(y) here, or run $ ls.\n")
    assert tools(reading) == []
    assert "I would call Function" in reading.transcript


OWN = {
    "prompt": r"\[me\] (?P<text>.+)",
    "answer": r"\[it\] (?P<text>.+)",
    "command": r"exec\| (?P<input>.+)",
    "tool": r"call\| (?P<tool>\w+) (?P<input>.+)",
    "error": r"\?\? (?P<text>.+)",
    "ignore": r"~~",
}
ODD = "[me] fix it\n\n[it] On it.\n~~ 12 % ~~\nexec| make\nexit code: 2\n\ncall| Read a.py\n\n?? bad file\n"


def test_patterns_of_ones_own() -> None:
    """An assistant whose signs nobody knows is read by the person's own patterns; without them it is only text."""
    reading = show(ODD, patterns=OWN)
    assert (prompts(reading), texts(reading)) == (["fix it"], ["On it."])
    assert [(tool.name, tool.command, tool.ok) for tool in tools(reading)] == [
        ("shell", "make", False),
        ("Read", None, None),
    ]
    assert errors(reading) == [ErrorKind.TOOL_ERROR]
    assert "12 %" not in reading.transcript
    assert show(ODD).events == ()


def test_patterns_of_ones_own_beside_a_table() -> None:
    """They add to an assistant that has a table, which goes on reading everything else."""
    drawn = DEMO + demo_call("Bash(pytest -q)", "ok") + "exec| make\n"
    reading = show(drawn, provider="demo", patterns={"command": OWN["command"]})
    assert [tool.command for tool in tools(reading)] == ["pytest -q", "make"]


@pytest.mark.parametrize(
    ("name", "pattern", "reason"),
    [("answers", "x", "none of prompt"), ("prompt", "(", "no regular expression"), ("tool", "x", "(?P<tool>…)")],
)
def test_patterns_that_cannot_serve(name: str, pattern: str, reason: str) -> None:
    """A name nobody knows, a broken expression, a group that is missing: each is refused with its reason."""
    with pytest.raises(ValueError, match=re.escape(reason)):
        compiled(name, pattern)


DEMO = "Demo assistant v0.1.0\n  scripted\n\n"


def demo_call(call: str, *result: str, colour: str = "38;5;114") -> str:
    """Draw a call of the demo assistant."""
    first, *more = result
    return "\n".join([ink(colour, "●") + f" {call}", f"  ⎿  {first}", *(f"     {line}" for line in more), "", ""])


@pytest.mark.parametrize(
    ("call", "result", "category", "ok", "stopped"),
    [
        ("Bash(git status)", "## main", Category.SHELL, True, None),
        ("Bash(false)", "Error: Exit code 1", Category.SHELL, False, None),
        ("Bash(sleep 9)", "Interrupted by the user", Category.SHELL, False, Stopped.INTERRUPTED),
        ("Update(x.py)", "Denied by the user", Category.EDIT, False, Stopped.DENIED),
        ("Read(nope)", "Error: File does not exist: nope", Category.READ, False, None),
    ],
)
def test_the_demo(call: str, result: str, category: Category, ok: bool, stopped: Stopped | None) -> None:
    """The demo's results say in words how a call ended."""
    reading = show(DEMO + "❯ close-issue 583\n\n" + demo_call(call, result) + "● Done.\n\n❯ /help\n  ⎿  ask\n\n❯ \n")
    assert (reading.provider, reading.provider_version) == ("demo", "0.1.0")
    assert prompts(reading) == ["close-issue 583"]
    assert texts(reading) == ["Done."]
    assert notes(reading, NoteKind.SLASH_COMMAND) == ["/help"]
    assert [(t.category, t.ok, t.stopped) for t in tools(reading)] == [(category, ok, stopped)]


def test_leaving_a_program_interrupts_nothing() -> None:
    """Ctrl-C where nothing was going on ends the program."""
    assert errors(show("Welcome to the program.\n\n^C\n")) == []


def test_what_a_program_says_in_a_persons_place_is_no_prompt() -> None:
    """Gptme names the speaker before each message, and wraps what is its own and not the person's in a tag."""
    answer = "Assistant:\nLet me look.\n\n```shell\n    ls -la\n```\n"
    told = "User: <system>\nSystem: Ran allowlisted command: `ls -la`\n\nSystem:\n# Date\n"
    reading = show(f"User: what is it?\n{answer}{told}Assistant: A calculator.\nUser: <b>thanks</b>\n")
    assert prompts(reading) == ["what is it?", "<b>thanks</b>"]
    assert texts(reading) == ["Let me look.\n\n```shell\n    ls -la\n```", "A calculator."]


def test_quotations_in_an_answer_of_anyone() -> None:
    """What is printed with the lines around it was not typed, nor was what a fence of code has; slow lines were."""
    answer = "Look:\n\n> quoted\n> again\n\n```\n$ pytest -q\n● Bash(rm -rf build)\n```\nThat is all.\n"
    reading = show((0.0, "> go\n"), (1.0, answer), (3.0, "\n> more\n"), (3.1, "$ git status\nclean\n"))
    assert prompts(reading) == ["go", "more"]
    assert [tool.command for tool in tools(reading)] == ["git status"]


def test_a_program_that_names_who_speaks() -> None:
    """Its prompts have no other sign, so that an answer may quote; what it ran itself is a command (gptme 0.35)."""
    answer = "Assistant:\nIt says:\n> quoted, by and by\n"
    ran = "System: Ran command: `git status` · 0.3s · 1 line\n"
    failed = "System:\nRan command: `git push` · 0.3s · 2 lines\n\nReturn code: 1\n"
    reading = show((0.0, "User: go\n"), (1.0, answer), (3.0, "> and more\nDone.\n"), (5.0, ran + failed))
    assert prompts(reading) == ["go"]
    assert texts(reading) == ["It says:\n> quoted, by and by\n> and more\nDone."]
    assert [(tool.command, tool.ok, tool.exit_code) for tool in tools(reading)] == [
        ("git status", None, None), ("git push", False, 1),
    ]  # fmt: skip


def test_a_recording_without_times() -> None:
    """Where all came at once, nothing tells what was typed from what was printed."""
    assert prompts(show((0.0, "> go\n\nYes.\n\n> more\n\nDone.\n"))) == ["go", "more"]


def test_commands_for_a_program_that_nobody_knows() -> None:
    """A slash command that nothing answers is a note; one that is answered may be a prompt of the person's own."""
    reading = show((0.0, "User: /close-issue 583\n"), (1.0, "Assistant:\nLooking.\n"), (3.0, "User: /exit\n"))
    assert prompts(reading) == ["/close-issue 583"]
    assert notes(reading, NoteKind.SLASH_COMMAND) == ["/exit"]
