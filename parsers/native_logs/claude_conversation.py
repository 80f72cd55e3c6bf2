"""What the records of Claude Code's log mean, one after the other: prompts, answers, calls, errors, notes."""

from __future__ import annotations

from datetime import datetime

import msgspec

from parsers.native_logs.base import decoded, seconds_between
from parsers.native_logs.claude_prompts import UserText, classify, from_program
from parsers.native_logs.claude_records import (
    ANYTHING,
    API_FAILURE,
    ASSISTANT_MESSAGE,
    ATTACHMENT,
    TEXT,
    USER_MESSAGE,
    Block,
    Record,
    result_text,
    text_of,
)
from parsers.native_logs.claude_state import Chain, Reading
from parsers.native_logs.claude_tools import Call, feedback, finished, tool_use
from parsers.session import AssistantText, Error, ErrorKind, Note, NoteKind, Prompt, Source, Stopped

SYNTHETIC = "<synthetic>"  # the model's name on messages that the program itself wrote
WARM_UP = "Warmup"  # 2.0 sends this to agents nobody asked for, to fill the cache

# Records that say nothing about the session which its other records do not say better.
IGNORED_TYPES = frozenset(
    {
        "agent-color", "agent-name", "agent-setting", "ai-title", "api-request", "api-request-blob",
        "api-request-resumed", "api-request-shape", "artifact-autoreact-ledger", "artifact-comment-monitor",
        "atis-latch", "attachment", "attribution-snapshot", "bridge-session", "content-replacement",
        "continued-in", "cost-state", "custom-title", "data-flow-incomplete", "data-flow-records",
        "derived-from", "dev-mods", "ended-by-model", "file-history-delta", "file-history-snapshot",
        "fork-context-ref", "frame-link", "history-suppression", "hybrid-organization", "isolation-latch",
        "last-prompt", "marble-origami-commit", "memory-mode", "mode", "observer-ref", "permission-mode",
        "pr-link", "progress", "relocated", "repl-mode", "result", "resume-head-vouch", "session-owner",
        "speculation-accept", "started", "summary", "tag", "task-summary", "tools-used", "worktree-state",
    }
)  # fmt: skip


def place(record: Record, reading: Reading) -> None:
    """Note what each record repeats: session, folder, branch, version."""
    if record.session_id and not record.is_sidechain and record.timestamp:
        reading.session_ids.setdefault(record.session_id)
    reading.cwd = reading.cwd or record.cwd
    reading.git_branch = reading.git_branch or record.git_branch
    reading.version = record.version or reading.version


def take(record: Record, at: datetime | None, reading: Reading) -> bool:
    """Read one record; False if it was not understood."""
    match record.type:
        case "user":
            return _user(record, at, reading)
        case "assistant":
            return _assistant(record, at, reading)
        case "system":
            return _system(record, at, reading)
        case "attachment":
            return _attachment(record, at, reading)
        case "queue-operation":
            return _queue(record, at, reading)
        case other:
            return other in IGNORED_TYPES


def _chain(record: Record, reading: Reading) -> Chain:
    """Give the conversation that a record belongs to."""
    key = record.agent_id or _side_chain(record, reading) if record.is_sidechain else None
    chain = reading.chains.get(key)
    if chain is None:
        chain = reading.chains[key] = Chain(agent=record.agent_id or ("agent" if record.is_sidechain else None))
    return chain


def _side_chain(record: Record, reading: Reading) -> str:
    """Follow a record of a sub-agent without id (1.0) to the first of its chain: several may run at once."""
    own = record.uuid or ""
    first = reading.side_chains.get(record.parent_uuid or "", own)
    reading.side_chains[own] = first
    return first


def _user(record: Record, at: datetime | None, reading: Reading) -> bool:
    message = decoded(USER_MESSAGE, record.message)
    if message is None:
        return False
    chain = _chain(record, reading)
    chain.last_input_at = at
    results = [b for b in message.content if b.type == "tool_result"] if not isinstance(message.content, str) else []
    for block in results:
        _tool_result(record, block, at, reading)
    text = text_of(message.content)
    if results or not text.strip():
        return True
    if record.is_sidechain:
        _task_begins(record, text, at, chain, reading)
    elif from_program(record):
        _expansion(record, text, at, reading)
    else:
        _said(record, text, at, reading)
    return True


def _task_begins(record: Record, text: str, at: datetime | None, chain: Chain, reading: Reading) -> None:
    """Name a sub-agent by its task; in 1.0 all share one side chain, a record without parent begins the next."""
    if record.parent_uuid is not None or record.is_meta:
        return
    chain.warm_up = text.strip() == WARM_UP
    called = reading.tasks.get(text.strip())
    if called is not None:
        namesakes = sum(other.task == called for other in reading.chains.values())
        chain.agent, chain.task = f"{called} {namesakes + 1}" if namesakes else called, called
    if not chain.warm_up:
        _note(NoteKind.SUBAGENT, chain.agent or "", at, reading)


def _expansion(record: Record, text: str, at: datetime | None, reading: Reading) -> None:
    """Turn a slash command that looks built-in but expands to a text for the model into the prompt that it is."""
    if record.is_meta and reading.slash is not None and record.parent_uuid == reading.slash:
        last = reading.events[-1]
        if classify(text).kind is UserText.PROMPT and isinstance(last, Note):
            reading.events[-1] = Prompt(text=last.text, seconds=last.seconds, source=Source.NATIVE)
    reading.slash = None


def _said(record: Record, text: str, at: datetime | None, reading: Reading) -> None:
    said = classify(text)
    match said.kind:
        case UserText.PROMPT:
            close_cut(reading)
            _prompt(said.text, at, reading)
        case UserText.INTERRUPTED:
            reading.cut_at = None
            _error(ErrorKind.INTERRUPTED, said.text, at, reading)
        case UserText.TOOL_INTERRUPTED:
            _interrupt_open_calls(at, reading)
        case UserText.USER_SHELL:
            _note(NoteKind.USER_SHELL, said.text, at, reading)
        case UserText.SLASH_COMMAND:
            reading.forget_prompt(said.text)
            cleared = said.text == "/clear"
            _note(NoteKind.CLEARED if cleared else NoteKind.SLASH_COMMAND, said.text, at, reading)
            reading.slash = record.uuid


def _tool_result(record: Record, block: Block, at: datetime | None, reading: Reading) -> None:
    use = reading.open_calls.pop(block.tool_use_id or "", None)
    if use is None:
        return
    called_at = reading.call_times.pop(use.call_id or "", None)
    done = finished(use, record, block, seconds_between(called_at, at))
    reading.events.append(done)
    if done.stopped is Stopped.DENIED:
        told = feedback(result_text(block.content))
        if told:
            _prompt(told, at, reading)


def _interrupt_open_calls(at: datetime | None, reading: Reading) -> None:
    """End the calls that wait for a result when the person interrupts: they will get none."""
    for call_id, use in reading.open_calls.items():
        if use.agent is None:
            duration = seconds_between(reading.call_times.pop(call_id, None), at)
            reading.events.append(
                msgspec.structs.replace(use, ok=False, stopped=Stopped.INTERRUPTED, duration_seconds=duration)
            )
    reading.open_calls = {call_id: use for call_id, use in reading.open_calls.items() if use.agent is not None}


def _assistant(record: Record, at: datetime | None, reading: Reading) -> bool:
    message = decoded(ASSISTANT_MESSAGE, record.message)
    if message is None:
        return False
    chain = _chain(record, reading)
    if record.is_api_error_message:
        _error(ErrorKind.API_ERROR, text_of(message.content), at, reading)
        return True
    if message.model == SYNTHETIC or chain.warm_up:
        return True
    if message.model and chain.agent is None:
        _model(message.model, at, reading)
    reading.answers.add(
        message, record.request_id, at, chain.last_input_at, chain.agent, cut=record.is_aborted_mid_stream
    )
    blocks = [Block(type="text", text=message.content)] if isinstance(message.content, str) else message.content
    for block in blocks:
        _block(record, block, at, chain, reading)
    if record.is_aborted_mid_stream:
        reading.cut_at = at
    return True


def _model(model: str, at: datetime | None, reading: Reading) -> None:
    """Note the model that the session began with, and each change of it."""
    if reading.current_model is not None and reading.current_model != model:
        _note(NoteKind.MODEL, model, at, reading)
    reading.current_model = model
    reading.model = reading.model or model


def _block(record: Record, block: Block, at: datetime | None, chain: Chain, reading: Reading) -> None:
    seconds = seconds_between(reading.origin, at)
    if block.type == "text" and block.text and block.text.strip():
        cut = record.is_aborted_mid_stream
        text = AssistantText(text=block.text, seconds=seconds, agent=chain.agent, cut=cut, source=Source.NATIVE)
        reading.events.append(text)
    elif block.type == "thinking" and block.thinking:
        _note(NoteKind.REASONING, block.thinking, at, reading)
    elif block.type.endswith("_tool_result"):  # of a tool that the API itself ran: web_search and others
        _tool_result(record, block, at, reading)
    elif block.type.endswith("tool_use") and block.id and block.name and block.id not in reading.call_times:
        given = decoded(ANYTHING, block.input) or {}
        call = Call(block.name, given, at, chain.agent)
        reading.open_calls[block.id] = tool_use(block.id, call, reading.origin)
        reading.call_times[block.id] = at
        if isinstance(given.get("prompt"), str) and isinstance(given.get("description"), str):
            reading.tasks[given["prompt"].strip()] = given["description"]


def _system(record: Record, at: datetime | None, reading: Reading) -> bool:
    match record.subtype:
        case "api_error":
            failure = decoded(API_FAILURE, record.error)
            text = (failure.formatted or failure.message or str(failure.status or "")) if failure else ""
            _error(ErrorKind.API_ERROR, text or "API error", at, reading)
        case "compact_boundary":
            _note(NoteKind.COMPACTION, decoded(TEXT, record.content) or "compacted", at, reading)
        case "local_command":
            said = classify(decoded(TEXT, record.content) or "")
            if said.kind is UserText.SLASH_COMMAND:
                _note(NoteKind.SLASH_COMMAND, said.text, at, reading)
    return record.subtype is not None


def _attachment(record: Record, at: datetime | None, reading: Reading) -> bool:
    """Read a prompt that was typed while a turn ran: one that the model got within the turn is an attachment only."""
    attached = decoded(ATTACHMENT, record.attachment)
    if attached is not None and attached.type == "model" and attached.identity and not record.is_sidechain:
        reading.model = reading.model or attached.identity.model_id
    if attached is None or attached.type != "queued_command" or record.is_sidechain:
        return True
    human = attached.origin is None or attached.origin.kind in (None, "human")
    said = classify(text_of(attached.prompt))
    if human and attached.command_mode in (None, "prompt") and said.kind is UserText.PROMPT and said.text:
        if said.text in reading.absorbed:
            reading.absorbed.remove(said.text)
        else:
            _prompt(said.text, at, reading)
    return True


def _queue(record: Record, at: datetime | None, reading: Reading) -> bool:
    """Follow what was typed while a turn ran: what is removed from the queue went to the model within the turn.

    What is dequeued gets a record of its own, what is popped goes back to the person. 2.1.44 logs nothing else of it.
    """
    text = decoded(TEXT, record.content)
    match record.operation:
        case "enqueue" if text:
            reading.queue.append(text)
        case "dequeue" if reading.queue:
            reading.queue.pop(0)
        case "popAll":
            reading.queue.clear()
        case "remove":
            sent = text or (reading.queue[0] if reading.queue else "")
            if sent in reading.queue:
                reading.queue.remove(sent)
            said = classify(sent)
            if said.kind is UserText.PROMPT and said.text:
                _prompt(said.text, at, reading)
                reading.absorbed.append(said.text)
    return record.operation is not None


def _prompt(text: str, at: datetime | None, reading: Reading) -> None:
    reading.events.append(Prompt(text=text, seconds=seconds_between(reading.origin, at), source=Source.NATIVE))


def _note(kind: NoteKind, text: str, at: datetime | None, reading: Reading) -> None:
    reading.events.append(Note(kind=kind, text=text, seconds=seconds_between(reading.origin, at), source=Source.NATIVE))


def _error(kind: ErrorKind, text: str, at: datetime | None, reading: Reading) -> None:
    seconds = seconds_between(reading.origin, at)
    reading.events.append(Error(kind=kind, text=text, seconds=seconds, source=Source.NATIVE))


def close_cut(reading: Reading) -> None:
    """Report an answer that was cut off without a word about why: it was interrupted all the same."""
    if reading.cut_at is not None:
        _error(ErrorKind.INTERRUPTED, "answer cut off", reading.cut_at, reading)
        reading.cut_at = None
