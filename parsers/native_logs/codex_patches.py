"""Codex's patches (`*** Begin Patch` … `*** End Patch`): which files they touch, and how many lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from parsers.native_logs.base import diff_counts, line_count
from parsers.native_logs.codex_records import Change

HEADER = re.compile(r"^\*\*\* (Add|Update|Delete) File: (.+?)\s*$", re.MULTILINE)
AS_COMMAND = re.compile(r"\s*(?:cd\s+\S+\s*&&\s*)?(?:apply_patch|applypatch)\b")


@dataclass(frozen=True, slots=True)
class Patch:
    """What a patch asks for. Paths are as the model wrote them; a moved file counts as edited under its old name."""

    updated: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    lines_added: int = 0
    lines_removed: int = 0


def read_patch(text: str) -> Patch:
    """Read a patch's headers and count its lines; a deleted file's lines are not in it."""
    paths: dict[str, list[str]] = {"Add": [], "Update": [], "Delete": []}
    for kind, path in HEADER.findall(text):
        paths[kind].append(path)
    added, removed = diff_counts(line for line in text.splitlines() if not line.startswith("*** "))
    return Patch(tuple(paths["Update"]), tuple(paths["Add"]), tuple(paths["Delete"]), added, removed)


def changed_lines(changes: Mapping[str, Change]) -> tuple[int, int]:
    """Count the lines that a patch added and removed, from what was done to each file."""
    added = removed = 0
    for change in changes.values():
        if change.unified_diff is not None:
            more, less = diff_counts(change.unified_diff.splitlines())
            added, removed = added + more, removed + less
        elif change.type == "add":
            added += line_count(change.content or "")
        elif change.type == "delete":
            removed += line_count(change.content or "")
    return added, removed
