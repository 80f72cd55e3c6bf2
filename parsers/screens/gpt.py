"""Plain command-line clients of GPT models: llm (0.36), shell-gpt (1.5), and what prints `Function: tool(args)`.

All of them print line by line; answers have no mark. llm shows calls and their results with --td, shell-gpt the calls
alone.
"""

from __future__ import annotations

import re

from parsers.screens import gpt_blocks, quotations
from parsers.screens.hues import Hue
from parsers.screens.table import Look, Screen, chrome, head, panel, part

_CALL = Look(hues=frozenset({Hue.YELLOW}))
_RESULT = Look(hues=frozenset({Hue.GREEN}))
_API_ERROR = (
    r"(?P<text>(?:Error: )?(?:openai\.)?"
    r"(?:(?:\w+Error|Error code): .*(?:Error code|status|\d{3})|Connection error|\w*APIError).*)"
)

# A request that failed ends in a chain of tracebacks, of which the last error counts. shell-gpt has rich draw them in
# boxes; plain ones stand in answers as well, but hardly at their beginning.
_TRACEBACK = (
    panel("traceback", r"╭─+ Traceback \(most recent call last\)"),
    panel("traceback", r"Traceback \(most recent call last\):$", within=("", "prompt", "multi_end", "tool", "raised")),
    chrome("traceback", r"[│╰\s]", within=("traceback",)),
    head("raised", r"(?P<text>(?:\w+\.)*\w*(?:[Ee]rror|Exception|Timeout|gaierror)(?:: .*)?$)", after=("traceback",)),
    chrome("chained", r"(?:The above exception was|During handling of the above)"),
    chrome("chained", r"exception(?: occurred)?:$", after=("chained",)),
    part("more", r"\S", within=("raised",)),
)

LLM_RULES = (
    chrome("banner", r"Chatting with \S+$|Type '(?:exit|!multi|!edit|!fragment)\b"),
    panel("idle", r">\s*(?:\^[CD])?$"),
    chrome("end", r"> (?:exit|quit)$|Aborted!$", within=("idle", "")),
    chrome("end", r"> (?:exit|quit|(?:.*\w)?Aborted!)$"),  # Ctrl-C, perhaps in what was being typed
    head("multi", r"> !multi\b(?: (?P<end>\S+))?"),
    panel("multi_end", r"!end\b", within=("multi",)),
    part("more", r"(?P<text>.*)", within=("multi",)),
    head("slash", r"> (?P<text>!(?:edit|fragment)\b.*)"),
    head("prompt", r"> (?P<text>\S.*)"),
    head("interrupt", r"(?P<text>.*)\bAborted!$"),
    *_TRACEBACK,
    head("api_error", _API_ERROR),
    head("approval", r"Approve tool call\? \[y/N\]: ?(?P<answer>\w*)"),
    head("tool", r"Tool call: (?P<tool>[\w.-]+)\((?P<arguments>.*)\)$", lead=_CALL),
    head("tool", r"(?P<before>.*[^\s\w])Tool call: (?P<tool>[\w.-]+)\((?P<arguments>\{.*\})\)$"),
    part("output", r" {2}(?P<text>.*)", within=("tool",), lead=_RESULT),
    part("more", r".", within=("text",)),
    head("text", r" ?(?P<text>\S.*)"),
    head("text", r"\s*(?P<text>\S.*)"),
)  # fmt: skip

LLM = Screen(
    provider="gpt",
    client="llm",
    programs=frozenset({"llm"}),
    rules=LLM_RULES,
    readers=gpt_blocks.READERS,
    banners=(re.compile(r"Chatting with (?P<model>\S+)$"),),
    signs=frozenset({"tool", "approval"}),
    settle=quotations.whole_in_chat,
    flowing=frozenset(),
    margin=0,
)

SHELL_GPT_RULES = (
    chrome("banner", r"Entering (?:shell )?REPL mode, "),
    chrome("rule", r"─{3,}"),
    chrome("notice", r"Warning: (?:In|Out)put is not a terminal"),
    chrome("end", r">>>\s*(?:exit\(\)|Aborted\.|\^[CD])?\s*(?:Aborted\.)?$|Aborted\.$"),
    head("execute", r">>> e$"),
    head("describe", r">>> d$"),
    head("multi", r'>>> """(?P<text>.*)'),
    panel("multi_end", r'\.\.\. ?"""$', within=("multi",)),
    part("more", r"\.\.\.(?P<text>.*)", within=("multi",)),
    head("prompt", r">>> (?P<text>\S.*)"),
    head("choice", r"\[E\]xecute, .*\[A\]bort(?: \[\w\])?: ?(?P<answer>\w*)"),
    head("tool", r"(?:▌|>) @FunctionCall `?(?P<tool>[\w.-]+)\((?P<arguments>.*)"),
    part("arguments", r"▌ (?P<text>.*)", within=("tool",), after=("tool", "arguments")),
    *_TRACEBACK,
    head("api_error", r"(?P<text>(?:openai\.)?(?:API\w*|InternalServer|RateLimit|Authentication|BadRequest)Error: .*)"),
    part("output", r".", within=("execute",)),
    part("output", r".", within=("choice",)),
    part("more", r".", within=("text",)),
    head("text", r"\s*(?P<text>\S.*)"),
)  # fmt: skip

SHELL_GPT = Screen(
    provider="gpt",
    client="shell-gpt",
    programs=frozenset({"sgpt", "shell-gpt"}),
    rules=SHELL_GPT_RULES,
    readers=gpt_blocks.READERS,
    banners=(re.compile(r"Entering (?:shell )?REPL mode, (?:press|type) "),),
    signs=frozenset({"tool", "choice"}),
    settle=quotations.whole_code,
    flowing=frozenset(),
    margin=0,
)

FUNCTION_RULES = (
    head("prompt", r"(?:>|❯|You:|User:) (?P<text>\S.*)"),
    head("tool", r"Function: (?P<tool>[\w.-]+)\((?P<arguments>.*?)\)?$"),
    head("api_error", _API_ERROR),
    part("output", r"(?: {2,}|Result: |Output: )(?P<text>.*)", within=("tool",)),
    part("more", r".", within=("text",)),
    head("text", r"(?:(?:GPT|ChatGPT|Assistant|AI): ?)?(?P<text>\S.*)"),
    head("text", r"\s*(?P<text>\S.*)"),
)

FUNCTION = Screen(
    provider="gpt",
    programs=frozenset({"gpt", "chatgpt", "gpt-cli", "chatgpt-cli"}),
    rules=FUNCTION_RULES,
    readers=gpt_blocks.READERS,
    signs=frozenset({"tool"}),
    settle=quotations.whole,
    flowing=frozenset(),
    margin=0,
)
