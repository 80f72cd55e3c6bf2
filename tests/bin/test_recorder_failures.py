"""Nothing of ours keeps the assistant from running: one warning, and it runs untracked."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.bin.conftest import Bench, until, write_program
from tests.pseudo_terminal import PseudoTerminal

TOOLS = ["bash", "sh", "env", "mkdir", "mv", "rm", "cat", "stty", "readlink", "tr", "tee", "mkfifo", "script", "sync"]
SPEAK = '#!/bin/sh\necho speaking "$@"\nexit 7\n'


def ran_untracked(bench: Bench, wrapper: str = "", **environ: str) -> None:
    """Check that the assistant ran, with its status, and that one line was said."""
    with bench.start([wrapper or bench.wrapper(), "a b"], **environ) as terminal:
        assert terminal.wait_for_end() == 7
        terminal.wait_until_quiet(0.1)
        lines = terminal.screen.replace("\n", " ")
    assert lines.count("with-tracking: cannot record this session") == 1
    assert lines.endswith("speaking a b")
    assert terminal.bytes.count(b"speaking") == 1


def tools_without(bench: Bench, *missing: str) -> str:
    """Return a PATH that has the usual tools, but for some."""
    folder = bench.folder / "some-tools"
    folder.mkdir()
    for tool in TOOLS:
        if tool not in missing:
            (folder / tool).symlink_to(shutil.which(tool) or tool)
    return f"{bench.stubs}:{folder}"


def test_few_files_may_be_open(bench: Bench) -> None:
    """Where the recorder's descriptors are more than the limit allows, there is no recording."""
    bench.stub("claude", SPEAK)
    limited = write_program(bench.folder / "limited", f'#!/bin/bash\nulimit -n 40\nexec "{bench.wrapper()}" "$@"\n')
    ran_untracked(bench, str(limited))
    assert not bench.folders()


def test_no_script(bench: Bench) -> None:
    """Without script(1) there is no recording, and one line says what to install."""
    bench.stub("claude", SPEAK)
    ran_untracked(bench, PATH=tools_without(bench, "script"))
    assert not bench.folders()


OLD = "#!/bin/sh\necho \"script: unrecognized option '--log-out'\" >&2\nexit 1\n"
NO_PTY = "#!/bin/sh\necho 'script: failed to create pseudo-terminal: No such file or directory' >&2\nexit 1\n"


@pytest.mark.parametrize("script", [OLD, NO_PTY], ids=["old", "no pty"])
def test_a_script_that_does_not_work(bench: Bench, script: str) -> None:
    """util-linux before 2.35 has no --log-out; a sandbox may have no pseudo-terminals. The assistant runs once."""
    bench.stub("claude", SPEAK)
    write_program(bench.stubs / "script", script)
    ran_untracked(bench)
    assert not bench.folders()


@pytest.mark.parametrize("root", ["/dev/null/x", "/proc/nowhere"])
def test_an_unwritable_root(bench: Bench, root: str) -> None:
    """A folder that cannot be made."""
    bench.stub("claude", SPEAK)
    ran_untracked(bench, WITH_TRACKING_HOME=root)
    done = bench.run([bench.wrapper(), "a b"], WITH_TRACKING_HOME=root)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (7, b"speaking a b\n", 1)


def test_no_home(bench: Bench) -> None:
    """Neither a root nor HOME is set."""
    bench.stub("claude", SPEAK)
    environ = {k: v for k, v in bench.environ.items() if k not in ("HOME", "WITH_TRACKING_HOME")}
    done = subprocess.run(
        [bench.wrapper(), "a b"], env=environ, capture_output=True, stdin=subprocess.DEVNULL, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (7, b"speaking a b\n", 1)


def test_no_python_yet(bench: Bench) -> None:
    """Without an environment the session is recorded, to be read later; one line says so."""
    bench.stub("claude", SPEAK)
    done = bench.run([bench.wrapper()], WITH_TRACKING_QUIET="0")
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (7, b"speaking\n", 1)
    assert str(bench.session()[0]).encode() in done.stderr
    assert bench.run([bench.wrapper()], WITH_TRACKING_QUIET="1").stderr == b""


@pytest.mark.parametrize("python", ["#!/bin/sh\necho broken >&2\nexit 1\n", "#!/bin/sh\nkill -SEGV $$\n", "no program"])
def test_a_broken_environment(bench: Bench, python: str) -> None:
    """A Python that does not work costs one line, never the assistant's status."""
    bench.stub("claude", SPEAK)
    write_program(bench.tools / "python", python)
    done = bench.run([bench.wrapper()], WITH_TRACKING_QUIET="0")
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (7, b"speaking\n", 1)
    assert b"with-tracking sync" in done.stderr


def test_the_first_session_in_a_checkout(bench: Bench) -> None:
    """With no .venv the set-up starts beside a real assistant, which does not wait; the demo waits for it."""
    checkout = bench.tools.parent
    (checkout / "pyproject.toml").write_text("")
    started, go = bench.folder / "started", bench.folder / "go"
    write_program(
        bench.tools / "set-up-environment",
        f'#!/bin/bash\necho "$@" >>"{started}"\n'
        f"late() {{ until [[ -e {go} ]]; do sleep 0.1; done; echo late >>'{started}'; }}\n"
        "if [[ ${1-} == --background ]]; then late & exit; fi\n"
        "echo 'setting up' >&2; mkdir -p ../installed/.venv/bin; cd ../installed/.venv/bin\n"
        "printf '#!/bin/sh\\necho demo \"$@\"\\n' >with-tracking-demo; printf '#!/bin/sh\\n' >python; chmod +x *\n",
    )
    bench.stub("claude", SPEAK)
    assert bench.run([bench.wrapper()]).returncode == 7
    assert started.read_text() == "--background\n"
    go.touch()
    assert until(lambda: started.read_text() == "--background\nlate\n")
    done = bench.run([bench.wrapper("demo"), "close-issue 583"])
    assert (done.returncode, done.stderr) == (0, b"setting up\n")
    assert done.stdout == b"demo close-issue 583\n"


def test_a_set_up_that_fails_ends_the_demo(bench: Bench) -> None:
    """The demo needs the environment: its set-up's own message is what is shown."""
    (bench.tools.parent / "pyproject.toml").write_text("")
    write_program(bench.tools / "set-up-environment", "#!/bin/sh\necho 'Error: no Python' >&2\nexit 1\n")
    done = bench.run([bench.wrapper("demo")])
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"Error: no Python\n")


@pytest.fixture
def small_disk(bench: Bench) -> str:
    """Return a command that puts a file system of 512 KiB at the root, in a mount namespace of its own."""
    bench.root.mkdir()
    command = f"mount -t tmpfs -o size=512k none '{bench.root}'"
    if subprocess.run(["unshare", "-rm", "sh", "-c", command], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount in a namespace")
    return command


def in_namespace(bench: Bench, command: str) -> PseudoTerminal:
    """Run a shell command where the small disk is."""
    return bench.start(["unshare", "-rm", "bash", "-c", command, bench.wrapper()])


def test_a_full_disk_at_the_start(bench: Bench, small_disk: str) -> None:
    """Nothing can be written: one line, and the assistant runs."""
    bench.stub("claude", SPEAK)
    fill = f"head -c 1000000 /dev/zero >'{bench.root}/filler' 2>/dev/null"
    with in_namespace(bench, f'{small_disk}; {fill}; "$0" a') as terminal:
        assert terminal.wait_for_end() == 7
        terminal.wait_until_quiet(0.1)
        assert terminal.bytes.count(b"cannot record") == 1
        assert terminal.bytes.count(b"speaking a") == 1


@pytest.mark.parametrize("mode", ["terminal", "streams"])
def test_a_disk_that_fills_up_meanwhile(bench: Bench, small_disk: str, mode: str) -> None:
    """The assistant goes on to its end, all it prints arrives, with its status; what fitted is kept."""
    bench.stub("claude", "#!/bin/bash\nfor ((i = 0; i < 40; i++)); do printf '%050000d\\n' 0; done; echo end; exit 7\n")
    behind = " | cat" if mode == "streams" else ""
    keep = f"cp -r '{bench.root}' '{bench.folder}/kept'"
    with in_namespace(bench, f'set -o pipefail; {small_disk}; "$0" a{behind}; s=$?; {keep}; exit $s') as terminal:
        assert terminal.wait_for_end(120) == 7
        terminal.wait_until_quiet(0.1)
        assert terminal.bytes.count(b"0") >= 40 * 50000
        assert terminal.bytes.count(b"end\r\n") == 1
        assert terminal.bytes.count(b"No space left") == 0
    (recorded,) = Path(bench.folder / "kept").rglob("typescript" if mode == "terminal" else "stdout.txt")
    assert recorded.stat().st_size > 200_000


def test_the_folder_vanishes_meanwhile(bench: Bench) -> None:
    """Somebody removes the recordings while the assistant runs: its work and status are untouched."""
    begun = f"until [ -e '{bench.root}'/sessions/*/*/*/*/session.json ]; do sleep 0.1; done"  # rm would meet the move
    bench.stub("claude", f'#!/bin/sh\n{begun}\nrm -rf "{bench.root}"\necho still here\nexit 7\n')
    with bench.start([bench.wrapper()]) as terminal:
        assert terminal.wait_for_end() == 7
        assert terminal.bytes.startswith(b"still here\r\n")


def test_the_working_folder_vanishes(bench: Bench) -> None:
    """A session that begins or ends in a folder that is gone is recorded all the same."""
    bench.stub("claude", 'rm -rf "$PWD"\nexit 7\n')
    gone = bench.folder / "gone"
    gone.mkdir()
    with PseudoTerminal([bench.wrapper()], cwd=gone, environ=bench.environ) as terminal:
        assert terminal.wait_for_end() == 7
    assert bench.session()[1].cwd == str(gone)
    assert not os.path.exists(gone)
