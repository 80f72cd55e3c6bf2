"""aider's screen: prompts under the rule, commands run and refused, edits, tokens, errors of the API."""

from __future__ import annotations

from parsers.reading import ScreenReading
from parsers.session import Category, ErrorKind, NoteKind, Stopped, Totals
from tests.screens.showing import errors, ink, notes, of, prompts, show, texts, tools

GREEN, BLUE = "38;5;40", "38;2;0;136;255"
START = f"{ink('7', 'Aider v0.86.2')}\nMain model: openai/gpt-4o with diff edit format\nGit repo: .git with 7 files\n"


def typed(*lines: str) -> str:
    """Draw the rule, the chat's files and what was typed."""
    head = (ink("38;2;0;204;0", "─" * 100), ink(GREEN, "app/a.py"), *(ink(GREEN, f"> {line}") for line in lines))
    return "\n".join((*head, "", ""))


def said(text: str) -> str:
    """Draw an answer with the line that counts its tokens."""
    return f"{ink(BLUE, text)}\n\nTokens: 2.7k sent, 23 received. Cost: $0.0070 message, $0.0170 session.\n\n"


def asked(question: str, answer: str, *subject: str) -> str:
    """Draw a question, what it is about in inverse, and the answer."""
    rows = (
        *(ink("7", line) for line in subject),
        ink(GREEN, f"{question} (Y)es/(N)o/(D)on't ask again [Yes]: {answer}"),
    )
    return "\n".join((*rows, ""))


def read(*parts: str) -> ScreenReading:
    """Read these parts after aider's first lines."""
    return show("".join((START, *parts)))


def test_prompts_and_answers() -> None:
    """The rule, the files and the counts are furniture; several lines may be put in braces."""
    reading = read(typed("{", "explain:", "- short", "}"), said("It adds."), typed("thanks"), said("Fine."))
    assert prompts(reading) == ["explain:\n- short", "thanks"]
    assert texts(reading) == ["It adds.", "Fine."]
    assert (reading.provider, reading.provider_version, reading.model) == ("aider", "0.86.2", "openai/gpt-4o")


def test_commands_are_told_by_the_question() -> None:
    """A suggested command runs if it is approved, is denied if not; /run is a command as well."""
    no = asked("Run shell command?", "n", "rm -rf build")
    yes = asked("Run shell command?", "y", "gh issue view 583")
    ran = "Running gh issue view 583\nbash: gh: command not found\n"
    reading = read(typed("go"), said("Look:"), no, yes, ran, typed("/run git status"), "On branch main\n")
    assert [(tool.command, tool.ok, tool.exit_code, tool.stopped) for tool in tools(reading)] == [
        ("rm -rf build", False, None, Stopped.DENIED),
        ("gh issue view 583", False, 127, None),
        ("git status", None, None, None),
    ]
    assert prompts(reading) == ["go"]


def test_output_that_says_running_is_output() -> None:
    """Only what was suggested can be run."""
    yes = asked("Run shell command?", "y", "make test")
    reading = read(typed("go"), said("Test:"), yes, "Running make test\nok\nRunning 3 tests\n")
    assert [tool.command for tool in tools(reading)] == ["make test"]


def test_the_proposed_question_proves_a_failure() -> None:
    """After a command that failed the program proposes to ask what is wrong."""
    added = asked("Add 0.4k tokens of command output to the chat?", "y") + "Added 13 lines of output to the chat.\n"
    reading = read(typed("/run ./check"), "no\n", added, typed("What's wrong? Fix"), said("I see."))
    assert [tool.ok for tool in tools(reading)] == [False]


def test_edits_and_new_files() -> None:
    """An applied edit is a new file if creating it was asked for; one that did not match has failed."""
    create = asked("Create new file?", "y", "NEW.md")
    applied = "Applied edit to app/a.py\nApplied edit to NEW.md\n"
    why = "## SearchReplaceNoExactMatch: This SEARCH block failed to exactly match lines in b.py"
    failed = f"# 1 SEARCH/REPLACE block failed to match!\n\n{why}\n"
    found = tools(read(typed("go"), said("Edit:"), create, applied, failed))
    assert [(tool.category, tool.files, tool.ok) for tool in found] == [
        (Category.EDIT, ("app/a.py",), True), (Category.WRITE, ("NEW.md",), True), (Category.EDIT, ("b.py",), False)
    ]  # fmt: skip


def test_slash_commands() -> None:
    """Commands for the program are notes, but what follows /ask goes to the model."""
    reading = read(typed("/tokens"), "$ 0.0051 system messages\n", typed("/ask what next?"), said("Rest."))
    assert notes(reading, NoteKind.SLASH_COMMAND) == ["/tokens"]
    assert prompts(reading) == ["/ask what next?"]


def test_tokens_add_up_and_the_cost_is_the_sessions() -> None:
    """Every answer is counted; the last line knows what the session cost."""
    (totals,) = of(read(typed("a"), said("One."), typed("b"), said("Two.")), Totals)
    assert (totals.tokens.input, totals.tokens.output, totals.cost_usd) == (5_400, 46, 0.017)


def test_errors_of_the_api_and_ctrl_c() -> None:
    """Each error that is shown is one, whatever is left of the spinner before it."""
    failing = (
        f"     ░{ink('38;2;255;165;0', 'litellm.ServiceUnavailableError: overloaded')}\nRetrying in 0.2 seconds...\n"
    )
    assert errors(read(typed("go"), failing, said("Fine."))) == [ErrorKind.API_ERROR]
    assert errors(read(typed("go"), f"{ink(BLUE, 'It ad')}\n\n^C again to exit\n")) == [ErrorKind.INTERRUPTED]


def test_one_message() -> None:
    """With -m no prompt is drawn: the command line has it."""
    reading = show("─" * 100 + "\n" + START + "\n" + said("Done."), argv=["aider", "-m", "fix it", "a.py"])
    assert (prompts(reading), texts(reading)) == (["fix it"], ["Done."])


def test_attempts_that_the_client_below_made_before() -> None:
    """The client below asks three times before an error is shown; at once, or of another kind, it asked once."""
    busy = "litellm.ServiceUnavailableError: ServiceUnavailableError: OpenAIException - overloaded\n"
    wrong = "litellm.BadRequestError: OpenAIException - no such model\n"
    counts = [
        len(errors(show((0.0, START + typed("go")), (after, shown))))
        for after, shown in ((2.0, busy), (0.3, busy), (2.0, wrong))
    ]
    assert counts == [3, 1, 1]
