"""What `--json` prints: versioned, and every field of it described in docs/json.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import synthetic, varied_archive
from tests.forked import CHECKOUT, run_anew

PAGE = (CHECKOUT / "docs" / "json.md").read_text(encoding="utf-8")
SHARED = "## Shared objects"
NAMED_BY_PEOPLE = {
    "metrics", "tags", "outcomes", "input", "value", "parts", "by_provider", "by_model", "by_procedure",
}  # fmt: skip
"""Fields with objects whose keys are no fields: they are names of something."""
COMMANDS = {
    "list": ["list"],
    "export": ["export"],
    "show": ["show", "last"],
    "search": ["search", "issue"],
    "compare": ["compare", "-1", "-2"],
    "compare --by": ["compare", "--by", "provider"],
    "compare --latest-vs-previous": ["compare", "--latest-vs-previous"],
    "stats": ["stats"],
    "trends": ["trends", "--last", "0"],
    "patterns": ["patterns"],
    "report": ["report", "--since", "2026-11-01"],
    "tag": ["tag", "last", "mode=plan"],
    "note": ["note", "last", "good"],
    "reindex": ["reindex"],
    "config": ["config"],
    "doctor": ["doctor"],
    "prune": ["prune", "--older-than", "1d", "--dry-run"],
    "import": ["import", "all", "--dry-run"],
    "sync": ["sync"],
}


def described(command: str) -> set[str]:
    """Return the names in backquotes in the section on a command, and in those on what several print."""
    sections = re.split(r"^(?=## )", PAGE, flags=re.MULTILINE)
    wanted = [text for text in sections if command in re.split(r"[ ,\n]+", text.split("\n")[0])]
    assert wanted, f"docs/json.md has no section on {command}"
    shared = [text for text in sections if text.startswith(SHARED)]
    return set(re.findall(r"`(\w+)`", "".join(wanted + shared)))


def fields(value: Any) -> Iterator[str]:
    """Yield the names of all fields; not what people named."""
    if isinstance(value, list):
        for one in value:
            yield from fields(one)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            if name in NAMED_BY_PEOPLE and isinstance(inner, dict):
                for one in inner.values():
                    yield from fields(one)
            else:
                yield from fields(inner)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an archive of sessions that differ."""
    folder = tmp_path_factory.mktemp("json") / "root"
    varied_archive.make(folder, 12, until=synthetic.BEGAN)
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_every_field_is_described(name: str, root: Path) -> None:
    """Whoever reads the JSON finds each field in docs/json.md, and the version on every object of the first level.

    Each command is started as a person starts it.
    """
    wanted = {"WITH_TRACKING_HOME": str(root), "MLFLOW_TRACKING_URI": "http://127.0.0.1:1"}
    printed = json.loads(run_anew(*COMMANDS[name], "--json", **wanted).stdout)
    objects = printed if isinstance(printed, list) else [printed]
    assert [one["schema_version"] for one in objects] == [1] * len(objects)
    found = set(fields(printed)) - {"schema_version"}
    kinds = (
        {"command_failed", "tool_error", "api_error", "interrupted", "permission_denied"} if name == "stats" else set()
    )
    assert found - described(name.split()[0]) - kinds == set()


def test_every_command_with_json_has_a_section() -> None:
    """A command that can print JSON is in docs/json.md."""
    reference = (CHECKOUT / "docs" / "commands.md").read_text(encoding="utf-8")
    parts = re.split(r"^#{2,3} ", reference, flags=re.MULTILINE)[1:]
    for part in parts:
        command = part.split("\n")[0].split()[0]
        if re.search(r"^ +--json ", part, re.MULTILINE):
            assert described(command)
