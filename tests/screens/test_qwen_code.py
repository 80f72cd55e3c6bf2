"""Qwen Code's screen: what stands at the margin, titles that wrap, calls gathered on one line, older layouts."""

from __future__ import annotations

import pytest

from parsers.reading import ScreenReading
from parsers.session import Category, ErrorKind, Stopped, Totals
from tests.screens.showing import errors, ink, of, prompts, show, texts, tools

BANNER = "  ┌─────────────────────────┐\n  │ >_ Qwen Code (v0.24.4)  │\n  └─────────────────────────┘\n\n"


def qwen(*parts: str) -> ScreenReading:
    """Read a session of Qwen Code's present layout."""
    return show("".join((BANNER, *parts)))


def call(mark: str, tool: str, given: str, *output: str) -> str:
    """Draw a call without a box: its title at the margin, what belongs to it two columns further."""
    return "\n".join((f"  {mark} {ink('1', tool)} {given}", *(f"    {line}" for line in output), ""))


def test_a_session_without_boxes() -> None:
    """Prompts, answers and calls stand at the margin of two columns; the description behind a command is none of it."""
    reading = qwen(
        "  > close-issue 583\n\n",
        "  ◆\ufe0e I look at it.\n",
        call("✓", "Shell", "git status (Show the status)", "clean"),
    )
    assert (reading.provider, reading.provider_version) == ("qwen_code", "0.24.4")
    assert (prompts(reading), texts(reading)) == (["close-issue 583"], ["I look at it."])
    assert [(tool.command, tool.output) for tool in tools(reading)] == [("git status", "clean")]


def test_answers_imitate_nothing() -> None:
    """What an answer quotes is indented further than anything that the program draws itself."""
    reading = qwen("  > go\n\n", "  ◆\ufe0e Look:\n\n    > not typed\n\n", f"    ✓ {ink('1', 'Shell')} rm -rf build\n")
    assert (prompts(reading), tools(reading)) == (["go"], [])


def test_a_failed_call_is_shown_with_its_arguments() -> None:
    """A call that failed shows JSON instead of its title, over several rows if need be, and the status in words."""
    shown = call(
        "x", "Shell", '{"command":"ls \\"no folder\\"","description":"d"}', "Output: ls: cannot", "Exit Code: 2"
    )
    (tool,) = tools(qwen("  > go\n\n", shown))
    assert (tool.command, tool.ok, tool.exit_code) == ('ls "no folder"', False, 2)


@pytest.mark.parametrize("given", ['{"command":"a \\"$(cat <<\'E\'\\nb', '{"command":"a \\', '{"command":"\\u12', "{"])
def test_arguments_that_are_cut_raise_nothing(given: str) -> None:
    """JSON that ends anywhere is read as far as it goes."""
    assert len(tools(qwen("  > go\n\n", call("x", "Shell", f"{given}…", "Blocked")))) == 1


def test_titles_are_whole() -> None:
    """A title goes on while a quotation is open, and where the next word had no room (100 columns)."""
    lines = 'git commit -m "one', "two", '" (Commit it)'
    long = "echo " + "word " * 14 + "(Says a very"
    (commit, echo) = tools(
        qwen("  > go\n\n", call("✓", "Shell", *lines), call("✓", "Shell", long, "long word)", "out"))
    )
    assert commit.command == 'git commit -m "one\ntwo\n"'
    assert (echo.command, echo.output) == ("echo " + "word " * 13 + "word", "out")


def test_a_title_that_breaks_a_path() -> None:
    """A word that is wider than its row goes on without a space; whole arguments do not go on."""
    path = "/home/dev/" + "folder/" * 12 + "a.py"
    given = f'{{"file_path":"{path}"}}'
    shown = call("x", "ReadFile", given[:87], given[87:], "File not found")
    assert [tool.files for tool in tools(qwen("  > go\n\n", shown))] == [(path,)]
    full = '{"command":"' + "x" * 70 + '"}'
    (tool,) = tools(qwen("  > go\n\n", call("x", "Shell", full, "Command: something", "Exit Code: 1")))
    assert (tool.command, tool.output) == ("x" * 70, "Command: something\nExit Code: 1")


def test_titles_with_a_here_document() -> None:
    """A title goes on up to the document's end; without a description there, what follows it may be output."""
    lines = ("cat > a.txt <<'EOF'", "one", "EOF")
    whole, open_end = tools(
        qwen("  > go\n\n", call("✓", "Shell", *lines[:2], "EOF (Write it)", "out"), call("✓", "Shell", *lines, "out"))
    )
    assert (whole.command, whole.output) == ("\n".join(lines), "out")
    assert open_end.command == "\n".join(lines) + "…"


def test_a_call_that_still_runs() -> None:
    """The arrow behind the title of the call that is at work is none of it."""
    assert [tool.command for tool in tools(qwen("  > go\n\n", call("⊷", "Shell", "make (Build it) ←")))] == ["make"]


def test_boxes_whose_first_rows_are_out_of_view() -> None:
    """On a low screen banner and sheet begin anywhere: what is there of them is read."""
    banner = (
        "  │ API Key | mock-large (/model to change) │\n  │ ~/webapp                                │\n  └──────┘\n"
    )
    usage = "  │  mock-large (main)          13     1,300        260  │\n"
    sheet = f"  │  Performance                  │\n  │  Wall Time:    33.0s   │\n{usage}  ╰──────╯\n"
    resume = "  To continue this session, run qwen --resume\n  ca195826-59ac-4972-b64c-b85aca8e0898\n"
    reading = show(f"\x1b]0;Qwen - webapp\x07{banner}\n  > go\n\n  ◆\ufe0e Done.\n\n{sheet}{resume}")
    assert (reading.model, reading.cwd, reading.unknown_lines) == ("mock-large", "~/webapp", 0)
    assert reading.native_session_id == "ca195826-59ac-4972-b64c-b85aca8e0898"
    assert [event.tokens.input for event in of(reading, Totals)] == [1300]


def test_calls_gathered_on_one_line() -> None:
    """Reads and searches share a line; beyond the first ones only their number is said."""
    shown = f"  ✓ {ink('1', 'Searched')} 'tax' in ., read a.py, b.py, ... and 2 more\n"
    found = tools(qwen("  > go\n\n", shown))
    assert [tool.category for tool in found] == [Category.SEARCH, *[Category.READ] * 4]
    assert [tool.files for tool in found] == [(), ("a.py",), ("b.py",), (), ()]


def test_a_refused_command_never_ran() -> None:
    """The mark of a cancelled call, without a notice of a cancelled request, is a dialog that was declined."""
    (tool,) = tools(qwen("  > clean up\n\n", call("-", "Shell", "rm -rf build (Remove it)")))
    assert (tool.command, tool.stopped) == ("rm -rf build", Stopped.DENIED)


def test_the_input_box_is_no_prompt() -> None:
    """The input box is at the left edge between rules, its menu below them, both where the recording ends."""
    rule = "─" * 100 + "\n"
    assert prompts(qwen("  > go\n\n", rule, "> /mod\n", rule, "  > model [--fast]   Switch the model\n")) == ["go"]


def test_an_error_that_gave_way_to_the_next_prompt() -> None:
    """Before 0.2x an error of the API was erased when the next prompt came: it counts all the same."""
    refused = "  > go\n\n  ✕ [API Error: 400 no such model] (Press Ctrl+Y to retry)\n"
    reading = show((0.0, BANNER + refused), (2.0, "\x1b[1A\x1b[2K  > once more\n\n  ✦ Done.\n"))
    assert (errors(reading), prompts(reading)) == ([ErrorKind.API_ERROR], ["go", "once more"])


def test_the_layout_before_the_margin() -> None:
    """Up to 0.5 the screen was Gemini CLI's, without a banner: its shapes tell, whatever the recorder knew."""
    tool = f" ╭{'─' * 40}\n │ ✓  {ink('1', 'Shell')} git status (Show it)   │\n ╰{'─' * 40}\n"
    shown = "> go\n\n✦ I look.\n" + tool + "✦ Done.\n"
    for reading in (show("\x1b]0;Qwen - webapp\x07" + shown), show(shown, provider="qwen_code")):
        assert (reading.provider, prompts(reading)) == ("qwen_code", ["go"])
        assert [tool.command for tool in tools(reading)] == ["git status"]


@pytest.mark.parametrize(("title", "provider"), [("Qwen - webapp", "qwen_code"), ("Gemini - webapp", "gemini_cli")])
def test_the_screen_reader_mode(title: str, provider: str) -> None:
    """Flat text with a word before everything; `Error:` in an output names no tool."""
    rows = (
        "User:  go",
        "Model:  I look.",
        "Success: Shell git status",
        "Error: no upstream configured",
        'Error: Shell {"command":"false"}',
        "Exit Code: 1",
        "Canceled: Shell rm -rf build",
        "Success: ReadFile  a.py",
        "Model:  Done.",
    )
    reading = show(f"\x1b]0;{title}\x07" + "\n".join(rows) + "\n")
    assert (reading.provider, prompts(reading), texts(reading)) == (provider, ["go"], ["I look.", "Done."])
    assert [(tool.command, tool.ok) for tool in tools(reading)] == [
        ("git status", None), ("false", False), ("rm -rf build", False), (None, True),
    ]  # fmt: skip
    assert tools(reading)[-1].files == ("a.py",)
