"""What a shell command does: which programs it runs, whether git is among them, and what came of it.

Commands come from screens and logs, so they may be cut off in the middle of a quotation; splitting never fails.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from parsers.session import Category, ToolUse

_HEREDOC = re.compile(
    r"<<-?[ \t]*(['\"]?)(\w+)\1(?P<rest>[^\n]*)\n.*?(?:^[ \t]*\2[ \t]*$|\Z)", re.DOTALL | re.MULTILINE
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_OPERATORS = frozenset("();<>|&\n`")
# Words that run the command behind them; an option of theirs is skipped with them.
_PREFIXES = frozenset(
    {"sudo", "time", "env", "command", "exec", "nohup", "nice", "builtin", "xargs", "timeout"}
    | {"if", "then", "else", "while", "do", "!", "{"}
)
_SHELLS = frozenset({"bash", "sh", "zsh", "dash"})
_MAX_LENGTH = 20_000  # characters; what follows in a longer command (an inlined file) is not looked at


def simple_commands(command: str, depth: int = 0) -> Iterator[list[str]]:
    """Yield the simple commands of a shell command line as words: `a && b | c` gives three.

    Here-documents are left out, `bash -c '…'` is looked into, and what cannot be read ends the search quietly.
    """
    lexer = shlex.shlex(_HEREDOC.sub(r"\g<rest>\n", command[:_MAX_LENGTH]), posix=True, punctuation_chars="();<>|&\n`")
    lexer.commenters, lexer.whitespace = "", " \t\r"
    lexer.wordchars += "$%@+,:!{}[]#^"
    words: list[str] = []
    try:
        for token in lexer:
            if token and set(token) <= _OPERATORS and not set(token) & {"<", ">"}:
                yield from _resolve(words, depth)
                words = []
            else:
                words.append(token)
    except ValueError:  # an open quotation: the command was cut off
        pass
    yield from _resolve(words, depth)


def _resolve(words: list[str], depth: int) -> Iterator[list[str]]:
    """Strip assignments and words such as `sudo`, and look into `bash -c`."""
    start = 0
    while start < len(words) and (_ASSIGNMENT.match(words[start]) or words[start] in _PREFIXES):
        prefixed = words[start] in _PREFIXES
        start += 1
        while prefixed and start < len(words) and re.fullmatch(r"-.*|\d+[smh]?", words[start]):
            start += 1
    words = words[start:]
    if not words:
        return
    program = words[0].rsplit("/", 1)[-1]
    if program in _SHELLS and depth < 3:
        script = next((words[i + 1] for i, w in enumerate(words[:-1]) if re.fullmatch(r"-\w*c", w)), None)
        if script is not None:
            yield from simple_commands(script, depth + 1)
            return
    yield [program, *words[1:]]


def runs_git(command: str) -> bool:
    """Tell whether the command runs git itself, rather than naming it as an argument."""
    return "git" in command and any(words[0] == "git" for words in simple_commands(command))


_TEST_RUNNERS = re.compile(
    r"""(pytest|py\.test|tox|nox|jest|vitest|mocha|rspec|phpunit|ctest|run-tests|runtests)\b
      | python[\d.]*\s+-m\s+(pytest|unittest)\b
      | (uv|poetry|pipenv|hatch|pdm|npx|bunx|bundle)\s+(run\s+|exec\s+)?
        (python[\d.]*\s+-m\s+)?(pytest|unittest|jest|vitest|mocha|rspec)\b
      | (npm|yarn|pnpm|bun|deno|go|cargo|dotnet|swift|mix|gradle|gradlew|mvn|mvnw|make)\s+
        (run\s+)?(test|t|check|nextest)\b
    """,
    re.VERBOSE,
)
# The closing line of a test runner, whoever's exit status a pipe hides.
_TESTS_FAILED = re.compile(
    r"\b[1-9]\d* (?:failed|failing|failures?|errors?)\b|^FAILED \(|^FAIL\b|test result: FAILED", re.MULTILINE
)
_TESTS_PASSED = re.compile(r"\b[1-9]\d* (?:passed|passing)\b|^OK$|^ok\s+\S+|test result: ok", re.MULTILINE)
_COMMITTED = re.compile(r"^\s*\[\S+(?: \([\w -]+\))? [0-9a-f]{7,}\] ", re.MULTILINE)
_PUSHED = re.compile(r"^\s*(?:[0-9a-f]{7,}\.\.\.?[0-9a-f]{7,}|\* \[new (?:branch|tag)\])\s+\S+ -> \S+", re.MULTILINE)


def outcomes(tool_use: ToolUse) -> Iterator[str]:
    """Yield what a shell tool use achieved: commit_made, pushed, pr_created, issue_closed, tests_passed, tests_failed.

    It is told by what the command did (its success, or its output where nobody said), never by words in prose.
    """
    if tool_use.category is not Category.SHELL or tool_use.stopped is not None or not tool_use.command:
        return
    output = tool_use.output or ""
    for words in simple_commands(tool_use.command):
        outcome = _outcome(words, tool_use.ok, output)
        if outcome:
            yield outcome


def _outcome(words: list[str], ok: bool | None, output: str) -> str | None:
    """Say what one simple command of a tool use achieved, None if nothing that is known for sure."""
    program, *rest = words
    plain = [word for word in rest if not word.startswith("-")]
    if _TEST_RUNNERS.match(" ".join(words)):
        return _tests(ok, output)
    if program == "git" and "commit" in plain[:2] and "--dry-run" not in rest:
        return "commit_made" if ok or _COMMITTED.search(output) else None
    if program == "git" and "push" in plain[:2] and "--dry-run" not in rest:
        return "pushed" if ok or _PUSHED.search(output) else None
    if program in ("gh", "glab") and plain[:2] in (["pr", "create"], ["mr", "create"]):
        return "pr_created" if ok else None
    if program in ("gh", "glab") and plain[:2] == ["issue", "close"]:
        return "issue_closed" if ok else None
    return None


def _tests(ok: bool | None, output: str) -> str | None:
    """Read a test run's result from its closing line, else from the exit status."""
    if _TESTS_FAILED.search(output):
        return "tests_failed"
    if _TESTS_PASSED.search(output) and ok is not False:
        return "tests_passed"
    return None if ok is None else "tests_passed" if ok else "tests_failed"
