"""What an installation puts on PATH works from there: a wheel in a fresh environment, and an editable checkout.

The dependencies are lent from the environment that runs the tests, so that nothing but the package itself is installed
and no package index is needed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.pseudo_terminal import PseudoTerminal

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]

PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
NOT_INSTALLED = {"run-tests", "set-up-environment"}
COMMANDS = sorted(path.name for path in (CHECKOUT / "bin").iterdir() if path.name not in NOT_INSTALLED)


def wait_for_file(folder: Path, pattern: str, seconds: float = 60) -> Path:
    """Return the one file that is there sooner or later."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not any(folder.glob(pattern)):
        time.sleep(0.1)
    (file,) = folder.glob(pattern)
    return file


def pip(python: Path, *arguments: str) -> None:
    """Run pip without a package index, building with what is lent."""
    command = [str(python), "-m", "pip", *arguments, "--no-deps", "--no-index", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def make_environment(folder: Path) -> Path:
    """Make an environment that borrows this one's packages, with the project itself left out. Returns its Python."""
    own_pip = ["--without-pip"] if find_spec("pip") else []  # else an environment that uv made: it has none to lend
    subprocess.run([sys.executable, "-m", "venv", *own_pip, str(folder)], check=True)
    python = folder / "bin" / "python"
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    lent = folder / "lent"
    lent.mkdir()
    for each in Path(sysconfig.get_path("purelib")).iterdir():
        if "with_tracking" not in each.name:
            (lent / each.name).symlink_to(each)
    (packages / "lent.pth").write_text(f"{lent}\n")
    return python


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what the checkout holds for an installation, with a blank in its path."""
    folder = tmp_path_factory.mktemp("source") / "a checkout"
    folder.mkdir()
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(CHECKOUT / name, folder)
    for name in ("bin", "parsers", "with_tracking"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the project's wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    python = make_environment(folder / "builder")
    pip(python, "wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel and return the bin folder."""
    python = make_environment(tmp_path_factory.mktemp("installed") / "an environment")
    pip(python, "install", str(wheel))
    return python.parent


@pytest.fixture(scope="module")
def editable(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the checkout to be edited and return the bin folder."""
    python = make_environment(tmp_path_factory.mktemp("editable") / "environment")
    pip(python, "install", "--no-build-isolation", "--editable", str(source))
    return python.parent


def test_every_command_is_listed() -> None:
    """What lies in bin/ is installed, but for what only a checkout needs."""
    listed = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-scripts"]
    assert sorted(listed.values()) == COMMANDS
    assert all(source == f"bin/{target}" for source, target in listed.items())


def test_wheel_holds_the_packages_and_commands_alone(wheel: Path) -> None:
    """Tests, recordings and what was recorded here stay out of the wheel."""
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".d" not in name.split("/")[0]} == {"parsers", "with_tracking"}
    scripts = sorted(name.rpartition("/")[2] for name in names if ".data/scripts/" in name)
    assert scripts == COMMANDS


@pytest.mark.parametrize("how", ["installed", "editable"])
def test_commands_are_on_path(how: str, request: pytest.FixtureRequest) -> None:
    """All commands are there and can be run."""
    bin_folder: Path = request.getfixturevalue(how)
    assert [name for name in COMMANDS if not os.access(bin_folder / name, os.X_OK)] == []


@pytest.mark.parametrize("how", ["installed", "editable"])
def test_demo_is_recorded(how: str, request: pytest.FixtureRequest, tmp_path: Path, tracking_root: Path) -> None:
    """The demo runs from PATH, in a terminal, is recorded and read; `with-tracking list` and `show` know it."""
    bin_folder: Path = request.getfixturevalue(how)
    environ = os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}"}
    environ["WITH_TRACKING_MLFLOW"] = "0"  # nobody would look at the run
    command = ["demo-with-tracking", "--yes", "--delay", "0", "close-issue 583"]
    with PseudoTerminal(command, cwd=tmp_path, environ=environ, cols=140) as terminal:
        assert terminal.wait_for_end(60) == 0, terminal.screen
        last = terminal.screen.splitlines()[-1]
    parsed = wait_for_file(tracking_root, "sessions/*/*/*/*/parsed.json")  # written while nobody waits
    session = json.loads(parsed.read_text())
    assert session["provider"] == "demo"
    assert session["user_prompts"] == ["close-issue 583"]
    assert len(session["commands"]) == 5
    assert [use["ok"] for use in session["tool_uses"]] == [True, False, True, True, True, True, True]
    assert session["outcomes"] == ["tests_failed", "tests_passed", "commit_made"]
    assert "5 commands (1 failed)" in last
    for look in (["list"], ["show", parsed.parent.name]):
        shown = subprocess.run(["with-tracking", *look], capture_output=True, text=True, env=environ, check=False)
        assert shown.returncode == 0, shown.stderr
        assert "close-issue 583" in shown.stdout


def test_piped_assistant_through_an_installed_wrapper(installed: Path, tmp_path: Path) -> None:
    """An installed wrapper passes another assistant's output through, byte for byte, and its status."""
    stub = tmp_path / "bin" / "claude"
    stub.parent.mkdir()
    stub.write_text('#!/bin/sh\nprintf "%s|" "$@"; cat; exit 7\n')
    stub.chmod(0o755)
    environ = os.environ | {"PATH": f"{stub.parent}:{installed}:{os.environ['PATH']}"}
    command = ["claude-with-tracking", "-p", "two  words", ""]
    done = subprocess.run(command, input=b"\xff\x00in", capture_output=True, env=environ, check=False)
    assert (done.returncode, done.stdout) == (7, b"-p|two  words||\xff\x00in")
