"""Gemini CLI's screen: bars and boxes, marks that do not tell failures, what was cancelled and how."""

from __future__ import annotations

import pytest

from parsers.screens.evidence import rejoin
from parsers.screens.gemini_blocks import without_description
from parsers.session import Category, ErrorKind, NoteKind, Stopped, Totals
from tests.screens.showing import errors, ink, notes, of, prompts, show, texts, tools

BAR_ABOVE, BAR_BELOW = "▄" * 100, "▀" * 100
TOP, BOTTOM = "╭" + "─" * 98 + "╮", "╰" + "─" * 98 + "╯"


def typed(*lines: str) -> str:
    """Draw a submitted prompt between its bars."""
    return "\n".join((BAR_ABOVE, f" > {lines[0]}", *(f"   {line}" for line in lines[1:]), BAR_BELOW, ""))


def boxed(mark: str, tool: str, given: str, *output: str) -> str:
    """Draw a tool with its output in a box."""
    head = f"│ {mark}  {ink('1', tool)} {given}"
    return "\n".join((TOP, head, "│", *(f"│ {line}".ljust(99) + "│" for line in output), BOTTOM, ""))


def test_prompts_are_whole_and_the_input_box_is_none() -> None:
    """Continuation lines belong to the prompt; the box at the bottom has the same bars below a line and the mode."""
    live = "\n".join(("─" * 100, " Shift+Tab to accept edits", BAR_ABOVE, " >   draft", BAR_BELOW, ""))
    reading = show(typed("clean up:", "- build output"), "✦ Done.\n", live, provider="gemini_cli")
    assert prompts(reading) == ["clean up:\n- build output"]
    assert texts(reading) == ["Done."]


def test_commands_for_the_program_are_no_prompts() -> None:
    """A slash command that the model never answers is a note; a custom one that it answers is a prompt."""
    reading = show(typed("/close-issue 583"), "✦ Looking.\n", typed("/quit"), provider="gemini_cli")
    assert prompts(reading) == ["/close-issue 583"]
    assert notes(reading, NoteKind.SLASH_COMMAND) == ["/quit"]


@pytest.mark.parametrize(
    ("command", "output", "ok", "code"),
    [
        ("gh issue view 583", "/usr/bin/bash: line 4: gh: command not found", False, 127),
        ("pytest -q", "1 failed, 2 passed in 0.04s", False, 1),
        ("pytest -q", "3 passed in 0.04s", None, None),
        ("pytest -q | tail -1", "1 failed, 2 passed in 0.04s", None, None),
    ],
)
def test_a_checked_command_may_have_failed(command: str, output: str, ok: bool | None, code: int | None) -> None:
    """The mark ✓ is drawn for commands that failed (0.61); what the output proves counts, the rest is unknown."""
    (tool,) = tools(show(boxed("✓", "Shell", command, output), provider="gemini_cli"))
    assert (tool.command, tool.ok, tool.exit_code, tool.output) == (command, ok, code, output)


def test_consecutive_calls_share_a_box() -> None:
    """Each header in a box is a call of its own with its own output."""
    rows = (
        TOP,
        f"│ ✓  {ink('1', 'Shell')} git status",
        "│ clean",
        "│",
        f"│ ✓  {ink('1', 'Shell')} ls",
        "│ app",
        BOTTOM,
    )
    reading = show("\n".join(rows), provider="gemini_cli")
    assert [(tool.command, tool.output) for tool in tools(reading)] == [("git status", "clean"), ("ls", "app")]


def test_tools_on_one_line() -> None:
    """Compact tools name their file and say after the arrow what came of it; bare names get the path read before."""
    lines = [
        f"  ✓  {ink('1', 'ReadFile')}  app/pricing.py",
        f"  ✓  {ink('1', 'SearchText')}  'subtotal' → Found 6 matches",
        f"  ✓  {ink('1', 'Edit')}  pricing.py → Accepted (+1, -2)",
        f"  x  {ink('1', 'WriteFile')}  b.md → Failed",
    ]
    found = tools(show("\n".join(lines), provider="gemini_cli"))
    assert [tool.category for tool in found] == [Category.READ, Category.SEARCH, Category.EDIT, Category.WRITE]
    assert [tool.ok for tool in found] == [True, True, True, False]
    edit = found[2]
    assert (edit.files, edit.lines_added, edit.lines_removed) == (("app/pricing.py",), 1, 2)


def test_a_call_stopped_in_its_dialog_was_denied() -> None:
    """The notice follows the call: it never began."""
    reading = show(boxed("-", "Shell", "rm -rf build"), "ℹ Request cancelled.\n", provider="gemini_cli")
    assert [tool.stopped for tool in tools(reading)] == [Stopped.DENIED]
    assert errors(reading) == []


def test_a_running_call_that_was_stopped_was_interrupted() -> None:
    """The notice comes first, then the call: it had begun."""
    reading = show("ℹ Request cancelled.\n", boxed("-", "Shell", "sleep 30"), provider="gemini_cli")
    assert [tool.stopped for tool in tools(reading)] == [Stopped.INTERRUPTED]
    assert errors(reading) == []


def test_a_cancelled_answer_is_an_interruption() -> None:
    """Without a call beside it the notice says that an answer was cut short."""
    reading = show(typed("explain"), "✦ It adds up\n", "ℹ Request cancelled.\n", provider="gemini_cli")
    assert errors(reading) == [ErrorKind.INTERRUPTED]


@pytest.mark.parametrize(
    ("shown", "command"),
    [
        ("git status (Show working tree status)", "git status"),
        ('git commit -m "Fix (fixes #583)"', 'git commit -m "Fix (fixes #583)"'),
        ("make && (cd docs; make)", "make && (cd docs; make)"),
        ("ls [current working directory /w] (List)", "ls"),
        ("git status [current working directory /w] (Shows wor…", "git status"),
        ("git status [current wor…", "git status"),
        ("git status (Shows wor…", "git status"),
        ('echo "a (Big…', 'echo "a (Big…'),
    ],
)
def test_descriptions_are_no_part_of_a_command(shown: str, command: str) -> None:
    """Before 0.40 the description follows the command; a group that a shell would run stays."""
    assert without_description(shown) == command


def test_the_sheet_at_the_end() -> None:
    """The last sheet gives the session's id and its tokens; /stats shows the same sheet and counts for nothing."""
    row = "│  gemini-2.5-pro                    11       151,546            10           421        │"
    stats = "\n".join((TOP, "│  Session Stats", row, BOTTOM, ""))
    session = "│  Session ID:    6feb9c7e-ca71-4b33-b144-123ec3123071"
    last = "\n".join((TOP, "│  Agent powering down. Goodbye!", session, row, BOTTOM, ""))
    reading = show(typed("/stats"), stats, typed("/quit"), last, provider="gemini_cli")
    (totals,) = of(reading, Totals)
    assert (totals.tokens.input, totals.tokens.cache_read, totals.tokens.output) == (151_546, 10, 421)
    assert reading.native_session_id == "6feb9c7e-ca71-4b33-b144-123ec3123071"


def test_each_attempt_of_a_print_run_is_an_api_error() -> None:
    """`-p` prints every attempt with a stack trace, which is no answer."""
    trace = "_ApiError: {}\n    at main (file.js:1:2) {\n  status: 500\n}\n"
    first = f"Attempt 1 failed with status 500. Retrying with backoff... {trace}"
    reading = show(first, "Attempt 2 failed: {}. Max attempts reached\n", argv=["gemini", "-p", "what is this?"])
    assert errors(reading) == [ErrorKind.API_ERROR] * 2
    assert (reading.provider, prompts(reading), texts(reading)) == ("gemini_cli", ["what is this?"], [])


def test_no_colours() -> None:
    """Without any pens the shapes alone are enough."""
    rows = (typed("go"), "✦ On it.\n", TOP, "│ ✓  Shell git status", "│ clean", BOTTOM, "")
    reading = show("\n".join(rows), provider="gemini_cli")
    assert [tool.command for tool in tools(reading)] == ["git status"]
    assert texts(reading) == ["On it."]


def test_a_prompt_on_a_coloured_ground() -> None:
    """Where colours are too few for bars of half blocks the prompt has a background; so has the input box."""
    shown = f"{ink('48;5;234', ' > go' + ' ' * 90)}\n✦ Done.\n"
    live = "─" * 100 + f"\n{ink('48;5;234', ' > draft' + ' ' * 80)}\n"
    reading = show(shown, live, provider="gemini_cli")
    assert (prompts(reading), texts(reading)) == (["go"], ["Done."])


def test_a_dialog_broken_where_a_row_is_just_full() -> None:
    """The space between two words is gone where the first just fits; a word that is wider than the box has none."""
    assert rejoin(["git add . &&", "git commit"], 12) == "git add . && git commit"
    assert rejoin(["cat abcdefgh", "ijk"], 12) == "cat abcdefghijk"


def test_the_banner_of_a_narrow_screen() -> None:
    """What stands beside the logo elsewhere stands below it, and the tips are wrapped: nothing of it is an answer."""
    banner = " ▝▜▄\n   ▝▜▄\n  ▗▟▀\n ▝▀\n\n Gemini CLI v0.61.0\n\n Authenticated with gemini-api-key /auth\n\n"
    tips = "Tips for getting started:\n1. Create GEMINI.md files to customize your\ninteractions\n2. /help for more\n"
    reading = show(banner + tips, "✦ Hello.\n")
    assert (reading.provider, reading.provider_version, reading.unknown_lines) == ("gemini_cli", "0.61.0", 0)
    assert texts(reading) == ["Hello."]


def test_a_command_that_is_cut_stands_in_its_dialog_above_the_question() -> None:
    """Before 0.40 a dialog had no box of its own for the command, and was narrower than the screen."""
    begin = "git log --oneline --decorate -n 5 && git status --short && echo 'a"
    top, bottom = TOP.replace("─" * 20, "", 1), BOTTOM.replace("─" * 20, "", 1)
    rows = (f"?  {ink('1', 'Shell')} {begin} l…  ←", "", f"  {begin}", "  long command'", "")
    asked = (*rows, "Allow execution of: 'git, echo'?", "● 1. Yes, allow once")
    inner = "\n".join(f"│ {row}".ljust(79) + "│" for row in asked)
    ran = f"\x1b[9A\x1b[J{top}\n│ ✓  {ink('1', 'Shell')} {begin} l…\n{bottom}\n"
    frames = ((0.0, typed("go")), (1.0, f"{top}\n{inner}\n{bottom}\n"), (3.0, ran), (4.0, "✦ Done.\n"))
    assert [tool.command for tool in tools(show(*frames, provider="gemini_cli"))] == [f"{begin} long command'"]


def test_a_call_that_failed_without_the_interface() -> None:
    """Only failures are said there (0.61), and they are no part of the answer."""
    reading = show("Error executing tool read_file: File not found.\nDone.\n", argv=["gemini", "-p", "go"])
    assert [(tool.name, tool.category, tool.ok) for tool in tools(reading)] == [("read_file", Category.READ, False)]
    assert texts(reading) == ["Done."]


def test_a_read_that_vanishes_has_failed() -> None:
    """A file that cannot be read is shown only until it was tried (0.61); one that was read stays."""
    name = ink("1", "ReadFile")
    pending = f"  o  {name}  a.py\n  o  {name}  missing.txt\n  o  {name}  long/pa…\n"
    done = f"\x1b[3A\x1b[J  ✓  {name}  a.py → Read 3 lines\n✦ Done.\n"
    reading = show((0.0, typed("go")), (1.0, pending), (2.0, done), provider="gemini_cli")
    assert sorted((tool.files, tool.ok) for tool in tools(reading)) == [(("a.py",), True), (("missing.txt",), False)]
