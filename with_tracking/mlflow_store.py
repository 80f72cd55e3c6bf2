"""Session → one MLflow run, written once and whole, however often and by however many processes it is tried.

The run is looked up by `tags.session_id`. It gets the tag `logged`, a digest of what it was made of, once all of it
was written and read back; a run without it was left behind by a crash and is replaced. Tags that others have set (in
the UI, by scripts) move to the new run.
"""

from __future__ import annotations

import functools
import getpass
import itertools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from parsers.session import Event, Session
from with_tracking import archive, config, paths, pricing, remarks
from with_tracking.errors import MlflowNotWanted, MlflowUnavailable, RunRefused
from with_tracking.store import artifacts, local_store, mlflow_library, mlflow_traces
from with_tracking.store.logged import Logged, without_password
from with_tracking.store.run_content import Point, RunContent, digest, run_content
from with_tracking.store.turns import Turn, turns_of

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

Item = TypeVar("Item")

LOGGED = "logged"
UNREACHABLE = re.compile("Max retries exceeded|timed out|Connection refused")
BATCH_METRICS, BATCH_OTHERS = 800, 100  # one request of MLflow's API may carry 1,000 items, 100 of them params or tags


@dataclass(frozen=True, slots=True)
class Destination:
    """Where runs go: the store's address, a client for it, and the experiment."""

    tracking_uri: str
    client: MlflowClient
    experiment_id: str


def log_session(
    folder: Path, session: Session, events: Sequence[Event], *, environ: Mapping[str, str] = os.environ
) -> str:
    """Log the session of `folder` and return its run's id; what is already logged stays as it is.

    Raises MlflowUnavailable if MLflow is missing or unreachable, RunRefused if only this session could not be logged,
    and MlflowNotWanted if the configuration says so; the session then stays pending.
    """
    everything = config.load(environ, Path(session.cwd or folder))
    settings = everything.mlflow
    if not settings.enabled:
        raise MlflowNotWanted
    root = paths.root(environ)
    with archive.private(), refusals(settings.tracking_uri, MlflowUnavailable):
        destination = _open(root, settings)
    mark = digest(session, events, settings.run_tags, settings.traces)
    with archive.private(), refusals(settings.tracking_uri, RunRefused), archive.lock(folder):
        found = _runs_of(destination, session.session_id)
        run_id = next((run.info.run_id for run in found if run.data.tags.get(LOGGED) == mark), None)
        if run_id is None:
            began = archive.last_written(folder) - (session.duration_seconds or 0.0)
            own_tags = {**settings.run_tags, **remarks.run_tags(remarks.read_remarks(folder))}
            content = run_content(session, events, began=began, user=_user(), run_tags=own_tags)
            price = functools.partial(pricing.cost_of, overrides=everything.prices)
            turns = turns_of(events, session.wrapper or session.provider, price) if settings.traces else []
            run_id = _replace(found, destination, folder, content, turns, root / "tmp")
            destination.client.set_tag(run_id, LOGGED, mark)
        _delete_unfinished(destination, session.session_id)
        _remember(folder, destination, run_id, mark)
        return run_id


def change_tags(logged: Logged, own_uri: str, changes: Mapping[str, str | None]) -> None:
    """Set tags of a run, or take them away (None); a run that was deleted in MLflow is left alone.

    `own_uri` is the address that holds now: the logged one has no password, and its file may have moved with the root.
    Raises RunRefused if the store is away or refuses.
    """
    database = local_store.database_of(logged.tracking_uri)
    same = without_password(own_uri) == logged.tracking_uri
    tracking_uri = own_uri if same or (database and not database.exists()) else logged.tracking_uri
    with refusals(tracking_uri, RunRefused):
        client = mlflow_library.load().MlflowClient(tracking_uri=tracking_uri)
        run = client.get_run(logged.run_id)
        for key, value in changes.items() if run.info.lifecycle_stage == "active" else ():
            if value is not None:
                client.set_tag(logged.run_id, key, value)
            elif key in run.data.tags:
                client.delete_tag(logged.run_id, key)


def ask(settings: config.Mlflow) -> None:
    """Find out whether the server that the settings name can be used. Raises MlflowUnavailable if not."""
    with refusals(settings.tracking_uri, MlflowUnavailable):
        client = mlflow_library.load().MlflowClient(tracking_uri=settings.tracking_uri)
        client.get_experiment_by_name(settings.experiment_name)


def _user() -> str:
    """Return who is logging, empty if the system does not say."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""


# --- the store --------------------------------------------------------------------------------------------------------


def _open(root: Path, settings: config.Mlflow) -> Destination:
    """Find the store and the experiment, and make them if they are not there."""
    tracking_uri = settings.tracking_uri or local_store.uri(paths.local_store(root))
    database = local_store.database_of(tracking_uri)
    if database is not None:
        local_store.ensure(database)
    client = mlflow_library.load().MlflowClient(tracking_uri=tracking_uri)
    location = None if database is None else local_store.artifacts_uri(database)
    return Destination(tracking_uri, client, _experiment(client, settings.experiment_name, location, tracking_uri))


def _experiment(client: MlflowClient, name: str, artifact_location: str | None, tracking_uri: str) -> str:
    """Return the experiment's id; another process may make it at the same time."""
    from mlflow.exceptions import MlflowException

    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        try:
            return str(client.create_experiment(name, artifact_location=artifact_location))
        except MlflowException:
            experiment = client.get_experiment_by_name(name)
            if experiment is None:
                raise
    if experiment.lifecycle_stage == "deleted":
        raise MlflowUnavailable(*experiment_deleted(name, experiment.experiment_id, tracking_uri))
    return str(experiment.experiment_id)


def experiment_deleted(name: str, experiment_id: str, tracking_uri: str) -> tuple[str, str]:
    """Return what is wrong and what to do: without the address MLflow would look for a store in the working folder."""
    place = f"MLFLOW_TRACKING_URI={without_password(tracking_uri)}"
    return f"The experiment {name} was deleted in MLflow", f"{place} mlflow experiments restore -x {experiment_id}"


@contextmanager
def refusals(
    tracking_uri: str | None, kind: type[MlflowUnavailable], again: str = "with-tracking sync"
) -> Iterator[None]:
    """Say in one line what MLflow, its database or the network have to say; `again` is what to try later."""
    try:
        yield
    except MlflowUnavailable:
        raise
    except OSError as error:  # what requests raises is one, too
        what = "The session could not be logged" if kind is RunRefused else "MLflow could not be used"
        raise kind(f"{what}: {error}", again) from error
    except Exception as error:
        if not type(error).__module__.startswith(("mlflow.", "sqlalchemy.", "sqlite3", "alembic.")):
            raise
        place = without_password(tracking_uri or "the local store")
        raise kind(_complaint(str(error), place), _advice(str(error), again)) from error


def _complaint(message: str, place: str) -> str:
    if UNREACHABLE.search(message):
        return f"The MLflow server at {place} cannot be reached"
    return f"MLflow ({place}) refused: {without_password(message.strip().splitlines()[0])[:200]}"


def _advice(message: str, again: str) -> str:
    if "out-of-date database schema" in message:
        return paths.installing("--upgrade", "mlflow") + " (a newer version wrote this store)"
    if "filesystem tracking" in message or "file store" in message.lower():
        return "MLFLOW_TRACKING_URI=sqlite:////absolute/path/mlflow.db (or none: the local store is one)"
    if re.search(r"\b40[13]\b", message):
        return "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
    return f"{again}, when it is back" if UNREACHABLE.search(message) else again


# --- the run ----------------------------------------------------------------------------------------------------------


def _runs_of(destination: Destination, session_id: str) -> list[Run]:
    """Return the runs of a session, whole or left behind; after a crash there may be two."""
    wanted = f"tags.session_id = '{session_id.replace(chr(39), '')}'"
    return list(destination.client.search_runs([destination.experiment_id], wanted))


def _delete_unfinished(destination: Destination, session_id: str) -> None:
    """Delete runs of the session that came late: a slow server may still make one after we stopped waiting for it."""
    for run in _runs_of(destination, session_id):
        if LOGGED not in run.data.tags:
            mlflow_traces.delete_traces(destination.client, destination.experiment_id, run.info.run_id)
            destination.client.delete_run(run.info.run_id)


def _replace(
    old: Sequence[Run],
    destination: Destination,
    folder: Path,
    content: RunContent,
    turns: Sequence[Turn],
    workshop: Path,
) -> str:
    """Write the run, then delete what there was of it before: at no moment there is none."""
    client = destination.client
    run_id: str = client.create_run(
        destination.experiment_id,
        start_time=content.begin,
        tags={"session_id": content.tags["session_id"]},  # by which it is found again
        run_name=content.name,
    ).info.run_id
    _log_batches(client, run_id, content.points, content.parameters, _foreign_tags(old) | dict(content.tags))
    with artifacts.laid_out(folder, content.summary, workshop) as place, mlflow_library.patience():
        client.log_artifacts(run_id, str(place))
        client.set_terminated(run_id, content.status, end_time=content.end)
        _check(client, run_id, content, artifacts.names(place))
    for run in old:  # its traces first: they are found by the run
        mlflow_traces.delete_traces(client, destination.experiment_id, run.info.run_id)
    _write_traces(destination, run_id, content, turns)
    for run in old:
        client.delete_run(run.info.run_id)
    return run_id


def _write_traces(destination: Destination, run_id: str, content: RunContent, turns: Sequence[Turn]) -> None:
    """Write the traces and look that they are there. A server that does not take any gets the run without them."""
    owner = mlflow_traces.Owner(
        experiment_id=destination.experiment_id,
        run_id=run_id,
        session_id=content.tags["session_id"],
        began=content.begin / 1000,
        user=content.tags.get("mlflow.user", ""),
        tags={"provider": content.tags["provider"]},
    )
    try:
        mlflow_traces.write_traces(destination.tracking_uri, owner, turns)
    except Exception as error:
        if not mlflow_traces.is_refused_for_good(error):
            raise
        destination.client.set_tag(run_id, "traces", f"not stored: {str(error).splitlines()[0][:300]}")
        return
    stored = mlflow_traces.traces_of(destination.client, destination.experiment_id, run_id) if turns else []
    if len(stored) != len(turns):
        raise RunRefused(f"MLflow kept {len(stored)} of {len(turns)} traces", "with-tracking sync")


def _foreign_tags(runs: Sequence[Run]) -> dict[str, str]:
    """Return the tags that have to outlive these runs: not MLflow's own, nor what the session no longer says."""
    tags = {key: value for run in runs for key, value in run.data.tags.items()}
    return {key: value for key, value in tags.items() if key != LOGGED and not key.startswith(("mlflow.", "event."))}


def _log_batches(
    client: MlflowClient, run_id: str, points: Sequence[Point], params: Mapping[str, str], tags: Mapping[str, str]
) -> None:
    from mlflow.entities import Metric, Param, RunTag

    metrics = _chunks([Metric(point.name, point.value, point.timestamp, point.step) for point in points], BATCH_METRICS)
    parameters = _chunks([Param(key, value) for key, value in params.items()], BATCH_OTHERS)
    run_tags = _chunks([RunTag(key, value) for key, value in tags.items()], BATCH_OTHERS)
    for some_metrics, some_params, some_tags in itertools.zip_longest(metrics, parameters, run_tags):
        client.log_batch(run_id, some_metrics or (), some_params or (), some_tags or ())


def _chunks(items: Sequence[Item], size: int) -> list[list[Item]]:
    return [list(items[at : at + size]) for at in range(0, len(items), size)]


def _check(client: MlflowClient, run_id: str, content: RunContent, files: set[str]) -> None:
    """Read the run back: what is not there now was not logged, whatever was answered."""
    data = client.get_run(run_id).data
    stored = {entry.path for entry in client.list_artifacts(run_id)}
    metrics = {point.name for point in content.points}
    missing = (metrics - set(data.metrics)) | (set(content.parameters) - set(data.params)) | (files - stored)
    if missing:
        raise RunRefused(f"MLflow did not keep {', '.join(sorted(missing)[:5])}", "with-tracking sync")


def _remember(folder: Path, destination: Destination, run_id: str, mark: str) -> None:
    logged = Logged(
        run_id=run_id,
        experiment_id=destination.experiment_id,
        tracking_uri=without_password(destination.tracking_uri),
        digest=mark,
        logged_at=datetime.now(UTC),
    )
    archive.write_whole(folder / "logged.json", msgspec.json.encode(logged) + b"\n")
