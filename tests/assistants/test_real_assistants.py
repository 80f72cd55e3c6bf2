"""Real assistants, run by our wrappers in a terminal against a scripted model: what we tell is what happened."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.assistants.installed import ASSISTANTS, Assistant, installed, version_of
from tests.assistants.model_server import Final, ModelServer, Shell
from tests.conftest import CHECKOUT
from tests.pseudo_terminal import PseudoTerminal
from tests.runs import runs_in

pytestmark = [pytest.mark.assistant, pytest.mark.xdist_group("assistants")]

WORKS = "git status --short --branch"
FAILS = "git push origin no-such-branch"
CLOSING = "The scripted turn is over."
SCRIPT = (Shell(WORKS), Shell(FAILS), Final(CLOSING))


@dataclass(frozen=True)
class Recorded:
    """What one session left: the assistant and its own version, the session's folder, what the screen showed last."""

    assistant: Assistant
    version: str
    home: Path
    folder: Path
    models: set[str]
    last_screen: str


@pytest.fixture(scope="module", params=ASSISTANTS, ids=lambda each: each.name)
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """One turn of a real assistant in a home of its own: a command that works, one that fails, a closing message."""
    assistant: Assistant = request.param
    bin_folder = installed(assistant)
    home = tmp_path_factory.mktemp(assistant.name)
    repository = make_repository(home / "project")
    environ = {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "TERM": "xterm-256color",
        "WITH_TRACKING_HOME": str(home / "tracking"),
    }
    with ModelServer(SCRIPT) as server:
        environ |= assistant.prepare(home, repository, server.address)
        wrapper = str(CHECKOUT / "bin" / f"{assistant.name}-with-tracking")
        with PseudoTerminal([wrapper, "close-issue 583"], cwd=repository, environ=environ) as terminal:
            terminal.wait_for(CLOSING, seconds=180)
            terminal.wait_until_quiet()
            for keys in assistant.leave:
                terminal.send(keys)
                terminal.wait_until_quiet(0.3, 2)
            status = terminal.wait_for_end(180)
            last_screen = terminal.screen
        assert server.problems == []
    assert status == 0, last_screen
    (header,) = home.glob("tracking/sessions/*/*/*/*/session.json")
    yield Recorded(assistant, version_of(assistant, bin_folder), home, header.parent, server.models, last_screen)
    if shutil.which("pkill"):  # Codex leaves an app server of its own running
        subprocess.run(["pkill", "-KILL", "-f", f"^{re.escape(str(home))}/"], check=False)


def make_repository(folder: Path) -> Path:
    """Make a repository with one commit and no remote."""
    folder.mkdir()
    (folder / "a.txt").write_text("one\n")
    person = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    for command in ("init -q -b main", "add .", "commit -q -m First"):
        subprocess.run(["git", *person, *command.split()], cwd=folder, check=True)
    return folder


def session_json(folder: Path, home: Path) -> dict[str, Any]:
    """Return what the reader says of a session folder, with the assistant's logs in this home."""
    command = [sys.executable, "-m", "parsers.parse_ai_session", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"HOME": str(home)})
    session: dict[str, Any] = json.loads(done.stdout)
    return session


def test_session_tells_what_happened(recorded: Recorded, record_property: Callable[[str, object], None]) -> None:
    """Prompt, commands, outcomes, answer, tokens and version of a real session are read right, from screen and log."""
    record_property("assistant", f"{recorded.assistant.provider} {recorded.version}")
    session = session_json(recorded.folder, recorded.home)
    assert session["provider"] == recorded.assistant.provider
    assert session["provider_version"] == recorded.version
    assert {session["model"]} == recorded.models
    assert session["user_prompts"] == ["close-issue 583"]
    assert (session["procedure_name"], session["issue_number"]) == ("close-issue", "583")
    assert session["commands"] == [WORKS, FAILS]
    assert session["git_operations"] == [WORKS, FAILS]
    assert [use["ok"] for use in session["tool_uses"]] == [True, False]
    assert [use["category"] for use in session["tool_uses"]] == ["shell", "shell"]
    assert [error["kind"] for error in session["errors"]] == ["command_failed"]
    assert session["assistant_texts"] == [CLOSING]
    assert (session["exit_code"], session["interactive"]) == (0, True)
    assert session["outcomes"] == [], "a push that failed is no push"
    assert session["tokens"]["input"] == 3 * 100
    assert session["tokens"]["cache_read"] == 3 * 50
    assert session["tokens"]["output"] == 3 * 20


def test_screen_alone_tells_the_same(recorded: Recorded, tmp_path: Path, home: Path) -> None:
    """Without the assistant's own log the screen still gives prompt and answer, and the commands that it shows."""
    folder = tmp_path / "session"
    folder.mkdir()
    for name in ("typescript", "timing.log"):
        shutil.copy(recorded.folder / name, folder)
    header = json.loads((recorded.folder / "session.json").read_text())
    del header["log_places"]
    (folder / "session.json").write_text(json.dumps(header))
    session = session_json(folder, home)
    assert session["user_prompts"] == ["close-issue 583"]
    assert session["assistant_texts"] == [CLOSING]
    assert {use["source"] for use in session["tool_uses"]} <= {"screen"}
    if recorded.assistant.collapses_commands:
        assert set(session["commands"]) <= {WORKS, FAILS}
    else:
        assert session["commands"] == [WORKS, FAILS]
        assert [use["ok"] for use in session["tool_uses"]] == [True, False]


def test_run_is_in_mlflow(recorded: Recorded) -> None:
    """The session arrives in MLflow by itself, and the run says the same as the session."""
    wait_for_file(recorded.folder / "logged.json", seconds=300)
    found = runs_in(f"sqlite:///{recorded.home}/tracking/mlflow.db", f"tags.session_id = '{recorded.folder.name}'")
    (run,) = (each.to_dictionary()["data"] for each in found)
    assert run["tags"]["type"] == "ai_session"
    assert run["tags"]["provider"] == recorded.assistant.provider
    assert run["tags"]["mlflow.runName"] == f"{recorded.assistant.name}: close-issue 583"
    assert run["params"]["procedure_name"] == "close-issue"
    assert run["params"]["issue_number"] == "583"
    assert run["metrics"]["commands_executed"] == 2
    assert run["metrics"]["commands_failed"] == 1
    assert run["metrics"]["errors_encountered"] == 1
    assert run["metrics"]["tokens.output"] == 60
    assert run["metrics"]["success"] in (0, 1)


def test_closing_line(recorded: Recorded) -> None:
    """After the assistant has left, the last line tells what was recorded and how to look."""
    shown = recorded.last_screen.replace("\n", "")  # the folder of the command may be long
    assert "2 commands" in shown
    assert f"with-tracking show {recorded.folder.name[:8]}" in shown


def wait_for_file(path: Path, *, seconds: float) -> None:
    """Wait until a file is there."""
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} is not there after {seconds} s"
        time.sleep(0.2)
