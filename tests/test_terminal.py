"""What the transcript of terminal output is said to be."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.recording import Output, Recording, Resize
from parsers.terminal import SegmentKind, Transcript, read_transcript

CLEAR = "\x1b[2J\x1b[3J\x1b[H"


def record(*pieces: str | bytes | Resize, cols: int = 40, rows: int = 8, pause: float = 1.0) -> Recording:
    """Return a recording of pieces that come a pause apart."""
    chunks: list[Output | Resize] = []
    for number, piece in enumerate(pieces):
        if isinstance(piece, Resize):
            chunks.append(Resize(number * pause, piece.rows, piece.cols))
        else:
            chunks.append(Output(number * pause, piece.encode() if isinstance(piece, str) else piece))
    return Recording(None, None, rows, cols, None, None, None, tuple(chunks))


def texts(transcript: Transcript) -> list[str]:
    """Return what stands on the lines that hold something."""
    return [line.text for line in transcript.lines if line.text]


def test_each_line_has_the_time_and_the_pens_with_which_it_appeared() -> None:
    """The bullet's pen and the words' pen are kept apart; a later repaint does not change the time."""
    first = "\x1b[38;5;114m●\x1b[0m \x1b[1;9mgit status\x1b[0m\r\n"
    read = read_transcript(record(first, "second\r\n", "third"))
    assert [(line.text, line.seconds) for line in read.lines] == [("● git status", 0), ("second", 1), ("third", 2)]
    lead, body = read.lines[0].lead, read.lines[0].body
    assert (lead.foreground, lead.bold, body.foreground, body.bold, body.strikethrough) == (
        114,
        False,
        None,
        True,
        True,
    )


def test_a_line_that_scrolls_keeps_its_time() -> None:
    """So does a rule, which has no letters; and what is printed again has a time of its own."""
    block = ["pytest", "-" * 20, "1 failed", "=" * 20]
    pieces = [f"{row}\r\n" for row in [*block, *block, *block]]
    read = read_transcript(record(*pieces, rows=5))
    assert [(line.text, line.seconds) for line in read.lines] == [
        (row, seconds) for seconds, row in enumerate([*block, *block, *block])
    ]


def test_a_line_that_the_terminal_joins_keeps_its_time() -> None:
    """In a wider window it begins with other letters than in a narrow one, but stands below the same line."""
    read = read_transcript(record("title\r\nabcdefghijklmnop\r\nlast\r\n", "x", Resize(0, 8, 30), cols=10))
    assert [(line.text, line.seconds) for line in read.lines] == [
        ("title", 0),
        ("abcdefghijklmnop", 0),
        ("last", 0),
        ("x", 1),
    ]


def test_a_wide_bullet_does_not_shift_the_pens() -> None:
    """Pens are found by cells, text has one character for two of them."""
    read = read_transcript(record("✅\x1b[31m done"))
    assert (read.lines[0].text, read.lines[0].lead.foreground, read.lines[0].body.foreground) == ("✅ done", None, 1)


def test_lines_that_are_overwritten_are_gone() -> None:
    """A progress line overwrites itself; only its last state stays."""
    read = read_transcript(record("start\r\n", "10%", "\r50%", "\r100% done\r\n"))
    assert texts(read) == ["start", "100% done"]


def test_what_stood_and_was_erased_is_passing() -> None:
    """A dialog is not in the conversation, but it is kept with its times and its last state."""
    dialog = "Proceed with rm -rf build?\r\n❯ 1. Yes\r\n  2. No"
    chosen = "\x1b[2A\r\x1b[JProceed with rm -rf build?\r\n  1. Yes\r\n❯ 2. No"
    read = read_transcript(record("hello there\r\n", dialog, chosen, "\x1b[2A\r\x1b[Jdenied it\r\n"))
    assert texts(read) == ["hello there", "denied it"]
    (passed,) = read.passing
    assert passed.text == "Proceed with rm -rf build?\n  1. Yes\n❯ 2. No"
    assert (passed.first_seconds, passed.last_seconds) == (1, 3)
    assert read.lines[passed.line].text == "denied it"


def test_a_spinner_that_counts_is_one_passing_row() -> None:
    """Rows that differ in digits and symbols only are the same row."""
    spins = [f"\r\x1b[K{'✻✽'[number % 2]} Thinking… ({number}s · {number * 37} tokens)" for number in range(9)]
    read = read_transcript(record("hello\r\n", *spins, "\r\x1b[Kdone"))
    assert [(passed.first_seconds, passed.last_seconds) for passed in read.passing] == [(1, 10)]


def test_rows_that_stood_together_are_two() -> None:
    """A dialog shows the command that a row above it shows as well: one goes before the other, and each was there."""
    read = read_transcript(
        record(
            "$ make all of it\r\n",
            "│ make all of it\r\n  Proceed?",
            "\x1b[1A\r\x1b[J",
            "\x1b[1A\r\x1b[Jdone",
        )
    )
    assert [passing.text for passing in read.passing] == ["$ make all of it", "│ make all of it\n  Proceed?"]


def test_rows_that_the_terminal_wrapped_are_one_line() -> None:
    """Soft wraps are joined, at every width that the line has stood at; hard ones are not."""
    words = "a line that is longer than the terminal is wide, by far"
    read = read_transcript(record(words + "\r\nhard\r\n", Resize(0, 8, 20), "end", cols=30))
    assert texts(read) == [words, "hard", "end"]


def test_a_clear_keeps_what_came_before() -> None:
    """After a real clear a new segment begins."""
    read = read_transcript(record("one fish\r\ntwo fish\r\nred fish\r\nblue fish\r\n", CLEAR + "something else\r\n"))
    assert texts(read) == ["one fish", "two fish", "red fish", "blue fish", "something else"]
    assert [segment.first_line for segment in read.segments] == [0, 4]


def test_a_short_conversation_stays_when_a_new_one_begins() -> None:
    """Cleared, with the same header drawn again, what stood on one screen below it is kept."""
    header = "model: the one that was scripted\r\ndirectory: ~/project/of/a/person\r\n"
    said = [f"\r\nanswer number {number} says a little about it" for number in range(8)]
    again = "\x1b[2J\x1b[H" + header + "\r\na new conversation"
    begun = "loading\x1b[K", "\rloading\x1b[K", "\r" + header
    transcript = read_transcript(record(*begun, *said, again, "\r\nand its answer", cols=60, rows=20))
    assert [text for text in texts(transcript) if "answer" in text] == [line.strip() for line in said] + [
        "and its answer"
    ]
    assert sum("model:" in text for text in texts(transcript)) == 1


@pytest.mark.parametrize("rows", [8, 30])
def test_a_header_that_is_drawn_anew_with_more_below_it_is_told_once(rows: int) -> None:
    """A repaint puts a notice between the header and a text that it repeats: nothing of the old header is left."""
    header = [f"header {number} of what the program says first" for number in range(3)]
    said = [f"sentence {letter} of the conversation as it goes on" for letter in "abcdefghijkl"]
    again = [*header, "a notice that was not there", *said]
    frames = ["\r\n".join(header), *("\r\n" + line for line in said), "\x1b[2J\x1b[3J\x1b[H" + "\r\n".join(again)]
    assert texts(read_transcript(record(*frames, cols=60, rows=rows))) == again


def test_a_short_conversation_stays_when_it_is_cleared_in_one_frame() -> None:
    """Synchronized output hides that the screen was empty: header and footer stand where they stood, as before."""
    header = "Welcome to the program\r\ndirectory: ~/project/of/a/person\r\n"
    footer = "\r\n\r\n> \r\n? for shortcuts of this program"
    up = "\x1b[3A\r\x1b[J"
    said = [f"answer number {number} says a little about it" for number in range(8)]
    clear = "\x1b[?2026h" + CLEAR + header + "/clear" + footer + "\r\n" + "\x1b[?2026l"
    drawn = [up + line + footer + "\r\n" for line in said]
    transcript = read_transcript(record(header, footer, *drawn, clear, *drawn, clear, cols=60, rows=30))
    assert [text for text in texts(transcript) if "answer" in text] == said + said


def test_where_enough_is_shown_again_a_repaint_belongs() -> None:
    """Below a dialog that goes, a few words say less of an older conversation than many of the one that it covered."""
    header = "Welcome to the program\r\ndirectory: ~/project/of/a/person\r\n"
    begun = "/clear\r\nmake the file of the example\r\nRun(touch example.txt)"
    dialog = "\r\n".join(f"choice {number} of all that may be done with this long command" for number in range(5))
    said = [f"\r\nanswer number {number} says a little about it" for number in range(9)]
    read = read_transcript(
        record(
            header,
            header,
            *said,
            "\r\n/clear\r\nclears the conversation and begins a new one",
            CLEAR + header + begun,
            "\r\n" + dialog,
            CLEAR + header + begun + "\r\nit was made",
            cols=60,
            rows=8,
        )
    )
    assert sum("make the file" in text for text in texts(read)) == 1


def test_a_repaint_that_leaves_out_the_first_lines_leaves_them_where_they_were() -> None:
    """Claude Code 2.1.90 draws the banner and the latest messages; the banner, wrapped otherwise, says not where."""
    tip = "Tip: a word of advice that is longer than a narrow screen is wide"
    narrow = [tip[:38].rstrip(), tip[38:].strip()]
    said = [f"paragraph {number} of what was said" for number in range(30)]
    frames: list[str | Resize] = [f"{CLEAR}Welcome\r\n{tip}\r\n"] * 2
    frames += [CLEAR + "\r\n".join(["Welcome", tip, *said[n : n + 12]]) for n in range(0, 12, 3)]
    frames += [Resize(0, 8, 40)]
    frames += [CLEAR + "\r\n".join(["Welcome", *narrow, *said[n : n + 12]]) for n in range(12, 18, 3)]
    read = read_transcript(record(*frames, cols=70))
    assert [text for text in texts(read) if "paragraph" in text] == said[:27]
    times = [line.seconds for line in read.lines if "paragraph" in line.text]
    assert times == sorted(times)
    assert times[:15] == [2.0] * 12 + [3.0] * 3


def test_a_conversation_that_is_printed_once_more_below_itself_is_there_once() -> None:
    """A program for screen readers erases nothing when the terminal is resized; each line keeps its time."""
    banner = ["Welcome to the program", "directory: ~/project"]
    said = [f"paragraph {number} of what was said" for number in range(30)]
    frames = ["\r\n".join([*banner, ""]), *(line + "\r\n" for line in said), "> "]
    again = "\r" + "\r\n".join([*banner, *said, "paragraph 30 is new", "> "])
    read = read_transcript(record(*frames, Resize(0, 8, 50), again, cols=60))
    lines = [(line.text, line.seconds) for line in read.lines if "paragraph" in line.text]
    assert lines[:30] == [(text, number + 1.0) for number, text in enumerate(said)]
    assert [text for text, _ in lines[30:]] == ["paragraph 30 is new"]


def test_a_repaint_is_no_news() -> None:
    """The whole history printed anew, wrapped otherwise, merges with what was there and keeps its times."""
    said = [f"{number} paragraph of the conversation" for number in range(20)]
    wrapped = [half for line in said for half in (line[:20], line[20:])]
    read = read_transcript(
        record(*(line + "\r\n" for line in said), Resize(0, 8, 21), CLEAR + "\r\n".join(wrapped) + "\r\nmore", cols=60)
    )
    assert "".join(texts(read)).replace(" ", "") == "".join([*said, "more"]).replace(" ", "")
    assert [line.seconds for line in read.lines if line.text[:2].strip().isdigit()] == list(range(20))


def test_another_view_of_the_conversation_is_an_overlay() -> None:
    """Outputs shown in full and folded again are kept apart, whole; the conversation stays as it was."""
    said = [f"{number} paragraph of the conversation" for number in range(20)]
    full = [*said[:5], *(f"{number} line of output" for number in range(12)), *said[5:]]
    read = read_transcript(
        record("\r\n".join(said), CLEAR + "\r\n".join(full), CLEAR + "\r\n".join(said), "\r\nand on", cols=60)
    )
    kinds = [read.segments[line.segment].kind for line in read.lines]
    conversation = [line.text for line, kind in zip(read.lines, kinds, strict=True) if kind is SegmentKind.MAIN]
    overlay = [line.text for line, kind in zip(read.lines, kinds, strict=True) if kind is SegmentKind.OVERLAY]
    assert conversation == [*said, "and on"]
    assert overlay == full


def test_another_view_that_stays_keeps_the_times() -> None:
    """Outputs shown in full and never folded again: what is told with them was told when it was told first."""
    said = [f"paragraph {number} of the conversation" for number in range(20)]
    full = [*said[:5], *(f"line {number} of output" for number in range(12)), *said[5:]]
    read = read_transcript(record(*(line + "\r\n" for line in said), CLEAR + "\r\n".join(full), "\r\nand on", cols=60))
    assert [(line.text, line.seconds) for line in read.lines if "paragraph" in line.text] == [
        (text, float(number)) for number, text in enumerate(said)
    ]


def test_a_line_stays_where_a_repaint_begins_with_blank_rows() -> None:
    """The screen shows it no more, and what comes next scrolls past: the rows without a letter are not the line."""
    said = [f"paragraph {number} of the conversation" for number in range(20)]
    lines = ["Welcome\r\n", "Tip: none\r\n", *(line + "\r\n" for line in said), "> "]
    below = ["", "", *said[16:], "", "it is summarized", "> "]
    wipe = "\x1b[H" + "\x1b[2K\x1b[1B" * 8 + "\x1b[H"
    read = read_transcript(record(*lines, wipe + "\r\n".join(below), "\rmore\r\nand more\r\n", "> ", cols=60, rows=9))
    assert [text for text in texts(read) if "paragraph" in text] == said


def test_a_view_that_begins_inside_an_output_leaves_the_conversation_whole() -> None:
    """Its first rows are of an output that the conversation shows folded; what it says of each answer is its own."""
    said = [f"{number} paragraph of the conversation" for number in range(20)]
    said[8] = "folded: one line of an output"
    full = [f"{number} line of what the command has printed" for number in range(4)]
    view = [*full, *(row for line in [*said[6:8], *said[9:]] for row in ("10:15 the model", line)), "Showing all of it"]
    wipe = "\x1b[H" + "\x1b[2K\x1b[1B" * 8 + "\x1b[H"
    read = read_transcript(
        record(
            "Welcome\r\n",
            "Tip: none\r\n",
            CLEAR + "\r\n".join(said),
            wipe + "\r\n".join(view),
            wipe + "\r\n".join(said[-8:]),
            "\r\nand on",
            cols=60,
        )
    )
    kinds = [read.segments[line.segment].kind for line in read.lines]
    conversation = [line.text for line, kind in zip(read.lines, kinds, strict=True) if kind is SegmentKind.MAIN]
    assert conversation == [*said, "and on"]


def test_lines_that_a_view_took_over_come_back_with_their_times() -> None:
    """The view begins with the first row of the screen, shows more below it, and goes."""
    said = [f"paragraph {number} of the conversation" for number in range(12)]
    full = [f"line {number} of what a command has printed" for number in range(20)]
    view = ["show previous messages", said[4], *full, *said[5:]]
    lines = ["Welcome\r\n", "Tip: none", *("\r\n" + line for line in said)]
    wipe = "\x1b[H" + "\x1b[2K\x1b[1B" * 8 + "\x1b[H"
    read = read_transcript(record(*lines, wipe + "\r\n".join(view), wipe + "\r\n".join(said), cols=60))
    main = [line for line in read.lines if read.segments[line.segment].kind is SegmentKind.MAIN]
    assert [(line.text, line.seconds) for line in main if "paragraph" in line.text] == [
        (text, number + 2.0) for number, text in enumerate(said)
    ]


def test_a_dialog_taller_than_the_screen_goes_with_what_scrolled_of_it() -> None:
    """Its upper part was final, but came at once with the rest; what was above it is shown again, and it no more."""
    said = [f"paragraph {number} of the conversation" for number in range(20)]
    footer = "press a key to go on"
    dialog = [*(f"row {number} of the file that is to be written" for number in range(40)), footer]
    lines = ["Welcome\r\n", "Tip: none", *("\r\n" + line for line in said), "\r\n" + "\r\n".join(dialog)]
    wipe = "\x1b[H" + "\x1b[2K\x1b[1B" * 16 + "\x1b[H"
    done = "it was written, and that is all that was to be done"
    read = read_transcript(record(*lines, wipe + "\r\n".join([*said[6:], done, footer]), cols=60, rows=16))
    assert texts(read) == ["Welcome", "Tip: none", *said, done, footer]


def test_a_view_that_grew_from_the_conversation_goes_with_it() -> None:
    """Outputs shown in full in place push the screen up; once they are folded again, nothing is told twice."""
    said = [f"{number} paragraph of the conversation" for number in range(6)]
    full = [f"{number} line of what the command has printed" for number in range(30)]
    end = ["it ends with some words of the conversation", "and with a few more of them", "> type here"]
    wipe = "\x1b[H" + "\x1b[2K\x1b[1B" * 12 + "\x1b[H"
    read = read_transcript(
        record(
            "Welcome\r\n",
            "Tip: none\r\n",
            CLEAR + "\r\n".join([*said, *end]),
            "\x1b[7;1H\x1b[J" + "\r\n".join([*full, *end]),
            wipe + "\r\n".join([*said[2:], *end]),
            cols=60,
            rows=12,
        )
    )
    assert texts(read) == [*said, *end]


def test_what_only_an_overlay_shows_again_has_gone() -> None:
    """A dialog's words in the full output of a command do not make the dialog stay: it was passing all the same."""
    said = [f"{number} paragraph of the conversation" for number in range(20)]
    asked = "Do you want to run this command?"
    full = [*said[:5], asked, *(f"{number} line of output" for number in range(12)), *said[5:]]
    views = [CLEAR + "\r\n".join(view) for view in (full, said)]
    read = read_transcript(
        record("\r\n".join(said), f"\r\n{asked}", "\r\x1b[K\x1b[A\x1b[999C", *views, "\r\nand on", cols=60)
    )
    assert asked in [passed.text for passed in read.passing]


def test_what_a_program_prints_again_as_it_ends_is_there_once() -> None:
    """Having left the alternate screen some print the whole conversation: each line once, when it was first seen."""
    drawn = ["\x1b[?1049h\x1b[?1002h\x1b[Hclose-issue 583", "\x1b[2;1HI look at the repository.", "\x1b[8;1H> draft"]
    printed = "close-issue 583\r\nI look at the repository.\r\nGoodbye!\r\n"
    read = read_transcript(record("$ assistant\r\n", *drawn, f"\x1b[?1002l\x1b[?1049l{printed}"))
    assert [(line.text, line.seconds) for line in read.lines if line.text] == [
        ("$ assistant", 0), ("close-issue 583", 1), ("I look at the repository.", 2), ("Goodbye!", 4),
    ]  # fmt: skip


def test_what_a_program_does_not_print_again_stays() -> None:
    """A word of farewell takes nothing from what was drawn on the alternate screen."""
    drawn = ["\x1b[?1049h\x1b[?1002h\x1b[Hclose-issue 583", "\x1b[2;1HI look at the repository."]
    read = read_transcript(record(*drawn, "\x1b[?1002l\x1b[?1049lGoodbye!\r\n"))
    assert texts(read) == ["close-issue 583", "I look at the repository.", "Goodbye!"]


def test_what_a_repaint_sets_above_the_first_line_is_kept() -> None:
    """A live block is drawn anew below the first words of the conversation: those were never there before."""
    live = [
        "Screen reader view is on",
        "workspace of the session",
        "main branch, no sandbox",
        "model: auto",
        "> type here",
    ]
    erase = "\x1b[4A\r\x1b[J"
    first, then = "\r\n".join(live), "\r\n".join(("User:  close the issue", *live))
    read = read_transcript(record("Welcome\r\n", "Tip: none\r\n", CLEAR + first, erase + then))
    assert texts(read)[-6:] == ["User:  close the issue", *live]


def test_a_repaint_of_several_pictures_counts_once() -> None:
    """Claude Code 2.0 prints all its earlier views before the present one; each begins with the banner."""
    banner = ["Assistant v2.0", "Model 4.5 · Billing"]
    said = [*banner, *[f"{number} paragraph of the conversation" for number in range(24)]]
    full = [*said[:9], *[f"{number} line of output" for number in range(12)], *said[9:]]
    drawn = ["\r\n".join(part) for part in (said[:2], said[2:3], said[3:], [*said, *full, *said])]
    read = read_transcript(record(*[part + "\r\n" for part in drawn[:3]], CLEAR + drawn[3], "\r\nand on", cols=60))
    assert texts(read) == [*said, "and on"]


def test_a_conversation_in_the_alternate_screen_without_the_mouse() -> None:
    """Whoever turns bracketed paste on just before entering reads a person's typing: no pager does."""
    drawn = [
        "\x1b[?2004h\x1b[?1049h\x1b[?1007h\x1b[Hclose-issue 583",
        "\x1b[3;1HIt is closed.",
        "\x1b[?1049l\x1b[?2004l",
    ]
    transcript = read_transcript(record(*drawn, "bye\r\n"))
    assert transcript.segments[0].kind is SegmentKind.FULL_SCREEN


def test_a_dialog_on_a_first_page_goes_as_it_came() -> None:
    """Below a banner and little else a dialog is most of what there is; closed, it leaves the page as it was."""
    top = "\x1b[?2004h\x1b[?1049h\x1b[?1007h\x1b[HThe banner says this"
    asked = "".join(f"\x1b[{row};1HHere is question number {row} of the dialog" for row in range(10, 21))
    closed = "\x1b[6;1H\x1b[JYou approved it\x1b[20;1H> say something"
    pieces = [
        top,
        "\x1b[2;1HThe banner says that",
        "\x1b[4;1Hmake files",
        "\x1b[6;1HRunning it",
        asked,
        closed,
        "\x1b[8;1HDone with it",
    ]
    read = read_transcript(record(*pieces, rows=20))
    assert len(read.segments) == 1
    assert texts(read)[2:] == ["make files", "You approved it", "Done with it", "> say something"]


def test_a_page_that_turns_under_a_menu_is_a_new_one() -> None:
    """A menu that opens over the conversation goes with it where the page is cleared: nothing said is overwritten."""
    top = "\x1b[?2004h\x1b[?1049h\x1b[?1007h\x1b[HThe banner says this"
    page = ["\x1b[2;1HThe banner says that", "\x1b[3;1Hmode: free", "\x1b[5;1Hmake files"]
    said = [f"\x1b[{row};1HThey are made, says line number {row}" for row in range(7, 12)]
    menu = "".join(f"\x1b[{row};1HHere is choice number {row} of the menu" for row in range(14, 21))
    read = read_transcript(record(top, *page, *said, menu, "\x1b[5;1H\x1b[J\x1b[20;1H> say something", rows=20))
    assert [line.text for line in read.lines if line.text.startswith("They are made")] == [
        f"They are made, says line number {row}" for row in range(7, 12)
    ]


def test_a_pager_is_an_overlay_and_the_conversation_goes_on() -> None:
    """Neither a pager that a shell starts nor one that an inline assistant opens becomes conversation."""
    pager = ["\x1b[?1049h\x1b[Hpage one\r\n(END)", "\x1b[?1049l"]
    shell = read_transcript(record("$ git log\r\n", *pager, "$ exit\r\n"))
    assistant = read_transcript(record("\x1b[?2004hhello\r\n", *pager, "world\r\n", "\x1b[?2004l"))
    for read in (shell, assistant):
        assert [segment.kind for segment in read.segments] == [SegmentKind.MAIN, SegmentKind.OVERLAY]
        assert read.lines[-1].segment == 0
    assert [line.text for line in assistant.lines if line.segment != 1] == ["hello", "world"]


def test_what_stays_at_the_end_is_marked_live() -> None:
    """What scrolled off is final, what is on the screen when the recording ends could still have changed."""
    read = read_transcript(record(*(f"line {number}\r\n" for number in range(20)), rows=5))
    assert [line.text for line in read.ended_live] == ["line 16", "line 17", "line 18", "line 19"]


def test_letters_are_decoded_whatever_the_chunks() -> None:
    """A letter cut in two is whole, bytes that are none become the replacement character, marks stay with letters."""
    raw = "naïve 日本語 e\u0301\u0327x 👩\u200d👧 ❤\ufe0f.".encode()
    whole = read_transcript(record(raw))
    cut = read_transcript(record(*(raw[number : number + 1] for number in range(len(raw))), pause=0))
    assert texts(whole) == texts(cut) == ["naïve 日本語 e\u0301\u0327x 👩\u200d👧 ❤\ufe0f."]
    assert texts(read_transcript(record(b"a\xffb\xed\xa0\x80c"))) == ["a\ufffdb\ufffd\ufffd\ufffdc"]


def test_a_resize_may_come_inside_a_letter_or_a_sequence() -> None:
    """What a resize cuts in two is read whole."""
    letter = "é".encode()
    read = read_transcript(
        record(b"caf" + letter[:1], Resize(0, 9, 40), letter[1:] + b" \x1b[3", Resize(0, 8, 40), b"1mred\x1b[0m\r\n")
    )
    assert texts(read) == ["café red"]


def test_titles_are_kept_with_their_times() -> None:
    """OSC 0 and 2 name the window, ended by BEL or ST, even if they come in pieces."""
    read = read_transcript(record("\x1b]0;one\x07", "\x1b]2;tw", "o\x1b\\x"))
    assert read.titles == ((0, "one"), (2, "two"))


SEQUENCES = [
    "\r\n",
    "\r",
    "\x1b[2J",
    "\x1b[H",
    "\x1b[3;1H",
    "\x1b[K",
    "\x1b[A",
    "\x1b[2;5r",
    "\x1b[S",
    "\x1b[?2026h",
    "\x1b[?2026l",
    "\x1b[?1049h",
    "\x1b[?1049l",
    "\x1b[31m",
    "\x1b[",
    "\x1b]0;t",
    "\x07",
    "日本",
    "é",
]
PIECES = st.lists(st.one_of(st.sampled_from(SEQUENCES), st.text("abcdef ", min_size=1, max_size=12)), max_size=60)


@given(PIECES, st.lists(st.integers(0, 400), max_size=30), st.data())
def test_chunks_do_not_matter(pieces: list[str], cuts: list[int], data: st.DataObject) -> None:
    """The same bytes at the same times give the same transcript, however they are cut."""
    runs = [piece.encode() for piece in pieces]
    times = list(itertools.accumulate(data.draw(st.sampled_from([0.0, 0.005, 0.5])) for _ in runs))
    whole = tuple(Output(seconds, run) for seconds, run in zip(times, runs, strict=True))
    single = tuple(
        Output(seconds, run[number : number + 1])
        for seconds, run in zip(times, runs, strict=True)
        for number in range(len(run))
    )
    read, again = (
        read_transcript(Recording(None, None, 6, 20, None, None, None, chunks)) for chunks in (whole, single)
    )
    assert read == again


@given(
    st.lists(st.one_of(st.binary(max_size=80), st.builds(Resize, st.just(0), st.integers(1, 9), st.integers(1, 30))))
)
def test_noise_never_raises(noise: list[bytes | Resize]) -> None:
    """Whatever bytes come, at whatever size, a transcript is made of them, and the same one each time."""
    recording = record(*noise, cols=10, rows=4)
    assert read_transcript(recording) == read_transcript(recording)


def test_what_follows_a_dialog_that_was_the_whole_screen_goes_on_where_it_was() -> None:
    """On a low main screen a dialog leaves no row of the text; nothing was cleared when it is gone."""
    text = [f"● the {row} sentence of an answer" for row in ("first", "second", "third", "fourth", "fifth", "sixth")]
    dialog = ["Create file", "  one line of the file", "Do you want to create it?", "  1. Yes", "  2. No"]
    asks = "\r\n".join([*text, *dialog, "Esc to cancel"])
    erased = "\x1b[H\x1b[J✽ Working… (1s)\r\n❯\r\n  esc to interrupt"
    done = "\x1b[H\x1b[J● Write(it.py)\r\n● It was made.\r\n❯"
    transcript = read_transcript(record("Assistant v2\r\n", asks, erased, done, cols=60, rows=6))
    assert [line.text for line in transcript.lines] == ["Assistant v2", *text, "● Write(it.py)", "● It was made.", "❯"]
    assert len(transcript.segments) == 1
