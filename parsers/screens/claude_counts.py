"""Claude Code's collapsed lines (2.1): "Searched for 1 pattern, read 2 files · 1 failed", and agents with their counts.

A count says how many calls there were. What they were shows for a moment while they run (`claude_passing.Hint`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec import structs

from parsers.screens.claude_passing import QUESTION, Hint, hints, leaves
from parsers.screens.evidence import stopped_how, was_asked
from parsers.screens.table import Block, Reading
from parsers.screens.wrapping import unwrap
from parsers.session import Category, Event, Note, NoteKind, Stopped, ToolUse
from parsers.shell_commands import simple_commands

# The native build has no Grep tool since then: grep and find run through Bash.
_SEARCH_BY_SHELL = (2, 1, 117)


@dataclass(frozen=True, slots=True)
class _Counted:
    """A phrase of a collapsed line: what it counts, and the programs (or git's command) that count as it in Bash."""

    pattern: re.Pattern[str]
    name: str
    category: Category
    programs: frozenset[str] = frozenset()
    git: str | None = None

    @property
    def exact(self) -> bool:
        """Whether the number is that of the calls: files and patterns are counted once however often they came."""
        return self.name == "Bash" and not self.programs


def _counted(pattern: str, name: str, category: Category, programs: str = "", git: str | None = None) -> _Counted:
    return _Counted(re.compile(pattern), name, category, frozenset(programs.split()), git)


_PHRASES = (
    _counted(r"(?:committed|amended commit|cherry-picked) ", "Bash", Category.SHELL, git="commit"),
    _counted(r"pushed to ", "Bash", Category.SHELL, git="push"),
    _counted(
        r"search(?:ed|ing) for (\d{1,3}) pattern",
        "Search",
        Category.SEARCH,
        "grep rg egrep fgrep ag ack find fd bfs ugrep locate which",
    ),
    _counted(
        r"read(?:ing)? (\d{1,3}) file",
        "Read",
        Category.READ,
        "cat head tail less more wc stat file strings jq awk cut sort uniq tr sed nl",
    ),
    _counted(r"list(?:ed|ing) (\d{1,3}) director", "Bash", Category.SHELL, "ls tree du"),
    _counted(r"call(?:ed|ing) (?P<server>\S+) (\d{1,3}) times?", "mcp", Category.MCP),
    _counted(r"call(?:ed|ing) (?P<server>\S+)$", "mcp", Category.MCP),
    _counted(r"(?:ran|running) (\d{1,3}) (?:bash |shell )?command", "Bash", Category.SHELL),
    _counted(r"edit(?:ed|ing) (\d{1,3}) file", "Update", Category.EDIT),
    _counted(r"(?:wrote|writing) (\d{1,3}) file", "Write", Category.WRITE),
    _counted(r"fetch(?:ed|ing) (\d{1,3}) ", "Fetch", Category.WEB),
)
_LONG = 24  # characters: a shorter command may well be the beginning of another one
_UNFINISHED = re.compile(r"(?i)(?P<what>did not run|no result recorded for) (?P<count>\d{1,3}) (?:other )?call")
_SHOWN_COMMAND = re.compile(r"(?m)^ +(?:⎿\s{1,2})?\$ (?P<command>.*\S)")
_FAILURES = re.compile(r" · (\d{1,3}) failed")


@dataclass(frozen=True, slots=True)
class _Use:
    """One counted call."""

    phrase: _Counted
    name: str
    hint: Hint | None = None


def collapsed(block: Block, reading: Reading) -> Iterator[ToolUse]:
    """Read as many tool uses as the line counts. Which of them failed it does not say: commands do, and the last."""
    rows = itertools.takewhile(lambda row: row.kind in ("collapsed", "more"), block.rows)
    told = " ".join(row.line.text.strip(" ●⏺…") for row in rows).split(" (ctrl")[0]
    stopped = [use for found in _UNFINISHED.finditer(told) for use in _stopped_calls(block, found, reading)]
    not_run = {use.command for use in stopped if use.command}
    seen = [hint for hint in _hints_of(block, reading) if hint.command not in not_run]
    uses = _with_hints(_uses(told), seen)
    failures = _FAILURES.search(told)
    failed = int(failures[1]) if failures else 0
    live = "ing " in told.split(",")[0]
    likely = sorted(range(len(uses)), key=lambda number: (not uses[number].phrase.exact, -number))
    for number, use in enumerate(uses):
        ok = None if live else number not in likely[:failed]
        done = _tool_use(use, ok, use.hint.seconds if use.hint else block.seconds, reading)
        refused = use.phrase.exact and number in likely[:1] and not stopped and _ended_by_a_dialog(block, reading)
        yield structs.replace(done, ok=False, stopped=Stopped.DENIED) if refused else done
    yield from stopped


def _ended_by_a_dialog(block: Block, reading: Reading) -> bool:
    """Whether the turn was over with a dialog, and no word more: full-screen 2.1.170 does not tell of a denial."""
    after = reading.following(block)
    return after is not None and after.kind == "prompt" and not after.of("result") and _asked(block, reading)


def _asked(block: Block, reading: Reading) -> bool:
    before = reading.preceding(block)  # the line itself is only written at the end
    return was_asked(reading, before.seconds if before else 0.0, block.rows[-1].line.seconds, QUESTION)


def _stopped_calls(block: Block, told: re.Match[str], reading: Reading) -> Iterator[ToolUse]:
    """Read calls that were denied before they ran, or interrupted while they did (2.1.329). One may be shown below."""
    shown = "\n".join(
        unwrap([row.line.text for row in block.of("result", "more")], block.rows[0].line.cols, prose=False)
    )
    command = _SHOWN_COMMAND.search(shown)
    denied = "not run" in told["what"].lower() and _asked(block, reading)
    for number in range(int(told["count"])):
        given = command["command"] if command and number == 0 else None
        yield ToolUse(
            name="Bash",
            category=Category.SHELL,
            input={"command": given} if given else {},
            command=given,
            ok=False,
            stopped=stopped_how(denied),
            start_seconds=block.seconds,
        )


def _uses(told: str) -> list[_Use]:
    """Take a line of counts apart."""
    uses: list[_Use] = []
    for part in told.split(" · ")[0].lower().split(", "):
        for phrase in _PHRASES:
            found = phrase.pattern.match(part)
            if found:
                server = found.groupdict().get("server")
                numbers = [int(group) for group in found.groups() if group and group.isdigit()]
                uses += [_Use(phrase, f"mcp__{server}" if server else phrase.name)] * (numbers[0] if numbers else 1)
                break
    return uses


def _hints_of(block: Block, reading: Reading) -> list[Hint]:
    """Find the hints that were seen between the head before this line and the line's final form."""
    before = reading.preceding(block)
    start = before.seconds if before else 0.0
    return [hint for hint in reading.once(hints) if start <= hint.seconds <= block.seconds]


def _with_hints(uses: list[_Use], seen: list[Hint]) -> list[_Use]:
    """Give each hint to a call that it fits: a command by its program, a file to a read.

    Files are counted once however often they were read, so there may be more hints than the count says.
    """
    left = list(uses)
    known: list[_Use] = []
    first = {(hint.command, hint.file): hint for hint in reversed(seen) if not _is_cut(hint, seen)}
    for hint in sorted(first.values(), key=lambda hint: hint.seconds):
        use = next((use for use in left if _fits(use.phrase, hint)), None)
        if use is not None:
            left.remove(use)
        else:
            use = next((use for use in uses if not use.phrase.exact and _fits(use.phrase, hint)), None)
        if use is not None:
            known.append(_Use(use.phrase, use.name, hint))
    return known + left


def _is_cut(hint: Hint, seen: Sequence[Hint]) -> bool:
    """Whether another hint shows the same command in full: few rows are shown below a line of counts."""
    begin = (hint.command or "").rstrip("….").rstrip()
    return len(begin) > _LONG and any(
        len(c := o.command or "") > len(hint.command or "") and c.startswith(begin) for o in seen
    )


def _fits(phrase: _Counted, hint: Hint) -> bool:
    if hint.command is None:
        return phrase.category is Category.READ
    commands = list(simple_commands(hint.command))
    if phrase.git:
        return any(words[0] == "git" and phrase.git in words for words in commands if words)
    return phrase.exact or any(words and _program(words) in phrase.programs for words in commands)


def _program(words: Sequence[str]) -> str:
    return words[0].rsplit("/", 1)[-1]


def _tool_use(use: _Use, ok: bool | None, seconds: float, reading: Reading, agent: str | None = None) -> ToolUse:
    name, category = use.name, use.phrase.category
    command = use.hint.command if use.hint else None
    if command or (category is Category.SEARCH and reading.version >= _SEARCH_BY_SHELL):
        name, category = "Bash", Category.SHELL
    file = use.hint.file if use.hint else None
    return ToolUse(
        name=name,
        category=category,
        input={"command": command} if command else {"file_path": file} if file else {},
        command=command,
        files=(file,) if file and category is Category.READ else (),
        ok=ok,
        start_seconds=seconds,
        agent=agent,
    )


def agents(block: Block, reading: Reading) -> Iterator[Event]:
    """Read sub-agents that ran side by side: one call each, and the calls that each was seen making."""
    done = block.fields.get("state") == "finished"
    seen = leaves(block, reading)
    for row in block.of("branch"):
        agent = row.fields["agent"]
        yield ToolUse(
            name="Agent",
            category=Category.TASK,
            input={"description": agent},
            ok=True if done else None,
            start_seconds=block.seconds,
        )
        yield Note(kind=NoteKind.SUBAGENT, text=row.line.text.strip(" ├└─│"), seconds=row.line.seconds)
        calls, told = seen.get(agent, ([], ""))
        yield from _agent_calls(agent, calls, told, int(row.fields.get("uses", 0)), reading)


def _agent_calls(
    agent: str, calls: list[tuple[float, str, str]], told: str, count: int, reading: Reading
) -> Iterator[Event]:
    """Yield an agent's calls: those seen by name, then what the counts have beyond them, never more than counted."""
    shown = [
        ToolUse(
            name=tool,
            category=reading.screen.category(tool),
            input={"description": given},
            start_seconds=seconds,
            agent=agent,
        )
        for seconds, tool, given in calls
    ]
    last = calls[-1][0] if calls else 0.0
    covered = [use.category for use in shown]
    for use in _uses(told):
        more = _tool_use(use, None, last, reading, agent)
        if more.category in covered:
            covered.remove(more.category)
        else:
            shown.append(more)
    yield from shown[:count]
