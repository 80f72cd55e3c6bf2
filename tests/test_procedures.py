"""Which prompts call a procedure."""

import re

import pytest

from parsers.procedures import find_procedure


@pytest.mark.parametrize(
    ("prompt", "name", "issue"),
    [
        ("close-issue 583", "close-issue", "583"),
        ("/close-issue 583", "close-issue", "583"),
        ("/close-issue #583 --quick", "close-issue", "583"),
        ("extract-best-frame clip.mp4", "extract-best-frame", None),
        ("fix #42", "fix", "42"),
        ("/review", "review", None),
        ("what does close_issue do?", None, None),
        ("start a branch for issue 583", None, "583"),
        ("pre-commit fails on main since yesterday", None, None),
        ("is close-issue documented?", None, None),
        ("count to 3", None, None),
        ("", None, None),
    ],
)
def test_a_procedure_is_called_by_name_not_mentioned(prompt: str, name: str | None, issue: str | None) -> None:
    """A command-like prompt names a procedure; a sentence at most mentions an issue."""
    assert find_procedure([prompt]) == (name, issue)


def test_the_first_call_wins_over_earlier_mentions() -> None:
    """A session that talks about an issue and then calls a procedure is that procedure's."""
    assert find_procedure(["what is issue 7?", "close-issue 8", "close-issue 9"]) == ("close-issue", "8")


def test_procedures_of_ones_own() -> None:
    """A pattern of the person's names a procedure, before our own rules do; its group `issue` is the issue."""
    named = {"release": re.compile(r"^ship (?P<issue>\d+)"), "triage": re.compile(r"(?i)look at .*issue")}
    assert find_procedure(["ship 12 today, please"], named) == ("release", "12")
    assert find_procedure(["hello", "Look at issue #7"], named) == ("triage", "7")
    assert find_procedure(["close-issue 8"], named) == ("close-issue", "8")
