"""`with-tracking show`: the page and its parts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec

from parsers.session import Category, Error, ErrorKind, Event, Note, NoteKind, Prompt, ToolUse
from parsers.session_header import Git
from tests import synthetic
from tests.forked import CHECKOUT, run
from with_tracking.remarks import Remarks, write_remarks

EDIT = ToolUse(
    name="Edit", category=Category.EDIT, files=("app.py",), ok=True, lines_added=3, lines_removed=1, start_seconds=9.0
)
EVENTS: tuple[Event, ...] = (
    Prompt(text="fix the walrus", seconds=0.5),
    synthetic.shell("git status", 2.0),
    synthetic.shell("make all \\\n  test", 65.0, ok=False),
    Note(kind=NoteKind.USER_SHELL, text="ls", seconds=70.0),
    EDIT,
    msgspec.structs.replace(EDIT, start_seconds=80.0),
    Error(kind=ErrorKind.API_ERROR, text="overloaded\nretrying", seconds=3700.0),
)


def shown(root: Path, *options: str) -> list[str]:
    """Return what the command prints of a session with these events."""
    folder = root / "sessions/2026/11/20/a"
    if not folder.exists():
        synthetic.parse(synthetic.record(root, "a"), EVENTS)
    result = run("show", "a", *options)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.splitlines()


def test_commands_are_whole(tracking_root: Path) -> None:
    """--commands has each command with all its lines, when it ran, how it ended and how long it took."""
    assert shown(tracking_root, "--commands") == [
        "   +0:02  ✓ git status  0.4 s",
        "   +1:05  ✗ make all \\",
        "  test  (exit code 1)  0.4 s",
    ]


def test_errors_are_whole(tracking_root: Path) -> None:
    """--errors has each error with all its lines and its time."""
    lines = shown(tracking_root, "--errors")
    assert lines[0].startswith("   +1:05  command failed  ")
    assert lines[-2:] == ["+1:01:40  api error  overloaded", "          retrying"]


def test_time_line(tracking_root: Path) -> None:
    """--timeline has everything; the page takes tool uses in a row together."""
    assert shown(tracking_root, "--timeline") == [
        "   +0:00  ❯ fix the walrus",
        "   +0:02  $ ✓ git status",
        "   +1:05  $ ✗ make all \\ …  (exit code 1)",
        "   +1:10  ! ls",
        "   +0:09    ✓ Edit app.py  +3 −1",
        "   +1:20    ✓ Edit app.py  +3 −1",
        "+1:01:40  ✗ api error: overloaded …",
    ]
    page = shown(tracking_root)
    assert "     +0:02    2 tool uses: 2 shell (1 failed)" in page
    assert "  edited  app.py  +6 −2" in page


def test_transcript_and_raw(tracking_root: Path) -> None:
    """--transcript is the cleaned text, --raw the recording byte for byte; stdout and stderr stay apart."""
    assert shown(tracking_root, "--transcript") == ["❯ close-issue 583"]
    command = [sys.executable, "-m", "with_tracking", "show", "last", "--raw"]
    raw = subprocess.run(command, capture_output=True, check=True, cwd=CHECKOUT)
    assert raw.stdout == synthetic.OUTPUT
    folder = tracking_root / "sessions/2026/11/20/a"
    (folder / "typescript").rename(folder / "stdout.txt")
    (folder / "stderr.txt").write_bytes(b"careful\n")
    piped = subprocess.run(command, capture_output=True, check=True, cwd=CHECKOUT)
    assert (piped.stdout, piped.stderr) == (synthetic.OUTPUT, b"careful\n")
    (folder / "stdout.txt").unlink()
    nothing = run("show", "last", "--raw")
    assert (nothing.returncode, "Nothing was recorded" in nothing.stderr) == (1, True)


def test_remarks_are_shown(tracking_root: Path) -> None:
    """What the person said of a session is on its page and in its JSON."""
    folder = synthetic.parsed(tracking_root, "a").folder
    write_remarks(folder, Remarks(tags={"mode": "fast"}, note="again"))
    page = run("show", "a").stdout
    assert "tags       mode=fast\nnote       again\n" in page
    found = json.loads(run("show", "a", "--json").stdout)
    assert (found["tags"], found["note"]) == ({"mode": "fast"}, "again")


def test_what_went_wrong_while_reading_is_shown(tracking_root: Path) -> None:
    """A log that could not be understood is named on the page: the session may lack what was in it."""
    folder = synthetic.parsed(tracking_root, "a").folder
    file = folder / "parsed.json"
    read = json.loads(file.read_text())
    file.write_text(json.dumps(read | {"parse": {"problems": ["the format may have changed"], "disagreements": 1}}))
    told = "Reading\n  the format may have changed\n  screen and log differ in one fact: "
    assert told in run("show", "a").stdout


def test_a_branch_whose_commit_is_not_known(tracking_root: Path) -> None:
    """Some assistants' logs name the branch alone: the page, too."""
    git = Git(root="/home/dev/webapp", branch="main")
    synthetic.parse(synthetic.record(tracking_root, "a", git=git), synthetic.events_of(1))
    assert "/home/dev/webapp (main)\n" in run("show", "a").stdout


def test_long_sections_are_cut(tracking_root: Path) -> None:
    """A section of many lines is cut, and the option that shows all of it is named."""
    synthetic.parse(synthetic.record(tracking_root, "a"), synthetic.events_of(40))
    page = run("show", "a").stdout
    assert "… and 25 more (with-tracking show a --commands)" in page


def test_an_error_is_the_line_that_tells(tracking_root: Path) -> None:
    """The page shows of an error what went wrong, not that something did; files of the working directory are short."""
    failed = ToolUse(
        name="Bash",
        category=Category.SHELL,
        command="gh issue view 1",
        ok=False,
        output="Exit code 127\nbash: line 1: gh: not found",
    )
    edit = ToolUse(name="Edit", category=Category.EDIT, files=("/home/dev/webapp/app/issues.py",), ok=True)
    synthetic.parse(synthetic.record(tracking_root, "a"), [failed, edit])
    page = run("show", "a").stdout
    assert "  command failed    gh: not found\n" in page
    assert "  edited  app/issues.py\n" in page


def test_lines_are_whole_in_a_pipe(tracking_root: Path) -> None:
    """What is cut in a terminal is whole in a pipe: commands, answers, what was found."""
    command = "pytest " + " ".join(f"tests/test_{number}.py" for number in range(20)) + " --the-end"
    synthetic.parse(synthetic.record(tracking_root, "a"), [synthetic.shell(command, 1.0, ok=False)])
    assert f"  ✗ {command}  (exit code 1)\n" in run("show", "a").stdout
    assert run("search", "the-end", "--in", "commands").stdout.splitlines()[1].endswith("--the-end")
