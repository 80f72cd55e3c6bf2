"""Session → what MLflow stores of it: metrics, their history, parameters, tags, the run's name and description."""

from __future__ import annotations

import itertools
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from parsers.session import (
    AssistantText,
    Category,
    Event,
    ModelCall,
    Session,
    Source,
    Stopped,
    Tokens,
    ToolUse,
)

HISTORY_POINTS = 200  # at most that many values a metric, enough for a chart and cheap to store
_RUN_NAME_LENGTH = 60  # characters of the prompt
_PARAM_LENGTH = 6000  # MLflow 3 refuses longer values
_WRAPPER_NAMES = {
    "claude_code": "claude",
    "openai_codex": "codex",
    "gemini_cli": "gemini",
    "github_copilot": "copilot",
    "qwen_code": "qwen",
}


def with_metrics(session: Session, events: Sequence[Event], *, transcript_bytes: int | None) -> Session:
    """Return the session with its `metrics`: every number of the table in the README that is known."""
    return msgspec.structs.replace(session, metrics=dict(_metrics(session, events, transcript_bytes)))


def _metrics(session: Session, events: Sequence[Event], transcript_bytes: int | None) -> Iterator[tuple[str, float]]:
    """Yield names and values; what is not known yields nothing."""
    tools = session.tool_uses
    ran = _commands(tools)
    errors = Counter(e.kind.value for e in session.errors)
    known = {
        "duration_seconds": session.duration_seconds,
        "active_seconds": session.active_seconds,
        "success": None if session.success is None else float(session.success),
        "exit_code": session.exit_code,
        "user_interactions": len(session.user_prompts),
        "commands_executed": len(ran),
        "commands_failed": _failed(ran),
        "git_operations": len(session.git_operations),
        "tool_uses": len(tools),
        "files_read": len(session.files_read),
        "files_edited": len(session.files_edited),
        "files_written": len(session.files_written),
        "lines_added": _total(t.lines_added for t in tools),
        "lines_removed": _total(t.lines_removed for t in tools),
        "errors_encountered": len(session.errors),
        "interruptions": errors["interrupted"],
        "permissions_denied": errors["permission_denied"],
        "assistant_messages": sum(isinstance(e, AssistantText) for e in events),
        "subagents": len({getattr(e, "agent", None) for e in events} - {None}),
        "cost_usd": session.cost_usd,
        "transcript_bytes": transcript_bytes,
    }
    yield from ((name, float(value)) for name, value in known.items() if value is not None)
    yield from ((f"tool_uses.{c}", float(n)) for c, n in sorted(Counter(t.category.value for t in tools).items()))
    yield from ((f"errors.{kind}", float(n)) for kind, n in sorted(errors.items()))
    for name in Tokens.__struct_fields__:
        if (count := getattr(session.tokens, name)) is not None:
            yield f"tokens.{name}", float(count)


def _commands(tool_uses: Iterable[ToolUse]) -> list[ToolUse]:
    """Return the commands that ran. The screen may only count them; the log names each one that was not refused."""
    shell = (t for t in tool_uses if t.category is Category.SHELL and t.stopped is not Stopped.DENIED)
    return [t for t in shell if t.command or t.source is Source.SCREEN]


def _failed(ran: Sequence[ToolUse]) -> int | None:
    """Count the commands that failed; shell-gpt shows of none of them how it ended."""
    if ran and all(t.ok is None for t in ran):
        return None
    return sum(t.ok is False and t.stopped is None for t in ran)


def _total(counts: Iterable[int | None]) -> int | None:
    """Add up the counts that are known, None if none is."""
    known = [c for c in counts if c is not None]
    return sum(known) if known else None


def history(session: Session, events: Sequence[Event]) -> list[tuple[str, float, float]]:
    """Return (metric, seconds, value so far) for the counts that grow during a session, for the charts of the UI.

    Long histories are thinned to `HISTORY_POINTS` each; the last point is always the total.
    """
    ran = _commands(session.tool_uses)
    steps = {
        "commands_executed": [(t.start_seconds or 0.0, 1) for t in ran],
        "tool_uses": [(t.start_seconds or 0.0, 1) for t in session.tool_uses],
        "errors_encountered": [(e.seconds or 0.0, 1) for e in session.errors],
        "tokens.output": [(e.seconds or 0.0, e.tokens.output or 0) for e in events if isinstance(e, ModelCall)],
    }
    return [(name, *point) for name, moments in steps.items() for point in _running_total(sorted(moments))]


def _running_total(moments: Sequence[tuple[float, int]]) -> Iterator[tuple[float, float]]:
    """Yield (time, total so far), at most `HISTORY_POINTS` of them, the last one included."""
    step = max(1, -(-len(moments) // HISTORY_POINTS))
    total = 0
    for number, (seconds, amount) in enumerate(moments, 1):
        total += amount
        if number % step == 0 or number == len(moments):
            yield seconds, float(total)


def parameters(session: Session) -> dict[str, str]:
    """Return the run's parameters; what is not known is left out."""
    terminal = session.terminal
    known = {
        "procedure_name": session.procedure_name,
        "issue_number": session.issue_number,
        "initial_prompt": session.user_prompts[0] if session.user_prompts else None,
        "command": shlex.join(session.argv) or None,
        "cwd": session.cwd,
        "terminal_size": f"{terminal.cols}x{terminal.rows}" if terminal.cols and terminal.rows else None,
        "model": session.model,
    }
    own = _procedure_parameters(session.argv) if session.provider == "procedure" else {}
    return {name: value[:_PARAM_LENGTH] for name, value in (own | known).items() if value}


def _procedure_parameters(argv: Sequence[str]) -> dict[str, str]:
    """Return what a tracked procedure was called with: `with-tracking procedure NAME --param key=value -- …`."""
    words = argv[: argv.index("--")] if "--" in argv else argv
    pairs = (value.partition("=") for option, value in itertools.pairwise(words) if option == "--param")
    return {key: value for key, _, value in pairs}


def tags(session: Session) -> dict[str, str]:
    """Return the run's tags; what is not known is left out."""
    interactive = session.interactive
    known = {
        "type": "procedure" if session.provider == "procedure" else "ai_session",
        "provider": session.provider,
        "origin": session.origin,
        "session_id": session.session_id,
        "detection_method": session.detection.method,
        "client": session.client,
        "provider_version": session.provider_version,
        "model": session.model,
        "git.repo": session.git.root.rstrip("/").rsplit("/", 1)[-1] if session.git.root else None,
        "git.branch": session.git.branch,
        "git.commit": session.git.commit,
        "host": session.host,
        "end_reason": session.end_reason,
        "interactive": None if interactive is None else str(interactive).lower(),
        "parent_session_id": session.parent_session_id,
    }
    events = {f"event.{outcome}": "true" for outcome in session.outcomes}
    return {name: value for name, value in known.items() if value} | events


def assistant_name(wrapper: str | None, provider: str) -> str:
    """Return who answered by the shortest name: the wrapper's; of an imported session, what the wrapper's would be."""
    return wrapper or _WRAPPER_NAMES.get(provider, provider)


def run_name(session: Session) -> str:
    """Return the wrapper's name and the beginning of the first prompt: `claude: close-issue 583`."""
    name = assistant_name(session.wrapper, session.provider)
    prompt = " ".join(session.user_prompts[0].split()) if session.user_prompts else ""
    return f"{name}: {prompt[:_RUN_NAME_LENGTH].rstrip()}" if prompt else name
