"""Alerts and hooks: what conditions mean, when they fire, how they are told, and that none of it is in the way."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import synthetic
from tests.forked import CHECKOUT, run
from tests.test_comparison import row
from with_tracking import config, detached, processes
from with_tracking.alerting import after_session, alerts, alerts_config
from with_tracking.alerting.alert_scope import AlertLanguage, AlertScope
from with_tracking.alerting.conditions import ConditionError, read_condition
from with_tracking.history.rows import newest_first
from with_tracking.history.session_rows import SessionRow

ROWS = newest_first(
    row(hours, success=hours % 2 == 0, seconds=100 + hours, metrics={"cost_usd": 2.0, "tokens.output": 5.0})
    for hours in range(-30, 1)
)
"""31 sessions, one an hour; the last began at 09:29 UTC."""


def holds(text: str, rows: list[SessionRow] = ROWS) -> bool:
    """Tell whether a condition holds after the newest of the sessions."""
    assert rows[0].started_at is not None
    return read_condition(text, AlertLanguage()).holds(AlertScope(rows, rows[0].started_at))


@pytest.mark.parametrize(
    "text",
    [
        "errors_encountered >= 1",
        "tokens.output == 5 and not tokens > 5",
        "provider == 'claude_code'",
        "success == true",
        "cost_usd * 10 - 1 > 18.9",
        "0 < duration_seconds <= 100",
        "sessions_today < 31",
        "cost_usd_this_week == 62",
        "success_rate(last=4) == 0.5",
        "success_rate(procedure='close-issue', last=1) == 1",
        "count() == 31",
        "count(provider='openai_codex') == 0",
        "count(provider='claude', last=3) == 3",
        "failures(last=10) == 5",
        "median(duration_seconds, last=3) == 99",
        "sum('cost_usd', last=2) == 4",
        "regression(duration_seconds, last=4) > 0.02",
    ],
)
def test_conditions_that_hold(text: str) -> None:
    """Numbers and facts of the session, sums of today and of the week, and functions of the sessions before."""
    assert holds(text)
    assert not holds(f"not ({text})")


@pytest.mark.parametrize(
    "text",
    [
        "lines_added > 0",
        "lines_added <= 0",
        "lines_added - 1 < 5",
        "cost_usd / 0 > 1",
        "provider > 3",
        "model == 'gpt'",
        "success_rate(procedure='nobody') < 0.7",
        "regression(lines_added) > 0",
        "'a' * 3 == 'aaa'",
    ],
)
def test_what_is_not_known_sets_off_nothing(text: str) -> None:
    """A number that a session does not have is neither more nor less than anything."""
    assert not holds(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("errors_encounterd > 5", "did you mean 'errors_encountered'?"),
        ("cost_today > 5", "did you mean 'cost_usd_today'?"),
        ("success_rat() < 1", "did you mean 'success_rate'?"),
        ("success_rate(cost_usd) < 1", "takes options alone"),
        ("median() < 1", "takes the name of a number first"),
        ("median(duration) > 5", "did you mean 'duration_seconds'?"),
        ("success_rate(procedur='x') < 1", "did you mean 'procedure'?"),
        ("success_rate(last='x') < 1", "must be a number from 1 on"),
        ("success_rate(last=0) < 1", "must be a number from 1 on"),
        ("cost_usd", "compares nothing"),
        ("cost_usd > ", "is no condition"),
        ("", "is no condition"),
        ("cost_usd > 5; import os", "is no condition"),
        ("__import__('os').system('true') > 0", "is no part of a condition"),
        ("().__class__ > 0", "is no part of a condition"),
        ("[x for x in (1,)] > 0", "is no part of a condition"),
        ("(lambda: 1)() > 0", "is no part of a condition"),
        ("9 ** 9 > 0", "is no part of a condition"),
        ("f'{cost_usd}' > 0", "is no part of a condition"),
        ("cost_usd > 1 if success else 2", "is no part of a condition"),
        ("cost_usd is 1", "is no part of a condition"),
        ("cost_usd > " + "(" * 220 + "1" + ")" * 220, "is no condition"),
        ("cost_usd > " + "1 + " * 200 + "1", "longer than"),
    ],
)
def test_what_is_no_condition(text: str, said: str) -> None:
    """A condition that is wrong says what is, with the nearest name; nothing but the small language is taken."""
    with pytest.raises(ConditionError, match=re.escape(said)):
        read_condition(text, AlertLanguage())


@given(st.text(max_size=80) | st.text(alphabet="cost_usd<>=()'.,0123456789 andort+-*/[]{}", max_size=60))
def test_any_text(text: str) -> None:
    """Whatever stands in the file is a condition or a ConditionError."""
    try:
        condition = read_condition(text, AlertLanguage())
    except ConditionError:
        return
    condition.holds(AlertScope(ROWS, datetime.now(UTC)))


# --- rules ------------------------------------------------------------------------------------------------------------


def rules(*when: str) -> tuple[alerts_config.Alert, ...]:
    """Return rules with these conditions."""
    read = alerts_config.read({"alerts": [{"name": text, "when": text} for text in when]})
    assert read.problems == ()
    return read.alerts


def test_a_sum_is_told_once() -> None:
    """What a session is itself is told each time, a sum that is too large by the session that made it so."""
    conditions = ("cost_usd >= 2", "cost_usd_this_week > 30", "count() > 30")
    newest, earlier = ROWS[0].session_id, ROWS[15].session_id
    assert [each.name for each in alerts.check(rules(*conditions), ROWS, newest)] == ["cost_usd >= 2", "count() > 30"]
    assert [each.name for each in alerts.check(rules(*conditions), ROWS, earlier)] == [
        "cost_usd >= 2", "cost_usd_this_week > 30",
    ]  # fmt: skip
    assert list(alerts.check(rules(*conditions), ROWS, "nobody")) == []


def test_wrong_rules_are_named(home: Path) -> None:
    """What is wrong in the file is said with its place, and the other rules hold; a project's file has no say."""
    file = home / ".config" / "with-tracking" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(
        '[[alerts]]\nname = "good"\nwhen = "cost_usd > 5"\n[[alerts]]\nname = "bad"\nwhen = "cost > 5"\n'
        '[[alerts]]\nname = "odd"\nwhen = "cost_usd > 5"\nwebhook = "ftp://x"\n[hooks]\non_sesion_end = "true"\n'
    )
    read = alerts_config.load(os.environ)
    assert [alert.name for alert in read.alerts] == ["good"]
    assert len(read.problems) == 3
    problems = config.load(os.environ, home).problems
    assert any("'bad' cannot be read" in problem and "config.toml:" in problem for problem in problems)
    assert any("unknown setting hooks.on_sesion_end" in problem for problem in problems)
    project = home / "project"
    project.mkdir()
    (project / ".with-tracking.toml").write_text('[hooks]\non_session_end = "touch /tmp/x"\n')
    assert "only in your own config.toml" in config.load(os.environ, project).problems[-1]


# --- after a session --------------------------------------------------------------------------------------------------


def set_up(home: Path, text: str) -> None:
    """Write the person's settings."""
    file = home / ".config" / "with-tracking" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def session(root: Path, session_id: str = "20261120-092939-00000001", **changes: Any) -> Path:
    """Make a session of which one command failed and that has just ended."""
    ended = datetime.now(UTC)
    fields = {"started_at": ended - timedelta(seconds=30), "ended_at": ended, **changes}
    return synthetic.parsed(root, session_id, **fields).folder


def wait_for(done: Callable[[], bool]) -> None:
    """Wait for something that happens beside."""
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_hooks_get_the_session(tracking_root: Path, home: Path, tmp_path: Path) -> None:
    """on_session_end and on_error get the session as JSON on stdin, once, and nobody waits for them."""
    wait = f"until [ -e {tmp_path}/go ]; do sleep 0.1; done"
    set_up(home, f'[hooks]\non_session_end = "{wait}; cat > {tmp_path}/end"\non_error = "cat > {tmp_path}/error"\n')
    folder = session(tracking_root)
    after_session.after_session(folder)
    assert not (tmp_path / "end").exists()
    (tmp_path / "go").touch()
    wait_for(lambda: all((tmp_path / name).exists() and (tmp_path / name).stat().st_size for name in ("end", "error")))
    assert (tmp_path / "end").read_bytes().endswith(b"}\n")  # appended to a file, each has a line
    found = json.loads((tmp_path / "end").read_bytes())
    assert (found["session_id"], found["event"], found["metrics"]["commands_failed"]) == (
        folder.name,
        "on_session_end",
        1,
    )
    (tmp_path / "error").unlink()
    after_session.after_session(folder)
    time.sleep(0.2)
    assert not (tmp_path / "error").exists()


@pytest.mark.parametrize(("exit_code", "erred"), [(1, True), (0, False)])
def test_a_session_that_ended_badly_is_an_error(
    tracking_root: Path, home: Path, tmp_path: Path, exit_code: int, erred: bool
) -> None:
    """on_error also runs for a session in which nothing failed but the assistant itself."""
    files = {name: tmp_path / name for name in ("end", "error")}
    set_up(home, f'[hooks]\non_error = "cat > {files["error"]}"\non_session_end = "cat > {files["end"]}"\n')
    now = datetime.now(UTC)
    folder = synthetic.record(tracking_root, started_at=now, ended_at=now, exit_code=exit_code)
    synthetic.parse(folder, synthetic.events_of(commands=1, failing=0))
    after_session.after_session(folder)
    wait_for(lambda: files["end"].exists() and (files["error"].exists() or not erred))
    assert files["error"].exists() == erred


def test_a_hook_that_hangs_is_ended(tmp_path: Path) -> None:
    """A command that does not end is ended, with what it started."""
    pid = tmp_path / "pid"
    for seconds in (0.3, 3, 30):  # it has to have begun by then
        assert detached.main(seconds, f"sleep 60 & echo $! > {pid}; wait") == 124
        if pid.exists() and pid.read_text():
            break
    child = int(pid.read_text())
    wait_for(lambda: not processes.is_running(child, None))


def test_alerts_are_told_in_all_ways(tracking_root: Path, home: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """Desktop, command and webhook; one that fails keeps no other from working; the line waits for a reader."""
    stub = tmp_path / "bin" / "notify-send"
    stub.parent.mkdir()
    stub.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/notified\n')
    stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{stub.parent}:{os.environ['PATH']}")
    received: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        set_up(
            home,
            '[[alerts]]\nname = "failed"\nwhen = "commands_failed >= 1"\nmessage = "a command failed"\ndesktop = true\n'
            f'command = "cat > {tmp_path}/ran"\nwebhook = "http://127.0.0.1:{server.server_port}/hook"\n'
            '[[alerts]]\nname = "gone"\nwhen = "commands_failed >= 1"\nwebhook = "http://127.0.0.1:1/"\n',
        )
        folder = session(tracking_root)
        fired = after_session.after_session(folder)
        thread.join()
    assert [each.name for each in fired] == ["failed", "gone"]
    assert json.loads(received[0])["text"] == f"with-tracking: failed: a command failed ({folder.name})"
    assert "failed: a command failed" in (tmp_path / "notified").read_text()
    wait_for(lambda: (tmp_path / "ran").exists() and (tmp_path / "ran").stat().st_size > 0)
    assert json.loads((tmp_path / "ran").read_bytes())["alert"]["name"] == "failed"
    lines = after_session.take_unseen(tracking_root)
    assert lines == [f"failed: a command failed ({folder.name})", f"gone: commands_failed >= 1 ({folder.name})"]
    assert after_session.take_unseen(tracking_root) == []


def test_no_line_is_lost_between_who_tells_and_who_is_told(tracking_root: Path) -> None:
    """Alerts fire in one process while another takes those that nobody has seen: every line is told, and once."""
    tracking_root.mkdir()
    tell = (
        "import sys; from pathlib import Path; from with_tracking.alerting import after_session, alerts\n"
        "for number in range(400):\n"
        "    fired = alerts.Fired(name='a', text=f'{sys.argv[2]} {number}', session_id='s')\n"
        "    after_session._keep_for_later(Path(sys.argv[1]), [fired])\n"
    )
    commands = [[sys.executable, "-c", tell, str(tracking_root), name] for name in "xy"]
    tellers = [subprocess.Popen(command, cwd=CHECKOUT) for command in commands]
    told: list[str] = []
    while tellers[0].poll() is None or tellers[1].poll() is None:
        told += after_session.take_unseen(tracking_root)
    told += after_session.take_unseen(tracking_root)
    assert [teller.returncode for teller in tellers] == [0, 0]
    assert sorted(told) == sorted(f"{name} {number}" for name in "xy" for number in range(400))


def test_old_and_imported_sessions_are_no_news(tracking_root: Path, home: Path) -> None:
    """A session that was pending for long, or comes from a log, sets off nothing."""
    set_up(home, '[[alerts]]\nname = "any"\nwhen = "duration_seconds >= 0"\n')
    old = session(tracking_root, "old", started_at=synthetic.BEGAN, ended_at=datetime.now(UTC) - timedelta(days=2))
    imported = session(tracking_root, "imported", origin="import")
    assert after_session.after_session(old) == after_session.after_session(imported) == []
    assert [each.name for each in after_session.after_session(session(tracking_root, "new"))] == ["any"]


def test_sync_checks_and_the_next_session_tells(tracking_root: Path, home: Path) -> None:
    """Alerts of what was pending are looked at by sync, with MLflow or without; the next session's end tells them."""
    set_up(home, '[mlflow]\nenabled = false\n[[alerts]]\nname = "failed"\nwhen = "commands_failed >= 1"\n')
    folder = session(tracking_root)
    assert run("sync", "--quiet").returncode == 0
    assert (folder / after_session.MARK).exists()
    command = [sys.executable, "-m", "parsers.parse_ai_session", str(folder), "--background"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    assert f"with-tracking: alert: failed: commands_failed >= 1 ({folder.name})" in shown.stderr.splitlines()
    assert (tracking_root / after_session.UNSEEN).read_text() == ""


def test_alert_check(tracking_root: Path, home: Path) -> None:
    """`alert check` says which rules hold; exit 1 if one does, and without rules it says where they go."""
    none = run("alert", "check")
    assert (none.returncode, "config.toml" in none.stderr) == (1, True)
    set_up(home, '[[alerts]]\nname = "failed"\nwhen = "commands_failed >= 1"\n[[alerts]]\nname = "x"\nwhen = "bad"\n')
    folder = session(tracking_root)
    shown = run("alert", "check")
    assert (shown.returncode, shown.stdout) == (1, "✗ failed: commands_failed >= 1\n")
    assert shown.stderr.startswith("Ignored: the alert 'x' cannot be read: there is no 'bad'")
    found = json.loads(run("alert", "check", folder.name, "--json").stdout)
    assert found["alerts"] == [{"name": "failed", "when": "commands_failed >= 1", "holds": True}]
    assert run("alert", "check", "-1").returncode == 1
    assert run("alert", "check", "-2").stderr.splitlines()[1].startswith("Error: Fewer than 2 sessions")
    set_up(home, '[[alerts]]\nname = "failed"\nwhen = "commands_failed > 1"\n')
    assert run("alert", "check").returncode == 0


def test_a_session_starts_its_hook(tracking_root: Path, home: Path, tmp_path: Path) -> None:
    """on_session_start gets what is known when a session begins, of a recorded one and of a procedure; nobody waits."""
    told, pid = tmp_path / "start", tmp_path / "pid"
    hook = f"echo $$ > {pid}; cat > {told}.new; mv {told}.new {told}; exec sleep 1000"  # until its time is over
    set_up(home, f'[hooks]\non_session_start = "{hook}"\n')
    environ = {**os.environ, "WITH_TRACKING_CLAUDE_COMMAND": "true", "WITH_TRACKING_QUIET": "1"}
    environ["WITH_TRACKING_MLFLOW"] = "0"  # nobody would look at the runs
    for command in (
        ["claude-with-tracking", "close-issue 583"],
        ["with-tracking", "procedure", "deploy", "--", "true"],
    ):
        wrapper = CHECKOUT / "bin" / command[0]
        subprocess.run([wrapper, *command[1:]], check=True, env=environ, stdin=subprocess.DEVNULL, capture_output=True)
        wait_for(told.exists)
        os.kill(int(pid.read_text()), signal.SIGTERM)  # it is still at work
        found = json.loads(told.read_bytes())
        told.unlink()
        assert found["event"] == "on_session_start"
        assert Path(found["folder"]).name == found["session_id"]
        assert found["argv"][-1] == command[-1]
        assert found.get("ended_at") is None


def test_config_shows_rules(home: Path) -> None:
    """The alerts and hooks that count are among the settings in effect."""
    set_up(home, '[[alerts]]\nname = "many"\nwhen = "errors_encountered > 5"\n[hooks]\non_error = "notify-me"\n')
    found = {one["name"]: one["value"] for one in json.loads(run("config", "--json").stdout)["settings"]}
    assert (found["alerts.many"], found["hooks.on_error"]) == ("errors_encountered > 5", "notify-me")


def test_a_wrong_rule_is_named_with_its_line(home: Path) -> None:
    """What is wrong with an alert or a hook is told with the line where it stands."""
    good, bad = ('[[alerts]]\nwhen = "errors_encountered > 5"\n', '[[alerts]]\nwhen = "errors > 5"\n')
    set_up(home, f'[mlflow]\nenabled = true\n{good}{bad}\n[hooks]\non_fire = "x"\n')
    problems = [str(problem) for problem in config.load(os.environ, home).problems]
    assert [problem.split(": ")[0].rpartition(":")[2] for problem in problems] == ["5", "9"]
