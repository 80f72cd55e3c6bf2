"""aider's screen: prompts under the rule, commands run and refused, edits, tokens, errors of the API."""

from __future__ import annotations

import pytest

from parsers.reading import ScreenReading
from parsers.session import AssistantText, Category, Error, ErrorKind, NoteKind, Stopped, Totals
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


NO_MATCH = """\
The LLM did not conform to the edit format.
https://aider.chat/docs/troubleshooting/edit-errors.html

UnifiedDiffNoMatch: hunk failed to apply!

app/a.py does not contain lines that match the diff
you provided!
Try again.
DO NOT skip blank lines, comments, docstrings, etc!
The diff needs to apply cleanly to the lines in app/a.py!

app/a.py does not contain these 2 exact lines in a row:
```
# 1 SEARCH/REPLACE block failed to match!
> def a():

    Running b()
```

"""
NOT_UNIQUE = """\
UnifiedDiffNotUnique: hunk failed to apply!

app/b.py contains multiple sets of lines that match the diff you provided!
Try again.
Use additional ` ` lines to provide context that uniquely indicates which code needs to be changed.
The diff needs to apply to a unique set of lines in app/b.py!

app/b.py contains multiple copies of these 1 lines:
```
    return amount
```

Note: some hunks did apply successfully. See the updated source code shown above.

"""


def test_a_udiff_that_does_not_fit() -> None:
    """Each hunk that could not be applied is a failed edit, whatever stands in its lines; the model answers again."""
    reading = read(typed("go"), said("Edit:"), NO_MATCH, NOT_UNIQUE, said("Sorry."), typed("on"), said("Fine."))
    without = show(
        PLAIN_START,
        plain("go"),
        "Edit:",
        COUNTED,
        NO_MATCH,
        NOT_UNIQUE,
        "Sorry.",
        COUNTED,
        plain("on"),
        "Fine.",
        COUNTED,
    )
    for shown in (reading, without):
        assert [(tool.files, tool.ok) for tool in tools(shown)] == [(("app/a.py",), False), (("app/b.py",), False)]
        assert (prompts(shown), texts(shown)) == (["go", "on"], ["Edit:", "Sorry.", "Fine."])
        assert shown.unknown_lines == 0


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


def window(*lines: str) -> str:
    """Draw the rows of an answer to the right edge, as the live window does; the cursor stays on the last one."""
    return "\n".join(ink(BLUE, line.ljust(100)) for line in lines)


def stopped(drawn: tuple[str, ...], printed: tuple[str, ...], key: str = "again to exit") -> str:
    """Draw a window, the key that stops the answer, and its end: over the window, but from where the cursor is."""
    up = "\r\x1b[2K" + "\x1b[1A\x1b[2K" * (len(drawn) - 1)
    end = f"{window(*printed)}\n{window(*drawn)}{up}\n\n"
    return f"{window(*drawn)}^C\x1b[?25h\n\n{ink('38;5;214', f'^C {key}')}\n{up}{end}"


ITEMS = tuple(f" • item {number} of a list" for number in range(8))


@pytest.mark.parametrize(
    ("before", "drawn", "printed"),
    [
        (ITEMS[:2], (*ITEMS[2:7], " • item 7"), ITEMS[2:]),
        (ITEMS[:1], (*ITEMS[1:3], "", "So", *ITEMS[3:5]), (*ITEMS[1:3], "", "So", *ITEMS[3:])),
        ((), (" • item 1 of",), ITEMS[:2]),  # what was drawn of fewer than six rows are the last ones
        ((), (ITEMS[2], " • item 3"), ITEMS[:4]),
        ((), (*ITEMS[:2], " • item"), ITEMS[:3]),
    ],
)
def test_the_end_of_an_answer_that_is_drawn_twice(
    before: tuple[str, ...], drawn: tuple[str, ...], printed: tuple[str, ...]
) -> None:
    """Ctrl-C makes aider draw the window again below itself: the answer is read once, and as one that was stopped."""
    answer = "".join(f"{window(line)}\n" for line in before) + stopped(drawn, printed)
    whole = "\n".join((*before, *printed)).strip()
    for after in ((typed("on"), said("Fine.")), ()):
        reading = read(typed("go"), answer, *after)
        (first, *_) = of(reading, AssistantText)
        assert (first.text, first.cut) == (whole, True)
        assert errors(reading) == [ErrorKind.INTERRUPTED]
        assert reading.transcript.count("item 1") == whole.count("item 1")


def test_an_answer_that_repeats_itself() -> None:
    """Where the tokens are counted nobody stopped the answer, whatever it says twice."""
    text = "\n".join(ITEMS[:4] * 2)
    reading = read(typed("go"), f"{window(*ITEMS[:4], *ITEMS[:4])}\n{said('')}", typed("on"), said("Fine."))
    assert (texts(reading), errors(reading)) == ([text.strip(), "Fine."], [])


def test_a_title_is_part_of_the_answer() -> None:
    """Rich draws a heading in a box without colours."""
    box = ("┏" + "━" * 98 + "┓", "┃" + "Pages".center(98) + "┃", "┗" + "━" * 98 + "┛")
    reading = read(typed("go"), "\n".join(box), "\n\n", said("It adds."))
    assert len(texts(reading)) == 1
    assert reading.unknown_lines == 0


def plain(*lines: str) -> str:
    """Draw the empty line, the chat's files and what was typed, as without colours."""
    return "\n".join(("", "app/a.py", *(f"> {line}" for line in lines), "", ""))


PLAIN_START = f"Aider v0.86.2\n{START.partition(chr(10))[2]}"
COUNTED = "\nTokens: 2.7k sent, 23 received. Cost: $0.0070 message, $0.0170 session.\n"
YES = "(Y)es/(N)o/(D)on't ask again [Yes]: "


def test_answers_without_colours_end_where_their_tokens_are_counted() -> None:
    """Without colours, what an answer quotes from a terminal is neither typed nor done."""
    quoted = "Like so:\n\n> quoted\n\n```\n> typed\nRunning rm -rf /\nApplied edit to b.py\n```\n\n────────────\nOn."
    reading = show(PLAIN_START, plain("go"), quoted, COUNTED, plain("thanks"), "Fine.", COUNTED, plain("/exit"))
    assert prompts(reading) == ["go", "thanks"]
    assert texts(reading) == [quoted, "Fine."]
    assert tools(reading) == []
    assert (reading.unknown_lines, of(reading, Totals)[0].tokens.input) == (0, 5_400)


def test_the_program_speaks_without_colours() -> None:
    """Edits, commands and refusals are told by where they stand, new files by the line above the question."""
    done = (
        f"Applied edit to app/a.py\nCommit 89e3703 fix it\n\nNEW.md\nCreate new file? {YES}y\nApplied edit to NEW.md\n"
    )
    asked_twice = f"\nrm -rf build\nRun shell command? {YES}n\n\nmkdir build\nls\nRun shell commands? {YES}y\n"
    ran = f"\nRunning mkdir build\n\nRunning ls\n> build\nAdd command output to the chat? {YES}y\n"
    reading = show(
        PLAIN_START, plain("go"), "Edit:", COUNTED, done, asked_twice, ran, plain("thanks"), "Fine.", COUNTED
    )
    assert [(tool.category, tool.command or tool.files[0], tool.ok) for tool in tools(reading)] == [
        (Category.EDIT, "app/a.py", True),
        (Category.WRITE, "NEW.md", True),
        (Category.SHELL, "rm -rf build", False),
        (Category.SHELL, "mkdir build", None),
        (Category.SHELL, "ls", None),
    ]
    assert texts(reading) == ["Edit:", "Fine."]


def test_a_mismatch_without_colours() -> None:
    """The model is told what did not fit and answers again; neither what it is told nor its edit is a prompt."""
    told = (
        "The LLM did not conform to the edit format.\n\n# 1 SEARCH/REPLACE block failed to match!\n\n"
        "## SearchReplaceNoExactMatch: This SEARCH block failed to exactly match lines in\nb.md\n<<<<<<< SEARCH\n"
        "> note\n=======\n> hint\n>>>>>>> REPLACE\n\nThe SEARCH section must exactly match an existing block of lines\n"
        "including all white space, comments, indentation, docstrings, etc\n\n"
    )
    again = f"{told}> Sorry.\n\nOnce more:{COUNTED}{told}Only 3 reflections allowed, stopping.\n"
    reading = show(PLAIN_START, plain("go"), "Edit:", COUNTED, again, plain("stop"), "Fine.", COUNTED, cols=80)
    assert [(tool.files, tool.ok) for tool in tools(reading)] == [(("b.md",), False)] * 2
    assert prompts(reading) == ["go", "stop"]
    assert texts(reading) == ["Edit:", "> Sorry.\n\nOnce more:", "Fine."]


def test_an_answer_after_a_question_and_after_an_error_without_colours() -> None:
    """Lines above a count are an answer, wherever it began; lines above a prompt are the files of the chat."""
    added = f"\nREADME.md\nAdd file to the chat? {YES}y\n"
    failed = "litellm.ServiceUnavailableError: overloaded\nIt is down.\nRetrying in 0.2 seconds...\n"
    reading = show(
        PLAIN_START,
        plain("go"),
        "A:",
        COUNTED,
        added,
        "B:",
        COUNTED,
        plain("on"),
        failed,
        "> C",
        COUNTED,
        plain("/exit"),
    )
    assert texts(reading) == ["A:", "B:", "> C"]
    assert [error.text for error in of(reading, Error)] == ["litellm.ServiceUnavailableError: overloaded It is down."]
    assert prompts(reading) == ["go", "on"]


def test_a_command_without_output_and_without_colours() -> None:
    """Nothing is asked about a command that said nothing: what follows are the files of the chat."""
    approved = f"\nmkdir build\nRun shell command? {YES}y\n\nRunning mkdir build\n"
    typed_in = plain("/run cat notes") + f"> quoted\nok\nAdd 0.1k tokens of command output to the chat? {YES}n\n"
    reading = show(PLAIN_START, plain("go"), "So:", COUNTED, approved, typed_in, plain("on"), "Fine.", COUNTED)
    assert [(tool.command, tool.output) for tool in tools(reading)] == [
        ("mkdir build", None),
        ("cat notes", "> quoted\nok"),
    ]
    assert prompts(reading) == ["go", "on"]


def test_coloured_output_does_not_make_a_coloured_recording() -> None:
    """Commands colour what they print even where aider is asked not to (--no-pretty)."""
    approved = f"\nmake\nRun shell command? {YES}y\n\nRunning make\n{ink('1;32', 'passed')}\n"
    reading = show(PLAIN_START, plain("go"), "So:", COUNTED, approved, f"Add command output to the chat? {YES}n\n")
    assert (prompts(reading), texts(reading)) == (["go"], ["So:"])
    assert [tool.output for tool in tools(reading)] == ["passed"]


def test_quoted_code_is_not_done() -> None:
    """Code stands on a background of its own: what it quotes ends no answer and changes no file."""
    code = [ink("30;48;5;255", line) for line in ("Applied edit to b.py", "Tokens: 9k sent, 9 received.", "─" * 20)]
    reading = read(typed("go"), ink(BLUE, "Like so:") + "\n\n" + "\n".join(code) + "\n\n" + said("On."))
    assert (len(texts(reading)), tools(reading), of(reading, Totals)[0].tokens.input) == (1, [], 2_700)


def test_prompts_below_the_rule_in_any_colour() -> None:
    """Whatever --user-input-color is: what stands below the rule and the files was typed."""
    rule = f"{ink('35', '─' * 100)}\n{ink('35', 'app/a.py')}\n{ink('35', '> go')}\n\n"
    assert prompts(read(rule, said("Fine."), rule)) == ["go", "go"]


def test_rules_within_answers() -> None:
    """A rule that an answer has is not the one above the input: what follows is still the answer."""
    answer = "\n".join((ink(BLUE, "One."), "", ink("33", "─" * 100), ink(BLUE, "> two"), "", ink(BLUE, "Three.")))
    reading = read(typed("go"), answer + "\n\n" + said("End."))
    assert prompts(reading) == ["go"]
    assert "Three." in "".join(texts(reading))
    assert "Three." in reading.transcript


def test_narrow_terminals() -> None:
    """The input box breaks questions and prompts at the edge, what is printed is wrapped between words."""
    start = START + typed("one two three four five six seven eight nine ten", " eleven").replace("─" * 100, "─" * 50)
    counted = (
        "Tokens: 12k sent, 3.4k cache write, 2.1k cache\nhit, 110 received. Cost: $0.0091 message, $0.02\nsession.\n"
    )
    subject = f"{ink('7', 'mkdir -p build/a-folder-with-a-long-name')}\n{ink('7', 'build/another')}\n"
    question = (
        f"{ink(GREEN, 'Run shell command? (Y)es/(N)o/(D)on' + chr(39) + 't ask again [Y')}\n{ink(GREEN, 'es]: y')}\n"
    )
    ran = "\nRunning mkdir -p build/a-folder-with-a-long-name\nbuild/another\ndone\n"
    edited = (
        "Applied edit to\napp/a-file-with-quite-a-long-name-in-it.py\n"
        "You can use /undo to undo and discard each aider\ncommit.\n"
    )
    reading = show(start, f"{ink(BLUE, 'So:')}\n\n{counted}", edited, subject, question, ran, cols=50)
    assert prompts(reading) == ["one two three four five six seven eight nine ten eleven"]
    assert [(tool.command or tool.files[0], tool.output) for tool in tools(reading)] == [
        ("app/a-file-with-quite-a-long-name-in-it.py", None),
        ("mkdir -p build/a-folder-with-a-long-name build/another", "done"),
    ]
    (totals,) = of(reading, Totals)
    counts = totals.tokens
    assert (counts.input, counts.cache_write, counts.cache_read, counts.output, totals.cost_usd) == (
        12_000, 3_400, 2_100, 110, 0.02,
    )  # fmt: skip
    assert notes(reading, NoteKind.APPROVAL)[0].endswith("build/another y")
    assert reading.unknown_lines == 0


def test_the_key_that_stops_an_answer_is_not_its_text() -> None:
    """The terminal echoes ctrl-c where the answer stood."""
    reading = show(PLAIN_START, plain("go"), "It ad^C\n\n^C again to exit\n", plain("on"), "Fine.", COUNTED)
    assert (texts(reading), errors(reading)) == (["It ad", "Fine."], [ErrorKind.INTERRUPTED])


def test_a_command_that_fills_its_line() -> None:
    """Two suggested commands stay two, however long the first is; their output is not part of them."""
    long = "ls " + "x" * 90
    yes = asked("Run shell commands?", "y", long, "make test")
    ran = f"\nRunning ls\n{'x' * 90}\nmake\n\nRunning make test\nok\n"
    found = tools(read(typed("go"), said("So:"), yes, ran))
    assert [(tool.command, tool.output) for tool in found] == [(long, "make"), ("make test", "ok")]


def test_lines_of_a_prompt() -> None:
    """Lines after the first have the prompt's sign again (a dot up to 0.75); one may be empty, one broken."""
    long = "x" * 98
    lines = (ink(GREEN, f"> {long}"), ink(GREEN, "> y"), ink(GREEN, ">"), ink(GREEN, "> then"), ink(GREEN, ". last"))
    shown = typed().rstrip("\n") + "\n" + "\n".join(lines) + "\n\n"
    assert prompts(read(shown, said("Fine."))) == [f"{long}y\n\nthen\nlast"]
    bare = show(PLAIN_START, "\napp/a.py\n> fix it\n. and more\n\n", "> quoted\nFine.", COUNTED)
    assert prompts(bare) == ["fix it\nand more"]


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


@pytest.mark.parametrize("spinner", [" ░^C       Waiting for openai/gpt-4o", "^C         Waiting for openai/gpt-4o"])
def test_ctrl_c_while_the_model_is_awaited(spinner: str) -> None:
    """The terminal's echo of the key goes into the spinner, which stays."""
    reading = read(typed("go"), f"{spinner}\n\n^C again to exit\n", typed("/exit"))
    assert (errors(reading), texts(reading)) == ([ErrorKind.INTERRUPTED], [])


def test_ctrl_c_in_a_question_and_in_what_is_typed() -> None:
    """prompt_toolkit draws input grey that it gave up: what was asked is not granted, what was typed never sent."""
    grey = "38;5;102"
    question = asked("Run shell command?", "", "rm -rf build").replace(ink(GREEN, "")[:-4], f"\x1b[{grey}m")
    dropped = typed("and then").replace(ink(GREEN, "> and then"), ink(grey, "> and then"))
    reading = read(typed("go"), said("Look:"), question, f"\n{ink('33', '^C again to exit')}\n", dropped)
    assert [(tool.command, tool.stopped) for tool in tools(reading)] == [("rm -rf build", Stopped.DENIED)]
    assert (prompts(reading), texts(reading)) == (["go"], ["Look:"])
