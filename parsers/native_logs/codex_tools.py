"""Codex's tools: what a call asks for, in every generation, and what its output says of how it ended."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from parsers.native_logs.codex_patches import AS_COMMAND, read_patch
from parsers.native_logs.codex_records import ANYTHING, PARTS, TEXT, WRAPPED, Payload
from parsers.native_logs.codex_script import calls_in
from parsers.session import Category, Stopped

CATEGORIES: Mapping[str, Category] = MappingProxyType(
    {
        "shell": Category.SHELL,  # 0.39, 0.58: an argument list
        "container.exec": Category.SHELL,
        "local_shell": Category.SHELL,
        "shell_command": Category.SHELL,  # 0.87
        "exec_command": Category.SHELL,  # 0.128 and later
        "write_stdin": Category.SHELL,
        "exec": Category.SHELL,  # code mode: only where no call can be read from the script
        "apply_patch": Category.EDIT,
        "update_plan": Category.TODO,
        "view_image": Category.READ,
        "read_file": Category.READ,
        "read_mcp_resource": Category.READ,
        "grep_files": Category.SEARCH,
        "list_dir": Category.SEARCH,
        "list_mcp_resources": Category.SEARCH,
        "list_mcp_resource_templates": Category.SEARCH,
        "web_search": Category.WEB,
        "spawn_agent": Category.TASK,
        "wait_agent": Category.TASK,
        "list_agents": Category.TASK,
        "close_agent": Category.TASK,
        "send_input": Category.TASK,
        "send_message": Category.TASK,
        "followup_task": Category.TASK,
        "resume_agent": Category.TASK,
        "wait": Category.TASK,
    }
)
SHELLS = re.compile(r"(?:.*/)?(?:bash|sh|zsh|dash|pwsh|powershell(?:\.exe)?)", re.IGNORECASE)
SHELL_FLAGS = frozenset({"-lc", "-c", "-l", "-Command", "-NoProfile", "-NonInteractive"})
ESCALATIONS = ("require_escalated", "with_additional_permissions")

ABORTED = re.compile(r"(?:Wall time: [\d.]+ seconds\n)?abort(?:ed)?\b")
REJECTED = re.compile(
    r"rejected by user|user (?:denied|rejected|cancelled)"
    r"|(?:exec[ _]command|patch|apply_patch|shell|tool call)\b.{0,2000}?(?:rejected by user|\bRejected\()"
    r"|approval policy is \w{1,40}; reject command|`.{0,2000}?` rejected: ",
    re.IGNORECASE | re.DOTALL,
)
EXIT_CODES = (
    re.compile(r"^Exit code: (-?\d{1,10})$", re.MULTILINE),  # 0.87
    re.compile(r"^Process exited with code (-?\d{1,10})$", re.MULTILINE),  # 0.128 and later
)
UNTOLD = '[{"type"'  # what an MCP server gave, without whether it was an error (0.75 to 0.110)
SCRIPT_HEADER = re.compile(r"Script (?P<how>completed|failed|running|terminated)[^\n]{0,80}\n")
SCRIPT_ERROR = re.compile(r"^Script error:\n", re.MULTILINE)
FAILED = re.compile(
    r"(?:execution error|exec_command failed|apply_patch verification failed|failed to |unsupported call|"
    r"unknown (?:tool|process)|tool call error|collab \w{1,40} failed|err(?:or)?:)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Use:
    """A tool call while it is being read; `ran` once the log shows that it was executed."""

    name: str
    category: Category
    input: Mapping[str, Any]
    call_id: str | None = None
    at: datetime | None = None
    ended_at: datetime | None = None
    command: str | None = None
    files: tuple[str, ...] = ()
    created: tuple[str, ...] = ()
    lines: tuple[int, int] | None = None
    escalated: bool = False  # it asked to leave the sandbox, so a person was asked
    ok: bool | None = None
    exit_code: int | None = None
    stopped: Stopped | None = None
    aborted: bool = False
    ran: bool = False
    in_item: bool = False  # an item of the log tells of it
    output: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an output says; `results` are the values that a script printed."""

    text: str
    ok: bool | None = None
    exit_code: int | None = None
    aborted: bool = False
    rejected: bool = False
    results: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


def uses_of(call: Payload, at: datetime | None) -> list[Use]:
    """Give the tool uses that one call of the model stands for: several in code mode, else one."""
    if call.type == "local_shell_call":
        action = _object(call.action)
        return [_use("local_shell", {"command": action.get("command")}, call.call_id or call.id, at)]
    name = call.name or "unknown"
    if call.type == "custom_tool_call":
        if name != "exec":
            return [_use(name, {"input": call.input or ""}, call.call_id, at)]
        inner = [
            _use(found.name, _arguments(found.name, found.argument), call.call_id, at)
            for found in calls_in(call.input or "")
        ]
        return inner or [_use(name, {"input": call.input or ""}, call.call_id, at)]
    if call.namespace and call.namespace.startswith("mcp__"):
        name = f"{call.namespace.rstrip('_')}__{name}"
    return [_use(name, _object(call.arguments), call.call_id, at)]


def _arguments(name: str, argument: Any) -> Mapping[str, Any]:
    if isinstance(argument, dict):
        return argument
    return {} if argument is None else {"input": argument}


def _object(raw: msgspec.Raw) -> Mapping[str, Any]:
    """Read arguments, which are an object or (as a rule) its JSON in a string."""
    for decoder in (ANYTHING, TEXT):
        try:
            value = decoder.decode(raw) if raw else {}
            return value if isinstance(value, dict) else ANYTHING.decode(value.encode())
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            continue
    return {}


def _use(name: str, given: Mapping[str, Any], call_id: str | None, at: datetime | None) -> Use:
    category = CATEGORIES.get(name) or (Category.MCP if name.startswith("mcp__") else Category.OTHER)
    use = Use(name=name, category=category, input=given, call_id=call_id, at=at)
    use.escalated = given.get("sandbox_permissions") in ESCALATIONS or given.get("with_escalated_permissions") is True
    if category is Category.SHELL:
        use.command = command_text(given.get("cmd", given.get("command")))
        patch = _patch_in(given.get("command"), use.command)
        if patch is not None:  # 0.39 … 0.58 patch through the shell tool
            use.name, use.category, use.command = "apply_patch", Category.EDIT, None
            use.input = {"input": patch}
    if use.category is Category.EDIT:
        text = next((value for key in ("input", "patch") if isinstance(value := use.input.get(key), str)), "")
        patch_read = read_patch(text)
        use.files, use.created = (*patch_read.updated, *patch_read.added), patch_read.added
        use.lines = (patch_read.lines_added, patch_read.lines_removed)
    elif category is Category.READ:
        path = given.get("path", given.get("file_path"))
        use.files = (path,) if isinstance(path, str) else ()
    return use


def _patch_in(arguments: Any, command: str | None) -> str | None:
    """Give the patch if a shell command is one."""
    if isinstance(arguments, list) and len(arguments) == 2 and arguments[0] in ("apply_patch", "applypatch"):
        return str(arguments[1])
    if command is not None and AS_COMMAND.match(command) and "*** Begin Patch" in command:
        return command[command.index("*** Begin Patch") :]
    return None


def command_text(command: Any) -> str | None:
    """Give a command as a person would type it: the script of `bash -lc script`, else the words joined."""
    if isinstance(command, str):
        return command
    if not isinstance(command, list) or not command or not all(isinstance(word, str) for word in command):
        return None
    if SHELLS.fullmatch(command[0]) and len(command) >= 3 and all(word in SHELL_FLAGS for word in command[1:-1]):
        return str(command[-1])
    return shlex.join(command)


def outcome_of(raw: msgspec.Raw) -> Outcome:
    """Read a call's output, which every generation words differently."""
    texts, ok, exit_code = _texts(raw)
    text = "\n".join(texts)
    header = SCRIPT_HEADER.match(text)
    if header is not None:
        results = tuple(value for piece in texts for value in _json_values(piece))
        failure = SCRIPT_ERROR.search(text) if header["how"] == "failed" else None
        rejected = failure is not None and REJECTED.match(text, failure.end()) is not None
        return Outcome(text, ok=header["how"] in ("completed", "running"), rejected=rejected, results=results)
    if exit_code is None and ABORTED.match(text):
        return Outcome(text, aborted=True, ok=False)
    if REJECTED.match(text):
        return Outcome(text, rejected=True, ok=False)
    if exit_code is None:
        exit_code = next((int(found[1]) for pattern in EXIT_CODES if (found := pattern.search(text[:400]))), None)
    if ok is None:
        ok = exit_code == 0 if exit_code is not None else not FAILED.match(text)
    return Outcome(text, ok=ok, exit_code=exit_code)


def _texts(raw: msgspec.Raw) -> tuple[list[str], bool | None, int | None]:
    """Unwrap an output: text, content parts, or an object around the text with an exit code or a success flag."""
    for decoder in (TEXT, PARTS, WRAPPED):
        try:
            value = decoder.decode(raw) if raw else ""
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            continue
        if isinstance(value, list):
            return [part.text or "" for part in value], None, None
        if not isinstance(value, str):
            return [value.content or value.output or ""], value.success, None
        return _unwrapped(value)
    return [""], None, None


def _unwrapped(text: str) -> tuple[list[str], bool | None, int | None]:
    """Unwrap `{"output": …, "metadata": {"exit_code": 0}}` (before 0.87; patches until 0.128)."""
    if not text.startswith('{"output"'):
        return [text], None, None
    try:
        wrapped = WRAPPED.decode(text.encode())
    except (msgspec.DecodeError, UnicodeError):
        return [text], None, None
    code = (wrapped.metadata or {}).get("exit_code")
    return [wrapped.output or ""], None, code if isinstance(code, int) else None


def _json_values(text: str) -> list[Mapping[str, Any]]:
    """Read the results of commands that a script printed, one JSON object each."""
    found: list[Mapping[str, Any]] = []
    for line in (text, *text.splitlines()) if "\n" in text else (text,):
        if line.startswith("{"):
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict) and "chunk_id" in value:
                found.append(value)
    return found


def settle(uses: Sequence[Use], outcome: Outcome, at: datetime | None) -> None:
    """Apply an output to the uses of its call; what the log's own items said of a use counts for more."""
    shells = [use for use in uses if use.category is Category.SHELL]
    results = outcome.results if len(outcome.results) == len(shells) else ()
    for use, result in zip(shells, results, strict=False):
        _apply_result(use, result)
    rejected = _rejected(uses, outcome)
    for use in uses:
        if use.ended_at is None:
            use.ended_at = at
        if use.ok is None and not (rejected and use not in rejected):  # the others may have run, nothing tells how
            use.ok = None if use.category is Category.MCP and outcome.text.startswith(UNTOLD) else outcome.ok
            use.exit_code = outcome.exit_code if use.category is Category.SHELL else None
            use.aborted = outcome.aborted
            use.stopped = Stopped.DENIED if outcome.rejected else None
        if use.output is None:
            use.output = outcome.text


def _rejected(uses: Sequence[Use], outcome: Outcome) -> list[Use]:
    """Give those of a script's calls that were rejected: what it says names the command, else it asked for too much."""
    if not outcome.rejected:
        return []
    named = [use for use in uses if use.command and use.command in outcome.text]
    return named or [use for use in uses if use.escalated] or list(uses)


def _apply_result(use: Use, result: Mapping[str, Any]) -> None:
    """Take a command's result from what its script printed; without exit code it still runs."""
    code = result.get("exit_code")
    if use.exit_code is None and isinstance(code, int):
        use.exit_code = code
    if use.ok is None:
        use.ok = use.exit_code in (0, None)
    if not use.output and isinstance(result.get("output"), str):
        use.output = result["output"]
    use.ran = True
