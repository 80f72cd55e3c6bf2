"""Without a terminal the streams pass through as they are, and both are kept."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.bin.conftest import Bench, is_stopped, until


def stub_python(bench: Bench, code: str) -> None:
    """Put an assistant written in Python on PATH."""
    bench.stub("claude", f"#!{sys.executable} -IS\nimport os, sys, time\n{code}\n")


def test_bytes_pass_unmerged_and_are_kept(bench: Bench) -> None:
    """Any bytes on stdout and stderr arrive as they were written, apart, and lie in the folder."""
    out, err = random.Random(1).randbytes(3_000_000), random.Random(2).randbytes(1_000_000)
    (bench.folder / "out").write_bytes(out)
    (bench.folder / "err").write_bytes(err)
    bench.stub("claude", "#!/bin/sh\ncat err >&2 &\ncat out\nwait\nexit 3\n")
    done = bench.run([bench.wrapper(), "-p", "x"])
    assert (done.returncode, done.stdout == out, done.stderr == err) == (3, True, True)
    folder, header = bench.session()
    assert (folder / "stdout.txt").read_bytes() == out
    assert (folder / "stderr.txt").read_bytes() == err
    assert (header.interactive, header.exit_code, header.end_reason) == (False, 3, "exited")
    assert not (folder / "typescript").exists()


def test_stdin_passes(bench: Bench) -> None:
    """What is piped in arrives whole, to the end of input."""
    bench.stub("claude", "#!/bin/sh\nexec cat\n")
    data = random.Random(3).randbytes(5_000_000)
    assert bench.run([bench.wrapper()], input=data).stdout == data


def test_nothing_is_held_back(bench: Bench) -> None:
    """A piece arrives as soon as it is written, a line or not: the assistant waits for an answer to it."""
    stub_python(bench, "os.write(1, b'now'); os.write(2, b'too'); sys.stdin.read()")
    pipe = subprocess.PIPE
    with subprocess.Popen([bench.wrapper()], stdin=pipe, stdout=pipe, stderr=pipe, env=bench.environ) as process:
        for stream, text in ((process.stdout, b"now"), (process.stderr, b"too")):
            assert stream is not None
            assert select.select([stream], [], [], 60)[0]
            assert os.read(stream.fileno(), 10) == text
        process.communicate(timeout=60)


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_reader_that_leaves_ends_the_assistant(bench: Bench, wrapped: bool) -> None:
    """`… | head -1` ends an assistant that goes on writing, by SIGPIPE, as without the wrapper."""
    bench.stub("claude", "#!/bin/sh\nexec yes line\n")
    command = bench.wrapper() if wrapped else str(bench.stubs / "claude")
    done = bench.run(["bash", "-c", '"$0" | head -1; echo "${PIPESTATUS[0]}"', command])
    assert done.stdout == b"line\n141\n"
    assert done.stderr == b""


def test_a_program_behind_a_pipe_gets_it_all(bench: Bench) -> None:
    """`echo question | claude-with-tracking -p | tr …` in a terminal: only what is asked for passes the pipe."""
    bench.stub("claude", "#!/bin/sh\nread -r question\necho answer to $question\necho thinking >&2\n")
    command = 'echo question | "$0" -p x | tr a-z A-Z; echo "${PIPESTATUS[1]}"'
    with bench.start(["bash", "-c", command, bench.wrapper()]) as terminal:
        assert terminal.wait_for_end() == 0
        terminal.wait_until_quiet(0.2)
        assert sorted(terminal.screen.splitlines()) == ["0", "ANSWER TO QUESTION", "thinking"]


def test_the_keyboard_is_read_when_only_stdout_is_piped(bench: Bench) -> None:
    """The assistant can still ask at the terminal, and Ctrl-C in it reaches the assistant once."""
    code = (
        "import select, signal\n"
        "count = 0\n"
        "def caught(*_):\n    global count\n    count += 1\n    os.write(2, b'caught\\n')\n"
        "signal.signal(signal.SIGINT, caught)\n"
        "os.write(2, b'question?\\n')\n"
        "while not select.select([0], [], [], 0.1)[0]: pass\n"  # readline() may overlook a signal
        "print('typed', sys.stdin.readline().strip(), count)"
    )
    stub_python(bench, code)
    with bench.start(["bash", "-c", "trap : INT; \"$0\" | (trap '' INT; exec cat)", bench.wrapper()]) as terminal:
        terminal.wait_for("question?")
        terminal.send("\x03")
        terminal.wait_for("caught")
        time.sleep(0.3)
        terminal.send("answer\n")
        terminal.wait_for("typed answer 1")
        assert terminal.screen.count("caught") == 1


def test_ctrl_c_ends_a_pipeline_as_without(bench: Bench) -> None:
    """A loop around a wrapped assistant that dies of Ctrl-C stops, as shells expect."""
    bench.stub("claude", "#!/bin/sh\necho here >&2\nexec sleep 60\n")
    with bench.start(
        ["bash", "-c", 'for x in 1 2; do "$0" >/dev/null; done; echo went on', bench.wrapper()]
    ) as terminal:
        terminal.wait_for("here")
        terminal.send("\x03")
        assert terminal.wait_for_end() == 130
        assert "went on" not in terminal.screen
    assert (bench.session()[1].exit_code, bench.session()[1].end_reason) == (130, "signalled")


def test_ctrl_z_stops_the_pipeline(bench: Bench) -> None:
    """Ctrl-Z and fg work on the whole pipeline."""
    bench.stub("claude", "#!/bin/bash\necho here I am >&2; read -r x; echo got $x\n")
    with bench.shell() as terminal:
        terminal.send(f"{bench.wrapper()} | cat\n")
        terminal.wait_for("here I am")
        assistant = bench.pid_of(f"/bin/bash {bench.stubs}/claude")
        terminal.send("\x1a")
        terminal.wait_for("Stopped")
        assert until(lambda: is_stopped(assistant))  # it is not the shell's own child: until then it reads the keyboard
        terminal.send("fg\n")
        assert until(lambda: not is_stopped(assistant))
        terminal.send("word\n")
        terminal.wait_for("got word")


def test_a_server_left_behind_is_not_waited_for(bench: Bench) -> None:
    """A process that keeps the streams open for good does not keep the wrapper from ending."""
    bench.stub("claude", "#!/bin/sh\nsleep 77 &\necho done\n")
    with (bench.folder / "out").open("wb") as out:
        status = subprocess.run(
            [bench.wrapper()], stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=bench.environ, check=False
        ).returncode
    assert (status, (bench.folder / "out").read_text()) == (0, "done\n")
    assert bench.pid_of("sleep 77")


@pytest.mark.parametrize("redirect", ["<&-", ">&-"])
def test_a_closed_stream(bench: Bench, redirect: str) -> None:
    """An odd caller that closes a standard stream gets the assistant as it is, with that stream closed."""
    bench.stub("claude", f'#!/bin/sh\nls /proc/$$/fd >"{bench.folder}/open"\nexit 7\n')
    seen = []
    for command in (str(bench.stubs / "claude"), bench.wrapper()):
        assert bench.run(["bash", "-c", f'"$0" {redirect}', command]).returncode == 7
        seen.append((bench.folder / "open").read_text())
    assert seen[0] == seen[1]


def test_nobody_reads_what_the_wrapper_says(bench: Bench) -> None:
    """A reader of stderr that is gone when the session is over does not change the status."""
    bench.stub("claude", "#!/bin/sh\necho out\nexit 7\n")
    command = ["bash", "-c", '"$0" 2>&1 | head -1; echo "${PIPESTATUS[0]}"', bench.wrapper()]
    assert bench.run(command, WITH_TRACKING_QUIET="0").stdout == b"out\n7\n"
    assert bench.session()[1].ended_at is not None


@pytest.mark.parametrize("code", [0, 1, 2, 127, 255])
def test_exit_status(bench: Bench, code: int) -> None:
    """The assistant's exit status is the wrapper's."""
    bench.stub("claude", f"#!/bin/sh\nexit {code}\n")
    assert bench.run([bench.wrapper()]).returncode == code
    with bench.start([bench.wrapper()]) as terminal:
        assert terminal.wait_for_end() == code


@pytest.mark.parametrize("name", ["KILL", "TERM", "HUP", "INT", "SEGV", "USR1", "USR2"])
def test_exit_status_of_a_signal(bench: Bench, name: str) -> None:
    """Who dies of signal n gives 128 + n, without a word on the terminal that the assistant did not write."""
    bench.stub("claude", f"#!/bin/bash\nulimit -c 0\nkill -{name} $$\nsleep 5\n")
    status = 128 + getattr(signal, f"SIG{name}")
    done = bench.run(["bash", "-c", '"$0" 2>stderr; echo $?', bench.wrapper()])
    assert done.stdout == f"{status}\n".encode()
    with bench.start([bench.wrapper()]) as terminal:
        assert terminal.wait_for_end() == status
        terminal.wait_until_quiet(0.1)
        assert terminal.bytes == b""
    assert Path(bench.folder / "stderr").read_bytes() == b""
