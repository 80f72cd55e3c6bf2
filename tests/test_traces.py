"""Each turn becomes a trace: who did what, when, for how much, and what failed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from parsers.session import AssistantText, Category, Error, ErrorKind, ModelCall, Prompt, Stopped, Tokens, ToolUse
from tests import synthetic
from tests.mlflow_server import door
from tests.runs import client_of, log, runs_in
from tests.synthetic import answer, shell
from with_tracking.store import local_store, span_text
from with_tracking.store.turns import SPANS, SpanKind, turns_of

pytestmark = pytest.mark.xdist_group("mlflow")


# --- turns ------------------------------------------------------------------------------------------------------------


def test_a_turn_per_prompt() -> None:
    """Each prompt starts a turn; what came before the first one is a turn of its own, if anything was done."""
    greeting = AssistantText(text="Welcome", seconds=0.1)
    first = [Prompt(text="one", seconds=1), answer(1), shell("ls", 3), AssistantText(text="Done", seconds=4)]
    second = [Prompt(text="two", seconds=60), answer(60)]
    turns = turns_of([greeting, *first, *second], "claude")
    assert [(turn.number, turn.prompt, turn.answer) for turn in turns] == [(1, "one", "Done"), (2, "two", None)]
    assert (turns[0].spans[0].start, turns[0].spans[0].end) == (1, 4)
    assert turns_of([shell("make", 0.5)], "codex")[0].prompt is None


def test_spans_have_their_own_times_and_texts() -> None:
    """LLM and TOOL spans lie below the root with the times, inputs and outputs of their events."""
    events = [Prompt(text="go", seconds=1), answer(1), shell("ls", 3, ok=False), AssistantText(text="Hm", seconds=5)]
    root, model, tool = turns_of(events, "claude")[0].spans
    assert (root.kind, model.kind, tool.kind) == (SpanKind.AGENT, SpanKind.LLM, SpanKind.TOOL)
    assert (model.parent, tool.parent) == (0, 0)
    assert (model.start, model.end, tool.start, tool.end) == (1, 2.5, 3, 3.4)
    assert model.inputs == {"messages": [{"role": "user", "content": "go"}]}
    assert model.outputs["content"] == "Hm"
    assert tool.inputs == {"command": "ls"}
    assert tool.outputs == "output of ls"
    assert (model.error, tool.error, root.error) == (None, "exit code 1", "Bash: exit code 1")


def test_sub_agents_lie_below_the_tool_that_started_them() -> None:
    """Two sub-agents at once: each has an AGENT span below its own Task, with its calls below that."""
    task = {"name": "Task", "category": Category.TASK, "duration_seconds": 20.0, "ok": True}
    events = [
        Prompt(text="review", seconds=0),
        answer(0),
        ToolUse(**task, input={"subagent_type": "tester"}, start_seconds=2),
        ToolUse(**task, input={"subagent_type": "reader"}, start_seconds=2.1),
        answer(3, agent="reader"),
        answer(3, agent="tester"),
        shell("pytest", 5, agent="tester"),
        answer(6, agent="tester"),
        AssistantText(text="All pass.", seconds=8, agent="tester"),
    ]
    spans = turns_of(events, "claude")[0].spans
    by_name = {(span.name, span.kind): index for index, span in enumerate(spans)}
    tester, reader = by_name["tester", SpanKind.AGENT], by_name["reader", SpanKind.AGENT]
    assert spans[spans[tester].parent or 0].inputs == {"subagent_type": "tester"}
    assert spans[spans[reader].parent or 0].inputs == {"subagent_type": "reader"}
    assert spans[by_name["Bash", SpanKind.TOOL]].parent == tester
    assert [span.parent for span in spans if span.kind is SpanKind.LLM] == [0, reader, tester, tester]


def test_a_sub_agents_span_tells_its_task_its_answer_and_what_it_used() -> None:
    """The tokens of those below it are its own, too: for itself each stands on its LLM span."""
    task = {"name": "Task", "category": Category.TASK, "duration_seconds": 20.0}
    events = [
        Prompt(text="go", seconds=0),
        ToolUse(**task, input={"description": "outer", "prompt": "Survey the code."}, start_seconds=1),
        answer(2, agent="outer"),
        ToolUse(**task, input={"description": "inner", "prompt": "Count the files."}, start_seconds=3, agent="outer"),
        answer(4, agent="inner"),
        AssistantText(text="Three.", seconds=5, agent="inner"),
        answer(6, agent="outer"),
        AssistantText(text="There are three files.", seconds=7, agent="outer"),
    ]
    spans = turns_of(events, "claude", lambda calls: 0.25 * len(calls))[0].spans
    agents = {span.name: span for span in spans if span.kind is SpanKind.AGENT}
    outer, inner = agents["outer"], agents["inner"]
    assert (outer.inputs, outer.outputs) == ({"task": "Survey the code."}, {"answer": "There are three files."})
    assert (inner.inputs, inner.outputs) == ({"task": "Count the files."}, {"answer": "Three."})
    output = answer(0).tokens.output or 0
    assert (outer.attributes["model_calls"], outer.attributes["tokens.output"]) == (3, 3 * output)
    assert (inner.attributes["model_calls"], inner.attributes["tokens.output"]) == (1, output)
    assert (outer.attributes["cost_usd"], inner.attributes["cost_usd"]) == (0.75, 0.25)
    first = next(span for span in spans if span.kind is SpanKind.LLM)
    assert first.inputs == {"messages": [{"role": "user", "content": "Survey the code."}]}


def test_unknown_times_and_order() -> None:
    """Events without a time happen right after the one before them; no span ends before it starts."""
    events = [
        Prompt(text="go"),
        ToolUse(name="Read", category=Category.READ),
        answer(9, duration_seconds=None),
        AssistantText(text="x", seconds=12),
        Prompt(text="again", seconds=20),
    ]
    turns = turns_of(events, "aider")
    assert [turn.prompt for turn in turns] == ["go", "again"]
    assert [(span.start, span.end) for span in turns[0].spans] == [(0, 12), (0, 0), (9, 12)]


def test_failures() -> None:
    """Denied and interrupted tool uses, API errors and interruptions make their span, and the turn, fail."""
    denied = ToolUse(name="Bash", category=Category.SHELL, ok=False, stopped=Stopped.DENIED, start_seconds=1)
    (turn,) = turns_of([Prompt(text="a", seconds=0), denied], "claude")
    assert (turn.spans[0].error, turn.spans[1].error) == ("Bash: denied", "denied")
    overloaded = Error(kind=ErrorKind.API_ERROR, text="529 Overloaded", seconds=1)
    (turn,) = turns_of([Prompt(text="a", seconds=0), overloaded], "claude")
    assert (turn.spans[1].kind, turn.spans[1].error) == (SpanKind.LLM, "529 Overloaded")
    stopped = Error(kind=ErrorKind.INTERRUPTED, text="Interrupted by user", seconds=1)
    (turn,) = turns_of([Prompt(text="a", seconds=0), stopped], "claude")
    assert turn.spans[0].error == "Interrupted by user"


def test_screen_only_answers_are_llm_spans() -> None:
    """Without a log nobody knows the model's calls; what it said is shown all the same, without tokens."""
    root, said = turns_of([Prompt(text="hi", seconds=0), AssistantText(text="Hello", seconds=2)], "sgpt")[0].spans
    assert (said.kind, said.outputs["content"], said.tokens) == (SpanKind.LLM, "Hello", None)
    assert root.outputs == {"answer": "Hello"}


def test_cost_is_split_by_what_the_output_costs() -> None:
    """Each call's cost is asked for alone; the part for the output is what the output alone would cost."""
    calls: list[int] = []

    def price(asked: Any) -> float:
        calls.append(len(asked))
        return sum((call.tokens.input or 0) * 0.001 + (call.tokens.output or 0) * 0.01 for call in asked)

    model = turns_of([Prompt(text="a", seconds=0), answer(0)], "claude", price)[0].spans[1]
    assert (model.cost_usd, model.output_cost_usd) == (pytest.approx(0.6), pytest.approx(0.5))
    assert set(calls) == {1}


def test_long_texts_are_cut_with_a_pointer() -> None:
    """A text has at most 4,000 characters and says where the rest is; large inputs stay small and JSON."""
    tool = ToolUse(
        name="Write",
        category=Category.WRITE,
        input={"content": "x" * 50_000, "n": 1},
        output="y" * 9_000,
        start_seconds=1,
    )
    span = turns_of([Prompt(text="p" * 10_000, seconds=0), tool], "claude")[0].spans[1]
    assert span.inputs["content"].startswith("x" * 4000 + "… [50,000 characters, cut at 4,000:")
    assert span.outputs.endswith("the whole is in the run's events.jsonl]")
    assert len(span.outputs) < 4_200
    large = {f"key{number}": "v" * 1000 for number in range(500)}
    assert len(msgspec.json.encode(span_text.cut_value(large))) < span_text.VALUE_LENGTH + 300
    deep: Any = "end"
    for _ in range(500):
        deep = [deep]
    assert len(msgspec.json.encode(span_text.cut_value(deep))) < span_text.VALUE_LENGTH


def test_huge_turns_are_bounded() -> None:
    """A turn of 5,000 tool uses keeps the first ones and says how many were left out."""
    turn = turns_of([Prompt(text="a", seconds=0), *(shell("ls", number) for number in range(5_000))], "claude")[0]
    assert len(turn.spans) == SPANS
    assert turn.spans[0].attributes["spans_left_out"] == 5_001 - SPANS
    assert turn.spans[0].end == pytest.approx(4_999.4)


# --- in MLflow --------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "server"])
def store(
    request: pytest.FixtureRequest, tracking_root: Path, ready_store: None, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Send traces to the local store, then to a server; give the tracking URI. Each test has its own experiment."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", f"{request.node.name} of {Path(__file__).stem}")
    if request.param == "sqlite":
        return local_store.uri(tracking_root / "mlflow.db")
    address: str = request.getfixturevalue("server")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    return address


def traces_in(store: str) -> list[Any]:
    """Return all traces of the test's experiment, the oldest first."""
    (run,) = runs_in(store)
    found = client_of(store).search_traces(locations=[run.info.experiment_id], include_spans=True)
    return sorted(found, key=lambda trace: trace.info.request_time)


TWO_TURNS = (
    *synthetic.events_of(2),
    Prompt(text="and now push", seconds=40.0),
    answer(40.0, tokens=Tokens(input=10, output=20)),
    shell("git push", 42.0),
    AssistantText(text="Pushed.", seconds=43.0),
)


def test_traces_are_stored(store: str, tracking_root: Path) -> None:
    """A trace per turn is read back with its spans, times, state, preview, and linked to run and session."""
    recorded = synthetic.parse(synthetic.record(tracking_root), TWO_TURNS)
    run_id = log(recorded)
    first, second = traces_in(store)
    began = round(synthetic.BEGAN.timestamp() * 1000)
    assert (first.info.request_time, second.info.request_time) == (began + 500, began + 40_000)
    assert second.info.execution_duration == 3_000
    assert (first.info.state, second.info.state) == ("ERROR", "OK")
    assert second.info.request_preview == "and now push"
    assert second.info.response_preview == "Pushed."
    for trace in (first, second):
        assert trace.info.trace_metadata["mlflow.sourceRun"] == run_id
        assert trace.info.trace_metadata["mlflow.trace.session"] == recorded.folder.name
    root, model, tool = second.data.spans
    assert (root.span_type, model.span_type, tool.span_type) == ("AGENT", "LLM", "TOOL")
    assert (root.parent_id, model.parent_id, tool.parent_id) == (None, root.span_id, root.span_id)
    assert tool.start_time_ns == (began + 42_000) * 1_000_000
    assert tool.end_time_ns == (began + 42_400) * 1_000_000
    assert (tool.name, tool.inputs, tool.outputs) == ("Bash", {"command": "git push"}, "output of git push")
    failed = [span for span in first.data.spans if span.status.status_code == "ERROR"]
    assert [span.name for span in failed] == ["claude turn 1", "Bash"]


def test_tokens_and_cost(store: str, tracking_root: Path) -> None:
    """A trace's tokens and cost are the sums of its LLM spans; no other span has any."""
    log(synthetic.parse(synthetic.record(tracking_root), TWO_TURNS))
    first, second = traces_in(store)
    usage = {"input_tokens": 2200, "output_tokens": 100, "total_tokens": 2300, "cache_read_input_tokens": 2000}
    assert first.info.token_usage.items() >= usage.items()
    assert second.info.cost["total_cost"] == pytest.approx((10 * 5 + 20 * 25) / 1_000_000)
    for span in first.data.spans:
        assert (span.get_attribute("mlflow.chat.tokenUsage") is not None) == (span.span_type == "LLM")


def test_unknown_cost_is_not_guessed(store: str, tracking_root: Path) -> None:
    """A model without a price gives no cost, quickly: MLflow's own catalogue and the network are not asked."""
    unknown = ModelCall(model="nobody-knows-1", tokens=Tokens(input=5, output=5), seconds=1)
    began = time.monotonic()
    log(synthetic.parse(synthetic.record(tracking_root), (Prompt(text="a", seconds=0), unknown)))
    assert time.monotonic() - began < 15
    (trace,) = traces_in(store)
    assert not (trace.info.cost or {}).get("total_cost")
    assert trace.info.token_usage["total_tokens"] == 10


def test_logging_again_keeps_one_trace_per_turn(store: str, tracking_root: Path) -> None:
    """Traces are not doubled, neither by the same session nor by one that was read anew; they follow the new run."""
    recorded = synthetic.parse(synthetic.record(tracking_root), TWO_TURNS)
    log(recorded)
    (recorded.folder / "logged.json").unlink()
    log(recorded)
    ids = [trace.info.trace_id for trace in traces_in(store)]
    assert len(ids) == 2
    run_id = log(synthetic.parse(recorded.folder, TWO_TURNS[:-4]))
    (trace,) = traces_in(store)
    assert trace.info.trace_id == ids[0]
    assert trace.info.trace_metadata["mlflow.sourceRun"] == run_id


def test_switched_off(store: str, tracking_root: Path, home: Path) -> None:
    """[mlflow] traces = false logs the run alone, and takes traces away that were there."""
    recorded = synthetic.parse(synthetic.record(tracking_root), TWO_TURNS)
    log(recorded)
    config = home / ".config" / "with-tracking" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[mlflow]\ntraces = false\n")
    log(recorded)
    assert traces_in(store) == []


@pytest.mark.parametrize("status", [403, 404, 413, 501])
def test_server_without_traces(server: str, tracking_root: Path, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """A server or proxy that takes no traces gets the run all the same, and the run says why it has none."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", f"runs alone {status}")
    recorded = synthetic.parse(synthetic.record(tracking_root), TWO_TURNS)
    with door(server, lambda request: status if "traces" in request.path else None) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        run_id = log(recorded)
    (run,) = runs_in(server)
    assert run.info.run_id == run_id
    assert run.data.tags["traces"].startswith("not stored: ")


@pytest.mark.slow
def test_many_spans_at_once(store: str, tracking_root: Path) -> None:
    """A session of 120 turns and 3,000 spans is stored whole."""
    events = [
        event
        for number in range(120)
        for event in (Prompt(text="go", seconds=number * 60), *(shell("ls", number * 60 + n) for n in range(1, 25)))
    ]
    log(synthetic.parse(synthetic.record(tracking_root), events))
    (run,) = runs_in(store)
    client = client_of(store)
    page = client.search_traces(locations=[run.info.experiment_id], max_results=200, include_spans=True)
    assert sum(len(trace.data.spans) for trace in page) == 120 * 25
