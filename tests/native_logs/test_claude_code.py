"""Claude Code's log: traps with the answer beside them, real recordings, and damage of every kind."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.native_logs import read_history, read_native
from parsers.native_logs.base import Places, parse_time
from parsers.native_logs.claude_code import candidates
from parsers.native_logs.claude_conversation import IGNORED_TYPES
from parsers.session import AssistantText, Error, ErrorKind, ModelCall, Prompt, Tokens, ToolUse
from tests.native_logs.recorded import (
    commands,
    failures,
    folded,
    prompts,
    read_recorded,
    recordings_of,
    tokens,
    truth_of,
)
from tests.native_logs.traps import TRAPS, assert_right, traps_of

RECORDINGS = recordings_of("claude")
KILLED = {"07-killed-cli", "07b-hangup", "07c-killed-script"}  # before the second answer was written to the log


@pytest.mark.parametrize("trap", traps_of("claude_code"), ids=lambda trap: trap.name)
def test_traps(trap: Path) -> None:
    """Each trap's log gives exactly what is written beside it."""
    assert_right(trap)


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_recordings_give_what_happened(recording: Path) -> None:
    """Prompts, commands, failures and versions of real sessions (1.0.128 … 2.1.328) are exact, nothing is unknown."""
    truth, log = truth_of(recording), read_recorded("claude_code", recording)
    assert prompts(log) == folded(truth["user_prompts"])
    assert commands(log) == folded(truth["commands"])
    assert failures(log) == sum(not use.get("ok", True) for use in truth["tool_uses"])
    assert (log.provider_version, log.cwd) == (truth["cli_version"], truth["cwd"])
    assert (log.unknown_records, log.problems) == (0, ())


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_tokens_of_recordings_are_exact(recording: Path) -> None:
    """All counts equal what the API accounted for, sub-agents included; of killed sessions, what the log holds."""
    true, counted = truth_of(recording)["tokens"], tokens(read_recorded("claude_code", recording))
    if recording.name in KILLED:
        true = {"input": 5, "output": 44, "cache_read": 0, "cache_creation": 14185}
    assert (counted.input or 0, counted.output or 0) == (true["input"], true["output"])
    assert (counted.cache_read or 0, counted.cache_write or 0) == (true["cache_read"], true["cache_creation"])


def test_no_record_type_is_both_read_and_ignored() -> None:
    """The table of ignored types does not hide what the reader understands."""
    assert not IGNORED_TYPES & {"user", "assistant", "system"}


LOG = (TRAPS / "claude_code" / "results" / "00000000-0000-4000-8000-000000000583.jsonl").read_bytes()


@given(st.integers(0, len(LOG)))
@settings(max_examples=60)
def test_a_log_cut_off_anywhere_is_read_up_to_there(length: int) -> None:
    """While the assistant writes, whole records count and the half-written last one is told apart."""
    log = read_native("claude_code", [LOG[:length]])
    whole = LOG[:length].count(b"\n")
    rest = LOG[:length].rpartition(b"\n")[2]
    assert log.records == whole + bool(rest.strip())
    assert log.unknown_records <= 1


@given(st.binary(max_size=300), st.integers(0, len(LOG)))
@settings(max_examples=60)
def test_nothing_in_a_log_raises(noise: bytes, position: int) -> None:
    """Whatever bytes stand in a log, reading ends well and every other line is kept."""
    log = read_native("claude_code", [LOG[:position] + noise + LOG[position:]])
    assert log.records >= LOG.count(b"\n") - 1 - noise.count(b"\n")


def test_one_line_of_many_megabytes_is_bounded() -> None:
    """A tool's output is kept up to a stated length, and says what is missing."""
    text = "x" * 3_000_000
    lines = LOG.decode().replace("updated", text).encode()
    longest = max(
        len(event.output or "") for event in read_native("claude_code", [lines]).events if isinstance(event, ToolUse)
    )
    assert 20_000 <= longest < 20_100


def test_a_missing_file_is_a_problem_not_an_exception(tmp_path: Path) -> None:
    """The log may be purged between finding and reading."""
    log = read_native("claude_code", [tmp_path / "gone.jsonl"])
    assert log.events == ()
    assert log.problems == (f"cannot read the log {tmp_path / 'gone.jsonl'}: No such file or directory",)


def test_history_counts_copies_once_across_sessions(tmp_path: Path) -> None:
    """Read as two past sessions, a resumed one's copied records count in the first alone."""
    folder = tmp_path / ".claude" / "projects" / "-w-app"
    folder.mkdir(parents=True)
    for file in (TRAPS / "claude_code" / "resumed_copy").glob("*.jsonl"):
        (folder / file.name).write_bytes(file.read_bytes())
    logs = [log for _, log in read_history("claude_code", candidates(Places(home=tmp_path)))]
    calls = [[e.tokens for e in log.events if isinstance(e, ModelCall)] for log in logs]
    assert [[t.output for t in each] for each in calls] == [[10], [20]]
    assert sum((t for each in calls for t in each), Tokens()).input == 3


def test_a_resumed_log_begins_where_its_copies_end(tmp_path: Path) -> None:
    """Each session of an import has a time window of its own, so that copied records are nobody's twice."""
    folder = tmp_path / ".claude" / "projects" / "-w-app"
    folder.mkdir(parents=True)
    for file in (TRAPS / "claude_code" / "resumed_copy").glob("*.jsonl"):
        (folder / file.name).write_bytes(file.read_bytes())
    first, second = candidates(Places(home=tmp_path))
    assert (first.started_at, second.started_at) == (
        parse_time("2026-03-02T09:00:01Z"),
        parse_time("2026-03-02T09:00:03Z"),
    )
    log = read_native("claude_code", second.files, started_at=second.started_at)
    assert [event.tokens.output for event in log.events if isinstance(event, ModelCall)] == [20]


def test_the_next_session_may_begin_right_behind() -> None:
    """`claude -p a; claude -p -c b` go into one log within a second: an exact end is one, a rounded one has slack."""
    lines = [
        {
            "type": "user",
            "uuid": f"u{n}",
            "timestamp": f"2026-03-02T09:00:0{n}.{m}Z",
            "message": {"content": f"say {n}"},
        }
        for n, m in ((1, "300"), (2, "400"))
    ]
    log = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    exact, rounded = parse_time("2026-03-02T09:00:01.900Z"), parse_time("2026-03-02T09:00:01Z")
    for ended_at, texts in ((exact, ["say 1"]), (rounded, ["say 1", "say 2"])):
        events = read_native("claude_code", [log], ended_at=ended_at).events
        assert [event.text for event in events if isinstance(event, Prompt)] == texts


def test_a_session_of_many_known_records_and_no_event_is_no_drift() -> None:
    """Opening the program and closing it again writes some records of state; that is no changed format."""
    lines = b'{"type":"mode","mode":"normal","sessionId":"s"}\n' * 12
    assert read_native("claude_code", [lines]).problems == ()


def test_interrupted_answers_are_kept_and_marked() -> None:
    """What was answered before Esc is in the log since 2.1: the text is cut, the interruption one error each."""
    log = read_recorded("claude_code", next(each for each in RECORDINGS if each.name == "03-interrupt"))
    assert sum(event.cut for event in log.events if isinstance(event, AssistantText)) == 2
    assert [event.kind for event in log.events if isinstance(event, Error)] == [ErrorKind.INTERRUPTED] * 2
