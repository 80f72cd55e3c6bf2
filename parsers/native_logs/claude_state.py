"""What has been read so far of one session of Claude Code: its conversations, the calls and prompts that wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from parsers.native_logs.base import Tally, Window
from parsers.native_logs.claude_usage import Answers
from parsers.session import AssistantText, Event, Prompt, ToolUse


@dataclass(slots=True)
class Chain:
    """One line of conversation: the main one, or a sub-agent's."""

    agent: str | None = None
    task: str | None = None  # what its task is called, which is the agent's name unless another has it
    warm_up: bool = False
    last_input_at: datetime | None = None  # when the model was last given something to answer


@dataclass(slots=True)
class Reading:
    """What has been read so far."""

    window: Window
    origin: datetime | None
    tally: Tally = field(default_factory=Tally)
    events: list[Event] = field(default_factory=list)
    answers: Answers = field(default_factory=Answers)
    chains: dict[str | None, Chain] = field(default_factory=dict)
    side_chains: dict[str, str] = field(default_factory=dict)  # uuid of a sub-agent's record -> of its first
    open_calls: dict[str, ToolUse] = field(default_factory=dict)
    call_times: dict[str, datetime | None] = field(default_factory=dict)
    tasks: dict[str, str] = field(default_factory=dict)  # a sub-agent's prompt -> its description
    queue: list[str] = field(default_factory=list)  # typed while a turn runs
    absorbed: list[str] = field(default_factory=list)  # of those, what went to the model within the turn
    seen: set[str] = field(default_factory=set)
    session_ids: dict[str, None] = field(default_factory=dict)
    cwd: str | None = None
    git_branch: str | None = None
    version: str | None = None
    model: str | None = None  # that the session began with
    current_model: str | None = None
    cut_at: datetime | None = None  # an answer was cut off and no interruption recorded yet
    slash: str | None = None  # uuid of the built-in slash command that was read last

    def forget_prompt(self, text: str) -> None:
        """Take out a prompt that was a built-in command: 2.1.220 to 2.1.300 write /compact as one before it is done."""
        for number in range(len(self.events) - 1, -1, -1):
            event = self.events[number]
            if isinstance(event, Prompt) and event.text == text:
                del self.events[number]
            if isinstance(event, Prompt | AssistantText | ToolUse):
                return
