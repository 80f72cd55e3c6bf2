"""Copilot CLI's screen: prompts between bars, failures in words, what was aborted, the sheet at the end."""

from __future__ import annotations

from parsers.reading import ScreenReading
from parsers.session import Category, ErrorKind, NoteKind, Stopped, Totals
from tests.screens.showing import errors, ink, notes, of, prompts, show, texts, tools

ABOVE, BELOW = " " + "▄" * 98, " " + "▀" * 98


def typed(*lines: str) -> str:
    """Draw a submitted prompt between its bars, with the time of day at the right."""
    return "\n".join((ABOVE, f"  ❯ {lines[0].ljust(80)} 09:43", *(f"    {line}" for line in lines[1:]), BELOW, ""))


def call(mark: str, name: str, rest: str, *rows: str) -> str:
    """Draw a tool's line with the rows below it."""
    return "\n".join((f" {mark} {ink('1', name)} {rest}", *rows, "", ""))


def read(*parts: str) -> ScreenReading:
    """Read these parts as one screen of Copilot CLI."""
    return show("".join(parts), provider="github_copilot")


def test_prompts_without_the_time_of_day() -> None:
    """Continuation lines belong to the prompt, the clock does not."""
    reading = read(typed("clean up:", "- build output"), " ● Done.\n")
    assert (prompts(reading), texts(reading)) == (["clean up:\n- build output"], ["Done."])


def test_prompts_keep_their_indentation() -> None:
    """Further lines stand below the first letter of the first one, with or without a frame."""
    framed = typed("clean up:", "  - build output")
    bare = framed.replace("\n  ❯", "\n ❯").replace("\n    ", "\n   ")
    for drawn in (framed, bare):
        assert prompts(read(drawn, " ● Done.\n")) == ["clean up:\n  - build output"]


def test_a_file_of_an_unknown_type_has_a_green_bullet() -> None:
    """Where there are no letters for the type (1.0.102), the bullet of an answer stands; it is green, the name bold."""
    green = ink("32", "●")
    answer = f" {ink('34', '●')} {ink('1', 'Read')} it: 3 lines read\n\n"
    reading = read(call(green, "Read", "a.txt 2 lines read"), call(green, "Edit", "a.txt +1 -1"), answer)
    assert [(tool.category, tool.files, tool.ok) for tool in tools(reading)] == [
        (Category.READ, ("a.txt",), True), (Category.EDIT, ("a.txt",), True)
    ]  # fmt: skip
    assert texts(reading) == ["Read it: 3 lines read"]


def test_failures_are_said() -> None:
    """✗ is a failure, with the exit code if there is room for it; a finished call without it went well."""
    found = tools(
        read(
            call("$", "Shell", "Show status 2 lines…", "   git status"),
            call("✗", "Shell", "View issue not found Failed with exit code 127", "   gh issue view 583"),
            call("✗", "Shell", "F..  ======", "   pytest -q"),
            call("✗", "Read", "missing.txt Path does not exist"),
        )
    )
    assert [tool.command for tool in found] == ["git status", "gh issue view 583", "pytest -q", None]
    assert [(tool.ok, tool.exit_code) for tool in found] == [(True, 0), (False, 127), (False, None), (False, None)]


def test_aborted_in_its_dialog_is_denied() -> None:
    """The cancelled confirmation tells that the command never ran; the notice below adds no error."""
    why = (f"   {ink('1', 'Approval check')}", "     └ - Confirmation cancelled for shell command (rm)")
    aborted = call("✗", "Shell", "Remove output Operation aborted by user", "   rm -rf build", *why)
    reading = read(aborted, " ● Operation cancelled by user\n")
    assert [(tool.command, tool.stopped) for tool in tools(reading)] == [("rm -rf build", Stopped.DENIED)]
    assert errors(reading) == []


def test_a_cancelled_answer_is_an_interruption() -> None:
    """Without a call beside it the notice is an error of its own."""
    assert errors(read(typed("explain"), " ● It adds\n\n ● Operation cancelled by user\n")) == [ErrorKind.INTERRUPTED]


def test_files_and_changed_lines() -> None:
    """Reads, edits and new files are told apart by the tool's name."""
    edits = call("PY", "Edit", "pricing.py +3 -1"), call("MD", "Create", "NEW.md +5")
    found = tools(read(*edits, call("/", "Search", '"x" 6 lines found')))
    assert [tool.category for tool in found] == [Category.EDIT, Category.WRITE, Category.SEARCH]
    assert (found[0].files, found[0].lines_added, found[0].lines_removed) == (("pricing.py",), 3, 1)
    assert (found[1].files, found[1].lines_added) == (("NEW.md",), 5)


def test_the_sheet_counts_once() -> None:
    """The sheet stands on the full screen and after it: its tokens are one total."""
    resume = "Resume     copilot --resume=4f566319-a2b3-4aea-b556-162cdd70ea4c\n"
    sheet = f"Changes    +6 -1\nDuration   17s\nTokens     ↑ 151.3k • ↓ 331\n{resume}"
    reading = read(sheet, "\n", sheet)
    assert [(t.tokens.input, t.tokens.output) for t in of(reading, Totals)] == [(151_300, 331)]
    assert notes(reading, NoteKind.RESUME_ID)[-1] == reading.native_session_id


def test_retries_are_api_errors() -> None:
    """Each retry that is shown is one, and so is the end of all of them."""
    retry = "● Request failed due to a transient API error. Retrying...\n\n"
    end = "Failed to get response from the AI model; retried 2 times Last error: 500\n"
    reading = show(retry, retry, end, argv=["copilot", "-p", "what is this?"])
    assert errors(reading) == [ErrorKind.API_ERROR] * 3
    assert (reading.provider, prompts(reading)) == ("github_copilot", ["what is this?"])


def test_the_menu_of_the_input_box_is_no_answer() -> None:
    """What is being typed is shown below an answer with what it may go on as; the box has rules at the left edge."""
    menu = "  ❯ /exit\n    /exit print  Print the session after exiting\n\n"
    box = f"{'─' * 100}\n❯ /exit [print]\n{'─' * 100}\n"
    notice = ' ! Model "mock-large" is not in the built-in catalog. Using defaults for: prompt tokens\n   and more\n\n'
    reading = read(notice, typed("go"), " ● Done.\n\n", menu, box)
    assert (prompts(reading), texts(reading), reading.unknown_lines) == (["go"], ["Done."], 0)


def test_notices_and_paths_that_a_narrow_screen_breaks() -> None:
    """A retry is told by its first row; a path goes on where the dialog's row is full."""
    retry = " ● Request failed due to a transient API error.\n   Retrying...\n\n"
    dialog = "│ Do you want to edit /home/dev/work │\n│ /webapp/app/pricing.py?            │\n╰────────╯\n"
    edited = "\x1b[3A\x1b[J" + call(ink("32", "●"), "Edit", "pricing.py +1 -1")
    reading = show((0.0, typed("go") + retry), (1.0, dialog), (3.0, edited), provider="github_copilot")
    assert (errors(reading), texts(reading), reading.unknown_lines) == ([ErrorKind.API_ERROR], [], 0)
    assert [tool.files for tool in tools(reading)] == [("/home/dev/work/webapp/app/pricing.py",)]


def test_a_command_that_is_wrapped_in_a_pipe() -> None:
    """Where there is no terminal the program takes a hundred columns (1.0.102); the reader's are more."""
    begin = "git log --oneline --decorate --graph --all -n 5 && git status --short --branch && echo 'a long"
    shown = f"● {ink('1', 'Look')} (shell)\n  │ {begin}\n  │ command'\n  └ 10 lines…\n\nDone.\n"
    assert [tool.command for tool in tools(show(shown, argv=["copilot", "-p", "go"], cols=1000))] == [
        f"{begin} command'"
    ]
