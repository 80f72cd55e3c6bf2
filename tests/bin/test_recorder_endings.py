"""However a session ends, nothing is left running and the session is finished."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from parsers.session_header import SessionHeader
from tests.bin.conftest import Bench, until
from tests.pseudo_terminal import PseudoTerminal

WORKING = "#!/bin/bash\necho here I am\nsleep 77 &\nwait\n"
ALONE = "#!/bin/sh\necho here I am\nexec sleep 77\n"
STUBBORN = f"""#!{sys.executable} -IS
import os, signal, time
signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.write(1, b"here I am\\n")
while True: time.sleep(1)
"""
POLITE = """#!/bin/bash
trap 'echo saving; sleep 0.3; echo saved >"${REPORT}.saved"; exit 0' TERM HUP
echo here I am
sleep 77 & wait
"""


@contextmanager
def running(bench: Bench) -> Iterator[subprocess.Popen[bytes]]:
    """Start the wrapper without a terminal, and wait until the assistant said so."""
    with subprocess.Popen(
        [bench.wrapper()],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env=bench.environ,
        cwd=bench.folder,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here I am\n"
        yield process


def ended(bench: Bench) -> SessionHeader:
    """Wait until nothing of a bench runs and its session is finished; return its header."""
    assert until(lambda: not bench.processes()), bench.processes()
    header = bench.session()[1]
    assert header.ended_at is not None
    return header


def close_terminal(terminal: PseudoTerminal) -> None:
    """Close the window: what a person sees of the terminal goes, the processes hear of it by SIGHUP."""
    os.close(terminal._master)
    terminal._master = os.open("/dev/null", os.O_RDWR)


@pytest.mark.parametrize("assistant", [WORKING, STUBBORN, POLITE], ids=["working", "stubborn", "polite"])
@pytest.mark.parametrize("parent", ["shell", "alone"])
def test_closing_the_terminal(bench: Bench, assistant: str, parent: str) -> None:
    """script(1) blocks SIGHUP and would run on: the recorder ends it, and the assistant with it."""
    bench.stub("claude", assistant)
    with bench.shell() if parent == "shell" else bench.start([bench.wrapper()]) as terminal:
        if parent == "shell":
            terminal.send(f"{bench.wrapper()}\n")
        terminal.wait_for("here I am")
        close_terminal(terminal)
        header = ended(bench)
    assert header.end_reason == "hung_up"
    if assistant == POLITE:
        assert Path(bench.environ["REPORT"] + ".saved").exists()
        assert b"saving" in (bench.session()[0] / "typescript").read_bytes()


@pytest.mark.parametrize("assistant", [WORKING, STUBBORN, POLITE], ids=["working", "stubborn", "polite"])
def test_sigterm_to_the_wrapper(bench: Bench, assistant: str) -> None:
    """SIGTERM is passed on; the assistant may tidy up, and its status is the wrapper's."""
    bench.stub("claude", assistant)
    with bench.start([bench.wrapper()]) as terminal:
        terminal.wait_for("here I am")
        os.kill(terminal._pid, signal.SIGTERM)
        status = terminal.wait_for_end()
        assert status == (0 if assistant == POLITE else 137 if assistant == STUBBORN else 143)
        header = ended(bench)
    assert (header.end_reason, header.exit_code) == ("signalled", status)


def test_the_terminal_is_as_before(bench: Bench) -> None:
    """After a session that was ended from outside, the shell's terminal is not left in raw mode."""
    bench.stub("claude", STUBBORN)
    with bench.shell() as terminal:
        terminal.send(f"{bench.wrapper()}\n")
        terminal.wait_for("here I am")
        pid = bench.session()[1].pid
        assert pid is not None
        os.kill(pid, signal.SIGTERM)
        assert until(lambda: bench.session()[1].ended_at is not None)
        terminal.send("\nclear; stty -a | grep -ow -e '-icanon' -e '-echo' -e '-opost'; echo x$((40 + 2))\n")
        terminal.wait_for("x42")
        assert not [word for word in ("-icanon", "-echo", "-opost") if word in terminal.screen]


@pytest.mark.parametrize("mode", ["terminal", "streams"])
@pytest.mark.parametrize("assistant", [ALONE, STUBBORN], ids=["alone", "stubborn"])
def test_killing_the_recorder(bench: Bench, assistant: str, mode: str) -> None:
    """Even SIGKILL to the recorder leaves nothing running; the session counts as lost."""
    bench.stub("claude", assistant)
    if mode == "terminal":
        with bench.start([bench.wrapper()]) as terminal:
            terminal.wait_for("here I am")
            os.kill(terminal._pid, signal.SIGKILL)
            assert until(lambda: not bench.processes()), bench.processes()
    else:
        with running(bench) as process:
            process.kill()
            assert until(lambda: not bench.processes()), bench.processes()
    assert bench.session()[1].ended_at is None


@pytest.mark.parametrize("mode", ["terminal", "streams"])
def test_killing_the_recorder_at_once(bench: Bench, mode: str) -> None:
    """Killed before it was told whom it started, the recorder leaves nothing running either."""
    bench.stub("claude", "#!/bin/sh\nkill -KILL $RECORDER\nexec sleep 77\n")
    command = ["sh", "-c", 'RECORDER=$$ exec "$0"', bench.wrapper()]
    with ExitStack() as stack:
        for _ in range(10):  # whether it has been told by then is chance
            if mode == "terminal":
                stack.enter_context(bench.start(command))
            else:
                nothing = subprocess.DEVNULL
                subprocess.Popen(command, stdin=nothing, stdout=nothing, env=bench.environ, cwd=bench.folder).wait()
        assert until(lambda: not bench.processes()), bench.processes()


@pytest.mark.parametrize("name", ["TERM", "HUP", "INT"])
def test_signals_without_a_terminal(bench: Bench, name: str) -> None:
    """What CI or a timeout sends to the wrapper reaches the assistant, which decides."""
    bench.stub(
        "claude", f"#!/bin/bash\ntrap 'echo got it; exit 9' {name}\necho here I am\nsleep 77 >/dev/null 2>&1 & wait\n"
    )
    with running(bench) as process:
        process.send_signal(getattr(signal, f"SIG{name}"))
        assert process.stdout is not None
        assert process.stdout.read() == b"got it\n"
        assert process.wait(timeout=60) == 9
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    reasons = {"TERM": "signalled", "HUP": "hung_up", "INT": "exited"}
    assert bench.session()[1].end_reason == reasons[name]


def test_a_signal_at_once(bench: Bench) -> None:
    """A signal that comes before the recorder was told whom it started reaches the assistant, too."""
    waits = "sleep 77 >/dev/null 2>&1 & wait"
    bench.stub("claude", f"#!/bin/bash\ntrap 'kill $! 2>/dev/null; exit 9' TERM\nkill -TERM $RECORDER\n{waits}\n")
    command = ["sh", "-c", 'RECORDER=$$ exec "$0"', bench.wrapper()]
    nothing = subprocess.DEVNULL
    for _ in range(10):  # whether it has been told by then is chance
        started = subprocess.Popen(command, stdin=nothing, stdout=nothing, env=bench.environ, cwd=bench.folder)
        assert started.wait(timeout=60) == 9


def test_a_signal_that_kills_both_is_the_wrappers_end(bench: Bench) -> None:
    """Who waits for the wrapper sees that SIGTERM ended it, not only a number."""
    bench.stub("claude", ALONE)
    with running(bench) as process:
        process.terminate()
        assert process.wait(timeout=60) == -signal.SIGTERM


def test_a_stopped_session_can_be_ended(bench: Bench) -> None:
    """Closing the terminal while the assistant is suspended ends it as well."""
    bench.stub("claude", "#!/bin/bash\necho here I am\nread -r x\nread -r x\n")
    with bench.shell() as terminal:
        terminal.send(f"{bench.wrapper()}\n")
        terminal.wait_for("here I am")
        terminal.send("\x1a")
        terminal.wait_for("Stopped")
        close_terminal(terminal)
        assert ended(bench).end_reason == "hung_up"


@pytest.mark.slow
def test_a_hung_up_session_is_read_and_logged(checkout_bench: Bench) -> None:
    """The work after a session goes on when the terminal is gone."""
    bench = checkout_bench
    bench.stub("claude", WORKING)
    with bench.start([bench.wrapper(), "close-issue 583"]) as terminal:
        terminal.wait_for("here I am")
        close_terminal(terminal)
        assert until(lambda: bool(list(bench.root.glob("sessions/*/*/*/*/logged.json"))), 180)
    folder, header = bench.session()
    assert header.end_reason == "hung_up"
    assert msgspec.json.decode((folder / "parsed.json").read_bytes())["procedure_name"] == "close-issue"
