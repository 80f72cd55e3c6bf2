"""Every test has a home of its own, and one that reaches for the real one fails; forked commands are like others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import synthetic
from tests.conftest import CHECKOUT, REAL_HOME, written_paths
from tests.forked import run, run_anew


def test_home_is_temporary(home: Path, tmp_path: Path) -> None:
    """HOME and the tracking root lie in the test's own folder."""
    assert home.is_relative_to(tmp_path)
    assert Path(os.environ["WITH_TRACKING_HOME"]).is_relative_to(tmp_path)
    assert Path.home() == home


PRECIOUS = [REAL_HOME / ".claude.json", REAL_HOME / ".config" / "x", CHECKOUT / "mlruns" / "mlflow.db"]


@pytest.mark.parametrize("target", PRECIOUS)
def test_writing_to_what_is_the_persons_own_fails(target: Path) -> None:
    """A test that would write to the real home, or to the checkout's recorded sessions, is stopped before it does."""
    with pytest.raises(PermissionError, match="real home"):
        target.open("w")
    with pytest.raises(PermissionError, match="real home"):
        os.mkdir(target)


def test_reading_is_no_writing() -> None:
    """Opening for reading only is left alone."""
    assert written_paths("open", ("/etc/hosts", "r", os.O_RDONLY)) == []
    assert written_paths("open", ("/etc/hosts", "w", os.O_WRONLY)) == ["/etc/hosts"]


@pytest.mark.parametrize("arguments", [["list"], ["show", "last", "--json"], ["lst"], ["forget", "last"], ["--help"]])
def test_a_forked_command_says_what_any_other_says(tracking_root: Path, arguments: list[str]) -> None:
    """What the tests ask of a process that was forked off a loaded one is what a new process answers."""
    synthetic.parsed(tracking_root)
    for zone in ("UTC", "Asia/Tokyo"):
        forked, anew = run(*arguments, TZ=zone), run_anew(*arguments, TZ=zone)
        assert (forked.returncode, forked.stdout, forked.stderr) == (anew.returncode, anew.stdout, anew.stderr)
