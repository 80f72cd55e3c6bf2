"""Asks the MLflow store how it is. Runs as a process of its own, which can be given up on: `python -m` this module.

Prints one JSON object: a StoreReport.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from with_tracking import config, mlflow_store, paths
from with_tracking.errors import MlflowUnavailable, WithTrackingError
from with_tracking.store import local_store
from with_tracking.store.local_store import Fit
from with_tracking.upkeep import relocation

PATIENCE_SECONDS = 30.0
DELETED = "SELECT experiment_id FROM experiments WHERE name = ? AND lifecycle_stage = 'deleted'"


class StoreReport(msgspec.Struct, frozen=True, kw_only=True):
    """How the store is. `problem` None means that it can be used; `stale` addresses are of files that were moved."""

    mlflow: str | None = None
    schema: str | None = None
    fit: Fit = Fit.UNKNOWN
    problem: str | None = None
    advice: str | None = None
    stale: tuple[str, ...] = ()


def probe(seconds: float = PATIENCE_SECONDS) -> StoreReport:
    """Ask, but wait no longer than this."""
    command = [sys.executable, "-m", "with_tracking.store.store_probe"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL)
        return msgspec.json.decode(done.stdout, type=StoreReport)
    except subprocess.TimeoutExpired:
        return StoreReport(
            problem=f"The store does not answer within {seconds:.0f} seconds", advice="start-mlflow status"
        )
    except msgspec.DecodeError:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return StoreReport(problem=f"The store cannot be looked at: {said[-1] if said else 'no answer'}")


def report() -> StoreReport:
    """Look at the store that the settings name, in this process."""
    root = paths.root(os.environ)
    settings = config.load(os.environ, paths.here()).mlflow
    database = local_store.database_of(settings.tracking_uri or local_store.uri(paths.local_store(root)))
    try:
        return _server(settings) if database is None else _local(database, settings.experiment_name)
    except WithTrackingError as error:
        return StoreReport(problem=error.what, advice=error.next_step)


def _installed() -> str:
    try:
        return version("mlflow")
    except PackageNotFoundError as error:
        raise MlflowUnavailable("MLflow is not installed", paths.installing("mlflow>=3.10,<4")) from error


def _local(database: Path, experiment: str) -> StoreReport:
    installed = _installed()
    if not database.exists():
        return StoreReport(mlflow=installed)
    schema, fit = local_store.revision_of(database), local_store.fit_of(database)
    problem, advice = _of_fit(database, fit)
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            deleted = connection.execute(DELETED, [experiment]).fetchone() if fit is not Fit.UNKNOWN else None
        stale = tuple(relocation.stale_locations(database)) if fit is not Fit.UNKNOWN else ()
    except sqlite3.Error as error:
        found, stale, deleted = str(error), (), None
    if deleted:
        problem, advice = mlflow_store.experiment_deleted(experiment, str(deleted[0]), local_store.uri(database))
    if found != "ok":
        problem, advice = (
            f"The store {database} is damaged: {found}",
            "putting back a copy of it, then with-tracking sync",
        )
    return StoreReport(mlflow=installed, schema=schema, fit=fit, problem=problem, advice=advice, stale=stale)


def _of_fit(database: Path, fit: Fit) -> tuple[str | None, str | None]:
    match fit:
        case Fit.NEWER:
            return f"A newer MLflow wrote the store {database}", paths.installing("--upgrade", "mlflow")
        case Fit.UNKNOWN:
            return f"{database} is no MLflow store", "moving it away"
    return None, None


def _server(settings: config.Mlflow) -> StoreReport:
    """Ask a server for its experiments, as logging does."""
    mlflow_store.ask(settings)
    return StoreReport(mlflow=_installed())


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(report()))
