"""What the records of one Codex rollout mean, one after the other: prompts, answers, calls, errors, notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from parsers.native_logs.base import Tally, Window, bounded, decoded, from_epoch, parse_time, seconds_between
from parsers.native_logs.codex_patches import changed_lines
from parsers.native_logs.codex_records import (
    PARTS,
    PAYLOAD,
    SESSION_META,
    TEXT,
    TURN_CONTEXT,
    USAGE_RECORD,
    Failure,
    Line,
    Payload,
    SessionMeta,
    UsageRecord,
)
from parsers.native_logs.codex_tools import Use, command_text, outcome_of, settle, uses_of
from parsers.native_logs.codex_usage import Response, Responses
from parsers.session import (
    AssistantText,
    Category,
    Error,
    ErrorKind,
    Event,
    Note,
    NoteKind,
    Prompt,
    Source,
    Stopped,
    Tokens,
    ToolUse,
    Totals,
)

REPLAY = timedelta(seconds=2)  # a fork copies its parent's records in one burst, stamped with the fork's time
IGNORED_TYPES = frozenset({"world_state", "inter_agent_communication_metadata", "ghost_snapshot"})
NOTHING = Tokens(input=0, output=0, cache_read=0)
APPROVES_PLAN = "Implement the plan."  # what the program sends when the person accepts a proposed plan
CALLS = frozenset({"function_call", "custom_tool_call", "local_shell_call"})
OUTPUTS = frozenset({"function_call_output", "custom_tool_call_output"})
IGNORED_ITEMS = frozenset(  # response items that events tell as well, or that are context
    {"message", "reasoning", "additional_tools", "agent_message", "ghost_snapshot", "compaction", "other",
     "compaction_summary", "context_compaction", "tool_search_call", "tool_search_output", "image_generation_call"}
)  # fmt: skip
IGNORED_EVENTS = frozenset(
    {"thread_settings_applied", "thread_name_updated", "web_search_end", "web_search_begin",
     "exec_command_begin", "patch_apply_begin", "mcp_tool_call_begin", "session_configured", "turn_diff", "plan_update",
     "agent_reasoning_raw_content", "agent_reasoning_section_break", "background_event", "context_compacted",
     "thread_rolled_back", "undo_completed", "view_image_tool_call", "image_generation_end", "item_started",
     "entered_review_mode", "exited_review_mode", "thread_goal_updated", "raw_response_item", "warning",
     "exec_approval_request", "apply_patch_approval_request", "request_user_input", "shutdown_complete"}
)  # fmt: skip
IGNORED_TURN_ITEMS = frozenset(
    {"WebSearch", "SubAgentActivity", "CollabAgentToolCall", "ImageView", "ImageGeneration", "HookPrompt",
     "EnteredReviewMode", "ExitedReviewMode", "DynamicToolCall", "Sleep", "ContextCompaction"}
)  # fmt: skip


@dataclass(slots=True)
class Shared:
    """What all rollouts of a session share: the time, the counts, and what was already counted."""

    window: Window
    origin: datetime | None
    tally: Tally = field(default_factory=Tally)
    events: list[Event] = field(default_factory=list)
    call_ids: set[str] = field(default_factory=set)
    response_ids: set[str] = field(default_factory=set)
    version: str | None = None
    model: str | None = None
    cwd: str | None = None
    git_branch: str | None = None
    session_ids: dict[str, None] = field(default_factory=dict)


class Rollout:
    """Reads one rollout file, record by record, into the shared events."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.meta: SessionMeta | None = None
        self.agent: str | None = None
        self.began: datetime | None = None
        self.replaying = False
        self.model: str | None = None
        self.policy: str | None = None
        self.asked_at: datetime | None = None
        self.uses: dict[str, list[Use]] = {}
        self.order: list[Use] = []
        self.said: dict[str, datetime | None] = {}
        self.aborted_at: datetime | None = None
        self.planned = False
        self.responses = Responses(shared.response_ids)

    def take(self, line: Line, raw: bytes) -> None:
        """Read one record."""
        at = parse_time(line.timestamp)
        if line.type == "session_meta":
            self._session_meta(line, at)
            return
        self._follow_replay(line, at)
        if self.replaying or not self.shared.window.holds(at):
            self._before(line)
            self.shared.tally.records -= 1
            return
        self.shared.tally.saw(at)
        self._own()
        if not self._understood(line, at):
            self.shared.tally.not_understood(raw, seconds_between(self.shared.origin, at))

    def _session_meta(self, line: Line, at: datetime | None) -> None:
        meta = decoded(SESSION_META, line.payload)
        if meta is None:
            return
        if self.meta is not None:  # a fork's file holds its parent's records, its session_meta included
            self.replaying = self.replaying or (meta.id != self.meta.id and not self.order)
            return
        self.meta, self.began = meta, at
        self.replaying = meta.forked_from_id is not None
        if is_sub_agent(meta):
            path = (meta.agent_path or "").rstrip("/").rsplit("/", 1)[-1]
            self.agent = path or meta.agent_nickname or meta.id

    def _follow_replay(self, line: Line, at: datetime | None) -> None:
        """Find where copied records end: at the first turn begun after the fork, or when time goes on."""
        if not self.replaying:
            return
        if at is not None and self.began is not None and at > self.began + REPLAY:
            self.replaying = False
        elif line.type == "turn_context" and self.began is not None:
            context = decoded(TURN_CONTEXT, line.payload)
            turn_at = uuid_time(context.turn_id) if context else None
            self.replaying = turn_at is None or turn_at < self.began - REPLAY

    def _before(self, line: Line) -> None:
        """Of what came before the session, only the state that goes on counts: model, policy, running total."""
        if line.type == "turn_context":
            self._turn_context(line)
        elif line.type == "event_msg":
            event = decoded(PAYLOAD, line.payload)
            if event is not None and event.info is not None:
                self.responses.replayed(event.info)

    def _own(self) -> None:
        """Note whose records these are, once there are any in the session's time."""
        meta, shared = self.meta, self.shared
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
                return self._turn_context(line)
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

    def _turn_context(self, line: Line) -> bool:
        context = decoded(TURN_CONTEXT, line.payload)
        if context is None:
            return False
        self.model = context.model or self.model
        self.policy = context.approval_policy if isinstance(context.approval_policy, str) else self.policy
        if self.agent is None and self.model is not None:
            self.shared.model = self.shared.model or self.model
        return True

    def _response_item(self, line: Line, at: datetime | None) -> bool:
        item = decoded(PAYLOAD, line.payload)
        if item is None:
            return False
        if item.type in CALLS:
            self._call(item, at)
        elif item.type in OUTPUTS:
            self.asked_at = at
            settle(self.uses.get(item.call_id or "", []), outcome_of(item.output), at)
        elif item.type == "web_search_call":
            query = item.query or _action_query(item)
            use = Use(
                "web_search",
                Category.WEB,
                {"query": query} if query else {},
                item.id,
                at,
                at,
                ok=item.status != "failed",
            )
            self._add([use], item.id)
        else:
            return item.type in IGNORED_ITEMS
        return True

    def _call(self, item: Payload, at: datetime | None) -> None:
        uses = uses_of(item, at)
        self._add(uses, item.call_id or item.id)

    def _add(self, uses: list[Use], call_id: str | None) -> None:
        """Take a call once: forks repeat their parent's calls with their ids."""
        if call_id is not None:
            if call_id in self.shared.call_ids:
                return
            self.shared.call_ids.add(call_id)
            self.uses[call_id] = uses
        self.order.extend(uses)

    def _event(self, line: Line, at: datetime | None) -> bool:
        event = decoded(PAYLOAD, line.payload)
        if event is None:
            return False
        match event.type:
            case "user_message":
                self._prompt(event.message or "", at)
            case "agent_message":
                self._answer(event.message or "", at)
            case "agent_reasoning":
                self._note(NoteKind.REASONING, event.text or "", at)
            case "token_count":
                if event.info is not None:
                    self.responses.count(event.info, self.model, self.asked_at, at, self.agent)
            case "exec_command_end":
                self._command_ran(event, event.call_id, at)
            case "patch_apply_end":
                self._patch_ran(event, event.call_id, at)
            case "mcp_tool_call_end":
                self._mcp_ran(event, event.call_id, at)
            case "task_started":
                self._report_abort()
            case "turn_aborted":
                self._aborted(event, at)
            case "task_complete" | "error" | "stream_error":
                self._failure(event, at)
            case "item_completed":
                return self._item(event, at)
            case other:
                return other in IGNORED_EVENTS
        return True

    def _item(self, event: Payload, at: datetime | None) -> bool:
        """Read a turn's item (0.149 and later)."""
        item = decoded(PAYLOAD, event.item)
        if item is None:
            return False
        match item.type:
            case "UserMessage":
                self._prompt(_content(item), at)
            case "AgentMessage":
                self._answer(_content(item), at)
            case "Reasoning":
                self._note(NoteKind.REASONING, "\n".join(item.summary_text or ()), at)
            case "Plan":
                self.planned = True
                self._note(NoteKind.PLAN, item.text or "", at)
            case "CommandExecution":
                self._command_ran(item, item.id, from_epoch(event.started_at_ms) or at, at)
            case "FileChange":
                self._patch_ran(item, item.id, at)
            case "McpToolCall":
                self._mcp_ran(item, item.id, at)
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

    def _command_ran(
        self, ran: Payload, call_id: str | None, began: datetime | None, ended: datetime | None = None
    ) -> None:
        command = command_text(ran.command)
        if ran.source == "user_shell":
            self._note(NoteKind.USER_SHELL, command or "", began)
        if ran.source in ("user_shell", "unified_exec_interaction"):
            return
        use = self._match(call_id, Category.SHELL, command)
        if use is None:
            if command is None:
                return
            use = Use("exec_command", Category.SHELL, {"cmd": command}, call_id, began, command=command)
            self._add([use], call_id)
        if use.ok is None:  # else it was aborted, or went on in the background after its output
            use.ok = ran.status in (None, "completed") and ran.exit_code in (None, 0)
            use.exit_code, use.ended_at = ran.exit_code, ended or began
            use.output = ran.aggregated_output or use.output
        use.ran = use.in_item = True

    def _patch_ran(self, ran: Payload, call_id: str | None, at: datetime | None) -> None:
        use = self._match(call_id, Category.EDIT, None)
        changes = ran.changes or {}
        if use is None:
            created = tuple(path for path, change in changes.items() if change.type == "add")
            edited = tuple(path for path, change in changes.items() if change.type == "update")
            use = Use("apply_patch", Category.EDIT, {}, call_id, at, files=(*edited, *created), created=created)
            self._add([use], call_id)
        use.ran, use.in_item, use.ended_at = True, True, at
        if use.ok is None:
            use.ok = ran.success if ran.success is not None else ran.status in (None, "completed")
            use.stopped = Stopped.DENIED if ran.status == "declined" else None
        if changes:
            use.lines = changed_lines(changes)

    def _mcp_ran(self, ran: Payload, call_id: str | None, at: datetime | None) -> None:
        call = ran.invocation
        server, tool = (call.server, call.tool) if call else (ran.server, ran.tool)
        name = f"mcp__{server}__{tool}"
        use = self._match(call_id, Category.MCP, name)
        if use is None:
            given = call.arguments if call else msgspec.to_builtins(_anything(ran.arguments))
            use = Use(name, Category.MCP, given if isinstance(given, dict) else {}, call_id, at)
            self._add([use], call_id)
        failed = ran.status == "failed" or (
            isinstance(ran.result, dict) and ("Err" in ran.result or ran.result.get("isError"))
        )
        use.ran, use.in_item, use.ended_at = True, True, at
        use.ok = not failed and ran.error is None

    def _match(self, call_id: str | None, category: Category, text: str | None) -> Use | None:
        """Find the call that an item belongs to: by id, else the first of its kind that no item was found for."""
        direct = self.uses.get(call_id or "")
        if direct:
            return next((use for use in direct if use.category is category), None)
        for use in self.order:
            if use.category is category and not use.in_item and text in (None, use.command, use.name):
                return use
        return None

    def _aborted(self, event: Payload, at: datetime | None) -> None:
        """End the calls that still wait; an abort that hit no call interrupted an answer."""
        hit = False
        for use in self.order:
            if use.ok is None:
                use.ok, use.aborted, use.ended_at = False, True, at
            just_now = use.ended_at is not None and at is not None and at - use.ended_at < REPLAY
            hit = hit or (just_now and (use.aborted or use.stopped is not None))
        if not hit and event.reason in (None, "interrupted"):
            self.aborted_at = at

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
        if self.aborted_at is not None and ended_at is not None and ended_at - self.aborted_at > REPLAY:
            self._report_abort()
        self.shared.events.extend(self._tool_use(use) for use in self.order)
        calls = tuple(self.responses.model_calls(self.shared.origin))
        self.shared.events.extend(calls or self._nothing_used())

    def _nothing_used(self) -> tuple[Event, ...]:
        """Tell that no tokens were used where the API only failed; without failure nothing is known."""
        failed = any(isinstance(event, Error) and event.kind is ErrorKind.API_ERROR for event in self.shared.events)
        return (Totals(tokens=NOTHING, source=Source.NATIVE),) if failed and self.agent is None else ()

    def _tool_use(self, use: Use) -> ToolUse:
        stopped = use.stopped
        if use.aborted and stopped is None:
            stopped = Stopped.DENIED if self._was_denied(use) else Stopped.INTERRUPTED
        ran = stopped is not Stopped.DENIED and use.ok is not False
        return ToolUse(
            name=use.name,
            category=use.category,
            input=use.input,
            ok=use.ok,
            exit_code=use.exit_code if stopped is None else None,
            stopped=stopped,
            command=use.command,
            files=use.files,
            created=use.created,
            lines_added=use.lines[0] if use.lines and ran else None,
            lines_removed=use.lines[1] if use.lines and ran else None,
            output=bounded(use.output),
            start_seconds=seconds_between(self.shared.origin, use.at),
            duration_seconds=seconds_between(use.at, use.ended_at),
            agent=self.agent,
            call_id=use.call_id,
            source=Source.NATIVE,
        )

    def _was_denied(self, use: Use) -> bool:
        """Tell an aborted call that waited for approval from one that ran: both say 'aborted by user'.

        Patches take no time, so one that was aborted waited. A command waited if it asked to leave the sandbox, or if
        every command needs approval, unless an item shows that it ran.
        """
        if use.ran:
            return False
        return use.category is Category.EDIT or use.escalated or self.policy in ("untrusted", "unless-trusted")


def is_sub_agent(meta: SessionMeta) -> bool:
    """Tell whether a rollout is a sub-agent's."""
    return meta.parent_thread_id is not None or parent_of(meta) is not None or _subagent(meta) is not None


def parent_of(meta: SessionMeta) -> str | None:
    """Give the id of the rollout whose sub-agent this one is."""
    spawn = _subagent(meta)
    found = spawn.get("thread_spawn", spawn) if isinstance(spawn, dict) else {}
    parent = found.get("parent_thread_id") if isinstance(found, dict) else None
    return meta.parent_thread_id or (parent if isinstance(parent, str) else None)


def _subagent(meta: SessionMeta) -> object:
    return meta.source.get("subagent", meta.source.get("subAgent")) if isinstance(meta.source, dict) else None


def uuid_time(identifier: str | None) -> datetime | None:
    """Give the time in a version 7 UUID, which Codex's ids are."""
    plain = (identifier or "").replace("-", "")
    if len(plain) != 32 or plain[12] != "7":
        return None
    try:
        return from_epoch(int(plain[:12], 16))
    except ValueError:
        return None


def _action_query(item: Payload) -> str | None:
    action = _anything(item.action)
    return action.get("query") if isinstance(action, dict) else None


def _content(item: Payload) -> str:
    """Join the text parts of a message."""
    parts = decoded(PARTS, item.content)
    return "\n".join(part.text for part in parts if part.text) if parts else decoded(TEXT, item.content) or ""


def _anything(raw: msgspec.Raw) -> object:
    try:
        return msgspec.json.decode(raw) if raw else None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
