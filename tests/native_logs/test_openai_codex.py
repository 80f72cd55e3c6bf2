"""Codex's rollouts: traps with the answer beside them, real recordings, code mode's scripts, damage of every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.native_logs import read_native
from parsers.native_logs.base import Places
from parsers.native_logs.codex_patches import read_patch
from parsers.native_logs.codex_script import ScriptCall, calls_in
from parsers.native_logs.codex_tools import Use, outcome_of, settle
from parsers.native_logs.openai_codex import candidates
from parsers.session import Category, Stopped
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

RECORDINGS = recordings_of("codex")


@pytest.mark.parametrize("trap", traps_of("openai_codex"), ids=lambda trap: trap.name)
def test_traps(trap: Path) -> None:
    """Each trap's log gives exactly what is written beside it."""
    assert_right(trap)


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_recordings_give_what_happened(recording: Path) -> None:
    """Prompts, commands, failures and versions of real sessions (0.39 … 0.169) are exact, nothing is unknown."""
    truth, log = truth_of(recording), read_recorded("openai_codex", recording)
    assert prompts(log) == folded(truth["user_prompts"])
    assert commands(log) == folded(truth["commands"])
    assert failures(log) == sum(not use.get("ok", True) for use in truth["tool_uses"])
    assert (log.provider_version, log.cwd) == (truth["cli_version"], truth["cwd"])
    assert (log.unknown_records, log.problems) == (0, ())


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_tokens_of_recordings_are_exact(recording: Path) -> None:
    """Input without cache, and output, equal what the API accounted for; the truth leaves sub-agents out."""
    true = truth_of(recording)["tokens"]
    counted = tokens(read_recorded("openai_codex", recording), main_only=True)
    assert (counted.input or 0) == true["input"] - true["cached"]
    assert (counted.output or 0, counted.reasoning or 0) == (true["output"], true["reasoning"])


def test_sub_agents_tokens_belong_to_the_session() -> None:
    """What sub-agents used comes on top of what the main conversation used."""
    log = read_recorded("openai_codex", next(each for each in RECORDINGS if each.name == "08-subagents"))
    assert (tokens(log, main_only=True).output, tokens(log).output) == (116, 204)


LOG = b"".join(file.read_bytes() for file in (TRAPS / "openai_codex" / "code_mode").glob("*.jsonl"))


@given(st.integers(0, len(LOG)))
@settings(max_examples=60)
def test_a_rollout_cut_off_anywhere_is_read_up_to_there(length: int) -> None:
    """While Codex writes, whole records count and the half-written last one is told apart."""
    log = read_native("openai_codex", [LOG[:length]])
    assert log.unknown_records <= 1


ASKED = "approval policy is Never; reject command — you cannot ask for escalated permissions"
SCRIPT = "Script failed\nWall time 0.1 seconds\nOutput:\n\nScript error:\n"
RULE = "Rejected(\\\"`/bin/bash -lc 'git push'` rejected: policy forbids commands starting with `git push`\\\")"


@pytest.mark.parametrize(
    "output",
    [
        ASKED,
        "`/bin/bash -lc 'git push'` rejected: policy forbids commands starting with `git push`",
        f'exec_command failed for `git push`: CreateProcess {{ message: "{RULE}" }}',
        "exec command rejected by user",
        f"{SCRIPT}{ASKED}",
        f"{SCRIPT}exec_command failed: CreateProcess {{ {RULE} }}",
    ],
)
def test_a_command_that_was_refused_never_ran(output: str) -> None:
    """Whoever refused it, a person, a rule or the approval policy, and in whatever generation's words."""
    use = Use("exec_command", Category.SHELL, {}, command="git push")
    settle([use], outcome_of(msgspec.Raw(msgspec.json.encode(output))), None)
    assert (use.ok, use.stopped) == (False, Stopped.DENIED)


def test_whether_a_server_s_tool_failed_is_not_told() -> None:
    """From 0.75 to 0.110 only what it gave is logged, though the screen knows."""
    use, given = Use("mcp__demo__bad", Category.MCP, {}), '[{"type":"text","text":"it is broken"}]'
    settle([use], outcome_of(msgspec.Raw(msgspec.json.encode(given))), None)
    assert (use.ok, use.output) == (None, given)


def test_of_a_scripts_calls_only_the_named_one_was_refused() -> None:
    """What became of the others is not told."""
    uses = [Use("exec_command", Category.SHELL, {}, command=command) for command in ("echo one", "git push")]
    failure = f"{SCRIPT}exec_command failed: {RULE}"
    settle(uses, outcome_of(msgspec.Raw(msgspec.json.encode(failure))), None)
    assert [(use.ok, use.stopped) for use in uses] == [(None, None), (False, Stopped.DENIED)]


@given(st.binary(max_size=300), st.integers(0, len(LOG)))
@settings(max_examples=60)
def test_nothing_in_a_rollout_raises(noise: bytes, position: int) -> None:
    """Whatever bytes stand in a rollout, reading ends well."""
    read_native("openai_codex", [LOG[:position] + noise + LOG[position:]])


@pytest.mark.parametrize(
    ("script", "calls"),
    [
        ('const r = await tools.exec_command({"cmd": "git status -sb"});\ntext(r);', [{"cmd": "git status -sb"}]),
        (
            "tools.exec_command({cmd: 'a \\'b\\'', yield_time_ms: 1_000, tty: true,})",
            [{"cmd": "a 'b'", "yield_time_ms": 1000, "tty": True}],
        ),
        ("const dir = 'app'; tools.exec_command({cmd: `ls ${dir}/x`})", [{"cmd": "ls app/x"}]),
        ("const a = 'x'; const b = a + '-y'; tools['exec_command']({cmd: 'echo ' + b})", [{"cmd": "echo x-y"}]),
        ("tools.exec_command({cmd: ['a', 'b'].join(' && ')})", [{"cmd": "a && b"}]),
        ("const cmd = 'ls'; tools.exec_command({cmd})", [{"cmd": "ls"}]),
        ("tools.exec_command({cmd: String.raw`printf '\\n'`})", [{"cmd": "printf '\\n'"}]),
        ("// tools.exec_command({cmd: 'no'})\n/* tools.exec_command({}) */ text('tools.exec_command({})')", []),
        ("for (const f of files) tools.exec_command({cmd: 'cat ' + f})", [None]),
        ("tools.exec_command({cmd: names[0]}); tools.exec_command({cmd: 'ls'})", [None, {"cmd": "ls"}]),
        ("tools.list_agents()", [{}]),
        ("tools.exec_command({cmd: '課題 \\u{1F389} \\x41'})", [{"cmd": "課題 🎉 A"}]),
    ],
)
def test_calls_are_read_from_scripts(script: str, calls: list[Any]) -> None:
    """Literals and constants are read; what is computed is None; comments and strings are no calls."""
    assert [call.argument for call in calls_in(script)] == calls


@given(st.text(max_size=400))
@settings(max_examples=100)
def test_no_script_raises(text: str) -> None:
    """Whatever the model wrote, reading its script ends well."""
    assert all(isinstance(call, ScriptCall) for call in calls_in(f"tools.a({text}); const b = {text}; `${{{text}}}`"))


def test_deep_nesting_in_a_script_ends() -> None:
    """A pathological script costs no recursion error and no long time."""
    assert calls_in("tools.a(" + "[" * 100_000)[0].argument is None
    assert calls_in("const x = " + "(" * 5_000 + '"a"')[:1] == ()


def test_patches() -> None:
    """Added, edited, deleted and moved files, and lines, from the patch alone."""
    patch = read_patch(
        "*** Begin Patch\n*** Update File: a.py\n*** Move to: b.py\n@@\n ctx\n-old\n+new\n+more\n"
        "*** Add File: docs/long name.md\n+- list\n++ plus\n*** Delete File: c.md\n*** End Patch\n"
    )
    assert (patch.updated, patch.added, patch.deleted) == (("a.py",), ("docs/long name.md",), ("c.md",))
    assert (patch.lines_added, patch.lines_removed) == (4, 1)


def test_sub_agents_are_listed_with_their_parent(tmp_path: Path) -> None:
    """A conversation's candidate holds the rollouts of its sub-agents; they are no sessions of their own."""
    folder = tmp_path / "codex" / "sessions" / "2026" / "03" / "02"
    folder.mkdir(parents=True)
    for file in (TRAPS / "openai_codex" / "sub_agent").glob("*.jsonl"):
        (folder / file.name).write_bytes(file.read_bytes())
    places = Places(home=tmp_path, environ={"CODEX_HOME": str(tmp_path / "codex")})
    (found,) = candidates(places)
    assert (found.session_id[-2:], found.cwd, len(found.files)) == ("a1", "/w/app", 2)
