#!/usr/bin/env python3
"""Measure reading Claude Code's logs: our reader beside ccusage on one generated corpus, in the same run.

    python benchmarks/logs.py [--megabytes 260] [--rounds 3] [--corpus FOLDER] [--json]

ccusage (npm, with its platform package; run offline) only adds up tokens; our reader takes out every prompt, call,
result, error and token count. Both are started as processes of their own, in turn, and their best round counts. The
token totals must be equal to the last digit, and equal to what the generator wrote. Exit status 1 if a goal is missed:
at most 3 times ccusage's time, at most 200 MB of memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.claude_corpus import Totals, write_corpus  # noqa: E402  (the checkout has to be on the path first)

CCUSAGE = "20.0.24"  # the newest version whose platform package is published as well
MAX_RATIO, MAX_MEGABYTES = 3.0, 200.0
FIELDS = {"inputTokens": "input", "outputTokens": "output", "cacheReadTokens": "cache_read"}
FIELDS |= {"cacheCreationTokens": "cache_write"}


@dataclass(frozen=True)
class Round:
    """One run of one program: what it counted, in how many seconds, with how much memory at its peak."""

    totals: Totals
    seconds: float
    megabytes: float


def install_ccusage() -> Path:
    """Install ccusage into the user's cache (once) and return its command."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "with-tracking" / "benchmarks" / f"ccusage-{CCUSAGE}"
    command = folder / "node_modules" / ".bin" / "ccusage"
    if not command.exists():
        folder.mkdir(parents=True, exist_ok=True)
        call = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), f"ccusage@{CCUSAGE}"]
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL)
    return command


def run(command: Sequence[str], environ: Mapping[str, str]) -> tuple[bytes, float, float]:
    """Run a command; returns its output, its seconds, and the peak memory of it and its children in MB."""
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, env={**os.environ, **environ})
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command[0]} ended with status {process.returncode}")
        output.seek(0)
        return output.read(), seconds, usage.ru_maxrss / 1024


def run_ccusage(command: Path, corpus: Path) -> Round:
    """Let ccusage add up the corpus."""
    environ = {"CLAUDE_CONFIG_DIR": str(corpus), "HOME": str(corpus)}
    output, seconds, megabytes = run([str(command), "claude", "daily", "--json", "--offline"], environ)
    counted = json.loads(output)["totals"]
    return Round(Totals(**{ours: counted[theirs] for theirs, ours in FIELDS.items()}), seconds, megabytes)


def run_ours(corpus: Path) -> Round:
    """Let our reader read the corpus."""
    output, seconds, megabytes = run([sys.executable, str(Path(__file__)), "--read", str(corpus)], {})
    return Round(Totals(**json.loads(output)["totals"]), seconds, megabytes)


def read(corpus: Path) -> None:
    """Read every session of the corpus, as an import does, and print what came out."""
    from parsers.native_logs import Places, read_history, reader_of
    from parsers.session import ModelCall, Tokens

    reader = reader_of("claude_code")
    assert reader is not None
    tokens, events, sessions = Tokens(input=0, output=0, cache_read=0, cache_write=0), 0, 0
    places = Places(home=corpus, environ={"CLAUDE_CONFIG_DIR": str(corpus)})
    for _, log in read_history("claude_code", reader.candidates(places)):
        sessions, events = sessions + 1, events + len(log.events)
        tokens = sum((event.tokens for event in log.events if isinstance(event, ModelCall)), tokens)
    totals = Totals(tokens.input or 0, tokens.output or 0, tokens.cache_read or 0, tokens.cache_write or 0)
    print(json.dumps({"sessions": sessions, "events": events, "totals": asdict(totals)}))


def compare(corpus: Path, expected: Totals | None, rounds: int) -> dict[str, object]:
    """Run both in turn and compare the best rounds."""
    command = install_ccusage()
    pairs = [(run_ccusage(command, corpus), run_ours(corpus)) for _ in range(rounds)]
    theirs = min((pair[0] for pair in pairs), key=lambda each: each.seconds)
    ours = min((pair[1] for pair in pairs), key=lambda each: each.seconds)
    equal = ours.totals == theirs.totals and expected in (None, ours.totals)
    ratio = ours.seconds / theirs.seconds
    return {
        "corpus_megabytes": round(sum(file.stat().st_size for file in corpus.rglob("*.jsonl")) / 1e6, 1),
        "ccusage": {"seconds": round(theirs.seconds, 2), "megabytes": round(theirs.megabytes, 1)},
        "ours": {"seconds": round(ours.seconds, 2), "megabytes": round(ours.megabytes, 1)},
        "ratio": round(ratio, 2),
        "totals": asdict(ours.totals),
        "totals_equal": equal,
        "goals_met": equal and ratio <= MAX_RATIO and ours.megabytes <= MAX_MEGABYTES,
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=260)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--corpus", type=Path, help="measure these logs (a folder with projects/) instead")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read is not None:
        read(given.read)
        return
    with tempfile.TemporaryDirectory() as folder:
        corpus, expected = given.corpus or Path(folder), None
        if given.corpus is None:
            expected = write_corpus(corpus, megabytes=given.megabytes).totals
        result = compare(corpus, expected, given.rounds)
    if given.json:
        print(json.dumps(result, indent=2))
    else:
        for name, value in result.items():
            print(f"{name:17s} {value}")
    sys.exit(0 if result["goals_met"] else 1)


if __name__ == "__main__":
    main()
