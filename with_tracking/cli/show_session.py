"""`with-tracking show`: one session on a page."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import msgspec

from parsers.description import duration_text
from parsers.session import Category, Session, Stopped, ToolUse
from with_tracking import archive, paths, ui_server
from with_tracking.archive import State
from with_tracking.cli.edge import Command
from with_tracking.logged import read_logged

ROWS = 30
"""A section longer than this is cut; the whole is in --json and in the transcript."""


@click.command("show", cls=Command, context_settings={"ignore_unknown_options": True})
@click.argument("session_id", metavar="ID|last|-N")
@click.option("--json", "as_json", is_flag=True, help="Print the whole session as JSON.")
def command(session_id: str, as_json: bool) -> None:
    """Show one session: what was asked and done, and how it went.

    ID may be shortened as long as it stays unique; `last` or -1 is the newest session, -2 the one before.
    """
    root = paths.root(os.environ)
    folder = archive.find(root, session_id)
    session = archive.read_session(folder) or _parse_now(folder)
    if as_json:
        from with_tracking.cli.output import print_json

        more = {"state": archive.state_of(folder), "folder": str(folder), "run_id": _run_id(folder)}
        print_json({**msgspec.to_builtins(session), **more})
    else:
        _print_page(root, folder, session)


def _parse_now(folder: Path) -> Session:
    """Read a session that nobody has read yet, also one that is still being recorded; nothing is written."""
    from parsers.parse_ai_session import parse_folder

    return parse_folder(folder).session


def _run_id(folder: Path) -> str | None:
    logged = read_logged(folder)
    return logged.run_id if logged else None


def _print_page(root: Path, folder: Path, session: Session) -> None:
    from rich.text import Text

    from with_tracking.cli.output import console, harmless, one_line

    out = console()
    out.print(one_line(f"Session {session.session_id}", "bold"))
    for name, value in _facts(root, folder, session):
        out.print(Text(f"{name:10}", "dim"), one_line(value), soft_wrap=True)  # whole, so that addresses can be copied
    for title, lines in _sections(session):
        shown = list(lines)
        if shown:
            out.print()
            out.print(one_line(title, "bold"))
        for line in shown[:ROWS]:  # cut to the terminal's width, whole in a pipe
            out.print(f"  {harmless(line)}", no_wrap=True, overflow="ellipsis", soft_wrap=not out.is_terminal)
        if len(shown) > ROWS:
            out.print(f"  … and {len(shown) - ROWS} more (with-tracking show {session.session_id} --json)")


def _facts(root: Path, folder: Path, session: Session) -> Iterator[tuple[str, str]]:
    assistant = " ".join(filter(None, (session.provider, session.client, session.provider_version)))
    yield "assistant", f"{assistant}, {session.model}" if session.model else assistant
    if session.started_at:
        yield "when", _when(session)
    if session.cwd:
        branch = f" ({session.git.branch} at {(session.git.commit or '?')[:9]})" if session.git.branch else ""
        yield "where", session.cwd + branch
    yield "ended", _ended(session, archive.state_of(folder))
    if usage := _usage(session):
        yield "tokens", usage
    if session.outcomes:
        yield "outcome", ", ".join(outcome.replace("_", " ") for outcome in session.outcomes)
    if run_id := _run_id(folder):
        yield "MLflow run", run_id
        if address := ui_server.running_url(root):
            yield "", f"{address.partition('?')[0]}/{run_id}"
    yield "folder", str(folder)


def _when(session: Session) -> str:
    assert session.started_at is not None
    when = session.started_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if session.duration_seconds is None:
        return when
    active = f" ({duration_text(session.active_seconds)} active)" if session.active_seconds is not None else ""
    return f"{when}, {duration_text(session.duration_seconds)}{active}"


def _ended(session: Session, state: State) -> str:
    if state is State.RECORDING:
        return "not yet: it is being recorded"
    how = {True: "well", False: "badly", None: "nobody knows how"}[session.success]
    code = "exit code not known" if session.exit_code is None else f"exit code {session.exit_code}"
    reason = f", {session.end_reason.replace('_', ' ')}" if session.end_reason not in (None, "exited") else ""
    return f"{how}, {code}{reason}"


def _usage(session: Session) -> str:
    counts = msgspec.structs.asdict(session.tokens).items()
    texts = [f"{count:,} {name.replace('_', ' ')}" for name, count in counts if count is not None]
    if session.cost_usd is not None:
        texts.append(f"${session.cost_usd:.4f}")
    return ", ".join(texts)


def _sections(session: Session) -> Iterator[tuple[str, Iterable[str]]]:
    yield "Asked", [f"❯ {_first_line(prompt)}" for prompt in session.user_prompts]
    shell = [use for use in session.tool_uses if use.category is Category.SHELL]
    yield f"Commands ({_outcomes(shell)})", [_command(use) for use in shell]
    changed = (("edited", session.files_edited), ("written", session.files_written), ("read", session.files_read))
    yield "Files", [f"{verb:8}{path}" for verb, files in changed for path in files]
    yield "Errors", [f"{error.kind.value:18}{_first_line(error.text)}" for error in session.errors]
    yield "Last answer", session.assistant_texts[-1].strip().splitlines() if session.assistant_texts else []


def _outcomes(uses: list[ToolUse]) -> str:
    failed = sum(use.ok is False and use.stopped is None for use in uses)
    return f"{len(uses)}, {failed} failed" if failed else str(len(uses))


def _command(use: ToolUse) -> str:
    mark = {True: "✓", False: "✗", None: "·"}[use.ok]
    text = _first_line(use.command or "(not shown)")
    if use.stopped is not None:
        return f"⊘ {text}  ({'denied' if use.stopped is Stopped.DENIED else 'interrupted'})"
    return f"{mark} {text}" + (f"  (exit code {use.exit_code})" if use.exit_code else "")


def _first_line(text: str) -> str:
    lines = text.strip().splitlines() or [""]
    return lines[0] + (" …" if len(lines) > 1 else "")
