"""Claude Code's screen: what its glyphs, colours and places mean, version by version."""

from __future__ import annotations

import pytest

from parsers.session import Category, ErrorKind, NoteKind, Stopped, Totals
from tests.screens.showing import errors, ink, notes, of, prompts, show, texts, tools

GREEN, RED, GREY, WHITE = "38;5;114", "38;5;211", "38;5;246", "38;5;231"
BANNER = " ▐▛███▛█   Claude Code v2.1.328\n▝▜██████▀  Opus 5.5 · API Usage Billing\n ▝▝   ▝▝   /home/dev/webapp\n\n"
RULE = ink("38;5;244", "─" * 60) + "\n"
CURSOR_UP = "\x1b[{}A\x1b[J"


def typed(text: str) -> str:
    """Draw a submitted prompt: shaded, further lines indented."""
    first, *more = text.split("\n")
    rows = [ink(f"48;5;237;{GREY}", "❯ ") + ink(f"48;5;237;{WHITE}", first)]
    return "\n".join([*rows, *(ink(f"48;5;237;{WHITE}", f"  {line}") for line in more), "", ""])


def said(text: str) -> str:
    """Draw an answer."""
    return ink(WHITE, "●") + f" {text}\n\n"


def called(name: str, given: str, *result: str, colour: str = GREEN) -> str:
    """Draw a call with its result."""
    rows = [ink(colour, "●") + " " + ink("1", name) + f"({given})"]
    for number, line in enumerate(result):
        rows.append((ink(GREY, "  ⎿ ") if number == 0 else "    ") + f" {line}")
    return "\n".join([*rows, "", ""])


def test_the_banner_tells_version_model_and_folder() -> None:
    """What the program says of itself first is kept."""
    reading = show(BANNER + typed("hello"))
    assert (reading.provider, reading.provider_version, reading.model) == ("claude_code", "2.1.328", "Opus 5.5")
    assert (reading.cwd, reading.detection.method) == ("/home/dev/webapp", "banner")


@pytest.mark.parametrize(
    "banner",
    [
        "╭─ Claude Code ──────────╮\n│  Welcome back! │\n╰────────────────────────╯\n\n  /model to try Opus\n\n",
        " ✻ Welcome to Claude Code!\n\n   /help for help\n\n Tips for getting started:\n\n  Run /init\n\n",
    ],
    ids=["2.0.77", "1.0.128"],
)
def test_narrow_terminals_have_smaller_banners(banner: str) -> None:
    """The version or the box is left out; what stands below the welcome is furniture all the same."""
    reading = show(banner + ink("2", "> hello") + "\n\n" + said("Hi."), cols=50)
    assert (reading.provider, reading.detection.method) == ("claude_code", "banner")
    assert (prompts(reading), texts(reading), reading.unknown_lines) == (["hello"], ["Hi."], 0)


def test_prompts_are_whole_and_the_input_box_is_none() -> None:
    """A shaded glyph opens a prompt with all its lines; the same glyph between two rules is the input box."""
    box = RULE + "❯ a draft\n" + RULE + ink(GREY, "  ⏸ manual mode on") + "\n"
    reading = show(BANNER + typed("run the tests and then:\n- tell me\n- clean up") + said("Yes.") + box)
    assert prompts(reading) == ["run the tests and then:\n- tell me\n- clean up"]
    assert "draft" not in reading.transcript
    assert "manual mode" not in reading.transcript


def test_prompts_before_2_0_are_faint_and_not_indented() -> None:
    """1.0 draws `> text` faint, its further lines at the left edge."""
    reading = show(BANNER + ink("2", "> run:") + "\n" + ink("2", "- tests") + "\n\n" + said("Done."))
    assert prompts(reading) == ["run:\n- tests"]


@pytest.mark.parametrize("pen", [GREY, "38;5;253"], ids=["dark", "dark-ansi"])
def test_prompts_of_the_first_versions_are_grey(pen: str) -> None:
    """1.0.30 draws prompts in the grey of secondary text; the input box is in a frame."""
    box = "╭" + "─" * 20 + "╮\n│ > a draft          │\n╰" + "─" * 20 + "╯\n"
    reading = show(BANNER + ink(pen, "> fix it") + "\n\n" + said("Fixed.") + box)
    assert prompts(reading) == ["fix it"]


@pytest.mark.parametrize(
    ("colour", "result", "ok", "code"),
    [
        (GREEN, "On branch main", True, 0),
        (RED, "Error: Exit code 127", False, 127),
        (RED, "Error: FF.", False, None),
        ("38;2;78;186;101", "done", True, 0),
        ("38;2;51;153;255", "done", True, 0),
    ],
)
def test_the_bullet_tells_the_outcome(colour: str, result: str, ok: bool, code: int | None) -> None:
    """Green or, for the colour-blind, blue is success, red failure, in any palette; 1.0 shows no exit code."""
    (tool,) = tools(show(BANNER + called("Bash", "git status", result, colour=colour)))
    assert (tool.command, tool.category, tool.ok, tool.exit_code) == ("git status", Category.SHELL, ok, code)


def test_without_colours_the_result_tells_the_outcome() -> None:
    """NO_COLOR leaves the shape: `Error` in the result is a failure."""
    screen = BANNER + "❯ go\n\n● Bash(false)\n  ⎿  Error: Exit code 1\n\n● Bash(true)\n  ⎿  (No output)\n\n● Fine.\n"
    reading = show(screen)
    assert prompts(reading) == ["go"]
    assert [(tool.command, tool.ok) for tool in tools(reading)] == [("false", False), ("true", True)]
    assert texts(reading) == ["Fine."]


def test_commands_are_whole_over_several_rows() -> None:
    """A command that the program wrapped at the width is one line again; its own lines stay lines."""
    long = "echo " + " ".join(["word"] * 20)
    wrapped = f"{long[:90].rstrip()}\n      {long[90:].strip()}"
    reading = show(
        BANNER + called("Bash", wrapped, "ok") + called("Bash", "python3 - <<'PY'\n      print(1)\n      PY")
    )
    assert [tool.command for tool in tools(reading)] == [long, "python3 - <<'PY'\nprint(1)\nPY"]


def test_edits_tell_file_and_lines() -> None:
    """The result of an edit counts lines, in the words of 2.x and of 1.0."""
    new = called("Update", "app/a.py", "Added 2 lines, removed 1 line", "   29 -  x")
    old = called("Update", "app/b.py", "Updated app/b.py with 2 additions and 1 removal")
    written = called("Write", "docs/x.md", "Wrote 4 lines to docs/x.md")
    found = [(t.files, t.category, t.lines_added, t.lines_removed) for t in tools(show(BANNER + new + old + written))]
    assert found == [
        (("app/a.py",), Category.EDIT, 2, 1),
        (("app/b.py",), Category.EDIT, 2, 1),
        (("docs/x.md",), Category.WRITE, 4, 0),
    ]


def test_collapsed_lines_count() -> None:
    """A line of counts is that many calls; those it says failed are not ok."""
    line = ink(GREY, "  Read 2 files, called tracker 2 times · 1 failed (ctrl+o to expand)") + "\n\n"
    found = [(tool.category, tool.ok) for tool in tools(show(BANNER + said("Look.") + line))]
    assert found == [(Category.READ, True), (Category.READ, True), (Category.MCP, True), (Category.MCP, False)]


def test_full_screen_counts_have_no_hint() -> None:
    """With `tui: fullscreen` the counts stand alone, after the thinking they share a line with."""
    line = ink(GREY, "  Thought for 1s, ran 2 shell commands · 1 failed") + "\n\n"
    found = [(tool.category, tool.ok) for tool in tools(show(BANNER + said("Look.") + line))]
    assert found == [(Category.SHELL, True), (Category.SHELL, False)]


def test_a_narrow_terminal_breaks_counts() -> None:
    """Counts that go on in the next row all count."""
    rows = (
        ink(GREY, "  Searched for 1 pattern, read 2 files, listed 1")
        + "\n"
        + ink(GREY, "  directory · 1 failed (ctrl+o to")
        + "\n"
    )
    reading = show(BANNER + said("Look.") + rows + ink(GREY, "  expand)") + "\n\n" + said("So."), cols=50)
    assert [tool.category for tool in tools(reading)].count(Category.READ) == 2
    assert [tool.ok for tool in tools(reading)] == [True, True, True, False]
    assert texts(reading) == ["Look.", "So."]


def test_the_bullet_of_a_running_call_blinks() -> None:
    """A recording may end while the bullet is invisible: the bold name is there."""
    (tool,) = tools(show(BANNER + said("Run.") + "  " + ink("1", "Bash") + "(sleep 9)\n" + ink(GREY, "  ⎿  Running…")))
    assert (tool.command, tool.ok, tool.output) == ("sleep 9", None, None)


def test_mcp_tools_have_one_name() -> None:
    """`server - tool (MCP)` is the name that the log gives as mcp__server__tool."""
    (tool,) = tools(show(BANNER + called("tracker - get_issue (MCP)", "number: 583", "open")))
    assert (tool.name, tool.category, tool.input) == ("mcp__tracker__get_issue", Category.MCP, {"number": "583"})


def test_a_passing_hint_names_the_collapsed_command() -> None:
    """What shows for a moment below a collapsed line tells which command or file it was; any part of it may read."""
    for command in ("wc -l notes.md", "echo hello > notes.md; wc -l notes.md"):
        live = ink(GREY, "  Reading 1 file… (ctrl+o to expand)") + "\n" + ink(GREY, f"  ⎿  $ {command}") + "\n"
        done = CURSOR_UP.format(2) + ink(GREY, "  Read 1 file (ctrl+o to expand)") + "\n\n"
        (tool,) = tools(show((0.0, BANNER + said("Look.")), (1.0, live), (3.0, done)))
        assert (tool.command, tool.category) == (command, Category.SHELL)


def test_a_command_without_its_sign_is_no_file() -> None:
    """Up to 2.1.87 nothing stands before it: it is a command of the program that it begins with, or nothing."""
    live = ink(GREY, "  Reading 1 file… (ctrl+o to expand)") + "\n" + ink(GREY, "  ⎿  {}") + "\n"
    done = CURSOR_UP.format(2) + ink(GREY, "  Read 1 file (ctrl+o to expand)") + "\n\n"
    for hint, command in (("wc -l notes.md", "wc -l notes.md"), ("ls /does/not/exist", None)):
        (tool,) = tools(show((0.0, BANNER + said("Look.")), (1.0, live.format(hint)), (3.0, done)))
        assert (tool.command, tool.files) == (command, ())


def test_a_hint_that_stayed_is_no_answer() -> None:
    """On a low screen the next page may show nothing of what ran; it names the command, its title says nothing."""
    live = said("Committing").rstrip("\n") + "\n" + ink(GREY, '  ⎿  $ git commit -m "Fix it"') + "\n\n"
    done = ink(GREY, "  Ran 1 shell command · 1 failed") + "\n\n"
    reading = show((0.0, BANNER + said("Look.")), (1.0, live), (3.0, done + said("It failed.")))
    (tool,) = tools(reading)
    assert (tool.command, tool.ok) == ('git commit -m "Fix it"', False)
    assert texts(reading) == ["Look.", "It failed."]


def dialog(question: str = "Do you want to proceed?") -> str:
    """Draw a permission dialog of 5 rows below a call."""
    return f"\n Bash command\n   rm -rf build\n {question}\n ❯ 1. Yes\n"


STOPPED = ink(GREY, "  ⎿ ") + " Interrupted · What should Claude do instead?\n\n"


def test_denied_and_interrupted_are_told_apart_by_the_dialog() -> None:
    """Both say "Interrupted": a dialog that stood until then makes it a denial, and the command never ran."""
    call = called("Bash", "rm -rf build", colour=RED).rstrip("\n") + "\n"
    denied = show((0.0, BANNER + call), (1.0, dialog()), (3.0, CURSOR_UP.format(5) + STOPPED))
    ran = show((0.0, BANNER + call), (1.0, dialog()), (2.0, CURSOR_UP.format(5)), (9.0, STOPPED))
    assert [tool.stopped for tool in tools(denied)] == [Stopped.DENIED]
    assert [tool.stopped for tool in tools(ran)] == [Stopped.INTERRUPTED]
    assert notes(denied, NoteKind.APPROVAL) == ["Bash command: Do you want to proceed? → denied"]
    assert "Do you want to proceed? → allowed" in ran.transcript


def test_an_interrupted_answer_is_cut() -> None:
    """The stop below an answer is an interruption of it."""
    reading = show(BANNER + typed("explain") + said("Part 1").rstrip("\n") + "\n" + STOPPED)
    assert errors(reading) == [ErrorKind.INTERRUPTED]
    assert reading.events[-2].cut  # type: ignore[union-attr]


def test_each_retry_is_an_api_error() -> None:
    """The n-th attempt is numbered n, so a number that was skipped failed too; a lower one begins a new request."""
    seen = (("API error", 2), ("529 Overloaded", 3), ("API error", 1))
    rows = [f"✻ {text} · retrying in 1s · attempt {n}/10" for text, n in seen]
    up = "\x1b[1A\x1b[2K"
    shown = [(3.0 * n, (up if n else "") + ink("38;5;174", row) + "\n") for n, row in enumerate(rows, 1)]
    reading = show((0.0, BANNER + typed("go")), *shown, (15.0, up + said("Back.")))
    assert errors(reading).count(ErrorKind.API_ERROR) == 4


def test_the_api_gave_up() -> None:
    """The program's own report is an error, an answer that speaks of one is not."""
    reading = show(
        BANNER + typed("go") + said("API Error: Repeated 529 Overloaded errors.") + said("API Errors are rare.")
    )
    assert errors(reading) == [ErrorKind.API_ERROR]
    assert texts(reading) == ["API Errors are rare."]


def test_slash_commands() -> None:
    """What the program answers itself is no prompt; a custom command that the model answers is one."""
    builtin = typed("/status").rstrip("\n") + "\n" + ink(GREY, "  ⎿ ") + " Settings dialog dismissed\n\n"
    reading = show(BANNER + builtin + typed("/close-issue 583") + said("Looking."))
    assert prompts(reading) == ["/close-issue 583"]
    assert notes(reading, NoteKind.SLASH_COMMAND) == ["/status"]


def test_lookalikes_change_nothing() -> None:
    """Output is indented, prose has the text's colour, quoted code its own: neither is a call or a prompt."""
    output = called("Bash", "printf …", "❯ fake prompt", "● Bash(fake)", "  ⎿  fake result")
    prose = (
        said("Here is the log:") + ink("38;5;153", "  ● Bash(rm -rf /)") + "\n" + ink("38;5;153", "    ⎿  Error") + "\n"
    )
    glyphs = "  ● a bullet at the start\n  ⎿ an elbow at the start\n\n" + said("Bash(fake) is what it said.")
    reading = show(BANNER + typed("❯ a prompt that starts with the glyph") + output + prose + glyphs)
    assert prompts(reading) == ["❯ a prompt that starts with the glyph"]
    assert [tool.command for tool in tools(reading)] == ["printf …"]
    assert len(texts(reading)) == 2


def test_agents_count_with_their_calls() -> None:
    """Each branch of a finished group is a call, with what its counts and passing leaves tell of its own calls."""
    tree = ink(GREEN, "●") + " 2 agents finished (ctrl+o to expand)\n"
    tree += (
        "   ├ Find close code · 2 tool uses · 9.2k tokens\n   │ ⎿  Done\n   └ Survey · 0 tool uses\n     ⎿  Done\n\n"
    )
    reading = show(BANNER + said("Two agents.") + tree)
    assert [(t.category, t.input) for t in tools(reading)] == [
        (Category.TASK, {"description": "Find close code"}),
        (Category.TASK, {"description": "Survey"}),
    ]


def test_the_end_tells_id_and_costs() -> None:
    """The resume line gives the session's id (2.1), the bill its tokens and cost (1.0)."""
    uuid = "cbb162be-3e94-4a9c-aa09-c6d18f2646da"
    bill = "Total cost:            $0.1441\nTotal duration (API):  13.7s\nUsage by model:\n"
    bill += "    claude-3-5-haiku:  50 input, 109 output, 0 cache read, 2.4k cache write ($0.0029)\n"
    reading = show(BANNER + typed("hi") + f"Resume this session with:\nclaude --resume {uuid}\n\n" + bill)
    assert reading.native_session_id == uuid
    (totals,) = of(reading, Totals)
    assert (totals.cost_usd, totals.tokens.input, totals.tokens.cache_write) == (0.1441, 50, 2400)


def test_the_bill_of_the_first_versions() -> None:
    """1.0.30 says "Token usage"."""
    bill = "Total cost:            $0.0090\nTotal duration (API):  4.1s\nToken usage by model:\n"
    reading = show(BANNER + bill + "       claude-sonnet:  320 input, 336 output, 1.6k cache read, 0 cache write\n")
    (totals,) = of(reading, Totals)
    assert (totals.tokens.output, totals.tokens.cache_read, reading.unknown_lines) == (336, 1600, 0)


def test_a_resumed_conversation_is_no_news() -> None:
    """What a resumed session draws at its start happened in an earlier one."""
    earlier = BANNER + typed("look at the history") + called("Bash", "git log", "a commit")
    reading = show((0.0, earlier), (9.0, typed("where were we?") + said("Here.")), argv=("claude", "--continue"))
    assert prompts(reading) == ["where were we?"]
    assert tools(reading) == []
    assert "git log" in reading.transcript


def test_a_session_killed_at_work_was_interrupted() -> None:
    """Whoever ends the session while the footer still offers to interrupt has interrupted the answer."""
    footer = RULE + "❯ \n" + RULE + ink(GREY, "  ⏸ manual mode on · esc to interrupt")
    assert errors(show(BANNER + typed("go") + said("Part 1") + footer)) == [ErrorKind.INTERRUPTED]


def test_quoted_code_in_colour_does_not_hide_that_there_are_none() -> None:
    """Under NO_COLOR diffs may be coloured all the same (2.1.329); the program's own lines are not."""
    edit = "● Update(app/a.py)\n  ⎿  Added 1 line\n" + ink("38;5;77;48;5;22", "      50 +    x = 1") + "\n\n"
    reading = show(BANNER + "❯ go\n\n" + edit + "  Ran 1 shell command\n\n● Fine.\n")
    assert prompts(reading) == ["go"]
    assert [tool.name for tool in tools(reading)] == ["Update", "Bash"]
    assert texts(reading) == ["Fine."]


def test_faint_white_is_grey() -> None:
    """Themes of sixteen colours draw what is secondary in a faint white."""
    counts = ink("2;37", "  Ran 2 shell commands · 1 failed") + "\n\n"
    call = ink("92", "●") + " " + ink("1", "Update") + "(app/a.py)\n" + ink("2;37", "  ⎿ ") + " Added 1 line\n\n"
    reading = show(BANNER + ink("97", "●") + " Look.\n\n" + counts + call)
    assert [(tool.name, tool.ok) for tool in tools(reading)] == [("Bash", True), ("Bash", False), ("Update", True)]


def stopped_call(counts: str, command: str) -> str:
    """Draw what became of a call that did not end (2.1.329)."""
    return ink(GREY, f"  {counts}") + "\n" + ink(GREY, "  ⎿ ") + f" $ {command}\n" + STOPPED


def test_calls_that_did_not_run_or_did_not_end() -> None:
    """2.1.329 counts both in words of their own: after a dialog it was denied, without a result interrupted."""
    denied = show(
        (0.0, BANNER + typed("clean")), (1.0, dialog()),
        (3.0, CURSOR_UP.format(5) + stopped_call("Read 1 file, did not run 1 other call", "rm -rf build")),
    )  # fmt: skip
    assert [(tool.command, tool.ok, tool.stopped) for tool in tools(denied)] == [
        (None, True, None),
        ("rm -rf build", False, Stopped.DENIED),
    ]
    assert errors(denied) == []
    cut = show(BANNER + typed("wait") + stopped_call("No result recorded for 1 call", "sleep 9"))
    assert [(tool.command, tool.stopped) for tool in tools(cut)] == [("sleep 9", Stopped.INTERRUPTED)]
    assert prompts(cut) == ["wait"]


def test_a_rejected_file_is_a_denial() -> None:
    """The result of an edit or a new file that the person did not want."""
    (tool,) = tools(
        show(BANNER + called("Write", "docs/x.md", "Rejected write to docs/x.md", "   1 A poem", colour=RED))
    )
    assert (tool.ok, tool.stopped) == (False, Stopped.DENIED)


def test_commits_and_pushes_are_calls() -> None:
    """2.1.329 puts what git did in the place of a command's count; the hint tells which command it was."""
    live = ink(GREY, "● Committing") + "\n" + ink(GREY, "  ⎿  $ make && git commit -m Fix") + "\n"
    done = CURSOR_UP.format(2) + ink(GREY, "  Committed 432d1d1, pushed to main, read 1 file") + "\n\n"
    reading = show((0.0, BANNER + said("Look.")), (1.0, live), (3.0, done))
    assert [(tool.command, tool.category) for tool in tools(reading)] == [
        ("make && git commit -m Fix", Category.SHELL),
        (None, Category.SHELL),
        (None, Category.READ),
    ]


def test_hints_and_dialogs_show_long_commands_on_several_rows() -> None:
    """What the program wrapped is one command again."""
    long = "echo " + " ".join(["word"] * 20)
    first, rest = long[:84].rstrip(), long[84:].strip()
    done = ink(GREY, "  Ran 1 shell command") + "\n\n"
    hint = ink(GREY, "  Running…") + "\n" + ink(GREY, f"  ⎿  $ {first}") + "\n" + ink(GREY, f"     {rest}") + "\n"
    asked = (
        f"\n Bash command\n Say it\n │ {first}\n │ {rest}\n This command requires approval\n Do you want to proceed?\n"
    )
    by_hint = show((0.0, BANNER + said("So.")), (1.0, hint), (3.0, CURSOR_UP.format(3) + done), cols=92)
    by_dialog = show((0.0, BANNER + said("So.")), (1.0, asked), (3.0, CURSOR_UP.format(7) + done), cols=92)
    assert [tool.command for tool in tools(by_hint)] == [long]
    assert [tool.command for tool in tools(by_dialog)] == [long]


def test_the_dialogs_of_2_1_170_name_the_command_first() -> None:
    """There command and description are indented, and the description comes last."""
    asked = "\n Bash command\n\n   git push --force origin main\n   Force push\n\n This command requires approval\n"
    asked += " Do you want to proceed?\n"
    done = CURSOR_UP.format(8) + ink(GREY, "  Ran 1 shell command") + "\n\n"
    (tool,) = tools(show((0.0, BANNER + said("So.")), (1.0, asked), (3.0, done)))
    assert tool.command == "git push --force origin main"


def test_a_turn_that_ends_with_a_dialog_was_denied() -> None:
    """Full-screen 2.1.170 says only that a command ran; but no answer follows, and a dialog stood until then."""
    asked = (
        "\n Bash command\n\n   rm -rf build\n   Clean\n\n This command requires approval\n Do you want to proceed?\n"
    )
    done = CURSOR_UP.format(8) + ink(GREY, "  Ran 1 shell command") + "\n\n"
    start = (0.0, BANNER + said("So."))
    (denied,) = tools(show(start, (1.0, asked), (3.0, done), (5.0, typed("stop it"))))
    (allowed,) = tools(show(start, (1.0, asked), (3.0, done + said("Clean."))))
    assert (denied.command, denied.stopped) == ("rm -rf build", Stopped.DENIED)
    assert (allowed.command, allowed.stopped) == ("rm -rf build", None)


def test_hints_of_one_command_are_one_call() -> None:
    """A hint that grew a clock, and one that was cut where the dialog shows all, name the same command."""
    whole = "python3 -m pytest -q tests/test_issues.py && git diff"
    rows = [f"  ⎿  $ {whole[:44]}…", f"  ⎿  $ {whole} (4s · 2 lines)"]
    rows += [f"  ⎿  $ {whole} (5s)", f"  ⎿  $ {whole} (6s) (ctrl+b to run in background)"]
    frames = [(1.0 + n, CURSOR_UP.format(1) + ink(GREY, row) + "\n") for n, row in enumerate(rows)]
    done = CURSOR_UP.format(1) + ink(GREY, "  Ran 2 shell commands") + "\n\n"
    reading = show((0.0, BANNER + said("So.") + "\n"), *frames, (9.0, done))
    assert [tool.command for tool in tools(reading)] == [whole, None]


def test_commands_fail_rather_than_reads() -> None:
    """A line of counts does not say which call failed."""
    line = ink(GREY, "  Read 1 file, ran 1 shell command, listed 1 directory · 1 failed") + "\n\n"
    found = [(tool.category, tool.ok) for tool in tools(show(BANNER + said("Look.") + line))]
    assert found == [(Category.READ, True), (Category.SHELL, False), (Category.SHELL, True)]


READER = "[Screen Reader Mode: on via flag]\nClaude Code v2.1.329\nOpus 5.5 · API Usage Billing\n~/webapp\n"


def test_screen_reader_mode() -> None:
    """Flat lines with a word and a colon before them say the same; the word tells the outcome."""
    calls = "tool: Bash (git status)\nOn branch main\ntool error: Bash (pytest -q)\nError: Exit code 2\nFF\n"
    more = "tool: Update (app/a.py)\nAdded 1 line, removed 2 lines\n 47 \n"
    more += "Searched for 1 pattern, read 1 file (ctrl+o to expand)\n"
    end = "claude: All clean.\nAnd done.\nCooked for 2s · done 12:58 PM\n$  a draft\nmanual mode on\n"
    reading = show(READER + "you: show it:\n- the status\n" + calls + more + end)
    assert (reading.provider, reading.provider_version, reading.model) == ("claude_code", "2.1.329", "Opus 5.5")
    assert prompts(reading) == ["show it:\n- the status"]
    assert [(tool.name, tool.ok, tool.exit_code) for tool in tools(reading)] == [
        ("Bash", True, 0), ("Bash", False, 2), ("Update", True, None), ("Bash", True, None), ("Read", True, None),
    ]  # fmt: skip
    assert texts(reading) == ["All clean.\nAnd done."]
    assert reading.unknown_lines == 0


def test_screen_reader_mode_names_the_collapsed_command() -> None:
    """It stands below the counts for a moment, flat like everything."""
    live = "tool: Listing 1 directory… (ctrl+o to expand)\n$ ls nowhere\nPondering…\n$  a draft\n"
    done = CURSOR_UP.format(4) + "Listed 1 directory · 1 failed (ctrl+o to expand)\nclaude: Not there.\n"
    (tool,) = tools(show((0.0, READER + "you: look\n"), (1.0, live), (3.0, done)))
    assert (tool.command, tool.ok) == ("ls nowhere", False)


def test_screen_reader_mode_lists_agents() -> None:
    """One a row below their number; the banner, printed again, begins behind the sign of the input line."""
    begun = "tool: 2 background agents launched (↓ to manage)\nFind code\nFind tests\nclaude: They search.\n"
    done = "tool: 1 agent finished (ctrl+o to expand)\nFind more · 2 tool uses · 9.2k tokens\nDone\nclaude: Found.\n"
    reading = show(READER.replace("Claude Code", "$Claude Code") + "you: search\n" + begun + done)
    assert reading.provider_version == "2.1.329"
    assert [tool.input["description"] for tool in tools(reading) if tool.category is Category.TASK] == [
        "Find code",
        "Find tests",
        "Find more",
    ]
    assert texts(reading) == ["They search.", "Found."]


def test_screen_reader_mode_without_its_banner() -> None:
    """Labels that only this mode writes tell it, too."""
    reading = show("you: go\ntool: Bash (git status)\nclean\nclaude: Fine.\n", provider="claude_code")
    assert [(tool.command, tool.output) for tool in tools(reading)] == [("git status", "clean")]


def test_screen_reader_mode_wraps_at_the_left_edge() -> None:
    """Long commands and paragraphs go on in the first column, counted with the label before them."""
    words = " ".join(["word"] * 30)
    screen = READER + f"tool: Bash (echo {words[:80].rstrip()}\n{words[80:].strip()})\nword\n"
    reading = show(screen + f"claude: {words[:89].rstrip()}\n{words[89:].strip()}\n")
    assert [(tool.command, tool.output) for tool in tools(reading)] == [(f"echo {words}", "word")]
    assert texts(reading) == [words]


def test_screen_reader_mode_tells_denied_from_interrupted() -> None:
    """A dialog that stood until then makes it a denial; below a result it is the turn that was interrupted."""
    ask = "tool: Bash (rm -rf build)\nPermission Required: Bash command\nDo you want to proceed?\n1. Yes\n"
    stop = "Interrupted · What should Claude do instead?\n"
    denied = show((0.0, READER), (1.0, ask), (3.0, CURSOR_UP.format(4) + "tool error: Bash (rm -rf build)\n" + stop))
    assert [(tool.ok, tool.stopped) for tool in tools(denied)] == [(False, Stopped.DENIED)]
    later = show(READER + "tool error: Bash (make)\nError: Exit code 1\n" + stop)
    assert [(tool.ok, tool.stopped) for tool in tools(later)] == [(False, None)]
    assert errors(later) == [ErrorKind.INTERRUPTED]


def test_the_first_versions_say_no_instead_of_interrupted() -> None:
    """Up to 1.0.60 `No (tell Claude what to do differently)` stands below whatever was denied or interrupted."""
    call = called("Bash", "rm -rf build", colour=RED).rstrip("\n") + "\n"
    stop = ink(GREY, "  ⎿ ") + " No (tell Claude what to do differently)\n\n"
    denied = show((0.0, BANNER + call), (1.0, dialog()), (3.0, CURSOR_UP.format(5) + stop))
    ran = show((0.0, BANNER + call), (9.0, stop))
    assert [tool.stopped for tool in tools(denied)] == [Stopped.DENIED]
    assert [tool.stopped for tool in tools(ran)] == [Stopped.INTERRUPTED]


def test_what_stands_below_a_result_is_about_the_turn() -> None:
    """A call that has a result was neither stopped nor refused by what comes below: a retry, an interruption."""
    retry = ink(GREY, "  ⎿ ") + " API Error (529 Overloaded) · Retrying in 1 seconds… (attempt 1/10)\n\n"
    reading = show(BANNER + called("Bash", "make", "done").rstrip("\n") + "\n" + retry + said("Built."))
    assert [(tool.ok, tool.stopped, tool.output) for tool in tools(reading)] == [(True, None, "done")]
    assert errors(reading) == [ErrorKind.API_ERROR]


def test_repeated_errors_are_at_least_two() -> None:
    """In print mode retries are not shown; the word that there were some is."""
    reading = show("API Error: Repeated 529 Overloaded errors.\n", argv=("claude", "-p", "go"))
    assert errors(reading) == [ErrorKind.API_ERROR] * 2


def test_print_mode_is_only_the_answer() -> None:
    """`claude -p` prints the answer alone: the prompt is the command line's."""
    reading = show("Two tests fail.\n\nBoth are fixed.\n", argv=("claude", "-p", "fix the tests"))
    assert (reading.provider, prompts(reading)) == ("claude_code", ["fix the tests"])
    assert texts(reading) == ["Two tests fail.\n\nBoth are fixed."]


def test_a_running_command_is_known_though_a_count_stays() -> None:
    """All rows of a command that was shown while it ran are told, with `…` where one of them was not seen."""
    for rows, told in (
        (["import time", "  time.sleep(1)", "PY"], "python3 - <<'PY'\nimport time\n  time.sleep(1)\nPY"),
        (["import time", "", "PY"], "python3 - <<'PY'\nimport time…"),
    ):
        running = "\n".join(["● Heredoc", "  ⎿  $ python3 - <<'PY'", *(f"     {row}".rstrip() for row in rows)])
        ran = f"\r\x1b[{len(rows) + 1}A\x1b[J" + ink(GREY, "  Ran 1 shell command") + "\n\n" + said("It ran.")
        reading = show(BANNER + typed("run it"), ink(GREY, running), ran)
        assert ([tool.command for tool in tools(reading)], texts(reading)) == ([told], ["It ran."])


def test_what_the_program_says_of_itself_is_no_answer() -> None:
    """Its notices are grey from the bullet on; its menu of commands stands above the input box."""
    notice = ink(GREY, "● Auto mode lets Claude handle prompts") + "\n\n"
    menu = ink("38;5;147", "  ❯ /clear                Start a new session") + "\n"
    reading = show(BANNER + typed("hello") + said("Hi.") + notice + said("Bye.") + menu + RULE + "❯ /clear\n" + RULE)
    assert texts(reading) == ["Hi.", "Bye."]
    assert notes(reading, NoteKind.OTHER) == ["Auto mode lets Claude handle prompts"]


def test_further_lines_of_a_prompt_before_2_1() -> None:
    """They are not indented, but shaded like the first."""
    shaded = "\n".join(ink(f"48;5;237;{WHITE}", row) for row in ("> first line", "● Bash(ls)", "third line"))
    assert prompts(show(BANNER + shaded + "\n\n" + said("Read."))) == ["first line\n● Bash(ls)\nthird line"]


def test_further_lines_of_a_prompt_before_2_0() -> None:
    """They are faint like the first; where the space did not fit above, it stands at their beginning."""
    rows = "\n".join(ink("2", row) for row in ("> first line that is long", " and goes on", "third line"))
    reading = show(BANNER + rows + "\n\n" + said("Read."))
    assert (prompts(reading), reading.unknown_lines) == (["first line that is long\n and goes on\nthird line"], 0)


def test_what_the_program_says_of_itself_is_known() -> None:
    """A hint at /doctor, the line of a compaction up to 2.0, and the rule of an input box that has scrolled."""
    hint = " ⚠ 1 setup issue: plugins · /doctor\n"
    line = "═" * 20 + " Conversation compacted · ctrl+o for history " + "═" * 20 + "\n\n"
    box = "─── ↑ 2 more " + "─" * 60 + "\n  the rest of a draft\n" + RULE
    reading = show(BANNER + hint + typed("go") + said("Done.") + line + box)
    assert notes(reading, NoteKind.COMPACTION) == ["Conversation compacted · ctrl+o for history"]
    assert (texts(reading), reading.unknown_lines) == (["Done."], 0)


def test_a_result_that_came_after_a_pager_was_closed() -> None:
    """It belongs to the call that stood above already when the pager opened."""
    call = "\x1b[?2004h" + BANNER + typed("list") + ink(GREEN, "●") + " " + ink("1", "Bash") + "(ls)\n"
    result = ink(GREY, "  ⎿ ") + " notes.md\n\n" + said("One file.")
    pager = ("\x1b[?1049h\x1b[Hall of it\n(END)", "\x1b[?1049l")
    (tool,) = tools(show((0.0, call), (1.0, pager[0]), (2.0, pager[1]), (3.0, result)))
    assert (tool.command, tool.ok, tool.output) == ("ls", True, "notes.md")


def test_a_call_that_was_waiting_before_its_result() -> None:
    """When 1.0.66 draws all anew, it leaves that above the result."""
    waiting = called("Bash", "ls nowhere", "Waiting…", colour=RED)
    (tool,) = tools(show(BANNER + typed("look") + waiting + ink(GREY, "  ⎿ ") + " Error: no such file\n\n"))
    assert (tool.ok, tool.output) == (False, "Error: no such file")


def test_the_list_of_todos_shows_in_what_the_spinner_says() -> None:
    """Up to 2.0 it is hidden until asked for; the program says by itself that it compacts, and that is no item."""
    hint = "(esc to interrupt · ctrl+t to show todos)"
    doing = ("Reading the report", "Compacting conversation", "Fixing the report", "Reading the report")
    spun = [(2.0 * n, f"\r\x1b[K✻ {what}… {hint}") for n, what in enumerate(doing, 1)]
    reading = show((0.0, BANNER + typed("go")), *spun, (9.0, "\r\x1b[K"), (10.0, said("Done.")))
    assert [(tool.category, tool.input) for tool in tools(reading)] == [
        (Category.TODO, {"task": "Reading the report"}),
        (Category.TODO, {"task": "Fixing the report"}),
    ]


def test_tasks_that_stood_below_the_spinner_when_all_was_cleared() -> None:
    """They are there still, on the last page before; marks in the output of a command are none."""
    listed = "✻ Compacting conversation…\n  ⎿  ✔ Find the cause\n     ◻ Fix the report\n"
    cleared = "\x1b[2J\x1b[H" + BANNER + typed("/clear")
    tested = called("Bash", "make test", "✔ all of it works", "✔ it is fast")
    reading = show((0.0, BANNER), (1.0, typed("go") + tested), (8.0, listed), (9.0, cleared))
    assert [(tool.name, tool.input["task"]) for tool in tools(reading) if tool.category is Category.TODO] == [
        ("TaskCreate", "Find the cause"),
        ("TaskUpdate", "✔ Find the cause"),
        ("TaskCreate", "Fix the report"),
    ]


def test_a_command_that_was_interrupted_while_it_ran() -> None:
    """The result says so, above what the command had printed and whatever its exit code."""
    result = ("Error: Exit code 137", " [Request interrupted by user for tool use]", " tick 1")
    reading = show(BANNER + typed("wait") + called("Bash", "sleep 9", *result, colour=RED))
    assert [(tool.ok, tool.stopped) for tool in tools(reading)] == [(False, Stopped.INTERRUPTED)]


def test_agents_in_the_background_are_calls() -> None:
    """The line that tells of their launch names them."""
    tree = (
        ink(GREEN, "●") + " 2 background agents launched (↓ to manage)\n   ├ Find close code\n   └ Survey the tests\n"
    )
    reading = show(BANNER + typed("look") + said("Two agents.") + tree + "\n" + said("Both agree."))
    found = [(tool.category, tool.input["description"], tool.ok) for tool in tools(reading)]
    assert found == [(Category.TASK, "Find close code", None), (Category.TASK, "Survey the tests", None)]


def test_what_the_program_shows_below_an_answer_is_none_of_it() -> None:
    """The result of a call that is not drawn itself stands below the answer before it; a grey elbow tells."""
    error = ink(GREY, "  ⎿ ") + ink(RED, " Error: No such tool available") + "\n\n"
    quoted = "  ⎿  as it is drawn\n\n"
    reading = show(BANNER + typed("go") + said("Plan the work.") + error + said("It says:") + quoted + said("Done."))
    assert texts(reading) == ["Plan the work.", "It says:\n\n⎿  as it is drawn", "Done."]


def test_the_menu_of_commands_is_no_part_of_the_answer_above_it() -> None:
    """Full-screen Claude Code leaves it below the last answer as /clear takes both away; its text may be broken."""
    hue = "38;5;153"
    menu = ink(hue, "  ❯ /clear                      Start a new session with empty context; the old one") + "\n"
    menu += ink(hue, "                                stays in /resume") + "\n"
    reading = show(BANNER + typed("go") + said("Third is done.") + menu)
    assert texts(reading) == ["Third is done."]


def test_the_list_of_tasks_below_the_last_answer_is_no_part_of_it() -> None:
    """It stands there as long as tasks are open (2.1)."""
    tasks = "✻ Worked for 9s\n\n  3 tasks (1 done, 2 open)\n  ✔ Find the cause\n  ◻ Fix the report\n"
    assert texts(show(BANNER + typed("go") + said("All tools ran.") + tasks)) == ["All tools ran."]


def test_a_rejected_plan_may_stand_below_the_call_before_it() -> None:
    """2.0.25 draws no bullet: the plan is no result of that call."""
    plan = "  ⎿  User rejected Claude's plan:\n     ╭──────╮\n     │ Plan │\n     ╰──────╯\n\n"
    read, rejected = tools(show(BANNER + typed("go") + called("Read", "a.txt", "Read 2 lines").rstrip() + "\n" + plan))
    assert (read.name, read.output) == ("Read", "Read 2 lines")
    assert (rejected.name, rejected.ok, rejected.stopped) == ("ExitPlanMode", False, Stopped.DENIED)
