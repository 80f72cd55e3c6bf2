"""`with-tracking`: the group of commands, each in a file of its own and loaded only when it is asked for."""

from __future__ import annotations

import importlib

import click

from with_tracking import __version__
from with_tracking.cli.edge import Group

COMMANDS = {
    "list": "list_sessions",
    "show": "show_session",
    "search": "search",
    "replay": "replay",
    "open": "open_session",
    "tag": "tag",
    "note": "note",
    "compare": "compare",
    "stats": "stats",
    "trends": "trends",
    "patterns": "patterns",
    "report": "report",
    "export": "export",
    "alert": "alert",
    "procedure": "procedure",
    "experiments": "experiments",
    "sync": "sync_sessions",
    "reindex": "reindex",
    "import": "import_",
    "completion": "completion",
    "config": "config_",
    "doctor": "doctor",
    "forget": "forget",
    "prune": "prune",
    "relocate": "relocate",
}
"""The commands and their modules; each module has its command under the name `command`."""


class LazyGroup(Group):
    """Loads a command's module when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

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
    """Look at the sessions of AI coding assistants that were recorded, and log those that are pending."""
