"""Tracked procedures: any command, or a block of Python, becomes a session and a run of its own kind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from parsers.session import Category, Session
from tests.forked import run, run_in
from tests.runs import client_of, runs_in
from with_tracking import archive, track_procedure
from with_tracking.store import local_store

CHECKOUT = Path(__file__).resolve().parents[1]
SCRIPT = "echo '::step build'; sleep 0.5; echo building; echo '::step test'; echo oops >&2; exit 3"


@pytest.fixture(autouse=True)
def unlogged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Log nothing in the background while tests look."""
    monkeypatch.setenv("WITH_TRACKING_MLFLOW", "0")


def only_session(root: Path) -> tuple[Path, Session]:
    """Return the one session that is there."""
    (folder,) = archive.folders(root)
    session = archive.read_session(folder)
    assert session is not None
    return folder, session


def test_a_step_is_no_error(tracking_root: Path) -> None:
    """A command that fails without a word is told by its name, not by the line that began a step."""
    assert run("procedure", "deploy", "--", "sh", "-c", "echo '::step build'; false").returncode == 1
    folder, session = only_session(tracking_root)
    assert session.errors
    assert "::step build" not in [error.text for error in session.errors]
    assert (folder / "transcript.txt").read_text() == "::step build\n"


def test_a_command_is_recorded(tracking_root: Path) -> None:
    """Output and exit status are the command's; duration, success, steps and parameters are the session's."""
    shown = run("procedure", "deploy", "--param", "env=staging", "--param", "tries=3", "--", "sh", "-c", SCRIPT)
    assert (shown.returncode, shown.stdout) == (3, "::step build\nbuilding\n::step test\n")
    assert shown.stderr.startswith("oops\nwith-tracking: ")
    folder, session = only_session(tracking_root)
    assert (session.provider, session.procedure_name, session.success, session.exit_code) == (
        "procedure", "deploy", False, 3,
    )  # fmt: skip
    assert session.user_prompts == ("deploy env=staging tries=3",)
    assert session.duration_seconds is not None
    assert 0.5 < session.duration_seconds < 60
    steps = [use for use in session.tool_uses if use.category is Category.OTHER]
    assert [(step.name, step.ok) for step in steps] == [("build", True), ("test", False)]
    assert steps[0].duration_seconds is not None
    assert steps[0].duration_seconds > 0.15
    assert session.metrics["commands_failed"] == 1
    assert (folder / "stdout.txt").read_text() == shown.stdout
    assert session.git.branch is not None or not (CHECKOUT / ".git").exists()
    assert "deploy env=staging" in run("list", "--procedure", "deploy").stdout


def test_streams_pass_untouched(tracking_root: Path) -> None:
    """Bytes that are no text pass as they are, stdin is the command's own, a closed pipe does not stop it."""
    data = bytes(range(256)) * 1000
    command = [sys.executable, "-m", "with_tracking", "procedure", "copy", "--", "cat"]
    shown = subprocess.run(command, input=data, capture_output=True, check=True, cwd=CHECKOUT)
    assert shown.stdout == data
    line = f"{sys.executable} -m with_tracking procedure much -- seq 200000 | head -1"
    assert subprocess.run(["bash", "-c", line], capture_output=True, check=True, cwd=CHECKOUT).stdout == b"1\n"
    outcomes = {
        session.procedure_name: session.success
        for session in map(archive.read_session, archive.folders(tracking_root))
        if session
    }
    assert outcomes == {"copy": True, "much": True}


def test_names_that_are_no_utf8(tracking_root: Path, tmp_path: Path) -> None:
    """The command gets its arguments byte for byte, in a folder of any name; the record shows what can be shown."""
    place = os.fsencode(tmp_path) + b"/\xff"
    os.mkdir(place)
    words = [b"procedure", b"p", b"--param", b"a=\xfe", b"--", b"printf", b"%s", b"b\xfd"]
    command = [os.fsencode(sys.executable), b"-P", b"-m", b"with_tracking", *words]
    environ = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(command, cwd=place, env=environ, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"b\xfd")
    _, session = only_session(tracking_root)
    assert (session.user_prompts, session.commands) == (("p a=?",), ("printf %s 'b?'",))


def test_artifacts_are_kept(tracking_root: Path, tmp_path: Path) -> None:
    """Files and folders that are named are copied when the command is over; one that is missing is one line."""
    made = tmp_path / "made"
    script = f"mkdir {made}; echo 1 > {made}/a.csv; echo 2 > {tmp_path}/report.html"
    options = ["--artifact", str(made), "--artifact", str(tmp_path / "report.html"), "--artifact", "nowhere.txt"]
    shown = run("procedure", "make", *options, "--", "sh", "-c", script)
    assert shown.returncode == 0
    assert "nowhere.txt is not kept: No such file" in shown.stderr
    folder, _ = only_session(tracking_root)
    kept = {str(file.relative_to(folder / "artifacts")) for file in (folder / "artifacts").rglob("*.*")}
    assert kept == {"made/a.csv", "report.html"}


def test_secrets_are_masked(tracking_root: Path) -> None:
    """What a procedure prints is masked like everything else that is kept; the terminal shows it as it is."""
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
    shown = run("procedure", "leak", "--", "echo", secret)
    assert secret in shown.stdout
    folder, _ = only_session(tracking_root)
    for file in folder.rglob("*"):
        if file.is_file():
            assert secret.encode() not in file.read_bytes(), file.name


def test_signals_are_the_commands(tracking_root: Path) -> None:
    """A signal ends the command, not the recording: the session says how it ended."""
    command = [sys.executable, "-m", "with_tracking", "procedure", "wait", "--", "sh", "-c", "echo up; exec sleep 60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=CHECKOUT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 143
    _, session = only_session(tracking_root)
    assert (session.end_reason, session.success) == ("signalled", False)


def test_what_cannot_be_run_or_recorded(tracking_root: Path, tmp_path: Path) -> None:
    """An unknown command is one line; with nowhere to record, the command runs all the same."""
    unknown = run("procedure", "x", "--", "no-such-command")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "There is no command 'no-such-command'" in unknown.stderr
    assert run("procedure", "x", "--param", "novalue", "--", "true").returncode == 2
    (tmp_path / "file").write_text("")
    shown = run("procedure", "x", "--", "sh", "-c", "echo done; exit 4", WITH_TRACKING_HOME=str(tmp_path / "file"))
    assert (shown.returncode, shown.stdout) == (4, "done\n")
    assert "runs without" in shown.stderr


def test_one_that_was_killed_is_found(tracking_root: Path) -> None:
    """A procedure whose recorder was killed is a session that is lost, and sync reads what there is."""
    command = [sys.executable, "-m", "with_tracking", "procedure", "wait", "--", "sh", "-c", "echo up; sleep 3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=CHECKOUT) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    assert run("sync").returncode == 0
    _, session = only_session(tracking_root)
    assert (session.provider, session.end_reason) == ("procedure", "lost")


# --- Python -----------------------------------------------------------------------------------------------------------


def test_a_block_of_python(tracking_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Steps, numbers and files of a block are kept; its parameters are those of the call."""
    (tmp_path / "report.txt").write_text("hello")
    with track_procedure("nightly", source="crm", limit=5) as procedure:
        procedure.step("download")
        procedure.step("import")
        procedure.metric("rows", 1200)
        procedure.metric("rows/bad", float("nan"))
        procedure.artifact(tmp_path / "report.txt")
        procedure.artifact(tmp_path / "missing.txt")
    folder, session = only_session(tracking_root)
    assert (session.session_id, session.success, session.metrics["rows"]) == (procedure.session_id, True, 1200)
    assert [use.name for use in session.tool_uses] == ["download", "import"]
    assert session.user_prompts == ("nightly source=crm limit=5",)
    assert (folder / "artifacts" / "report.txt").read_text() == "hello"
    said = capsys.readouterr().err
    assert "metric of the procedure nightly is not recorded" in said
    assert "artifact of the procedure nightly is not recorded" in said


def test_an_exception_is_a_failure_and_goes_on(tracking_root: Path) -> None:
    """What the block raises is raised; the session has failed, and so has the step."""

    def divide() -> None:
        with track_procedure("broken") as procedure:
            procedure.step("divide")
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        divide()
    folder, session = only_session(tracking_root)
    assert (session.success, session.tool_uses[0].ok) == (False, False)
    assert "ZeroDivisionError" in (folder / "transcript.txt").read_text()
    assert [error.text for error in session.errors] == ["ZeroDivisionError: division by zero"]
    page = run("show", folder.name).stdout
    assert "Steps\n  ✗ divide" in page


def test_tracking_never_fails_the_work(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    """Where nothing can be recorded the block runs, and that is said once."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WITH_TRACKING_HOME", str(tmp_path / "file"))
    with track_procedure("x") as procedure:
        procedure.step("a")
        procedure.metric("n", 1)
    assert procedure.session_id is None
    assert capsys.readouterr().err.count("is not recorded") == 1


def test_importing_it_is_cheap() -> None:
    """`from with_tracking import track_procedure` brings neither mlflow nor the parsers along."""
    code = (
        "import sys\nfrom with_tracking import track_procedure\n"
        "print(sorted({'mlflow', 'msgspec', 'rich', 'click', 'parsers.session'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert shown.stdout.strip() == "[]"


@pytest.mark.xdist_group("mlflow")
@pytest.mark.usefixtures("ready_store")
def test_the_run(tracking_root: Path, tmp_path: Path) -> None:
    """The run has the tag type = procedure, the parameters, numbers of one's own and the files."""
    (tmp_path / "report.txt").write_text("hello")
    with track_procedure("nightly", source="crm") as procedure:
        procedure.metric("rows", 1200)
        procedure.artifact(tmp_path / "report.txt")
    environ = {key: value for key, value in os.environ.items() if key != "WITH_TRACKING_MLFLOW"}
    synced = run_in(environ, "sync", "--json")
    assert synced.returncode == 0, synced.stderr
    assert json.loads(synced.stdout)["logged"]
    (found,) = runs_in(local_store.uri(tracking_root / "mlflow.db"))
    assert (found.data.tags["type"], found.data.tags["provider"]) == ("procedure", "procedure")
    assert (found.data.params["procedure_name"], found.data.params["source"]) == ("nightly", "crm")
    assert (found.data.metrics["rows"], found.data.metrics["success"]) == (1200, 1)
    assert found.info.run_name == "procedure: nightly source=crm"
    uri = local_store.uri(tracking_root / "mlflow.db")
    stored = client_of(uri).list_artifacts(found.info.run_id, "artifacts")
    assert [entry.path for entry in stored] == ["artifacts/report.txt"]
