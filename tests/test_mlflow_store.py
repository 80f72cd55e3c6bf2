"""One run per session, whole, once: on a real SQLite store and on a real MLflow server."""

from __future__ import annotations

import gzip
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from parsers.session import Prompt
from tests import synthetic
from tests.runs import client_of, log, runs_in
from with_tracking import archive, mlflow_store
from with_tracking.errors import MlflowNotWanted
from with_tracking.store import local_store
from with_tracking.store.logged import read_logged

pytestmark = [pytest.mark.xdist_group("mlflow"), pytest.mark.usefixtures("ready_store")]


@pytest.fixture(params=["sqlite", "server"])
def store(request: pytest.FixtureRequest, tracking_root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Send runs to the local store, then to a server; give the tracking URI. Each test has its own experiment."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", request.node.name)
    if request.param == "sqlite":
        return local_store.uri(tracking_root / "mlflow.db")
    address: str = request.getfixturevalue("server")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    return address


def test_run_holds_the_session(store: str, tracking_root: Path) -> None:
    """Name, times, status, parameters, tags, metrics and description are those of the session."""
    recorded = synthetic.parsed(tracking_root)
    run = client_of(store).get_run(log(recorded))
    began = round(synthetic.BEGAN.timestamp() * 1000)
    assert (run.info.run_name, run.info.status) == ("claude: close-issue 583", "FINISHED")
    assert (run.info.start_time, run.info.end_time) == (began, began + 30_000)
    assert run.data.params.items() >= {"procedure_name": "close-issue", "issue_number": "583"}.items()
    wanted = {"type": "ai_session", "provider": "claude_code", "session_id": recorded.folder.name}
    assert run.data.tags.items() >= wanted.items()
    assert run.data.tags["mlflow.note.content"].startswith("**claude_code")
    assert run.data.metrics == dict(recorded.session.metrics)


def test_artifacts(store: str, tracking_root: Path, tmp_path: Path) -> None:
    """The recording is there compressed, byte for byte, and all that was read from it; native logs keep their place."""
    recorded = synthetic.parsed(tracking_root)
    (recorded.folder / "native" / "projects").mkdir(parents=True)
    (recorded.folder / "native" / "projects" / "log.jsonl").write_text("{}\n")
    run_id = log(recorded)
    client_of(store).download_artifacts(run_id, "", str(tmp_path))
    files = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    wanted = {"transcript.txt", "session.json", "parsed.json", "events.jsonl", "summary.md"}
    wanted |= {"raw/typescript.gz", "raw/timing.log.gz", "native/projects/log.jsonl"}
    assert wanted <= files
    assert gzip.decompress((tmp_path / "raw" / "typescript.gz").read_bytes()) == synthetic.OUTPUT
    assert json.loads((tmp_path / "session.json").read_bytes())["session_id"] == recorded.folder.name
    assert not list((tracking_root / "tmp").iterdir())


def test_local_artifacts_lie_below_the_root(tracking_root: Path) -> None:
    """Artifacts of the local store never land in the working directory, and nobody else can read them."""
    (tracking_root / "mlflow.db").unlink()
    run_id = log(synthetic.parsed(tracking_root))
    run = client_of(local_store.uri(tracking_root / "mlflow.db")).get_run(run_id)
    assert run.info.artifact_uri.startswith((tracking_root / "artifacts").as_uri())
    assert (tracking_root / "artifacts").stat().st_mode & 0o077 == 0
    assert (tracking_root / "mlflow.db").stat().st_mode & 0o077 == 0


def test_same_recording_compresses_to_the_same_bytes(tracking_root: Path) -> None:
    """Logging again on another day gives the same files."""
    from with_tracking.store import artifacts

    folder = synthetic.parsed(tracking_root).folder
    packed = []
    for _ in range(2):
        with artifacts.laid_out(folder, "", tracking_root / "tmp") as place:
            packed.append((place / "raw" / "typescript.gz").read_bytes())
        os.utime(folder / "typescript", (1, 1))
    assert packed[0] == packed[1]


def test_history_is_a_time_line(store: str, tracking_root: Path) -> None:
    """Charts show when commands ran and errors came; the last point is the total at the session's end."""
    recorded = synthetic.parsed(tracking_root, commands=5)
    run_id = log(recorded)
    began = round(synthetic.BEGAN.timestamp() * 1000)
    history = client_of(store).get_metric_history(run_id, "commands_executed")
    points = sorted((point.timestamp - began, point.step, point.value) for point in history)
    assert [value for _, _, value in points] == [1, 2, 3, 4, 5, 5]
    assert points[0][:2] == (2600, 2)
    assert points[-1][:2] == (30_000, 30)


def test_long_history_is_thinned(tracking_root: Path) -> None:
    """A session of 3,000 commands gives a chart of about 200 points whose last one is right."""
    run_id = log(synthetic.parsed(tracking_root, commands=3000))
    client = client_of(local_store.uri(tracking_root / "mlflow.db"))
    assert len(client.get_metric_history(run_id, "commands_executed")) <= 201
    assert client.get_run(run_id).data.metrics["commands_executed"] == 3000


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"exit_code": 1}, "FAILED"),
        ({"exit_code": 143, "end_reason": "signalled"}, "KILLED"),
        ({"exit_code": None, "end_reason": "lost"}, "KILLED"),
        ({"exit_code": 0, "end_reason": "hung_up"}, "KILLED"),
    ],
)
def test_status(tracking_root: Path, changes: dict[str, Any], status: str) -> None:
    """A run's status says how the session ended."""
    run_id = log(synthetic.parsed(tracking_root, **changes))
    assert client_of(local_store.uri(tracking_root / "mlflow.db")).get_run(run_id).info.status == status


SEARCHES = {
    'tags.type = "ai_session"': {"claude", "codex", "short"},
    'tags.provider = "openai_codex"': {"codex"},
    "metrics.commands_executed > 10": {"codex"},
    "metrics.errors_encountered > 0": {"claude", "codex"},
    "metrics.success = 1": {"claude", "short"},
    "metrics.duration_seconds > 30": {"codex"},
    'params.procedure_name = "close-issue" AND params.issue_number = "583"': {"claude", "codex"},
}


def test_searches_of_the_readme(store: str, tracking_root: Path) -> None:
    """The searches that people are told of find what they say."""
    log(synthetic.parsed(tracking_root, "claude"))
    folder = synthetic.record(
        tracking_root, "codex", provider="openai_codex", exit_code=1, ended_at=synthetic.BEGAN + timedelta(minutes=2)
    )
    log(synthetic.parse(folder, synthetic.events_of(12)))
    other = synthetic.events_of(2, failing=0, prompt="explain the code")
    log(synthetic.parse(synthetic.record(tracking_root, "short"), other))
    found = {search: {run.data.tags["session_id"] for run in runs_in(store, search)} for search in SEARCHES}
    assert found == SEARCHES


def test_logging_again_changes_nothing(store: str, tracking_root: Path) -> None:
    """The same session gives the same run, also when logged.json was lost."""
    recorded = synthetic.parsed(tracking_root)
    first = log(recorded)
    (recorded.folder / "logged.json").unlink()
    assert [log(recorded), log(recorded)] == [first, first]
    assert [run.info.run_id for run in runs_in(store)] == [first]


def test_changed_session_replaces_its_run_and_keeps_foreign_tags(store: str, tracking_root: Path) -> None:
    """What was read anew and better is logged anew; what people have put on the run stays."""
    recorded = synthetic.parsed(tracking_root, commands=4)
    first = log(recorded)
    client_of(store).set_tag(first, "reviewed_by", "me")
    second = log(synthetic.parse(recorded.folder, synthetic.events_of(3)))
    (run,) = runs_in(store)
    assert run.info.run_id == second != first
    assert run.data.tags["reviewed_by"] == "me"
    assert run.data.metrics["commands_executed"] == 3


def test_logged_json_names_the_run(tracking_root: Path) -> None:
    """logged.json is there after the run was read back and says where it is, without passwords."""
    recorded = synthetic.parsed(tracking_root)
    run_id = log(recorded)
    logged = read_logged(recorded.folder)
    assert logged is not None
    assert (logged.run_id, logged.tracking_uri) == (run_id, local_store.uri(tracking_root / "mlflow.db"))
    assert archive.state_of(recorded.folder) is archive.State.LOGGED


def test_texts_that_databases_refuse(store: str, tracking_root: Path) -> None:
    """NUL, very long texts and odd names do not keep a session from being logged."""
    events = (Prompt(text="close-issue 583 " + "\0\U0001f600" + "x" * 20_000, seconds=0.1),)
    folder = synthetic.record(tracking_root, argv=("claude", "a\0b"), cwd="/tmp/é" + "d" * 7000)
    recorded = synthetic.parse(folder, (Prompt(text="close-issue 583", seconds=0.1),))
    session = msgspec.structs.replace(
        recorded.session, user_prompts=(events[0].text,), metrics={"tool_uses.a,b": 1.0, "x": float("nan")}
    )
    run = client_of(store).get_run(mlflow_store.log_session(folder, session, recorded.events))
    assert len(run.data.params["initial_prompt"]) == 6000
    assert run.data.metrics == {"tool_uses.a_b": 1.0}


def test_run_tags_of_the_configuration(tracking_root: Path, home: Path) -> None:
    """[mlflow] run_tags stand on every run but do not overrule what the session says."""
    config = home / ".config" / "with-tracking" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[mlflow]\nexperiment_name = "mine"\nrun_tags = {team = "blue", type = "other"}\n')
    log(synthetic.parsed(tracking_root))
    (run,) = runs_in(local_store.uri(tracking_root / "mlflow.db"), experiment="mine")
    assert (run.data.tags["team"], run.data.tags["type"]) == ("blue", "ai_session")


def test_not_wanted(tracking_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Switched off means no store at all."""
    monkeypatch.setenv("WITH_TRACKING_MLFLOW", "0")
    with pytest.raises(MlflowNotWanted):
        log(synthetic.parsed(tracking_root))
    assert runs_in(local_store.uri(tracking_root / "mlflow.db")) == []
