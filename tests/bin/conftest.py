"""Stub assistants on PATH, and the recorder as it is installed: real script(1), real terminals, nothing replaced."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from parsers.session_header import SessionHeader
from tests.pseudo_terminal import PseudoTerminal

CHECKOUT = Path(__file__).resolve().parents[2]
WRAPPERS = ("claude", "codex", "gpt", "gemini", "aider", "opencode", "copilot", "demo")

REPORT = f"""#!{sys.executable} -IS
import json, os, sys
status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
umask = os.umask(0)
os.umask(umask)
def is_listing(fd):  # the descriptor that reads the list
    return os.readlink(f"/proc/self/fd/{{fd}}").startswith(f"/proc/{{os.getpid()}}/fd")
fds = []
for fd in os.listdir("/proc/self/fd"):
    try:
        if not is_listing(fd): fds.append(int(fd))
    except FileNotFoundError: pass
report = dict(
    arguments=[os.fsencode(each).hex() for each in sys.argv[1:]],
    environ={{os.fsencode(k).hex(): os.fsencode(v).hex() for k, v in os.environ.items()}},
    umask=umask, cwd=os.getcwd(), fds=sorted(fds), ttys=[os.isatty(fd) for fd in range(3)],
    signals=[status[key] for key in ("SigBlk", "SigIgn")],
    foreground=os.tcgetpgrp(0) == os.getpgrp() if os.isatty(0) else None,
    name=open("/proc/self/cmdline").read().split("\\0")[0] if sys.argv[0] == "" else None,
)
json.dump(report, open(os.environ["REPORT"], "w"))
"""


class Report(msgspec.Struct, frozen=True):
    """What an assistant can see of the world it was started in."""

    arguments: list[str]
    environ: dict[str, str]
    umask: int
    cwd: str
    fds: list[int]
    ttys: list[bool]
    signals: list[str]
    foreground: bool | None

    def argv(self) -> list[bytes]:
        """Return the arguments as they came."""
        return [bytes.fromhex(each) for each in self.arguments]

    def variables(self) -> dict[str, str]:
        """Return the environment."""
        return {os.fsdecode(bytes.fromhex(k)): os.fsdecode(bytes.fromhex(v)) for k, v in self.environ.items()}


@dataclass
class Bench:
    """A folder of stub assistants, an installed recorder, and the sessions that it has recorded."""

    folder: Path
    tools: Path  # where the wrappers are
    root: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def stubs(self) -> Path:
        """The folder of the assistants, first on PATH."""
        return self.folder / "stubs"

    def stub(self, name: str, text: str) -> Path:
        """Put an assistant on PATH."""
        return write_program(self.stubs / name, text)

    def reporter(self, name: str = "claude") -> None:
        """Put an assistant on PATH that writes down how it was started; see `report`."""
        self.stub(name, REPORT)

    def report(self) -> Report:
        """Return what the reporting assistant wrote."""
        return msgspec.json.decode((self.folder / "report.json").read_bytes(), type=Report)

    def wrapper(self, name: str = "claude") -> str:
        """Return the path of a wrapper."""
        return str(self.tools / f"{name}-with-tracking")

    def run(
        self, command: list[str] | list[bytes], *, input: bytes | None = b"", seconds: float = 120, **more: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command with pipes, not in a terminal."""
        environ = {**self.environ, **more}
        return subprocess.run(
            command, input=input, capture_output=True, cwd=self.folder, env=environ, timeout=seconds, check=False
        )

    def start(self, command: list[str], **more: str) -> PseudoTerminal:
        """Run a command in a terminal of 40 rows and 120 columns."""
        return PseudoTerminal(command, cwd=self.folder, environ={**self.environ, **more})

    def shell(self) -> PseudoTerminal:
        """Start an interactive shell as a person has it."""
        terminal = self.start(["bash", "--norc", "--noprofile", "-i"], PS1="ready> ", HISTFILE="/dev/null")
        terminal.wait_for("ready>")
        return terminal

    def folders(self) -> list[Path]:
        """Return the session folders, oldest first."""
        return sorted(self.root.glob("sessions/[0-9]*/[0-9]*/[0-9]*/*"))

    def session(self) -> tuple[Path, SessionHeader]:
        """Return the only session. While it begins its header may be a moment behind: nothing waits for that."""
        (folder,) = self.folders()
        assert until((folder / "session.json").exists), list(folder.iterdir())
        return folder, msgspec.json.decode((folder / "session.json").read_bytes(), type=SessionHeader, strict=True)

    def processes(self) -> dict[int, str]:
        """Return the processes that belong to this bench (its path is in their environment): number, command line."""
        mark = f"REPORT={self.folder}".encode()
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if int(entry.name) != os.getpid() and mark in (entry / "environ").read_bytes():
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    found[int(entry.name)] = line
            except OSError:  # it ended meanwhile
                continue
        return {pid: line for pid, line in found.items() if line}

    def pid_of(self, wanted: str) -> int:
        """Return the number of a process of this bench whose command line begins so, or soon will."""

        def find() -> list[int]:
            return [pid for pid, line in self.processes().items() if line.startswith(wanted)]

        assert until(lambda: bool(find())), f"no {wanted} among {self.processes()}"
        return find()[0]


def is_stopped(pid: int) -> bool:
    """Whether a process was suspended (Ctrl-Z) and not resumed."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def until(condition: Callable[[], bool], seconds: float = 60) -> bool:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return condition()


def write_program(path: Path, text: str) -> Path:
    """Write an executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def make_bench(tmp_path: Path, tools: Path) -> Bench:
    """Return a bench that uses the wrappers in `tools`."""
    bench = Bench(tmp_path / "bench", tools, tmp_path / "tracking")
    bench.stubs.mkdir(parents=True)
    bench.environ = {
        "PATH": f"{bench.stubs}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(tmp_path / "home"),
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "WITH_TRACKING_HOME": str(bench.root),
        "REPORT": str(bench.folder / "report.json"),
    }
    return bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Give a bench with the wrappers alone: no Python environment, so a session is recorded and not yet read."""
    tools = tmp_path / "installed" / "bin"
    tools.mkdir(parents=True)
    for name in ("record-with-tracking", *(f"{each}-with-tracking" for each in WRAPPERS)):
        shutil.copy2(CHECKOUT / "bin" / name, tools / name)
    bench = make_bench(tmp_path, tools)
    bench.environ["WITH_TRACKING_QUIET"] = "1"
    yield bench
    for pid in bench.processes():  # what a test left behind on purpose
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def checkout_bench(tmp_path: Path) -> Bench:
    """Return a bench with the wrappers of this checkout: sessions are read and logged."""
    return make_bench(tmp_path, CHECKOUT / "bin")


@pytest.fixture(params=["terminal", "streams"])
def run_anyhow(request: pytest.FixtureRequest, bench: Bench) -> Callable[[list[str]], int]:
    """Run a command once in a terminal and once with pipes; returns its exit status as a shell shows it."""

    def run(command: list[str]) -> int:
        if request.param == "terminal":
            with bench.start(command) as terminal:
                return terminal.wait_for_end()
        status = bench.run(command).returncode
        return status if status >= 0 else 128 - status

    return run
