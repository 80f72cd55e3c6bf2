"""`with-tracking`: the group of commands, each in a file of its own and loaded only when it is asked for."""

from __future__ import annotations

import importlib

import click

from with_tracking import __version__
from with_tracking.cli.edge import Group

SECTIONS = {
    "Find and read": {
        "list": "The sessions, newest first.",
        "show": "One session: what was asked and done, and how it went.",
        "search": "Full text over prompts, answers, commands, outputs.",
        "replay": "Play a recording in this terminal, or write a .cast.",
        "open": "The MLflow run of a session, in the browser.",
        "tag": "Tags of your own on a session.",
        "note": "A note of your own on a session.",
    },
    "Compare and report": {
        "stats": "What the sessions add up to.",
        "trends": "Sessions, success, errors, cost per day or week.",
        "compare": "Two sessions, groups of them, or the latest and before.",
        "patterns": "Errors that come back, what fixed them, retries.",
        "report": "A page for the team: Markdown, HTML or JSON.",
        "export": "CSV, JSON, Parquet, Prometheus, OpenTelemetry.",
        "alert": "Rules of yours that are checked after every session.",
    },
    "Record and log": {
        "procedure": "Run any command and record it as a procedure.",
        "import": "Past sessions, from the assistants' own logs.",
        "sync": "Read and log what is pending.",
        "experiments": "The experiments of the MLflow store.",
    },
    "Look after it": {
        "config": "The settings that hold here, and where each was set.",
        "doctor": "What is wrong, and what to do about it.",
        "reindex": "Make the search index anew.",
        "prune": "Delete what is old.",
        "forget": "Delete one session everywhere.",
        "relocate": "Move everything to another folder.",
        "completion": "Complete commands and IDs with the Tab key.",
    },
}
"""The commands as `--help` shows them; each is the `command` of a module of its own."""
COMMANDS = {name: name for section in SECTIONS.values() for name in section} | {
    "list": "list_sessions",
    "show": "show_session",
    "open": "open_session",
    "sync": "sync_sessions",
    "import": "import_",
    "config": "config_",
}
"""The commands and their modules."""


class LazyGroup(Group):
    """Loads a command's module when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write them by section, without loading any."""
        width = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:{width}}", text) for name, text in commands.items()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; an unknown one is answered with the nearest."""
        if cmd_name in COMMANDS:
            command: click.Command = importlib.import_module(f"with_tracking.cli.{COMMANDS[cmd_name]}").command
            return command
        import difflib  # only needed to be helpful

        if near := difflib.get_close_matches(cmd_name, COMMANDS, n=1):
            ctx.fail(f"There is no command {cmd_name!r}. Did you mean {near[0]!r}?")
        return None


@click.group("with-tracking", cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="with-tracking")
def main() -> None:
    """Ask the history of your sessions with AI coding assistants.

    \b
    with-tracking show last
    with-tracking search '"connection refused"' --since 30d
    with-tracking COMMAND --help
    """
