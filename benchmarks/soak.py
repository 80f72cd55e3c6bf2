"""Many short sessions, several at a time, through the real wrapper, with reading and logging as they come.

    python benchmarks/soak.py [--sessions N] [--at-once N]

Prints what is left afterwards: pending sessions, runs beside one each, processes, open temporary files, and how the
time and the space for a session grow from the first half to the second. Exits 1 if anything is left.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
WRAPPER = CHECKOUT / "bin" / "claude-with-tracking"
STUB = """#!/bin/sh
printf '\\342\\235\\257 %s\\n\\n' "$*"
printf '\\342\\227\\217 Bash(git status)\\n  \\342\\216\\277  On branch main\\n\\n'
printf '\\342\\227\\217 Done.\\n'
"""
SETTLE_SECONDS = 300.0


def environment(place: Path) -> dict[str, str]:
    """Put a stub assistant on PATH, and everything else into one folder."""
    stub = place / "bin" / "claude"
    stub.parent.mkdir()
    stub.write_text(STUB)
    stub.chmod(0o755)
    return {
        "PATH": f"{stub.parent}:{os.environ['PATH']}",
        "HOME": str(place),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "SHELL": "/bin/sh",
        "WITH_TRACKING_HOME": str(place / "root"),
        "SOAK": str(place),
    }


def session(number: int, environ: Mapping[str, str]) -> float:
    """Run a session in a terminal of its own (script gives one); return its seconds to the prompt's return."""
    began = time.perf_counter()
    command = ["script", "-qec", f"{WRAPPER} close-issue {number}", "/dev/null"]
    done = subprocess.run(command, env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        print(f"session {number} ended with {done.returncode}: {done.stdout[-200:]!r}", file=sys.stderr)
    return time.perf_counter() - began


def processes(place: Path) -> list[str]:
    """Return the command lines of all processes that were started here: the folder is in their environment."""
    mark, found = f"SOAK={place}".encode(), []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return [line for line in found if line]


def settle(place: Path) -> float:
    """Wait until nothing runs any more; return the seconds."""
    began = time.monotonic()
    while processes(place) and time.monotonic() - began < SETTLE_SECONDS:
        time.sleep(0.2)
    return time.monotonic() - began


def report(place: Path, count: int, seconds: list[float], settled: float) -> bool:
    """Print the figures; return whether nothing is left."""
    root = place / "root"
    folders = [file.parent for file in root.glob("sessions/*/*/*/*/session.json")]
    waiting = [folder for folder in folders if not (folder / "logged.json").exists()]
    odd = [entry.name for folder in folders for entry in folder.glob(".*") if entry.name != ".lock"]
    with closing(sqlite3.connect(root / "mlflow.db")) as connection:
        query = "SELECT count(*), count(DISTINCT t.value) FROM tags t JOIN runs r USING (run_uuid)"
        where = "WHERE t.key = 'session_id' AND r.lifecycle_stage = 'active'"
        runs, distinct = connection.execute(f"{query} {where}").fetchone()
    left = processes(place)
    first, second = seconds[: count // 2] or seconds, seconds[count // 2 :]
    used = sum(file.stat().st_size for file in root.rglob("*") if file.is_file())
    print(f"sessions {len(folders)} of {count}, runs {runs} (of {distinct} sessions), pending {len(waiting)}")
    print(f"processes left {len(left)}, temporary files left {len(odd) + len(list((root / 'tmp').glob('*')))}")
    print(f"seconds a session: first half {statistics.median(first):.2f}, second {statistics.median(second):.2f}")
    print(f"settled {settled:.1f} s after the last; {used / count / 1000:.0f} kB a session")
    for line in left:
        print(f"left: {line}")
    return len(folders) == runs == distinct == count and not waiting and not left and not odd


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        environ = environment(Path(name))
        with ThreadPoolExecutor(options.at_once) as pool:
            seconds = list(pool.map(lambda number: session(number, environ), range(options.sessions)))
        well = report(Path(name), options.sessions, seconds, settle(Path(name)))
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
