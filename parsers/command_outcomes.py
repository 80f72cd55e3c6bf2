"""Whether a command failed, told by its own output: for assistants that never show an exit status.

Gemini draws ✓ beside a shell command that failed, opencode and aider say nothing either way. Only what cannot be
misread counts: the shell's or the program's own words, and only where the command's status must be that program's (no
pipe, no `;`, no `||`). What is not told stays unknown; nothing here ever claims success.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.shell_commands import simple_commands

# Anything after which the status of the whole is no longer that of each part: ; | & and new lines, outside quotes.
_QUOTED = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"|\\.", re.DOTALL)
_HIDES_STATUS = re.compile(r"[;|\n`]|(?<![&>])&(?![&>])")

# What a shell says of a command that it could not run: (pattern, exit status).
_SHELL_SAYS = (
    (re.compile(r"^(?:\S*/)?(?:ba|z|da|)sh:(?: line)?(?: ?\d+:)? (?P<word>\S+): (?:command )?not found$"), 127),
    (re.compile(r"^(?:\S*/)?zsh:(?: ?\d+:)? command not found: (?P<word>\S+)$"), 127),
    (re.compile(r"^(?:\S*/)?(?:ba|z|da|)sh:(?: line)?(?: ?\d+:)? (?P<word>\S+): Permission denied$"), 126),
)
_COREUTILS = re.compile(r"ls|cat|cp|mv|rm|rmdir|mkdir|touch|ln|chmod|chown|head|tail|wc|sort|stat|find|du|grep|sed|cd")
_COMPLAINT = re.compile(
    r"^(?:\S*/)?(?P<program>[\w.-]+): .*(?:No such file or directory|cannot (?:access|stat|open|create|remove|touch)"
    r"|Permission denied|missing (?:file )?operand|invalid option|unrecognized option)"
)
# What a program prints only if it then ends with this status: (program and first words, pattern of a line, status).
_RUN = r"(?:(?:uv|poetry|pipenv|pdm|hatch) run )?(?:python[\d.]* -m )?"
_PYTEST = _RUN + r"(?:pytest|py\.test)(?: |$)"
_PROGRAM_SAYS: tuple[tuple[re.Pattern[str], re.Pattern[str], int | None], ...] = tuple(
    (re.compile(program), re.compile(line), status)
    for program, line, status in (
        (_PYTEST, r"^(?:=+ )?(?:\d+ \w+, )*[1-9]\d* (?:failed|errors?)\b.* in \d[\d.]*s\b", 1),
        (_PYTEST, r"^={3,} (?:FAILURES|ERRORS) ={3,}$", 1),
        (r"python[\d.]* (?:\S+ )*-m unittest|python[\d.]* .*test", r"^FAILED \((?:failures|errors)=\d+.*\)$", 1),
        (r"git ", r"^fatal: ", 128),
        (r"git ", r"^error: (?:pathspec|failed to push|Your local changes)", 1),
        (r"git commit", r"^(?:nothing to commit|no changes added to commit)", 1),
        (r"make(?: |$)", r"^make(?:\[\d+\])?: \*\*\* ", 2),
        (r"(?:npm|npx) ", r"^npm (?:ERR!|error) code ", None),
        (r"cargo ", r"^error(?:\[E\d+\])?: (?:could not compile|test failed)", 101),
        (_RUN + r"mypy(?: |$)", r"^Found [1-9]\d* errors? in \d+ files?", 1),
    )
)  # fmt: skip
_TRACEBACK = re.compile(r"^Traceback \(most recent call last\):$", re.MULTILINE)
_RAISED = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit)\b")


def failure(command: str, output: str) -> tuple[bool, int | None]:
    """Say whether the output proves that the command failed, and the exit status if that is certain too."""
    if not output or _HIDES_STATUS.search(_QUOTED.sub("''", command.strip())):
        return False, None
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    for words in simple_commands(command):
        for status in _complaints(words, lines):
            return True, status
    return False, None


def _complaints(words: list[str], lines: list[str]) -> Iterator[int | None]:
    """Yield the exit statuses that the lines prove for one simple command, the surest first."""
    program, text = words[0], " ".join(words)
    for line in lines:
        for pattern, status in _SHELL_SAYS:
            found = pattern.match(line)
            if found and found["word"].rsplit("/", 1)[-1] == program:
                yield status
        complaint = _COMPLAINT.match(line)
        if complaint and complaint["program"] == program and _COREUTILS.fullmatch(program):
            yield 2 if program in {"ls", "grep"} else 1
    for known, pattern, proven in _PROGRAM_SAYS:
        if known.match(text) and any(pattern.match(line) for line in lines):
            yield proven
    if program.startswith("python") and lines and _RAISED.match(lines[-1]) and _TRACEBACK.search("\n".join(lines)):
        yield 1
