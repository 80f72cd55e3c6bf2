"""Every test has a home of its own, and one that reaches for the real one fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT, REAL_HOME, written_paths


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
