"""Texts of a length that a trace can bear; the whole stays in the run's artifacts."""

from __future__ import annotations

from typing import Any

import msgspec

TEXT_LENGTH = 4_000
VALUE_LENGTH = 16_000
LINE_LENGTH = 200
ITEMS = 100


def cut(text: str, length: int = TEXT_LENGTH) -> str:
    """Return at most `length` characters, and where the rest is."""
    clean = text.encode("utf-8", "replace").decode().replace("\0", "�")
    if len(clean) <= length:
        return clean
    return f"{clean[:length]}… [{len(clean):,} characters, cut at {length:,}: the whole is in the run's events.jsonl]"


def cut_value(value: Any) -> Any:
    """Return JSON-like data with its texts cut; what is large all the same becomes one text that is cut."""
    small = _with_cut_texts(value, 0)
    text = msgspec.json.encode(small).decode()
    return small if len(text) <= VALUE_LENGTH else cut(text, VALUE_LENGTH)


def first_line(text: str) -> str:
    """Return the first line that says something, of bounded length."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return cut(line[:LINE_LENGTH] + ("…" if len(line) > LINE_LENGTH else ""))


def _with_cut_texts(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return cut(value)
    if depth > 20:
        return cut(repr(value))
    if isinstance(value, dict):
        return {
            cut(str(key), LINE_LENGTH): _with_cut_texts(item, depth + 1) for key, item in list(value.items())[:ITEMS]
        }
    if isinstance(value, (list, tuple)):
        return [_with_cut_texts(item, depth + 1) for item in value[:ITEMS]]
    if isinstance(value, (int, float, bool)) or value is None:
        return value
    return cut(str(value))
