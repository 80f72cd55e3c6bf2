"""How long `with-tracking import` takes for many past sessions into a fresh local store, without and with traces.

Usage: python benchmarks/history_import.py [SESSIONS]    (default 1000; goal for that many without traces: 60 s)

Each session is a Claude Code log of one prompt, ten commands with their output and an answer.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

GOAL_SECONDS = 60.0
COMMANDS = 10
BEGAN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def records(number: int, cwd: str) -> Iterator[dict[str, object]]:
    """Yield the records of one session's log, two seconds apart."""
    common = {"sessionId": session_id(number), "cwd": cwd, "version": "2.1.328", "isSidechain": False}
    at = BEGAN + timedelta(minutes=10 * number)

    def record(kind: str, name: str, message: dict[str, object]) -> dict[str, object]:
        nonlocal at
        at += timedelta(seconds=2)
        return {"type": kind, "uuid": f"{number}-{name}", "timestamp": at.isoformat(), "message": message, **common}

    def answer(name: str, content: dict[str, object]) -> dict[str, object]:
        usage = {
            "input_tokens": 12,
            "output_tokens": 80,
            "cache_read_input_tokens": 9000,
            "cache_creation_input_tokens": 300,
        }
        said = {"role": "assistant", "id": f"msg_{number}_{name}", "model": "claude-opus-4-5", "usage": usage}
        return record("assistant", name, {**said, "content": [content]})

    yield record("user", "prompt", {"role": "user", "content": f"close-issue {number}"})
    for call in range(COMMANDS):
        use = {
            "type": "tool_use",
            "id": f"toolu_{number}_{call}",
            "name": "Bash",
            "input": {"command": f"make step-{call}"},
        }
        yield answer(f"a{call}", use)
        result = {"type": "tool_result", "tool_use_id": use["id"], "content": "step done\n" * 20}
        yield record("user", f"r{call}", {"role": "user", "content": [result]})
    yield answer("end", {"type": "text", "text": f"Issue {number} is closed: all ten steps passed."})


def session_id(number: int) -> str:
    """Return the id of a session, as Claude Code writes them."""
    return f"{number:08x}-0000-4000-8000-000000000000"


def write_logs(home: Path, sessions: int) -> None:
    """Write the logs of so many sessions into a home folder."""
    folder = home / ".claude" / "projects" / "-home-dev-webapp"
    folder.mkdir(parents=True)
    for number in range(sessions):
        lines = (json.dumps(record) + "\n" for record in records(number, "/home/dev/webapp"))
        (folder / f"{session_id(number)}.jsonl").write_text("".join(lines), encoding="utf-8")


def import_all(home: Path, root: Path, *, traces: bool) -> tuple[float, float]:
    """Import everything into a fresh store; return the seconds that it took, and those of processors that it used."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "WITH_TRACKING_HOME": str(root),
        "WITH_TRACKING_TRACES": str(int(traces)),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    command = [sys.executable, "-m", "with_tracking", "import", "claude"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode:
        sys.exit(done.stderr)
    return seconds, used


def main() -> None:
    """Print the figures."""
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        write_logs(home, sessions)
        for traces in (False, True):
            root = Path(folder) / f"root-{traces}"
            seconds, used = import_all(home, root, traces=traces)
            logged = len(list(root.glob("sessions/*/*/*/*/logged.json")))
            goal = "" if traces or sessions != 1000 else f" (goal {GOAL_SECONDS:.0f} s)"
            how = "with" if traces else "without"
            print(f"{how} traces: {logged} runs in {seconds:.1f} s{goal}, {used:.1f} s of processors")


if __name__ == "__main__":
    main()
