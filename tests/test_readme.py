"""What README and docs say is so: commands exist, and the command reference is the help that they print."""

from __future__ import annotations

import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click
import pytest

from tests.forked import PROCESSES
from with_tracking.cli.main import main

CHECKOUT = Path(__file__).resolve().parents[1]
REFERENCE = CHECKOUT / "docs" / "commands.md"
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]


def reference() -> str:
    """Return the help of all commands as one page."""
    shape: dict[str, int] = {"terminal_width": 80, "max_content_width": 80}
    context = click.Context(main, info_name="with-tracking", **main.context_settings, **shape)
    parts = ["# with-tracking: all commands\n\nThis is what `with-tracking COMMAND --help` prints.\n"]
    parts.append(f"```text\n{main.get_help(context)}\n```\n")
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context, **shape)
        parts.append(f"## {name}\n\n```text\n{command.get_help(inner)}\n```\n")
        for sub in command.list_commands(inner) if isinstance(command, click.Group) else ():
            below = command.get_command(inner, sub)
            assert below is not None
            deeper = click.Context(below, info_name=sub, parent=inner, **shape)
            parts.append(f"### {name} {sub}\n\n```text\n{below.get_help(deeper)}\n```\n")
    return "\n".join(parts)


def test_the_command_reference_is_the_help(request: pytest.FixtureRequest) -> None:
    """docs/commands.md holds what the commands print; `--update-goldens` writes it anew."""
    with ProcessPoolExecutor(1, PROCESSES) as fresh:  # here a command that was called alone has no -h any more
        printed = fresh.submit(reference).result()
    if request.config.getoption("--update-goldens"):
        REFERENCE.write_text(printed, encoding="utf-8")
    again = f"bin/run-tests {request.node.nodeid} --update-goldens"
    assert REFERENCE.read_text(encoding="utf-8") == printed, f"docs/commands.md is old; write it anew: {again}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_and_commands_that_pages_name_exist(page: Path) -> None:
    """Each `bin/…`, `parsers/….py`, `with_tracking/….py` and linked page is there, and each subcommand."""
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w/.])((?:bin|parsers|with_tracking|tests|benchmarks|docs)/[\w./-]*\w)", text))
    missing = {name for name in named if not (CHECKOUT / name).exists() and "<" not in name}
    assert not {name for name in missing if name != "bin/myassistant-with-tracking"}
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (page.parent / link).exists(), link
    known = main.list_commands(click.Context(main))
    used = re.findall(r"(?:^|[\s`])(?:bin/)?with-tracking ([a-z]+)\b", text)
    assert set(used) <= {*known, "command", "is"}, set(used) - set(known)
