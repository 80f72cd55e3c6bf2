"""A session on a page: what was asked, what was done, what went wrong, what it cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from parsers.description import duration_text, reading_problems
from parsers.session import Category, Error, Event, Session, ToolUse
from with_tracking.cli import event_lines
from with_tracking.cli.edge import to_try
from with_tracking.cli.event_lines import command_text, first_line, moment
from with_tracking.history.signatures import telling_line

ANSWER = "Last answer"
ROWS = 15
"""A section longer than this is cut; options show each of them whole."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown, and what is known of the session beside what was read. `places` are where it lies, by name."""

    session: Session
    events: Sequence[Event]
    recording: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None
    places: Sequence[tuple[str, str]] = ()


def print_page(page: Page) -> None:
    """Print the page; long sections are cut."""
    from rich.text import Text

    from with_tracking.cli.output import console, one_line

    out = console()
    out.print(one_line(f"Session {page.session.session_id}", "bold"))
    for name, value in _facts(page):
        out.print(Text(f"{name:10}", "dim"), one_line(value), soft_wrap=True)  # whole, so that addresses can be copied
    for title, lines, option in _sections(page):
        if title == ANSWER and out.is_terminal:
            lines = [piece.plain for line in lines for piece in one_line(line).wrap(out, out.width - 2) or [Text()]]
        print_section(title, lines, to_try(f"with-tracking show {page.session.session_id} {option}"))


def print_section(title: str, lines: Iterable[str], more: str) -> None:
    """Print a heading and its lines, cut to the terminal's width and whole in a pipe; nothing if there are none."""
    from with_tracking.cli.output import console, harmless, one_line, print_cut

    shown = list(lines)
    out = console()
    if shown:
        out.print()
        out.print(one_line(title, "bold"))
    for line in shown[:ROWS]:
        print_cut(out, f"  {harmless(line)}".rstrip())
    if len(shown) > ROWS:
        out.print(f"  … and {len(shown) - ROWS} more ({more})", soft_wrap=True)


def commands(session: Session) -> Iterator[str]:
    """Yield the shell commands whole, each with when it ran and how it ended."""
    for use in session.tool_uses:
        if use.category is Category.SHELL:
            text = msgspec.structs.replace(use, command=None)
            head, _, tail = command_text(text).partition("(not shown)")
            took = "" if use.duration_seconds is None else f"  {duration_text(use.duration_seconds)}"
            yield f"{moment(use.start_seconds):>8}  {head}{use.command or '(not shown)'}{tail}{took}"


def errors(session: Session) -> Iterator[str]:
    """Yield the errors whole, each with when it was."""
    for error in session.errors:
        head = f"{moment(error.seconds):>8}  {_kind(error)}  "
        yield head + error.text.strip().replace("\n", "\n" + " " * 10)


def _kind(error: Error) -> str:
    return error.kind.value.replace("_", " ")


def _facts(page: Page) -> Iterator[tuple[str, str]]:
    session = page.session
    wrapper = session.wrapper if session.provider == "generic" else None
    assistant = " ".join(filter(None, (session.provider, wrapper, session.client, session.provider_version)))
    yield "assistant", f"{assistant}, {session.model}" if session.model else assistant
    if session.started_at:
        yield "when", _when(session)
    if session.cwd:
        commit = f" at {session.git.commit[:9]}" if session.git.commit else ""
        branch = f" ({session.git.branch}{commit})" if session.git.branch else ""
        yield "where", session.cwd + branch
    yield "ended", _ended(session, page.recording)
    if usage := _usage(session):
        yield "tokens", usage
    if session.outcomes:
        yield "outcome", ", ".join(outcome.replace("_", " ") for outcome in session.outcomes)
    if page.tags:
        yield "tags", ", ".join(f"{key}={value}" for key, value in page.tags.items())
    if page.note:
        yield "note", page.note
    yield from page.places


def _when(session: Session) -> str:
    assert session.started_at is not None
    when = session.started_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if session.duration_seconds is None:
        return when
    active = f" ({duration_text(session.active_seconds)} active)" if session.active_seconds is not None else ""
    return f"{when}, {duration_text(session.duration_seconds)}{active}"


def _ended(session: Session, recording: bool) -> str:
    if recording:
        return "not yet: it is being recorded"
    how = {True: "well", False: "badly", None: "nobody knows how"}[session.success]
    code = "exit code not known" if session.exit_code is None else f"exit code {session.exit_code}"
    reason = f", {session.end_reason.replace('_', ' ')}" if session.end_reason not in (None, "exited") else ""
    return f"{how}, {code}{reason}"


def _usage(session: Session) -> str:
    counts = msgspec.structs.asdict(session.tokens).items()
    texts = [f"{count:,} {name.replace('_', ' ')}" for name, count in counts if count]
    if session.cost_usd is not None:
        texts.append(f"${session.cost_usd:.4f}")
    return ", ".join(texts)


def _sections(page: Page) -> Iterator[tuple[str, Iterable[str], str]]:
    """Yield titles, lines, and the option that shows all of them."""
    session = page.session
    yield "Asked", [f"❯ {first_line(prompt)}" for prompt in session.user_prompts], "--json"
    shell = [use for use in session.tool_uses if use.category is Category.SHELL]
    yield f"Commands ({_outcomes(shell)})", [command_text(use) for use in shell], "--commands"
    if session.provider == "procedure":
        yield "Steps", [_step(use) for use in session.tool_uses if use.category is Category.OTHER], "--timeline"
    yield "Files", _files(session), "--json"
    yield "Errors", [f"{_kind(error):18}{telling_line(error.text)}" for error in session.errors], "--errors"
    yield "Reading", reading_problems(session), "--json"
    yield "Time line", event_lines.condensed(page.events), "--timeline"
    last = session.assistant_texts[-1].strip().splitlines() if session.assistant_texts else []
    yield ANSWER, last, "--transcript"


def _outcomes(uses: list[ToolUse]) -> str:
    failed = sum(use.ok is False and use.stopped is None for use in uses)
    return f"{len(uses)}, {failed} failed" if failed else str(len(uses))


def _step(use: ToolUse) -> str:
    took = "" if use.duration_seconds is None else f"  {duration_text(use.duration_seconds)}"
    return f"{'✗' if use.ok is False else '✓'} {use.name}{took}"


def _files(session: Session) -> Iterator[str]:
    """Yield the files, with the lines that were added and removed where that is known."""
    lines: dict[str, list[int]] = {}
    for use in session.tool_uses:
        if (
            len(use.files) == 1
            and use.ok is not False
            and (use.lines_added is not None or use.lines_removed is not None)
        ):
            sums = lines.setdefault(use.files[0], [0, 0])
            sums[0] += use.lines_added or 0
            sums[1] += use.lines_removed or 0
    changed = (("edited", session.files_edited), ("written", session.files_written), ("read", session.files_read))
    here = f"{session.cwd}/" if session.cwd else ""
    for verb, files in changed:
        for path in files:
            known = lines.get(path) if verb != "read" else None
            yield f"{verb:8}{path.removeprefix(here)}" + (f"  +{known[0]} −{known[1]}" if known else "")
