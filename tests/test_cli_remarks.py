"""`with-tracking tag` and `note`: in the archive at once, on the run as soon as it can be."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from parsers.parse_ai_session import parse_folder
from tests import synthetic
from tests.forked import run
from tests.mlflow_server import free_port
from tests.runs import client_of, log, runs_in
from with_tracking import archive, remarks
from with_tracking.keeping import keep
from with_tracking.store import local_store


def tags_of(root: Path) -> dict[str, str]:
    """Return the tags of the only run."""
    (found,) = runs_in(local_store.uri(root / "mlflow.db"))
    tags: dict[str, str] = found.data.tags
    return tags


def wait_for(condition: Any) -> None:
    """Wait until something in the background is done."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "nothing came of it"
        time.sleep(0.2)


def test_tags_and_note(tracking_root: Path) -> None:
    """They are set, changed, taken away, printed, listed and found; reading the session anew leaves them."""
    folder = synthetic.record(tracking_root, "20261120-092939-0000000a")
    keep(folder, parse_folder(folder))
    assert run("tag", "20261120", "mode=plan", "result=good = very").returncode == 0
    assert run("note", "last", "the second", "prompt was better").returncode == 0
    assert run("tag", "-1", "mode=fast", "--remove", "nothing").stdout == (
        "mode=fast\nresult=good = very\nnote: the second prompt was better\n"
    )
    keep(folder, parse_folder(folder))
    (row,) = json.loads(run("list", "--tag", "mode=fast", "--json").stdout)
    assert (row["tags"]["result"], row["note"]) == ("good = very", "the second prompt was better")
    assert run("search", "second prompt", "--in", "notes").returncode == 0
    assert run("tag", "last", "--remove", "mode").stdout.startswith("result=")
    assert "note:" not in run("note", "last", "--remove").stdout
    assert json.loads(run("tag", "last", "--json").stdout)["tags"] == {"result": "good = very"}


def test_what_is_not_there(tracking_root: Path) -> None:
    """No tag, no note: that is said, with how to write one; `note` prints the note alone; a wrong --remove is told."""
    synthetic.parsed(tracking_root, "a")
    none = run("tag", "a")
    assert (none.stdout, none.stderr) == ("", "It has no tags. Try: with-tracking tag a mode=plan\n")
    assert run("note", "a").stderr == 'It has no note. Try: with-tracking note a "what to remember"\n'
    run("tag", "a", "mode=plan")
    run("note", "a", "good")
    assert run("note", "a").stdout == "note: good\n"
    assert run("tag", "a").stdout == "mode=plan\nnote: good\n"
    kept = run("tag", "a", "--remove", "nope")
    assert (kept.stdout, kept.stderr) == ("mode=plan\nnote: good\n", "It has no tag 'nope'.\n")
    assert "MLflow" in run("note", "a", "--remove").stderr
    assert run("note", "a", "--remove").stderr == ""


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("mode", "mode"),
        ("mode=", "mode="),
        ("=x", "=x"),
        ("provider=x", "provider"),
        ("mlflow.user=me", "mlflow.user"),
        ("a b=c", "a b"),
        ("note=x", "note"),
    ],
)
def test_wrong_tags(tracking_root: Path, wrong: str, named: str) -> None:
    """What cannot be a tag is a usage error that names it; nothing is written."""
    folder = synthetic.parsed(tracking_root, "a").folder
    shown = run("tag", "a", "good=yes", wrong)
    assert shown.returncode == 2
    assert repr(named) in shown.stderr
    assert not (folder / remarks.FILE).exists()


@pytest.mark.xdist_group("mlflow")
@pytest.mark.usefixtures("ready_store")
class TestOnTheRun:
    """The run of the session has them, too."""

    def test_before_and_after_logging(self, tracking_root: Path) -> None:
        """A run gets what was said before it was logged, and later changes in the background."""
        recorded = synthetic.parsed(tracking_root, "a")
        assert "when the session is logged" in run("tag", "a", "mode=plan").stderr
        log(recorded)
        assert tags_of(tracking_root)["mode"] == "plan"
        assert "in the background" in run("note", "a", "look again").stderr
        wait_for(lambda: tags_of(tracking_root).get("note") == "look again")
        run("tag", "a", "mode=fast", "--remove", "other")
        wait_for(lambda: tags_of(tracking_root)["mode"] == "fast")
        run("tag", "a", "--remove", "mode")
        wait_for(lambda: "mode" not in tags_of(tracking_root))
        wait_for(lambda: remarks.read_remarks(recorded.folder).unsent == ())
        assert len(runs_in(local_store.uri(tracking_root / "mlflow.db"))) == 1

    def test_store_away(self, tracking_root: Path) -> None:
        """What cannot be brought to the run now waits for the next sync, which says so."""
        recorded = synthetic.parsed(tracking_root, "a")
        log(recorded)
        file = recorded.folder / "logged.json"
        logged = json.loads(file.read_bytes())
        away = f"http://127.0.0.1:{free_port()}"
        archive.write_whole(file, json.dumps({**logged, "tracking_uri": away}).encode())
        remarks.change(recorded.folder, {"mode": "plan"})
        shown = run("sync")
        assert "cannot be reached" in shown.stderr
        assert remarks.read_remarks(recorded.folder).unsent == ("mode",)
        archive.write_whole(file, json.dumps(logged).encode())
        assert run("sync", "--quiet").stderr == ""
        assert tags_of(tracking_root)["mode"] == "plan"

    def test_run_that_is_gone(self, tracking_root: Path) -> None:
        """For a run that was deleted in MLflow nothing waits: what was said stays here."""
        recorded = synthetic.parsed(tracking_root, "a")
        run_id = log(recorded)
        client_of(local_store.uri(tracking_root / "mlflow.db")).delete_run(run_id)
        remarks.change(recorded.folder, {"mode": "plan"})
        shown = run("sync")
        assert "wait" not in shown.stderr
        assert "Traceback" not in shown.stderr
        assert remarks.read_remarks(recorded.folder) == remarks.Remarks(tags={"mode": "plan"})

    def test_root_that_moved(self, tracking_root: Path) -> None:
        """The run is found in the store beside the sessions; none is made where the store was."""
        recorded = synthetic.parsed(tracking_root, "a")
        log(recorded)
        before = tracking_root.with_name("before") / "mlflow.db"
        before.parent.mkdir()
        file = recorded.folder / "logged.json"
        logged = json.loads(file.read_bytes())
        archive.write_whole(file, json.dumps({**logged, "tracking_uri": local_store.uri(before)}).encode())
        remarks.change(recorded.folder, {"mode": "plan"})
        run("sync")
        assert tags_of(tracking_root)["mode"] == "plan"
        assert not before.exists()
