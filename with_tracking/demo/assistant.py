"""The turn: a prompt goes to the scripted model, its steps are done and drawn."""

from __future__ import annotations

from with_tracking import __version__
from with_tracking.demo import model
from with_tracking.demo.screen import Screen
from with_tracking.demo.workshop import Outcome, Workshop

HELP = (
    "close-issue NUMBER   find a failing test, mend it, commit",
    "status               where the repository stands",
    "test                 run the tests",
    "/exit or Ctrl-D      leave; Ctrl-C stops what is running",
)
DENIED = Outcome(False, ("Denied by the user",))
INTERRUPTED = Outcome(False, ("Interrupted by the user",))


class Assistant:
    """One session of the demo.

    `asks` says whether an edit needs a permission (asked once); `answer_seconds` after how long the question answers
    itself with yes, None for never.
    """

    def __init__(self, screen: Screen, workshop: Workshop, *, asks: bool, answer_seconds: float | None) -> None:
        self._screen = screen
        self._workshop = workshop
        self._asks = asks
        self._answer_seconds = answer_seconds

    def introduce(self) -> None:
        """Draw the banner."""
        self._screen.line(f"Demo assistant v{__version__}")
        self._screen.line("  scripted, no model behind it; its commands are real")
        self._screen.line(f"  works in {self._workshop.folder}, which is removed at the end")

    def turn(self, prompt: str) -> bool:
        """Answer one prompt. Returns False if Ctrl-C ended the answer early."""
        if prompt.startswith("/help"):
            self._screen.output(HELP)
            return True
        steps = model.answer(prompt)
        try:
            went_well = True
            step = next(steps)
            while True:
                self._screen.think()
                went_well = self._do(step)
                step = steps.send(went_well)
        except StopIteration:
            return True
        except KeyboardInterrupt:
            return False

    def _do(self, step: model.Step) -> bool:
        match step:
            case model.Say(text):
                self._screen.text(text)
                return True
            case model.Bash(command):
                return self._use("Bash", command, step)
            case model.Read(path) | model.Update(path):
                return self._use(type(step).__name__, path, step)

    def _use(self, name: str, argument: str, step: model.Step) -> bool:
        self._screen.tool_begins(name, argument)
        try:
            outcome = self._outcome(step)
        except KeyboardInterrupt:
            self._screen.tool_ends(INTERRUPTED.ok, INTERRUPTED.lines)
            raise
        self._screen.tool_ends(outcome.ok, outcome.lines)
        return outcome.ok

    def _outcome(self, step: model.Step) -> Outcome:
        match step:
            case model.Bash(command):
                return self._workshop.run(command)
            case model.Read(path):
                return self._workshop.read(path)
            case model.Update(path, old, new):
                return self._workshop.update(path, old, new) if self._may_edit(path) else DENIED
        raise TypeError(step)

    def _may_edit(self, path: str) -> bool:
        if not self._asks:
            return True
        self._asks = False
        return self._screen.ask(f"Do you want to make this edit to {path}?", seconds=self._answer_seconds)
