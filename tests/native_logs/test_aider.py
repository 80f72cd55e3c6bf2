"""aider's chat history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from parsers.native_logs import aider
from parsers.native_logs.base import NativeLog, Places
from parsers.session import (
    AssistantText,
    Category,
    Error,
    ErrorKind,
    ModelCall,
    Note,
    NoteKind,
    Prompt,
    Stopped,
    Tokens,
    ToolUse,
    Totals,
)

STARTED = datetime(2026, 1, 2, 10, 0, 0, tzinfo=UTC)
BEGIN = "\n# aider chat started at 2026-01-02 10:00:01\n\n"
HEAD = BEGIN + "> Aider v0.86.2  \n> Main model: openai/gpt-4o with diff edit format  \n"
NEW = "new.md\n```\n<<<<<<< SEARCH\n=======\nhello\n>>>>>>> REPLACE\n```\n"
EDIT = """app/a.py
```python
<<<<<<< SEARCH
one
two
=======
one
three
four
>>>>>>> REPLACE
```
"""


def said(*lines: str) -> str:
    """Make lines of the program, as aider marks them."""
    return "".join(f"> {line}  \n" for line in lines)


def asked(*lines: str) -> str:
    """Make a prompt of one or more lines."""
    return "\n" + "".join(f"#### {line}  \n" for line in lines)


def read(folder: Path, text: str, typed: str = "", **more: Any) -> NativeLog:
    """Write a history, find it and read the first session in it."""
    (folder / ".aider.chat.history.md").write_text(text)
    (folder / ".aider.input.history").write_text(typed)
    found = next(aider.candidates(Places(home=folder, cwd=folder)))
    return aider.read(found.files, **{"started_at": STARTED} | more)


def of(log: NativeLog, kind: type[Any]) -> list[Any]:
    """List the events of one kind."""
    return [event for event in log.events if isinstance(event, kind)]


def test_a_turn(tmp_path: Path) -> None:
    """Prompt, answer, edit, new file, command, tokens and cost of one turn."""
    text = (
        HEAD
        + asked("fix it", "- quickly")
        + f"\nI will.\n\n{EDIT}\n{NEW}\n```bash\nmake test\n```\n\n"
        + said("Tokens: 2.7k sent, 1.5k cache hit, 86 received. Cost: $0.0075 message, $0.0075 session.", "new.md")
        + said("Create new file? (Y)es/(N)o [Yes]: y", "Applied edit to app/a.py", "Applied edit to new.md")
        + said("Commit cc3abbd fix: it", "make test", "Run shell command? (Y)es/(N)o/(D)on't ask again [Yes]: y")
        + said("Running make test")
    )
    log = read(tmp_path, text, "\n# 2026-01-02 10:00:07.250000\n+fix it\n")
    assert [(prompt.text, prompt.seconds) for prompt in of(log, Prompt)] == [("fix it\n- quickly", 7.25)]
    uses = [(use.category, use.files, use.command, use.ok) for use in of(log, ToolUse)]
    assert uses == [
        (Category.EDIT, ("app/a.py",), None, True),
        (Category.WRITE, ("new.md",), None, True),
        (Category.SHELL, (), "make test", None),
    ]
    assert [(use.lines_added, use.lines_removed) for use in of(log, ToolUse)[:2]] == [(2, 1), (1, None)]
    (call,) = of(log, ModelCall)
    assert call.tokens == Tokens(input=1200, output=86, cache_read=1500)
    assert [total.cost_usd for total in of(log, Totals)] == [0.0075]
    assert (log.provider_version, log.model) == ("0.86.2", "openai/gpt-4o")


def test_refused_command(tmp_path: Path) -> None:
    """A command that the person refuses never ran; other lines before the question are not taken for it."""
    text = (
        HEAD
        + asked("clean")
        + "\n```bash\nrm -rf build\nrm -rf dist\n```\n\n"
        + said("Tokens: 706 sent, 18 received.", "Applied edit to a.py", "rm -rf build", "rm -rf dist")
        + said("Run shell commands? (Y)es/(N)o/(D)on't ask again [Yes]: n")
    )
    denied = [use for use in of(read(tmp_path, text), ToolUse) if use.category is Category.SHELL]
    assert [(use.command, use.stopped, use.ok) for use in denied] == [
        ("rm -rf build\nrm -rf dist", Stopped.DENIED, False)
    ]


def test_commands_that_the_person_runs(tmp_path: Path) -> None:
    """A /run whose failure aider offers to fix failed, as did a /test whose output goes into the chat; else unknown."""
    text = (
        HEAD
        + asked("/run ls")
        + said("Add 0.1k tokens of command output to the chat? (Y)es/(N)o [Yes]: n")
        + asked("/run make")
        + said(
            "Add 0.4k tokens of command output to the chat? (Y)es/(N)o [Yes]: y",
            "Added 13 lines of output to the chat.",
        )
        + asked("What's wrong? Fix")
        + "\nNothing.\n"
        + asked("/test make check")
        + said("Added 3 lines of output to the chat.")
        + asked("!git status")
        + asked("/tokens")
    )
    log = read(tmp_path, text)
    assert [(use.command, use.ok) for use in of(log, ToolUse)] == [
        ("ls", None),
        ("make", False),
        ("make check", False),
        ("git status", None),
    ]
    assert [prompt.text for prompt in of(log, Prompt)] == ["What's wrong? Fix"]
    assert [note.text for note in of(log, Note) if note.kind is NoteKind.SLASH_COMMAND] == ["/tokens"]


def test_asking_is_said_twice(tmp_path: Path) -> None:
    """The text behind /ask is repeated as a prompt of its own; it is one prompt."""
    log = read(tmp_path, HEAD + asked("/ask why?") + asked("why?") + "\nBecause.\n")
    assert [prompt.text for prompt in of(log, Prompt)] == ["/ask why?"]


def test_answers_may_look_like_the_log(tmp_path: Path) -> None:
    """Headings and quotations of an answer are part of it: what aider writes itself ends in two blanks."""
    answer = "Here:\n\n#### Heading\n\n> a quotation\n\nand an end."
    log = read(tmp_path, HEAD + asked("write") + f"\n{answer}\n\n" + said("Tokens: 10 sent, 5 received."))
    assert [text.text for text in of(log, AssistantText)] == [answer]
    assert [prompt.text for prompt in of(log, Prompt)] == ["write"]


def test_edits_that_do_not_fit(tmp_path: Path) -> None:
    """A SEARCH block that matches nothing is a failed edit; the message of several lines is no answer."""
    message = (
        "> # 1 SEARCH/REPLACE block failed to match!\n\n## SearchReplaceNoExactMatch: This SEARCH block failed to"
        " exactly match lines in app/a.py\n<<<<<<< SEARCH\nzero\n=======\none\n>>>>>>> REPLACE  \n"
    )
    text = HEAD + asked("fix") + "\nTrying.\n\n" + said("The LLM did not conform to the edit format.") + message
    log = read(tmp_path, text + said("Applied edit to b.py"))
    assert [(use.files, use.ok) for use in of(log, ToolUse)] == [(("app/a.py",), False), (("b.py",), True)]
    assert [text.text for text in of(log, AssistantText)] == ["Trying."]


@pytest.mark.parametrize("why", ["does not contain", "contains multiple sets of"])
def test_a_udiff_that_does_not_fit(tmp_path: Path, why: str) -> None:
    """A hunk whose lines are not in the file, or in it twice, is a failed edit."""
    message = (
        f"> UnifiedDiffNoMatch: hunk failed to apply!\n\napp/a.py {why} lines that match the diff you provided!\n"
        "Try again.\n\napp/a.py does not contain these 1 exact lines in a row:\n```\nzero\n```  \n"
    )
    log = read(
        tmp_path, HEAD + asked("fix") + "\nTrying.\n\n" + said("The LLM did not conform to the edit format.") + message
    )
    assert [(use.files, use.ok) for use in of(log, ToolUse)] == [(("app/a.py",), False)]
    assert [text.text for text in of(log, AssistantText)] == ["Trying."]


@pytest.mark.parametrize(
    ("line", "errors"),
    [
        ("litellm.ServiceUnavailableError: ServiceUnavailableError: OpenAIException - overloaded", 1),
        ("litellm.InternalServerError: AnthropicException - overloaded", 1),
        ("litellm.AuthenticationError: AuthenticationError: OpenAIException - no key", 1),
        ("Applied edit to Error.py", 0),
    ],
)
def test_api_errors(tmp_path: Path, line: str, errors: int) -> None:
    """One error for each that aider wrote, none for a file of that name."""
    log = read(tmp_path, HEAD + asked("go") + said(line, "Retrying in 0.2 seconds...") + "\nDone.\n")
    assert [error.kind for error in of(log, Error)] == [ErrorKind.API_ERROR] * errors


def test_interruptions(tmp_path: Path) -> None:
    """Ctrl-C interrupts an answer that is not finished; at the prompt it interrupts nothing."""
    text = HEAD + asked("go on") + said("^C again to exit") + asked("short") + "\nYes.\n\n"
    text += said("Tokens: 10 sent, 5 received.", "^C again to exit", "^C KeyboardInterrupt")
    assert [error.kind for error in of(read(tmp_path, text), Error)] == [ErrorKind.INTERRUPTED]


def test_one_chat_of_many(tmp_path: Path) -> None:
    """Of all the chats in a folder only this session's is read, chosen by time or by its id."""
    later = HEAD.replace("10:00:01", "12:00:00") + asked("second")
    history = HEAD + asked("first") + later
    typed = "\n# 2026-01-02 10:00:05.000000\n+first\n\n# 2026-01-02 12:00:07.500000\n+second\n"
    assert [prompt.text for prompt in of(read(tmp_path, history, typed), Prompt)] == ["first"]
    noon = STARTED.replace(hour=11, minute=59)
    assert [prompt.text for prompt in of(read(tmp_path, history, typed, started_at=noon), Prompt)] == ["second"]
    found = list(aider.candidates(Places(home=tmp_path, cwd=tmp_path)))
    assert len(found) == 2
    log = aider.read(found[1].files, session_ids=(found[1].session_id,))
    assert [prompt.text for prompt in of(log, Prompt)] == ["second"]
    parts = [tmp_path / f"part{file.name}" for file in found[1].files]
    for file, part in zip(found[1].files, parts, strict=True):
        assert aider.extract(file, (found[1].session_id,), part)
        assert "first" not in part.read_text()
    assert aider.read(parts, session_ids=(found[1].session_id,)).events == log.events


def test_another_day_is_no_match(tmp_path: Path) -> None:
    """Chats outside of the time window are not this session's, and that is said."""
    log = read(tmp_path, HEAD + asked("first"), started_at=STARTED + timedelta(days=1))
    assert not log.events
    assert log.problems


def test_times_are_local(tmp_path: Path) -> None:
    """The history has local times: they are read in the session's zone."""
    east = timezone(timedelta(hours=9))
    started = datetime(2026, 1, 2, 10, 0, 0, tzinfo=east)
    log = read(tmp_path, HEAD + asked("go"), "\n# 2026-01-02 10:00:05.5\n+go\n", started_at=started)
    assert [prompt.seconds for prompt in of(log, Prompt)] == [5.5]


def test_history_of_the_repository(tmp_path: Path) -> None:
    """Aider started below a repository's root keeps its history at the root."""
    (tmp_path / ".git").mkdir()
    below = tmp_path / "a/b"
    below.mkdir(parents=True)
    (tmp_path / ".aider.chat.history.md").write_text(HEAD)
    found = next(aider.candidates(Places(home=tmp_path.parent, cwd=below)))
    assert found.files == (tmp_path / ".aider.chat.history.md",)
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    (outside / ".git").mkdir(parents=True)
    assert not list(aider.candidates(Places(home=tmp_path.parent, cwd=outside)))
