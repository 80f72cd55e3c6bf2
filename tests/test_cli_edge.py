"""The edge of every command: one line for what went wrong, the exit status that scripts rely on, quiet closed pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import synthetic
from tests.forked import CHECKOUT, run, run_anew
from tests.pseudo_terminal import PseudoTerminal


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "--sort", "beauty"], "Error: Invalid value for '--sort'"),
        (["lst"], "Error: There is no command 'lst'. Did you mean 'list'? Try: with-tracking --help"),
        (["completion"], "Error: Missing argument '{bash|zsh|fish}'. Choose from: bash, zsh, fish. Try: "),
        (["list", "--tag"], "Error: Option '--tag' requires an argument. Try: with-tracking list --help"),
        (["show", "last", "more"], "Error: Got unexpected extra argument (more). Try: with-tracking show --help"),
        (["show", "last", "--trancript"], "Error: No such option"),
        (["note", "last", "--remov"], "Error: No such option"),
        (["alert", "check", "--delive"], "Error: No such option"),
        (["procedure", " ", "--", "true"], "Error: The procedure has no name. Try: with-tracking procedure --help"),
    ],
)
def test_misuse_is_one_line(arguments: list[str], said: str) -> None:
    """A wrong option, command or argument: what is wrong and where the help is, in one line; exit 2."""
    shown = run(*arguments)
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr.startswith(said)
    assert shown.stderr.endswith(" --help\n")
    assert shown.stderr.count("\n") == 1


def test_what_nobody_expected_is_one_line(tracking_root: Path) -> None:
    """A root that is no folder, or a bug, ends in a line and exit 1; WITH_TRACKING_TRACEBACK=1 shows where it was."""
    tracking_root.parent.mkdir(exist_ok=True)
    tracking_root.write_text("")
    shown = run("reindex")
    assert (shown.returncode, shown.stdout) == (1, "")
    assert shown.stderr.startswith("Error: File exists: ")
    assert shown.stderr.count("\n") == 1
    assert "Traceback" in run_anew("reindex", WITH_TRACKING_TRACEBACK="1").stderr


def test_a_file_that_cannot_be_written(tracking_root: Path, tmp_path: Path) -> None:
    """`replay --cast` into a folder that is not there says so."""
    synthetic.parsed(tracking_root, "a")
    shown = run("replay", "a", "--cast", str(tmp_path / "nowhere" / "a.cast"))
    assert shown.returncode == 1
    assert shown.stderr.endswith("cannot be written: No such file or directory. Try: another place\n")


@pytest.mark.parametrize(
    "arguments",
    [["search", "issue"], ["list"], ["list", "--json"], ["stats"], ["procedure", "p", "--", "seq", "99999"]],
)
def test_a_closed_pipe_is_no_error(tracking_root: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    """`| head` that has read enough gets no complaint, and no exit status that means something else."""
    monkeypatch.setenv("WITH_TRACKING_MLFLOW", "0")  # nobody would look at the procedure's run
    synthetic.parsed(tracking_root, "a")
    command = [sys.executable, "-m", "with_tracking", *arguments]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == (0 if arguments[0] == "procedure" else 141)
    assert all(line.startswith("with-tracking: ") for line in said.splitlines())


@pytest.mark.parametrize("stdout", [">/dev/full", ">&-"])
def test_output_that_nobody_can_take(tracking_root: Path, stdout: str) -> None:
    """A full disk is told in one line; a stdout that was closed takes nothing and is no error."""
    synthetic.parsed(tracking_root, "a")
    command = f"exec {sys.executable} -m with_tracking list {stdout}"
    shown = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, cwd=CHECKOUT)
    full = "Error: No space left on device. Try: bin/with-tracking doctor\n"
    assert (shown.returncode, shown.stderr) == ((1, full) if stdout == ">/dev/full" else (0, ""))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("-m with_tracking show nope", f"Error: There is no session 'nope'. Try: {CHECKOUT}/bin/with-tracking list"),
        ("-m with_tracking config", "not there: "),
        ("-m parsers.parse_ai_session {folder} --background", "with-tracking: "),
    ],
)
def test_a_working_directory_that_was_deleted(tracking_root: Path, tmp_path: Path, command: str, said: str) -> None:
    """An assistant may delete the worktree that it was started in: what is said after it is said all the same."""
    folder = synthetic.parsed(tracking_root, "a").folder
    (gone := tmp_path / "gone").mkdir()
    line = f"rmdir {gone}; exec {sys.executable} -P {command.format(folder=folder)}"
    environ = {**os.environ, "PYTHONPATH": str(CHECKOUT), "WITH_TRACKING_MLFLOW": "0"}
    shown = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, cwd=gone, env=environ)
    assert shown.stderr.startswith(said)
    assert "No such file" not in shown.stderr


def test_ctrl_c_while_it_starts(tmp_path: Path) -> None:
    """Ctrl-C before the command line is loaded ends it as quietly as afterwards."""
    (tmp_path / "click.py").write_text("import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(9)\n")
    shown = run_anew("list", PYTHONPATH=str(tmp_path))
    assert (shown.returncode, shown.stdout, shown.stderr) == (-signal.SIGINT, "", "")


def test_the_parser_says_what_it_cannot_read(tmp_path: Path) -> None:
    """parse_ai_session.py: a folder without a recording and an unknown assistant are one line; nothing is logged."""
    (tmp_path / "typescript").write_text("hello\r\n")
    (tmp_path / "empty").mkdir()
    for arguments, said in (
        (["empty"], "Error: Nothing was recorded in empty. Try: a session folder"),
        (
            [".", "--json", "--provider", "cloude"],
            "Error: There is no provider 'cloude'. Try: one of aider, claude_code",
        ),
        (["nowhere"], "Error: Invalid value for 'FOLDER'"),
    ):
        command = [sys.executable, CHECKOUT / "parsers" / "parse_ai_session.py", *arguments]
        shown = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert (shown.returncode, shown.stdout) == (2 if arguments == ["nowhere"] else 1, "")
        assert shown.stderr.startswith(said)
        assert shown.stderr.count("\n") == 1
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize(
    "command", ["stats", "trends", "compare a b", "compare --by provider", "import --dry-run", "list"]
)
def test_no_line_ends_in_blanks(tracking_root: Path, home: Path, command: str) -> None:
    """What is printed into a pipe or a file has nothing behind its texts."""
    for number, name in enumerate("ab"):
        synthetic.parsed(tracking_root, name, commands=number + 1)
    lines = run(*command.split()).stdout.splitlines()
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("command", ["stats", "trends", "patterns", "search x", "compare --by model", "show -2"])
def test_an_empty_archive_is_no_filters_fault(tracking_root: Path, command: str) -> None:
    """Where nothing was recorded yet, that is what is said, and how to record."""
    shown = run(*command.split())
    assert shown.returncode == 1
    assert shown.stderr == f"Error: No session is recorded in {tracking_root} yet. Try: claude-with-tracking\n"


def test_after_ctrl_c_at_a_question_the_shell_has_a_line_of_its_own(tracking_root: Path, tmp_path: Path) -> None:
    """The cursor does not stay behind the question."""
    synthetic.parsed(tracking_root, "a")
    command = ["bash", "-c", f"{sys.executable} -I -m with_tracking forget a; echo then"]
    with PseudoTerminal(command, cwd=tmp_path, environ=os.environ) as terminal:
        terminal.wait_for("[y/N]")
        terminal.interrupt(until="then")
        assert terminal.screen.splitlines()[-1] == "then"
