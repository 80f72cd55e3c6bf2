"""Export: tables that others can read, figures for Prometheus, spans and metrics by OpenTelemetry."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from parsers.session import Prompt
from tests import synthetic, varied_archive
from tests.forked import run
from tests.test_comparison import row
from with_tracking.history.export import as_csv, as_json, as_jsonl, as_parquet, as_prometheus

NASTY = 'say "hi", then\nbye; \\ done'
ROWS = [
    row(1, prompt=NASTY, model='gpt "6"\\\n', tags={"mode": "plan"}, metrics={"tokens.input": 12345678901.0}),
    row(2, success=None, provider=None, prompt=None, metrics={"cost_usd": 0.25, "errors.api_error": 2.0}),
]


def test_csv_is_read_back() -> None:
    """Quotes and line ends survive; each session has all columns; unknown is empty, never 0."""
    first, second = csv.DictReader(io.StringIO(as_csv(ROWS).decode()))
    assert (first["prompt"], first["tags.mode"], first["tokens.input"]) == (NASTY, "plan", "12345678901")
    assert (first["success"], second["success"], second["provider"], second["tokens.input"]) == ("true", "", "", "")
    assert first["started_at"] == "2026-11-20T10:29:39+00:00"
    assert as_csv([]).decode().startswith("session_id,state,provider,")


def test_json_and_jsonl() -> None:
    """The list has what `list --json` prints; the lines hold one session each."""
    assert [each["session_id"] for each in json.loads(as_json(ROWS))] == ["s001", "s002"]
    lines = [json.loads(line) for line in as_jsonl(ROWS).splitlines()]
    assert lines == json.loads(as_json(ROWS))
    assert lines[0]["schema_version"] == 1


def test_parquet_is_typed() -> None:
    """Times are times, numbers numbers, unknown is null, also in a file without sessions."""
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(io.BytesIO(as_parquet(ROWS)))
    assert str(table.schema.field("started_at").type) == "timestamp[us, tz=UTC]"
    assert table.column("success").to_pylist() == [True, None]
    assert table.column("prompt").to_pylist() == [NASTY, None]
    assert table.column("cost_usd").to_pylist()[1] is None or table.num_rows == 2
    assert parquet.read_table(io.BytesIO(as_parquet([]))).num_rows == 0


def test_prometheus_text() -> None:
    """Every line is of the text format, labels are escaped, large counts keep digits; unknown is absent, not 0."""
    text = as_prometheus(ROWS).decode()
    sample = re.compile(r'ai_[a-z_]+\{provider="(?:[^"\\]|\\.)*"(?:,[a-z]+="(?:[^"\\]|\\.)*")+\} [\d.]+')
    for line in text.splitlines():
        assert line.startswith(("# HELP ai_", "# TYPE ai_")) or sample.fullmatch(line), line
    assert 'model="gpt \\"6\\"\\\\\\n",kind="input"} 12345678901' in text
    assert 'ai_errors_total{provider="unknown",model="unknown",kind="api_error"} 2' in text
    assert text.endswith("\n")
    assert [line for line in text.splitlines() if line.startswith("ai_cost_usd")] == [
        'ai_cost_usd_total{provider="unknown",model="unknown"} 0.25'
    ]
    assert 'kind="output"' not in text


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def archive_of_12(tracking_root: Path) -> None:
    """Make twelve sessions."""
    varied_archive.make(tracking_root, 12)


@pytest.mark.usefixtures("archive_of_12")
def test_export(tmp_path: Path) -> None:
    """To stdout as CSV, or into files whose ending says the format; filters choose the sessions."""
    lines = list(csv.DictReader(io.StringIO(run("export").stdout)))
    assert len(lines) == 12
    assert [line["started_at"] for line in lines] == sorted(line["started_at"] for line in lines)
    target = tmp_path / "sessions.jsonl"
    shown = run("export", "--provider", "codex", "--output", str(target))
    assert (shown.returncode, shown.stdout) == (0, "")
    assert {json.loads(line)["provider"] for line in target.read_text().splitlines()} == {"openai_codex"}
    assert len(json.loads(run("export", "--json").stdout)) == 12
    textfile = tmp_path / "ai.prom"
    assert run("export", "--prometheus", str(textfile)).stdout == ""
    assert 'result="success"} 5' in textfile.read_text()
    assert textfile.stat().st_mode & 0o044, "the collector must be able to read it"
    nowhere = run("export", "--output", str(tmp_path / "no" / "x.csv"))
    assert (nowhere.returncode, "Try: " in nowhere.stderr) == (1, True)


class Collector(BaseHTTPRequestHandler):
    """Takes what OpenTelemetry sends."""

    received: list[tuple[str, bytes]]
    status = 200

    def do_POST(self) -> None:
        """Keep a request."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            import gzip

            body = gzip.decompress(body)
        self.received.append((self.path, body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[tuple[str, type[Collector]]]:
    """Run a collector; give its address and what it received."""
    handler = type("Handler", (Collector,), {"received": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    thread.join()
    server.server_close()


def spans_of(received: list[tuple[str, bytes]]) -> list[Any]:
    """Return the spans that arrived."""
    trace = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    requests = [trace.ExportTraceServiceRequest.FromString(body) for path, body in received if path == "/v1/traces"]
    resources = [resource for request in requests for resource in request.resource_spans]
    return [span for resource in resources for scope in resource.scope_spans for span in scope.spans]


def attributes_of(span: Any) -> dict[str, Any]:
    """Return a span's attributes."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}


def test_otlp(tracking_root: Path, collector: tuple[str, type[Collector]]) -> None:
    """Each session is a trace of the GenAI conventions; exported again it is the same; no texts unless asked for."""
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    url, handler = collector
    folder = synthetic.record(tracking_root)
    events = [Prompt(text="secret plan", seconds=0.5), *synthetic.events_of(2)[1:]]
    synthetic.parse(folder, events)
    shown = run("export", "--otlp", url)
    assert (shown.returncode, shown.stdout) == (0, "")
    spans = spans_of(handler.received)
    named = [span.name for span in spans]
    assert sorted(named) == sorted(
        ["invoke_agent claude_code", "invoke_agent claude turn 1", *["chat claude-opus-4-5", "execute_tool Bash"] * 2]
    )
    assert len({span.trace_id for span in spans}) == 1
    by_id = {span.span_id: span for span in spans}
    chat = next(span for span in spans if span.name.startswith("chat"))
    assert by_id[by_id[chat.parent_span_id].parent_span_id].name == "invoke_agent claude_code"
    facts = attributes_of(chat)
    assert (facts["gen_ai.provider.name"], facts["gen_ai.operation.name"]) == ("anthropic", "chat")
    assert (facts["gen_ai.usage.input_tokens"], facts["gen_ai.usage.output_tokens"]) == (1100, 50)
    assert chat.end_time_unix_nano - chat.start_time_unix_nano == 1_500_000_000
    failed = [span for span in spans if span.status.code == 2 and span.name.startswith("execute_tool")]
    assert len(failed) == 1
    assert b"secret plan" not in b"".join(body for _, body in handler.received)
    assert [path for path, _ in handler.received] == ["/v1/traces", "/v1/metrics"]
    assert b"gen_ai.client.token.usage" in handler.received[-1][1]
    handler.received.clear()
    assert run("export", "--otlp", url, "--content").returncode == 0
    assert {span.span_id for span in spans_of(handler.received)} == set(by_id)
    assert b"secret plan" in b"".join(body for _, body in handler.received)


def test_otlp_that_refuses(tracking_root: Path, collector: tuple[str, type[Collector]]) -> None:
    """An address that takes nothing, or is none, is one line and exit 1."""
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    url, handler = collector
    handler.status = 400
    synthetic.parsed(tracking_root)
    shown = run("export", "--otlp", url)
    assert shown.returncode == 1
    assert shown.stderr.splitlines()[-1].startswith(f"Error: {url} did not take all of it")
    assert len(shown.stderr.splitlines()) == 1
    assert run("export", "--otlp", "localhost").returncode == 1
