"""Which procedure a prompt asks for: `close-issue 583`, `/close-issue 583`, `extract-best-frame a.mp4`, `fix #42`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_COMMAND = re.compile(r"(?P<slash>/?)(?P<name>[a-z][a-z0-9]*(?:[-_:][a-z0-9]+)*)(?:\s+(?P<arguments>.*))?", re.DOTALL)
_ARGUMENT = re.compile(r"#?\d+|-.*|.*[./=].*|https?://\S+")
_NUMBER = re.compile(r"#?(\d{1,7})")
_MENTION = re.compile(
    r"\b(?:issues?|bug|ticket|pr|pull request|fix(?:es)?|close[sd]?)[ /]#?(\d{1,7})\b|(?<!\w)#(\d{1,7})\b", re.I
)
_SEARCHED = 2000
_MAX_WORDS = 3  # plain words among a procedure's arguments; more is a sentence


class Procedure(NamedTuple):
    """A procedure's name and the issue it is about, each None if the prompts do not say."""

    name: str | None
    issue_number: str | None


def find_procedure(prompts: Iterable[str], named: Mapping[str, re.Pattern[str]] | None = None) -> Procedure:
    """Return the first procedure that a prompt calls, and its issue number, else the first issue that one mentions.

    `named` are the person's own procedures: what their pattern finds in a prompt's first 2,000 characters is one of
    them, and its group `issue`, if it has one, is the issue.
    """
    mentioned = None
    for prompt in prompts:
        called = _by_pattern(prompt, named or {}) or _called(prompt.strip())
        if called:
            return called
        mention = _MENTION.search(prompt[:_SEARCHED])
        if mention and mentioned is None:
            mentioned = mention[1] or mention[2]
    return Procedure(None, mentioned)


def _by_pattern(prompt: str, named: Mapping[str, re.Pattern[str]]) -> Procedure | None:
    """Return the first of the person's own procedures that a prompt calls."""
    start = prompt[:_SEARCHED]
    for name, pattern in named.items():
        if match := pattern.search(start):
            issue = match.groupdict().get("issue")
            mention = _MENTION.search(start)
            return Procedure(name, issue or (mention and (mention[1] or mention[2])) or None)
    return None


def _called(prompt: str) -> Procedure | None:
    """Read a prompt as `name arguments`, or return None if it is a sentence.

    A slash or a hyphen makes a name by itself; a single word (`fix`) must be followed by an issue's number alone.
    """
    match = _COMMAND.fullmatch(prompt)
    if not match or "\n" in prompt:
        return None
    arguments = (match["arguments"] or "").split()
    words = [a for a in arguments if not _ARGUMENT.fullmatch(a)]
    number = next((m[1] for a in arguments if (m := _NUMBER.fullmatch(a))), None)
    if match["slash"]:
        return Procedure(match["name"], number)
    if re.search(r"[-_:]", match["name"]):
        return Procedure(match["name"], number) if len(words) <= _MAX_WORDS and not prompt.endswith("?") else None
    return Procedure(match["name"], number) if len(arguments) == 1 and number else None
