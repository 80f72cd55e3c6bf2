"""Where in an MLflow server the sessions are shown, asked of the server itself over its REST API."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import msgspec

from with_tracking.errors import WithTrackingError

API = "/api/2.0/mlflow/experiments"
ANSWER_SECONDS = 5.0
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Loopback is never behind the proxy that the environment names."""


def is_healthy(base: str) -> bool:
    """Tell whether an MLflow server answers at `base` (http://127.0.0.1:5000)."""
    try:
        with DIRECT.open(f"{base}/health", timeout=ANSWER_SECONDS) as answer:
            return bool(answer.status == 200 and answer.read(16).strip() == b"OK")
    except (OSError, http.client.HTTPException):
        return False


def experiment_id(base: str, name: str, artifact_location: str | None) -> str:
    """Return the id of the experiment `name`, which is made if it is not there yet."""
    try:
        return _id_of(base, name)
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise WithTrackingError(f"The MLflow server at {base} answered {error}", "start-mlflow restart") from error
    wanted = {"name": name} | ({"artifact_location": artifact_location} if artifact_location else {})
    try:
        return str(_ask(base, "create", body=wanted)["experiment_id"])
    except urllib.error.HTTPError:  # a session that is being logged was faster
        return _id_of(base, name)


def runs_view(base: str, experiment: str) -> str:
    """Return the address of the runs: without workflowType the UI opens in a mode that does not list them."""
    return f"{base}/#/experiments/{experiment}/runs?workflowType=machine_learning"


def _id_of(base: str, name: str) -> str:
    return str(_ask(base, f"get-by-name?experiment_name={urllib.parse.quote(name)}")["experiment"]["experiment_id"])


def _ask(base: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
    data = None if body is None else msgspec.json.encode(body)
    request = urllib.request.Request(f"{base}{API}/{path}", data, {"Content-Type": "application/json"})
    with DIRECT.open(request, timeout=ANSWER_SECONDS) as answer:
        return msgspec.json.decode(answer.read(), type=dict[str, Any])
