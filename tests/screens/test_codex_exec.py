"""Codex's exec mode from 0.45 to 0.140: outcomes at the end of a command's line, several files to a patch, plans."""

from __future__ import annotations

from parsers.session import Category
from tests.screens.showing import ink, prompts, show, texts, tools

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
