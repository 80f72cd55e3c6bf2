"""The throw-away git repository in which the demo works, and the tools that work on it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SOURCE = "tracker.py"
WRONG_LINE = '    issue["open"] = "no"'
FIXED_LINE = '    issue["state"] = "closed"'
FILES = {
    SOURCE: f'''"""A tiny issue tracker."""


def close(issue):
    """Mark an issue as closed."""
{WRONG_LINE}
    return issue
''',
    "test_tracker.py": """import unittest

import tracker


class CloseTest(unittest.TestCase):
    def test_closed_issue_is_closed(self):
        issue = tracker.close({"number": 583, "state": "open"})
        self.assertEqual(issue["state"], "closed")

    def test_number_is_kept(self):
        self.assertEqual(tracker.close({"number": 583})["number"], 583)
""",
    ".gitignore": "__pycache__/\n",
}
DAY = "2026-01-01T12:00:00+00:00"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a tool use went: whether it did what it should, and the lines to show for it."""

    ok: bool
    lines: tuple[str, ...]


class Workshop:
    """A git repository in the temporary folder, with one failing test. Close it to remove the folder."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="with-tracking-demo-")).resolve()
        self._environ = working_environment(os.environ)
        for name, text in FILES.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        for command in ("git init --quiet --initial-branch main", "git add .", "git commit --quiet -m 'Track issues'"):
            outcome = self.run(command)
            if not outcome.ok:
                self.close()
                raise OSError(f"{command}: {' '.join(outcome.lines)}")

    def close(self) -> None:
        """Remove the repository."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, command: str) -> Outcome:
        """Run a shell command. A KeyboardInterrupt ends it and is passed on."""
        process = subprocess.Popen(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate()
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            raise
        lines = output.decode("utf-8", "replace").rstrip().splitlines()
        if process.returncode:
            lines.insert(0, f"Error: Exit code {process.returncode}")
        return Outcome(process.returncode == 0, tuple(lines) or ("(No output)",))

    def read(self, path: str) -> Outcome:
        """Read a file; only how long it is gets shown."""
        file = self.folder / path
        if not file.is_file():
            return Outcome(False, (f"Error: File does not exist: {path}",))
        count = len(file.read_text(encoding="utf-8").splitlines())
        return Outcome(True, (f"Read {count} lines",))

    def update(self, path: str, old: str, new: str) -> Outcome:
        """Replace the line `old` of a file."""
        file = self.folder / path
        if not file.is_file():
            return Outcome(False, (f"Error: File does not exist: {path}",))
        lines = file.read_text(encoding="utf-8").splitlines()
        if old not in lines:
            return Outcome(False, (f"Error: String to replace not found in {path}",))
        index = lines.index(old)
        lines[index] = new
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        shown = (f"{index + 1:>4} - {old}", f"{index + 1:>4} + {new}")
        return Outcome(True, (f"Updated {path} with 1 addition and 1 removal", *shown))


def working_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the demo's commands: the person's git settings and repositories stay out of it."""
    kept = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Demo assistant",
        "GIT_AUTHOR_EMAIL": "demo@localhost",
        "GIT_AUTHOR_DATE": DAY,
        "GIT_COMMITTER_NAME": "Demo assistant",
        "GIT_COMMITTER_EMAIL": "demo@localhost",
        "GIT_COMMITTER_DATE": DAY,
        "LC_ALL": "C",
        "PYTHONDONTWRITEBYTECODE": "1",
        # where uv brought the Python there may be no python3 on PATH
        "PATH": os.pathsep.join([environ.get("PATH", os.defpath), str(Path(sys.executable).parent)]),
    }
