"""Session → `summary.md`, the page that describes the run in MLflow's UI and on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from parsers.session import Category, Error, Session, Stopped, ToolUse

_MAX_LENGTH = 8000  # characters: MLflow's limit for a run's description
_MAX_ROWS = 40
_MAX_LINE = 200


def summary_markdown(session: Session) -> str:
    """Return what was asked, what was done and what went wrong, as Markdown of at most 8,000 characters."""
    page = "\n".join(_page(session))
    return page if len(page) <= _MAX_LENGTH else page[: _MAX_LENGTH - 2].rsplit("\n", 1)[0] + "\n…"


def _page(session: Session) -> Iterator[str]:
    """Yield the page's lines."""
    yield f"**{_facts(session)}**"
    yield from _section("Asked", (f"> {_one_line(p)}" for p in session.user_prompts), gap="\n")
    yield from _section("Commands", [_command(t) for t in session.tool_uses if t.category is Category.SHELL])
    yield from _section("Files", _files(session))
    yield from _section("Errors", _errors(session.errors))
    yield from _section("Reading", [f"- {_one_line(each)}" for each in reading_problems(session)])
    others = Counter(t.name for t in session.tool_uses if t.category is not Category.SHELL)
    yield from _section("Other tools", [f"- {name} × {count}" for name, count in others.most_common()])
    if session.assistant_texts:
        yield from ("", "## Last answer", "", session.assistant_texts[-1].strip()[:1500])


def _facts(session: Session) -> str:
    """Return one line: who, how long, tokens, cost, how it ended."""
    tokens, ended = session.tokens, session.end_reason
    facts = [
        " ".join(filter(None, (session.provider, session.provider_version))),
        session.model,
        None if session.duration_seconds is None else duration_text(session.duration_seconds),
        None if tokens.output is None else f"{tokens.input or 0:,} + {tokens.output:,} tokens",
        None if session.cost_usd is None else f"${session.cost_usd:.4f}",
        None if session.exit_code is None else f"exit code {session.exit_code}",
        ended if ended not in (None, "exited") else None,
        *session.outcomes,
    ]
    return " · ".join(fact for fact in facts if fact)


def reading_problems(session: Session) -> list[str]:
    """Return what went wrong while the session was read, one sentence each: what is told here may lack something."""
    differ = session.parse.disagreements
    facts = "one fact" if differ == 1 else f"{differ} facts"
    told = [f"screen and log differ in {facts}: see the disagreements in events.jsonl"] if differ else []
    return [*session.parse.problems, *told]


def duration_text(seconds: float) -> str:
    """Return a duration as a person writes it: 4.2 s, 3 min 05 s, 2 h 10 min."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _section(title: str, lines: Iterable[str], gap: str = "") -> Iterator[str]:
    """Yield a heading and at most `_MAX_ROWS` lines, nothing if there are none."""
    rows = list(lines)
    if rows:
        yield from ("", f"## {title}", "", *(row + gap for row in rows[:_MAX_ROWS]))
        if len(rows) > _MAX_ROWS:
            yield f"- … and {len(rows) - _MAX_ROWS} more"


def _command(tool_use: ToolUse) -> str:
    """Return one command with a mark for how it went."""
    if tool_use.stopped is not None:
        mark = "⊘ denied:" if tool_use.stopped is Stopped.DENIED else "⊘ interrupted:"
    else:
        mark = {True: "✓", False: "✗", None: "·"}[tool_use.ok]
    code = f" (exit code {tool_use.exit_code})" if tool_use.exit_code else ""
    return f"- {mark} {_code(tool_use.command or '(not shown)')}{code}"


def _files(session: Session) -> list[str]:
    """Return the files that were changed or read, one a line."""
    groups: Sequence[tuple[str, tuple[str, ...]]] = (
        ("edited", session.files_edited),
        ("written", session.files_written),
        ("read", session.files_read),
    )
    return [f"- {verb} {_code(path)}" for verb, paths in groups for path in paths]


def _errors(errors: Iterable[Error]) -> list[str]:
    """Return the errors by their first lines, the most frequent first."""
    lines = Counter((e.kind.value, _one_line(e.text)) for e in errors)
    return [f"- {kind}: {text}" + (f" (× {n})" if n > 1 else "") for (kind, text), n in lines.most_common()]


def _one_line(text: str) -> str:
    """Return the text in one line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= _MAX_LINE else line[: _MAX_LINE - 1] + "…"


def _code(text: str) -> str:
    """Return the text as inline code, whatever back quotes it holds."""
    line = _one_line(text)
    fence = "``" if "`" in line else "`"
    return f"{fence} {line} {fence}" if "`" in line else f"`{line}`"
