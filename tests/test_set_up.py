"""bin/set-up-environment: makes the environment once, whoever asks and how many at once, and says clearly why not.

Real environments and a real pip, over a small stand-in for the checkout (its path has a blank) whose build backend lies
in itself, so that no package index is needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.pseudo_terminal import PseudoTerminal

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("set-up")]

PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "with-tracking"
version = "0.1.0"
[dependency-groups]
dev = []
"""
BACKEND = '''
"""Builds an editable wheel: a .pth file."""
import base64, hashlib, pathlib, zipfile

def get_requires_for_build_editable(settings=None):
    return []

def build_editable(folder, settings=None, metadata=None):
    info = "with_tracking-0.1.0.dist-info"
    name = "with_tracking-0.1.0-py3-none-any.whl"
    files = {
        "with_tracking.pth": str(pathlib.Path.cwd()),
        f"{info}/METADATA": "Metadata-Version: 2.1\\nName: with-tracking\\nVersion: 0.1.0\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: backend\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{each},,\\n" for each in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return name
'''
USUAL = (
    *("bash", "basename", "cat", "cmp", "cp", "cut", "date", "dirname", "env", "grep", "head", "kill", "ln", "mkdir"),
    *("mv", "printf", "readlink", "rm", "sed", "setsid", "sh", "sleep", "tail", "touch", "tr"),
)
SYNC = """
import pathlib, sys
called = pathlib.Path(__file__).parent / "called"
called.with_suffix(".new").write_text(" ".join(sys.argv[1:]))
called.with_suffix(".new").rename(called)
"""
NO_ENSUREPIP = """#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then
    echo "The virtual environment was not created successfully because ensurepip is not available."
    exit 1
fi
exec {python} "$@"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a stand-in that is not set up."""
    return make_checkout(tmp_path / "a checkout")


@pytest.fixture(scope="module")
def set_up_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Set a stand-in up; return where it has to be, as environments cannot be moved, and what is to be put there."""
    folder = tmp_path_factory.mktemp("once")
    made = make_checkout(folder / "a checkout")
    assert set_up(made, real_python(folder) | {"HOME": str(folder)}).returncode == 0
    wait_for(made / "with_tracking" / "called")
    return made, made.rename(folder / "kept")


@pytest.fixture
def ready(set_up_once: tuple[Path, Path]) -> Iterator[Path]:
    """Give a stand-in that is set up."""
    place, kept = set_up_once
    shutil.copytree(kept, place, symlinks=True)
    yield place
    shutil.rmtree(place, ignore_errors=True)


def make_checkout(folder: Path) -> Path:
    """Make the stand-in: the real script, a project that needs nothing, a package that notes how it is called."""
    (folder / "bin").mkdir(parents=True)
    (folder / "with_tracking").mkdir()
    shutil.copy(CHECKOUT / "bin" / "set-up-environment", folder / "bin")
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "backend.py").write_text(BACKEND)
    (folder / "with_tracking" / "__init__.py").write_text("")
    (folder / "with_tracking" / "__main__.py").write_text(SYNC)
    return folder


def only(tmp_path: Path, *programs: str) -> dict[str, str]:
    """Return an environment whose PATH holds these programs and the usual small ones, but neither uv nor Python."""
    folder = tmp_path / "path"
    folder.mkdir(exist_ok=True)
    for name in (*USUAL, *programs):
        if (found := shutil.which(name)) and not (folder / name).exists():
            (folder / name).symlink_to(found)
    return {**os.environ, "PATH": str(folder), "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}


def real_python(tmp_path: Path) -> dict[str, str]:
    """Return such an environment with the Python that runs the tests as python3."""
    environ = only(tmp_path)
    base = Path(
        subprocess.check_output(["python3", "-c", "import sys; print(sys._base_executable)"], text=True).strip()
    )
    (tmp_path / "path" / "python3").write_text(f'#!/bin/sh\nexec {base} "$@"\n')
    (tmp_path / "path" / "python3").chmod(0o755)
    return environ


def set_up(checkout: Path, environ: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script without a terminal."""
    command = [str(checkout / "bin" / "set-up-environment"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environ, check=False)


def wait_for(path: Path, seconds: float = 300) -> None:
    """Wait until a file is there."""
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"no {path.name} after {seconds} s"
        time.sleep(0.1)


def test_first_use_in_a_terminal(checkout: Path, tmp_path: Path) -> None:
    """A person sees what is done and that it moves; then the package can be imported, and all is quiet."""
    environ = real_python(tmp_path)
    assert set_up(checkout, environ, "--check").returncode == 1
    with PseudoTerminal([str(checkout / "bin" / "set-up-environment")], cwd=tmp_path, environ=environ) as terminal:
        assert terminal.wait_for_end(300) == 0, terminal.screen
        assert "Setting up with-tracking" in terminal.screen
        assert "Ready after" in terminal.screen
    assert b" s  " in terminal.bytes, "seconds went by on a line that changes"
    python = checkout / ".venv" / "bin" / "python"
    subprocess.run([python, "-c", "import with_tracking"], check=True, cwd=tmp_path)
    again = set_up(checkout, environ)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert set_up(checkout, environ, "--check").returncode == 0


def test_changed_project_is_set_up_again(ready: Path, tmp_path: Path) -> None:
    """What pyproject.toml says decides, not how old it is; a broken environment is made anew."""
    checkout, environ = ready, real_python(tmp_path)
    (checkout / "pyproject.toml").touch()
    assert set_up(checkout, environ).stderr == ""
    (checkout / "pyproject.toml").write_text(PROJECT + "# more\n")
    assert set_up(checkout, environ, "--check").returncode == 1
    assert "Ready" in set_up(checkout, environ).stderr
    python = checkout / ".venv" / "bin" / "python3"
    python.unlink()
    python.symlink_to("/nowhere")
    for other in ("python", "python3.11", "python3.12", "python3.13", "python3.14"):
        (checkout / ".venv" / "bin" / other).unlink(missing_ok=True)
    assert "Ready" in set_up(checkout, environ).stderr
    subprocess.run([checkout / ".venv" / "bin" / "python", "-c", "import with_tracking"], check=True, cwd=tmp_path)


def test_moved_checkout_is_set_up_again(ready: Path, tmp_path: Path) -> None:
    """Environments cannot be moved, so a checkout that was gets a new one."""
    environ = real_python(tmp_path)
    assert set_up(ready, environ).stderr == ""
    moved = ready.rename(tmp_path / "moved")
    assert "Ready" in set_up(moved, environ).stderr
    where = [moved / ".venv" / "bin" / "python", "-c", "import with_tracking; print(with_tracking.__file__)"]
    assert subprocess.check_output(where, text=True, cwd=tmp_path).startswith(str(moved))


def test_two_at_once(checkout: Path, tmp_path: Path) -> None:
    """The second waits for the first and finds it done."""
    environ = real_python(tmp_path)
    command = [str(checkout / "bin" / "set-up-environment")]
    both = [subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(each.communicate()[1].count("Ready after") for each in both)
    assert [each.returncode for each in both] == [0, 0]
    assert said == [0, 1]


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is missing")
def test_with_uv(checkout: Path, tmp_path: Path) -> None:
    """Where there is uv it does the work; its environment has no pip, and the way through pip still finds one later."""
    environ = real_python(tmp_path)
    uv = tmp_path / "path" / "uv"
    uv.symlink_to(str(shutil.which("uv")))
    done = set_up(checkout, environ)
    assert (done.returncode, "with uv" in done.stderr, "with pip" in done.stderr) == (0, True, False)
    python = checkout / ".venv" / "bin" / "python"
    subprocess.run([python, "-c", "import with_tracking"], check=True, cwd=tmp_path)
    uv.unlink()
    (checkout / "pyproject.toml").write_text(PROJECT + "# more\n")
    assert "with pip" in set_up(checkout, environ).stderr
    subprocess.run([python, "-c", "import with_tracking, pip"], check=True, cwd=tmp_path)


def test_in_the_background(checkout: Path, tmp_path: Path) -> None:
    """The caller gets on at once; when it is done, waiting sessions are logged; the log tells what was done."""
    environ = real_python(tmp_path)
    done = set_up(checkout, environ, "--background")
    assert not (checkout / ".venv" / "set-up-done").exists()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    called = checkout / "with_tracking" / "called"
    wait_for(called)
    assert (checkout / ".venv" / "set-up-done").exists()
    assert called.read_text() == "sync --quiet"
    assert "Successfully installed with-tracking" in (checkout / ".venv" / "set-up.log").read_text()


def test_waiting_sessions_are_logged_whoever_set_up(checkout: Path, tmp_path: Path) -> None:
    """A session that ended while somebody set up in a terminal is promised to be read then; that one does not wait."""
    assert set_up(checkout, real_python(tmp_path)).returncode == 0
    called = checkout / "with_tracking" / "called"
    wait_for(called)
    assert called.read_text() == "sync --quiet"


def test_no_python(checkout: Path, tmp_path: Path) -> None:
    """Without a python3 it says which one is needed."""
    done = set_up(checkout, only(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("Error: with-tracking needs Python 3.11 or newer, and there is no python3. Try: ")
    assert len(done.stderr.splitlines()) == 1


def test_old_python(checkout: Path, tmp_path: Path) -> None:
    """With a python3 that is too old it says how old."""
    environ = only(tmp_path)
    old = tmp_path / "path" / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    done = set_up(checkout, environ)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "Error: with-tracking needs Python 3.11 or newer; python3 here is Python 3.9.2. Try: "
    )


def test_no_ensurepip(checkout: Path, tmp_path: Path) -> None:
    """Where Python comes without what venv needs, as on Debian, it names the package to install."""
    environ = real_python(tmp_path)
    program = tmp_path / "path" / "python3"
    base = program.read_text().split()[2]
    program.write_text(NO_ENSUREPIP.format(python=base))
    done = set_up(checkout, environ)
    assert done.returncode == 1
    assert "ensurepip is missing" in done.stderr
    assert "python3-venv" in done.stderr


def test_no_network(checkout: Path, tmp_path: Path) -> None:
    """Without a network it says so and what to do, in one line after what it was doing."""
    environ = real_python(tmp_path) | {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}
    del environ["PIP_NO_INDEX"]
    (checkout / "pyproject.toml").write_text(PROJECT.replace("dev = []", 'dev = ["no-such-package"]'))
    done = set_up(checkout, environ, "--dev")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: could not fetch the Python packages: no connection to the package index. Try: ")
    assert set_up(checkout, environ, "--check").returncode == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_checkout(checkout: Path, tmp_path: Path) -> None:
    """In a checkout that belongs to somebody else it says what to do instead."""
    checkout.chmod(0o555)
    try:
        done = set_up(checkout, real_python(tmp_path))
    finally:
        checkout.chmod(0o755)
    assert done.returncode == 1
    assert "uv tool install" in done.stderr
