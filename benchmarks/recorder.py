"""What recording costs a person, measured beside bare script(1) and the bare command in the same run.

    python benchmarks/recorder.py [--rounds N]

Everything runs in a real pseudo-terminal; the three ways take turns, so that a busy machine slows all of them alike.
Prints medians, the goals, and whether each is met; exits 1 if one is not.
"""

from __future__ import annotations

import argparse
import os
import pty
import re
import select
import shutil
import signal
import statistics
import sys
import tempfile
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
WRAPPER = str(CHECKOUT / "bin" / "claude-with-tracking")

FIRST_BYTE_GOAL_MS = 25.0
ECHO_GOAL_RATIO = 1.1
PROMPT_GOAL_SECONDS = 0.35
ECHO_KEYS = 400
THROUGHPUT_BYTES = 64 * 2**20
IDLE_SECONDS = 5

STUB = """#!/bin/sh
case $1 in
    first) printf x ;;
    echo) stty raw -echo; printf ready; exec dd bs=1 count=KEYS 2>/dev/null ;;
    flood) head -c "$2" /dev/zero | tr '\\0' 'a' | fold -w 99 ;;
    session) cat "$2"; printf END ;;
    idle) printf ready; exec sleep 1000 ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to run the assistant."""

    name: str
    command: Callable[[str], list[str]]


class Terminal:
    """A program in a pseudo-terminal; the time of its start is kept."""

    def __init__(self, command: list[str], environ: dict[str, str]) -> None:
        self.began = time.perf_counter()
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            os.execvpe(command[0], command, environ)

    def read(self) -> bytes:
        """Return what comes next; nothing at the end."""
        try:
            return os.read(self.master, 1 << 16)
        except OSError:  # EIO: the other side is closed
            return b""

    def read_until(self, text: bytes) -> bytes:
        """Return what came up to and with a text, or up to the end."""
        seen = b""
        while text not in seen and (data := self.read()):
            seen += data
        return seen

    def finish(self) -> float:
        """Read to the end; return when the program had ended."""
        while self.read():
            pass
        os.waitpid(self.pid, 0)
        return time.perf_counter()


@contextmanager
def workplace() -> Iterator[tuple[Path, dict[str, str]]]:
    """Give a folder with the stub assistant, and an environment with a tracking root of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        stub = folder / "claude"
        stub.write_text(STUB.replace("KEYS", str(ECHO_KEYS)))
        stub.chmod(0o755)
        environ = {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "HOME": name,
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "SHELL": "/bin/sh",
            "WITH_TRACKING_HOME": str(folder / "root"),
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
        yield folder, environ


def ways(folder: Path) -> tuple[Way, ...]:
    """Return bare, under script(1) with the recorder's options, and wrapped."""
    options = ["--quiet", "--flush", "--return", "--logging-format", "advanced"]
    files = ["--log-out", str(folder / "typescript"), "--log-timing", str(folder / "timing.log")]
    return (
        Way("bare", lambda line: ["sh", "-c", f"exec claude {line}"]),
        Way("script", lambda line: ["script", *options, *files, "-c", f"exec claude {line}"]),
        Way("wrapper", lambda line: ["sh", "-c", f"exec {WRAPPER} {line}"]),
    )


def unread_wrapper(folder: Path) -> Way:
    """Return the wrapper as it is before its environment is set up: what it costs to record, without reading."""
    tools = folder / "tools"
    tools.mkdir()
    for name in ("record-with-tracking", "claude-with-tracking"):
        shutil.copy2(CHECKOUT / "bin" / name, tools / name)
    return Way("wrapper", lambda line: ["sh", "-c", f"exec {tools}/claude-with-tracking {line}"])


def first_byte(way: Way, environ: dict[str, str]) -> float:
    """Return the milliseconds from the start to the assistant's first byte."""
    terminal = Terminal(way.command("first"), environ)
    terminal.read()
    passed = time.perf_counter() - terminal.began
    terminal.finish()
    return passed * 1000


def echo_latency(way: Way, environ: dict[str, str]) -> float:
    """Return the median milliseconds from a key to its echo by the assistant."""
    terminal = Terminal(way.command("echo"), environ)
    tty.setraw(terminal.master)
    terminal.read_until(b"ready")
    times = []
    for _ in range(ECHO_KEYS):
        began = time.perf_counter()
        os.write(terminal.master, b"k")
        select.select([terminal.master], [], [], 5)
        os.read(terminal.master, 100)
        times.append(time.perf_counter() - began)
        time.sleep(0.002)
    terminal.finish()
    return statistics.median(times) * 1000


@dataclass(frozen=True, slots=True)
class Flood:
    """What much output cost: MB/s, processor seconds of all that ran, and the memory (MB) of all at its half."""

    rate: float
    cpu: float
    memory: float


def flood(way: Way, environ: dict[str, str]) -> Flood:
    """Let much output arrive."""
    terminal = Terminal(way.command(f"flood {THROUGHPUT_BYTES}"), environ)
    size, memory = 0, 0.0
    while data := terminal.read():
        size += len(data)
        last = time.perf_counter()
        if not memory and size > THROUGHPUT_BYTES // 2:
            memory = memory_of(family(terminal.pid))
    passed = last - terminal.began
    _, _, used = os.wait4(terminal.pid, 0)
    return Flood(size / passed / 1e6, used.ru_utime + used.ru_stime, memory)


def idle(way: Way, environ: dict[str, str]) -> tuple[float, float]:
    """Return processor seconds in an hour, and MB of memory, of all that runs while nothing happens."""
    terminal = Terminal(way.command("idle"), environ)
    terminal.read_until(b"ready")
    time.sleep(1)
    running = family(terminal.pid)
    before = cpu_of(running)
    time.sleep(IDLE_SECONDS)
    spent, memory = cpu_of(running) - before, memory_of(running)
    for process in running:
        os.kill(process, signal.SIGKILL)
    terminal.finish()
    return spent * 3600 / IDLE_SECONDS, memory


def family(process: int) -> list[int]:
    """Return a process and all that it started, as Linux's /proc tells."""
    parents = {int(stat.parent.name): int(fields_of(stat)[1]) for stat in Path("/proc").glob("[0-9]*/stat")}
    found = [process]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def fields_of(stat: Path) -> list[str]:
    """Return what follows a process's name in its stat file; zeros if it has ended."""
    try:
        return stat.read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * 50


def cpu_of(processes: list[int]) -> float:
    """Return the processor seconds that these processes used."""
    used = [fields_of(Path(f"/proc/{process}/stat")) for process in processes]
    return sum(int(fields[11]) + int(fields[12]) for fields in used) / os.sysconf("SC_CLK_TCK")


def memory_of(processes: list[int]) -> float:
    """Return the MB of memory that these processes hold, what they share with others in proportion (PSS)."""
    total = 0
    for process in processes:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:  # it has ended
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1000


def real_session() -> bytes:
    """Return about 1 MB as an assistant draws it: a recording from the tests, several times over."""
    recordings = sorted((CHECKOUT / "tests" / "recordings" / "claude").glob("*/typescript"))
    frame = rb"\n?Script (started|done) on [^\n]*\n"
    drawn = b"".join(re.sub(frame, b"", path.read_bytes()) for path in recordings)
    return (drawn * (2**20 // len(drawn) + 1))[: 2**20]


def to_prompt(way: Way, environ: dict[str, str], session: Path) -> float:
    """Return the seconds from the assistant's last byte to the end of the wrapper."""
    terminal = Terminal(way.command(f"session {session}"), environ)
    terminal.read_until(b"END")
    ended = time.perf_counter()
    return terminal.finish() - ended


def imports_at_the_end(environ: dict[str, str], folder: Path) -> list[str]:
    """Return the modules that the reading after a session loads, as Python itself lists them."""
    listing = folder / "imports"
    tools = folder / "probed" / "bin"
    tools.mkdir(parents=True)
    for name in ("record-with-tracking", "claude-with-tracking"):
        shutil.copy2(CHECKOUT / "bin" / name, tools / name)
    python = tools / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -X importtime "$@" 2>{listing}\n')
    python.chmod(0o755)
    Terminal([str(tools / "claude-with-tracking"), "first"], environ).finish()
    lines = [line for line in listing.read_text().splitlines() if line.startswith("import time:")]
    return [line.rpartition("|")[2].strip() for line in lines]


def report(name: str, shown: str, met: bool | None = None) -> bool:
    """Print one result; return whether its goal is met."""
    print(f"{name:<52} {shown}{'' if met is None else '   met' if met else '   NOT MET'}", flush=True)
    return met is not False


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with workplace() as (folder, environ):
        bare, script, wrapped = ways(folder)
        light = unread_wrapper(folder)
        environ["WITH_TRACKING_QUIET"] = "1"
        starts: dict[str, list[float]] = {way.name: [] for way in (bare, script, light)}
        for _ in range(rounds + 1):
            for way in (bare, script, light):
                starts[way.name].append(first_byte(way, environ))
        start = {name: statistics.median(times[1:]) for name, times in starts.items()}
        more = start["wrapper"] - start["script"]
        all_met = report(
            "first byte, ms: bare / script / wrapper",
            f"{start['bare']:.1f} / {start['script']:.1f} / {start['wrapper']:.1f}; "
            f"{more:.1f} more than script (goal <= {FIRST_BYTE_GOAL_MS:.0f})",
            more <= FIRST_BYTE_GOAL_MS,
        )
        echoes: dict[str, list[float]] = {way.name: [] for way in (bare, script, light)}
        for _ in range(3):
            for way in (bare, script, light):
                echoes[way.name].append(echo_latency(way, environ))
        echo = {name: statistics.median(times) for name, times in echoes.items()}
        ratio = echo["wrapper"] / echo["script"]
        all_met &= report(
            "echo p50, ms: bare / script / wrapper",
            f"{echo['bare']:.3f} / {echo['script']:.3f} / {echo['wrapper']:.3f}; "
            f"{ratio:.2f}x script (goal <= {ECHO_GOAL_RATIO})",
            ratio <= ECHO_GOAL_RATIO,
        )
        floods = [flood(way, environ) for way in (bare, script, light)]
        report("64 MB of output, MB/s: bare / script / wrapper", " / ".join(f"{each.rate:.0f}" for each in floods))
        report("  processor, s, the program's included", " / ".join(f"{each.cpu:.2f}" for each in floods))
        report("  memory, MB", " / ".join(f"{each.memory:.1f}" for each in floods))
        quiet = [idle(way, environ) for way in (bare, script, light)]
        report("idle, processor seconds an hour", " / ".join(f"{spent:.0f}" for spent, _ in quiet))
        report("  memory, MB", " / ".join(f"{memory:.1f}" for _, memory in quiet))
        session = folder / "session"
        session.write_bytes(real_session())
        ends: dict[str, list[float]] = {way.name: [] for way in (script, light, wrapped)}
        ends["wrapper, not read"] = []
        for _ in range(max(3, rounds // 3)):
            ends["script"].append(to_prompt(script, environ, session))
            ends["wrapper, not read"].append(to_prompt(light, environ, session))
            ends["wrapper"].append(to_prompt(wrapped, environ, session))
            time.sleep(6)  # the detached logging imports mlflow: not to be measured by the next round
        end = {name: statistics.median(times) for name, times in ends.items()}
        all_met &= report(
            "exit to prompt after 1 MB, s: script / not read / wrapper",
            f"{end['script']:.3f} / {end['wrapper, not read']:.3f} / {end['wrapper']:.3f} "
            f"(goal <= {PROMPT_GOAL_SECONDS})",
            end["wrapper"] <= PROMPT_GOAL_SECONDS,
        )
        modules = imports_at_the_end(environ, folder)
        with_mlflow = [module for module in modules if module.split(".")[0] == "mlflow"]
        read = "parsers.session_folder" in modules
        all_met &= report(
            "mlflow on that path", f"{len(with_mlflow)} of {len(modules)} modules loaded", read and not with_mlflow
        )
    return 0 if all_met else 1


if __name__ == "__main__":
    sys.exit(main())
