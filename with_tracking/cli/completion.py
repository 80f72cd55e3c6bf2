"""`with-tracking completion`: the lines that make a shell complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from with_tracking.cli.edge import Command

VARIABLE = "_WITH_TRACKING_COMPLETE"
"""By this variable the shell asks the program; click makes the name from the program's."""


ZSH = "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }"
"""What a ~/.zshrc that completes nothing yet has to do first."""


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the lines that make your shell complete commands, options, IDs and names with the Tab key.

    \b
    eval "$(with-tracking completion bash)"                  in ~/.bashrc
    eval "$(with-tracking completion zsh)"                   in ~/.zshrc
    with-tracking completion fish >~/.config/fish/completions/with-tracking.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None  # the choices are click's own
    if shell == "zsh":
        click.echo(ZSH)
    click.echo(kind(context.find_root().command, {}, "with-tracking", VARIABLE).source())
