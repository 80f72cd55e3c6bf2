"""Errors that a person can do something about: what happened, and what to try next.

The library raises them, the command line prints them as one line (`Error: what happened. Try: next step`) and exits
with 1. Everything else that is raised is a bug.
"""

from __future__ import annotations


class WithTrackingError(Exception):
    """`what` happened, as a sentence without its full stop, and the `next_step` to try."""

    def __init__(self, what: str, next_step: str) -> None:
        self.what = what.rstrip(". ")
        self.next_step = next_step.rstrip(". ")
        super().__init__(f"Error: {self.what}. Try: {self.next_step}")


class MlflowUnavailable(WithTrackingError):  # noqa: N818  (named for the state it reports, as WithTrackingError's kinds are)
    """MLflow is missing, unreachable or refuses: the session stays in the archive and can be logged later."""


class RunRefused(MlflowUnavailable):
    """MLflow is there but this one session could not be logged; the next one may well be."""


class MlflowNotWanted(MlflowUnavailable):
    """The configuration says that nothing goes to MLflow."""

    def __init__(self) -> None:
        super().__init__(
            "Logging to MLflow is switched off ([mlflow] enabled = false)", "enabled = true in config.toml"
        )
