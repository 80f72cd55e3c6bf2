"""Tags and notes of the person, brought to the runs of sessions that are logged already."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from with_tracking import archive, config, mlflow_store, paths, remarks
from with_tracking.errors import MlflowUnavailable
from with_tracking.remarks import Remarks
from with_tracking.store import local_store
from with_tracking.store.logged import read_logged


def send_all(root: Path, *, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Bring what was not sent yet to the runs; return why it could not be, one sentence for each store or run."""
    problems: dict[str, str] = {}
    for folder in archive.folders(root):
        logged = read_logged(folder)
        if logged is None or not remarks.read_remarks(folder).unsent or logged.tracking_uri in problems:
            continue
        try:
            send(folder, environ=environ)
        except MlflowUnavailable as error:
            problems[logged.tracking_uri] = str(error)
    return list(problems.values())


def send(folder: Path, *, environ: Mapping[str, str] = os.environ) -> None:
    """Set the tags on the run of a logged session. Raises MlflowUnavailable if the store is away or the run is gone."""
    with archive.lock(folder):
        logged, said = read_logged(folder), remarks.read_remarks(folder)
        if logged is None or not said.unsent:
            return
        session = archive.read_session(folder)
        settings = config.load(environ, Path((session and session.cwd) or folder)).mlflow
        own = settings.tracking_uri or local_store.uri(paths.local_store(paths.root(environ)))
        changes = {key: remarks.run_tags(said).get(key) for key in said.unsent}
        mlflow_store.change_tags(logged, own, changes)
        remarks.write_remarks(folder, Remarks(tags=said.tags, note=said.note))
