"""A command's own output proves a failure only where it cannot be misread."""

from __future__ import annotations

import pytest

from parsers.command_outcomes import failure

PYTEST = "F..\n=== FAILURES ===\n1 failed, 2 passed in 0.03s"


@pytest.mark.parametrize(
    ("command", "output", "status"),
    [
        ("gh issue view 583", "/bin/bash: line 1: gh: command not found", 127),
        ("gh issue view 583", "/bin/sh: 1: gh: not found", 127),
        ("./run", "bash: line 1: ./run: Permission denied", 126),
        ("cd app && pytest -q", PYTEST, 1),
        ("python -m pytest", PYTEST, 1),
        ("timeout 60 pytest -q 2>&1", PYTEST, 1),
        ("git push", "fatal: 'origin' does not appear to be a git repository", 128),
        ("git commit -m x", "On branch main\nnothing to commit, working tree clean", 1),
        ("ls nofolder", "ls: cannot access 'nofolder': No such file or directory", 2),
        ("cat x", "cat: x: No such file or directory", 1),
        ("python a.py", 'Traceback (most recent call last):\n  File "a.py"\nValueError: no', 1),
        ("make", "make: *** [Makefile:2: all] Error 1", 2),
    ],
)
def test_what_proves_a_failure(command: str, output: str, status: int) -> None:
    """The shell's words on this command, and what its program prints only when it fails."""
    assert failure(command, output) == (True, status)


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("pytest -q", "3 passed in 0.01s"),
        ("pytest -q", "2 passed, 1 warning in 0.01s"),
        ("pytest -q | tail -3", PYTEST),
        ("pytest -q; echo done", PYTEST),
        ("pytest -q || true", PYTEST),
        ("pytest -q &", PYTEST),
        ("cat report.txt", PYTEST),
        ("grep -rn pytest .", PYTEST),
        ("cat log", "bash: line 1: gh: command not found"),
        ("git log", "    fatal: was fixed"),
        ("git status", "nothing to commit, working tree clean"),
        ("echo hi", ""),
        ("python a.py", 'Traceback (most recent call last):\n  File "a.py"\nValueError: no\nrecovered'),
    ],
)
def test_what_proves_nothing(command: str, output: str) -> None:
    """Where another program's status counts, or the words may be somebody else's, nothing is claimed."""
    assert failure(command, output) == (False, None)


def test_a_long_output_is_read_quickly() -> None:
    """No pattern goes back and forth over a pathological line."""
    assert failure("pytest " + "-a " * 2_000, "=" * 100_000 + "1 " * 50_000) == (False, None)
