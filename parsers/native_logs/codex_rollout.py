"""What the records of one Codex rollout mean, one after the other: prompts, answers, calls, errors, notes."""

from __future__ import annotations

from datetime import datetime, timedelta

from parsers.native_logs.base import decoded, from_epoch, parse_time, seconds_between
from parsers.native_logs.codex_calls import Calls
from parsers.native_logs.codex_kinds import (
    CALLS,
    CONVERSATION,
    IGNORED_EVENTS,
    IGNORED_ITEMS,
    IGNORED_TURN_ITEMS,
    IGNORED_TYPES,
    OUTPUTS,
    RUNS,
)
from parsers.native_logs.codex_records import (
    PAYLOAD,
    TURN_CONTEXT,
    USAGE_RECORD,
    Failure,
    Line,
    Payload,
    TurnContext,
    Usage,
    UsageInfo,
    UsageRecord,
    content_text,
)
from parsers.native_logs.codex_threads import Shared, Thread
from parsers.native_logs.codex_tools import command_text
from parsers.native_logs.codex_usage import Response, Responses
from parsers.session import (
    AssistantText,
    Error,
    ErrorKind,
    Event,
    Note,
    NoteKind,
    Prompt,
    Source,
    Tokens,
    Totals,
)

LEAVING = timedelta(seconds=2)  # who leaves in the middle of a turn aborts it, which is no interruption
NOTHING = Tokens(input=0, output=0, cache_read=0)
APPROVES_PLAN = "Implement the plan."  # what the program sends when the person accepts a proposed plan


class Rollout:
    """Reads one rollout file, record by record, into the shared events."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.thread = Thread()
        self.model: str | None = None
        self.asked_at: datetime | None = None
        self.said: dict[str, datetime | None] = {}
        self.aborted_at: datetime | None = None
        self.planned = False
        self.calls = Calls(shared.call_ids)
        self.responses = Responses(shared.response_ids)

    @property
    def agent(self) -> str | None:
        """The sub-agent whose rollout this is, None for the main conversation's."""
        return self.thread.agent

    def take(self, line: Line, raw: bytes) -> None:
        """Read one record."""
        at = parse_time(line.timestamp)
        if line.type == "session_meta":
            self.thread.begin(line, at, fresh=not self.calls.order)
            return
        self.thread.follow(line, at)
        if self.thread.replaying or not self.shared.window.holds(at):
            self._before(line)
            self.shared.tally.records -= 1
            return
        self.shared.tally.saw(at)
        self._own()
        if not self._understood(line, at):
            self.shared.tally.not_understood(raw, seconds_between(self.shared.origin, at))

    def _before(self, line: Line) -> None:
        """Of what came before the session, only the state that goes on counts: model, policy, running total."""
        if line.type == "turn_context":
            self._settings(decoded(TURN_CONTEXT, line.payload))
        elif line.type == "event_msg":
            event = decoded(PAYLOAD, line.payload)
            if event is not None and event.info is not None:
                self.responses.replayed(event.info)

    def _own(self) -> None:
        """Note whose records these are, once there are any in the session's time."""
        meta, shared = self.thread.meta, self.shared
        if meta is None:
            return
        shared.version = shared.version or meta.cli_version
        shared.cwd = shared.cwd or meta.cwd
        shared.git_branch = shared.git_branch or (meta.git.branch if meta.git else None)
        if meta.id and self.agent is None:
            shared.session_ids.setdefault(meta.id)

    def _understood(self, line: Line, at: datetime | None) -> bool:
        match line.type:
            case "turn_context":
                return self._turn_context(line, at)
            case "response_item":
                return self._response_item(line, at)
            case "event_msg":
                return self._event(line, at)
            case "token_usage_record":
                return self._usage_record(decoded(USAGE_RECORD, line.payload), at)
            case "compacted":
                self._note(NoteKind.COMPACTION, "compacted", at)
                return True
            case other:
                return other in IGNORED_TYPES

    def _turn_context(self, line: Line, at: datetime | None) -> bool:
        context = decoded(TURN_CONTEXT, line.payload)
        if context is None:
            return False
        before = self.model
        self._settings(context)
        if self.agent is None:
            self.shared.model = self.shared.model or self.model
            if before not in (None, self.model):
                self._note(NoteKind.MODEL, self.model or "", at)
        return True

    def _settings(self, context: TurnContext | None) -> None:
        """Take the model and the approval policy of the turn that begins."""
        if context is not None:
            self.model = context.model or self.model
            if isinstance(context.approval_policy, str):
                self.calls.policy = context.approval_policy

    def _response_item(self, line: Line, at: datetime | None) -> bool:
        item = decoded(PAYLOAD, line.payload)
        if item is None:
            return False
        if item.type in CALLS:
            self.calls.asked(item, at)
        elif item.type in OUTPUTS:
            self.asked_at = at
            self.calls.answered(item, at)
        elif item.type == "web_search_call":
            self.calls.searched(item, at)
        else:
            return item.type in IGNORED_ITEMS
        return True

    def _event(self, line: Line, at: datetime | None) -> bool:
        event = decoded(PAYLOAD, line.payload)
        if event is None:
            return False
        if event.type == "item_completed":
            return self._item(event, at)
        if event.type in CONVERSATION:
            self._conversation(event, at)
        elif event.type in RUNS:
            self._ran(event, event.call_id, at)
        else:
            return event.type in IGNORED_EVENTS
        return True

    def _conversation(self, event: Payload, at: datetime | None) -> None:
        """Read what was said, how a turn ended, and what it used."""
        match event.type:
            case "user_message":
                self._prompt(event.message or "", at)
            case "agent_message":
                self._answer(event.message or "", at)
            case "agent_reasoning":
                self._note(NoteKind.REASONING, event.text or "", at)
            case "token_count" if event.info is not None:
                self._total(event.info, at)
            case "task_started":
                self.asked_at = at  # a sub-agent's task is no prompt of its own
                self._report_abort()
            case "turn_aborted":
                if not self.calls.abort(at) and event.reason in (None, "interrupted"):
                    self.aborted_at = at
            case "task_complete" | "error" | "stream_error":
                self._failure(event, at)

    def _ran(self, ran: Payload, call_id: str | None, at: datetime | None, began: datetime | None = None) -> None:
        """Read what was run: a command, a patch, an MCP server's tool."""
        if ran.type in ("FileChange", "patch_apply_end"):
            self.calls.patch_ran(ran, call_id, at)
        elif ran.type in ("McpToolCall", "mcp_tool_call_end"):
            self.calls.mcp_ran(ran, call_id, at)
        elif ran.source == "user_shell":
            self._note(NoteKind.USER_SHELL, command_text(ran.command) or "", at)
        elif ran.source != "unified_exec_interaction":
            self.calls.command_ran(ran, call_id, began or at, at)

    def _item(self, event: Payload, at: datetime | None) -> bool:
        """Read a turn's item (0.149 and later)."""
        item = decoded(PAYLOAD, event.item)
        if item is None:
            return False
        match item.type:
            case "UserMessage":
                self._prompt(content_text(item.content), at)
            case "AgentMessage":
                self._answer(content_text(item.content), at)
            case "Reasoning":
                self._note(NoteKind.REASONING, "\n".join(item.summary_text or ()), at)
            case "Plan":
                self.planned = True
                self._note(NoteKind.PLAN, item.text or "", at)
            case kind if kind in RUNS:
                self._ran(item, item.id, at, from_epoch(event.started_at_ms))
            case other:
                return other in IGNORED_TURN_ITEMS
        return True

    def _prompt(self, text: str, at: datetime | None) -> None:
        self.asked_at = at
        self._report_abort()
        if self.planned and text.strip() == APPROVES_PLAN:
            self._note(NoteKind.APPROVAL, text, at)
            return
        if not text.strip() or self._twice(f"prompt {text}", at):
            return
        seconds = seconds_between(self.shared.origin, at)
        if self.agent is not None:
            self._note(NoteKind.SUBAGENT, f"{self.agent}: {text}", at)
            return
        self.shared.events.append(Prompt(text=text.strip(), seconds=seconds, source=Source.NATIVE))

    def _answer(self, text: str, at: datetime | None) -> None:
        if not text.strip() or self._twice(f"answer {text}", at):
            return
        seconds = seconds_between(self.shared.origin, at)
        answer = AssistantText(text=text, seconds=seconds, agent=self.agent, source=Source.NATIVE)
        self.shared.events.append(answer)

    def _twice(self, key: str, at: datetime | None) -> bool:
        """Tell whether an event and an item say the same thing at the same time: some versions write both."""
        before = self.said.get(key)
        self.said[key] = at
        return before is not None and at is not None and abs(at - before) < timedelta(milliseconds=500)

    def _report_abort(self) -> None:
        """Report an interrupted answer, once more comes after it: leaving the program aborts a turn as well."""
        if self.aborted_at is not None:
            self._error(ErrorKind.INTERRUPTED, "turn aborted", self.aborted_at)
            self.aborted_at = None

    def _failure(self, event: Payload, at: datetime | None) -> None:
        error = event.error.message if isinstance(event.error, Failure) else event.error
        text = error or (event.message if event.type != "task_complete" else None)
        if text and not self._twice(f"error {text}", at):
            self._error(ErrorKind.API_ERROR, text, at)

    def _total(self, info: UsageInfo, at: datetime | None) -> None:
        """Take a running total, unless a sub-agent's rollout begins with its parent's."""
        known = info.total_token_usage in self.shared.totals
        if self.agent is not None and known and self.thread.just_began(at):
            self.responses.replayed(info)
            return
        self.responses.count(info, Response(Usage(), self.model, self.asked_at, at, self.agent))
        if self.agent is None and info.total_token_usage is not None:
            self.shared.totals.add(info.total_token_usage)

    def _usage_record(self, entry: UsageRecord | None, at: datetime | None) -> bool:
        if entry is None or entry.usage is None:
            return False
        response = Response(entry.usage, self.model, self.asked_at, at, self.agent, entry.response_id)
        self.responses.record(entry, response)
        return True

    def _note(self, kind: NoteKind, text: str, at: datetime | None) -> None:
        if text and not self._twice(f"{kind} {text}", at):
            seconds = seconds_between(self.shared.origin, at)
            self.shared.events.append(Note(kind=kind, text=text, seconds=seconds, source=Source.NATIVE))

    def _error(self, kind: ErrorKind, text: str, at: datetime | None) -> None:
        seconds = seconds_between(self.shared.origin, at)
        self.shared.events.append(Error(kind=kind, text=text, seconds=seconds, source=Source.NATIVE))

    def finish(self) -> None:
        """Turn the calls and the usage into events, now that all is known of them."""
        ended_at = self.shared.window.ended_at
        if self.aborted_at is not None and ended_at is not None and ended_at - self.aborted_at > LEAVING:
            self._report_abort()
        self.shared.events.extend(self.calls.tool_uses(self.shared.origin, self.agent))
        calls = tuple(self.responses.model_calls(self.shared.origin))
        self.shared.events.extend(calls or self._nothing_used())

    def _nothing_used(self) -> tuple[Event, ...]:
        """Tell that no tokens were used where the API only failed; without failure nothing is known."""
        failed = any(isinstance(event, Error) and event.kind is ErrorKind.API_ERROR for event in self.shared.events)
        return (Totals(tokens=NOTHING, source=Source.NATIVE),) if failed and self.agent is None else ()
