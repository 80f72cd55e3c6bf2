"""The door to mlflow: loading it takes one to three seconds, so it is loaded late, once, and with its stalls disarmed.

Only `mlflow_store` and its helpers (`local_store`, `mlflow_traces`) come through here.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from with_tracking import paths
from with_tracking.errors import MlflowUnavailable

DISARMED = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # the default blocks for 248 s when a server is down
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_MODEL_CATALOG_URI": "",  # else an LLM span without a cost fetches prices from the network
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ASYNC_TRACE_LOGGING": "false",  # a trace that is not written must not look written
    "GIT_PYTHON_REFRESH": "quiet",  # no git on PATH is no concern of ours
}
UPLOAD_SECONDS = 120
"""A server may need long to store a large recording; the short timeout is for finding out whether it is there."""


def load() -> ModuleType:
    """Import mlflow. What the person has set in the environment stays as it is."""
    for variable, value in DISARMED.items():
        os.environ.setdefault(variable, value)
    warnings.filterwarnings("ignore", module=r"(mlflow|sqlalchemy|alembic|google|pydantic)(\.|$)")
    try:
        import mlflow
    except ImportError as error:
        raise MlflowUnavailable(f"MLflow cannot be loaded ({error})", paths.installing("mlflow>=3.10,<4")) from error
    for name in ("mlflow", "alembic", "urllib3.connectionpool"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return mlflow


@contextmanager
def patience() -> Iterator[None]:
    """Wait longer for the server's answers: while files are uploaded to one that has just answered."""
    short = DISARMED["MLFLOW_HTTP_REQUEST_TIMEOUT"]
    if os.environ.get("MLFLOW_HTTP_REQUEST_TIMEOUT") != short:
        yield
        return
    os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] = str(UPLOAD_SECONDS)
    try:
        yield
    finally:
        os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] = short
