"""Which sessions are meant: the conditions that all commands share, as SQL over the index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

BUILT_IN_TAGS = {
    "client": "client",
    "host": "host",
    "origin": "origin",
    "end_reason": "end_reason",
    "provider": "provider",
    "model": "model",
    "provider_version": "provider_version",
    "parent_session_id": "parent_session_id",
    "git.branch": "git.branch",
    "git.commit": "git.commit",
    "interactive": "interactive",
}
"""Tags of the runs that are facts of the session, and where its row has them."""
COMPUTED_TAGS = {
    "type": "iif(provider = 'procedure', 'procedure', 'ai_session')",
    "session_id": "json_extract(facts, '$.session_id')",
    "git.repo": "repo",
}
"""Likewise, but as an expression over the row."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that must all hold; an empty one always does. Several values of one condition are alternatives.

    `provider` may also be the short name (claude); `model` is any part of the model's name; in `procedure`, `branch`
    and `repo`, `*` stands for anything; `repo` is the name of the repository's folder or its whole path. `tags` are
    pairs, the person's own or those of the run; a value of None asks only whether the tag is there.
    """

    provider: Sequence[str] = ()
    procedure: Sequence[str] = ()
    issue: Sequence[str] = ()
    model: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    branch: Sequence[str] = ()
    repo: Sequence[str] = ()
    failed: bool = False
    min_duration: timedelta | None = None
    tags: Sequence[tuple[str, str | None]] = ()

    def __bool__(self) -> bool:
        """Whether anything is asked."""
        return bool(self.conditions())

    def conditions(self) -> list[tuple[str, list[object]]]:
        """Return SQL conditions over the table `sessions`, each with its values."""
        return list(self._conditions())

    def _conditions(self) -> Iterator[tuple[str, list[object]]]:
        yield from _any([name.lower() for name in self.provider], "? IN (provider, assistant)")
        yield from _any(self.procedure, "procedure GLOB ?")
        yield from _any([issue.lstrip("#") for issue in self.issue], "issue = ?")
        yield from _any(self.model, "instr(lower(model), lower(?))")
        yield from _any(self.branch, "branch GLOB ?")
        yield from _any([repo.rstrip("/") for repo in self.repo], "? IN (repo, repo_path) OR repo GLOB ?", each=2)
        yield from self._bounds()
        yield from (_tag(key, value) for key, value in self.tags)

    def _bounds(self) -> Iterator[tuple[str, list[object]]]:
        if self.since:
            yield "began >= ?", [self.since.timestamp()]
        if self.until:
            yield "began < ?", [self.until.timestamp()]
        if self.failed:
            yield "success = 0", []
        if self.min_duration is not None:
            yield "duration >= ?", [self.min_duration.total_seconds()]


def _any(values: Sequence[str], condition: str, each: int = 1) -> Iterator[tuple[str, list[object]]]:
    """Yield the condition that one of the values fits; each stands `each` times in it."""
    if values:
        yield " OR ".join([condition] * len(values)), [value for value in values for _ in range(each)]


def _tag(key: str, value: str | None) -> tuple[str, list[object]]:
    """Compare a tag: the person's own one, else the fact of the session that the run has under this name."""
    if key.startswith("event."):
        there = "EXISTS (SELECT 1 FROM json_each(facts, '$.outcomes') WHERE value = ?)"
        return (there if value in (None, "true") else f"NOT {there}"), [key.removeprefix("event.")]
    own = "(SELECT value FROM json_each(facts, '$.tags') WHERE key = ?)"
    values: list[object] = [key]
    if key in BUILT_IN_TAGS:
        fact = f"json_extract(facts, '$.{BUILT_IN_TAGS[key]}')"
        if key == "interactive":
            fact = f"CASE {fact} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END"
        own = f"coalesce({own}, {fact})"
    elif key in COMPUTED_TAGS:
        own = f"coalesce({own}, {COMPUTED_TAGS[key]})"
    return (f"{own} IS NOT NULL", values) if value is None else (f"{own} = ?", [*values, value])
