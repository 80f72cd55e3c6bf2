"""The built-in assistant: real commands, drawn as its docstring says, in a terminal and without one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from parsers.session_folder import read_folder
from tests.pseudo_terminal import PseudoTerminal

COMMAND = (sys.executable, "-m", "with_tracking.demo")
QUESTION = "Do you want to make this edit"
DONE = "Issue 583 is done"
FOLDER = re.compile(r"works in (\S+),")


def run(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the demo without a terminal."""
    source = {"stdin": subprocess.DEVNULL} if text is None else {"input": text}
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, **source)  # type: ignore[call-overload, no-any-return]


def in_terminal(tmp_path: Path, *arguments: str, cols: int = 140, **environ: str) -> PseudoTerminal:
    """Start the demo in a terminal that is high enough to show everything."""
    command = [*COMMAND, "--delay", "0.05", *arguments]
    return PseudoTerminal(command, cwd=tmp_path, environ=os.environ | environ, rows=90, cols=cols)


def wait_for_prompt(terminal: PseudoTerminal) -> None:
    """Wait until the demo reads what is typed next."""
    terminal.wait_until(lambda screen: screen.endswith("\n❯"), "a prompt")


def test_task_without_a_terminal() -> None:
    """The whole task: a failing test, an edit, a passing test and a commit, all real, in plain lines."""
    done = run("close-issue 583")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "\n❯ close-issue 583\n" in done.stdout
    calls = re.findall(r"^● (\w+\(.*\))$", done.stdout, re.MULTILINE)
    tests = "Bash(python3 -m unittest)"
    commit = 'Bash(git commit -a -m "Set the state when an issue is closed (#583)")'
    log = "Bash(git log --oneline -2)"
    status = "Bash(git status --short --branch)"
    assert calls == [status, tests, "Read(tracker.py)", "Update(tracker.py)", tests, commit, log]
    assert done.stdout.count("  ⎿  Error: Exit code 1\n     F.\n") == 1
    assert "FAILED (failures=1)" in done.stdout
    assert "     OK\n" in done.stdout
    assert "  ⎿  Updated tracker.py with 1 addition and 1 removal\n" in done.stdout
    assert "1 file changed, 1 insertion(+), 1 deletion(-)" in done.stdout
    assert DONE in done.stdout


def test_repository_is_thrown_away() -> None:
    """Nothing is left of the repository that the demo worked in."""
    found = FOLDER.search(run("status").stdout)
    assert found
    assert not Path(found[1]).exists()


def test_same_every_time() -> None:
    """Two runs differ in nothing but the folder's name and how long the tests took."""

    def stable(text: str) -> str:
        folder = FOLDER.search(text)
        assert folder
        return re.sub(r"in [\d.]+s", "in TIME", text.replace(folder[1], "FOLDER"))

    assert stable(run("close-issue 583").stdout) == stable(run("close-issue 583").stdout)


def test_prompts_from_a_pipe() -> None:
    """Without a prompt as argument, each line of standard input is one, and a second issue finds nothing to do."""
    done = run(text="close-issue 583\n\nfix #584\nsing a song\n/help\n/exit\nstatus\n")
    assert done.returncode == 0
    assert re.findall(r"^❯ (.*)$", done.stdout, re.MULTILINE) == ["close-issue 583", "fix #584", "sing a song", "/help"]
    assert "nothing left to do for issue 584" in done.stdout
    assert "scripted demonstration without a model" in done.stdout


def test_no_prompt_at_all() -> None:
    """With nothing to do it says what to type."""
    done = run()
    assert done.returncode == 2
    assert done.stderr.strip() == 'Error: no prompt given. Try: demo-with-tracking "close-issue 583"'


def test_reader_that_leaves() -> None:
    """A closed pipe ends the demo without a traceback, as it ends other programs."""
    command = f"{sys.executable} -m with_tracking.demo close-issue 583 | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


def test_git_settings_of_the_person_stay_out(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A global git configuration that would break commits, or a GIT_DIR around, changes nothing."""
    (home / ".gitconfig").write_text("[commit]\n\tgpgsign = true\n[user]\n\tsigningkey = nobody\n")
    monkeypatch.setenv("GIT_DIR", str(home / "nowhere"))
    assert DONE in run("close-issue 583").stdout


def test_task_in_a_terminal_ends_by_itself(tmp_path: Path) -> None:
    """With a prompt as argument it asks once, does the task and ends; bullets tell how each tool use went."""
    with in_terminal(tmp_path, "close-issue 583") as terminal:
        terminal.wait_for(QUESTION)
        terminal.send("1")
        assert terminal.wait_for_end() == 0
        assert DONE in terminal.screen
        assert QUESTION not in terminal.screen, "the question is erased"
        assert "Thinking" not in terminal.screen
        assert "● Update(tracker.py)\n  ⎿  Updated tracker.py" in terminal.screen
    assert terminal.bytes.count("\x1b[38;5;211m●".encode()) == 1, "one tool use failed"
    assert terminal.bytes.count("\x1b[38;5;114m●".encode()) == 6, "six went well"


def test_same_lines_in_a_terminal_and_without(tmp_path: Path) -> None:
    """Colours and waiting aside, a terminal shows what a pipe gets."""

    def stable(text: str) -> list[str]:
        folder = FOLDER.search(text)
        assert folder
        return re.sub(r"in [\d.]+s", "in TIME", text.replace(folder[1], "FOLDER")).rstrip().splitlines()

    with in_terminal(tmp_path, "--yes", "close-issue 583") as terminal:
        terminal.wait_for_end()
        assert stable(terminal.screen) == stable(run("close-issue 583").stdout)


@pytest.mark.parametrize(("prompt", "cols"), [("close-issue 583", 60), ("test", 40)])
def test_words_stay_whole_in_a_narrow_terminal(tmp_path: Path, prompt: str, cols: int) -> None:
    """What the model says is wrapped between words (close-issue is one), and is read as it was said."""
    whole = run(prompt).stdout.rstrip().rsplit("● ", 1)[1]
    with in_terminal(tmp_path, "--yes", prompt, cols=cols) as terminal:
        terminal.wait_for_end()
        said = terminal.screen.rsplit("● ", 1)[1]
    assert said.split("\n  ") == textwrap.wrap(whole, cols - 2, break_on_hyphens=False)
    header = f'Script started on 2026-11-20 09:29:39+00:00 [COMMAND="demo" TERM="xterm" COLUMNS="{cols}" LINES="90"]\n'
    (tmp_path / "typescript").write_bytes(header.encode() + terminal.bytes)
    assert read_folder(tmp_path, provider="demo").session.assistant_texts[-1] == whole


def test_denied_edit(tmp_path: Path) -> None:
    """Saying no leaves the file alone, and the screen says that it was denied."""
    with in_terminal(tmp_path, "close-issue 583") as terminal:
        terminal.wait_for(QUESTION)
        terminal.send("2")
        assert terminal.wait_for_end() == 0
        assert "● Update(tracker.py)\n  ⎿  Denied by the user\n" in terminal.screen
        assert "git commit" not in terminal.screen


def test_interrupt_in_a_conversation(tmp_path: Path) -> None:
    """Ctrl-C stops what runs and gives the prompt back; Ctrl-C there only says how to leave; Ctrl-D leaves."""
    with in_terminal(tmp_path) as terminal:
        terminal.wait_for("❯")
        terminal.send("close-issue 583\r")
        terminal.wait_for(QUESTION)
        terminal.interrupt(until="⎿  Interrupted by the user")
        wait_for_prompt(terminal)
        terminal.interrupt(until="/exit or Ctrl-D leaves")
        terminal.send("status\r")
        terminal.wait_for("That is where the repository stands.")
        wait_for_prompt(terminal)
        terminal.send("\x04")
        assert terminal.wait_for_end() == 0


def test_interrupted_task_has_status_130(tmp_path: Path) -> None:
    """A task that Ctrl-C ended early is no success."""
    with in_terminal(tmp_path, "close-issue 583") as terminal:
        terminal.wait_for(QUESTION)
        terminal.interrupt(until="⎿  Interrupted by the user")
        assert terminal.wait_for_end() == 130


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """A signal ends the demo with the status of the signal, and its repository goes."""
    with in_terminal(tmp_path, "close-issue 583") as terminal:
        terminal.wait_for(QUESTION)
        found = FOLDER.search(terminal.screen)
        assert found
        terminal.kill(number)
        assert terminal.wait_for_end() == 128 + number
        assert not Path(found[1]).exists()


def test_without_colours(tmp_path: Path) -> None:
    """NO_COLOR is honoured in a terminal."""
    with in_terminal(tmp_path, "--yes", "close-issue 583", NO_COLOR="1") as terminal:
        assert terminal.wait_for_end() == 0
        assert DONE in terminal.screen
    assert b"\x1b[38" not in terminal.bytes
