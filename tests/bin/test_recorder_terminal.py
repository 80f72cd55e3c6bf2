"""In a terminal all is as without the wrapper: keys, signals, job control, sizes, drawing; and it is recorded."""

from __future__ import annotations

import fcntl
import struct
import sys
import termios
import time

import pytest

from parsers.recording import read_recording
from tests.bin.conftest import Bench
from tests.pseudo_terminal import PseudoTerminal

COOKED = '#!/bin/bash\necho here I am; while read -r line; do echo "got $line"; done; echo end of input; exit 4\n'

RAW = f"""#!{sys.executable} -IS
import os, signal, sys, termios, tty
def begin():
    tty.setraw(0)
    os.write(1, b"\\x1b[?2004hhere I am\\r\\n")
before = termios.tcgetattr(0)
begin()
while True:
    key = os.read(0, 100)
    if key == b"\\x1a":
        termios.tcsetattr(0, termios.TCSANOW, before)
        os.write(1, b"suspended; fg brings me back\\r\\n")
        SUSPEND
        begin()
        os.write(1, b"resumed\\r\\n")
    elif key == b"q":
        termios.tcsetattr(0, termios.TCSANOW, before)
        sys.exit(5)
    else:
        os.write(1, b"key " + repr(key).encode() + b"\\r\\n")
"""
SUSPENSIONS = {
    "stop the group": "os.kill(0, signal.SIGTSTP)",  # as vim does
    "stop itself": "os.kill(os.getpid(), signal.SIGTSTP)",
    "SIGSTOP": "os.kill(os.getpid(), signal.SIGSTOP)",  # as Claude Code 2 does
}

RESIZED = f"""#!{sys.executable} -IS
import os, signal, time
def show(*_): os.write(1, b"size %d %d\\n" % os.get_terminal_size())
signal.signal(signal.SIGWINCH, show)
show()
while True: time.sleep(0.1)  # pause() would not notice a signal that comes in the instant before it waits
"""

DRAWING = r"""#!/bin/bash
printf 'plain\r\n\033[1;38;2;10;20;30mcolour\033[0m\033[?2004h\033[?1049h\033[2J\033[Hfull screen\033[?1049l'
printf '\033]0;title\007\033[?2026hatomic\033[?2026l\tgr\303\274n \342\227\217 broken \377\376 \000 done\n'
stty -echo; printf 'line by line\nend'
"""


def resize(terminal: PseudoTerminal, rows: int, cols: int) -> None:
    """Give the real terminal another size."""
    fcntl.ioctl(terminal._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


def test_typing_and_end_of_input(bench: Bench) -> None:
    """Lines and Ctrl-D arrive; the exit status comes back."""
    bench.stub("claude", COOKED)
    with bench.start([bench.wrapper()]) as terminal:
        terminal.wait_for("here I am")
        terminal.send("héllo wörld\n")
        terminal.wait_for("got héllo wörld")
        terminal.send("\x04")
        terminal.wait_for("end of input")
        assert terminal.wait_for_end() == 4


@pytest.mark.parametrize(("key", "status"), [("\x03", 130), ("\x1c", 131)])
def test_keys_that_kill(bench: Bench, key: str, status: int) -> None:
    """Ctrl-C and Ctrl-Backslash reach an assistant that does not catch them, and only then end the wrapper."""
    bench.stub("claude", "#!/bin/sh\nulimit -c 0\necho ready\nexec sleep 60\n")
    with bench.start([bench.wrapper()]) as terminal:
        terminal.wait_for("ready")
        terminal.send(key)
        assert terminal.wait_for_end() == status
    assert (bench.session()[1].exit_code, bench.session()[1].end_reason) == (status, "signalled")


def test_ctrl_c_that_the_assistant_handles(bench: Bench) -> None:
    """A Ctrl-C that means "stop answering" does not end anything."""
    bench.stub(
        "claude",
        "#!/bin/bash\ntrap 'echo interrupted' INT\necho ready\nread -r x; read -r x; echo \"got $x\"\nexit 6\n",
    )
    with bench.start([bench.wrapper()]) as terminal:
        terminal.wait_for("ready")
        terminal.send("\x03")
        terminal.wait_for("interrupted")
        terminal.send("a\nb\n")
        terminal.wait_for("got")
        assert terminal.wait_for_end() == 6


def test_ctrl_z_and_fg(bench: Bench) -> None:
    """Ctrl-Z gives the person's shell and its terminal back; fg resumes; several times."""
    bench.stub("claude", COOKED)
    with bench.shell() as terminal:
        terminal.send(f"{bench.wrapper()}\n")
        terminal.wait_for("here I am")
        for number in range(3):
            terminal.send("\x1a")
            terminal.wait_for("Stopped")
            terminal.send("clear; stty -a | grep -ow '.icanon'; echo shell$((40 + 2))\n")
            terminal.wait_for("shell42")
            assert "-icanon" not in terminal.screen
            terminal.send("clear; fg\n")
            terminal.wait_for("with-tracking")
            terminal.wait_until_quiet(0.3)
            terminal.send(f"line {number}\n")
            terminal.wait_for(f"got line {number}")
        terminal.send("\x04")
        terminal.wait_for("end of input")
        terminal.wait_for("ready>")
        terminal.send("echo status=$?\n")
        terminal.wait_for("status=4")


def test_ctrl_z_at_the_start(bench: Bench) -> None:
    """Ctrl-Z before the assistant runs stops all of it or nothing: no part is left waiting for another."""
    bench.stub("claude", "#!/bin/bash\ntrap '' TSTP; echo here I am; read -r line\n")
    with bench.shell() as terminal:
        for number in range(12):  # what it meets is chance
            terminal.send("clear\n")
            terminal.wait_until(lambda screen: screen == "ready>", "nothing left of the time before")
            terminal.send(f"{bench.wrapper()}\n")
            deadline = time.monotonic() + 60
            while len(bench.folders()) == number and time.monotonic() < deadline:
                terminal._read(0.001)
            time.sleep(0.003 * number)  # another moment each time
            terminal.send("\x1a")
            if terminal.wait_for("Stopped", "here I am") == "Stopped":
                terminal.send("clear; fg\n")
                terminal.wait_for("here I am")
            terminal.send("\n")
            terminal.wait_until(lambda screen: screen.endswith("ready>"), "back in the shell")


@pytest.mark.parametrize("how", SUSPENSIONS)
def test_an_assistant_that_suspends_itself(bench: Bench, how: str) -> None:
    """In raw mode Ctrl-Z is a key; whichever way the assistant then stops, the person is never stuck."""
    bench.stub("claude", RAW.replace("SUSPEND", SUSPENSIONS[how]))
    with bench.shell() as terminal:
        terminal.send(f"{bench.wrapper()}\n")
        terminal.wait_for("here I am")
        terminal.send("a")
        terminal.wait_for("key b'a'")
        terminal.send("\x1a")
        terminal.wait_for("Stopped")
        terminal.send("echo shell$((40 + 2))\n")
        terminal.wait_for("shell42")
        resize(terminal, 30, 90)
        terminal.send("clear; fg\n")
        terminal.wait_for("resumed")
        terminal.send("\x03")
        terminal.wait_for("key b'\\x03'")
        terminal.send("q")
        terminal.wait_for("ready>")
        terminal.send("echo status=$?\n")
        terminal.wait_for("status=5")
    assert b"shell42" not in (bench.session()[0] / "typescript").read_bytes()


def test_suspending_where_no_shell_waits(bench: Bench) -> None:
    """Started by no shell (tmux new-window …), there is nobody to give the terminal to: the assistant goes on."""
    bench.stub("claude", RAW.replace("SUSPEND", SUSPENSIONS["SIGSTOP"]))
    with bench.start([bench.wrapper()]) as terminal:
        terminal.wait_for("here I am")
        terminal.send("\x1a")
        terminal.wait_for("resumed")
        terminal.send("q")
        assert terminal.wait_for_end() == 5


def test_resizing(bench: Bench) -> None:
    """The assistant has the terminal's size and hears of every change; the recording knows them too."""
    bench.stub("claude", RESIZED)
    with bench.start([bench.wrapper()]) as terminal:
        terminal.wait_for("size 120 40")
        resize(terminal, 25, 77)
        terminal.wait_for("size 77 25")
        terminal.send("\x03")
        terminal.wait_for_end()
    assert "SIGWINCH ROWS=25 COLS=77" in (bench.session()[0] / "timing.log").read_text()


def test_what_is_drawn_is_the_same_to_the_byte(bench: Bench) -> None:
    """Colours, bracketed paste, alternate screen, titles, broken UTF-8: every byte arrives, and all are recorded."""
    drawing = bench.stub("claude", DRAWING)
    seen = []
    for command in (str(drawing), bench.wrapper()):
        with bench.start([command]) as terminal:
            assert terminal.wait_for_end() == 0
            terminal.wait_until_quiet(0.1)
            seen.append(terminal.bytes)
    assert seen[1] == seen[0]
    folder, _ = bench.session()
    recording = read_recording((folder / "typescript").read_bytes(), (folder / "timing.log").read_bytes())
    assert b"".join(chunk.data for chunk in recording.chunks if hasattr(chunk, "data")) == seen[0]
    assert (recording.exit_code, recording.command, recording.problems) == (0, "claude", ())


def test_the_recording_shows_the_command_line(bench: Bench) -> None:
    """The typescript by itself, without session.json, says what was run."""
    bench.stub("claude", "#!/bin/sh\n")
    with bench.start([bench.wrapper(), "close-issue 583"]) as terminal:
        terminal.wait_for_end()
    assert b'COMMAND="claude close-issue\\ 583"' in (bench.session()[0] / "typescript").read_bytes()


def test_keystrokes_are_not_recorded(bench: Bench) -> None:
    """What is typed where it is not shown (a password) is in no file."""
    bench.stub("claude", "#!/bin/bash\nread -r -s -p 'Password: ' x; echo; [[ $x == hunter2 ]] && echo right\n")
    with bench.start([bench.wrapper()]) as terminal:
        terminal.wait_for("Password:")
        terminal.send("hunter2\n")
        terminal.wait_for("right")
        terminal.wait_for_end()
    folder, _ = bench.session()
    assert not [file.name for file in folder.iterdir() if b"hunter2" in file.read_bytes()]


def test_stderr_that_goes_elsewhere(bench: Bench) -> None:
    """`2> file` stays apart from the terminal: in the file, byte for byte, not on the screen."""
    bench.stub("claude", "#!/bin/sh\necho out\necho err >&2\n[ -t 2 ] || echo no terminal >&2\n")
    with bench.start(["bash", "-c", '"$0" 2>errors; exit', bench.wrapper()]) as terminal:
        assert terminal.wait_for_end() == 0
        assert "err" not in terminal.screen
    assert (bench.folder / "errors").read_bytes() == b"err\nno terminal\n"


@pytest.mark.parametrize("where", ["PATH", "SHELL"])
def test_odd_shells_do_not_matter(bench: Bench, where: str) -> None:
    """script(1) would run the command with $SHELL, whatever that is; ours gets in between."""
    bench.reporter()
    odd = {"SHELL": "/usr/sbin/nologin"} if where == "SHELL" else {"SHELL": "fish"}
    with bench.start([bench.wrapper(), "it's $HOME"], **odd) as terminal:
        assert terminal.wait_for_end() == 0
    assert bench.report().argv() == [b"it's $HOME"]
    assert bench.report().variables()["SHELL"] == odd["SHELL"]


def test_a_process_left_behind_does_not_hold_the_prompt(bench: Bench) -> None:
    """What the assistant leaves running in the background (a server) does not keep the wrapper from ending."""
    bench.stub("claude", "#!/bin/sh\nsleep 77 &\necho ready\n")
    with bench.start([bench.wrapper()]) as terminal:
        assert terminal.wait_for_end() == 0
    assert bench.pid_of("sleep 77")


def test_a_wrapper_in_a_wrapped_session(bench: Bench) -> None:
    """The inner session knows the outer one; both are recorded."""
    bench.stub("claude", f"#!/bin/sh\n{bench.wrapper('codex')} inner\n")
    bench.stub("codex", "#!/bin/sh\necho inside; exit 9\n")
    with bench.start([bench.wrapper()]) as terminal:
        assert terminal.wait_for_end() == 9
    sessions = [(folder / "session.json").read_text() for folder in bench.folders()]
    assert len(sessions) == 2
    (outer,) = (folder.name for folder in bench.folders() if '"claude_code"' in (folder / "session.json").read_text())
    assert sum(f'"parent_session_id":"{outer}"' in text for text in sessions) == 1
    assert sum('"parent_session_id":null' in text for text in sessions) == 1
