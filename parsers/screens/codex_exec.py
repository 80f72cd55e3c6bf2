"""Codex without its interface (`codex exec`): labels on lines of their own, whole outputs below them.

Since 0.44 or so a label is a bare word in colour (`user`, `codex`, `exec`); 0.39 wrote it after a time in brackets. The
same text is what a pipe gets on stderr, there without styles.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from parsers.screens import codex_blocks
from parsers.screens.hues import Hue
from parsers.screens.table import Block, Look, Reader, Reading, Screen, chrome, head, panel, part
from parsers.session import AssistantText, Category, Error, ErrorKind, Event, Note, NoteKind, Prompt, ToolUse
from parsers.tool_calls import unwrap_shell

_TIME = r"\[\d{4}-\d\d-\d\dT[\d:]+\] "  # 0.39
_LABEL = Look(hues=frozenset({Hue.CYAN, Hue.MAGENTA}))
_BOLD = Look(bold=True)
_FAINT = Look(faint=True)
_SURELY_FAINT = Look(faint=True, sure=True)
_SURELY_A_STEP = Look(hues=frozenset({Hue.GREEN, Hue.CYAN}), sure=True)
_FOLDER = re.compile(r" in /[^'\"]*$")
_TURN_DIFF = re.compile(r"\ndiff --git a/.* b/.*\n(?:index|new file mode|deleted file mode|old mode|similarity) ")
_ALL = ("prompt", "text", "exec", "patch", "reasoning", "mcp")
_BY_DIFF = {"diff_new": "A", "diff_gone": "D"}
_PATCHED = r"(?P<file>/.*?)(?: -> /.*)?$"  # to 0.110 or later "R" is a move
_STATUS = r" ?(?:(?P<ok>succeeded)|exited (?P<status>-?\d{1,9})|(?P<stopped>declined|rejected)) in [\d.]+m?s:"

RULES = (
    head("header", rf"(?:{_TIME})?OpenAI Codex v(?P<version>\d[\w.-]*)"),
    part(
        "header_more",
        r"-{8}|(?:workdir|model|provider|approval|sandbox|reasoning \w+|session id): ",
        within=("header",),
    ),
    # --- 0.39 --------------------------------------------------------------------------------------------------------
    head("prompt", _TIME + r"User instructions:$"),
    head("text", _TIME + r"codex$"),
    head("reasoning", _TIME + r"thinking$"),
    head("patch", _TIME + r"apply_patch auto_approved=\w+:"),
    head("patch_done", _TIME + r"apply_patch\(.*\) exited (?P<status>\d{1,9})"),
    head("begun", _TIME + r"exec "),
    head("done", _TIME + r"(?P<command>.*?)" + _STATUS),
    head("done_lines", _TIME + r"(?P<command>\S*sh -l?c .*)$"),  # a command of several lines
    head("plan", _TIME + r"plan: "),
    head("error", _TIME + r"(?P<text>(?:stream error|ERROR): .*)"),
    head("other", _TIME + r"(?:turn diff:|tokens used:|explanation:|\w)"),
    # --- since 0.44 --------------------------------------------------------------------------------------------------
    part("step", r"  [✓→•] ", within=("plan",), after=("plan", "step")),
    head("prompt", r"user$", lead=_LABEL, within=("", "header", "warning", "error")),  # elsewhere it is output
    head("text", r"codex$", lead=_LABEL),
    head("exec", r"exec$", lead=_LABEL),
    head("reasoning", r"thinking$", lead=_LABEL),
    chrome("startup", r"mcp startup: ", lead=_LABEL),
    head("patch", r"apply patch$", lead=_BOLD),
    head("patch", r"file update$", lead=_LABEL),  # to 0.110 or later
    head("turn_diff", r"file update:$", lead=_LABEL),
    head("mcp", r"mcp: (?P<server>[\w-]+)/(?P<tool>\w+) (?:started|\((?P<outcome>\w+)\))"),
    head("searched", r"🌐 Searched: (?P<query>.*)|web search: (?P<query_2>.*)"),
    head("plan", r"Plan update$"),
    head("plan", r"  [✓→] (?P<text>.*)", lead=_SURELY_A_STEP),
    head("plan", r"  • (?P<text>.*)", lead=_SURELY_FAINT, body=_SURELY_FAINT),
    head("error", r"(?P<text>ERROR: .*)"),
    head("error", r"(?P<text>Re-?connecting\.\.\. \d{1,3}/\d{1,3}(?: \(.*\))?)$", lead=_FAINT),  # to 0.110 or later
    chrome("log", r"\d{4}-\d\d-\d\dT[\d:.]+Z +(?:ERROR|WARN) +codex_\w+"),  # the program's own, if it is not silent
    head("warning", r"(?P<text>warning: .*)", within=_ALL),
    head("reasoning", r"(?P<text>\*\*[^*]+\*\*)$", lead=_FAINT, within=_ALL),
    head("totals", r"tokens used$", lead=_FAINT),
    head("totals", r"tokens used$", lead=_LABEL),  # to 0.110 or later
    part("tokens", r"[\d,]+$", within=("totals",), after=("totals",)),
    panel("again", r".*\S", within=("totals",)),  # the last message once more, for a pipe
    chrome("again", r".", within=("again",)),
    # To 0.110 or later the outcome was added to the end of the command's last line.
    part("command_end", rf"(?P<line>.*) in /.*{_STATUS}$", within=("exec",), after=("exec", "command")),
    part("command_end", rf"(?P<line>.*?){_STATUS}$", within=("done_lines",), after=("done_lines", "command")),
    part("status", _STATUS, within=("exec",), after=("exec", "command")),
    part("command", r".", within=("exec", "done_lines"), after=("exec", "done_lines", "command")),
    part("patch_status", r"patch: (?P<outcome>\w+)", within=("patch",)),
    part(
        "patch_file",
        rf"(?:(?P<change>[AMDR]) )?{_PATCHED}",
        within=("patch",),
        after=("patch", "patch_status", "patch_file"),
    ),
    part("patch_file", rf"(?P<change>[AMDR]) {_PATCHED}", lead=_LABEL, within=("patch",)),
    part("patch_exit", r"apply_patch\(.*\) exited (?P<status>\d{1,9}) in ", within=("patch",)),
    part("diff", r"diff --git a/(?P<file>.*) b/", within=("patch",)),
    part("diff_new", r"new file mode", within=("patch",), after=("diff",)),
    part("diff_gone", r"deleted file mode", within=("patch",), after=("diff",)),
    part(
        "more",
        r".",
        within=(*_ALL, "turn_diff", "done", "done_lines", "patch_done", "other", "error", "begun", "plan"),
    ),
    chrome("rule", r"-{8}$"),
)  # fmt: skip


def said(block: Block) -> str:
    """Give the text below a label."""
    rows = ([block.fields["text"]] if "text" in block.fields else []) + [row.line.text for row in block.rows[1:]]
    return "\n".join(rows).strip()


def header(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the id with which the session can be resumed."""
    for row in block.rows:
        if row.line.text.startswith("session id: "):
            yield Note(
                kind=NoteKind.RESUME_ID, text=row.line.text.removeprefix("session id: "), seconds=row.line.seconds
            )


def prompt(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the prompt."""
    yield Prompt(text=said(block), seconds=block.seconds)


def text(block: Block, reading: Reading) -> Iterator[Event]:
    """Read an answer, without the diff of the whole turn that may follow it."""
    answer = said(block)
    diff = _TURN_DIFF.search(answer)
    quoted = diff is not None and answer.count("```", 0, diff.start()) % 2 == 1
    if answer:
        yield AssistantText(text=answer[: diff.start()] if diff and not quoted else answer, seconds=block.seconds)


def reasoning(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a summary of the model's reasoning."""
    yield Note(kind=NoteKind.REASONING, text=said(block), seconds=block.seconds)


def executed(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a command with its exit code and whole output; without a command the word was output of another one."""
    status = block.first("status", "command_end")
    told = status.fields if status else block.fields
    first = [block.fields["command"]] if "command" in block.fields else []
    lines = [row.fields.get("line", row.line.text) for row in block.of("command", "command_end")]
    written = "\n".join(first + lines)
    if not (status or first or any(_FOLDER.search(line) for line in lines)):
        return
    ran = "ok" in told or "status" in told
    exit_code = int(told.get("status", 0)) if ran else None
    yield ToolUse(
        name="shell",
        category=Category.SHELL,
        input={"command": written},
        command=_script(written),
        ok=None if not ran else exit_code == 0,
        exit_code=exit_code,
        output="\n".join(row.line.text for row in block.of("more")).strip("\n"),
        start_seconds=block.seconds,
        duration_seconds=round(max(0.0, status.line.seconds - block.seconds), 3) if status else None,
    )


def _script(written: str) -> str:
    """Take `/bin/bash -lc 'SCRIPT' in DIR` apart."""
    line = _FOLDER.sub("", written)
    try:
        return unwrap_shell(shlex.split(line))
    except ValueError:
        return line


def patch(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a patch: the files it names; the diff below repeats those of earlier patches."""
    failed = any(row.fields["outcome"] != "completed" for row in block.of("patch_status"))
    failed = failed or any(row.fields["status"] != "0" for row in block.of("patch_exit"))
    after = reading.following(block)
    if after is not None and after.kind == "patch_done":
        failed = after.fields["status"] != "0"
    files = list(_changes(block))
    if files:
        yield ToolUse(
            name="apply_patch",
            category=Category.EDIT,
            ok=not failed,
            files=tuple(file for file, change in files if change != "D"),
            created=tuple(file for file, change in files if change == "A"),
            start_seconds=block.seconds,
        )


def _changes(block: Block) -> Iterator[tuple[str, str]]:
    """Yield each file of a patch with what was done to it: A(dded), D(eleted) or M(odified).

    Since 0.140 or so only the diff below tells, and it names files by their path within the repository.
    """
    told = {
        block.rows[n - 1].fields["file"]: _BY_DIFF[row.kind] for n, row in enumerate(block.rows) if row.kind in _BY_DIFF
    }
    for row in block.of("patch_file"):
        file = row.fields["file"]
        in_diff = (change for name, change in told.items() if file.endswith(f"/{name}"))
        yield file, row.fields.get("change") or next(in_diff, "M")


def plan(block: Block, reading: Reading) -> Iterator[Event]:
    """Read an update of the plan."""
    yield ToolUse(name="update_plan", category=Category.TODO, ok=True, output=said(block), start_seconds=block.seconds)


def mcp(block: Block, reading: Reading) -> Iterator[Event]:
    """Read the end of a call of an MCP server's tool."""
    if "outcome" in block.fields:
        name = f"mcp__{block.fields['server']}__{block.fields['tool']}"
        ok = block.fields["outcome"] == "completed"
        yield ToolUse(name=name, category=Category.MCP, ok=ok, output=said(block), start_seconds=block.seconds)


def searched(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a search of the web."""
    query = block.fields.get("query") or block.fields.get("query_2", "")
    yield ToolUse(
        name="web_search", category=Category.WEB, input={"query": query}, ok=True, start_seconds=block.seconds
    )


def error(block: Block, reading: Reading) -> Iterator[Event]:
    """Read a failed attempt to reach the model."""
    yield Error(kind=ErrorKind.API_ERROR, text=said(block), seconds=block.seconds)


READERS: Mapping[str, Reader] = {
    "header": header,
    "prompt": prompt,
    "text": text,
    "reasoning": reasoning,
    "exec": executed,
    "done": executed,
    "done_lines": executed,
    "patch": patch,
    "plan": plan,
    "mcp": mcp,
    "searched": searched,
    "error": error,
    "warning": codex_blocks.note(NoteKind.OTHER),
}

SCREEN = Screen(
    provider="openai_codex",
    mode="exec",
    programs=frozenset({"codex"}),
    words=frozenset({"exec", "e"}),
    rules=RULES,
    readers=READERS,
    banners=(re.compile(rf"(?:{_TIME})?OpenAI Codex v(?P<version>\d[\w.-]*)(?: \(research preview\))?$"),),
    facts=(re.compile(r"model: (?P<model>[\w./-]+)$"), re.compile(r"workdir: (?P<cwd>/.*)$")),
    flowing=frozenset(),
    margin=0,
)
