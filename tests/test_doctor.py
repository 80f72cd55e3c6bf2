"""`with-tracking doctor`: everything that can be wrong is named with what to do; nothing is reported that is well."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests import synthetic
from tests.forked import run
from tests.mlflow_server import free_port
from tests.runs import client_of, log
from with_tracking import archive, config, privacy, turn_taking
from with_tracking.store import local_store, store_probe
from with_tracking.upkeep import diagnosis, tombstones

pytestmark = [pytest.mark.xdist_group("mlflow"), pytest.mark.usefixtures("ready_store")]


def problems(shown: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    """Return what needs doing, by name."""
    assert shown.stderr == ""
    found = [finding for finding in json.loads(shown.stdout) if finding["level"] == "problem"]
    assert all(finding["advice"] for finding in found)
    assert shown.returncode == (1 if found else 0)
    return {finding["name"]: finding for finding in found}


def test_all_is_well(tracking_root: Path) -> None:
    """A logged session, a store that fits: exit 0, a line each."""
    log(synthetic.parsed(tracking_root))
    shown = run("doctor")
    assert (shown.returncode, shown.stderr) == (0, "")
    marks = [line.split()[:2] for line in shown.stdout.splitlines()]
    names = ["script", "environment", "root", "disk", "settings", "store", "sessions"]
    assert marks == [["✓", name] for name in names]
    assert "\x1b" not in shown.stdout


def test_what_is_wrong_with_sessions(tracking_root: Path) -> None:
    """Pending, unreadable, half forgotten ones, unknown records and withheld files are named."""
    synthetic.parsed(tracking_root, "pending")
    broken = synthetic.parsed(tracking_root, "broken").folder
    (broken / "session.json").write_text("{")
    left = synthetic.parsed(tracking_root, "left").folder
    tombstones.add(tracking_root, tombstones.Tombstone(session_id=left.name))
    drifted = synthetic.parsed(tracking_root, "drifted")
    parse = msgspec.structs.replace(drifted.session.parse, unknown_records=50)
    changed = msgspec.structs.replace(drifted.session, parse=parse, provider_version="9.9")
    (drifted.folder / "parsed.json").write_bytes(msgspec.json.encode(changed))
    (drifted.folder / privacy.WITHHELD).write_text('["typescript"]')
    shown = run("doctor", "--json")
    found = problems(shown)
    assert set(found) == {"pending", "unreadable", "forgotten", "log drift"}
    assert found["pending"]["text"].startswith("4 sessions (")
    assert "1 session (broken)" in found["unreadable"]["text"]
    assert "claude_code 9.9 holds 50 records" in found["log drift"]["text"]
    notes = [finding for finding in json.loads(shown.stdout) if finding["level"] == "note"]
    assert [note["name"] for note in notes] == ["withheld"]


def test_busy_and_unwanted_sessions_are_no_problem(tracking_root: Path) -> None:
    """What is being logged now is not pending; with MLflow switched off, what was read is not either."""

    def found() -> list[str]:
        looked_at = diagnosis._sessions(tracking_root, config.load(os.environ, tracking_root))
        return [finding.name for finding in looked_at if finding.level is diagnosis.Level.PROBLEM]

    folder = synthetic.parsed(tracking_root).folder
    with archive.lock(folder):
        assert found() == []
    with archive.lock_file(tracking_root / turn_taking.WORK):
        assert found() == []
    assert found() == ["pending"]
    assert problems(run("doctor", "--json", WITH_TRACKING_MLFLOW="0")) == {}


@pytest.mark.parametrize("harm", ["newer", "damaged", "foreign"])
def test_stores(tracking_root: Path, harm: str) -> None:
    """A store of a newer MLflow, a damaged one, and a file that is none are told apart."""
    database = tracking_root / "mlflow.db"
    if harm == "newer":
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
            connection.commit()
    elif harm == "damaged":
        data = bytearray(database.read_bytes())
        data[4096 * 20 : 4096 * 60] = os.urandom(4096 * 40)
        database.write_bytes(data)
    else:
        database.write_text("hello")
    words = {"newer": "A newer MLflow", "damaged": "damaged", "foreign": "damaged"}
    assert words[harm] in problems(run("doctor", "--json"))["store"]["text"]


def test_deleted_experiment(tracking_root: Path) -> None:
    """Sessions that wait for an experiment that was deleted in the UI: what brings it back is said."""
    log(synthetic.parsed(tracking_root, "one"))
    client = client_of(local_store.uri(tracking_root / "mlflow.db"))
    client.delete_experiment(client.get_experiment_by_name("ai-sessions").experiment_id)
    found = problems(run("doctor", "--json"))["store"]
    assert "ai-sessions was deleted" in found["text"]
    assert "mlflow experiments restore -x" in json.dumps(found)


def test_server_away_and_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not answer is told, and not waited for."""
    away = f"http://me:secret@127.0.0.1:{free_port()}"
    found = problems(run("doctor", "--json", MLFLOW_TRACKING_URI=away))["store"]
    assert "cannot be reached" in found["text"]
    assert "secret" not in json.dumps(found)
    assert "does not answer" in (store_probe.probe(seconds=0.01).problem or "")


def test_alerts_that_cannot_be_told(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An alert that nothing here can deliver is named; with the programs there is nothing to say."""
    file = home / ".config" / "with-tracking" / "config.toml"
    file.parent.mkdir(parents=True)
    alert = '[[alerts]]\nname = "many"\nwhen = "errors_encountered > 5"\n'
    file.write_text(f'{alert}desktop = true\napprise = ["mailto://me@example.com"]\n')
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    said = [finding.text.split()[0] for finding in diagnosis._alerts(os.environ)]
    assert said == ["apprise", "notify-send"]
    for name in said:
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    assert list(diagnosis._alerts(os.environ)) == []
    file.write_text(alert)
    (tmp_path / "apprise").unlink()
    assert list(diagnosis._alerts(os.environ)) == []


def test_root_and_settings(tracking_root: Path, home: Path, tmp_path: Path) -> None:
    """A root that is no folder, and a wrong setting with its line."""
    file = home / ".config" / "with-tracking" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[mlflow]\ncolour = 1\n")
    (tmp_path / "file").touch()
    found = problems(run("doctor", "--json", WITH_TRACKING_HOME=str(tmp_path / "file")))
    assert "config.toml:2: unknown setting mlflow.colour" in found["settings"]["text"]
    assert "cannot be written" in found["root"]["text"]


@pytest.mark.parametrize(
    ("says", "level"),
    [
        ("script from util-linux 2.39.3", "ok"),
        ("script from util-linux 2.34", "problem"),
        ("BusyBox v1.36", "problem"),
        (None, "problem"),
    ],
)
def test_script_flavours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str | None, level: str) -> None:
    """The script(1) on PATH is the one of util-linux and new enough, or it is told."""
    monkeypatch.setenv("PATH", str(tmp_path))
    if says:
        (tmp_path / "script").write_text(f"#!/bin/sh\necho '{says}'\n")
        (tmp_path / "script").chmod(0o755)
    assert diagnosis._script().level == level
