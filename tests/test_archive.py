"""The session folders on disk: order, states, finding, and files that are whole or not there."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import synthetic
from with_tracking import archive, paths, processes
from with_tracking.archive import State
from with_tracking.errors import WithTrackingError

SPAWN = multiprocessing.get_context("spawn")


def test_root_is_home_of_choice_checkout_or_xdg(tmp_path: Path) -> None:
    """WITH_TRACKING_HOME comes first; a checkout keeps its own; XDG_DATA_HOME is for installed copies."""
    assert paths.root({"WITH_TRACKING_HOME": str(tmp_path)}) == tmp_path
    assert paths.root({"HOME": "/h", "XDG_DATA_HOME": "/d"}) == paths.CHECKOUT / "mlruns"


def test_installed_copy_uses_xdg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a checkout the data folder of XDG is used; a relative one is ignored, as the standard demands."""
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path)
    assert paths.root({"HOME": "/h", "XDG_DATA_HOME": "/d"}) == Path("/d/with-tracking")
    assert paths.root({"HOME": "/h", "XDG_DATA_HOME": "d"}) == Path("/h/.local/share/with-tracking")
    with pytest.raises(WithTrackingError, match="HOME"):
        paths.root({})


def test_folders_come_newest_first(tracking_root: Path) -> None:
    """The order is that of the beginnings, across days, months and years, whatever the ids are."""
    began = [datetime(2026, 1, 2, 8, tzinfo=UTC), datetime(2025, 12, 31, 23, tzinfo=UTC)]
    began += [datetime(2026, 1, 2, 9, tzinfo=UTC), datetime(2026, 1, 1, 0, tzinfo=UTC)]
    for number, moment in enumerate(began):
        synthetic.record(tracking_root, f"id-{number}", started_at=moment)
    assert [folder.name for folder in archive.folders(tracking_root)] == ["id-2", "id-0", "id-3", "id-1"]


def test_newest_needs_no_older_day(tracking_root: Path) -> None:
    """Asking for the newest one does not read other days: an unreadable older day does not matter."""
    synthetic.record(tracking_root, "new")
    old = synthetic.record(tracking_root, "old", started_at=synthetic.BEGAN - timedelta(days=1))
    (old / "session.json").unlink()
    os.mkfifo(old / "session.json")  # opening it would block for ever
    assert next(archive.folders(tracking_root)).name == "new"


def test_states(tracking_root: Path) -> None:
    """Recording, recorded, parsed and logged are told by the files alone; pending is what ended and is not logged."""
    recording = synthetic.record(tracking_root, "a", ended_at=None, end_reason=None, pid=os.getpid(), started_at=now())
    recorded = synthetic.record(tracking_root, "b")
    parsed = synthetic.parsed(tracking_root, "c").folder
    logged = synthetic.parsed(tracking_root, "d").folder
    (logged / "logged.json").write_text("{}")
    states = [archive.state_of(folder) for folder in (recording, recorded, parsed, logged)]
    assert states == [State.RECORDING, State.RECORDED, State.PARSED, State.LOGGED]
    assert {folder.name for folder in archive.pending(tracking_root)} == {"b", "c"}


def test_dead_recorder_is_not_recording(tracking_root: Path) -> None:
    """A recorder whose process is gone is not at work; its session is finished as lost when it last wrote."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    folder = synthetic.record(tracking_root, ended_at=None, end_reason=None, exit_code=None, pid=gone.pid)
    os.utime(folder / "typescript", (1_795_166_999, 1_795_166_999))
    os.utime(folder / "timing.log", (1_795_166_990, 1_795_166_990))
    assert archive.state_of(folder) is State.RECORDED
    assert archive.finish_lost(folder)
    header = archive.read_header(folder)
    assert header is not None
    assert (header.end_reason, header.exit_code) == ("lost", None)
    assert header.ended_at == datetime.fromtimestamp(1_795_166_999, UTC)
    assert not archive.finish_lost(folder)


def test_finishing_keeps_unknown_fields(tracking_root: Path) -> None:
    """What a newer recorder wrote into session.json outlives the finishing by an older program."""
    folder = synthetic.record(tracking_root, ended_at=None, end_reason=None, pid=2**22 + 1)
    fields = json.loads((folder / "session.json").read_bytes())
    (folder / "session.json").write_text(json.dumps({**fields, "new_field": [1]}))
    assert archive.finish_lost(folder)
    assert json.loads((folder / "session.json").read_bytes())["new_field"] == [1]


def test_reused_pid_is_not_the_recorder(tracking_root: Path) -> None:
    """A process that began after the session did only inherited the recorder's number."""
    folder = synthetic.record(
        tracking_root, ended_at=None, end_reason=None, pid=os.getpid(), started_at=now() - timedelta(days=2)
    )
    assert archive.state_of(folder) is State.RECORDED


def test_zombie_is_not_running() -> None:
    """A process that ended but was not waited for is gone."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    try:
        deadline = time.monotonic() + 60
        while processes.is_running(child.pid, None) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not processes.is_running(child.pid, None)
    finally:
        child.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="threads outlive the first one, and /proc tells, on Linux")
def test_a_process_whose_first_thread_ended_runs() -> None:
    """What its other threads hold, as a port, is still taken; ps calls it a zombie all the same."""
    program = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""
    child = subprocess.Popen([sys.executable, "-c", program], start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while processes._stat_fields(child.pid)[0] != "Z" and time.monotonic() < deadline:
            time.sleep(0.02)
        assert processes.is_running(child.pid, None)
        assert processes.group_is_running(child.pid)
        os.killpg(child.pid, signal.SIGKILL)
        while processes.group_is_running(child.pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not processes.is_running(child.pid, None)
        assert not processes.group_is_running(child.pid)
    finally:
        child.kill()
        child.wait()


def test_start_times_of_proc_and_ps_agree() -> None:
    """Both ways to find out when a process began say the same, to the second."""
    from_proc, from_ps = processes._from_proc(os.getpid()), processes._from_ps(os.getpid())
    if from_ps is None:
        pytest.skip("there is no ps here")
    assert from_proc is not None
    assert abs((from_proc - from_ps).total_seconds()) < 3


def test_other_computers_recording_is_left_alone(tracking_root: Path) -> None:
    """In a shared root the process of another host cannot be asked after: only long silence ends its session."""
    folder = synthetic.record(tracking_root, ended_at=None, end_reason=None, host="elsewhere", pid=1)
    assert archive.state_of(folder) is State.RECORDING
    for name in ("typescript", "timing.log", "session.json"):
        os.utime(folder / name, (time.time() - 90_000,) * 2)
    assert archive.state_of(folder) is State.RECORDED


def test_folder_without_header_is_new_then_pending(tracking_root: Path) -> None:
    """A folder that is just being made is left alone; one left by a crash is read, if anything is in it."""
    folder = synthetic.record(tracking_root)
    (folder / "session.json").unlink()
    assert archive.pending(tracking_root) == []
    os.utime(folder, (time.time() - 300,) * 2)
    assert archive.pending(tracking_root) == [folder]
    for file in folder.iterdir():
        file.unlink()
    os.utime(folder, (time.time() - 300,) * 2)
    assert archive.pending(tracking_root) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"started_at": 5}', b"\xff\xfe"])
def test_broken_header_is_not_fatal(tracking_root: Path, content: bytes) -> None:
    """A session.json that cannot be read is as good as none."""
    folder = synthetic.record(tracking_root)
    (folder / "session.json").write_bytes(content)
    assert archive.read_header(folder) is None
    assert archive.pending(tracking_root) == [folder]


def test_find_by_id_prefix_and_position(tracking_root: Path) -> None:
    """An id may be shortened while it is unique; last, -1 and -2 count from the newest."""
    for number in (1, 2, 13):
        moment = synthetic.BEGAN + timedelta(minutes=number)
        synthetic.record(tracking_root, f"20261120-{number}", started_at=moment)
    for wanted, name in {"20261120-2": "2", "20261120-1": "1", "20261120-13": "13", "last": "13", "-2": "2"}.items():
        assert archive.find(tracking_root, wanted).name == f"20261120-{name}"
    with pytest.raises(WithTrackingError, match=r"3 sessions begin with '2026': 20261120-1, 20261120-13, 20261120-2\."):
        archive.find(tracking_root, "2026")
    with pytest.raises(WithTrackingError, match="Try: with-tracking show 20261120-1"):
        archive.find(tracking_root, "20261120-31")
    with pytest.raises(WithTrackingError, match="Fewer than 4"):
        archive.find(tracking_root, "-4")


def test_an_archive_that_nobody_may_read_is_not_an_empty_one(tracking_root: Path) -> None:
    """Whoever may not look into the root is told so; where there is none yet, there are no sessions."""
    assert list(archive.days(tracking_root)) == []
    synthetic.record(tracking_root)
    tracking_root.chmod(0)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)  # root may look everywhere
        with pytest.raises(WithTrackingError, match=r"cannot be read: Permission denied. Try: WITH_TRACKING_HOME="):
            archive.find(tracking_root, "last")
    finally:
        os.seteuid(user)
        tracking_root.chmod(0o700)


def test_write_whole_is_private_and_replaces(tmp_path: Path) -> None:
    """A file is readable by its owner only and leaves nothing beside it."""
    target = tmp_path / "parsed.json"
    target.write_bytes(b"old")
    archive.write_whole(target, b"new")
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob("*parsed*")) + list(tmp_path.glob(".*parsed*")) == [target]


def _write_for_ever(path: str) -> None:
    for number in range(1_000_000):
        archive.write_whole(Path(path), bytes([65 + number % 26]) * 200_000)


def test_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    """SIGKILL in the middle of writing leaves the file before or the file after, never a part."""
    target = tmp_path / "events.jsonl"
    archive.write_whole(target, b"@" * 200_000)
    writer = SPAWN.Process(target=_write_for_ever, args=(str(target),))
    writer.start()
    deadline = time.monotonic() + 60
    while target.read_bytes()[:1] == b"@" and time.monotonic() < deadline:
        time.sleep(0.01)
    writer.kill()
    writer.join()
    content = target.read_bytes()
    assert content[:1] != b"@"
    assert content == content[:1] * 200_000


def _count_up(folder: str, times: int) -> None:
    counter = Path(folder) / "counter"
    for _ in range(times):
        with archive.lock(Path(folder)), archive.lock(Path(folder)):  # who holds it may take it again
            counter.write_text(str(int(counter.read_text()) + 1))


def test_lock_keeps_processes_apart(tmp_path: Path) -> None:
    """Under the lock a read and a write of several processes never mix; the lock may be taken twice by its holder."""
    (tmp_path / "counter").write_text("0")
    workers = [SPAWN.Process(target=_count_up, args=(str(tmp_path), 200)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert (tmp_path / "counter").read_text() == "600"


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@pytest.mark.parametrize("umask", [0o000, 0o277, 0o777])
def test_files_are_the_owners_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    """Nobody else may read them, and the owner may whatever the shell says: a lock has to be opened again."""
    folder = tmp_path / "session"
    folder.mkdir()
    before = os.umask(umask)
    try:
        with archive.private(), archive.lock(folder):
            archive.write_whole(folder / "parsed.json", b"{}")
            (folder / "native").mkdir()
        with archive.lock_file(folder / "other.lock"):
            pass
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in folder.iterdir()}
    assert modes == {".lock": "0o600", "other.lock": "0o600", "parsed.json": "0o600", "native": "0o700"}
