"""Sessions as tables for other programs: CSV, JSON, JSON lines, Parquet, and figures for Prometheus."""

from __future__ import annotations

import csv
import importlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from with_tracking.errors import WithTrackingError
from with_tracking.history.rows import values_of
from with_tracking.history.session_rows import SessionRow
from with_tracking.paths import installing

_TEXTS = (
    "session_id", "state", "provider", "wrapper", "client", "model", "provider_version", "origin", "cwd", "host",
    "parent_session_id", "end_reason", "procedure_name", "issue_number", "prompt", "note",
)  # fmt: skip
_TIMES = ("started_at", "ended_at")
_SWITCHES = ("interactive", "success")
_NUMBERS = ("duration_seconds", "active_seconds", "exit_code", "cost_usd")

Value = str | float | bool | datetime | None


def flat(row: SessionRow) -> dict[str, Value]:
    """Return a session as columns: its facts, `git.…`, `tags.…` for the person's own, then its other metrics."""
    fields = msgspec.structs.asdict(row)
    columns: dict[str, Value] = {name: fields[name] for name in (*_TEXTS, *_TIMES, *_SWITCHES, *_NUMBERS)}
    columns["state"] = str(row.state)
    columns |= {"git.repo": row.repo, "git.branch": row.git.branch, "git.commit": row.git.commit}
    columns["outcomes"] = " ".join(row.outcomes)
    columns |= {f"tags.{name}": value for name, value in sorted(row.tags.items())}
    return columns | {name: value for name, value in sorted(row.metrics.items()) if name not in columns}


def as_csv(rows: Sequence[SessionRow]) -> bytes:
    """Return a table with a column for everything that one of the sessions has; what is not known is empty."""
    table = [flat(row) for row in rows]
    file = io.StringIO()
    writer = csv.DictWriter(file, _columns(table), restval="")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in line.items()} for line in table)
    return file.getvalue().encode("utf-8", "replace")


def as_json(rows: Sequence[SessionRow]) -> bytes:
    """Return a JSON list of what `list --json` prints."""
    return msgspec.json.format(msgspec.json.encode(list(rows)), indent=2) + b"\n"


def as_jsonl(rows: Sequence[SessionRow]) -> bytes:
    """Return a line of JSON for each session."""
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def as_parquet(rows: Sequence[SessionRow]) -> bytes:
    """Return a Parquet file with the columns of the CSV, typed. Raises WithTrackingError if pyarrow is missing."""
    try:
        pyarrow: Any = importlib.import_module("pyarrow")  # it has no types
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise WithTrackingError(f"pyarrow cannot be loaded ({error})", installing("pyarrow")) from error
    table = [flat(row) for row in rows]
    kinds = dict.fromkeys(_TIMES, pyarrow.timestamp("us", tz="UTC")) | dict.fromkeys(_SWITCHES, pyarrow.bool_())
    texts = {*_TEXTS, "git.repo", "git.branch", "git.commit", "outcomes"}
    arrays = {
        name: pyarrow.array(
            [_typed(line.get(name)) for line in table],
            kinds.get(name) or (pyarrow.string() if name in texts or name.startswith("tags.") else pyarrow.float64()),
        )
        for name in _columns(table)
    }
    file = io.BytesIO()
    parquet.write_table(pyarrow.table(arrays), file)
    return file.getvalue()


FORMATS: Mapping[str, Callable[[Sequence[SessionRow]], bytes]] = {
    "csv": as_csv,
    "json": as_json,
    "jsonl": as_jsonl,
    "parquet": as_parquet,
}
"""The formats of `export`."""


def _columns(table: Iterable[Mapping[str, Value]]) -> list[str]:
    """Return all columns: the facts first, as they come, then tags and metrics by name."""
    names = dict.fromkeys(name for line in table for name in line)
    facts = list(flat(SessionRow(session_id="", path="", state="parsed")))  # type: ignore[arg-type]
    more = sorted(names.keys() - set(facts), key=lambda name: (not name.startswith("tags."), name))
    return [*facts, *more]


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _typed(value: Value) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


# --- Prometheus -------------------------------------------------------------------------------------------------------

_TOKENS = ("input", "output", "cache_read", "cache_write", "reasoning")


def as_prometheus(rows: Sequence[SessionRow]) -> bytes:
    """Return figures in Prometheus' text format, for the node exporter's textfile collector.

    They are sums over the archive, by provider and model: counters fall only where sessions are deleted.
    """
    groups: dict[tuple[str, str], list[SessionRow]] = {}
    for row in rows:
        groups.setdefault((row.provider or "unknown", row.model or "unknown"), []).append(row)
    lines = list(_prometheus(dict(sorted(groups.items()))))
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _prometheus(groups: Mapping[tuple[str, str], Sequence[SessionRow]]) -> Iterator[str]:
    yield from _metric("sessions_total", "Recorded sessions, by how they ended.", "counter")
    for key, rows in groups.items():
        for outcome, success in (("success", True), ("failure", False), ("unknown", None)):
            yield _sample("sessions_total", key, sum(row.success is success for row in rows), result=outcome)
    for name, metric, text in (
        ("duration_seconds_total", "duration_seconds", "Time that sessions took."),
        ("commands_total", "commands_executed", "Commands that ran."),
        ("commands_failed_total", "commands_failed", "Commands that failed."),
        ("cost_usd_total", "cost_usd", "What sessions cost, of those of which it is known."),
    ):
        yield from _metric(name, text, "counter")
        yield from (sample for key, rows in groups.items() for sample in _sum(name, key, rows, metric))
    yield from _metric("tokens_total", "Tokens, by kind.", "counter")
    for key, rows in groups.items():
        for kind in _TOKENS:
            yield from _sum("tokens_total", key, rows, f"tokens.{kind}", kind=kind)
    yield from _metric("errors_total", "Errors, by kind.", "counter")
    for key, rows in groups.items():
        for kind in sorted({name[7:] for row in rows for name in row.metrics if name.startswith("errors.")}):
            yield _sample("errors_total", key, sum(values_of(rows, f"errors.{kind}")), kind=kind)
    yield from _metric("last_session_timestamp_seconds", "When the newest session began.", "gauge")
    for key, rows in groups.items():
        if began := [row.started_at.timestamp() for row in rows if row.started_at]:
            yield _sample("last_session_timestamp_seconds", key, max(began))


def _sum(name: str, key: tuple[str, str], rows: Sequence[SessionRow], metric: str, **labels: str) -> Iterator[str]:
    """Yield the sum of a number, nothing if it is known of no session."""
    if values := values_of(rows, metric):
        yield _sample(name, key, sum(values), **labels)


def _metric(name: str, text: str, kind: str) -> Iterator[str]:
    yield f"# HELP ai_{name} {text}"
    yield f"# TYPE ai_{name} {kind}"


def _sample(name: str, key: tuple[str, str], value: float, **labels: str) -> str:
    pairs = {"provider": key[0], "model": key[1], **labels}
    shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in pairs.items())
    return f"ai_{name}{{{shown}}} {int(value) if float(value).is_integer() else value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
