"""Screen events + native events → one sequence, each fact once, saying where it was seen.

The assistant's log is exact about what it holds: whole inputs, exit codes, tokens. The screen knows what the log
leaves out: answers cut short, retries, dialogs, sometimes a whole turn that was dropped. So every screen event looks
for its counterpart in the log; a pair becomes the log's event completed by the screen's, and what only the screen saw
is kept where it says something that the log does not.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from parsers.same_words import CUT, SHORTEST_CUT, begins, ends, letters, mostly, shown_letters
from parsers.session import (
    AssistantText,
    Disagreement,
    Error,
    ErrorKind,
    Event,
    ModelCall,
    Note,
    Prompt,
    Source,
    Stopped,
    ToolUse,
    Totals,
)
from parsers.shell_commands import simple_commands

_STOPPED_SOMEHOW = (
    "aborted by user",  # Codex
    "Reason: User cancelled the operation",  # Gemini CLI before 0.40
)
S = TypeVar("S")
N = TypeVar("N")


def reconcile(screen: Sequence[Event], native: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events of both sides, each fact once, in order of time.

    The `seconds` of both must count from the same start. If one side is empty, the other is returned as it is.
    """
    if not screen or not native:
        return tuple(screen or native)
    merge = _Merge(native)
    for members in (_prompts, _texts, _tool_uses, _errors, _notes):
        members(screen, merge)
    merge.kept.extend(
        e for e in screen if not isinstance(e, Prompt | AssistantText | ToolUse | Error | Note | Totals | ModelCall)
    )
    if not any(isinstance(e, ModelCall) for e in native):
        merge.kept.extend(e for e in screen if isinstance(e, Totals | ModelCall))
    return merge.events()


@dataclass(slots=True)
class _Merge:
    """The merge so far: the log's events, completed in place or dropped, and what only the screen saw."""

    native: Sequence[Event]
    completed: dict[int, Event] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)
    kept: list[Event] = field(default_factory=list)
    disagreements: list[Event] = field(default_factory=list)

    def positions(self, kind: type[N]) -> list[int]:
        """Return where in the log the events of one type are."""
        return [i for i, event in enumerate(self.native) if isinstance(event, kind)]

    def events(self) -> tuple[Event, ...]:
        """Return everything in order of time; an event without a time stays behind the one before it."""
        last, timed = 0.0, []
        for position, event in enumerate(self.native):
            event = self.completed.get(position, event)
            last = last if event.seconds is None else event.seconds
            if position not in self.dropped:
                timed.append((last, event))
        timed.extend((last if e.seconds is None else e.seconds, e) for e in (*self.kept, *self.disagreements))
        return tuple(event for _, event in sorted(timed, key=lambda pair: pair[0]))


def _pairs(
    screen: Sequence[S], native: Sequence[N], key: Callable[[S | N], object], tests: Iterable[Callable[[S, N], bool]]
) -> dict[int, int]:
    """Pair positions one to one, each with the first of the log that is still free: equal keys, then test by test."""
    free: dict[object, deque[int]] = defaultdict(deque)
    for j, logged in enumerate(native):
        free[key(logged)].append(j)
    paired: dict[int, int] = {i: q.popleft() for i, seen in enumerate(screen) if (q := free[key(seen)])}
    left = sorted(set(range(len(native))) - set(paired.values()))
    for same in tests:
        for i in range(len(screen)):
            found = None if i in paired else next((j for j in left if same(screen[i], native[j])), None)
            if found is not None:
                paired[i] = found
                left.remove(found)
    return paired


def _prompts(screen: Sequence[Event], merge: _Merge) -> None:
    """Merge prompts by their letters; one that the log dropped with its turn is kept."""
    seen = [e for e in screen if isinstance(e, Prompt)]
    positions = merge.positions(Prompt)
    logged = [e for e in merge.native if isinstance(e, Prompt)]
    paired = _pairs(
        seen,
        logged,
        lambda prompt: letters(prompt.text),
        (lambda s, n: begins(s.text, n.text) or begins(n.text, s.text) or ends(s.text, n.text),),
    )
    for i, prompt in enumerate(seen):
        if i in paired:
            whole = logged[paired[i]]
            merge.completed[positions[paired[i]]] = msgspec.structs.replace(
                whole, seconds=_first(whole.seconds, prompt.seconds), source=Source.BOTH
            )
        else:
            merge.kept.append(prompt)


def _texts(screen: Sequence[Event], merge: _Merge) -> None:
    """Merge answers by their letters; keep those of the screen that no logged answer contains."""
    seen = [(e, shown_letters(e.text)) for e in screen if isinstance(e, AssistantText)]
    positions = merge.positions(AssistantText)
    logged = [(e, shown_letters(e.text)) for e in merge.native if isinstance(e, AssistantText)]
    paired = _pairs(
        seen,
        logged,
        lambda text: text[1],
        (
            lambda s, n: len(s[1]) >= SHORTEST_CUT and (s[1] in n[1] or n[1][:40] == s[1][:40]),
            lambda s, n: mostly(s[0].text, n[1]),
        ),
    )
    everything = "".join(words for _, words in logged)
    for i, (text, words) in enumerate(seen):
        if i in paired:
            whole = logged[paired[i]][0]
            merge.completed[positions[paired[i]]] = msgspec.structs.replace(
                whole, seconds=_first(whole.seconds, text.seconds), source=Source.BOTH
            )
        elif words and words not in everything:
            merge.kept.append(text)


def _tool_uses(screen: Sequence[Event], merge: _Merge) -> None:
    """Merge tool uses by what they ran or touched, then by their kind alone.

    A tool use of the screen without a counterpart is kept if it names its command or file: the log lost it. One that
    names nothing (`Read 2 files`) was only a count of what the log has in full, unless somebody stopped it, or the log
    keeps no tool uses at all (Gemini 0.8).
    """
    seen = [e for e in screen if isinstance(e, ToolUse)]
    positions = merge.positions(ToolUse)
    logged = [e for e in merge.native if isinstance(e, ToolUse)]
    paired = _pairs(seen, logged, _call, (_same_cut_call, _part_of_call, _same_outcome, _same_kind))
    for i, use in enumerate(seen):
        if i in paired:
            whole = logged[paired[i]]
            merge.completed[positions[paired[i]]] = _completed(whole, use)
            merge.disagreements.extend(_disagreements(whole, use))
        elif not logged or use.command or use.files or use.stopped:
            merge.kept.append(use)


def _call(use: ToolUse) -> object:
    """Return what both sides write the same: the command, else what is done to which files."""
    if use.command:
        return "".join(use.command.split())
    return (use.category, frozenset(_file_names(use))) if use.files else object()


def _same_cut_call(seen: ToolUse, logged: ToolUse) -> bool:
    """Tell whether the screen shows the beginning of the command, or some of the files."""
    if seen.command and logged.command:
        cut = seen.command.rstrip().endswith(CUT) or "\n" in logged.command or CUT[0] in seen.command
        first = seen.command.split(CUT[0])[0].rstrip(".")
        return cut and begins(first, logged.command)
    return seen.category is logged.category and bool(_file_names(seen) & _file_names(logged))


def _part_of_call(seen: ToolUse, logged: ToolUse) -> bool:
    """Tell whether the screen shows one of the commands of a line: Codex lists `cd app && ls -la` as `ls -la`."""
    words = (seen.command or "").split()
    return bool(words) and logged.command is not None and words in simple_commands(logged.command)


def _same_kind(seen: ToolUse, logged: ToolUse) -> bool:
    """Tell whether a call that the screen does not spell out can be this one."""
    named = (seen.command and logged.command) or (seen.files and logged.files)
    denied = Stopped.DENIED
    made = (seen.stopped is denied and logged.ok) or (logged.stopped is denied and seen.ok)
    return seen.category is logged.category and not named and not made


def _same_outcome(seen: ToolUse, logged: ToolUse) -> bool:
    """Tell whether a call that the screen does not spell out ended as this one: of several it says how many failed."""
    return _same_kind(seen, logged) and seen.ok is logged.ok


def _file_names(use: ToolUse) -> set[str]:
    """Return the last parts of the paths: the screen shortens paths, the log does not."""
    return {path.rstrip("/").rsplit("/", 1)[-1] for path in use.files}


def _completed(logged: ToolUse, seen: ToolUse) -> ToolUse:
    """Return the log's tool use with what only the screen showed: mostly that somebody said no, or stopped it."""
    stopped = logged.stopped or (seen.stopped if logged.exit_code is None else None)
    if seen.stopped is not None and _says_only_that_it_stopped(logged):
        stopped = seen.stopped
    ok = False if stopped else _first(logged.ok, seen.ok)
    return msgspec.structs.replace(
        logged,
        ok=ok,
        stopped=stopped,
        exit_code=logged.exit_code if stopped else _first(logged.exit_code, seen.exit_code),
        command=logged.command or seen.command,
        files=logged.files or seen.files,
        lines_added=_first(logged.lines_added, seen.lines_added),
        lines_removed=_first(logged.lines_removed, seen.lines_removed),
        output=logged.output or seen.output,
        start_seconds=_first(logged.start_seconds, seen.start_seconds),
        duration_seconds=_first(logged.duration_seconds, seen.duration_seconds),
        source=Source.BOTH,
    )


def _says_only_that_it_stopped(logged: ToolUse) -> bool:
    """Tell whether the log has words that it uses of denied and of interrupted calls: only the screen tells which."""
    return any(words in (logged.output or "") for words in _STOPPED_SOMEHOW)


def _disagreements(logged: ToolUse, seen: ToolUse) -> Iterator[Disagreement]:
    """Yield what the two sides say differently of one tool use."""
    for about in ("ok", "exit_code", "stopped"):
        on_screen, in_log = getattr(seen, about), getattr(logged, about)
        if about == "stopped" and _says_only_that_it_stopped(logged):
            continue
        if on_screen is not None and in_log is not None and on_screen != in_log:
            called = logged.command or " ".join((logged.name, *logged.files))
            yield Disagreement(
                about=f"{about} of {called}", screen=str(on_screen), native=str(in_log), seconds=logged.start_seconds
            )


def _errors(screen: Sequence[Event], merge: _Merge) -> None:
    """Merge API errors and interruptions by their words, else the n-th of one side with the n-th of the other.

    The log counts a tool that was stopped as an interruption too, where the screen may show only a line for both; and
    it may tell of nothing but the interruption where the screen shows the call that was stopped.
    """
    for kind in ErrorKind:
        seen = [e for e in screen if isinstance(e, Error) and e.kind is kind]
        places = [i for i in merge.positions(Error) if _is_error(merge.native[i], kind)]
        logged = [e for i in places if isinstance(e := merge.native[i], Error)]
        paired = _pairs(seen, logged, lambda error: letters(error.text), (lambda s, n: True,))
        for at in paired.values():
            merge.completed[places[at]] = msgspec.structs.replace(logged[at], source=Source.BOTH)
        alone = [error for i, error in enumerate(seen) if i not in paired]
        merge.kept.extend(alone[_stopped_in_log_alone(screen, merge, kind) :])
        if kind is ErrorKind.INTERRUPTED:
            left = [place for at, place in enumerate(places) if at not in paired.values()]
            merge.dropped.update(left[: _stopped_on_screen_alone(merge)])


def _is_error(event: Event, kind: ErrorKind) -> bool:
    return isinstance(event, Error) and event.kind is kind


def _stopped_in_log_alone(screen: Sequence[Event], merge: _Merge, kind: ErrorKind) -> int:
    """Count the tool uses that the log says were stopped, beyond those that the screen says so of."""
    reason = {ErrorKind.INTERRUPTED: Stopped.INTERRUPTED, ErrorKind.PERMISSION_DENIED: Stopped.DENIED}.get(kind)
    if reason is None:
        return 0
    native = [merge.completed.get(position, event) for position, event in enumerate(merge.native)]
    in_log, on_screen = (sum(isinstance(e, ToolUse) and e.stopped is reason for e in side) for side in (native, screen))
    return max(in_log - on_screen, 0)


def _stopped_on_screen_alone(merge: _Merge) -> int:
    """Count the tool uses that only the screen shows and says were stopped."""
    return sum(isinstance(e, ToolUse) and e.stopped is not None for e in merge.kept)


def _notes(screen: Sequence[Event], merge: _Merge) -> None:
    """Keep the screen's notes that the log does not hold word for word."""
    logged = {(e.kind, letters(e.text)) for e in merge.native if isinstance(e, Note)}
    merge.kept.extend(e for e in screen if isinstance(e, Note) and (e.kind, letters(e.text)) not in logged)


def _first(*values: S | None) -> S | None:
    """Return the first value that is known."""
    return next((value for value in values if value is not None), None)
