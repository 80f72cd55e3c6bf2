"""logged.json: where a session is in MLflow. Its being there is what makes the session count as logged."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import msgspec


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """Which run a session became, in which store (its address without passwords), and when."""

    run_id: str
    experiment_id: str
    tracking_uri: str
    digest: str
    logged_at: datetime


def without_password(text: str) -> str:
    """Return a text with the names and passwords left out of the addresses in it."""
    return re.sub(r"(\w+://)[^/\s]*@", r"\1", text)


def read_logged(folder: Path) -> Logged | None:
    """Return which run the session became, None if it is not logged."""
    try:
        return msgspec.json.decode((folder / "logged.json").read_bytes(), type=Logged)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
