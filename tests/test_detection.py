"""Which assistant drew a recording: banner, command line, title, shapes; never a word in prose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from parsers.detection import detect, program_of
from parsers.provider_patterns import GENERIC, PROVIDERS
from parsers.session import NoteKind
from parsers.terminal import Transcript, read_transcript
from tests.screens.showing import ink, notes, prompts, recorded, show

CLAUDE = " ▐▛███▛█   Claude Code v2.1.328\n"


def transcript(text: str, titles: Sequence[tuple[float, str]] = ()) -> Transcript:
    """Replay text on a terminal, under these window titles."""
    return replace(read_transcript(recorded([(0.0, text)])), titles=tuple(titles))


def found(text: str, *, provider: str | None = None, argv: str = "", title: str = "") -> tuple[str, str]:
    """Detect the assistant of a screen; return its table's name and the method."""
    screen = transcript(text, [(0.0, title)] if title else [])
    result = detect(screen, PROVIDERS, GENERIC, provider=provider, argv=argv.split())
    return result.screen.name, result.detection.method


def test_the_wrapper_knows() -> None:
    """A provider that the recorder noted is believed, whatever is on the screen."""
    assert found("nothing of note\n", provider="openai_codex")[1] == "wrapper"
    assert detect(transcript(CLAUDE), PROVIDERS, GENERIC, provider="claude_code").detection.confidence == 1.0


@pytest.mark.parametrize(
    ("banner", "name"),
    [
        (CLAUDE, "claude_code"),
        ("│ ✻ Welcome to Claude Code! │\n", "claude_code"),
        ("│ >_ OpenAI Codex (v0.87.0)   │\n", "openai_codex"),
        (" >_ OpenAI Codex (v0.169.0)\n", "openai_codex"),
        ("OpenAI Codex v0.169.0\n--------\n", "openai_codex exec"),
        ("Demo assistant v0.1.0\n", "demo"),
    ],
)
def test_banners(banner: str, name: str) -> None:
    """A program's own first lines say who it is."""
    assert found(banner) == (name, "banner")


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        ("claude --verbose", "claude_code"),
        ("claude -p hello", "claude_code print"),
        ("npx @anthropic-ai/claude-code@latest", "claude_code"),
        ("/usr/local/bin/codex exec x", "openai_codex exec"),
        ("env A=1 codex", "openai_codex"),
    ],
)
def test_the_command_line(argv: str, name: str) -> None:
    """Without a banner the recorded command tells the program and its mode."""
    assert found("plain words\n", argv=argv)[0] == name


def test_titles_and_shapes() -> None:
    """A window title, or two shapes that only one assistant draws, are enough; one shape may be a coincidence."""
    call = ink("38;5;114", "●") + " " + ink("1", "Bash") + "(git status)\n  ⎿  On branch main\n\n"
    assert found("words\n", title="✳ Claude Code") == ("claude_code", "banner")
    assert found(call * 2) == ("claude_code", "patterns")
    assert found(call) == ("generic", "generic")


def test_prose_is_no_evidence() -> None:
    """Words about an assistant, in any quantity, are words."""
    prose = "Claude Code v2.1.328 and OpenAI Codex (v0.169.0) were compared with Gemini CLI and aider.\n"
    assert found(prose * 5) == ("generic", "generic")


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (["claude"], "claude"),
        (["npx", "-y", "@openai/codex"], "codex"),
        (["env", "HOME=/x", "/opt/bin/gemini"], "gemini"),
        ([], ""),
    ],
)
def test_programs(argv: list[str], name: str) -> None:
    """Launchers, assignments and folders are no programs."""
    assert program_of(argv) == name


def test_an_assistant_started_twice_in_a_shell() -> None:
    """`bash` with Claude inside it twice is one session of Claude's; the person's own commands are kept as such."""
    shaded = ink("48;5;237", "❯ first") + "\n\n" + ink("38;5;231", "●") + " Yes.\n\n"
    uuid = "cbb162be-3e94-4a9c-aa09-c6d18f2646da"
    end = f"Resume this session with:\nclaude --resume {uuid}\n\n"
    prompt = "dev@host:~/webapp$ "
    screen = f"{prompt}ls\napp  docs\n{prompt}claude\n\n{CLAUDE}\n{shaded}{end}{prompt}git status\nOn branch main\n"
    screen += f"{prompt}claude\n\n{CLAUDE}\n{shaded.replace('first', 'second')}{end}{prompt}exit\n"
    reading = show(screen, argv=("bash",))
    assert reading.provider == "claude_code"
    assert prompts(reading) == ["first", "second"]
    assert notes(reading, NoteKind.USER_SHELL) == ["ls", "claude", "git status", "claude", "exit"]
    assert reading.unknown_lines == 0
    assert "app  docs" in reading.transcript


def test_flat_text_with_a_word_before_everything_is_nobodys() -> None:
    """`User:` and `Model:` are words that any program may print: they choose a table, never an assistant."""
    text = "User:  close-issue 583\nModel:  I look at it.\nSuccess: Shell git status\nModel:  Done.\n"
    assert found(text) == ("generic", "generic")
    assert found(text, title="Gemini - webapp") == ("gemini_cli screen reader", "banner")
    assert found(text, provider="qwen_code") == ("qwen_code screen reader", "wrapper")
