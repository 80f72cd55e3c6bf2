"""`with-tracking doctor`: what is wrong, and what to do."""

from __future__ import annotations

import os
import sys

import click

from with_tracking import paths
from with_tracking.cli.edge import Command, to_try
from with_tracking.upkeep.diagnosis import Finding, Level, diagnose

EPILOG = """\b
Examples:
  with-tracking doctor
  with-tracking doctor --json | jq '.[] | select(.level == "problem")'"""
MARKS = {Level.OK: "✓", Level.NOTE: "·", Level.PROBLEM: "✗"}
STYLES = {Level.OK: "green", Level.NOTE: "yellow", Level.PROBLEM: "red"}


@click.command("doctor", cls=Command, epilog=EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(as_json: bool) -> None:
    """Look for what is wrong: script(1), environment, root, disk, settings, alerts, MLflow store, sessions.

    Says for each what to do. Exit 1 if something needs doing. Nothing is changed.
    """
    findings = list(diagnose(os.environ, paths.here()))
    if as_json:
        from with_tracking.cli.output import print_json

        print_json(findings)
    else:
        _print(findings)
    sys.exit(1 if any(finding.level is Level.PROBLEM for finding in findings) else 0)


def _print(findings: list[Finding]) -> None:
    from rich.text import Text

    from with_tracking.cli.output import console, one_line

    out = console()
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        mark = Text(f"{MARKS[finding.level]} ", style=STYLES[finding.level])
        out.print(mark.append(f"{finding.name:{width}}  ").append_text(one_line(finding.text)), soft_wrap=True)
        if finding.advice:
            out.print(f"  {'':{width}}  Try: {to_try(finding.advice)}", soft_wrap=True)
