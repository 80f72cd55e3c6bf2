"""The sessions of an MLflow store, also those of others: their runs as rows, and single ones from their artifacts."""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from parsers.session import Event, Session
from parsers.session_header import Git
from with_tracking import config, index, paths
from with_tracking.archive import State
from with_tracking.errors import MlflowUnavailable, WithTrackingError
from with_tracking.history import index_database
from with_tracking.history.filters import Filters
from with_tracking.history.session_rows import PROMPT_LENGTH, SessionRow
from with_tracking.mlflow_store import refusals
from with_tracking.remarks import FILE as REMARKS
from with_tracking.remarks import NOTE, Remarks, is_fact
from with_tracking.store import local_store, mlflow_library

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

AGAIN = "the same command again"
PAGE = 1000
RUN = "runs:/"
"""What the `path` of a row begins with that is not of the archive; the run's id follows."""
ANY = "tags.session_id LIKE '%'"
_COUNTED = re.compile(r"-\d+")
_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment of the store, and when something in it last changed."""

    experiment_id: str
    name: str
    created_at: datetime | None
    updated_at: datetime | None
    current: bool


class Store:
    """The store that the settings of a folder name."""

    def __init__(self, root: Path, cwd: Path, environ: Mapping[str, str] = os.environ) -> None:
        settings = config.load(environ, cwd).mlflow
        self.uri = settings.tracking_uri or local_store.uri(paths.local_store(root))
        self.experiment_name = settings.experiment_name
        database = local_store.database_of(self.uri)
        if database is not None and not database.exists():
            raise WithTrackingError(
                f"There is no MLflow store at {database} yet", "claude-with-tracking, or with-tracking sync"
            )

    @contextmanager
    def opened(self, filters: Filters, most: int | None = None) -> Iterator[sqlite3.Connection]:
        """Make an index of the sessions that may fit, of the newest `most` of them, for as long as it is needed.

        The store narrows them down as far as it can.
        """
        with index_database.in_memory() as connection:
            with refusals(self.uri, MlflowUnavailable, AGAIN):
                wanted = ANY + "".join(f" AND {condition}" for condition in _narrowed(filters))
                for run in self._runs(self._client(), wanted, most):
                    index.put_row(connection, _row(run))
            yield connection

    def sessions(
        self, filters: Filters, *, sort: str = "when", limit: int | None = None, ascending: bool = False
    ) -> list[SessionRow]:
        """Return the sessions that fit, as the index does."""
        most = limit if not filters and sort == "when" and not ascending else None
        with self.opened(filters, most) as connection:
            return index.select(connection, filters, sort=sort, limit=limit, ascending=ascending)

    def session(self, session_id: str) -> tuple[Session, list[Event], SessionRow]:
        """Return a session and its events from the run's artifacts, and its row. The id may be shortened, or -2."""
        with refusals(self.uri, MlflowUnavailable, AGAIN):
            client = self._client()
            run = self._run(client, session_id)
            read = self._artifacts(client, run.info.run_id, "parsed.json", "events.jsonl")
            session = msgspec.json.decode(read[0], type=Session)
            return session, [_EVENT.decode(line) for line in read[1].splitlines() if line], _row(run)

    def _run(self, client: MlflowClient, session_id: str) -> Run:
        """Return the run of a session."""
        nth = 1 if session_id == "last" else int(session_id[1:]) if _COUNTED.fullmatch(session_id) else None
        if nth is not None:
            runs = list(self._runs(client, ANY, nth))[nth - 1 :]
        else:
            runs = list(self._runs(client, f"tags.session_id LIKE '{_quoted(session_id)}%'", 2))
        if len(runs) != 1:
            what = "more than one session" if runs else "no session"
            raise WithTrackingError(f"The store has {what} {session_id!r}", "with-tracking list --remote")
        return runs[0]

    @contextmanager
    def opened_with_texts(
        self, filters: Filters, progress: index.Progress
    ) -> Iterator[tuple[sqlite3.Connection, Path]]:
        """Make an index of the sessions that fit and of their texts, and a root with their events, for that long."""
        with self.opened(filters) as connection, tempfile.TemporaryDirectory() as root:
            for row, events in self.files(index.select(connection, filters), "events.jsonl", progress):
                folder = Path(root, row.path)
                folder.mkdir(parents=True)
                (folder / "events.jsonl").write_bytes(events)
                (folder / REMARKS).write_bytes(msgspec.json.encode(Remarks(tags=row.tags, note=row.note)))
                index.put_texts(connection, row, folder)
            yield connection, Path(root)

    def files(
        self, rows: Sequence[SessionRow], name: str, progress: index.Progress
    ) -> Iterator[tuple[SessionRow, bytes]]:
        """Yield a file of each session; of those whose run does not have it, nothing."""
        with refusals(self.uri, MlflowUnavailable, AGAIN):
            client = self._client()
            for number, row in enumerate(rows, 1):
                with suppress(WithTrackingError):
                    yield row, self._artifacts(client, row.path.removeprefix(RUN), name)[0]
                progress(number, len(rows))

    def _artifacts(self, client: MlflowClient, run_id: str, *names: str) -> list[bytes]:
        """Return files of a run. Raises WithTrackingError if one is not there."""
        with tempfile.TemporaryDirectory() as folder, mlflow_library.patience():
            try:
                return [Path(client.download_artifacts(run_id, name, folder)).read_bytes() for name in names]
            except OSError as error:
                step = f"with-tracking open, to look at the run {run_id}"
                raise WithTrackingError(f"The run {run_id} lacks {' or '.join(names)}", step) from error

    def experiments(self) -> list[Experiment]:
        """Return the experiments that are not deleted, the one that changed last first."""
        with refusals(self.uri, MlflowUnavailable, AGAIN):
            found = self._client().search_experiments(order_by=["last_update_time DESC"])
            return [
                Experiment(
                    experiment_id=str(one.experiment_id),
                    name=one.name,
                    created_at=_moment(one.creation_time),
                    updated_at=_moment(one.last_update_time),
                    current=one.name == self.experiment_name,
                )
                for one in found
            ]

    def _client(self) -> MlflowClient:
        client: MlflowClient = mlflow_library.load().MlflowClient(tracking_uri=self.uri)
        return client

    def _runs(self, client: MlflowClient, wanted: str, most: int | None) -> Iterator[Run]:
        """Yield runs, newest first, as many pages as are needed."""
        experiment = client.get_experiment_by_name(self.experiment_name)
        token: str | None = None
        while experiment is not None and (most is None or most > 0):
            size = PAGE if most is None else min(PAGE, most)
            order = ["attributes.start_time DESC"]
            page = client.search_runs(
                [experiment.experiment_id], wanted, max_results=size, order_by=order, page_token=token
            )
            yield from page
            most = None if most is None else most - len(page)
            token = page.token
            if not token:
                return


def _narrowed(filters: Filters) -> Iterator[str]:
    """Yield what MLflow itself can compare: it knows AND, but no OR; the rest is done here."""
    if filters.since:
        yield f"attributes.start_time >= {int(filters.since.timestamp() * 1000)}"
    if filters.until:
        yield f"attributes.start_time < {int(filters.until.timestamp() * 1000) + 1}"
    if filters.failed:
        yield "metrics.success = 0"
    if filters.min_duration is not None:
        yield f"metrics.duration_seconds >= {filters.min_duration.total_seconds()}"
    named = {"params.issue_number": filters.issue, "params.procedure_name": filters.procedure}
    for name, values in {**named, "tags.`git.branch`": filters.branch}.items():
        if len(values) == 1 and not set(values[0]) & set("*?["):
            yield f"{name} = '{_quoted(values[0].lstrip('#') if name.endswith('number') else values[0])}'"


def _quoted(text: str) -> str:
    return text.replace("'", "").replace("\\", "")


def _row(run: Run) -> SessionRow:
    """Return what a run says of its session; it does not say everything that the archive does."""
    tags, params, data = run.data.tags, run.data.params, run.data.metrics
    source = tags.get("mlflow.source.name", "")
    repo = tags.get("git.repo")
    known: dict[str, Any] = {
        name: tags.get(name) for name in ("provider", "client", "provider_version", "origin", "host")
    }
    prompt = params.get("initial_prompt")
    return SessionRow(
        session_id=tags["session_id"],
        path=f"{RUN}{run.info.run_id}",
        state=State.LOGGED,
        **known,
        wrapper=source.removesuffix("-with-tracking") if source.endswith("-with-tracking") else None,
        model=tags.get("model"),
        cwd=params.get("cwd"),
        git=Git(root=repo, branch=tags.get("git.branch"), commit=tags.get("git.commit")),
        interactive={"true": True, "false": False}.get(tags.get("interactive", "")),
        parent_session_id=tags.get("parent_session_id"),
        started_at=_moment(run.info.start_time),
        ended_at=_moment(run.info.end_time),
        duration_seconds=data.get("duration_seconds"),
        active_seconds=data.get("active_seconds"),
        exit_code=int(data["exit_code"]) if "exit_code" in data else None,
        end_reason=tags.get("end_reason"),
        success=bool(data["success"]) if "success" in data else None,
        procedure_name=params.get("procedure_name"),
        issue_number=params.get("issue_number"),
        prompt=prompt[:PROMPT_LENGTH] if prompt else None,
        outcomes=tuple(sorted(tag.removeprefix("event.") for tag in tags if tag.startswith("event."))),
        cost_usd=data.get("cost_usd"),
        tags={key: value for key, value in tags.items() if not is_fact(key)},
        note=tags.get(NOTE),
        metrics=data,
    )


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
