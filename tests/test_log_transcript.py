"""Transcripts of sessions of which only the log is known."""

from __future__ import annotations

from parsers.log_transcript import MAX_OUTPUT_LINES, transcript_of
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
    ToolUse,
    Unknown,
)


def test_what_a_reader_sees() -> None:
    """Prompts, answers, calls with their endings and outputs, errors; nothing that only programs want to know."""
    shell = Category.SHELL
    events = [
        Prompt(text="close-issue 583\nand be quick"),
        ModelCall(model="large"),
        AssistantText(text="I will look.\n"),
        ToolUse(name="Bash", category=shell, command="make", ok=False, exit_code=2, output="boom\n\nbang\n"),
        ToolUse(name="Bash", category=shell, command="rm x", ok=False, stopped=Stopped.DENIED),
        ToolUse(name="Read", category=Category.READ, files=("a.py",), ok=True),
        Note(kind=NoteKind.REASONING, text="hm"),
        Note(kind=NoteKind.USER_SHELL, text="git status"),
        Unknown(text="?"),
        Error(kind=ErrorKind.API_ERROR, text="overloaded"),
    ]
    assert transcript_of(events).split("\n\n") == [
        "❯ close-issue 583\n  and be quick",
        "I will look.",
        "$ make  (exit code 2)\n    boom",
        "    bang",
        "$ rm x  (denied)",
        "• Read a.py",
        "❯ !git status",
        "✗ api_error: overloaded",
        "",
    ]


def test_long_outputs_are_cut() -> None:
    """A long output is cut, and it says by how much."""
    output = "".join(f"line {number}\n" for number in range(MAX_OUTPUT_LINES + 5))
    text = transcript_of([ToolUse(name="Bash", category=Category.SHELL, command="seq", ok=True, output=output)])
    assert text.endswith("    … 5 more lines\n\n")
    assert text.count("line ") == MAX_OUTPUT_LINES
