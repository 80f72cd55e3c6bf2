"""The assistant starts as it would without the wrapper: arguments, environment, descriptors, signals, umask, folder."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bin.conftest import CHECKOUT, WRAPPERS, Bench

AWKWARD = [
    "close-issue 583",
    "",
    " ",
    "two  spaces ",
    "it's",
    '"quoted"',
    "line\nbreak\n",
    "$HOME `id` $(id) ${PATH}",
    "*",
    "[a-z]?",
    "~",
    "{a,b}",
    "!history",
    "-",
    "--",
    "--version",
    "-c",
    "a\\b\\",
    "tab\there",
    "\x01\x1b[31m\x7f",
    "größe ≠ 大 🙂",
    "#comment",
    "a;b|c&d<e>f",
    "%s%n",
    "&",
    "\r",
]

Run = Callable[[list[str]], int]


def same_environment(bench: Bench, run_anyhow: Run) -> None:
    """Check that the wrapped assistant has the variables that it has alone, and that the session was recorded."""
    seen = []
    for command in (str(bench.stubs / "claude"), bench.wrapper()):
        assert run_anyhow(["bash", "-c", f"{command}; true"]) == 0
        seen.append(bench.report().variables())
    assert seen[1].pop("WITH_TRACKING_SESSION_ID") == bench.session()[1].session_id
    assert seen[0] == seen[1]


def test_arguments_arrive_unchanged(bench: Bench, run_anyhow: Run) -> None:
    """Spaces, quotes, newlines, $, globs, unicode, dashes and empty strings are the assistant's, as typed."""
    bench.reporter()
    assert run_anyhow([bench.wrapper(), *AWKWARD]) == 0
    assert bench.report().argv() == [os.fsencode(each) for each in AWKWARD]
    assert bench.session()[1].argv == ("claude", *AWKWARD)


def test_no_arguments(bench: Bench, run_anyhow: Run) -> None:
    """Nothing stays nothing."""
    bench.reporter()
    assert run_anyhow([bench.wrapper()]) == 0
    assert bench.report().argv() == []


def test_any_bytes_arrive_and_the_header_stays_json(bench: Bench, run_anyhow: Run) -> None:
    """Arguments need not be UTF-8; in session.json, which has to be, what is not becomes U+FFFD."""
    bench.reporter()
    chance = random.Random(583)
    arguments = [bytes(chance.choices(range(1, 256), k=chance.randrange(40))) for _ in range(150)]
    arguments += [
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xc0\xaf",
        b"ok \xe2\x82",
        "grün\x00"[:4].encode(),
    ]
    assert run_anyhow([bench.wrapper(), *(os.fsdecode(each) for each in arguments)]) == 0
    assert bench.report().argv() == arguments
    recorded = bench.session()[1].argv[1:]
    assert len(recorded) == len(arguments)
    for argument, text in zip(arguments, recorded, strict=True):
        valid = not any("\udc80" <= char <= "\udcff" for char in os.fsdecode(argument))
        assert text == argument.decode() if valid else "\ufffd" in text


@pytest.mark.parametrize(("count", "length"), [(1, 120_000), (30, 30_000)])
def test_large_arguments(bench: Bench, run_anyhow: Run, count: int, length: int) -> None:
    """What the kernel takes, the wrapper takes: script's single command string cannot hold it."""
    bench.reporter()
    arguments = [f"{number} " + "'x ü' " * (length // 7) for number in range(count)]
    assert run_anyhow([bench.wrapper(), *arguments]) == 0
    assert bench.report().argv() == [each.encode() for each in arguments]
    folder, header = bench.session()
    assert list(header.argv[1:]) == arguments
    assert not (folder / ".arguments").exists()


def test_the_world_is_the_same(bench: Bench, run_anyhow: Run) -> None:
    """Environment (but for the session's id), umask, folder, descriptors, signals, foreground: as without."""
    bench.reporter()
    command = str(bench.stubs / "claude")
    start = ["bash", "-c", 'umask 027; cd stubs; exec 5</dev/null; trap "" USR1; "$0"; true']
    assert run_anyhow([*start, command]) == 0
    bare = bench.report()
    assert run_anyhow([*start, bench.wrapper()]) == 0
    wrapped = bench.report()
    assert (bare.umask, bare.foreground is not False) == (0o027, True)
    environ = wrapped.variables()
    assert environ.pop("WITH_TRACKING_SESSION_ID") == bench.session()[1].session_id
    assert environ == bare.variables()
    assert (wrapped.umask, wrapped.cwd, wrapped.fds, wrapped.ttys, wrapped.signals, wrapped.foreground) == (
        bare.umask,
        bare.cwd,
        bare.fds,
        bare.ttys if all(bare.ttys) else [False] * 3,
        bare.signals,
        bare.foreground,
    )


def test_unusual_environment(bench: Bench, run_anyhow: Run) -> None:
    """Without SHELL, with values of several lines, with exported functions: nothing is added, lost or changed."""
    bench.reporter()
    bench.environ |= {"LINES": "x\ny", "BASH_FUNC_greet%%": "() {  echo hello\n}", "name-with-dash": "1"}
    del bench.environ["SHELL"]
    same_environment(bench, run_anyhow)


def test_exported_names_of_the_recorders_variables(bench: Bench, run_anyhow: Run) -> None:
    """A variable that the person exports reaches the assistant, though the recorder has one of that name."""
    bench.reporter()
    recorder = (CHECKOUT / "bin" / "record-with-tracking").read_text()
    names = set(re.findall(r"\b([a-z][a-z_]*)\+?=", recorder))
    assert {"name", "program", "child", "folder"} <= names
    bench.environ |= {name: f"it's\n{name}" for name in names}
    same_environment(bench, run_anyhow)


@pytest.mark.parametrize("name", ["POSIXLY_CORRECT", "BASH_ENV"])
def test_settings_of_bash(bench: Bench, run_anyhow: Run, name: str) -> None:
    """What turns options of bash on neither breaks the recorder nor is kept from the assistant."""
    bench.reporter()
    options = bench.folder / "options"
    options.write_text("set -efukC\n")
    bench.environ[name] = str(options)
    same_environment(bench, run_anyhow)


def test_options_that_are_exported(bench: Bench, run_anyhow: Run) -> None:
    """SHELLOPTS turns options on in every bash: the recorder does without them, the assistant gets them."""
    bench.reporter()
    options = {"errexit", "nounset", "noglob", "noclobber", "allexport"}
    bench.environ["SHELLOPTS"] = ":".join(options)
    assert run_anyhow([bench.wrapper(), "*"]) == 0
    assert options <= set(bench.report().variables()["SHELLOPTS"].split(":"))
    assert bench.session()[1].argv == ("claude", "*")


def test_a_locale_that_the_machine_does_not_have(bench: Bench) -> None:
    """Bash says so once, by itself, at its start; the recorder does not make it say so again."""
    bench.stub("claude", "#!/bin/sh\nexit 3\n")
    done = bench.run([bench.wrapper(), "größe"], LC_ALL="xx_YY.UTF-8")
    assert (done.returncode, done.stderr.count(b"\n")) == (3, 1)
    assert bench.session()[1].argv == ("claude", "größe")


def test_recordings_are_private(bench: Bench, run_anyhow: Run) -> None:
    """The folder is 0700 and its files are 0600, whatever the umask."""
    bench.stub("claude", "#!/bin/sh\necho text\n")
    assert run_anyhow(["bash", "-c", 'umask 000; "$0"', bench.wrapper()]) == 0
    folder, _ = bench.session()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {oct(file.stat().st_mode & 0o777) for file in folder.iterdir()} == {"0o600"}


def test_header_while_it_runs_and_after(bench: Bench) -> None:
    """session.json is there from the start, with the recorder's pid, and is completed at the end."""
    copy = 'cp "$WITH_TRACKING_HOME"/sessions/*/*/*/*/session.json "$REPORT" 2>/dev/null'
    bench.stub("claude", f"#!/bin/sh\nuntil {copy}; do sleep 0.1; done\n")  # the assistant does not wait for it
    subprocess.run(["git", "init", "-q", "-b", "topic/x", str(bench.folder)], check=True)
    commit = ["git", "-C", str(bench.folder), "-c", "user.name=T", "-c", "user.email=t@e.org", "commit", "-q"]
    subprocess.run([*commit, "--allow-empty", "-m", "x"], check=True)
    head = subprocess.run(
        ["git", "-C", str(bench.folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    )
    with bench.start([bench.wrapper(), "x"]) as terminal:
        pid = terminal._pid
        assert terminal.wait_for_end() == 0
    folder, header = bench.session()
    early = header.__class__(**{**_fields(header), "ended_at": None, "exit_code": None, "end_reason": None})
    import msgspec

    assert msgspec.json.decode((bench.folder / "report.json").read_bytes(), type=type(header)) == early
    assert (header.session_id, header.provider, header.wrapper) == (folder.name, "claude_code", "claude")
    assert (header.cwd, header.interactive, header.pid) == (str(bench.folder), True, pid)
    assert (header.exit_code, header.end_reason) == (0, "exited")
    assert (header.terminal.rows, header.terminal.cols, header.terminal.term) == (40, 120, "xterm-256color")
    assert (header.git.root, header.git.branch, header.git.commit) == (
        str(bench.folder),
        "topic/x",
        head.stdout.strip(),
    )
    assert header.started_at is not None
    assert header.ended_at is not None
    assert header.started_at < header.ended_at
    assert header.started_at.strftime("%Y%m%d-%H%M%S") == folder.name[:15]
    assert folder.parent == bench.root / "sessions" / header.started_at.strftime("%Y/%m/%d")


def test_header_says_where_the_log_lies(bench: Bench) -> None:
    """The session may be read later, from another environment: what says where assistants keep their logs is noted."""
    from parsers.native_logs.base import LOG_VARIABLES

    bench.stub("claude", "#!/bin/sh\n")
    given = {name: f"/some place/{name}" for name in LOG_VARIABLES if name not in ("HOME", "TMPDIR")}
    given |= dict.fromkeys(("HOME", "TMPDIR"), bench.environ["HOME"])
    bench.run([bench.wrapper(), "x"], **given)
    _, header = bench.session()
    assert header.log_places == given


def _fields(header: object) -> dict[str, object]:
    return {name: getattr(header, name) for name in header.__struct_fields__}  # type: ignore[attr-defined]


@pytest.mark.parametrize("layout", ["packed", "detached", "worktree", "below", "unborn"])
def test_git_facts(bench: Bench, layout: str) -> None:
    """Root, branch and commit are what git says, whatever way it keeps them."""
    bench.stub("claude", "#!/bin/sh\n")
    here = bench.folder / "repository"

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(here), "-c", "user.name=T", "-c", "user.email=t@e.org", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    subprocess.run(["git", "init", "-q", "-b", "main", str(here)], check=True)
    if layout != "unborn":
        git("commit", "-q", "--allow-empty", "-m", "one")
    if layout == "packed":
        git("pack-refs", "--all")
    elif layout == "detached":
        git("checkout", "-q", "--detach")
    elif layout == "worktree":
        git("worktree", "add", "-q", "-b", "side", str(bench.folder / "side"))
        here = bench.folder / "side"
    elif layout == "below":
        here = here / "a" / "b"
        here.mkdir(parents=True)
    subprocess.run([bench.wrapper()], cwd=here, env=bench.environ, check=True, stdin=subprocess.DEVNULL)
    facts = bench.session()[1].git
    assert facts.root == git("rev-parse", "--show-toplevel")
    assert facts.branch == (git("symbolic-ref", "--short", "-q", "HEAD") or None)
    assert facts.commit == (git("rev-parse", "-q", "--verify", "HEAD") or None)


@pytest.mark.parametrize("name", WRAPPERS)
def test_every_wrapper_is_there(name: str) -> None:
    """Each wrapper is executable and a few lines long."""
    wrapper = Path(__file__).resolve().parents[2] / "bin" / f"{name}-with-tracking"
    assert os.access(wrapper, os.X_OK)
    assert len(wrapper.read_text().splitlines()) < 15


def test_a_day_that_is_deleted_meanwhile_is_made_again(bench: Bench) -> None:
    """Whoever deletes the last session of a day deletes its folder, and may do so just before a new one is made."""
    bench.stub("claude", "#!/bin/sh\nexit 7\n")
    once = bench.folder / "once"
    deleting = f'if [ "$1" = -m ] && [ ! -e "{once}" ]; then : >"{once}"; rmdir "${{3%/*}}"; fi'
    bench.stub("mkdir", f'#!/bin/sh\n{deleting}\nexec {shutil.which("mkdir")} "$@"\n')
    assert bench.run([bench.wrapper()]).returncode == 7
    assert once.exists()
    assert len(bench.folders()) == 1
