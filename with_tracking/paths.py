"""Where everything lies. The wrappers' bash code follows the same rules."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from with_tracking.errors import WithTrackingError

CHECKOUT = Path(__file__).resolve().parents[1]


def root(environ: Mapping[str, str]) -> Path:
    """Return the root: $WITH_TRACKING_HOME, else the checkout's mlruns/, else $XDG_DATA_HOME/with-tracking."""
    if chosen := environ.get("WITH_TRACKING_HOME"):
        return Path(chosen).expanduser().absolute()
    if (CHECKOUT / "pyproject.toml").is_file() and (CHECKOUT / "mlruns").is_dir():
        return CHECKOUT / "mlruns"
    return _xdg(environ, "XDG_DATA_HOME", ".local/share") / "with-tracking"


def user_config(environ: Mapping[str, str]) -> Path:
    """Return the person's own config.toml."""
    return _xdg(environ, "XDG_CONFIG_HOME", ".config") / "with-tracking" / "config.toml"


def sessions(root: Path) -> Path:
    """Return the folder of the session folders, one level each for year, month and day."""
    return root / "sessions"


def local_store(root: Path) -> Path:
    """Return the SQLite file of the local MLflow store."""
    return root / "mlflow.db"


def here() -> Path:
    """Return the working directory, also one that was deleted, as an assistant may do with a worktree that is done."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path(os.environ.get("PWD", "/"))


def to_type(command: str, environ: Mapping[str, str], cwd: Path) -> str:
    """Return what a person types to run a command of ours: its name where PATH leads to it, else its path."""
    own = CHECKOUT / "bin" / command
    found = shutil.which(command, path=environ.get("PATH"))
    installed = Path(sys.executable).with_name(command)  # an editable checkout's
    if not own.is_file() or (found and any(each.is_file() and each.samefile(found) for each in (own, installed))):
        return command
    return str(own.relative_to(cwd) if own.is_relative_to(cwd) else own)


def typed(next_step: str, environ: Mapping[str, str], cwd: Path) -> str:
    """Return what an error says to try, a command of ours at its beginning as a person types it here."""
    command, blank, arguments = next_step.partition(" ")
    ours = command.endswith("with-tracking") or command == "start-mlflow"
    return f"{shlex.quote(to_type(command, environ, cwd))}{blank}{arguments}" if ours else next_step


def installing(*arguments: str) -> str:
    """Return what a person types to add a package to the environment that we run in; `pip` alone may mean another."""
    python = os.path.normpath(sys.executable)
    pip = (python, "-m", "pip", "install") if find_spec("pip") else ("uv", "pip", "install", "--python", python)
    return shlex.join((*pip, *arguments))


def _xdg(environ: Mapping[str, str], variable: str, below_home: str) -> Path:
    """Return a base directory of the XDG specification; a relative value is to be ignored, it says."""
    value = environ.get(variable, "")
    if value.startswith("/"):
        return Path(value)
    if not environ.get("HOME"):
        raise WithTrackingError(f"Neither {variable} nor HOME is set", "set WITH_TRACKING_HOME to a folder of yours")
    return Path(environ["HOME"]) / below_home
