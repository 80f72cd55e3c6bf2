"""Deleting a session from MLflow for good: its runs (also those that were replaced), their files and traces.

MLflow's own deletion only hides a run. In a local store its rows are deleted, its files too, and the database is
written anew, since SQLite leaves deleted texts in its free pages. A server can only be asked to do what its API offers:
the traces and files go, the run stays hidden until `mlflow gc` runs there; its name, parameters and tags stay with it,
so the tags are deleted first.
"""

from __future__ import annotations

import mmap
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from with_tracking.errors import MlflowUnavailable
from with_tracking.store import local_store, mlflow_library, mlflow_traces

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

AGAIN = "the same command again, when it is back"


def delete_session(tracking_uri: str, session_id: str) -> int:
    """Delete all runs of a session in a store; returns how many there were.

    Raises MlflowUnavailable if MLflow is missing, unreachable or refuses; what was deleted by then is gone.
    """
    database = local_store.database_of(tracking_uri)
    if database is not None and not database.exists():
        return 0
    with _refusals():
        client = mlflow_library.load().MlflowClient(tracking_uri=tracking_uri)
        runs = list(_runs(client, session_id))
        for run in runs:
            mlflow_traces.delete_traces(client, run.info.experiment_id, run.info.run_id)
            if database is None:
                _delete_on_server(client, run)
            else:
                _delete_locally(tracking_uri, database, run)
        if database is not None and runs:
            _rewrite(database)
        if database is not None:
            _delete_backups(database, session_id)
    return len(runs)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except MlflowUnavailable:
        raise
    except Exception as error:
        if not isinstance(error, OSError | sqlite3.Error) and not type(error).__module__.startswith(
            ("mlflow.", "sqlalchemy.", "alembic.")
        ):
            raise
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise MlflowUnavailable(f"MLflow could not delete the run: {line}", AGAIN) from error


def _runs(client: MlflowClient, session_id: str) -> Iterator[Run]:
    """Yield the runs of a session in all experiments, hidden ones too."""
    from mlflow.entities import ViewType

    wanted = f"tags.session_id = '{session_id.replace(chr(39), '')}'"
    experiments = [each.experiment_id for each in client.search_experiments(view_type=ViewType.ALL)]
    token = None
    while experiments:
        page = client.search_runs(experiments, wanted, run_view_type=ViewType.ALL, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _delete_on_server(client: Any, run: Run) -> None:
    files = client._tracking_client._get_artifact_repo(run.info.run_id)
    for entry in client.list_artifacts(run.info.run_id):
        files.delete_artifacts(entry.path)
    if run.info.lifecycle_stage == "active":
        for tag in run.data.tags:
            if tag != "session_id":  # by which it is found again, should we be interrupted
                client.delete_tag(run.info.run_id, tag)
        client.delete_run(run.info.run_id)


def _delete_locally(tracking_uri: str, database: Path, run: Run) -> None:
    """Delete the files first: the run is how they are found."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    if (folder := local_folder(run.info.artifact_uri)) is not None and folder.parent.is_dir():
        shutil.rmtree(folder.parent if folder.name == "artifacts" else folder, ignore_errors=False)
    store = SqlAlchemyStore(tracking_uri, local_store.artifacts_uri(database))  # type: ignore[no-untyped-call]
    try:
        store._hard_delete_run(run.info.run_id)  # type: ignore[no-untyped-call]  # as `mlflow gc` does
    finally:
        store.engine.dispose()


def _delete_backups(database: Path, session_id: str) -> None:
    """Delete the copies of the store in which the session is; only an MLflow of their age could change them."""
    for backup in local_store.backups(database):
        if not backup.stat().st_size:
            continue
        with backup.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            held = content.find(session_id.encode()) >= 0
        if held:
            backup.unlink()


def local_folder(artifact_uri: str | None) -> Path | None:
    """Return the folder of a run's files, None if they are not on this computer."""
    parsed = urlparse(artifact_uri or "")
    return Path(unquote(parsed.path)) if parsed.scheme in ("", "file") and parsed.path else None


def _rewrite(database: Path) -> None:
    """Write the database anew, without what was deleted; waits for others who write."""
    connection = sqlite3.connect(database, timeout=30, isolation_level=None)
    try:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
