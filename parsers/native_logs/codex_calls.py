"""The tool calls of one Codex rollout: what the model asked for, joined with what the log shows was run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from parsers.native_logs.base import bounded, seconds_between
from parsers.native_logs.codex_patches import changed_lines
from parsers.native_logs.codex_records import Payload
from parsers.native_logs.codex_tools import Use, command_text, outcome_of, settle, uses_of
from parsers.session import Category, Source, Stopped, ToolUse

JUST_NOW = timedelta(seconds=2)  # an abort is logged so soon after the call that it hit
ALWAYS_ASK = frozenset({"untrusted", "unless-trusted"})  # approval policies


class Calls:
    """The calls of a rollout. `known` holds the ids seen in any rollout of the session: forks repeat their parent's."""

    def __init__(self, known: set[str]) -> None:
        self.known = known
        self.policy: str | None = None
        self.by_id: dict[str, list[Use]] = {}
        self.order: list[Use] = []

    def asked(self, item: Payload, at: datetime | None) -> None:
        """Take a call of the model."""
        self._add(uses_of(item, at), item.call_id or item.id)

    def answered(self, item: Payload, at: datetime | None) -> None:
        """Take a call's output."""
        settle(self.by_id.get(item.call_id or "", []), outcome_of(item.output), at)

    def searched(self, item: Payload, at: datetime | None) -> None:
        """Take a search that the model's server did."""
        query = item.query or _action_query(item)
        given = {"query": query} if query else {}
        self._add([Use("web_search", Category.WEB, given, item.id, at, at, ok=item.status != "failed")], item.id)

    def _add(self, uses: list[Use], call_id: str | None) -> None:
        if call_id is not None:
            if call_id in self.known:
                return
            self.known.add(call_id)
            self.by_id[call_id] = uses
        self.order.extend(uses)

    def command_ran(
        self, ran: Payload, call_id: str | None, began: datetime | None, ended: datetime | None = None
    ) -> None:
        """Take a command that was run."""
        command = command_text(ran.command)
        use = self._match(call_id, Category.SHELL, command) or self._unread()
        if use is None:
            if command is None:
                return
            use = Use("exec_command", Category.SHELL, {"cmd": command}, call_id, began, command=command)
            self._add([use], call_id)
        use.command = use.command or command
        went_on = use.ok is True and use.exit_code is None and not use.in_item  # in the background, after its output
        if use.ok is None or (went_on and (ran.exit_code or 0) >= 0):  # else it was aborted, or killed on leaving
            use.ok = ran.status in (None, "completed") and ran.exit_code in (None, 0)
            use.exit_code, use.ended_at = ran.exit_code, ended or began
            use.output = ran.aggregated_output or use.output
        use.ran = use.in_item = True

    def patch_ran(self, ran: Payload, call_id: str | None, at: datetime | None) -> None:
        """Take a patch that was applied or refused."""
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

    def mcp_ran(self, ran: Payload, call_id: str | None, at: datetime | None) -> None:
        """Take a call of an MCP server."""
        call = ran.invocation
        server, tool = (call.server, call.tool) if call else (ran.server, ran.tool)
        name = f"mcp__{server}__{tool}"
        use = self._match(call_id, Category.MCP, name) or self._by_tool(tool)
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
        direct = self.by_id.get(call_id or "")
        if direct:
            return next((use for use in direct if use.category is category), None)
        for use in self.order:
            if use.category is category and not use.in_item and text in (None, use.command, use.name):
                return use
        return None

    def _unread(self) -> Use | None:
        """Find a waiting call whose command its script computes: what runs now is its."""
        return next(
            (use for use in self.order if use.name == "exec_command" and use.command is None and not use.in_item), None
        )

    def _by_tool(self, tool: str | None) -> Use | None:
        """Find a script's call of an MCP tool under another name than mcp__server__tool."""
        if not tool:
            return None
        use = next((use for use in self.order if not use.in_item and use.name.endswith(tool)), None)
        if use is not None:
            use.category = Category.MCP
        return use

    def abort(self, at: datetime | None) -> bool:
        """End the calls that still wait when a turn is aborted; tell whether the abort hit any call."""
        hit = False
        for use in self.order:
            if use.ok is None:
                use.ok, use.aborted, use.ended_at = False, True, at
            recent = use.ended_at is not None and at is not None and at - use.ended_at < JUST_NOW
            hit = hit or (recent and (use.aborted or use.stopped is not None))
        return hit

    def tool_uses(self, origin: datetime | None, agent: str | None) -> Iterator[ToolUse]:
        """Give the events, now that all is known of the calls."""
        return (self._tool_use(use, origin, agent) for use in self.order)

    def _tool_use(self, use: Use, origin: datetime | None, agent: str | None) -> ToolUse:
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
            start_seconds=seconds_between(origin, use.at),
            duration_seconds=seconds_between(use.at, use.ended_at),
            agent=agent,
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
        return use.category is Category.EDIT or use.escalated or self.policy in ALWAYS_ASK


def _action_query(item: Payload) -> str | None:
    action = _anything(item.action)
    return action.get("query") if isinstance(action, dict) else None


def _anything(raw: msgspec.Raw) -> object:
    try:
        return msgspec.json.decode(raw) if raw else None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
