"""Prompts are found in command lines, and nothing else is taken for one."""

from __future__ import annotations

import shlex

import pytest

from parsers.argv_prompts import prompt_of


@pytest.mark.parametrize(
    ("provider", "command", "prompt"),
    [
        ("claude_code", "claude -p 'close-issue 583'", "close-issue 583"),
        ("claude_code", "claude --model opus -p --output-format stream-json 'fix it' --verbose", "fix it"),
        ("claude_code", "claude -p --output-format=json 'fix it'", "fix it"),
        ("claude_code", "claude -p --worktree wt1 --debug api 'fix it'", "fix it"),
        ("claude_code", "claude mcp list", None),
        ("claude_code", "claude", None),
        ("openai_codex", "codex exec --json -m gpt-6 'close-issue 583'", "close-issue 583"),
        ("openai_codex", "codex 'close-issue 583'", "close-issue 583"),
        ("openai_codex", "codex exec -", None),
        ("openai_codex", "codex resume --last", None),
        ("openai_codex", "codex exec fork 583 'fix it'", None),
        ("gemini_cli", "gemini --yolo -p 'fix the test' -o stream-json", "fix the test"),
        ("gemini_cli", "gemini 'close-issue 583'", "close-issue 583"),
        ("opencode", "opencode run fix the test --format json", "fix the test"),
        ("opencode", "opencode --prompt 'close-issue 583'", "close-issue 583"),
        ("github_copilot", "copilot -p 'what is this?' --allow-all-tools", "what is this?"),
        ("github_copilot", "copilot", None),
        ("aider", "aider --model m -m 'fix it' app.py tests.py", "fix it"),
        ("aider", "aider app.py", None),
        ("gpt", "llm -m mock --functions tools.py --td --cl 0 'fix it'", "fix it"),
        ("gpt", "llm -o temperature 0 -- -starts-with-a-dash", "-starts-with-a-dash"),
        ("gpt", "llm chat -m mock", None),
        ("gpt", "sgpt -s 'show the commits'", "show the commits"),
        ("generic", "foo -p bar", None),
    ],
)
def test_the_prompt_is_what_belongs_to_no_other_option(provider: str, command: str, prompt: str | None) -> None:
    """Values of other options, subcommands and files are never taken for the prompt."""
    assert prompt_of(provider, shlex.split(command)) == prompt
