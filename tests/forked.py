"""Processes for tests, forked off one that has everything loaded.

A fresh Python needs up to three seconds of a processor until MLflow's store is loaded. A forked process needs none of
them and is a whole process all the same: what it does to its environment, its streams and its modules ends with it.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pkgutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import parsers
import with_tracking

CHECKOUT = Path(__file__).resolve().parents[1]
OURS = [
    module.name
    for package in (parsers, with_tracking)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.endswith(".__main__")
]
LATE = (  # what is imported only when it is needed; a name that some version does not have is passed over
    *("mlflow", "mlflow.store.tracking.sqlalchemy_workspace_store", "mlflow.tracing.otel.translation"),
    *("alembic.command", "sqlalchemy.dialects.sqlite", "pytest"),
    *("genai_prices.data_snapshot", "genai_prices.decompose", "genai_prices.validation"),
    *("click.shell_completion", "rich.progress", "rich.table"),
)

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([*OURS, *LATE])


def take_over(environ: Mapping[str, str]) -> None:
    """Have the test's environment and nothing else: the fork server still has that of the test that started it."""
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run `with-tracking` without a terminal, for 80 columns; it is on PATH."""
    return run_in(_settings(environ), *arguments)


def _settings(environ: Mapping[str, str]) -> dict[str, str]:
    path = f"{CHECKOUT / 'bin'}:{os.environ['PATH']}"
    return {**os.environ, "COLUMNS": "80", "PATH": path, **environ}


def run_in(
    environ: Mapping[str, str], *arguments: str, module: str = "with_tracking.cli.main"
) -> subprocess.CompletedProcess[str]:
    """Run `with-tracking`, or another command, in this environment: no terminal, nothing on stdin, the test's umask."""
    mask = os.umask(0)
    os.umask(mask)
    with tempfile.TemporaryDirectory() as folder:
        process = PROCESSES.Process(target=_become, args=(module, arguments, dict(environ), mask, folder))
        process.start()
        process.join(300)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"{module} {' '.join(arguments)} does not end")
        said = [Path(folder, name).read_text(encoding="utf-8") for name in ("stdout", "stderr")]
    return subprocess.CompletedProcess(arguments, process.exitcode, *said)


def run_anew(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the same in a Python that loads everything for itself, as a person does."""
    command = [sys.executable, "-m", "with_tracking", *arguments]
    settings = _settings(environ)
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=settings, cwd=CHECKOUT)


def _become(module: str, arguments: tuple[str, ...], environ: Mapping[str, str], mask: int, folder: str) -> None:
    """Be the command that is the `main` of a module; its output goes to files in this folder."""
    take_over(environ)
    os.umask(0o077)
    for number, file in enumerate((os.devnull, f"{folder}/stdout", f"{folder}/stderr")):
        os.dup2(os.open(file, os.O_RDWR | os.O_CREAT), number)
    os.umask(mask)
    os.chdir(CHECKOUT)
    importlib.import_module(module).main(arguments)
