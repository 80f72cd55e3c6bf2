"""The data that flows through the project: events read from a screen or a log, and the Session they add up to.

These are `msgspec.Struct`s rather than dataclasses because all of them are written as JSON and read back: the struct
*is* the schema of `parsed.json` (`Session`) and of the lines of `events.jsonl` (the members of `Event`, told apart by
their `event` tag). Throughout, `None` means "not known", never "no" or zero, and all times named `seconds` count from
the start of the recording.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

from parsers.session_header import SCHEMA_VERSION, Git, Terminal

MOST_TOKENS = 2**53  # what databases and JavaScript hold exactly


class Category(StrEnum):
    """What kind of thing a tool does, whatever its assistant calls it."""

    SHELL = "shell"
    READ = "read"
    EDIT = "edit"
    WRITE = "write"
    SEARCH = "search"
    WEB = "web"
    TASK = "task"
    TODO = "todo"
    MCP = "mcp"
    OTHER = "other"


class ErrorKind(StrEnum):
    """What went wrong."""

    COMMAND_FAILED = "command_failed"
    TOOL_ERROR = "tool_error"
    API_ERROR = "api_error"
    INTERRUPTED = "interrupted"
    PERMISSION_DENIED = "permission_denied"


class Source(StrEnum):
    """Where a fact was read."""

    SCREEN = "screen"
    NATIVE = "native"
    BOTH = "both"


class Stopped(StrEnum):
    """Why a tool use did not run to its end."""

    DENIED = "denied"  # it never ran
    INTERRUPTED = "interrupted"  # it began, somebody stopped it


class NoteKind(StrEnum):
    """Things worth keeping that are neither prompt, answer, tool use nor error."""

    APPROVAL = "approval"
    QUESTION = "question"  # asked by the assistant, with the answer
    PLAN = "plan"
    TODO = "todo"
    REASONING = "reasoning"
    SUBAGENT = "subagent"
    COMPACTION = "compaction"
    CLEARED = "cleared"
    MODEL = "model"
    SLASH_COMMAND = "slash_command"  # handled by the assistant's program, never sent to the model
    USER_SHELL = "user_shell"  # a command that the person ran through the assistant's own shell mode
    RETRY = "retry"
    RESUME_ID = "resume_id"  # the assistant's own id of the session; text is the id alone
    OTHER = "other"


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """Token counts. `input` leaves out what came from the cache; `output` includes `reasoning`.

    A number that counts nothing (below zero, beyond `MOST_TOKENS`) is not known.
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None

    def __post_init__(self) -> None:
        """Forget what is no count."""
        for name in self.__struct_fields__:
            if not 0 <= (getattr(self, name) or 0) <= MOST_TOKENS:
                msgspec.structs.force_setattr(self, name, None)

    def __add__(self, other: Tokens) -> Tokens:
        """Add field by field; unknown plus known is the known."""
        mine, theirs = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        sums = [b if a is None else a if b is None else a + b for a, b in zip(mine, theirs, strict=True)]
        return Tokens(**dict(zip(self.__struct_fields__, sums, strict=True)))


class Prompt(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="prompt"):
    """A message that a person submitted to the model, whole, without the glyph before it."""

    text: str
    seconds: float | None = None
    source: Source = Source.SCREEN


class AssistantText(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="assistant_text"):
    """A message from the model to the person. `cut` marks one that an interruption or an API error ended early."""

    text: str
    seconds: float | None = None
    agent: str | None = None
    cut: bool = False
    source: Source = Source.SCREEN


class ToolUse(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="tool_use"):
    """One call of one tool.

    `name` and `input` are the assistant's own words; `command`, `files`, `lines_added` and `lines_removed` say the same
    for all assistants. `command` is what a shell tool runs (a trailing … marks what the screen cut off); `files` are
    the paths that a read, edit or write names, `created` those among them that an edit (a patch) made new. `ok` is
    False for every call that failed or was `stopped`, None if nobody said. `agent` names the sub-agent that called,
    None for the main one.
    """

    name: str
    category: Category
    input: Mapping[str, Any] = {}
    ok: bool | None = None
    exit_code: int | None = None
    stopped: Stopped | None = None
    command: str | None = None
    files: tuple[str, ...] = ()
    created: tuple[str, ...] = ()
    lines_added: int | None = None
    lines_removed: int | None = None
    output: str | None = None
    start_seconds: float | None = None
    duration_seconds: float | None = None
    agent: str | None = None
    call_id: str | None = None
    source: Source = Source.SCREEN

    @property
    def seconds(self) -> float | None:
        """When the call began, under the name that all events share."""
        return self.start_seconds


class Error(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="error"):
    """Something that went wrong.

    Readers report only what no tool use already says: API errors, and interruptions of an answer. A failed, denied or
    interrupted `ToolUse` becomes an Error of the session by itself (`summary.errors_of`).
    """

    kind: ErrorKind
    text: str
    seconds: float | None = None
    source: Source = Source.SCREEN


class ModelCall(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="model_call"):
    """One answer of the model as its log accounts for it, each counted once. Its tokens belong to nothing else."""

    model: str | None = None
    tokens: Tokens = Tokens()
    cache_write_1h: int | None = None  # the part of tokens.cache_write that is kept for an hour: it costs more
    seconds: float | None = None
    duration_seconds: float | None = None
    agent: str | None = None
    message_id: str | None = None
    source: Source = Source.NATIVE


class Totals(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="totals"):
    """What an exit summary says of the whole session. Used only where no `ModelCall` tells it exactly."""

    tokens: Tokens = Tokens()
    cost_usd: float | None = None
    seconds: float | None = None
    source: Source = Source.SCREEN


class Note(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="note"):
    """Something to remember of another kind."""

    kind: NoteKind
    text: str
    seconds: float | None = None
    source: Source = Source.SCREEN


class Disagreement(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="disagreement"):
    """Screen and log say different things of the same fact. Both are kept here; the log's was used."""

    about: str
    screen: str
    native: str
    seconds: float | None = None
    source: Source = Source.BOTH


class Unknown(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="unknown"):
    """A line of the screen or a record of a log that no rule understood: counted and kept."""

    text: str
    seconds: float | None = None
    source: Source = Source.SCREEN


Event: TypeAlias = Prompt | AssistantText | ToolUse | Error | ModelCall | Totals | Note | Disagreement | Unknown


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """How the provider was found out, and how sure that is, from 0 to 1.

    `method` is wrapper, banner, patterns or generic; log for a session that was imported from its log.
    """

    method: str
    confidence: float


class ParseCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How well reading went: what was not understood, where screen and log differ, what was wrong with the input."""

    unknown_lines: int = 0
    unknown_records: int = 0
    disagreements: int = 0
    problems: tuple[str, ...] = ()


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One session as it is stored and shown: `parsed.json` and the output of `parse_ai_session.py --json`.

    `commands` are what the assistant's shell tool ran, sub-agents included, in order, without what was denied. Paths
    are as the assistant gave them. `metrics` are the numbers that MLflow gets (see `metrics.py`).
    """

    schema_version: int = SCHEMA_VERSION
    session_id: str
    provider: str
    origin: str | None = None  # "import" for a session that was not recorded but found in its log
    detection: Detection
    provider_version: str | None = None
    client: str | None = None  # the program, where a provider has several: llm, shell-gpt
    native_session_id: str | None = None  # the assistant's own id
    model: str | None = None
    cwd: str | None = None
    argv: tuple[str, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_seconds: float | None = None
    active_seconds: float | None = None
    exit_code: int | None = None
    end_reason: str | None = None
    success: bool | None = None
    interactive: bool | None = None
    terminal: Terminal = Terminal()
    git: Git = Git()
    host: str | None = None
    wrapper: str | None = None
    parent_session_id: str | None = None
    procedure_name: str | None = None
    issue_number: str | None = None
    user_prompts: tuple[str, ...] = ()
    assistant_texts: tuple[str, ...] = ()
    tool_uses: tuple[ToolUse, ...] = ()
    commands: tuple[str, ...] = ()
    git_operations: tuple[str, ...] = ()
    files_read: tuple[str, ...] = ()
    files_edited: tuple[str, ...] = ()
    files_written: tuple[str, ...] = ()
    errors: tuple[Error, ...] = ()
    outcomes: tuple[str, ...] = ()  # commit_made, pushed, pr_created, issue_closed, tests_passed, tests_failed
    tokens: Tokens = Tokens()
    cost_usd: float | None = None
    metrics: Mapping[str, float] = {}
    parse: ParseCounts = ParseCounts()
