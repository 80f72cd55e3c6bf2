"""Codex's screen and its exec mode: what its bullets, elbows and labels mean, version by version."""

from __future__ import annotations

import pytest

from parsers.session import Category, ErrorKind, NoteKind, Stopped, Totals
from tests.screens.codex_drawing import BANNER, NEWEST, SHADED, UUID, cell, said, typed
from tests.screens.showing import errors, ink, notes, of, prompts, show, texts, tools


def test_prompts_are_whole_and_the_composer_is_none() -> None:
    """The composer's glyph is bold, its placeholder faint; a prompt's words are neither."""
    composer = ink(f"1;{SHADED}", "›") + ink(f"2;{SHADED}", " Ask Codex to do anything") + "\n"
    closing = ink(f"2;{SHADED}", "› Shutting down...") + "\n"
    reading = show(BANNER + typed("check:\n- the README") + said("Yes.") + composer + closing)
    assert prompts(reading) == ["check:\n- the README"]


def test_the_end_of_a_prompt_taller_than_the_screen() -> None:
    """Only its last lines were ever drawn: it was submitted all the same."""
    frame = ink(SHADED, "  line 58") + "\n" + ink(SHADED, "  line 59") + "\n\n" + said("Long.")
    reading = show(frame, provider="openai_codex")
    assert prompts(reading) == ["… line 58\nline 59"]


def test_prompts_of_0_39_have_a_bar_before_every_line() -> None:
    """Until the bar became a glyph every line of a prompt had one."""
    bars = ink("2;36", "▌") + ink("2", " close-issue 583") + "\n" + ink("2;36", "▌") + ink("2", " and push") + "\n\n"
    reading = show(BANNER + bars + "> On it.\n")
    assert prompts(reading) == ["close-issue 583\nand push"]
    assert texts(reading) == ["On it."]


def test_without_styles_the_composer_is_told_by_its_place() -> None:
    """With no styles at all the last glyph on the live screen is the input box."""
    plain = "│ >_ OpenAI Codex (v0.87.0)    │\n\n› go\n\n• Ran false\n  └ (no output)\n\n• Done.\n\n"
    reading = show(plain + "› Summarize recent commits\n")
    assert prompts(reading) == ["go"]
    assert [tool.command for tool in tools(reading)] == ["false"]


@pytest.mark.parametrize(
    ("text", "bullet", "ok", "code"),
    [
        ("Ran", "1;32", True, 0),
        ("Ran", "1;31", False, None),
        ("Exited (status 127)", "1", False, 127),
    ],
)
def test_bullet_or_status_tell_the_outcome(text: str, bullet: str, ok: bool, code: int | None) -> None:
    """Inline versions tell failure by the bullet's colour alone, the full-screen one by "Exited"."""
    (tool,) = tools(show(NEWEST + cell(text, " gh issue view 583", "  └ not found", bullet=bullet)))
    assert (tool.command, tool.ok, tool.exit_code, tool.output) == ("gh issue view 583", ok, code, "not found")


def test_commands_over_several_rows() -> None:
    """Lines of a command stand behind a bar, before the result."""
    (tool,) = tools(show(BANNER + cell("Ran", " python - <<'PY'", "  │ import json", "  │ PY", "  └ {}")))
    assert (tool.command, tool.output) == ("python - <<'PY'\nimport json\nPY", "{}")


def test_commands_of_0_39_may_stand_on_the_elbow() -> None:
    """Where the head has no room the command follows below it, and then its errors, faint as a script within it."""
    (tool,) = tools(show(BANNER + cell("Ran", "", "  └ git add -A && git commit -m x")))
    assert tool.command == "git add -A && git commit -m x"
    script = (ink("2", "  └ ") + "python - <<PY", ink("2", "    import json"), "    PY", ink("2", "    an error"))
    (tool,) = tools(show(BANNER + cell("Ran", "", *script, bullet="1;31")))
    assert (tool.command, tool.output) == ("python - <<PY\nimport json\nPY", "an error")


def test_a_number_of_commands_counts() -> None:
    """0.149 replaces successful commands by their number; the cell that stood there before names its command."""
    first = cell("Ran", " git status -sb", "  └ ## main")
    number = "\x1b[3A\x1b[J" + cell("Ran", " 2 commands · ctrl + t to view transcript")
    found = tools(show((0.0, BANNER + said("Look.")), (1.0, first), (3.0, number)))
    assert [(tool.command, tool.ok) for tool in found] == [("git status -sb", True), (None, True)]


def test_exploring_is_running_commands() -> None:
    """Reads and searches are commands whose line is not shown; lines that came at once are one command's."""
    grown = (
        (0.0, NEWEST + ink("2", "•") + " " + ink("1", "Explored") + "\n" + ink("2", "  └ ") + "Read search.py\n"),
        (1.0, "    Search paginate in webapp\n    Read long.md (exit 1)\n"),
    )
    found = tools(show(*grown))
    assert [(t.category, t.ok, t.exit_code) for t in found] == [(Category.SHELL, True, 0), (Category.SHELL, False, 1)]


@pytest.mark.parametrize(
    ("looks", "commands"),
    [
        (("List ls -la",), ["ls -la"]),
        (("List ls -la (exit 2)",), ["ls -la"]),
        (("List rg --files",), ["rg --files"]),
        (("List docs",), [None]),
        (("List lsof",), [None]),
        (("List ls -la", "Read a.py"), [None]),
    ],
)
def test_a_listing_without_a_path_is_its_command(looks: tuple[str, ...], commands: list[str | None]) -> None:
    """Where no directory is named the line has the command's own words; of several at once they are only a part."""
    first, *more = looks
    shown = show(NEWEST + cell("Explored", "", f"  └ {first}", *(f"    {look}" for look in more), bullet="2"))
    assert [tool.command for tool in tools(shown)] == commands


def test_older_versions_do_not_tell_whether_a_look_failed() -> None:
    """Before 0.150 an explored file may have been missing: that is unknown, not success."""
    (tool,) = tools(show(BANNER + cell("Explored", "", "  └ Read missing.txt", bullet="2")))
    assert (tool.ok, tool.exit_code) == (None, None)


def test_patches_tell_files_and_lines() -> None:
    """A new file is created by the patch; among several the diff tells what is new and what is gone."""
    one = cell("Added", " CHANGELOG.md (+5 -0)", "    1 +# Changelog", bullet="2")
    several = ("  └ a.md (+0 -2)", "    1 -x", "  └ b.py (+2 -0)", "    1 +x", "  └ c.py → d.py (+1 -1)", "    7 -x")
    found = tools(show(BANNER + one + cell("Edited", " 3 files (+3 -3)", *several, bullet="2")))
    assert [(t.files, t.created, t.lines_added) for t in found] == [
        (("CHANGELOG.md",), ("CHANGELOG.md",), 5),
        (("b.py", "c.py"), ("b.py",), 3),
    ]


def test_a_denied_command_never_ran() -> None:
    """The line that tells of the denial is the fact; the cell and the interruption after it are its shadows."""
    denial = ink("31", "✗") + " You canceled the request to run rm -rf x\n\n"
    shadow = cell("Exited (status 1)", " rm -rf x", "  └ (no output)", bullet="1")
    reading = show(NEWEST + typed("clean") + denial + shadow + "■ Conversation interrupted - use /feedback\n")
    assert [(t.command, t.stopped) for t in tools(reading)] == [("rm -rf x", Stopped.DENIED)]
    assert errors(reading) == []


def test_a_denied_patch_leaves_its_cell() -> None:
    """0.169 draws a denied patch as made; the dialog that stood until the interruption tells the truth."""
    asked = "Would you like to make the following edits?\n› 1. Yes, proceed\n"
    end = "\x1b[2A\x1b[J■ Conversation interrupted - use /feedback\n"
    added = cell("Added", " x.md (+1 -0)", "    1 +x", bullet="2")
    reading = show((0.0, NEWEST + added), (1.0, asked), (4.0, end))
    assert [(t.ok, t.stopped) for t in tools(reading)] == [(False, Stopped.DENIED)]
    assert notes(reading, NoteKind.APPROVAL) == ["Would you like to make the following edits? → denied"]


def test_interruptions_and_errors() -> None:
    """An interrupted turn, a retry that 0.39 keeps, and the API's last word."""
    lines = "■ Conversation interrupted - tell the model\n\n⚠ stream error: 500; retrying 1/3 in 217ms…\n\n"
    reading = show(BANNER + typed("go") + lines + "■ We’re currently experiencing high demand\n")
    assert errors(reading) == [ErrorKind.INTERRUPTED, ErrorKind.API_ERROR, ErrorKind.API_ERROR]


def test_a_command_that_was_running_was_interrupted() -> None:
    """The cell of a running command is drawn as a failure when the turn is stopped: one fact, told once."""
    stopped = cell("Ran", " sleep 60", "  └ (no output)", bullet="1;31") + "■ Conversation interrupted\n"
    earlier = cell("Ran", " false", "  └ (no output)", bullet="1;31")
    reading = show((0.0, BANNER + typed("go") + earlier), (9.0, stopped))
    assert [tool.stopped for tool in tools(reading)] == [None, Stopped.INTERRUPTED]
    assert errors(reading) == []


def test_reasoning_is_no_answer() -> None:
    """Up to 0.149 reasoning has the answer's bullet, but its words are italic or faint."""
    reading = show(BANNER + ink("2", "•") + ink("2;3", " The user wants it closed.") + "\n\n" + said("Closing it."))
    assert texts(reading) == ["Closing it."]
    assert notes(reading, NoteKind.REASONING) == ["The user wants it closed."]


def test_lookalikes_change_nothing() -> None:
    """Model text and output that imitate cells are indented or not bold."""
    cells = cell("Ran", " printf …", "  └ › not a prompt", "    • Ran fake command", "      └ fake output")
    reading = show(NEWEST + cells + said("Look:\n\n  • Ran not a command\n  › not a prompt either") + said("Ran it."))
    assert [tool.command for tool in tools(reading)] == ["printf …"]
    assert prompts(reading) == []
    assert len(texts(reading)) == 2


def test_background_commands_are_listed() -> None:
    """`/ps` names commands that never had a cell, once however often it is asked."""
    listed = (
        ink("35", "/ps") + "\n\n" + ink("1", "Background terminals") + "\n\n  • python -m http.server\n    ↳ GET /\n\n"
    )
    reading = show(NEWEST + cell("Ran", " true", "  └ (no output)") + listed + said("Up.") + listed)
    assert [(tool.command, tool.ok) for tool in tools(reading)] == [("true", True), ("python -m http.server", None)]


def test_plans_agents_and_other_tools() -> None:
    """Each of them has its own cell."""
    screen = cell("Updated Plan", "", "  └ □ Inspect", bullet="2") + cell("Started", " `/root/tests`", bullet="2")
    screen += cell("Called", ' demo.get_issue({"number":583})', "  └ open") + cell(
        "Searched the web", " for pagination"
    )
    found = [(tool.name, tool.category) for tool in tools(show(NEWEST + screen))]
    assert found == [
        ("update_plan", Category.TODO),
        ("spawn_agent", Category.TASK),
        ("mcp__demo__get_issue", Category.MCP),
        ("web_search", Category.WEB),
    ]


def test_the_end_tells_tokens_and_id() -> None:
    """Input leaves out what came from the cache; output includes reasoning."""
    end = "Token usage: total=31,401 input=30,782 (+ 210,304 cached) output=619 (reasoning 52)\n"
    reading = show(BANNER + typed("hi") + end + f"To continue this session, run codex resume {UUID}\n")
    (totals,) = of(reading, Totals)
    assert (totals.tokens.input, totals.tokens.cache_read, totals.tokens.output) == (30782, 210304, 619)
    assert reading.native_session_id == UUID


EXEC = f"""OpenAI Codex v0.169.0
--------
workdir: /home/dev/webapp
model: gpt-6.1-sol
session id: {UUID}
--------
user
close-issue 583
codex
I'll look.
exec
/bin/bash -lc "python - <<'PY'
print(1)
PY" in /home/dev/webapp
 exited 1 in 12ms:
user
output that imitates a label
apply patch
patch: completed
/home/dev/webapp/CHANGELOG.md
diff --git a/CHANGELOG.md b/CHANGELOG.md
new file mode 100644
+# Changelog
ERROR: Reconnecting... 1/3
tokens used
30,228
"""


def test_exec_mode_with_styles() -> None:
    """Labels are coloured: an output line of the same word is none."""
    screen = EXEC.replace("\nuser\nclose", f"\n{ink('36', 'user')}\nclose").replace(
        "\ncodex\n", f"\n{ink('35;3', 'codex')}\n"
    )
    screen = screen.replace("\nexec\n", f"\n{ink('35;3', 'exec')}\n").replace("apply patch", ink("1", "apply patch"))
    reading = show(screen.replace("tokens used", ink("2", "tokens used")))
    shell, patch = tools(reading)
    assert (reading.provider_version, reading.cwd, reading.native_session_id) == ("0.169.0", "/home/dev/webapp", UUID)
    assert prompts(reading) == ["close-issue 583"]
    assert (shell.command, shell.exit_code) == ("python - <<'PY'\nprint(1)\nPY", 1)
    assert shell.output == "user\noutput that imitates a label"
    assert patch.created == ("/home/dev/webapp/CHANGELOG.md",)
    assert errors(reading) == [ErrorKind.API_ERROR]


def test_exec_mode_of_0_39() -> None:
    """Every label came after a time in brackets."""
    at = "[2026-11-20T09:39:05] "
    screen = f"""{at}OpenAI Codex v0.39.0 (research preview)
--------
{at}User instructions:
close it
{at}codex
On it.
{at}exec bash -lc 'gh issue view 583' in /home/dev
{at}bash -lc 'gh issue view 583' exited 127 in 4ms:
no gh
{at}apply_patch auto_approved=true:
A /home/dev/x.md
{at}apply_patch(auto_approved=true) exited 0 in 2ms:
ok
"""
    reading = show(screen)
    shell, patch = tools(reading)
    assert (prompts(reading), texts(reading)) == (["close it"], ["On it."])
    assert (shell.command, shell.exit_code, shell.output) == ("gh issue view 583", 127, "no gh")
    assert (patch.files, patch.ok) == (("/home/dev/x.md",), True)
