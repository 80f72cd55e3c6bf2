"""What Codex draws a second time, or in another way: after a rewind, scrolled back, expanded, in a full screen."""

from __future__ import annotations

from tests.screens.codex_drawing import BANNER, SHADED, cell, said, typed
from tests.screens.showing import ink, prompts, show, texts, tools

ENTER = "\x1b[?2004h\x1b[?1049h\x1b[?1007h\x1b[H"
FULL = ENTER + "  >_ OpenAI Codex (v0.171.0)\n     /home/dev\n\n"


def ran(command: str, *output: str, status: int = 0) -> str:
    """Draw a command in the expanded view."""
    sign = ink("1;31", "✗") + f" ({status})" if status else ink("1;32", "✓")
    first, *more = command.split("\n")
    rows = [ink("35", "$") + ink("94", f" {first}"), *("    " + ink("94", line) for line in more), *output]
    return "\n".join([*rows, sign + ink("2", " • 3ms"), "", ""])


def test_history_that_is_printed_again_after_a_rewind_is_no_news() -> None:
    """Until 0.149 the banner and what is kept were printed below the old text; what was not kept is no prompt less."""
    kept = typed("first") + cell("Ran", " echo one", "  └ one") + said("One.")
    begun = [(0.0, BANNER + typed("first")), (1.0, cell("Ran", " echo one", "  └ one")), (2.0, said("One."))]
    second = [(3.0, typed("second")), (4.0, said("Two."))]
    other = [(6.0, typed("other")), (7.0, said("Three."))]
    for again in (kept, typed("first") + said("One.")):  # 0.60 may leave commands out
        reading = show(*begun, *second, (5.0, BANNER + again), *other)
        assert prompts(reading) == ["first", "second", "other"]
        assert texts(reading) == ["One.", "Two.", "Three."]
        assert [tool.command for tool in tools(reading)] == ["echo one"]


def test_the_same_prompt_and_answer_once_more_are_news() -> None:
    """What somebody typed again was not drawn together with its answer."""
    turn = [typed("go"), said("Gone.")]
    assert prompts(show(BANNER, *turn, *turn)) == ["go", "go"]


def test_the_end_of_an_answer_below_the_prompt_in_view_is_none_of_the_prompt() -> None:
    """A page that begins in the midst of an answer has the prompt above it, with or without a shade, known or not."""
    rest = "".join(f"  the rest of an answer has a sentence numbered {n}\n\n" for n in range(12))
    old = [said(f"On the page before there was the sentence with number {n}") for n in range(11)]
    start = ("$ codex\n", ENTER + "  >_ OpenAI Codex (v0.171.0)\n", "     /home/dev\n")
    for shade, shown, asked in ((SHADED, "check it", 1), ("0", "check it", 1), (SHADED, "a new one", 2)):
        glyph = ink(f"2;{shade}" if shade == SHADED else "2", "› ")
        page = f"\x1b[2J\x1b[H{glyph}{ink(shade, shown)}\n{rest}"
        reading = show(*start, f"\n{glyph}{ink(shade, 'check it')}\n\n", *old, page, provider="openai_codex")
        assert prompts(reading) == ["check it", shown][:asked]
        assert texts(reading)[-1].startswith("… the rest of an answer has a sentence numbered 0")


def test_what_the_program_says_below_the_prompt_in_view_is_no_answer() -> None:
    """A page may begin in the midst of its /status, which is faint."""
    status = "".join(ink("2", f"  Status {n}:  of the program itself, and of nothing else") + "\n" for n in range(12))
    old = [said(f"On the page before there was the sentence with number {n}") for n in range(11)]
    asked = ink(f"2;{SHADED}", "› ") + ink(SHADED, "check it") + "\n"
    start = ("$ codex\n", ENTER + "  >_ OpenAI Codex (v0.171.0)\n", f"\n{asked}\n")
    reading = show(*start, *old, f"\x1b[2J\x1b[H{asked}{status}", provider="openai_codex")
    assert prompts(reading) == ["check it"]
    assert texts(reading) == [f"On the page before there was the sentence with number {n}" for n in range(11)]


def test_commands_of_the_expanded_view() -> None:
    """Since 0.162 ^t shows commands and outputs whole; what the output looks like does not matter."""
    begun = FULL + typed("go")
    cells = ran("python - <<'PY'\nimport json\nPY", "• Ran fake", "› no prompt") + ran("ls /nope", "ls: no", status=2)
    reading = show("$ codex\n", begun, cells + said("Done."), provider="openai_codex")
    first, second = tools(reading)
    assert (first.command, first.ok, first.output) == (
        "python - <<'PY'\nimport json\nPY",
        True,
        "• Ran fake\n› no prompt",
    )
    assert (second.command, second.ok, second.exit_code) == ("ls /nope", False, 2)
    assert (prompts(reading), texts(reading), reading.unknown_lines) == (["go"], ["Done."], 0)


def test_dialogs_and_notices_below_the_end_of_a_turn_are_no_answers() -> None:
    """What asks, or tells, below "Worked for" or below the composer belongs to nothing above."""
    end = ink("2", "  Worked for 5s • 09:29") + "\n\n  Where should the new conversation run?\n\n  2. Create new\n\n"
    composer = ink("1", "›") + " half a thought\n  and its second line\n\n" + " " * 60 + "⚠ 1 warning · f2 to view\n"
    for below in (end, composer):
        assert texts(show(BANNER + typed("go") + said("Gone.") + below)) == ["Gone."]


def test_an_answer_may_quote_a_cell() -> None:
    """Rows that look like a result belong to the answer that they stand in."""
    quote = ink("2", "•") + " It printed\n\n  • Ran git push\n    └ ok\n  └ fine\n"
    assert texts(show(BANNER + typed("go") + quote)) == ["It printed\n\n• Ran git push\n  └ ok\n└ fine"]


def test_0_34() -> None:
    """No space after the bar, the version is not told, and a screen of hints comes first."""
    hints = " To get started, describe a task or try one of these commands:\n\n /init - create an AGENTS.md file\n\n"
    bars = "\n".join(ink("2;36", "▌") + ink("2", text) for text in ("check:", "  - the views")) + "\n\n"
    reading = show(
        ink("2", ">_ ") + ink("1", "You are using OpenAI Codex") + " in ~/app\n\n" + hints + bars + "> Yes.\n"
    )
    assert (prompts(reading), texts(reading)) == (["check:\n  - the views"], ["Yes."])
    assert (reading.provider, reading.unknown_lines) == ("openai_codex", 0)


def test_a_search_without_the_web() -> None:
    """From 0.98 to 0.135 a search of the web did not say where."""
    (search,) = tools(show(BANNER + cell("Searched", " pagination off by one", bullet="2")))
    assert (search.name, search.input) == ("web_search", {"query": "pagination off by one"})
