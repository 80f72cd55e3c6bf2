"""The prompt that a command line gives to an assistant: `claude -p "close-issue 583"`, `llm 'fix it'`.

A session that runs without a conversation on screen shows its prompt nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CommandLine:
    """How one program takes its prompt.

    `prompts` are the options whose value is the prompt; `commands` the subcommands before it; without a `bare` prompt
    words that belong to no option are none. `valued` options take one value, `paired` ones two, which are skipped.
    """

    prompts: frozenset[str] = frozenset()
    bare: bool = True
    joined: bool = False  # several words are one prompt
    commands: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()  # subcommands that take no prompt
    valued: frozenset[str] = frozenset()
    paired: frozenset[str] = frozenset()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GEMINI = CommandLine(
    prompts=_words("-p --prompt -i --prompt-interactive"),
    joined=True,
    silent=_words("mcp extensions extension skills hooks update"),
    valued=_words(
        "-m --model -o --output-format --approval-mode --allowed-tools --allowed-mcp-server-names -e --extensions"
        " -r --resume --include-directories --delete-session --policy --sandbox-image --session-id"
    ),
)
_LLM = CommandLine(
    joined=False,
    commands=_words("prompt"),
    silent=_words(
        "chat logs models keys templates tools schemas aliases fragments plugins install embed similar openai"
    ),
    valued=_words(
        "-m --model -s --system -t --template -a --attachment --functions -T --tool --cl --chain-limit --schema"
        " -f --fragment --sf --system-fragment --cid --conversation -d --database --key -q --query --save"
    ),
    paired=_words("-o --option -p --param --at --attachment-type"),
)
_SGPT = CommandLine(
    valued=_words("--model --temperature --top-p --chat --repl --role --show-chat --create-role --show-role"),
)
# By provider's tag; `gpt` stands for several programs, told apart by their names.
_COMMAND_LINES = {
    "claude_code": CommandLine(
        silent=_words("mcp config update doctor install plugin agents auth setup-token"),
        valued=_words(
            "--output-format --input-format --model --fallback-model --append-system-prompt --system-prompt"
            " --append-system-prompt-file --system-prompt-file --permission-mode --mcp-config --settings --add-dir"
            " --allowedTools --allowed-tools --disallowedTools --disallowed-tools --tools --max-turns --session-id"
            " --agents --agent --permission-prompt-tool --max-budget-usd --json-schema --betas --setting-sources"
            " --plugin-dir --plugin-url --effort --name -n -r --resume -w --worktree -d --debug --debug-file --file"
            " --from-pr --autocompact --environment --permission-prompts --system-prompt-snapshot"
        ),
    ),
    "openai_codex": CommandLine(
        commands=_words("exec e"),
        silent=_words(
            "resume fork review login logout mcp mcp-server apply completion sandbox debug cloud features app-server"
        ),
        valued=_words(
            "-m --model -c --config -i --image -p --profile -s --sandbox -a --ask-for-approval -C --cd --add-dir"
            " -o --output-last-message --output-schema --color --local-provider --enable --disable"
        ),
    ),
    "gemini_cli": _GEMINI,
    "qwen_code": _GEMINI,
    "opencode": CommandLine(
        prompts=_words("--prompt"),
        joined=True,
        commands=_words("run"),
        silent=_words("serve auth models stats export import session agent mcp github upgrade web acp attach debug"),
        valued=_words(
            "-m --model -f --file --format -s --session --agent --title --attach --port --hostname --variant --dir"
            " --command --log-level -p --password"
        ),
    ),
    "github_copilot": CommandLine(prompts=_words("-p --prompt -i --interactive"), bare=False),
    "aider": CommandLine(prompts=_words("-m --message --msg"), bare=False),
    "gpt": _LLM,
}


def prompt_of(provider: str, argv: Sequence[str]) -> str | None:
    """Give the prompt that the command line of this provider's program holds, None if it holds none."""
    line = _COMMAND_LINES.get(provider)
    if line is None or not argv:
        return None
    if provider == "gpt" and argv[0].rsplit("/", 1)[-1] in {"sgpt", "shell-gpt"}:
        line = _SGPT
    bare: list[str] = []
    for option, value in _arguments(line, argv[1:]):
        if option in line.prompts:
            return value or None
        if option is None and not bare and value in line.silent:
            return None
        if option is None and (bare or value not in line.commands):
            bare.append(value)
    if not line.bare or not bare or bare == ["-"]:
        return None
    return " ".join(bare) if line.joined else bare[0]


def _arguments(line: CommandLine, words: Sequence[str]) -> Iterator[tuple[str | None, str]]:
    """Yield the prompt options with their values, and the words that belong to no option as (None, word)."""
    taking = line.prompts | line.valued
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if word == "--":
            yield from ((None, after) for after in rest)
        elif word in line.paired:
            next(rest, None), next(rest, None)
        elif word in taking:
            yield word, next(rest, "")
        elif equals and name.startswith("-"):
            yield name, value
        elif not word.startswith("-") or word == "-":
            yield None, word
