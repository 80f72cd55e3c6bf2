"""What a person is told when a session ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from parsers.session import ParseCounts, Session
from tests import synthetic
from with_tracking import closing, paths


def test_a_log_that_was_not_understood_is_told(
    tracking_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """When an assistant's log has changed so much that nothing is understood, that is said at once, not found later."""
    session = synthetic.parsed(tracking_root, "a").session
    changed = msgspec.structs.replace(session, parse=ParseCounts(problems=("the format may have changed",)))
    monkeypatch.setattr(closing, "log_in_background", lambda folder: None)
    monkeypatch.delenv("WITH_TRACKING_QUIET", raising=False)
    closing.close_session(tracking_root, lambda: changed)
    assert capsys.readouterr().err.splitlines()[1:] == ["with-tracking: the format may have changed"]
    closing.close_session(tracking_root, lambda: session)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_settings_that_are_ignored_are_told(
    tracking_root: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A slip in config.toml may be one that keeps more than the person wants: whoever made it hears of it."""
    config = home / ".config" / "with-tracking" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[privacy]\ncontent = 'metric-only'\n[bogus]\n")
    session = synthetic.parsed(tracking_root, "a").session
    monkeypatch.setattr(closing, "log_in_background", lambda folder: None)
    closing.close_session(tracking_root, lambda: session)
    _, said = capsys.readouterr().err.splitlines()
    assert said.startswith(f"with-tracking: Ignored: {config}:2: privacy.content must be")
    assert said.endswith(" (and 1 more). Try: bin/with-tracking config")


@pytest.mark.parametrize(
    "code",
    [
        "import pathlib, with_tracking.closing as c; c.log_in_background(pathlib.Path({folder!r}))",
        "import with_tracking\nwith with_tracking.track_procedure('p'): pass",
    ],
)
def test_a_root_that_is_named_from_where_one_is(tmp_path: Path, code: str) -> None:
    """The process that reads and logs works elsewhere, and finds the sessions all the same."""
    folder = synthetic.record(tmp_path / "own", "a")
    settings = {"PYTHONPATH": str(paths.CHECKOUT), "WITH_TRACKING_HOME": "own", "WITH_TRACKING_MLFLOW": "0"}
    command = [sys.executable, "-c", code.format(folder=str(folder))]
    subprocess.run(command, cwd=tmp_path, env={**os.environ, **settings}, check=True)
    end = time.monotonic() + 60
    while not (folder / "parsed.json").exists():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_command_to_look_with_can_be_typed(tmp_path: Path) -> None:
    """In a checkout that is not on PATH the command is named with its folder, from where one is."""
    own = paths.CHECKOUT / "bin"
    nowhere = {"PATH": str(tmp_path)}
    assert paths.to_type("with-tracking", nowhere, paths.CHECKOUT) == "bin/with-tracking"
    assert paths.to_type("with-tracking", nowhere, tmp_path) == str(own / "with-tracking")
    assert paths.to_type("with-tracking", {"PATH": f"{tmp_path}:{own}"}, tmp_path) == "with-tracking"
    (tmp_path / "with-tracking").write_text("another one")
    (tmp_path / "with-tracking").chmod(0o755)
    assert paths.to_type("with-tracking", nowhere, paths.CHECKOUT) == "bin/with-tracking"
    assert paths.to_type("not-of-this-checkout", nowhere, tmp_path) == "not-of-this-checkout"
    assert paths.typed("with-tracking list", nowhere, paths.CHECKOUT) == "bin/with-tracking list"
    assert paths.typed("correcting it", nowhere, paths.CHECKOUT) == "correcting it"
    line = closing.closing_line("a", ["9 s", "3 commands"], command="/my projects/with-tracking")
    assert line == "with-tracking: 9 s, 3 commands · '/my projects/with-tracking' show a"


def test_nobody_waits_for_a_long_recording_to_be_read(
    tracking_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What takes long to read is left to the process that logs; the person is told, and has the prompt."""
    folder = synthetic.record(tracking_root, "a")
    left: list[Path] = []
    monkeypatch.setattr(closing, "log_in_background", left.append)
    monkeypatch.setattr(closing, "PATIENCE_SECONDS", 0.05)
    before = signal.getsignal(signal.SIGALRM)

    def read() -> Session:
        while True:
            sum(range(1000))

    closing.close_session(folder, read)
    assert left == [folder]
    assert signal.getsignal(signal.SIGALRM) == before
    assert capsys.readouterr().err == (
        "with-tracking: recorded, being read in the background · bin/with-tracking show a\n"
    )
