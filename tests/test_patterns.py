"""Patterns: when errors are the same, what fixed them, what is tried again, and how complex a session is."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from parsers.session import Category, Error, ErrorKind, Stopped
from tests import varied_archive
from tests.forked import run
from tests.test_comparison import row
from with_tracking.history.patterns import AGAIN, complexity, failing_commands, recurring_errors, retried_commands
from with_tracking.history.signatures import LENGTH, command_signature, error_signature
from with_tracking.history.stories import Story, Use

PYTEST = """Exit code 1
F..                                                                      [100%]
=================================== FAILURES ===================================
________________________________ test_subtotal _________________________________
>       assert subtotal([(2, 1.5)]) == 11.5
E       assert 6.5 == 11.5
=========================== short test summary info ============================
FAILED tests/test_pricing.py::test_subtotal - assert 6.5 == 11.5
1 failed, 2 passed in 0.03s
"""
TRACEBACK = """Exit code 1
Traceback (most recent call last):
  File "/home/dev/webapp/app.py", line 12, in <module>
    import requests
ModuleNotFoundError: No module named 'requests'
"""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TRACEBACK, TRACEBACK.replace("12", "97").replace("dev", "ann")),
        ("Error: listen EADDRINUSE: in use :::3000", "Error: listen EADDRINUSE: in use :::8080"),
        ("/usr/bin/bash: line 1: gh: command not found", "bash: line 3: gh: command not found"),
        ("fatal: bad object 3f2a9c1d", "fatal: bad object 77aa01be"),
        ("cat: /tmp/a1/notes.txt: No such file or directory", "cat: /var/b2/notes.txt: No such file or directory"),
        ("2026-11-20 09:29:39 ERROR: timed out after 30s", "2026-11-21T10:00:00Z ERROR: timed out after 45s"),
    ],
)  # fmt: skip
def test_the_same_error(one: str, other: str) -> None:
    """Numbers, times, ids and folders do not make an error another one."""
    assert error_signature(one) == error_signature(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TRACEBACK, TRACEBACK.replace("requests", "httpx")),
        ("cat: /tmp/notes.txt: No such file or directory", "cat: /tmp/todo.txt: No such file or directory"),
        ("Error: out of memory", "Error: out of disk"),
    ],
)
def test_other_errors(one: str, other: str) -> None:
    """What is about another thing is another error."""
    assert error_signature(one) != error_signature(other)


def test_the_telling_line() -> None:
    """Of a long output the line counts that says what went wrong; a text without one gives its first line."""
    assert error_signature(TRACEBACK) == "ModuleNotFoundError: No module named 'requests'"
    assert error_signature(PYTEST) == "FAILED tests/test_pricing.py::test_subtotal - assert N == N"
    assert error_signature("Exit code: 2\nWall time: 0.1 seconds\nOutput:\nsomething broke") == "something broke"
    assert error_signature("collecting …\n\n  3 failed\n") == "collecting …"
    assert error_signature("Exit code 2") == "Exit code N"
    assert error_signature("") == ""


@pytest.mark.parametrize("text", ["a/" * 100_000, "1" * 200_000, "/" * 100_000, "error: " * 50_000, "0x" * 90_000])
def test_pathological_texts(text: str) -> None:
    """No text takes long, and no signature is long."""
    began = time.process_time()
    assert len(error_signature(text)) <= LENGTH
    assert len(command_signature(text)) <= LENGTH
    assert time.process_time() - began < 0.5


def test_commands_are_the_same_wherever_they_run() -> None:
    """The folder that a command changes into first, spaces and numbers do not matter."""
    assert command_signature("cd /home/dev/webapp && pytest  -q") == "pytest -q"
    assert command_signature("git show 12") == command_signature("git show 7")


# --- fixes ------------------------------------------------------------------------------------------------------------


def ran(command: str, *, ok: bool = True, output: str = "", stopped: Stopped | None = None) -> Use:
    """Return a shell command that ran."""
    return Use(name="Bash", category=Category.SHELL, command=command, ok=ok, output=output, stopped=stopped)


def edited(path: str) -> Use:
    """Return an edit of a file."""
    return Use(name="Edit", category=Category.EDIT, ok=True, files=(path,))


def stories(*uses: list[Use]) -> list[Story]:
    """Return a session for each list of tool uses."""
    return [Story(session_id=f"s{number}", tool_uses=tuple(some)) for number, some in enumerate(uses)]


def test_what_fixed_a_failing_command() -> None:
    """A command that failed and later succeeded was fixed by what was last changed between; looking is no change."""
    found = failing_commands(
        stories(
            [ran("pytest", ok=False), ran("pip install requests"), ran("cat setup.py"), ran("pytest")],
            [ran("pytest", ok=False), ran("pip install requests"), ran("pytest")],
            [ran("pytest", ok=False), edited("/home/dev/src/app.py"), ran("pytest")],
            [ran("pytest", ok=False), ran("pytest")],
            [ran("pytest", ok=False), edited("app.py")],
            [ran("ls", ok=False)],
        )
    )
    assert [(each.text, each.count, len(each.sessions), each.fixed) for each in found] == [("pytest", 5, 5, 4)]
    fixes = {fix.what: fix.count for fix in found[0].fixes}
    assert fixes == {"pip install requests": 2, "edit app.py": 1, AGAIN: 1}


def test_a_fix_is_that_of_the_last_failure() -> None:
    """What came before another failure of the same command did not fix it."""
    attempt = [ran("make", ok=False), edited("a.c"), ran("make", ok=False), edited("b.c"), ran("make")]
    found = failing_commands(stories(attempt, attempt))
    assert (found[0].count, found[0].fixed) == (4, 2)
    assert [fix.what for fix in found[0].fixes] == ["edit b.c"]


def test_recurring_errors() -> None:
    """Errors of several sessions, those of the most first; what people stopped is none."""
    missing = ran("python app.py", ok=False, output=TRACEBACK)
    api = Error(kind=ErrorKind.API_ERROR, text="API Error: 529 Overloaded", seconds=1.0)
    some = stories([missing, missing], [missing, ran("rm -rf x", ok=False, stopped=Stopped.DENIED)], [missing])
    overloaded = [Story(session_id=name, errors=(api,)) for name in ("a", "b")]
    found = recurring_errors([*some, *overloaded])
    assert [(each.kind, each.text, each.count, len(each.sessions)) for each in found] == [
        ("command_failed", "ModuleNotFoundError: No module named 'requests'", 4, 3),
        ("api_error", "API Error: N Overloaded", 2, 2),
    ]


def test_retries() -> None:
    """How often a command was run again after it failed, and whether it ever succeeded."""
    found = retried_commands(
        stories(
            [ran("npm test", ok=False), ran("npm test", ok=False), ran("npm test")],
            [ran("npm test", ok=False), ran("npm test", ok=False)],
            [ran("npm test", ok=False)],
            [ran("ls"), ran("ls")],
        )
    )
    assert [(each.command, each.sessions, each.retries, each.recovered, each.attempts) for each in found] == [
        ("npm test", 2, 3, 1, 3.0)
    ]


def test_complexity_is_a_mean_of_ranks() -> None:
    """The score says how much of a session there is beside the others; its parts are told, and it lies in 0 to 100."""
    small, large = {"commands_executed": 1.0, "tool_uses": 2.0}, {"commands_executed": 50.0, "tool_uses": 90.0}
    rows = [row(1, metrics=small), row(2, metrics=small), row(3, metrics=large)]
    found = complexity(rows)
    assert found[0].session_id == "s003"
    assert found[0].parts["commands_executed"] == pytest.approx(100 * 2.5 / 3)
    assert found[0].parts["files"] == 50
    assert found[0].score == pytest.approx(sum(found[0].parts.values()) / 6)
    assert all(0 <= each.score <= 100 for each in found)
    assert complexity([]) == []


# --- the command ------------------------------------------------------------------------------------------------------


def test_patterns(tracking_root: Path) -> None:
    """The error that comes back, what fixed it, success of procedures, retries, the most complex sessions."""
    varied_archive.make(tracking_root, 24, until=datetime.now(UTC) - timedelta(hours=1))
    shown = run("patterns")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "No module named 'requests'" in shown.stdout
    assert "pip install requests (6 of 6)" in shown.stdout
    assert "API Error: N Overloaded" in shown.stdout
    assert all(len(line) <= 80 for line in shown.stdout.splitlines())
    found = json.loads(run("patterns", "--json").stdout)
    assert found["errors"][0]["count"] == found["errors"][0]["fixed"] == 6
    assert found["retries"][0] == {
        "command": "pytest -q", "sessions": 6, "retries": 6, "recovered": 6, "attempts": 2.0,
    }  # fmt: skip
    assert {each["name"] for each in found["procedures"]} == {"close-issue", "review-changes"}
    assert len(found["complexity"]) == 24


def test_patterns_of_nothing() -> None:
    """Without sessions there are no patterns, and that is said."""
    shown = run("patterns")
    assert (shown.returncode, shown.stdout) == (1, "")
    assert "No session is recorded in" in shown.stderr
