"""Events add up to a session, and a session to what MLflow stores."""

from datetime import UTC, datetime

import msgspec

from parsers import metrics
from parsers.description import duration_text, summary_markdown
from parsers.session import (
    AssistantText,
    Category,
    Detection,
    Error,
    ErrorKind,
    Event,
    ModelCall,
    ParseCounts,
    Prompt,
    Session,
    Source,
    Stopped,
    Tokens,
    ToolUse,
    Totals,
)
from parsers.session_header import Git, SessionHeader, Terminal
from parsers.summary import Facts, active_seconds, errors_of, moment_after, summarise

HEADER = SessionHeader(
    session_id="s1",
    provider="claude_code",
    wrapper="claude",
    argv=("claude", "close-issue 583"),
    cwd="/home/dev/webapp",
    started_at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
    exit_code=0,
    interactive=True,
    terminal=Terminal(rows=40, cols=120),
    git=Git(root="/home/dev/webapp/", branch="main", commit="1a2b3c4"),
)
FACTS = Facts(
    provider="claude_code",
    detection=Detection(method="wrapper", confidence=1.0),
    model="claude-opus-5-5",
    duration_seconds=22.7,
    exit_code=3,
    transcript_bytes=100,
)
EVENTS: list[Event] = [
    Prompt(text="close-issue 583", seconds=0.1),
    ToolUse(name="Bash", category=Category.SHELL, command="git status", ok=True, start_seconds=1.0),
    ToolUse(
        name="Bash", category=Category.SHELL, command="pytest -q", ok=False, exit_code=1, output="1 failed in 0.1s"
    ),
    ToolUse(name="Bash", category=Category.SHELL, command="rm -rf /", ok=False, stopped=Stopped.DENIED),
    ToolUse(name="Read", category=Category.READ, files=("a.py",), ok=True),
    ToolUse(name="Read", category=Category.READ, files=("a.py",), ok=True, agent="explorer"),
    ToolUse(name="Read", category=Category.READ, files=("gone.py",), ok=False, output="File does not exist."),
    ToolUse(
        name="apply_patch",
        category=Category.EDIT,
        files=("a.py", "b.py"),
        created=("b.py",),
        ok=True,
        lines_added=3,
        lines_removed=1,
    ),
    Error(kind=ErrorKind.API_ERROR, text="529 Overloaded", seconds=9.0),
    ModelCall(tokens=Tokens(input=10, output=5, cache_read=100), seconds=2.0),
    ModelCall(tokens=Tokens(input=1, output=2), seconds=8.0),
    Totals(tokens=Tokens(input=999), cost_usd=0.5),
    AssistantText(text="Done."),
]


def _session(events: list[Event] = EVENTS, header: SessionHeader = HEADER) -> Session:
    return summarise(events, header, FACTS, session_id="s1")


def test_commands_are_those_that_ran() -> None:
    """A denied command is a tool use and an error, but no command."""
    session = _session()
    assert session.commands == ("git status", "pytest -q")
    assert session.git_operations == ("git status",)
    assert [e.kind.value for e in session.errors] == ["command_failed", "permission_denied", "tool_error", "api_error"]


def test_files_are_told_apart_by_what_was_done() -> None:
    """Each file once; a failed read counts none, a patch writes what it makes new and edits the rest."""
    session = _session()
    assert (session.files_read, session.files_edited, session.files_written) == (("a.py",), ("a.py",), ("b.py",))


def test_the_headers_word_goes_before_the_recordings() -> None:
    """The wrapper saw the exit status itself; where it did not, the recording's footer tells."""
    assert _session().exit_code == 0
    assert _session(header=SessionHeader()).exit_code == 3
    assert _session().ended_at == datetime(2026, 11, 20, 9, 0, 22, 700_000, tzinfo=UTC)


def test_tokens_are_the_calls_sum_and_totals_only_stand_in() -> None:
    """An exit summary is not added to what the log accounts for; unknown stays unknown."""
    assert _session().tokens == Tokens(input=11, output=7, cache_read=100)
    assert _session([Totals(tokens=Tokens(output=4))]).tokens == Tokens(output=4)
    assert _session([]).tokens == Tokens()


def test_metrics_leave_out_what_is_not_known() -> None:
    """Zero means none, absence means unknown."""
    numbers = _session().metrics
    assert numbers["commands_executed"] == 2
    assert numbers["commands_failed"] == 1
    assert numbers["tool_uses"] == 7
    assert numbers["tool_uses.read"] == 3
    assert numbers["subagents"] == 1
    assert numbers["permissions_denied"] == 1
    assert numbers["errors.api_error"] == 1
    assert (numbers["lines_added"], numbers["lines_removed"]) == (3, 1)
    assert numbers["success"] == 1
    assert numbers["cost_usd"] == 0.5
    assert "tokens.reasoning" not in numbers
    bare = summarise([], SessionHeader(), Facts(provider="generic", detection=FACTS.detection), session_id="x").metrics
    assert not {"success", "exit_code", "duration_seconds", "cost_usd", "lines_added"} & bare.keys()
    assert bare["commands_executed"] == 0


def test_how_many_commands_failed_is_not_known_where_nothing_tells() -> None:
    """shell-gpt shows commands alone: none of them failed is something else than nobody said."""
    untold = ToolUse(name="execute_shell_command", category=Category.SHELL, command="pytest -q")
    told = msgspec.structs.replace(untold, ok=True)
    assert "commands_failed" not in _session([untold, untold]).metrics
    assert _session([untold, told]).metrics["commands_failed"] == 0
    assert _session([]).metrics["commands_failed"] == 0


def test_what_never_ran_is_no_executed_command() -> None:
    """A call that a hook refused ran nothing; commands that the screen only counts did."""
    shell = ToolUse(name="Bash", category=Category.SHELL, ok=True)
    refused = msgspec.structs.replace(shell, ok=False, source=Source.NATIVE, input={"command": "rm -rf /"})
    numbers = _session([shell, shell, refused]).metrics
    assert (numbers["commands_executed"], numbers["commands_failed"], numbers["tool_uses"]) == (2, 0, 3)
    assert numbers["errors.tool_error"] == 1


def test_sub_agents_count_whatever_they_did() -> None:
    """One that only answered is a sub-agent as well."""
    said = [AssistantText(text="Found it.", agent="one"), ModelCall(agent="two")]
    assert _session([*EVENTS, *said]).metrics["subagents"] == 3


def test_the_run_is_named_tagged_and_described_as_people_search() -> None:
    """The names that queries use."""
    session = _session()
    assert metrics.run_name(session) == "claude: close-issue 583"
    assert metrics.parameters(session) == {
        "procedure_name": "close-issue",
        "issue_number": "583",
        "initial_prompt": "close-issue 583",
        "command": "claude 'close-issue 583'",
        "cwd": "/home/dev/webapp",
        "terminal_size": "120x40",
        "model": "claude-opus-5-5",
    }
    tags = metrics.tags(session)
    assert (tags["type"], tags["provider"], tags["git.repo"]) == ("ai_session", "claude_code", "webapp")
    assert tags["event.tests_failed"] == "true"
    assert "parent_session_id" not in tags


def test_history_grows_to_the_totals_in_few_points() -> None:
    """Every chart ends at the metric's own value, with at most 200 points."""
    many: list[Event] = [
        ToolUse(name="Bash", category=Category.SHELL, command="x", ok=n % 7 > 0, start_seconds=float(n))
        for n in range(999)
    ]
    session = _session(many)
    points = metrics.history(session, many)
    for name in ("commands_executed", "tool_uses", "errors_encountered"):
        values = [value for metric, _, value in points if metric == name]
        assert len(values) <= metrics.HISTORY_POINTS
        assert values == sorted(values)
        assert values[-1] == session.metrics[name]


def test_the_description_tells_the_session_within_mlflows_limit() -> None:
    """What was asked, run, changed and went wrong, however long it was."""
    page = summary_markdown(_session())
    assert "> close-issue 583" in page
    assert "- ✗ `pytest -q` (exit code 1)" in page
    assert "- ⊘ denied: `rm -rf /`" in page
    assert "- written `b.py`" in page
    assert len(summary_markdown(_session([Prompt(text="word " * 9000)] * 60))) <= 8000


def test_what_went_wrong_while_reading_is_told() -> None:
    """A log in a format that nobody knows, or a model without a price, is no empty session without a word."""
    counts = ParseCounts(problems=("the format may have changed",), disagreements=2)
    page = summary_markdown(msgspec.structs.replace(_session(), parse=counts))
    assert "- the format may have changed\n" in page
    assert "- screen and log differ in 2 facts: see the disagreements in events.jsonl" in page
    assert "## Reading" not in summary_markdown(_session())


def test_silences_do_not_count_as_activity() -> None:
    """A pause counts for five seconds at most."""
    assert active_seconds([1.0, 2.0, 100.0, 100.5]) == 7.5
    assert active_seconds([]) == 0.0


def test_an_end_beyond_the_calendar_is_not_known() -> None:
    """A broken header may say any time; that a session cannot have ended is no reason not to read it."""
    begun = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert moment_after(begun, 22.7) is None
    session = summarise(EVENTS, msgspec.structs.replace(HEADER, started_at=begun), FACTS, session_id="s1")
    assert (session.started_at, session.ended_at, session.duration_seconds) == (begun, None, 22.7)


def test_errors_come_in_the_order_of_the_events() -> None:
    """The failed tool before the retry that followed it."""
    assert [e.text for e in errors_of(EVENTS)][:2] == ["1 failed in 0.1s", "rm -rf /"]


def test_durations_read_as_people_write_them() -> None:
    """Seconds, minutes, hours."""
    assert [duration_text(s) for s in (4.24, 185, 7800)] == ["4.2 s", "3 min 05 s", "2 h 10 min"]
