"""opencode's screen: bars, struck-through calls, red ones, the input box, and its run mode."""

from __future__ import annotations

from parsers.reading import ScreenReading
from parsers.session import Category, ErrorKind, NoteKind, Stopped
from tests.screens.showing import errors, ink, notes, prompts, show, texts, tools

BLUE, DARK, RED, GREY = "38;2;92;156;245", "38;2;10;10;10", "38;2;224;108;117", "38;2;128;128;128"


def block(pen: str, *rows: str) -> str:
    """Draw rows behind a bar of this colour, with an empty row above and below."""
    bars = [f"  {ink(pen, '┃')}", *(f"  {ink(pen, '┃')}  {row}" for row in rows), f"  {ink(pen, '┃')}"]
    return "\n".join((*bars, "", ""))


def read(*parts: str) -> ScreenReading:
    """Read these parts as one screen of opencode."""
    return show("".join(parts), provider="opencode")


def test_prompts_stand_behind_the_agents_colour() -> None:
    """All rows of the block are the prompt; a dark bar is a tool's."""
    reading = read(block(BLUE, "clean up:", "- build output"), "     Done.\n\n", block(DARK, "$ ls", "", "app"))
    assert prompts(reading) == ["clean up:\n- build output"]
    assert texts(reading) == ["Done."]
    assert [(tool.command, tool.output) for tool in tools(reading)] == [("ls", "app")]


def test_the_input_box_is_no_prompt() -> None:
    """What stands on the edge of half blocks at the bottom was not submitted."""
    bar = ink(BLUE, "┃")
    box = f"  {bar}\n  {bar}  draft\n  {bar}\n  {bar}  Build · Mock Large\n  {ink(BLUE, '╹' + '▀' * 60)}\n"
    assert prompts(read(block(BLUE, "go"), "     Done.\n\n", box)) == ["go"]


def test_struck_through_is_rejected() -> None:
    """A call that was rejected in its dialog never ran."""
    (tool,) = tools(read(f"     {ink(GREY + ';9', '$ rm -rf build')}\n"))
    assert (tool.ok, tool.stopped, tool.command) == (False, Stopped.DENIED, "rm -rf build")


def test_a_wrapped_command_is_one_line() -> None:
    """The `$` before its first row takes room as well, so the next word did not fit."""
    rows = ('$ git add -A && git commit -qm "Add module" && git', "log --oneline -1", "", "a1b2c3d Add module")
    (tool,) = tools(show(block(DARK, *rows), provider="opencode", cols=60))
    assert tool.command == 'git add -A && git commit -qm "Add module" && git log --oneline -1'


def test_red_has_failed() -> None:
    """The pen of a call on one line tells its outcome (1.18)."""
    lines = (ink(GREY, "→ Read app/a.py"), ink(RED, "→ Read missing.txt"), ink(GREY, '✱ Glob "**/*.py"'))
    found = tools(read("".join(f"     {line}\n" for line in lines)))
    assert [(tool.category, tool.ok) for tool in found] == [
        (Category.READ, True), (Category.READ, False), (Category.SEARCH, True)
    ]  # fmt: skip
    assert found[1].files == ("missing.txt",)


def test_commands_fail_by_what_they_print() -> None:
    """No exit status is shown: the shell's own words are enough, silence is unknown."""
    failing = block(DARK, "$ gh issue view 583", "", "/bin/bash: line 1: gh: command not found")
    found = tools(read(failing, block(DARK, "$ git status --short", "", "(no output)")))
    assert [(tool.ok, tool.exit_code, tool.output) for tool in found] == [
        (False, 127, "/bin/bash: line 1: gh: command not found"), (None, None, None)
    ]  # fmt: skip


def test_edits_count_their_lines() -> None:
    """The difference below an edit tells lines added and removed; files written are told apart."""
    edit = block(DARK, "← Edit app/a.py", "", "   8   def f():", "   9 -     old", "   9 +     new", "  10 +     more")
    first, second = tools(read(edit, block(DARK, "# Wrote b.md", "", "  1 # B")))
    assert (first.files, first.lines_added, first.lines_removed) == (("app/a.py",), 2, 1)
    assert (second.category, second.files) == (Category.WRITE, ("b.md",))


def test_an_interrupted_turn_is_an_error() -> None:
    """The last line of a turn says that it was interrupted."""
    assert errors(read("     It adds\n\n     ▣  Build · Mock · 2.0s · interrupted\n")) == [ErrorKind.INTERRUPTED]
    assert errors(read("     It adds\n\n     ▣  Build · Mock · 2.0s\n")) == []


def test_sub_agents_and_tasks() -> None:
    """A sub-agent is one call; a list of tasks is one as well."""
    agent = f"     {ink('90', '✓ General Task — Find usages')}\n       ↳ 1 toolcall · 3.1s\n\n"
    found = tools(read(agent, block(DARK, "# Todos", "", "[ ] a")))
    assert [(tool.category, tool.name) for tool in found] == [(Category.TASK, "task"), (Category.TODO, "todowrite")]


def test_the_line_to_resume_with() -> None:
    """The id is printed after the full screen is left."""
    reading = read("  Session   Fix it\n  Continue  opencode -s ses_abc123\n")
    assert (reading.native_session_id, notes(reading, NoteKind.RESUME_ID)) == ("ses_abc123", ["ses_abc123"])


def test_run_mode() -> None:
    """`opencode run` prints the same signs at the left edge; the prompt is on the command line."""
    command = "$ gh issue view 583\nbash: line 1: gh: command not found\n\n"
    reading = show(
        f"> build · mock-large\n\n{command}→ Read app/a.py\n\nFixed.\n", argv=["opencode", "run", "close-issue 583"]
    )
    assert (reading.provider, prompts(reading), texts(reading)) == ("opencode", ["close-issue 583"], ["Fixed."])
    assert [(tool.category, tool.ok) for tool in tools(reading)] == [(Category.SHELL, False), (Category.READ, None)]


def test_retries_pass_over_the_screen() -> None:
    """The status line counts the attempts that failed: its last number stands for all before it."""
    status = "\r   ■■⬝⬝ Overloaded [retrying in {}s attempt #{}]   esc interrupt"
    frames = [f"{block(BLUE, 'go')}{status.format(2, 1)}", status.format(4, 2), "\r\x1b[2K     Done.\n"]
    assert errors(show(*frames, provider="opencode")) == [ErrorKind.API_ERROR] * 2


def test_calls_of_a_sub_agent_pass_below_its_line() -> None:
    """In the end they are only counted; while they ran each stood there by name."""
    running = "     ✓ General Task — Find usages\n"
    frames = [running, "       ↳ Read app/a.py", "\r\x1b[2K       ↳ 1 toolcall · 3.1s\n"]
    found = tools(show(*frames, provider="opencode"))
    assert [(tool.category, tool.files, tool.agent) for tool in found] == [
        (Category.TASK, (), None), (Category.READ, ("app/a.py",), "General")
    ]  # fmt: skip


def test_code_in_an_answer_is_no_call() -> None:
    """A call on one line is muted; an answer that shows the same signs is bright."""
    shown = f"     {ink('38;5;255', 'Run:')}\n\n     {ink('38;5;255', '$ git push')}\n     {ink('90', '→ Read a.py')}\n"
    assert [tool.name for tool in tools(read(shown))] == ["read"]


def test_a_command_goes_on_behind_an_empty_line() -> None:
    """An empty line in a command looks like the one below it: the end of the quotation tells."""
    rows = ("$ git commit -m \"$(cat <<'EOF'", "Add it", "", "With a body.", "EOF", ')"', "", "done")
    (tool,) = tools(read(block(DARK, *rows)))
    assert (tool.command or "").split() == " ".join(row.removeprefix("$ ") for row in rows[:6]).split()


def test_a_command_that_runs_as_its_page_is_turned() -> None:
    """What turns stands in the place of `$`, all rows beside it; it is the one that the next page has, if it has it."""
    running = block(DARK, "⠋ git log --oneline --all -n 5 && git status --", "  branch && echo a long command")
    (tool,) = tools(show(running, provider="opencode", cols=58))
    command = "git log --oneline --all -n 5 && git status --branch && echo a long command"
    assert (tool.command, tool.ok) == (command, None)
    done = block(DARK, "$ make", "", "built")
    assert [tool.output for tool in tools(read(block(DARK, "⠙ make"), done))] == ["built"]


def test_tools_at_the_top_of_a_page() -> None:
    """The first row of the bar may be out of view: its colour tells a tool from a prompt."""
    bar = f"  {ink(DARK, '┃')}  "
    assert [tool.files for tool in tools(read(f"{bar}← Edit app/a.py\n{bar}  1 + x\n"))] == [("app/a.py",)]
    assert prompts(read(f"  {ink(BLUE, '┃')}  $ is a sign\n")) == ["$ is a sign"]


def test_an_answer_below_the_output_of_a_run() -> None:
    """Output is printed with its call's line, blank lines and all; what comes below one later is an answer."""
    frames = (
        (0.0, "\n> build · mock-large\n"),
        (1.0, "\n$ ls -R\napp\n\napp/x:\na.py\n"),
        (1.5, "\nNow the change.\n"),
    )
    reading = show(*frames, (1.6, "\n← Edit app/a.py\n+x\n"), (2.0, "\nDone.\n"), argv=["opencode", "run", "go"])
    assert tools(reading)[0].output == "app\n\napp/x:\na.py"
    assert texts(reading) == ["Now the change.", "Done."]
