"""What shell commands are said to do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.session import Category, Stopped, ToolUse
from parsers.shell_commands import outcomes, runs_git, simple_commands


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("git status", [["git", "status"]]),
        ("cd x && git push | cat", [["cd", "x"], ["git", "push"], ["cat"]]),
        ("FOO=1 sudo -E git fetch", [["git", "fetch"]]),
        ("timeout 10s /usr/bin/git fetch", [["git", "fetch"]]),
        ("bash -lc 'git add -A; git commit -m \"a b\"'", [["git", "add", "-A"], ["git", "commit", "-m", "a b"]]),
        ("(git stash)\ngit pop", [["git", "stash"], ["git", "pop"]]),
        ("x=$(git rev-parse HEAD)", [["git", "rev-parse", "HEAD"]]),
        ("python3 - <<'PY'\nimport git\nPY\ngit log", [["python3", "-"], ["git", "log"]]),
    ],
)
def test_splits_a_command_line_into_simple_commands(command: str, words: list[list[str]]) -> None:
    """Each simple command is found, without assignments, prefixes and here-documents."""
    assert list(simple_commands(command)) == words


@pytest.mark.parametrize(
    "command", ["find . -not -path './.git/*'", "echo git", "gh issue view 583", "grep -r 'git push' ."]
)
def test_git_as_an_argument_is_no_git_operation(command: str) -> None:
    """Only running git is a git operation, naming it is not."""
    assert not runs_git(command)


@given(st.text(alphabet="git 'com\"mit\\$()`<>&|;\n{}E#é", max_size=60))
def test_any_text_can_be_split(command: str) -> None:
    """A command that a screen cut off anywhere never raises."""
    assert all(words for words in simple_commands(command))


def _ran(command: str, ok: bool | None = True, output: str = "", stopped: Stopped | None = None) -> list[str]:
    use = ToolUse(name="Bash", category=Category.SHELL, command=command, ok=ok, output=output, stopped=stopped)
    return list(outcomes(use))


@pytest.mark.parametrize(
    ("command", "ok", "output", "expected"),
    [
        ("git add -A && git commit -qm 'fix'", True, "", ["commit_made"]),
        ("git commit -m x", None, "[main 1a2b3c4] x\n 1 file changed", ["commit_made"]),
        ("git commit -m x", False, "nothing to commit, working tree clean", []),
        ("git commit -m x", None, "", []),
        ("git -C sub commit -m x", True, "", ["commit_made"]),
        ("git push -u origin fix", True, "", ["pushed"]),
        ("git push --dry-run", True, "", []),
        ("gh pr create --fill", True, "", ["pr_created"]),
        ("gh issue close 583", True, "", ["issue_closed"]),
        ("gh issue close 583", False, "not found", []),
        ("pytest -q", True, "3 passed in 0.01s", ["tests_passed"]),
        ("pytest -q | tail -3", True, "1 failed, 2 passed in 0.01s", ["tests_failed"]),
        ("cd app && python3 -m unittest", False, "FAILED (failures=1)", ["tests_failed"]),
        ("npm test", True, "", ["tests_passed"]),
        ("uv run pytest", None, "", []),
        ("echo 'pytest: 3 passed, git push'", True, "pytest: 3 passed", []),
    ],
)
def test_outcomes_follow_from_what_the_command_did(command: str, ok: bool, output: str, expected: list[str]) -> None:
    """Success, or output where nobody said; words alone prove nothing."""
    assert _ran(command, ok, output) == expected


def test_a_denied_command_achieves_nothing() -> None:
    """What never ran has no outcome."""
    assert _ran("git push", False, stopped=Stopped.DENIED) == []
