"""Logging sessions in tests and looking at the runs they became."""

from __future__ import annotations

import os
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from tests import synthetic
from with_tracking import mlflow_store
from with_tracking.store import local_store, mlflow_library


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an MLflow store without runs, once."""
    database = tmp_path_factory.mktemp("store") / "mlflow.db"
    local_store.ensure(database)
    return database


@pytest.fixture
def ready_store(empty_store: Path, tracking_root: Path) -> None:
    """Put a store into the test's root, which takes a second to make."""
    tracking_root.mkdir()
    copyfile(empty_store, tracking_root / "mlflow.db")


def client_of(tracking_uri: str) -> Any:
    """Return MLflow's own client."""
    return mlflow_library.load().MlflowClient(tracking_uri=tracking_uri)


def runs_in(tracking_uri: str, wanted: str = "", experiment: str | None = None) -> list[Any]:
    """Return the runs of the test's experiment that a search finds."""
    client = client_of(tracking_uri)
    name = experiment or os.environ.get("MLFLOW_EXPERIMENT_NAME", "ai-sessions")
    found = client.get_experiment_by_name(name)
    return list(client.search_runs([found.experiment_id], wanted)) if found else []


def log(recorded: synthetic.Recorded) -> str:
    """Log a session as the command does."""
    return mlflow_store.log_session(recorded.folder, recorded.session, recorded.events)
