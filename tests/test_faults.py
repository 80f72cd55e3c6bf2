"""Nothing is lost: whoever dies at whatever moment, afterwards each session has one run and all of its recording.

Deaths are made by an audit hook of the interpreter: the process is killed by SIGKILL when it is about to change the
n-th file below the root. That needs no help from the code under test, and reaches what it calls (MLflow, SQLite), too.
"""

from __future__ import annotations

import gzip
import os
import resource
import shutil
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import synthetic
from tests.conftest import written_paths
from tests.forked import PROCESSES, run, take_over
from tests.mlflow_server import door
from tests.runs import client_of, runs_in
from with_tracking import archive, sync
from with_tracking.store import local_store
from with_tracking.turn_taking import turn

pytestmark = [pytest.mark.xdist_group("mlflow"), pytest.mark.usefixtures("ready_store")]

KEY = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
SCREEN = "❯ close-issue 583\r\n\r\n● Bash(git status)\r\n  ⎿  On branch main\r\n\r\n● Done.\r\n".encode()


def sync_all(root: Path) -> sync.Summary:
    """Do what `with-tracking sync` does."""
    return sync.sync(archive.pending(root), lambda session_id: None)


def recorded(root: Path, session_id: str = "20261120-092939-00000001", more: bytes = b"", **changes: Any) -> Path:
    """Make a session that was recorded and not read; return its folder."""
    folder = synthetic.record(root, session_id, **changes)
    (folder / "typescript").write_bytes(SCREEN + more)
    (folder / "timing.log").write_text(f"O 0.100000 {len(SCREEN + more)}\n")
    return folder


def test_a_session_is_read_while_others_are_logged(tracking_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who lists or searches need not wait for the turn that its logging waits for."""
    folder = recorded(tracking_root)
    monkeypatch.setenv("WITH_TRACKING_MLFLOW", "0")
    with ThreadPoolExecutor(1) as beside, turn(tracking_root):
        waits = beside.submit(run, "sync", "--quiet")
        deadline = time.monotonic() + 60
        while archive.state_of(folder) is not archive.State.PARSED and time.monotonic() < deadline:
            time.sleep(0.02)
        assert archive.state_of(folder) is archive.State.PARSED
        assert not waits.done()
    assert waits.result().returncode == 0


def check(root: Path, folders: list[Path], screen: bytes = SCREEN, uri: str | None = None) -> None:
    """Check that each session has one run, and that folder and run hold every byte that was recorded."""
    uri = uri or local_store.uri(root / "mlflow.db")
    found = runs_in(uri)
    runs = {run.data.tags["session_id"]: run for run in found}
    assert len(found) == len(runs) == len(folders)
    client = client_of(uri)
    for folder in folders:
        assert archive.state_of(folder) is archive.State.LOGGED
        assert (folder / "typescript").read_bytes() == screen
        run = runs[folder.name]
        assert run.data.tags["logged"]
        copy = client.download_artifacts(run.info.run_id, "raw/typescript.gz", str(root.parent))
        assert gzip.decompress(Path(copy).read_bytes()) == screen
        assert run.data.metrics["transcript_bytes"] == len(screen)
        assert not [entry for entry in folder.iterdir() if entry.name.startswith(".") and entry.name != ".lock"]
    assert not list((root / "tmp").iterdir())


# --- SIGKILL at any file that is written ------------------------------------------------------------------------------


def _die_at(nth: int, root: str, environ: dict[str, str], count: Any) -> None:
    """Sync, and be killed when the nth file below the root is about to be changed."""
    take_over(environ)

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if any(str(path).startswith(root) for path in written_paths(event, arguments)):
            count.value += 1
            if count.value == nth:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    sync_all(Path(root))


def _died_at(nth: int, root: Path) -> int:
    """Let a sync die at its nth change; return how many changes it began."""
    count = PROCESSES.Value("i", 0)
    worker = PROCESSES.Process(target=_die_at, args=(nth, str(root), dict(os.environ), count))
    worker.start()
    worker.join()
    assert worker.exitcode == (-signal.SIGKILL if 0 < nth <= count.value else 0)
    return int(count.value)


POINTS = 20


@pytest.mark.slow
@pytest.mark.parametrize("share", range(POINTS))
def test_killed_while_reading_or_logging(tracking_root: Path, share: int) -> None:
    """SIGKILL at any of the files that reading and logging a session change, from the first to the last."""
    folder = recorded(tracking_root)
    changes = 44
    _died_at(1 + share * changes // POINTS, tracking_root)
    assert archive.pending(tracking_root) == ([] if (folder / "logged.json").exists() else [folder])
    assert sync_all(tracking_root).pending == 0
    check(tracking_root, [folder])
    assert sync_all(tracking_root) == sync.Summary()


def test_points_reach_from_the_first_file_to_the_last(tracking_root: Path) -> None:
    """The points above are spread over a whole sync: it changes about as many files as they assume."""
    recorded(tracking_root)
    assert abs(_died_at(0, tracking_root) - 44) <= 6


@pytest.mark.parametrize("nth", [4, 8, 12, 16])
def test_killed_while_masking(tracking_root: Path, nth: int) -> None:
    """A secret is masked in the end however often masking was begun, and no byte around it is lost."""
    said = f"token: {KEY}\r\n".encode()
    folder = recorded(tracking_root, more=said)
    _died_at(nth, tracking_root)
    assert sync_all(tracking_root).pending == 0
    kept = (folder / "typescript").read_bytes()
    assert KEY.encode() not in kept
    assert (len(kept), kept.startswith(SCREEN)) == (len(SCREEN + said), True)
    check(tracking_root, [folder], kept)
    holding = [file for file in tracking_root.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]
    assert holding == []


# --- no room ----------------------------------------------------------------------------------------------------------


def _sync_with_little_room(size: int, root: str, environ: dict[str, str]) -> None:
    take_over(environ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing then fails as on a full disk, with EFBIG
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    summary = sync_all(Path(root))
    assert summary.pending == 1, summary
    assert summary.failed or summary.stopped_by


@pytest.mark.parametrize("size", [0, 100, 900, 3000])
def test_no_room(tracking_root: Path, size: int) -> None:
    """Where files cannot grow, nothing half-written stays: the session is pending, and logged when there is room."""
    folder = recorded(tracking_root)
    worker = PROCESSES.Process(target=_sync_with_little_room, args=(size, str(tracking_root), dict(os.environ)))
    worker.start()
    worker.join()
    assert worker.exitcode == 0
    assert archive.pending(tracking_root) == [folder]
    assert sync_all(tracking_root).pending == 0
    check(tracking_root, [folder])


# --- many at once -----------------------------------------------------------------------------------------------------


def _sync_together(root: str, environ: dict[str, str], go: Any) -> None:
    take_over(environ)
    go.wait()
    sync_all(Path(root))


@pytest.mark.slow
@pytest.mark.parametrize("store", ["new", "old"])
def test_ten_sessions_end_at_once(tracking_root: Path, store: str) -> None:
    """Ten sessions end at the same moment, each syncs all that is pending: on a store that is not there yet, or is."""
    if store == "new":
        (tracking_root / "mlflow.db").unlink()
    folders = [recorded(tracking_root, f"20261120-092939-0000000{number}") for number in range(10)]
    go = PROCESSES.Barrier(10)
    workers = [
        PROCESSES.Process(target=_sync_together, args=(str(tracking_root), dict(os.environ), go)) for _ in folders
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    check(tracking_root, folders)


# --- a server that is slow --------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")  # MLflow's
@pytest.mark.parametrize("nth", [1, 4, 7])
def test_slow_server(server: str, tracking_root: Path, monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    """A server that from some request on answers too late: the session waits, and has one run afterwards."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", f"slow-{nth}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    folder = recorded(tracking_root)
    requests = iter(range(1, 10_000))
    gave_up = threading.Event()
    late: list[threading.Thread] = []

    def hold(_: object) -> None:
        if next(requests) >= nth:
            late.append(threading.current_thread())
            gave_up.wait(60)

    with door(server, hold) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        assert sync_all(tracking_root).pending == 1
        gave_up.set()
        for thread in late:  # what came late is done late all the same
            thread.join(60)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    assert sync_all(tracking_root).pending == 0
    check(tracking_root, [folder], uri=server)


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_clock_that_goes_backwards(tracking_root: Path) -> None:
    """A session that ended before it began is logged, without a negative duration."""
    folder = recorded(tracking_root, ended_at=synthetic.BEGAN - timedelta(hours=1))
    assert sync_all(tracking_root).pending == 0
    check(tracking_root, [folder])
    (run,) = runs_in(local_store.uri(tracking_root / "mlflow.db"))
    assert run.data.metrics.get("duration_seconds", 0) >= 0
    assert run.info.end_time >= run.info.start_time


@pytest.mark.parametrize("hours", [-30, 30], ids=["behind", "ahead"])
def test_two_hosts_with_different_clocks(tracking_root: Path, hours: int) -> None:
    """On a shared disk a recording of another host is left alone while it grows, and finished when it was silent."""
    began = synthetic.BEGAN + timedelta(hours=hours)
    unfinished = {"ended_at": None, "end_reason": None, "exit_code": None, "host": "other", "pid": 1}
    folder = recorded(tracking_root, started_at=began, **unfinished)
    assert sync_all(tracking_root) == sync.Summary()
    for name in ("typescript", "timing.log"):
        os.utime(folder / name, times=(0, time.time() - 2 * 24 * 3600))
    assert sync_all(tracking_root).pending == 0
    check(tracking_root, [folder])
    (run,) = runs_in(local_store.uri(tracking_root / "mlflow.db"))
    assert (run.data.tags["end_reason"], run.info.end_time >= run.info.start_time) == ("lost", True)


# --- places that cannot be written ------------------------------------------------------------------------------------


def test_folder_that_cannot_be_written(tracking_root: Path) -> None:
    """What cannot be written is named and stays; the others are logged; afterwards all are."""
    folders = [recorded(tracking_root, f"20261120-092939-0000000{number}") for number in range(2)]
    (folders[0] / ".lock").mkdir()
    summary = sync_all(tracking_root)
    assert ([one.session_id for one in summary.failed], summary.pending) == ([folders[0].name], 1)
    shutil.rmtree(folders[0] / ".lock")
    assert sync_all(tracking_root).pending == 0
    check(tracking_root, folders)
