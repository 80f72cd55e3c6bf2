"""Logging while things go wrong: crashes, races, servers that are down or drop the connection, stores that refuse."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from tests import synthetic
from tests.forked import PROCESSES, take_over
from tests.mlflow_server import door, free_port, wants_password
from tests.runs import client_of, log, runs_in
from with_tracking import archive, mlflow_store
from with_tracking.errors import MlflowUnavailable, RunRefused
from with_tracking.store import local_store, mlflow_library

pytestmark = [pytest.mark.xdist_group("mlflow"), pytest.mark.usefixtures("ready_store")]


def _log_in_process(folder: str, environ: dict[str, str], go: Any = None) -> None:
    take_over(environ)
    session, events = archive.read_session(Path(folder)), archive.read_events(Path(folder))
    assert session is not None
    assert events is not None
    if go is not None:
        go.wait()
    mlflow_store.log_session(Path(folder), session, events)


def _together(folders: list[Path]) -> None:
    """Log sessions in as many processes, all at the same moment."""
    go = PROCESSES.Barrier(len(folders))
    workers = [PROCESSES.Process(target=_log_in_process, args=(str(one), dict(os.environ), go)) for one in folders]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0


def test_processes_at_once_on_a_new_store(tracking_root: Path) -> None:
    """Several processes that make the store at the same time, two of them for the same session, corrupt nothing."""
    (tracking_root / "mlflow.db").unlink()
    folders = [synthetic.parsed(tracking_root, f"session-{number}").folder for number in range(3)]
    _together([*folders, folders[0], folders[0]])
    database = tracking_root / "mlflow.db"
    found = sorted(run.data.tags["session_id"] for run in runs_in(local_store.uri(database)))
    assert found == ["session-0", "session-1", "session-2"]
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    assert not list(tracking_root.glob(".mlflow.db*"))


def test_processes_at_once_on_a_server(server: str, tracking_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several processes that make the experiment on a server at once give one run each."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "at-once")
    folders = [synthetic.parsed(tracking_root, f"session-{number}").folder for number in range(3)]
    _together([*folders, folders[0]])
    assert len(runs_in(server)) == 3


CLIENT_CALLS = ("create_run", "log_batch", "log_artifacts", "set_terminated", "set_tag")


def _die_after(call: str, folder: str, environ: dict[str, str]) -> None:
    """Log a session and be killed right after the named step of it was done."""
    client = mlflow_library.load().MlflowClient
    owner: Any = archive if call == "write_whole" else client
    original = getattr(owner, call)

    def last_act(*args: Any, **kwargs: Any) -> None:
        original(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, call, last_act)
    _log_in_process(folder, environ)


@pytest.mark.parametrize("again", [False, True], ids=["first-time", "replacing"])
@pytest.mark.parametrize("call", [*CLIENT_CALLS, "delete_run", "write_whole"])
def test_killed_while_logging(tracking_root: Path, call: str, again: bool) -> None:
    """SIGKILL after any step leaves a session that is logged whole and once by the next try."""
    recorded = synthetic.parsed(tracking_root)
    if again:
        log(recorded)
        (recorded.folder / "logged.json").unlink()
        recorded = synthetic.parse(recorded.folder, synthetic.events_of(3))
    worker = PROCESSES.Process(target=_die_after, args=(call, str(recorded.folder), dict(os.environ)))
    worker.start()
    worker.join()
    assert worker.exitcode == (0 if call == "delete_run" and not again else -signal.SIGKILL)
    run_id = log(recorded)
    (run,) = runs_in(local_store.uri(tracking_root / "mlflow.db"))
    assert run.info.run_id == run_id
    assert run.data.metrics == dict(recorded.session.metrics)
    assert run.data.tags["logged"]
    assert not list((tracking_root / "tmp").iterdir())


def test_server_that_is_down(tracking_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is not there is told in one line, soon, and the session stays pending."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:secret@127.0.0.1:{free_port()}")
    recorded = synthetic.parsed(tracking_root)
    began = time.monotonic()
    with pytest.raises(MlflowUnavailable, match=r"cannot be reached. Try: with-tracking sync") as raised:
        log(recorded)
    assert time.monotonic() - began < 60
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)
    assert archive.pending(tracking_root) == [recorded.folder]


def test_folder_as_a_store(tracking_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file: store, which MLflow 3.13 gave up, is refused with what to set instead."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tracking_root / "old").as_uri())
    recorded = synthetic.parsed(tracking_root)
    if tuple(map(int, mlflow_library.load().__version__.split(".")[:2])) < (3, 13):
        pytest.skip("this MLflow still takes it")
    with pytest.raises(MlflowUnavailable, match="Try: MLFLOW_TRACKING_URI=sqlite:"):
        log(recorded)


def test_password(server: str, tracking_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD open the door; without them the refusal says so."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "password")
    recorded = synthetic.parsed(tracking_root)
    with door(server, wants_password("me", "secret")) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        with pytest.raises(MlflowUnavailable, match="MLFLOW_TRACKING_USERNAME"):
            log(recorded)
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
        run_id = log(recorded)
    assert [run.info.run_id for run in runs_in(server)] == [run_id]


@pytest.mark.parametrize("nth", [1, 3, 5, 7, 9, 11])
@pytest.mark.parametrize("status", [0, 500], ids=["dropped", "error-500"])
def test_connection_lost_in_the_middle(
    server: str, tracking_root: Path, monkeypatch: pytest.MonkeyPatch, nth: int, status: int
) -> None:
    """Whichever request is the last that the server answers: afterwards the session is logged once, by trying again."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", f"lost-{nth}-{status}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    recorded = synthetic.parsed(tracking_root)
    requests = iter(range(1, 10_000))
    with door(server, lambda _: status if next(requests) >= nth else None) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        with pytest.raises(MlflowUnavailable):
            log(recorded)
    assert archive.pending(tracking_root) == [recorded.folder]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    run_id = log(recorded)
    assert [run.info.run_id for run in runs_in(server)] == [run_id]


def test_newer_store_is_named(tracking_root: Path) -> None:
    """A store that a newer MLflow wrote is refused with the way out."""
    log(synthetic.parsed(tracking_root, "old"))
    with sqlite3.connect(tracking_root / "mlflow.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    connection.close()
    recorded = synthetic.parsed(tracking_root, "new")
    worker = PROCESSES.Process(target=_expect_refusal, args=(str(recorded.folder), dict(os.environ)))
    worker.start()
    worker.join()
    assert worker.exitcode == 0


def _expect_refusal(folder: str, environ: dict[str, str]) -> None:
    with pytest.raises(MlflowUnavailable, match=r"Try: .*pip install .*--upgrade mlflow"):
        _log_in_process(folder, environ)


def test_deleted_experiment_is_named(tracking_root: Path) -> None:
    """An experiment that was deleted in the UI is named with the command that brings it back."""
    log(synthetic.parsed(tracking_root, "one"))
    client = client_of(local_store.uri(tracking_root / "mlflow.db"))
    client.delete_experiment(client.get_experiment_by_name("ai-sessions").experiment_id)
    command = f"MLFLOW_TRACKING_URI=sqlite:///{tracking_root}/mlflow.db mlflow experiments restore -x "
    with pytest.raises(MlflowUnavailable, match=command):
        log(synthetic.parsed(tracking_root, "two"))


def test_full_or_unwritable_place(tracking_root: Path) -> None:
    """A session that cannot be written is refused alone: others may still be logged."""
    recorded = synthetic.parsed(tracking_root)
    (tracking_root / "tmp").write_text("in the way")
    with pytest.raises(RunRefused):
        log(recorded)
    (tracking_root / "tmp").unlink()
    log(recorded)
    assert len(runs_in(local_store.uri(tracking_root / "mlflow.db"))) == 1
