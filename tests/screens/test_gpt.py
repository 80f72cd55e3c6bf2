"""The plain clients: llm's calls with their results, shell-gpt's calls without, and the Function convention."""

from __future__ import annotations

import pytest

from parsers.reading import ScreenReading
from parsers.screens.gpt_blocks import arguments_of
from parsers.session import Category, ErrorKind, Stopped
from tests.screens.showing import errors, ink, prompts, show, texts, tools


def llm(*parts: str) -> ScreenReading:
    """Read a chat with llm."""
    return show("".join(("Chatting with gpt-4o\n", "Type 'exit' or 'quit' to exit\n", *parts)))


def called(name: str, arguments: str, *result: str) -> str:
    """Draw a call of llm's --td: yellow, with its result in green and indented."""
    rows = (ink("1;33", f"Tool call: {name}({arguments})"), *(ink("1;32", f"  {row}") for row in result))
    return "\n".join((*rows, "", ""))


def test_llm_says_who_it_is() -> None:
    """The first line names the client's model."""
    reading = llm("> hello\n", "Hi there.\n")
    assert (reading.provider, reading.client, reading.model) == ("gpt", "llm", "gpt-4o")
    assert (prompts(reading), texts(reading)) == (["hello"], ["Hi there."])


def test_llm_calls_end_as_their_result_says() -> None:
    """The status that a shell tool puts first is the outcome; other tools name their file."""
    shell = called("run_shell", "{'command': 'pytest -q'}", "exit code: 1", "1 failed")
    found = tools(llm("> go\n", shell, called("read_file", "{'path': 'a.py'}", "x = 1")))
    assert [(tool.command, tool.ok, tool.exit_code) for tool in found] == [("pytest -q", False, 1), (None, True, None)]
    assert (found[1].category, found[1].files) == (Category.READ, ("a.py",))


def test_llm_approvals() -> None:
    """A refused call never ran; an approved one is shown again with its result and is one call."""
    asked = called("run_shell", "{'command': 'ls'}")
    refused = tools(llm("> go\n", asked, "Approve tool call? [y/N]: n\n", "As you like.\n"))
    assert [(tool.ok, tool.stopped) for tool in refused] == [(False, Stopped.DENIED)]
    again = called("run_shell", "{'command': 'ls'}", "exit code: 0", "app")
    approved = tools(llm("> go\n", asked, "Approve tool call? [y/N]: y\n", again))
    assert [(tool.ok, tool.output) for tool in approved] == [(True, "exit code: 0\napp")]


def test_llm_text_before_a_call_on_the_same_line() -> None:
    """An answer without a line end is followed at once by the call."""
    reading = llm("> go\n", "I would clean up.Tool call: run_shell({'command': 'rm -r build'})\n")
    assert (texts(reading), [tool.command for tool in tools(reading)]) == (["I would clean up."], ["rm -r build"])


def test_llm_prompts_of_several_lines() -> None:
    """What stands between !multi and !end is one prompt."""
    assert prompts(llm("> !multi\n", "explain:\n- short\n", "!end\n", "It adds.\n")) == ["explain:\n- short"]


def test_llm_aborted() -> None:
    """Ctrl-C in an answer is an interruption, at the prompt it is the end."""
    assert errors(llm("> go\n", "It ad\nAborted!\n")) == [ErrorKind.INTERRUPTED]
    assert errors(llm("> go\n", "It adds.\n", "> \nAborted!\n")) == []


def shell_gpt(*parts: str) -> ScreenReading:
    """Read shell-gpt's REPL."""
    return show("".join(("Entering REPL mode, press Ctrl+C to exit.\n", *parts)))


def test_shell_gpt_hides_what_came_of_a_call() -> None:
    """Its calls are shown without their output: the outcome is unknown, never a success."""
    call = '▌ @FunctionCall execute_shell_command(shell_command="pytest -q")'
    reading = shell_gpt(">>> go\n", "Running the tests.\n\n", call, "\n\nDone.\n")
    assert [(tool.command, tool.ok) for tool in tools(reading)] == [("pytest -q", None)]
    assert (reading.client, texts(reading)) == ("shell-gpt", ["Running the tests.", "Done."])


def test_shell_gpt_runs_what_it_suggested() -> None:
    """`e` runs the command of the last answer to a prompt; `d` describes it and changes nothing."""
    reading = shell_gpt(">>> list all\n", "ls -la\n", ">>> d\n", "Lists all.\n", ">>> e\n", "total 28\n")
    assert [(tool.command, tool.output) for tool in tools(reading)] == [("ls -la", "total 28")]
    assert prompts(reading) == ["list all"]


def test_shell_gpt_once() -> None:
    """One shot: the prompt is on the command line, the command above the question; aborted it never runs."""
    question = "[E]xecute, [M]odify, [D]escribe, [A]bort: "
    argv = ["sgpt", "-s", "show the commits"]
    ran = show(f"git log -3\n{question}e\nabc1234 Fix\n", argv=argv)
    assert [(tool.command, tool.output) for tool in tools(ran)] == [("git log -3", "abc1234 Fix")]
    assert prompts(ran) == ["show the commits"]
    assert tools(show(f"git log -3\n{question}a\n", argv=argv)) == []


def test_shell_gpt_tracebacks() -> None:
    """A request that failed is one error, however many exceptions led to it; nothing of it is an answer."""
    box = "╭──── Traceback (most recent call last) ────╮\n│ on.py:239 in _new_conn │\n╰────────────╯\n"
    chain = "\nThe above exception was the direct cause of the following\nexception:\n\n"
    reading = shell_gpt(">>> go\n", box, "gaierror: Name not known\n", chain, box, "ConnectionError: api.openai.com\n")
    assert (errors(reading), texts(reading)) == ([ErrorKind.API_ERROR], [])


def test_the_function_convention() -> None:
    """`Function: tool(args)` is a call of a client that nobody knows by name."""
    reading = show('> go\nFunction: shell(git status)\nFunction: read_file({"path": "a.py"})\nDone.\n', provider="gpt")
    assert [(tool.category, tool.command, tool.files) for tool in tools(reading)] == [
        (Category.SHELL, "git status", ()), (Category.READ, None, ("a.py",))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "arguments"),
    [
        ("{'command': 'ls \\'a\\''}", {"command": "ls 'a'"}),
        ('{"command": "ls", "all": true}', {"command": "ls", "all": True}),
        ('shell_command="echo "hi""', {"shell_command": 'echo "hi"'}),
        ('path="a.py", text="x = "1""', {"path": "a.py", "text": 'x = "1"'}),
        ("", {}),
    ],
)
def test_arguments(given: str, arguments: dict[str, object]) -> None:
    """Python, JSON, and shell-gpt's quotation without any escaping."""
    assert arguments_of(given) == arguments


def test_quotations_in_an_answer_are_no_prompts() -> None:
    """A line that came with those around it, where an answer may have it, was not typed; one that took a while was."""
    answer = "So it is:\n\n> quoted\n\nCode:\n```\n> npm test\n```\nThat is all.\n"
    typed = [(3.0, "> and then?\n"), (5.0, "Nothing.\n")]
    reading = show((0.0, "Chatting with gpt-4o\n> go\n"), (2.0, answer), *typed)
    assert prompts(reading) == ["go", "and then?"]


def test_shell_gpt_shows_a_command_up_to_a_blank_line() -> None:
    """Markdown ends the call there and puts it in backticks; what is shown of it is marked as cut."""
    shown = '▌ @FunctionCall `execute_shell_command(shell_command="git commit -m "a\n\nbody")`\n'
    assert [tool.command for tool in tools(shell_gpt(">>> go\n", shown))] == ['git commit -m "a…']


def test_a_client_that_cannot_start() -> None:
    """An error of the program itself was no error of the API."""
    trace = "╭─ Traceback (most recent call last) ─╮\n│ main.py │\n╰───────────╯\n"
    assert errors(shell_gpt(">>> go\n", trace, "TypeError: Secondary flag is not valid.\n")) == []
    assert errors(shell_gpt(">>> go\n", trace, "APIConnectionError: Connection error.\n")) == [ErrorKind.API_ERROR]


def test_llm_answers_that_quote_are_whole() -> None:
    """A quotation or a line of code that begins like a prompt splits no answer, also if it comes by the word."""
    answer = "It says:\n\n> first\n>\n> second\n\n```\n> npm test\n```\n\n> last\n"
    slow = ["Slowly:\n\n", "> quoted", *[" word"] * 15, "\n\n", "That is all.\n"]
    parts = [(5.0 + 0.05 * number, part) for number, part in enumerate(slow)]
    reading = show((0.0, "Chatting with gpt-4o\n> go\n"), (2.0, answer), (4.0, "> again\n"), *parts, (20.0, "> exit\n"))
    assert prompts(reading) == ["go", "again"]
    assert texts(reading) == [answer.strip(), "".join(slow).strip()]


def test_llm_asked_once_has_no_prompts_on_the_screen() -> None:
    """Without a chat nobody can have typed; the answer may take its time between the lines that look so."""
    frames = ((1.0, "So:\n> quoted\n"), (9.0, "> more\n"), (20.0, "\nDone.\n"))
    reading = show(*frames, argv=["llm", "explain it"])
    assert (prompts(reading), texts(reading)) == (["explain it"], ["So:\n> quoted\n> more\n\nDone."])


def test_llm_stopped_in_what_was_typed_or_answered() -> None:
    """The terminal's echo of Ctrl-C is no part of an answer; what was being typed then was never sent."""
    assert texts(llm("> go\n", "It ad^C\nAborted!\n")) == ["It ad"]
    assert errors(llm("> go\n", "^C\nAborted!\n")) == [ErrorKind.INTERRUPTED]
    assert prompts(llm("> go\n", "It adds.\n", "> Aborted!\n")) == ["go"]
    assert prompts(llm("> go\n", "It adds.\n", "> and thenAborted!\n")) == ["go"]


def test_a_traceback_of_the_program_is_no_answer() -> None:
    """A plain one that follows a prompt is the program's own; in an answer it may be quoted."""
    trace = 'Traceback (most recent call last):\n  File "llm", line 8, in <module>\n    cli()\n'
    chain = "\nThe above exception was the direct cause of the following exception:\n\n"
    raised = f"{trace}httpcore.ConnectError: refused\n{chain}{trace}openai.APIConnectionError: Connection error.\n"
    reading = llm("> go\n", raised)
    assert (errors(reading), texts(reading)) == ([ErrorKind.API_ERROR], [])
    quoted = f"It fails:\n```\n{trace}KeyError: 'a'\n```\n"
    assert texts(llm("> go\n", quoted)) == [quoted.strip()]


def test_shell_gpt_prompts_below_a_blank_line() -> None:
    """Only in the code of an answer a line may look typed: everything else is drawn as markdown."""
    reading = shell_gpt(">>> go\n", "Done.\n\n")
    assert prompts(reading) == ["go"]
    fast = show((0.0, "Entering REPL mode, press Ctrl+C to exit.\n>>> go\n"), (1.0, "Done.\n\n>>> more\nYes.\n"))
    assert prompts(fast) == ["go", "more"]
    code = show((0.0, "Entering REPL mode, press Ctrl+C to exit.\n>>> go\n"), (1.0, "```\n>>> 1 + 1\n2\n```\n"))
    assert (prompts(code), texts(code)) == (["go"], ["```\n>>> 1 + 1\n2\n```"])


def test_shell_gpt_interrupted() -> None:
    """The echo of Ctrl-C stands below an answer, or makes rich draw it once more below its first row."""
    assert errors(shell_gpt(">>> go\n", "It adds ^C\n>>> exit()\n")) == [ErrorKind.INTERRUPTED]
    twice = shell_gpt(">>> go\n", "It adds up all\nIt adds up all\nof the items\n", ">>> exit()\n")
    assert (texts(twice), errors(twice)) == (["It adds up all\nof the items"], [ErrorKind.INTERRUPTED])


def test_shell_gpt_calls_on_several_rows() -> None:
    """Markdown breaks a long call between words, and a word that is wider than the screen."""
    broken = f'▌ @FunctionCall execute_shell_command(shell_command="git\n▌ push {"x" * 93}\n▌ yy")\n'
    assert [tool.command for tool in tools(shell_gpt(">>> go\n", broken))] == [f"git push {'x' * 93}yy"]


def test_shell_gpt_warns_without_a_terminal() -> None:
    """What the library for its input says is no answer."""
    shown = show("Warning: Input is not a terminal (fd=0).\nYes.\n", argv=["sgpt", "go"])
    assert texts(shown) == ["Yes."]
