"""How fast text is searched for secrets, beside one pass of RE2 and of Python's `re` over the same text.

Usage: python benchmarks/redaction.py [FOLDER]    (default: tests/recordings, all files as text)
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from with_tracking import redaction

ROUNDS = 5


def megabytes_per_second(work: Callable[[str], object], texts: list[str]) -> float:
    """Return the best of some rounds over all texts."""
    size = sum(map(len, texts)) / 1e6
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for text in texts:
            work(text)
        times.append(time.perf_counter() - start)
    return size / min(times)


def main() -> None:
    """Print the figures."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "tests/recordings")
    texts = [f.read_bytes().decode("utf-8", "replace") for f in folder.rglob("*") if f.is_file()]
    redactor = redaction.Redactor(redaction.built_in_rules())
    found = sum(len(redactor.findings(text)) for text in texts)
    size = sum(map(len, texts)) / 1e6
    print(f"{size:.1f} MB, {len(redactor.rules)} rules, {found} findings, RE2: {redaction.HAS_RE2}")
    rows: dict[str, Callable[[str], object]] = {
        "all rules": redactor.findings,
        "str.lower alone": str.lower,
        "re: github's pattern alone": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,255}").findall,
    }
    for name, work in rows.items():
        print(f"{megabytes_per_second(work, texts):8.1f} MB/s  {name}")


if __name__ == "__main__":
    main()
