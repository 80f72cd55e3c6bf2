"""What holds for every test: a home of its own, none of the caller's settings, and goldens that can be renewed."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.mlflow_server import server  # noqa: F401  (fixtures for all tests)
from tests.runs import empty_store, ready_store  # noqa: F401

CHECKOUT = Path(__file__).resolve().parent.parent
REAL_HOME = Path.home().resolve()
SETTINGS = ("WITH_TRACKING", "MLFLOW_", "ANTHROPIC_", "CLAUDE", "OPENAI_", "CODEX", "GEMINI_", "GIT_", "TMUX")

# Where a test may write below the real home: the checkout (but not what is kept there), Python's own folders, tmp.
# A home that itself lies in tmp, as on some build machines, is guarded all the same.
ALLOWED = tuple(
    str(folder) + os.sep
    for folder in (CHECKOUT, *(Path(each).resolve() for each in (sys.prefix, sys.base_prefix, tempfile.gettempdir())))
    if not REAL_HOME.is_relative_to(folder)
)
KEPT = str(CHECKOUT / "mlruns") + os.sep
WRITING_EVENTS = frozenset({"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate", "os.link", "os.symlink"})


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer `--update-goldens`."""
    parser.addoption("--update-goldens", action="store_true", help="write the expected results of golden tests anew")


def is_protected(path: str) -> bool:
    """Whether this path is the person's own: below the real home or in what this checkout keeps."""
    absolute = os.path.abspath(path)
    if absolute.startswith(KEPT):
        return True
    return absolute.startswith(str(REAL_HOME) + os.sep) and not absolute.startswith(ALLOWED)


def written_paths(event: str, arguments: tuple[object, ...]) -> list[str]:
    """Return the paths that an audit event says are about to be written."""
    if event == "open":
        path, _mode, flags = arguments
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        return [path] if writes and isinstance(path, str) else []
    if event in WRITING_EVENTS:
        return [os.fsdecode(each) for each in arguments[:2] if isinstance(each, str | bytes)]
    return []


class HomeGuard:
    """Fails what writes to the real home or to the checkout's own sessions while a test runs."""

    def __init__(self) -> None:
        self.armed = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Look at one audit event of the interpreter (`sys.addaudithook`)."""
        if not self.armed:
            return
        for path in written_paths(event, arguments):
            if is_protected(path):
                raise PermissionError(f"a test touches the real home: {event} {path}")


# A run in the background of a shell script ignores these, and so would everything that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # of nohup; a handler is not passed on, and nohup's promise holds
    signal.signal(signal.SIGHUP, lambda *_: None)

# How long an example takes is the machine's affair, which may have much else to do.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

GUARD = HomeGuard()
sys.addaudithook(GUARD)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the test an empty HOME, XDG folders and tracking root in tmp, and none of the caller's settings."""
    for name in list(os.environ):
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    folders = {"CONFIG": ".config", "DATA": ".local/share", "STATE": ".local/state", "CACHE": ".cache"}
    for name, folder in folders.items():
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / folder))
    monkeypatch.setenv("WITH_TRACKING_HOME", str(tmp_path / "tracking"))
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "test@example.org")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    GUARD.armed = True
    yield
    GUARD.armed = False


@pytest.fixture
def home() -> Path:
    """Return the test's own HOME."""
    return Path(os.environ["HOME"])


@pytest.fixture
def tracking_root() -> Path:
    """Return the test's own WITH_TRACKING_HOME (not made yet)."""
    return Path(os.environ["WITH_TRACKING_HOME"])


@pytest.fixture
def check_golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare text with a golden file; `--update-goldens` writes the file instead."""

    def check(golden: Path, actual: str) -> None:
        if request.config.getoption("--update-goldens"):
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(actual, encoding="utf-8")
            return
        again = f"bin/run-tests {request.node.nodeid} --update-goldens"
        assert golden.exists(), f"{golden.name} is missing; write it with: {again}"
        assert actual == golden.read_text(encoding="utf-8"), f"{golden.name} differs; if that is right: {again}"

    return check


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print which versions of real assistants the tests ran."""
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    properties = [each for report in reports for each in getattr(report, "user_properties", [])]
    if versions := sorted({str(value) for name, value in properties if name == "assistant"}):
        terminalreporter.write_line(f"real assistants: {', '.join(versions)}")
