"""Codex between 0.39 and 0.171: what only some versions draw, and terminals without colours or background."""

from __future__ import annotations

import pytest

from parsers.session import Category, ErrorKind, NoteKind, Stopped, Totals
from tests.screens.codex_drawing import BANNER, SHADED, UUID, cell, said, typed
from tests.screens.showing import errors, ink, notes, of, prompts, show, texts, tools


def test_a_rejected_patch_is_one_call() -> None:
    """Until 0.110 or so its cell, drawn before the dialog, is followed by a report of its own."""
    failed = ink("1;35", "✘ Failed to apply patch") + "\n  └ patch rejected by user\n\n"
    stop = "■ Conversation interrupted - tell the model what to do differently\n\n"
    reading = show(BANNER + cell("Edited", " a.py (+1 -1)", bullet="2") + failed + stop + typed("go on"))
    (patch,) = tools(reading)
    assert (patch.files, patch.ok, patch.stopped) == (("a.py",), False, Stopped.DENIED)
    assert errors(reading) == []


def test_0_162_says_failed() -> None:
    """What 0.169 calls Exited and nonzero exit was Failed and failed; no details are shown, but where to find them."""
    below = ("  └ not found", "    + Show details")
    failed = cell("Failed (exit 127)", " gh issue view 583", *below, bullet="1")
    looked = cell("Explored · 1 failed", "", "  └ Read nope.txt (exit 1)", "    + Show details")
    shell, look = tools(show(BANNER.replace("0.87.0", "0.162.0") + failed + looked))
    assert (shell.command, shell.ok, shell.exit_code, shell.output) == ("gh issue view 583", False, 127, "not found")
    assert (look.ok, look.exit_code) == (False, 1)


def test_a_long_command_is_cut() -> None:
    """Only the first rows of a command are drawn: the rest is an ellipsis."""
    below = ("  │ import json", "  │ print(1)", "  │ … +2 lines", "  └ (no output)")
    (tool,) = tools(show(BANNER + cell("Ran", " python - <<'PY'", *below)))
    assert tool.command == "python - <<'PY'\nimport json\nprint(1) …"


def test_furniture_around_the_conversation() -> None:
    """Tips of several paragraphs, a first start's questions, popups and wrapped status rows are left out."""
    welcome = ink("1", "> ") + ink("1", "You are running Codex in ") + "/home/dev\n\n  1. Yes, allow it\n\n"
    tip = ink("1", "  Tip: ") + "A new model\n  is here.\n\n  Learn more:\n  https://example.org\n\n"
    popup = ink("1", "  Mentions") + "\n  Files, plugins\n\n  views\n\n"
    end = ink("2", "  13:00") + "\n\n"
    status = ink("33", "  a-model default · ~/project ·") + "\n" + ink("33", "  A title") + "\n"
    reading = show("\x1b[H" + welcome + BANNER + tip + popup + typed("go") + said("Gone.") + end + status)
    assert (prompts(reading), texts(reading)) == (["go"], ["Gone."])
    assert "go\n\n• Gone." in reading.transcript
    for left_out in ("Learn more", "Mentions", "views", "13:00", "a-model", "A title"):
        assert left_out not in reading.transcript


def test_prompts_without_shade() -> None:
    """A terminal that does not tell its background gets no shade: the glyph is faint, the composer's is bold."""
    prompt = ink("2", "›") + " close-issue 583\n  and push\n\n"
    composer = ink("1", "›") + ink("2", " Find and fix a bug in @filename") + "\n\n" + ink("2", "› Shutting down...")
    menu = ink("36", "› 1. Yes, proceed") + "\n"
    assert prompts(show(BANNER + prompt + said("Done.") + menu + composer)) == ["close-issue 583\nand push"]


def test_a_denied_patch_without_a_cell() -> None:
    """Up to 0.87 only the dialog shows the patch that was not allowed."""
    dialog = "  Would you like to make the following edits?\n\n  a.py (+1 -1)\n\n› 1. Yes, proceed (y)\n"
    stop = "■ Conversation interrupted - tell the model what to do differently\n\n"
    reading = show(BANNER + typed("fix it"), dialog, (4.0, f"\x1b[5A\x1b[J{stop}" + typed("go on")))
    (patch,) = tools(reading)
    assert (patch.category, patch.ok, patch.stopped) == (Category.EDIT, False, Stopped.DENIED)
    assert errors(reading) == []


def test_a_rejected_patch_may_be_reported_below_the_interruption() -> None:
    """So does 0.162."""
    failed = ink("1;35", "✘ Failed to apply patch") + "\n  └ (error details unavailable)\n\n"
    dialog = "  Would you like to make the following edits?\n\n› 1. Yes, proceed (y)\n"
    patch_cell = cell("Edited", " a.py (+1 -1)", bullet="2")
    stop = "■ Conversation interrupted - use /feedback if something went wrong\n\n"
    reading = show(
        BANNER + typed("fix it") + patch_cell, dialog, (4.0, f"\x1b[3A\x1b[J{stop}{failed}" + typed("go on"))
    )
    (patch,) = tools(reading)
    assert (patch.files, patch.ok, patch.stopped) == (("a.py",), False, Stopped.DENIED)
    assert errors(reading) == []


def test_one_command_counts_and_passing_cells_are_whole() -> None:
    """A cell of several rows that was replaced by a number is read as one command."""
    ran = cell("Ran", " echo " + "word " * 17 + "end", "  │ and more of it", "  └ (no output)")
    folded = cell("Ran 1 command", " · ctrl + t to view transcript")
    reading = show(BANNER + typed("go") + said("Look."), ran, (4.0, f"\x1b[4A\x1b[J{folded}" + said("Done.")))
    (tool,) = tools(reading)
    assert (tool.command, tool.ok) == ("echo " + "word " * 17 + "end and more of it", True)


def test_commands_that_were_allowed_count() -> None:
    """The approval stands between the last answer and the number; a command may have been seen running only."""

    def running(number: int, command: str) -> str:
        told = f"• Ran {number} command · ctrl + t to view transcript\n" if number else ""
        return told + f"• Running {command}\n\n"

    approved = ink("32", "✔") + " You approved codex to run touch a.txt this time\n\n"
    folded = cell("Ran 2 commands", " · ctrl + t to view transcript")
    reading = show(
        (0.0, BANNER + typed("go") + said("Look.")),
        (1.0, running(0, "touch a.txt")),
        (4.0, f"\x1b[2A\x1b[J{approved}" + cell("Ran", " touch a.txt")),
        (5.0, "\x1b[2A\x1b[J" + running(1, "git add a.txt")),
        (6.0, f"\x1b[3A\x1b[J{folded}" + said("Done.")),
    )
    assert [(tool.command, tool.ok) for tool in tools(reading)] == [("touch a.txt", True), ("git add a.txt", True)]


def test_without_colours_the_time_tells_what_was_interrupted() -> None:
    """The cell of a running command appears with the interruption."""
    plain = "│ >_ OpenAI Codex (v0.58.0)    │\n\n› go\n\n• Looping.\n\n"
    stop = "• Ran sleep 30\n  └ (no output)\n\n■ Conversation interrupted - tell the model what to do differently\n\n"
    (tool,) = tools(show(plain, (5.0, stop)))
    assert (tool.command, tool.ok, tool.stopped) == ("sleep 30", False, Stopped.INTERRUPTED)


def test_0_39_shows_what_it_asks_about() -> None:
    """A patch that was allowed has no other cell than the proposal, and neither has one that was not."""
    one = cell("Proposed Change", " new.md (+1 -0)", "    1     +x", bullet="2")
    two = cell("Proposed Change", " a.py (+1 -1)", "    1     -x", "    1     +y", bullet="2")
    asked = "▌Apply changes?\n▌ Yes   No, provide feedback\n"
    allowed = "\x1b[2A\x1b[J" + cell("Change Approved", " new.md (+1 -0)", bullet="2")
    denied = "\x1b[2A\x1b[J■ Conversation interrupted - tell the model what to do differently\n\n"
    made, kept = tools(show((0.0, BANNER + one), (1.0, asked), (3.0, allowed), (4.0, two), (5.0, asked), (8.0, denied)))
    assert (made.files, made.created, made.ok) == (("new.md",), ("new.md",), True)
    assert (kept.files, kept.created, kept.stopped) == (("a.py",), (), Stopped.DENIED)


def test_a_command_that_a_rule_refused_never_ran() -> None:
    """Up to 0.87 or later it has a cell whose output is the refusal; the turn goes on."""
    why = "  └ `/bin/bash -lc 'git push'` rejected: policy forbids commands starting with `git push`"
    refused = cell("Ran", " git push", why, bullet="1;31")
    reading = show(BANNER + typed("push") + refused + refused + said("I may not.") + "■ Conversation interrupted\n")
    assert [(tool.command, tool.stopped) for tool in tools(reading)] == [("git push", Stopped.DENIED)] * 2
    assert errors(reading) == [ErrorKind.INTERRUPTED]


def test_0_171_leaves_a_task_that_goes_on() -> None:
    """Its daemon works on after the window is closed: the id and the tokens so far are told in other words."""
    end = f"Disconnected from this task. Any running work continues.\nTo reconnect, run:\n  codex resume {UUID}\n"
    end += "Stop the current turn: run codex agents, select this task, and press x.\n"
    reading = show(BANNER + typed("go") + end + "Token usage so far: total=631 input=610 (+ 400 cached) output=21\n")
    (totals,) = of(reading, Totals)
    assert (totals.tokens.input, totals.tokens.output, reading.native_session_id) == (610, 21, UUID)
    assert reading.unknown_lines == 0


def test_a_menu_that_ends_a_screen_is_no_prompt() -> None:
    """In full screen menus are shaded as prompts are; their title is bold, and what follows it is theirs."""
    page = "\x1b[?2004h\x1b[?1049h\x1b[?1007h\x1b[H" + ink(f"1;{SHADED}", "  Select Reasoning Level for GPT") + "\n\n"
    menu = ink(SHADED, "  2. Medium   Balances speed and depth") + "\n" + ink(SHADED, "  enter default · esc back")
    reading = show(page + menu, provider="openai_codex")
    assert (prompts(reading), reading.transcript) == ([], "")


def test_the_sticky_copy_of_a_prompt_is_none() -> None:
    """What came at once and fills the window begins a page: its first row repeats the prompt in view."""
    enter = "\x1b[?2004h\x1b[?1049h\x1b[?1007h\x1b[H" + "  >_ OpenAI Codex (v0.171.0)\n"
    prompt = (
        ink(f"2;{SHADED}", "› ") + ink(SHADED, "check:") + "\n" + ink(SHADED, "  ") + ink(f"36;{SHADED}", "• the views")
    )
    asked = f"\n{prompt}\n\n" + said("First of all this is what the old page of the window said")
    old = "".join(said(f"On the page before there was the sentence with number {n}") for n in range(10))
    page = "".join(said(f"Nothing here was seen before, says sentence number {n}") for n in range(12))
    new = f"\x1b[2J\x1b[H{ink(f'2;{SHADED}', '› ')}{ink(SHADED, 'check: - the…')}\n{page}"
    reading = show("$ codex\n", enter, "     /home/dev\n", asked, old, new, provider="openai_codex")
    assert len(texts(reading)) == 23
    assert prompts(reading) == ["check:\n- the views"]


def test_history_that_came_late_is_no_news() -> None:
    """A prompt that is drawn together with its answer was not typed just then, however long the start took."""
    history = BANNER + typed("earlier") + cell("Ran", " exit 4", "  └ (no output)", bullet="1;31") + said("So be it.")
    reading = show(
        (0.0, "a warning\n"), (3.0, history), (9.0, typed("now")), (9.5, said("Right.")), argv=["codex", "resume"]
    )
    assert (prompts(reading), texts(reading), tools(reading)) == (["now"], ["Right."], [])


def test_agents_by_name_or_id() -> None:
    """Between 0.110 and 0.156 agents had no paths, and each of these cells is a call."""
    states = ("Spawned McClintock (gpt-5.4 high)", "Sent input to McClintock", "Finished waiting", "Closed McClintock")
    cells = "".join(
        ink("2", "•") + " " + ink("1", state.split(" McC")[0]) + state[len(state.split(" McC")[0]) :] + "\n\n"
        for state in states
    )
    reading = show(BANNER + typed("go") + cells + said("Closed is what it is."))
    assert [tool.name for tool in tools(reading)] == ["spawn_agent", "send_input", "wait_agent", "close_agent"]
    assert {tool.category for tool in tools(reading)} == {Category.TASK}
    assert texts(reading) == ["Closed is what it is."]


def test_what_the_reviewer_decides() -> None:
    """Since 0.156 or so approvals may be another model's to give: a command that it denied never ran."""
    denied = ink("31", "✗") + " Auto-reviewer denied codex to run rm -rf x\n\n"
    approved = ink("32", "✔") + " Auto-reviewer approved codex to run ls this time\n\n"
    reading = show(BANNER + typed("go") + denied + approved)
    assert [(tool.command, tool.stopped) for tool in tools(reading)] == [("rm -rf x", Stopped.DENIED)]
    assert reading.unknown_lines == 0


def test_what_a_narrow_terminal_breaks_goes_on_at_the_left_edge() -> None:
    """At 50 columns warnings, waits and the id to resume with take a second row that is not indented."""
    wait = ink("2", "•") + " " + ink("1", "Waited for background terminal") + " · echo up; exec\nsleep 60\n\n"
    warning = "⚠ Heads up: Long conversations and multiple\ncompactions can cause less accuracy.\n\n"
    end = f"To continue this session, run codex resume\n{UUID}\n"
    reading = show(BANNER + typed("go") + wait + warning + said("Up.") + end, cols=50)
    assert (reading.unknown_lines, reading.native_session_id) == (0, UUID)


@pytest.mark.parametrize("counts", [" (+1\n-1)", "\n(+1 -1)", "\n  (+1 -1)"])
def test_a_narrow_terminal_breaks_the_head_of_a_patch(counts: str) -> None:
    """What was done and how much stay together, also if the file was moved."""
    moved = cell("Edited", f" webapp/search.py → webapp/finder.py{counts}", "    2 -    a", "    2 +    b")
    reading = show(BANNER + typed("go") + moved + said("Moved."), cols=50)
    (patch,) = tools(reading)
    assert (patch.files, patch.lines_added, patch.lines_removed) == (("webapp/search.py",), 1, 1)
    assert (texts(reading), reading.unknown_lines) == (["Moved."], 0)


@pytest.mark.parametrize("word", ["Re-connecting", "Reconnecting"])
def test_reconnects_pass_over_the_screen(word: str) -> None:
    """A number tells how many attempts failed up to it; 0.49 and 0.50 wrote it with a hyphen."""
    live = f"• {word}... 2/3 (1s • esc to interrupt)\n"
    reading = show((0.0, BANNER + typed("go") + live), (3.0, "\x1b[1A\x1b[J" + said("Back again.")))
    assert errors(reading) == [ErrorKind.API_ERROR] * 2


def test_0_34_tells_of_an_interruption_and_a_compaction_in_its_own_words() -> None:
    """The one has a hand before it, the other looks like an answer up to 0.60."""
    running = cell("Ran", " sleep 30", bullet="1;31")
    stop = ink("1;31", "🖐\u200a Tell the model what to do differently") + "\n\n"
    answer = ("• Done.\n\n", "• Compact task completed\n\n", "• Compact task completed, they say\n\n")
    reading = show(BANNER + typed("go"), (5.0, running + stop), typed("and now?") + "".join(answer))
    (tool,) = tools(reading)
    assert (tool.command, tool.stopped) == ("sleep 30", Stopped.INTERRUPTED)
    assert texts(reading) == ["Done.", "Compact task completed, they say"]
    assert notes(reading, NoteKind.COMPACTION) == ["Compact task completed"]


@pytest.mark.parametrize(("version", "dash"), [("0.162.0", "•"), ("0.169.0", "-")])
def test_a_prompt_that_begins_with_an_item(version: str, dash: str) -> None:
    """0.169 draws the dash as a bullet."""
    assert prompts(show(BANNER.replace("0.87.0", version) + typed("• mend it") + said("Yes."))) == [f"{dash} mend it"]


def test_a_word_longer_than_a_row_is_broken_by_the_terminal() -> None:
    """So do 0.98 to 0.156 with addresses, at the end of a scroll region."""
    address = "https://example.org/" + "a-long-way/" * 6 + "?and=query"
    fetch = cell("Ran", " curl", ink("2", "  │ ") + address, "  │ && echo two", "  └ two")
    listed = ink("2", "•") + " - \n  " + address + "\n  - more\n\n"
    (command,) = tools(reading := show(BANNER + "\x1b[1;12r\x1b[12;1H" + typed(address) + fetch + listed, cols=60))
    assert prompts(reading) == [address]
    assert command.command == f"curl {address} && echo two"
    assert texts(reading) == [f"- {address}\n- more"]
    assert reading.unknown_lines == 0
