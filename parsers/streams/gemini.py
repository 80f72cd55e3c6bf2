"""Gemini CLI's `-o stream-json` (since 0.11) and `-o json`: one object with answer and statistics.

A shell command that failed is reported as `success` (0.61): its outcome is read from its output.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from parsers.command_outcomes import failure
from parsers.session import Category, Stopped, Tokens, Totals
from parsers.streams.collecting import Collector
from parsers.tool_calls import tool_use

_MOST_TIMES = 10_000
_EXIT_CODE = re.compile(r"^Exit Code: (\d{1,9})$", re.MULTILINE)
_DENIED = re.compile(
    r"denied by policy|[Uu]ser (?:denied|rejected|cancelled)|requires? (?:user )?(?:approval|confirmation)"
)


class _Stats(msgspec.Struct):
    """The tokens of all models, in the closing record."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached: int | None = None
    total_tokens: int | None = None


class _ModelTokens(msgspec.Struct):
    """The tokens of one model, in `-o json`."""

    prompt: int | None = None
    candidates: int | None = None
    cached: int | None = None
    total: int | None = None


class _Record(msgspec.Struct):
    """A record of any type; each uses some of the fields."""

    type: str
    timestamp: datetime | None = None
    session_id: str | None = None
    model: str | None = None
    role: str | None = None
    content: str | None = None
    delta: bool = False
    tool_name: str = ""
    tool_id: str = ""
    parameters: dict[str, Any] = {}
    status: str | None = None
    output: str | None = None
    error: dict[str, Any] | None = None
    message: str | None = None
    severity: str | None = None
    stats: _Stats | None = None


def recognises(record: Mapping[str, Any]) -> bool:
    """Tell whether the record is one that only this format has."""
    if "type" not in record:
        return "stats" in record and ("response" in record or "error" in record)
    return (
        (record["type"] == "init" and "session_id" in record)
        or (record["type"] == "tool_use" and "tool_name" in record)
        or (record["type"] == "message" and "role" in record and isinstance(record.get("content"), str))
    )


def read(record: Mapping[str, Any], into: Collector) -> None:
    """Take one record, or the whole of `-o json`."""
    if "type" not in record:
        _document(record, into)
        return
    known = msgspec.convert(record, _Record)
    into.clock(known.timestamp)
    if known.type == "init":
        into.session_id, into.model = known.session_id, known.model
    elif known.type == "message":
        _message(known, into)
    elif known.type == "tool_use":
        into.call(tool_use(known.tool_name, known.parameters, call_id=known.tool_id))
    elif known.type == "tool_result":
        _tool_result(known, into)
    elif known.type == "error":
        into.error(known.message or str(known.error))
    elif known.type == "result":
        _result(known, into)
    else:
        into.strange(record)


def _message(record: _Record, into: Collector) -> None:
    """Take a prompt or a piece of an answer."""
    if record.role == "user":
        into.prompt(record.content or "")
    else:
        into.says(record.content or "", piece=record.delta)


def _tool_result(record: _Record, into: Collector) -> None:
    """Give a call its outcome."""
    call = into.called(record.tool_id)
    error = str((record.error or {}).get("message") or "")
    output = record.output or error or None
    outcome: dict[str, Any] = {"ok": record.status == "success", "output": output}
    if call is not None and call.category is Category.SHELL and output:
        status = _EXIT_CODE.search(output)
        failed, code = failure(call.command or "", output)
        if status or failed:
            outcome |= {"ok": False, "exit_code": int(status[1]) if status else code}
        elif outcome["ok"]:
            outcome["ok"] = None  # success is said of every command that ran
    if record.status != "success" and _DENIED.search(error):
        outcome["stopped"] = Stopped.DENIED
    into.settle(record.tool_id, **outcome)


def _result(record: _Record, into: Collector) -> None:
    """Take the closing record: what ended the session, and the tokens of all its models."""
    if record.status == "error":
        into.error(str((record.error or {}).get("message") or "error"))
    stats = record.stats or _Stats()
    into.events.append(_totals(stats.input_tokens, stats.cached, stats.output_tokens, stats.total_tokens, into.at))


def _totals(whole: int | None, cached: int | None, output: int | None, total: int | None, at: float | None) -> Totals:
    """Give the session's tokens: `output_tokens` leaves out the thoughts, the total has them."""
    if whole is None:
        return Totals(seconds=at)
    if total is not None:
        output = max(output or 0, total - whole)
    return Totals(tokens=Tokens(input=whole - (cached or 0), output=output, cache_read=cached), seconds=at)


def _document(document: Mapping[str, Any], into: Collector) -> None:
    """Take `-o json`: tools are only counted there, by name and outcome."""
    into.session_id = str(document["session_id"]) if document.get("session_id") else None
    stats = document.get("stats")
    stats = stats if isinstance(stats, Mapping) else {}
    for name, counts in _mapping(_mapping(stats.get("tools")).get("byName")).items():
        for outcome, ok in (("success", True), ("fail", False)):
            for _ in range(_times(_mapping(counts).get(outcome))):
                into.call(tool_use(name, {}, ok=None if ok and "shell" in name else ok))
    if document.get("response"):
        into.says(str(document["response"]))
    if document.get("error"):
        into.error(str(_mapping(document["error"]).get("message") or document["error"]))
    for model, numbers in _mapping(stats.get("models")).items():
        into.model = into.model or model
        for _ in range(_times(_mapping(_mapping(numbers).get("api")).get("totalErrors"))):
            into.error(f"a request to {model} failed")
        tokens = msgspec.convert(_mapping(numbers).get("tokens") or {}, _ModelTokens)
        into.events.append(_totals(tokens.prompt, tokens.cached, tokens.candidates, tokens.total, into.at))


def _times(value: Any) -> int:
    """Give how often something happened, 0 for what is no such number."""
    return value if isinstance(value, int) and 0 <= value <= _MOST_TIMES else 0


def _mapping(value: Any) -> Mapping[str, Any]:
    """Give the value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}
