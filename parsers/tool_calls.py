"""Tool calls with named arguments, as logs and JSON streams spell them, turned into one `ToolUse` for all assistants.

A tool is known by its name; where a name is new, the pattern of names that assistants have settled on decides.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from parsers.session import Category, ToolUse

# First match wins; names are compared in lower case, and without the agent's own prefix ("functions.exec").
_CATEGORIES: tuple[tuple[Category, re.Pattern[str]], ...] = tuple(
    (category, re.compile(pattern, re.VERBOSE))
    for category, pattern in (
        (Category.MCP, r"mcp(__|$) .*"),
        (
            Category.SHELL,
            r"""(ba|z|power)?sh(ell)?(_command)? | bashoutput | kill_?(ba)?sh(ell)? | local_shell\w*
              | (run|execute)_shell\w* | exec(_command)? | (run|execute)_(terminal_)?(command|cmd|bash) | write_stdin
              | (read|write|stop)_(bash|powershell) | (run_in_)?terminal""",
        ),
        (
            Category.TODO,
            r"""\w*todo\w* | (update_)?plan | \w+_plan | (enter|exit)_?plan_?mode | task(create|update|list|get)""",
        ),
        (Category.TASK, r"task | agent | sub_?agent | \w+_agents? | complete_task | delegate\w*"),
        (Category.WEB, r"web\w* | (url_|http_)?fetch(_\w+)? | google_web_search | browser?\w*"),
        (
            Category.EDIT,
            r"""(multi|str_?replace_)?edit(_file|_block|or)? | update(_file)? | ((str|search)_)?replace\w*
              | (apply_)?(patch|diff)""",
        ),
        (Category.WRITE, r"write\w* | create(_file)? | save_file | fs_write | new_file | notebookedit"),
        (Category.READ, r"(notebook|fs_)?read\w* | view\w* | add_file | open_file | cat"),
        (
            Category.SEARCH,
            r"""(rip)?grep\w* | rg | glob\w* | ((codebase|file)_)?search(_(?!web)\w*)? | find\w* | list\w* | ls""",
        ),
    )
)
_COMMAND_ARGUMENTS = ("command", "cmd", "shell_command", "script")
_PATH_ARGUMENTS = ("file_path", "path", "filePath", "absolute_path", "notebook_path", "filename", "file", "target_file")
_SHELL_CALL = re.compile(r"(?:\S*/)?(?:ba|z|da|)sh -\w*c ")
_WITH_FILES = frozenset({Category.READ, Category.EDIT, Category.WRITE})


def category_of(name: str) -> Category:
    """Tell what kind of thing the tool of this name does."""
    low = name.lower().rsplit(".", 1)[-1]
    return next((category for category, pattern in _CATEGORIES if pattern.fullmatch(low)), Category.OTHER)


def tool_use(name: str, arguments: Mapping[str, Any], **known: Any) -> ToolUse:
    """Build the ToolUse of one call; `known` are fields of ToolUse that the caller knows (ok, output, call_id, …)."""
    category = known.pop("category", None) or category_of(name)
    if category is Category.SHELL:
        known.setdefault("command", _command(arguments))
    if category in _WITH_FILES:
        known.setdefault("files", _files(arguments))
    return ToolUse(name=name, category=category, input=dict(arguments), **known)


def _command(arguments: Mapping[str, Any]) -> str | None:
    """Find the command line among the arguments of a shell tool; a list of words is put together."""
    for key in _COMMAND_ARGUMENTS:
        value = arguments.get(key)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, (list, tuple)) and value and all(isinstance(word, str) for word in value):
            return unwrap_shell([str(word) for word in value])
    return None


def unwrap_shell(words: list[str]) -> str:
    """Put the words of a command together, giving the script alone for `bash -lc SCRIPT`."""
    if len(words) == 3 and re.fullmatch(r"(.*/)?(ba|z|da|)sh", words[0]) and re.fullmatch(r"-\w*c", words[1]):
        return words[2]
    return " ".join(words)


def unwrap_command(command: str) -> str:
    """Give the script of `/bin/bash -lc 'SCRIPT'`; any other command is left as it is."""
    if not _SHELL_CALL.match(command):
        return command
    try:
        words = shlex.split(command)
    except ValueError:  # cut off inside the quotation
        return _SHELL_CALL.sub("", command).lstrip("'\"")
    return words[2] if len(words) == 3 else command


def _files(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """Find the paths among the arguments of a tool that reads or changes files."""
    for key in _PATH_ARGUMENTS:
        value = arguments.get(key)
        if isinstance(value, str) and value:
            return (value,)
    for key in ("paths", "file_paths", "files"):
        value = arguments.get(key)
        if isinstance(value, list):
            return tuple(path for path in value if isinstance(path, str))
    return ()
