"""The Tab key: ids and names that the index knows are offered, and nothing goes wrong where there is none."""

from __future__ import annotations

from pathlib import Path

from tests import synthetic
from tests.forked import run


def offered(line: str) -> list[str]:
    """Return what bash is offered for the last word of a line."""
    words = line.split(" ")  # bash gives the unfinished word, too
    shown = run(COMP_WORDS=line, COMP_CWORD=str(len(words) - 1), _WITH_TRACKING_COMPLETE="bash_complete")
    assert shown.stderr == ""
    return [entry.partition(",")[2] for entry in shown.stdout.splitlines() if entry]


def test_ids_and_names(tracking_root: Path) -> None:
    """Sessions by the beginning of their id, the newest first; assistants, models and procedures that were recorded."""
    assert offered("with-tracking show 2026") == []
    for number in (1, 2):
        synthetic.parsed(tracking_root, f"20261120-09293{number}-00000001")
    synthetic.parsed(tracking_root, "20251120-092939-00000001")
    for command in ("show", "replay", "tag", "forget", "compare"):
        found = offered(f"with-tracking {command} 2026")
        assert sorted(found) == ["20261120-092931-00000001", "20261120-092932-00000001"]
    assert offered("with-tracking list --provider ") == ["claude", "claude_code"]
    assert offered("with-tracking stats --procedure cl") == ["close-issue"]
    assert offered("with-tracking compare --model x") == []
