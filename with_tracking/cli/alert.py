"""`with-tracking alert`: the rules of the configuration, and which of them hold."""

from __future__ import annotations

import os
import sys

import click

from with_tracking import archive, index, paths
from with_tracking.alerting import alerts, alerts_config
from with_tracking.cli import tab_key
from with_tracking.cli.current_index import current_index
from with_tracking.cli.edge import Group
from with_tracking.errors import WithTrackingError
from with_tracking.history.filters import Filters

EPILOG = """\b
Rules are in your own config.toml:
  [[alerts]]
  name = "expensive day"
  when = "cost_usd_today > 20"
  message = "more than 20 dollars today"        # what follows is optional
  desktop = true
  command = "cat >> ~/alerts.jsonl"             # gets the session as JSON
  webhook = "https://hooks.example.org/…"
  apprise = ["mailto://…"]                      # with the package apprise
\b
Conditions compare numbers of the session (errors_encountered, tokens.output),
sums (cost_usd_today, sessions_this_week) and what these give:
  success_rate(procedure='close-issue', last=10) < 0.7
  median(duration_seconds, provider='claude_code', days=7) > 600
  regression(duration_seconds, last=10) > 0.5      the latest against the median
                                                   of the 10 before: half more
  sum(…), count(…), failures(…); and, or, not, + - * /
\b
Hooks run when a session begins, ends, or had errors or ended badly, and get its
JSON, too:
  [hooks]
  on_session_start = "…"                          # also on_session_end, on_error"""


@click.group("alert", cls=Group, epilog=EPILOG)
def command() -> None:
    """Check the alerts that the configuration sets up.

    They are checked after every session; what holds is told at the end of the next session and in the ways of the rule.
    """


@command.command("check", context_settings={"ignore_unknown_options": True})
@click.argument("session_id", metavar="[ID|last|-N]", default="last", shell_complete=tab_key.sessions)
@click.option("--deliver", is_flag=True, help="Tell what holds in the ways of its rule, too: desktop, command, …")
@click.option("--json", "as_json", is_flag=True, help="Print each rule and whether it holds as JSON.")
def check_command(session_id: str, deliver: bool, as_json: bool) -> None:
    """Say which alerts hold after a session (the last one). Exit 1 if one does.

    \b
    with-tracking alert check
    with-tracking alert check -2 --deliver
    """
    root = paths.root(os.environ)
    todo = alerts_config.load(os.environ)
    for problem in todo.problems:
        click.echo(f"Ignored: {problem.text}", err=True)
    if not todo.alerts:
        file = paths.user_config(os.environ)
        raise WithTrackingError(f"No alerts are set up in {file}", "with-tracking alert --help")
    folder = archive.find(root, session_id)
    with current_index(root) as connection:
        rows = index.select(connection, Filters())
    scope = alerts.scope_at(rows, folder.name)
    holding = [alert for alert in todo.alerts if scope is not None and alert.when.holds(scope)]
    if as_json:
        from with_tracking.cli.output import print_json

        rules = [{"name": alert.name, "when": alert.when.text, "holds": alert in holding} for alert in todo.alerts]
        print_json({"session_id": folder.name, "alerts": rules})
    else:
        for alert in todo.alerts:
            click.echo(f"{'✗' if alert in holding else '✓'} {alert.name}: {alert.when.text}")
    if deliver:
        from with_tracking.alerting.after_session import deliver as tell

        for alert in holding:
            tell(alert, alerts.fired(alert, folder.name), folder)
    sys.exit(1 if holding else 0)
