"""Screen and log told as one story."""

from parsers.reconcile import reconcile
from parsers.session import (
    AssistantText,
    Category,
    Disagreement,
    Error,
    ErrorKind,
    Event,
    Note,
    NoteKind,
    Prompt,
    Source,
    Stopped,
    ToolUse,
)

NATIVE = Source.NATIVE


def _shell(command: str | None, source: Source = Source.SCREEN, **more: object) -> ToolUse:
    return ToolUse(name="Bash", category=Category.SHELL, command=command, source=source, **more)  # type: ignore[arg-type]


def _tools(events: tuple[Event, ...]) -> list[ToolUse]:
    return [e for e in events if isinstance(e, ToolUse)]


def test_one_side_alone_is_returned_as_it_is() -> None:
    """Without a log the screen counts, without a screen the log."""
    screen = (Prompt(text="hi", seconds=1.0),)
    assert reconcile(screen, ()) == screen
    assert reconcile((), screen) == screen


def test_the_log_gives_the_whole_command_and_the_screen_the_rest() -> None:
    """A command that the screen cut is the log's, completed by what only the screen showed."""
    screen = [_shell("python3 - <<'PY' import sys, os…", ok=False, exit_code=1, start_seconds=3.0)]
    native = [_shell("python3 - <<'PY'\nimport sys, os\nprint(1)\nPY", NATIVE, start_seconds=2.5)]
    (use,) = _tools(reconcile(screen, native))
    assert use.command == "python3 - <<'PY'\nimport sys, os\nprint(1)\nPY"
    assert (use.ok, use.exit_code, use.start_seconds, use.source) == (False, 1, 2.5, Source.BOTH)


def test_calls_that_the_screen_only_counts_pair_by_their_outcome() -> None:
    """`Read 2 files · 1 failed` does not say which: the log does, and that is no disagreement."""
    screen = [ToolUse(name="Read", category=Category.READ, ok=ok) for ok in (False, True)]
    native = [
        ToolUse(name="Read", category=Category.READ, files=(file,), ok=ok, source=NATIVE)
        for file, ok in (("a.py", True), ("b.py", False))
    ]
    events = reconcile(screen, native)
    assert [(use.files, use.ok, use.source) for use in _tools(events)] == [
        (("a.py",), True, Source.BOTH),
        (("b.py",), False, Source.BOTH),
    ]
    assert not any(isinstance(event, Disagreement) for event in events)


def test_a_command_that_the_screen_shows_without_the_rest_of_its_line() -> None:
    """Codex lists a directory without what went before and what was done with the names; another command is another."""
    native = [_shell("cd app && ls -la | head -5", NATIVE, ok=True), _shell("ls", NATIVE, ok=True)]
    uses = _tools(reconcile([_shell("ls -la"), _shell("ls -l")], native))
    assert [(use.command, use.source) for use in uses] == [
        ("cd app && ls -la | head -5", Source.BOTH),
        ("ls", NATIVE),
        ("ls -l", Source.SCREEN),
    ]


def test_the_same_command_twice_stays_twice() -> None:
    """Equal commands are paired one to one in order."""
    screen = [_shell("pytest -q", ok=False), _shell("pytest -q", ok=True)]
    native = [_shell("pytest -q", NATIVE, exit_code=1, ok=False), _shell("pytest -q", NATIVE, exit_code=0, ok=True)]
    assert [u.exit_code for u in _tools(reconcile(screen, native))] == [1, 0]


def test_a_denial_that_only_the_screen_saw_is_kept() -> None:
    """Codex logs a denied command like any other call (0.58 to 0.128)."""
    screen = [_shell("rm -rf build", ok=False, stopped=Stopped.DENIED)]
    (use,) = _tools(reconcile(screen, [_shell("rm -rf build", NATIVE)]))
    assert (use.stopped, use.ok) == (Stopped.DENIED, False)


def test_who_stopped_a_call_is_the_screens_to_say_where_the_log_has_one_word_for_it() -> None:
    """Codex logs "aborted by user" of a denied call and of one that was approved, ran and was interrupted."""
    screen = [_shell("sleep 20", ok=False, stopped=Stopped.INTERRUPTED)]
    aborted = "Wall time: 5.5 seconds\naborted by user"
    native = [_shell("sleep 20", NATIVE, ok=False, stopped=Stopped.DENIED, output=aborted)]
    (use,) = _tools(reconcile(screen, native))
    assert (use.stopped, use.ok) == (Stopped.INTERRUPTED, False)


def test_a_denial_on_screen_is_no_interruption_where_the_log_has_one_word_for_both() -> None:
    """Gemini CLI before 0.40 logs "cancelled" of both; the interruption after it is another, and nobody disagrees."""
    cancelled = "[Operation Cancelled] Reason: User cancelled the operation."
    screen = [
        _shell("rm -rf build", ok=False, stopped=Stopped.DENIED),
        Error(kind=ErrorKind.INTERRUPTED, text="Request cancelled.", seconds=9.0),
    ]
    native = [_shell("rm -rf build", NATIVE, ok=False, stopped=Stopped.INTERRUPTED, output=cancelled)]
    events = reconcile(screen, native)
    assert [use.stopped for use in _tools(events)] == [Stopped.DENIED]
    assert [e.text for e in events if isinstance(e, Error)] == ["Request cancelled."]
    assert not [e for e in events if isinstance(e, Disagreement)]


def test_a_disagreement_is_told_and_the_log_believed() -> None:
    """Where both sides know and differ, nothing is chosen silently."""
    events = reconcile([_shell("make", ok=True)], [_shell("make", NATIVE, ok=False, exit_code=2)])
    (use,) = _tools(events)
    assert use.ok is False
    assert [(d.about, d.screen, d.native) for d in events if isinstance(d, Disagreement)] == [
        ("ok of make", "True", "False")
    ]


def test_counts_on_screen_are_not_added_to_what_the_log_spells_out() -> None:
    """`Read 2 files` on screen and two reads in the log are two reads; a command the log lost is kept."""
    read = ToolUse(name="Read", category=Category.READ)
    native = [ToolUse(name="Read", category=Category.READ, files=(f,), source=NATIVE) for f in ("a.py", "b.py")]
    uses = _tools(reconcile([read, read, read, _shell("git stash")], native))
    assert [(u.files, u.command) for u in uses] == [(("a.py",), None), (("b.py",), None), ((), "git stash")]


def test_a_log_without_tool_uses_takes_none_from_the_screen() -> None:
    """Gemini 0.8 logs messages alone: a search that names neither command nor file is no count of anything logged."""
    search = ToolUse(name="SearchText", category=Category.SEARCH, input={"input": "'subtotal' in *.py"}, ok=True)
    assert _tools(reconcile([search], [Prompt(text="hi", source=NATIVE)])) == [search]


def test_an_answer_drawn_with_cut_cells_and_numbered_code_is_the_logged_one() -> None:
    """Gemini CLI cuts the cells of a table (0.20) and numbers the lines of code."""
    drawn = """Done: two files changed.
┌─────────────┬──────┬─────────────────────────┐
│ file        │ l... │ what was done           │
│ new_modu... │ 2    │ one became two, and t... │
└─────────────┴──────┴─────────────────────────┘
 1 def add(first, second):
 2     return first + second"""
    logged = """Done: **two** files changed.

| file | lines | what was done |
|---|---|---|
| new_module.py | 2 | one became two, and this is rather long |

```python
def add(first, second):
    return first + second
```"""
    events = reconcile([AssistantText(text=drawn)], [AssistantText(text=logged, source=NATIVE)])
    assert [(e.text, e.source) for e in events if isinstance(e, AssistantText)] == [(logged, Source.BOTH)]


def test_reflowed_answers_are_one_and_cut_ones_survive() -> None:
    """Answers are compared by their letters; what was cut off before it could be logged is kept."""
    screen = [AssistantText(text="The bug is\nin app.py"), AssistantText(text="I will now expl", cut=True)]
    native = [AssistantText(text="The **bug** is in `app.py`", source=NATIVE)]
    texts = [(e.text, e.source) for e in reconcile(screen, native) if isinstance(e, AssistantText)]
    assert texts == [("The **bug** is in `app.py`", Source.BOTH), ("I will now expl", Source.SCREEN)]


def test_an_answer_is_the_same_without_the_fence_of_its_code() -> None:
    """A screen draws code in colours, the log holds the fence with the language."""
    logged = AssistantText(text="Fixed.\n\n```diff\n--- a/price.py\n+++ b/price.py\n```", source=NATIVE)
    screen = [AssistantText(text="Fixed.\n\n--- a/price.py\n+++ b/price.py")]
    texts = [e for e in reconcile(screen, [logged]) if isinstance(e, AssistantText)]
    assert [(e.text, e.source) for e in texts] == [(logged.text, Source.BOTH)]


def test_an_answer_is_the_same_with_its_table_drawn_otherwise() -> None:
    """For screen readers, Claude Code repeats a table's heading in every cell."""
    logged = AssistantText(
        text="Two files changed:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- a test first", source=NATIVE
    )
    other = AssistantText(text="Both of the changes are tested.", source=NATIVE)
    screen = [AssistantText(text="Two files changed:\na: 1. b: 2.\n- a test first")]
    texts = [(e.text, e.source) for e in reconcile(screen, [other, logged]) if isinstance(e, AssistantText)]
    assert texts == [(other.text, NATIVE), (logged.text, Source.BOTH)]


def test_retries_are_counted_once() -> None:
    """Three retries on screen of which the log holds two are three errors."""
    error = Error(kind=ErrorKind.API_ERROR, text="529 Overloaded")
    logged = Error(kind=ErrorKind.API_ERROR, text="overloaded_error", source=NATIVE)
    events = reconcile([error] * 3, [logged] * 2)
    assert [e.source for e in events if isinstance(e, Error)] == [Source.BOTH, Source.BOTH, Source.SCREEN]


def test_errors_of_the_same_words_are_one() -> None:
    """The log holds only the last word of the API: the retries before it stay the screen's."""
    last = "exceeded retry limit, last status: 429"
    seen = [Error(kind=ErrorKind.API_ERROR, text=text) for text in ("Reconnecting... 1/3", last)]
    events = reconcile(seen, [Error(kind=ErrorKind.API_ERROR, text=last, source=NATIVE)])
    told = {e.text: e.source for e in events if isinstance(e, Error)}
    assert told == {"Reconnecting... 1/3": Source.SCREEN, last: Source.BOTH}


def test_a_denial_of_which_the_log_has_only_the_interruption() -> None:
    """Codex 0.39 logs nothing of a denied call but that the turn was aborted; a call that was made is not that one."""
    denied = ToolUse(name="apply_patch", category=Category.EDIT, ok=False, stopped=Stopped.DENIED, start_seconds=9.0)
    made = ToolUse(name="apply_patch", category=Category.EDIT, ok=True, files=("a.py",), source=NATIVE)
    aborted = Error(kind=ErrorKind.INTERRUPTED, text="turn aborted", seconds=9.0, source=NATIVE)
    events = reconcile([denied], [made, aborted])
    assert [(use.files, use.stopped) for use in _tools(events)] == [(("a.py",), None), ((), Stopped.DENIED)]
    assert not [e for e in events if isinstance(e, Error)]


def test_a_denied_call_is_not_one_that_went_well() -> None:
    """A look that names nothing on the screen is not the log's denied command, and leaves it no exit code."""
    screen = [_shell(None, ok=True, exit_code=0)]
    native = [
        _shell("touch x", NATIVE, ok=False, stopped=Stopped.DENIED),
        _shell("ls", NATIVE, ok=True, exit_code=0),
    ]
    assert [(use.exit_code, use.source) for use in _tools(reconcile(screen, native))] == [
        (None, NATIVE),
        (0, Source.BOTH),
    ]


def test_an_interrupted_tool_in_the_log_is_the_interruption_on_screen() -> None:
    """The line `Interrupted` of the screen and the tool that the log says was stopped are one fact."""
    screen = [_shell("sleep 9"), Error(kind=ErrorKind.INTERRUPTED, text="Interrupted")]
    native = [_shell("sleep 9", NATIVE, ok=False, stopped=Stopped.INTERRUPTED)]
    assert not [e for e in reconcile(screen, native) if isinstance(e, Error)]


def test_a_prompt_that_the_log_dropped_is_kept_in_its_place() -> None:
    """Gemini drops a cancelled turn from its log; the screen has it."""
    screen = [
        Prompt(text="first", seconds=1.0),
        Prompt(text="never mind", seconds=5.0),
        Prompt(text="third", seconds=9.0),
    ]
    native = [Prompt(text="first", seconds=1.1, source=NATIVE), Prompt(text="third", seconds=9.1, source=NATIVE)]
    prompts = [e for e in reconcile(screen, native) if isinstance(e, Prompt)]
    assert [(p.text, p.source) for p in prompts] == [
        ("first", Source.BOTH),
        ("never mind", Source.SCREEN),
        ("third", Source.BOTH),
    ]


def test_a_long_paste_of_which_the_screen_shows_the_end_is_one_prompt() -> None:
    """A program that draws only the last rows of a long prompt does not make it two."""
    screen = [Prompt(text="… line 59 of the log\nline 60 of the log")]
    native = [Prompt(text="why? line 1 of the log … line 59 of the log line 60 of the log", source=NATIVE)]
    assert [(p.source, p.text[:4]) for p in reconcile(screen, native) if isinstance(p, Prompt)] == [
        (Source.BOTH, "why?")
    ]


def test_notes_of_both_sides_are_kept_once() -> None:
    """An approval is only on screen; the model change that both saw is one."""
    model = Note(kind=NoteKind.MODEL, text="opus")
    native = [Note(kind=NoteKind.MODEL, text="opus", source=NATIVE)]
    notes = [
        e for e in reconcile([model, Note(kind=NoteKind.APPROVAL, text="Yes: rm x")], native) if isinstance(e, Note)
    ]
    assert [n.text for n in notes] == ["opus", "Yes: rm x"]
