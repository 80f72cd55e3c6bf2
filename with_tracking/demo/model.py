"""The scripted model: what it says and does for a prompt, step by step, looking at how each step went."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeAlias

from with_tracking.demo.workshop import FIXED_LINE, SOURCE, WRONG_LINE


@dataclass(frozen=True, slots=True)
class Say:
    """A message to the person."""

    text: str


@dataclass(frozen=True, slots=True)
class Bash:
    """Run a command in the repository."""

    command: str


@dataclass(frozen=True, slots=True)
class Read:
    """Look at a file."""

    path: str


@dataclass(frozen=True, slots=True)
class Update:
    """Replace one line of a file. The person is asked first."""

    path: str
    old: str
    new: str


Step: TypeAlias = Say | Bash | Read | Update
Answer: TypeAlias = Generator[Step, bool, None]
"""An answer to one prompt: steps come out, whether the last one went well goes in."""

TESTS = "python3 -m unittest"


def close_issue(number: str) -> Answer:
    """Find the failing test, mend it and commit."""
    yield Say(f"I'll look at the repository first, then run the tests to see what issue {number} is about.")
    yield Bash("git status --short --branch")
    if (yield Bash(TESTS)):
        yield Say(f"All tests pass, so there is nothing left to do for issue {number}.")
        return
    yield Say("A closed issue keeps its old state. Let me see how the tracker closes one.")
    yield Read(SOURCE)
    if not (yield Update(SOURCE, WRONG_LINE, FIXED_LINE)):
        yield Say(f"All right, {SOURCE} stays as it is and nothing is committed.")
        return
    if not (yield Bash(TESTS)):
        yield Say("The tests still fail. I leave the change uncommitted for you to look at.")
        return
    yield Bash(f'git commit -a -m "Set the state when an issue is closed (#{number})"')
    yield Bash("git log --oneline -2")
    yield Say(f"Issue {number} is done: closing an issue now sets its state, the tests pass, and the fix is committed.")


def look_around(_: str) -> Answer:
    """Show the state of the repository."""
    yield Bash("git status --short --branch")
    yield Bash("git log --oneline -3")
    yield Say("That is where the repository stands.")


def run_tests(_: str) -> Answer:
    """Run the tests and say how they went."""
    passed = yield Bash(TESTS)
    yield Say("All tests pass." if passed else "A test fails. Try the prompt: close-issue 583")


def admit_being_scripted(prompt: str) -> Answer:
    """Answer whatever the script does not know."""
    yield Say(
        f"I am a scripted demonstration without a model, so I have no answer to “{prompt}”.\n"
        "Try: close-issue 583, status, or test. /help tells more."
    )


SCRIPTS: tuple[tuple[re.Pattern[str], Callable[[str], Answer]], ...] = (
    (re.compile(r"^/?(?:close|fix)[- ](?:issue )?#?(\d+)\b", re.IGNORECASE), close_issue),
    (re.compile(r"^/?(?:close|fix)-issue\s+#?(\d+)\b", re.IGNORECASE), close_issue),
    (re.compile(r"\b(status|log|look)\b", re.IGNORECASE), look_around),
    (re.compile(r"\b(tests?)\b", re.IGNORECASE), run_tests),
)


def answer(prompt: str) -> Answer:
    """Return the steps that answer a prompt."""
    for pattern, script in SCRIPTS:
        if found := pattern.search(prompt):
            return script(found.group(1))
    return admit_being_scripted(prompt)
