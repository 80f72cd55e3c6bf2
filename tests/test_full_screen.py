"""Frames of the alternate screen: what only ran, moved or opened for a while takes nothing from the conversation."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from parsers.recording import Output, Recording, Resize
from parsers.terminal import Transcript, read_transcript
from tests.test_terminal import record, texts

ENTER = "\x1b[?2004h\x1b[?1049h\x1b[?1000h"
ROWS = 24
BANNER = ["Assistant v2.1", "Model 5.5 · Billing", "~/projects/webapp", ""]
COMPOSER = ["─" * 30, "❯", "─" * 30, "  manual mode on"]
OPTIONS = ["  1. Yes", "  2. Yes, and never ask again for this", "  3. No", "  Esc to cancel"]
ANSWER = [f"sentence {word} of the answer" for word in ("one", "two", "three", "four", "five", "six", "seven", "eight")]


def prompt(text: str) -> str:
    """Draw what a person wrote: shaded."""
    return f"\x1b[48;5;237m❯ {text}\x1b[0m"


def screen(text: Sequence[str], below: Sequence[str] = COMPOSER, rows: int = ROWS) -> str:
    """Draw a whole frame: the end of a text, and below it what is pinned to the bottom."""
    shown = list(text)[-(rows - len(below)) :]
    drawn = [*shown, *[""] * (rows - len(shown) - len(below)), *below]
    return "\x1b[?2026h\x1b[H" + "\r\n".join("\x1b[2K" + row for row in drawn) + "\x1b[?2026l"


def read(*frames: str | Resize) -> Transcript:
    """Read frames of the alternate screen that come a second apart."""
    first, *more = frames
    assert isinstance(first, str)
    return read_transcript(record(ENTER + first, *more, cols=60, rows=ROWS))


def conversation(transcript: Transcript) -> list[str]:
    """Return the lines that are not pinned to the bottom."""
    return [text for text in texts(transcript) if text not in COMPOSER]


def test_what_runs_below_the_first_prompt_is_no_part_of_its_own() -> None:
    """A prompt from the command line stands in the first frame; what runs below it may go without being a clear."""
    running = ["● Showing status", "  ⎿  $ git status", "     git diff --stat", "     git log", "     git branch -vv"]
    spinner = ["✻ Working… (3s · 40 tokens)", "  Tip: press shift and tab together", *COMPOSER]
    begun = [*BANNER, prompt("close-issue 583"), ""]
    done = [*begun, "  Ran 4 shell commands", "", "● The issue is closed."]
    waiting = screen(begun, ["✻ Working… (1s · 20 tokens)", *COMPOSER])
    transcript = read(screen(begun), waiting, screen([*begun, *running], spinner), screen(done))
    expected = [*BANNER[:3], "❯ close-issue 583", "  Ran 4 shell commands", "● The issue is closed."]
    assert conversation(transcript) == expected
    assert any("$ git status" in passed.text for passed in transcript.passing)


def test_a_dialog_that_fills_the_screen_takes_no_text_with_it() -> None:
    """Nothing of the conversation can be seen meanwhile; it comes back with the dialog's end, lower or higher."""
    begun = [*BANNER, prompt("make a file"), "", "● I will make a file."]
    dialog = [*[f"  line {row} of the file" for row in "abcdefghijklmnopqrstuvw"][-ROWS + len(OPTIONS) :], *OPTIONS]
    ended = [*begun, "● Write(denied.py)", "  ⎿  Rejected write", *[f"     {row} is so" for row in "abcdefgh"]]
    transcript = read(screen(begun), screen([], dialog), screen(ended), screen([*ended, "● Well then."]))
    assert conversation(transcript)[:3] == BANNER[:3]
    assert [text for text in conversation(transcript) if text][-11:] == [*ended[-11:][1:], "● Well then."]
    assert conversation(transcript).count("● I will make a file.") == 1
    assert any("Esc to cancel" in passed.text for passed in transcript.passing)


def test_a_dialog_that_filled_the_screen_is_none_of_the_conversation() -> None:
    """What it covered stays, even if the text below it is so long that nothing of it is shown again."""
    begun = [*BANNER, prompt("make a file"), "", "● I will make a file."]
    dialog = [*[f"  line {row} of the file" for row in "abcdefghijklmnopqrstuvw"][-ROWS + len(OPTIONS) :], *OPTIONS]
    ended = [f"     {row} was rejected" for row in "abcdefghijklmnopqrstuvw"]
    transcript = read(screen(begun), screen([], dialog), screen(ended))
    assert [text for text in conversation(transcript) if text][-22:-20] == ["❯ make a file", "● I will make a file."]
    assert not any("of the file" in text for text in conversation(transcript))
    assert any("Esc to cancel" in passed.text for passed in transcript.passing)


def test_a_command_in_a_dialog_and_in_the_text_below_it_is_no_place_to_go_on() -> None:
    """The dialog filled the screen; when it goes, the text shows the rows of the command as what runs."""
    said = [*BANNER, prompt("check them all"), "", *ANSWER, "● Now a check over several lines."]
    command = [f"check --part {number} of the whole thing at once" for number in range(10)]
    dialog = ["─" * 30, "Bash command", *[""] * 5, *(f"│ {row}" for row in command), "Do you want to proceed?", ""]
    running = [*said, "● Running 1 command…", *(f"  $ {row}" for row in command)]
    more = [f"part {number} is as it should be" for number in range(14)]
    done = [*said, "  Ran 1 command", "● All of them are right.", *more]
    waiting = ["✻ Working…", "", *COMPOSER]
    transcript = read(
        screen(BANNER),
        screen(BANNER),
        screen(said, waiting),
        screen([], [*dialog, *OPTIONS]),
        screen(running, waiting),
        screen(done),
    )
    assert conversation(transcript) == [*BANNER[:3], "❯ check them all", *said[6:], *done[-16:]]


def test_the_rows_below_the_only_one_that_moved_up_are_written() -> None:
    """A call is done, and stands so high that its result comes where a title could be."""
    begun = [*ANSWER * 2, "● Write(made.py)", "✻ Working"]
    ended = ["", "● Write(made.py)", "  ⎿  Wrote 14 lines", *[f"     {row} is so" for row in "abcdefghijklmnopq"]]
    transcript = read(screen(begun), screen(ended))
    assert conversation(transcript)[-19:] == ended[1:]


def test_a_long_prompt_moves_from_the_composer_into_the_text() -> None:
    """The window did not move to where the prompt was typed: the text above it stays where it is."""
    typed = ["alpha has three lines, of which this is the first", "  the second is indented", "  and the third is last"]
    composer = ["─" * 30, f"❯ {typed[0]}", *typed[1:], *COMPOSER[2:]]
    sent = [*BANNER, prompt(typed[0]), *typed[1:], ""]
    transcript = read(screen(BANNER), screen(BANNER), screen(BANNER, composer), screen(sent), screen([*sent, "● Yes."]))
    expected = [*BANNER[:3], f"❯ {typed[0]}", *typed[1:], "● Yes."]
    assert [text for text in conversation(transcript) if text] == expected


def test_a_call_that_shrinks_as_it_ends_moves_the_window_back() -> None:
    """Nobody scrolled: below the known text new text follows, up to the composer."""
    begun = [*BANNER, prompt("list it"), *[f"point {row} of the list" for row in "abcdefghijklmnop"], "", prompt("go")]
    running = [*begun, "", "  Log", "  ⎿  $ git log", "", "✻ Puzzling… (1s)"]
    ended = [*begun, "", "  Ran 1 shell command", "● Third turn over."]
    transcript = read(screen(begun), screen(running), screen(ended))
    assert conversation(transcript)[-3:] == ["❯ go", "  Ran 1 shell command", "● Third turn over."]


def test_a_prompt_alone_tells_that_the_text_went_on() -> None:
    """On a low screen little else stays; that a tip above the composer stays where it is tells nothing."""
    below = ["✻ Working", "  Tip: press shift and tab together", *[f"  to {word} it" for word in "abcdefgh"], *COMPOSER]
    begun = [*ANSWER, "", prompt("now commit it, please")]
    later = ["", prompt("now commit it, please"), "", *[f"● call {word} is running" for word in "abcdefg"]]
    transcript = read(screen(BANNER), screen(BANNER), screen(begun, below), screen(later, below))
    assert [text for text in conversation(transcript) if text.startswith("❯")] == ["❯ now commit it, please"]
    assert "sentence eight of the answer" in conversation(transcript)


def test_a_tall_dialog_that_closes_moves_the_window_back() -> None:
    """The text comes down again where the dialog was; nobody scrolled, so what follows is written."""
    begun = [*BANNER, prompt("explain it"), *ANSWER, *[f"point {row} of the list" for row in "abcdefgh"]]
    dialog = ["Run this command?", *[f"  line {row} of what it does" for row in "abcdefgh"], *OPTIONS]
    ended = [*begun, "● It was allowed.", "● And it worked."]
    transcript = read(screen(begun), screen(begun, dialog), screen(begun), screen(ended))
    assert conversation(transcript)[-3:] == ["point h of the list", "● It was allowed.", "● And it worked."]
    assert conversation(transcript).count("point a of the list") == 1


def test_scrolled_back_by_a_person() -> None:
    """Composer and footer stay where they are meanwhile, and nothing is written twice."""
    text = [*BANNER, prompt("explain it"), *[f"sentence {number} of a long answer" for number in range(40)]]
    grown = [screen(text[:end]) for end in (5, 6, *range(13, len(text) + 1, 8))]
    back = [screen(text[:-5]), screen(text[:-9]), screen(text[:-5]), screen(text)]
    lines = conversation(read(*grown, *back, screen([*text, "● The end."])))
    assert lines == [*BANNER[:3], "❯ explain it", *text[5:], "● The end."]


def test_scrolled_back_below_a_hint_in_a_small_window() -> None:
    """Where a hint says how to come back, fewer rows of the text are left; jumping to the end, none is lost."""
    text = [*BANNER, prompt("explain it"), *[f"sentence {number} of a long answer" for number in range(40)]]
    grown = [screen(text[:end]) for end in (5, 6, *range(13, len(text) + 1, 8))]
    hint = ["  Back to bottom", "", "", *COMPOSER]
    back = [screen(text[:end], hint) for end in (-5, -12, -19)]
    lines = conversation(read(*grown, *back, screen(text), screen([*text, "● The end."])))
    assert lines == [*BANNER[:3], "❯ explain it", *text[5:], "● The end."]


def test_scrolled_back_and_drawn_in_another_way() -> None:
    """Where the program says that the end is out of view, nothing is written, however little of a frame is known."""
    text = [*BANNER, prompt("explain it"), *[f"sentence {number} of a long answer" for number in range(40)]]
    grown = [screen(text[:end]) for end in (5, 6, *range(13, len(text) + 1, 8))]
    expanded = [row for line in text[-30:-15] for row in (line, f"details of {line}", "and more of them")]
    hint = ["                 ↓ Back to bottom · esc", "", *COMPOSER]
    back = [screen(expanded[:end], hint) for end in (-1, -7, -14)]
    lines = conversation(read(*grown, *back, screen(text), screen([*text, "● The end."])))
    assert lines == [*BANNER[:3], "❯ explain it", *text[5:], "● The end."]


def test_a_view_of_all_details_is_left_out() -> None:
    """Claude Code says at the bottom that it is one; the window is where it was when it is closed."""
    before = [*BANNER, prompt("go"), "", *ANSWER, "", "✻ Churned for 5s", ""]
    wait = [prompt("wait for it"), "", "● I will wait.", "", "  Ran 1 shell command", "  ⎿  Interrupted", ""]
    end = [
        prompt("explain"),
        "",
        "● A short answer says",
        "  a little of it,",
        "  and that is all.",
        "",
        "✻ Cogitated",
        "",
    ]
    said = [*before, *wait, *end]
    time = " " * 30 + "10:15 AM the model"
    details = [*before, *wait[:2], time, "● I will wait.", "", "● Bash(sleep 30)", *wait[5:], *end[:2], time, *end[2:]]
    footer = ["─" * 30, "  Showing detailed transcript · ctrl+o to toggle"]
    below = [" " * 30 + "● high · /effort", *COMPOSER]
    frames = (screen(BANNER), screen(BANNER), *(screen(said[:end], below) for end in (14, 18, 25, len(said))))
    transcript = read(*frames, screen(details, footer), screen(said, below), screen([*said, "● More."], below))
    told = [line.replace("\x1b[48;5;237m", "").replace("\x1b[0m", "") for line in said if line]
    assert [text for text in conversation(transcript) if text != below[0]] == [*told, "● More."]
    ended_there = read(*frames, screen(details, footer))
    assert [text for text in conversation(ended_there) if text != below[0]] == told


def test_after_a_view_of_details_the_window_is_where_it_was() -> None:
    """Also if what stands in it was said several times, so that it would fit elsewhere."""
    waits, found = "✻ Waiting for 1 background agent to finish", '● Agent "Find the tests" finished'
    said = [*BANNER, prompt("wait for it"), "", waits, "", prompt("go"), "", found, "", found, "", prompt("go"), ""]
    said += [waits, "", *ANSWER, ""]
    details = [row for line in said for row in ([line, " " * 30 + "10:15 AM the model"] if line[:1] == "●" else [line])]
    footer = ["─" * 30, "  Showing detailed transcript · ctrl+o to toggle"]
    grown = [screen(said[:end]) for end in (*range(5, len(said), 3), len(said))]
    transcript = read(screen(BANNER), screen(BANNER), *grown, screen(details, footer), screen(said))
    assert conversation(transcript) == [
        line.replace("\x1b[48;5;237m", "").replace("\x1b[0m", "") for line in said if line
    ]


def test_a_view_of_details_may_say_later_that_it_is_one() -> None:
    """Its text comes before the row at the bottom: another page for a moment, which is none."""
    said = [*BANNER, prompt("go"), "", *ANSWER, ""]
    details = [f"detail {word} of what the tool gave" for word in "abcdefghijklmnop"] + ANSWER[4:]
    footer = ["─" * 30, "  Showing detailed transcript · ctrl+o to toggle"]
    frames = [screen(BANNER), screen(BANNER), screen(said), screen(details), screen(details, footer), screen(said)]
    times = (0.0, 1.0, 2.0, 3.0, 3.02, 5.0)
    timed = zip(times, [ENTER + frames[0], *frames[1:]], strict=True)
    chunks = tuple(Output(at, text.encode()) for at, text in timed)
    for end in (5, 6):  # in the view, and after it
        transcript = read_transcript(Recording(None, None, ROWS, 60, None, None, None, chunks[:end]))
        assert conversation(transcript) == [*BANNER[:3], "❯ go", *ANSWER]


def test_what_is_pinned_below_an_empty_window_tells_nothing() -> None:
    """After a clear little stands above it: a list of tasks that moved by a row is no reason to call the rest old."""
    tasks = ["  1 task (0 done, 1 open)", "  ◻ write a test of what was said in the report"]
    said = [*BANNER, prompt("go"), "", *ANSWER, "", *(f"part {number} of it" for number in range(9))]
    cleared = [*BANNER, "", prompt("/clear"), ""]
    begun = (screen(BANNER), screen(BANNER), screen(said[:9], [*tasks, *COMPOSER]), screen(said, [*tasks, *COMPOSER]))
    transcript = read(*begun, screen(cleared, [*tasks, "", *COMPOSER]), screen([*cleared, "● Begun."]))
    told = [text for text in conversation(transcript) if text not in tasks]
    assert told == [*BANNER[:3], "❯ go", *[line for line in said[6:] if line], *BANNER[:3], "❯ /clear", "● Begun."]


def test_a_page_of_a_low_screen_turns() -> None:
    """The spinner above the composer, no lower than on other screens, is no proof that the window has not moved."""
    rows, spinner = 15, ["✻ Working… (3s · 40 tokens)", "", *COMPOSER]
    pages = [[f"● Ran command {page}", f"  result of {page}", f"  end of {page}"] for page in ("one", "two", "three")]
    frames = [screen([prompt("go"), "", "", "", *page, ""], spinner, rows) for page in pages]
    started = ENTER + screen(BANNER, rows=rows), screen([*BANNER, prompt("go")], spinner, rows)
    lines = conversation(read_transcript(record(*started, *frames, cols=60, rows=rows)))
    assert [line for line in lines if "Ran" in line] == [page[0] for page in pages]


def test_a_menu_over_most_of_the_page_is_part_of_none() -> None:
    """One line below what may be a sticky title stays above a tall menu: the window has not moved, nothing turned."""
    text = [*BANNER, prompt("explain it"), *[f"sentence {number} of a long answer" for number in range(40)]]
    grown = [screen(text[:end]) for end in (5, 6, *range(13, len(text) + 1, 8))]
    menus = [
        [f"/command {row} of a menu that {does}" for row in "abcdefghijk"] for does in ("opens", "narrows", "ends")
    ]
    changed = ["\x1b[6;1H" + "\r\n".join("\x1b[2K" + row for row in rows) for rows in (*menus, text[-15:-4])]
    lines = conversation(read(*grown, *changed, screen([*text, "● The end."])))
    assert lines == [*BANNER[:3], "❯ explain it", *text[5:], "● The end."]


def test_rows_that_collapse_between_known_ones_are_gone() -> None:
    """A frame lies where its top lies, though more of it stands further down than before."""
    running = ["● Touching", "  ⎿  $ cat > out.txt", "     first", "     second", "     third", "     EOF", ""]
    result = ["● Bash(cat > out.txt)", *[f"  +{row} line of the new file" for row in "abcdefgh"]]
    asked = ["● An answer from before,", "  in two rows.", "", "", "", prompt("now the files"), ""]
    begun = [*BANNER, prompt("explain it"), "", *ANSWER, "", *asked]
    after = [*begun, "  Ran 2 shell commands", "", *result, "", "● All files are there."]
    frames = [*BANNER, ""], begun[:5], begun, [*begun, *running], [*begun, *running, *result], after
    lines = conversation(read(*map(screen, frames)))
    at = lines.index("❯ now the files")
    assert lines[at + 1 :] == ["  Ran 2 shell commands", *result, "● All files are there."]


def test_a_title_that_stays_is_no_proof() -> None:
    """A whole page comes at once below the prompt that stays in view: what stood there scrolled off, it did not go."""
    asked = prompt("and a script")
    text = [*BANNER, prompt("explain it"), *[f"sentence {number} of a long answer" for number in range(20)]]
    answer = ["● Ran the script", "  └ 0", *ANSWER, "● Nothing else happened."]
    status = [f"{what}: is told by the command" for what in ("Model", "Folder", "Agents", "Name", "Mode", "Session")]
    page = [asked, "/status", *status, *[f"Limit {word} of the account" for word in ("one", "two", "three", "four")]]
    grown = [screen(text[:end]) for end in (5, 6, 13, 21, 25)]
    lines = conversation(read(*grown, screen([*text, asked, *answer]), screen(page)))
    assert lines[-len(page) - len(answer) : -len(page)] == answer


def test_a_prompt_longer_than_the_composer_is_whole() -> None:
    """The composer showed its end, which leaves it for the text with the beginning above."""
    lines = [f"  wish number {word}" for word in "abcdefghij"]
    text = [*BANNER, prompt("look around"), "", *ANSWER, "", "● Looked."]
    typing = screen(text[-8:], ["", f"❯ {lines[3].strip()}", *lines[4:], "", "  manual mode on"])
    sent = ["", prompt("do all of this"), *lines, "", "", "● On it."]
    begun = [screen([]), screen(BANNER), screen(text), typing, screen(sent)]
    expected = [*BANNER[:3], "❯ look around", *ANSWER, "● Looked.", "❯ do all of this", *lines, "● On it."]
    assert conversation(read(*begun)) == expected


def test_a_long_footer_does_not_tell_where_a_window_is_after_a_resize() -> None:
    """Composer and footer may say more than what is left of the text on a low screen."""
    footer = ["", "❯ Ask me to do anything", "", "  a-model default · ~/projects · shortcuts"]
    text = [*BANNER, prompt("run the tests"), "", *ANSWER[:5], "● One failed.", "  a tip that goes", "  Worked for 2s"]
    low = [prompt("run the tests"), *ANSWER[4:5], "● One failed.", "  Worked for 2s", "", "", "", ""]
    further = [prompt("run the tests"), "● One failed.", "  Worked for 2s", "", "", prompt("and now?"), "", ""]
    frames = [Resize(0, 16, 60), screen(low, footer, 16), screen(further, footer, 16)]
    begun = [screen([], footer), screen(BANNER, footer), screen(text, footer)]
    seen = [line for line in texts(read(*begun, *frames)) if line and line not in footer]
    assert seen == [*BANNER[:3], "❯ run the tests", *ANSWER[:5], "● One failed.", "  Worked for 2s", "❯ and now?"]


def test_a_resize_keeps_the_times() -> None:
    """What is laid out anew for another width is as old as it was."""
    text = [*BANNER, prompt("explain it"), *ANSWER]
    drawn = [screen(text[:9]), screen(text), Resize(0, ROWS, 50), screen(text)]
    transcript = read(*drawn)
    assert {line.text: line.seconds for line in transcript.lines}[ANSWER[-1]] == 1


def test_a_page_that_turns_under_a_tall_dialog_and_comes_back() -> None:
    """What the page before ended with stands above the new one then: it is there once, what ran below it is gone."""
    begun = [
        *BANNER,
        prompt("change it"),
        "",
        *ANSWER,
        "",
        "● Update(a.txt)",
        "  1 - a line that goes",
        "  1 + it comes",
    ]
    running = ["", "● Listing 1 directory…", "  ⎿  $ ls nowhere"]
    ended = [
        *begun,
        "",
        "  Listed 1 directory",
        "",
        "● All of it is done now.",
        *[f"point {row}" for row in "abcdefghijkl"],
    ]
    dialog = ["Make this your default?", *[f"  line {row} of what it means" for row in "abcdef"], *OPTIONS]
    grown = [screen(begun[:end]) for end in (6, 10, len(begun))]
    transcript = read(*grown, screen([*begun, *running]), screen(ended[-13:], dialog), screen(ended))
    assert conversation(transcript) == [text for text in [*BANNER, "❯ change it", *ended[5:]] if text]
    assert any("$ ls nowhere" in passed.text for passed in transcript.passing)


def test_a_prompt_that_stays_at_the_top_tells_nothing() -> None:
    """Its row alone is no place for a frame, if the rows below it stand further down, however little they say."""
    counts = ["  38", "  39", "  40", "  + 37 lines (^t to expand)"]
    begun = [*BANNER, prompt("count up to forty, all of it"), "", "● Ran pwd", "  home", "", "● Ran seq", *counts, ""]
    later = [*counts, "", "● The numbers are there.", *[f"point {row}" for row in "abcdefghijklm"]]
    grown = [screen(begun[:end]) for end in (5, 6, len(begun))]
    transcript = read(*grown, screen([prompt("count up to forty, all of it"), *later]))
    assert conversation(transcript) == [
        text for text in [*BANNER, "❯ count up to forty, all of it", *begun[5:], *later[4:]] if text
    ]


def test_a_frame_in_the_making_turns_no_page() -> None:
    """One that is gone after a hundredth of a second, half of it drawn, leaves nothing."""
    begun = [*BANNER, prompt("go on"), "", *ANSWER, "", "● It begins with a sentence."]
    ended = [*begun, *[f"point {row} of what is still to do" for row in "abcdefghijkl"]]
    half = screen([*[f"point {row} of what is still to do" for row in "ghijkl"], "", *ended[-12:]])
    frames = [ENTER + screen(begun[:5]), screen(begun[:6]), screen(begun), half, screen(ended)]
    times = (0.0, 1.0, 2.0, 3.0, 3.01)
    chunks = tuple(Output(seconds, frame.encode()) for seconds, frame in zip(times, frames, strict=True))
    transcript = read_transcript(Recording(None, None, ROWS, 60, None, None, None, chunks))
    assert conversation(transcript) == [text for text in [*BANNER, "❯ go on", *ended[5:]] if text]


@pytest.mark.parametrize("then", ["\x1b[1;1Hother words", screen(["tests are passing", "and more"], [])])
def test_what_stands_above_known_text_after_a_resize_is_kept(then: str) -> None:
    """An earlier view comes back with rows above its first line; whatever is drawn next, nothing goes unread."""
    begun = [ENTER + ANSWER[0], "\x1b[?1049l", "\x1b[?1049h\x1b[2J\x1b[Ha short view", Resize(0, ROWS, 90)]
    again = "\x1b[4;1H" + ANSWER[0]
    assert texts(read_transcript(record(*begun, again, cols=30, rows=6))) == ["a short view", ANSWER[0]]
    shown = texts(read_transcript(record(*begun, again, then, cols=30, rows=6)))
    assert shown in (["other wordsw", ANSWER[0]], ["tests are passing", "and more"])
