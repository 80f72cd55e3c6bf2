"""The command: `python -m with_tracking.demo [PROMPT]`, what demo-with-tracking runs through the recorder."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from types import FrameType

from with_tracking.demo.assistant import Assistant
from with_tracking.demo.screen import Screen
from with_tracking.demo.workshop import Workshop

LEAVE = frozenset({"/exit", "/quit", "exit", "quit"})
WATCHED_DELAY = 0.5
ANSWER_SECONDS = 10.0


def read_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="demo-with-tracking",
        description="A small scripted assistant: real commands in a throw-away git repository, no account needed.",
        epilog="With a prompt it does that and ends. Without one it asks in a terminal, or reads a prompt a line from "
        "standard input.",
    )
    parser.add_argument("prompt", nargs="*", help='for example "close-issue 583"')
    parser.add_argument("-i", "--interactive", action="store_true", help="go on asking after the given prompt")
    parser.add_argument("-y", "--yes", action="store_true", help="ask for no permission")
    parser.add_argument("--delay", type=float, metavar="SECONDS", help="how long it seems to think before each step")
    return parser.parse_args(argv)


def typed_prompts(screen: Screen) -> Iterator[str]:
    """Ask for prompts until the person leaves. Ctrl-C at an empty prompt only says how to leave."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 -- its import alone gives input() line editing
    while True:
        screen.line()
        try:
            text = input("❯ ").strip()
        except EOFError:
            screen.line()
            return
        except KeyboardInterrupt:
            screen.line()
            screen.output(["/exit or Ctrl-D leaves"])
            continue
        if text in LEAVE:
            return
        if text:
            yield text


def piped_prompts(screen: Screen) -> Iterator[str]:
    """Read one prompt a line from standard input."""
    for line in sys.stdin:
        if line.strip() in LEAVE:
            return
        if line.strip():
            screen.prompt(line.strip())
            yield line.strip()


def converse(assistant: Assistant, screen: Screen, arguments: argparse.Namespace, *, interactive: bool) -> int:
    """Answer the given prompt, or one after the other. Returns the exit status."""
    given = " ".join(arguments.prompt)
    if given:
        screen.prompt(given)
        finished = assistant.turn(given)
        if not (arguments.interactive and interactive):
            return 0 if finished else 130
    prompts = typed_prompts(screen) if interactive else piped_prompts(screen)
    answered = 0
    for prompt in prompts:
        answered += 1
        if not assistant.turn(prompt) and not interactive:
            return 130
    if not (interactive or answered or given):
        print('Error: no prompt given. Try: demo-with-tracking "close-issue 583"', file=sys.stderr)
        return 2
    return 0


def leave(number: int, _frame: FrameType | None) -> None:
    """End with the status that a shell shows for the signal, the repository removed."""
    raise SystemExit(128 + number)


def run(arguments: argparse.Namespace) -> int:
    """Set the scene, answer the prompts, clean up. Returns the exit status."""
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    watched = WATCHED_DELAY if sys.stdout.isatty() else 0.0
    screen = Screen(sys.stdout, delay=watched if arguments.delay is None else arguments.delay)
    try:
        workshop = Workshop()
    except OSError as problem:
        next_step = "install git, or point TMPDIR to a folder that can be written"
        print(f"Error: cannot make a repository to work in: {problem}. Try: {next_step}", file=sys.stderr)
        return 1
    unattended = bool(arguments.prompt) and not arguments.interactive
    with contextlib.closing(workshop):
        assistant = Assistant(
            screen,
            workshop,
            asks=interactive and not arguments.yes,
            answer_seconds=ANSWER_SECONDS if unattended else None,
        )
        assistant.introduce()
        return converse(assistant, screen, arguments, interactive=interactive)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo assistant and return its exit status."""
    arguments = read_arguments(sys.argv[1:] if argv is None else argv)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        return run(arguments)
    except BrokenPipeError:  # the reader left, as in `… | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
