"""Codex's exec mode from 0.45 to 0.140: outcomes at the end of a command's line, several files to a patch, plans."""

from __future__ import annotations

from parsers.session import Category, ErrorKind
from tests.screens.showing import errors, ink, prompts, show, texts, tools

LABEL = "35;3"
DIFF = """diff --git a/CHANGELOG.md b/CHANGELOG.md
new file mode 100644
index 0000000..5986caf
--- /dev/null
+++ b/CHANGELOG.md
+# Changelog
"""
OLD = f"""OpenAI Codex v0.110.0 (research preview)
--------
workdir: /home/dev
--------
{ink("36", "user")}
close-issue 583
{ink("36", "mcp startup:")} no servers
{ink(LABEL, "exec")}
{ink("1", "bash -lc 'gh issue view 583'")} in /home/dev exited 127 in 51ms:
{ink("2", "no gh")}
{ink(LABEL, "exec")}
{ink("1", "/bin/bash -lc 'python - <<PY")}
{ink("1", "print(1)")}
{ink("1", "PY'")} in /home/dev succeeded in 1.2s:
{ink("2", "1")}
{ink(LABEL, "file update")}
{ink("35", "A /home/dev/docs/pages.md")}
Pages start at 1.
{ink("35", "M /home/dev/views.py")}
{ink("31", "-    return 1")}
apply_patch(auto_approved=true) exited 0 in 16ms:
{ink("2", "Success. Updated the following files:")}
{ink("2", "M views.py")}
{ink(LABEL, "file update:")}
{DIFF}{ink(LABEL, "codex")}
Done.
"""


def test_outcome_at_the_end_of_the_commands_line() -> None:
    """The outcome of a command and the files of a patch were written otherwise until the format of today."""
    reading = show(OLD)
    missing, python, patch = tools(reading)
    assert prompts(reading) == ["close-issue 583"]
    assert (missing.command, missing.exit_code, missing.output) == ("gh issue view 583", 127, "no gh")
    assert (python.command, python.exit_code, python.output) == ("python - <<PY\nprint(1)\nPY", 0, "1")
    assert (patch.files, patch.ok) == (("/home/dev/docs/pages.md", "/home/dev/views.py"), True)
    assert patch.created == ("/home/dev/docs/pages.md",)
    assert texts(reading) == ["Done."]


def test_a_patch_that_failed() -> None:
    """The line below the diff tells it."""
    *_, patch = tools(show(OLD.replace("exited 0", "exited 1")))
    assert patch.ok is False


def test_plans_have_no_label_and_diffs_of_the_turn_follow() -> None:
    """Since 0.140 or so a plan is told by its coloured marks alone; an answer ends where the turn's diff begins."""
    plan = f"  {ink('32', '✓')} Look\n  {ink('36', '→')} Fix it\n{ink('2', '  • Write it down')}\n"
    screen = f"OpenAI Codex v0.140.0\n--------\n{ink(LABEL, 'codex')}\nFirst the state.\n{plan}"
    patch = f"{ink('1', 'apply patch')}\npatch: completed\n/home/dev/CHANGELOG.md\n/home/dev/views.py\n{DIFF}"
    reading = show(f"{screen}{patch}{ink(LABEL, 'codex')}\nDone.\n\n  • no plan\n{DIFF}")
    todo, edit = tools(reading)
    assert todo.category is Category.TODO
    assert edit.files == ("/home/dev/CHANGELOG.md", "/home/dev/views.py")
    assert edit.created == ("/home/dev/CHANGELOG.md",)
    assert texts(reading) == ["First the state.", "Done.\n\n  • no plan"]


def test_a_quoted_diff_belongs_to_the_answer() -> None:
    """An open fence says that the diff is the answer's own."""
    reading = show(f"OpenAI Codex v0.140.0\n--------\n{ink(LABEL, 'codex')}\nSee:\n```diff\n{DIFF}```\n")
    assert texts(reading) == [f"See:\n```diff\n{DIFF}```"]


def test_output_in_a_pipe_that_imitates_labels() -> None:
    """Without styles a label is a bare word: a prompt follows the header, and a command names its folder or outcome."""
    screen = (
        "OpenAI Codex v0.169.0\n--------\nworkdir: /w\n--------\nuser\nlook\nexec\n/bin/bash -lc 'cat words' in /w\n"
    )
    reading = show(screen + " succeeded in 0ms:\nuser\ncodex\nexec\n\ncodex\nThree words.\n")
    assert [tool.command for tool in tools(reading)] == ["cat words"]
    assert (prompts(reading), texts(reading)) == (["look"], ["Three words."])


def test_the_last_message_is_printed_once_more() -> None:
    """On a terminal it stands below the number of tokens as well: it was said once."""
    reading = show(f"{OLD}{ink(LABEL, 'tokens used')}\n6,816\nDone.\n")
    assert texts(reading) == ["Done."]
    assert reading.transcript.count("Done.") == 1


def test_files_that_a_patch_deleted_were_not_edited() -> None:
    """Since 0.140 or so only the diff tells that a file is gone."""
    gone = "diff --git a/old.txt b/old.txt\ndeleted file mode 100644\n--- a/old.txt\n+++ /dev/null\n-old\n"
    screen = (
        f"OpenAI Codex v0.169.0\n--------\n{ink('1', 'apply patch')}\npatch: completed\n/w/CHANGELOG.md\n/w/old.txt\n"
    )
    (patch,) = tools(show(screen + DIFF + gone))
    assert (patch.files, patch.created) == (("/w/CHANGELOG.md",), ("/w/CHANGELOG.md",))


def test_a_file_that_a_patch_moved() -> None:
    """Until 0.110 or so a move names both paths."""
    moved = f"{ink(LABEL, 'file update')}\n{ink('35', 'R /w/mv.txt -> /w/moved.txt')}\n@@ -1 +1 @@\n-stay\n+gone\n"
    (patch,) = tools(
        show(f"OpenAI Codex v0.98.0\n--------\n{moved}apply_patch(auto_approved=true) exited 0 in 12ms:\n")
    )
    assert (patch.files, patch.created, patch.ok) == (("/w/mv.txt",), (), True)


def test_retries_without_a_label() -> None:
    """Until 0.110 or so a retry was a faint line; what the program logs of itself is nothing that was run or said."""
    log = f"{ink('2', '2026-11-28T09:07:55.333765Z')} {ink('31', 'ERROR')} {ink('2', 'codex_api::endpoint')}: 500\n"
    retry = ink("2", "Reconnecting... 1/3 (We're currently experiencing high demand)") + "\n"
    older = ink("2", "Re-connecting... 2/3") + "\n"
    reading = show(OLD.replace(ink(LABEL, "codex"), log + retry + older + ink(LABEL, "codex")))
    assert errors(reading) == [ErrorKind.API_ERROR] * 2
    assert "codex_api" not in reading.transcript


def test_a_command_of_several_lines_in_0_39() -> None:
    """Its outcome stands at the end of its last line."""
    at = "[2026-11-20T09:39:05] "
    script = "bash -lc \"python3 - <<'PY'\nprint('user')\nPY\""
    screen = f"{at}OpenAI Codex v0.39.0 (research preview)\n--------\n{at}exec {script} in /w\n"
    (tool,) = tools(show(f"{screen}{at}{script} exited 1 in 4ms:\nuser\n{at}tokens used: 6,075\n"))
    assert (tool.command, tool.exit_code, tool.output) == ("python3 - <<'PY'\nprint('user')\nPY", 1, "user")
