"""Stores that another MLflow wrote: an older one is backed up and migrated, a newer one is refused with the way out.

A store's age is that of its schema, and MLflow's own migrations make one of any age. The store's own tests
are run with the oldest MLflow by hand:

    python -m venv old && old/bin/pip install "mlflow==3.10.*" -e . pytest pytest-xdist hypothesis pyavt
    old/bin/python -m pytest tests/test_mlflow_store.py tests/test_mlflow_faults.py tests/test_traces.py
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from shutil import copyfile

import pytest

from tests import synthetic
from tests.forked import PROCESSES, take_over
from tests.runs import log, runs_in
from with_tracking import archive
from with_tracking.errors import MlflowUnavailable
from with_tracking.store import local_store
from with_tracking.store.local_store import Fit

pytestmark = pytest.mark.xdist_group("mlflow")

OF_3_10 = "1b5f0d9ad7c1"
"""The schema that MLflow 3.10 makes."""


def _make(uri: str, revision: str) -> None:
    import sqlalchemy
    from alembic import command
    from mlflow.store.db.utils import _get_alembic_config
    from mlflow.store.tracking.dbmodels.initial_models import Base

    engine = sqlalchemy.create_engine(uri)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        config = _get_alembic_config(uri)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


@pytest.fixture(scope="module")
def store_of_3_10(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a store as MLflow 3.10 would, once."""
    database = tmp_path_factory.mktemp("old") / "mlflow.db"
    worker = PROCESSES.Process(target=_make, args=(local_store.uri(database), OF_3_10))
    worker.start()
    worker.join()
    assert worker.exitcode == 0
    return database


@pytest.fixture
def old_store(store_of_3_10: Path, tracking_root: Path) -> Path:
    """Put such a store into the test's root."""
    tracking_root.mkdir()
    return Path(copyfile(store_of_3_10, tracking_root / "mlflow.db"))


def test_older_store_is_backed_up_and_migrated(old_store: Path, tracking_root: Path) -> None:
    """Logging goes on in the migrated store; the old one lies beside it."""
    if local_store._revisions()[0] == OF_3_10:
        pytest.skip("this is MLflow 3.10 itself")
    assert local_store.fit_of(old_store) is Fit.OLDER
    log(synthetic.parsed(tracking_root))
    assert local_store.fit_of(old_store) is Fit.SAME
    assert len(runs_in(local_store.uri(old_store))) == 1
    (backup,) = tracking_root.glob("mlflow.db.before-*")
    assert local_store.revision_of(backup) == OF_3_10
    assert backup.stat().st_mode & 0o077 == 0


def _log(folder: str, environ: dict[str, str]) -> None:
    take_over(environ)
    session, events = archive.read_session(Path(folder)), archive.read_events(Path(folder))
    assert session is not None
    log(synthetic.Recorded(Path(folder), session, tuple(events or ())))


def test_processes_at_once_on_an_older_store(old_store: Path, tracking_root: Path) -> None:
    """Of several that meet an older store one migrates it, once."""
    folders = [synthetic.parsed(tracking_root, f"session-{number}").folder for number in range(3)]
    workers = [PROCESSES.Process(target=_log, args=(str(each), dict(os.environ))) for each in folders]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(runs_in(local_store.uri(old_store))) == 3
    with closing(sqlite3.connect(old_store)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert len(list(tracking_root.glob("mlflow.db.before-*"))) <= 1


def test_newer_store_is_refused_untouched(old_store: Path, tracking_root: Path) -> None:
    """A revision that this MLflow does not know: one clear line, and not a byte is changed."""
    with closing(sqlite3.connect(old_store)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
        connection.commit()
    before = old_store.read_bytes()
    with pytest.raises(MlflowUnavailable, match=r"A newer MLflow wrote the store .*pip install .*--upgrade mlflow"):
        log(synthetic.parsed(tracking_root))
    assert old_store.read_bytes() == before
    assert len(archive.pending(tracking_root)) == 1
