#!/usr/bin/env python3
"""How fast the history answers, beside `mlflow.search_runs` over the same sessions, measured in the same run.

    python benchmarks/history.py [--sessions 10000] [--runs 1000] [--rounds 7] [--root FOLDER]

Makes an archive (FOLDER keeps it for the next time), indexes it, and starts every command as a process of its own; the
median of the rounds counts. So many of its sessions are also logged as runs (--runs; logging 10,000 would take minutes)
and searched with mlflow in processes of their own. Exits 1 if a goal is missed: 0.3 s a command, 20 ms for adding a
session, an index of at most 30 % of the recordings.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

from benchmarks import history_archive  # noqa: E402  (the checkout has to be on the path first)
from parsers import metrics  # noqa: E402
from with_tracking import archive, index, paths  # noqa: E402
from with_tracking.history import index_database  # noqa: E402
from with_tracking.store import local_store, mlflow_library  # noqa: E402

COMMAND_SECONDS, ADD_SECONDS, INDEX_PER_CENT = 0.3, 0.020, 30
COMMANDS = {
    "list": ["list"],
    "list --failed --since --sort cost": ["list", "--failed", "--since", "2026-03-01", "--sort", "cost"],
    "list --json --limit 0": ["list", "--json", "--limit", "0"],
    "show last": ["show", "last"],
    "show ID": ["show", "20260105-0800"],
    "search, a rare phrase": ["search", '"passed in 31"'],
    "search, a word of most": ["search", "passed"],
    "search, a beginning": ["search", "pyte* NOT npm"],
    "compare --by provider": ["compare", "--by", "provider"],
}
WITHOUT_GOAL = ("list --json --limit 0",)  # it prints 13 MB
MLFLOW = """
import sys, warnings
warnings.filterwarnings("ignore")
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
found = mlflow.search_runs(experiment_names=["ai-sessions"], filter_string=sys.argv[2], max_results=int(sys.argv[3]),
                           order_by=["attributes.start_time DESC"])
print(len(found))
"""


def median_seconds(rounds: int, work: Callable[[], object]) -> float:
    """Return the median of some rounds, after one that does not count."""
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return how long the processor worked for a process: what does not depend on who else uses the computer."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def process(root: Path, *command: str) -> Callable[[], object]:
    """Return a process of its own over the archive; it must succeed."""
    environ = {**os.environ, "WITH_TRACKING_HOME": str(root), "COLUMNS": "80"}
    return lambda: subprocess.run(command, env=environ, cwd=CHECKOUT, check=True, capture_output=True)


def made(root: Path, count: int) -> tuple[int, int]:
    """Make the archive if it is not there; return how many bytes were recorded, and how many are left as text."""
    done = root / "sizes.json"
    if not done.exists():
        sizes = [(session.metrics["transcript_bytes"], size) for session, size in history_archive.make(root, count)]
        done.write_text(json.dumps([sum(column) for column in zip(*sizes, strict=True)]))
    recorded, text = json.loads(done.read_text())
    return int(recorded), int(text)


def log_runs(root: Path, count: int) -> str:
    """Log the newest sessions as runs with the same parameters, tags and metrics as ours have; no artifacts."""
    uri = local_store.uri(paths.local_store(root))
    local_store.ensure(paths.local_store(root))
    client = mlflow_library.load().MlflowClient(tracking_uri=uri)
    from mlflow.entities import Metric, Param, RunTag

    if (found := client.get_experiment_by_name("ai-sessions")) is not None:
        return uri
    experiment = found or client.create_experiment("ai-sessions", artifact_location=(root / "artifacts").as_uri())
    for number, folder in enumerate(archive.folders(root)):
        session = archive.read_session(folder)
        if number >= count or session is None or session.started_at is None:
            break
        began = int(session.started_at.timestamp() * 1000)
        run = client.create_run(experiment, start_time=began, run_name=metrics.run_name(session))
        client.log_batch(
            run.info.run_id,
            [Metric(key, value, began, 0) for key, value in session.metrics.items()],
            [Param(key, value) for key, value in metrics.parameters(session).items()],
            [RunTag(key, value) for key, value in metrics.tags(session).items()],
        )
    return uri


def add_seconds(root: Path, rounds: int) -> float:
    """Return how long it takes to add one more session to the full index, its database opened and closed for it."""
    folders = [folder for folder, _ in zip(archive.folders(root), range(rounds + 1), strict=False)]
    events = [archive.read_events(folder) or [] for folder in folders]
    for folder in folders:
        with index_database.opened(root) as connection:
            connection.execute("DELETE FROM sessions WHERE path = ?", [os.path.relpath(folder, root)])
    todo = iter(zip(folders, events, strict=True))
    return median_seconds(rounds, lambda: index.add(root, *next(todo)))


def report(name: str, value: float, unit: str, goal: float | None = None) -> bool:
    """Print a figure and whether its goal is met."""
    met = goal is None or value <= goal
    verdict = "" if goal is None else f"   goal {goal:g} {unit}: {'met' if met else 'MISSED'}"
    print(f"{name:52}{value:9.3f} {unit}{verdict}", flush=True)
    return met


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--root", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(0 if measure((options.root or Path(temporary) / "root").absolute(), options) else 1)


def measure(root: Path, options: argparse.Namespace) -> bool:
    """Print all figures; return whether all goals are met."""
    recorded, text = made(root, options.sessions)
    began = time.perf_counter()
    sessions = index.rebuild(root)
    report(f"reindex, {sessions} sessions", time.perf_counter() - began, "s")
    size = index_database.database(root).stat().st_size
    good = report(f"index, of {recorded / 1e6:.0f} MB of recordings", 100 * size / recorded, "%", INDEX_PER_CENT)
    report(f"index, of the {text / 1e6:.0f} MB of text in them", 100 * size / text, "%")
    good &= report("adding a session", 1000 * add_seconds(root, 30), "ms", 1000 * ADD_SECONDS)
    for name, arguments in COMMANDS.items():
        work = process(root, sys.executable, "-I", "-m", "with_tracking", *arguments)
        goal = None if name in WITHOUT_GOAL else COMMAND_SECONDS
        good &= report(f"with-tracking {name}", median_seconds(options.rounds, work), "s", goal)
        report("    of that at work", cpu_seconds(work), "s")
    bare = process(root, sys.executable, "-I", "-c", "import click, msgspec, sqlite3")
    report("Python with click, msgspec, sqlite3 and no work", median_seconds(options.rounds, bare), "s")
    uri = log_runs(root, options.runs)
    for name, wanted, most in (
        ("20 newest", "", "20"),
        ("provider and failed", "tags.provider = 'claude_code' and metrics.success = 0", "20"),
        ("all", "", str(options.runs)),
    ):
        work = process(root, sys.executable, "-I", "-c", MLFLOW, uri, wanted, most)
        report(f"mlflow.search_runs, {options.runs} runs, {name}", median_seconds(min(3, options.rounds), work), "s")
    return good


if __name__ == "__main__":
    main()
