"""Searching in sessions: what may be typed, what is found, where and when."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from parsers.session import AssistantText, Category, Event, Prompt, ToolUse
from tests import synthetic
from tests.forked import run
from with_tracking import index
from with_tracking.cli.search import highlighted
from with_tracking.errors import WithTrackingError
from with_tracking.history.filters import Filters
from with_tracking.history.search import Found, Snippet, search
from with_tracking.history.search_query import read_query
from with_tracking.remarks import Remarks, write_remarks


def edit(path: str) -> ToolUse:
    """Return an edit of a file."""
    return ToolUse(name="Edit", category=Category.EDIT, files=(path,), ok=True, start_seconds=3.0)


SESSIONS: dict[str, tuple[Event, ...]] = {
    "a": (
        Prompt(text="Why does the login time out? See src/app/login_form.py", seconds=1.0),
        synthetic.shell("pytest -x --force tests/test_login.py", 65.0, ok=False),
        edit("src/app/login_form.py"),
        AssistantText(text="The connection was refused by the café's proxy.", seconds=3700.0),
    ),
    "b": (
        Prompt(text="Add a connection pool", seconds=1.0),
        synthetic.shell("git push --force", 2.0),
        AssistantText(text="Refused connections are now retried; migration 7 and migrations of users.", seconds=9.0),
    ),
}


@pytest.fixture
def archive_of_two(tracking_root: Path) -> Path:
    """Make an archive of two sessions."""
    for name, events in SESSIONS.items():
        synthetic.parse(synthetic.record(tracking_root, name), events)
    write_remarks(tracking_root / "sessions/2026/11/20/b", Remarks(note="a walrus"))
    return tracking_root


def find(root: Path, text: str, *columns: str) -> Found:
    """Search as the command does."""
    with index.current(root) as connection:
        return search(connection, root, read_query(text).within(columns), Filters())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("connection refused", "ab"),  # both words, anywhere
        ('"connection was refused"', "a"),
        ('"refused connections"', "b"),
        ("CONNECTION cafe", "a"),  # neither case nor accents count
        ("migrat*", "b"),
        ('"migration 7" AND walrus', "b"),
        ("login OR walrus", "ab"),
        ("connection NOT proxy", "b"),
        ("connection NOT (proxy OR walrus)", ""),
        ("(login OR pool) (proxy OR walrus)", "ab"),
        ("--force", "ab"),
        ("src/app/login_form.py", "a"),
        ("login_form", "a"),
        ("and", "b"),  # a word, not the operator
        ("tests/test_log*", "a"),
        ("nothing-of-the-kind", ""),
        ("output of git", "b"),
    ],
)
def test_queries(archive_of_two: Path, text: str, wanted: str) -> None:
    """Words, phrases, beginnings, operators, brackets, and whatever signs are in a word."""
    found = find(archive_of_two, text)
    assert sorted(hit.session.session_id for hit in found.hits) == list(wanted)
    assert found.sessions == len(wanted)
    assert all(hit.snippets and hit.places for hit in found.hits)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('say "hello', 'A quotation mark (") is not closed'),
        ("(a OR b", "A bracket is not closed"),
        ("a)", "A bracket is closed that was not opened"),
        ("NOT a", "Something is missing before NOT"),
        ("a AND", "Something is missing at the end"),
        ("a OR AND b", "Something is missing before AND"),
        ("&&", "There is no letter and no digit in '&&'"),
        ("  ", "There is nothing to search for"),
        ("(" * 60 + "a" + ")" * 60, "There are too many brackets"),
    ],
)
def test_bad_queries(text: str, what: str) -> None:
    """What cannot be searched for is said in words, never in SQLite's."""
    with pytest.raises(WithTrackingError) as raised:
        read_query(text)
    assert what in str(raised.value)


def test_long_queries(archive_of_two: Path) -> None:
    """Hundreds of words, and the deepest brackets that are allowed, are no problem for SQLite's parser."""
    assert find(archive_of_two, " OR ".join(f"word{number}" for number in range(400)) + " OR walrus").sessions == 1
    assert find(archive_of_two, "(" * 40 + "walrus" + ")" * 40).sessions == 1


def test_snippets_say_where_and_when(archive_of_two: Path) -> None:
    """Each place has its kind, its time and what was found in it."""
    (hit,) = find(archive_of_two, "proxy").hits
    (snippet,) = hit.snippets
    assert (snippet.where, snippet.seconds) == ("answers", 3700.0)
    assert [snippet.text[start:end] for start, end in snippet.highlights] == ["proxy"]
    (hit,) = find(archive_of_two, "login_form").hits
    assert [(one.where, one.seconds) for one in hit.snippets] == [("prompts", 1.0), ("files", 3.0)]
    (hit,) = find(archive_of_two, "login walrus OR pool walrus").hits
    assert [one.where for one in hit.snippets] == ["prompts", "notes"]


def test_columns(archive_of_two: Path) -> None:
    """A search may be of some of the texts only."""
    assert find(archive_of_two, "connection", "prompts").sessions == 1
    assert find(archive_of_two, "login NOT proxy", "commands", "errors").sessions == 1
    assert find(archive_of_two, "login", "answers").sessions == 0


def test_command(archive_of_two: Path) -> None:
    """A line for the session, a line for each place; filters hold; nothing found is exit 1."""
    shown = run("search", "proxy", TZ="UTC")
    assert shown.stdout.splitlines() == [
        f"a {synthetic.listed(synthetic.BEGAN)} claude ✓ Why does the login time out? See src/app/login_form.py",
        "  +1:01:40 answers The connection was refused by the café's proxy.",
    ]
    found = json.loads(run("search", "proxy", "--json").stdout)
    assert found["hits"][0]["snippets"][0]["highlights"] == [[41, 46]]
    nothing = run("search", "proxy", "--provider", "gemini")
    assert (nothing.returncode, nothing.stdout) == (1, "")
    bad = run("search", '"open')
    assert (bad.returncode, bad.stderr.startswith('Error: A quotation mark (") is not closed. Try: ')) == (1, True)
    assert "1 of 2 sessions. More: --limit 2" in run("search", "force", "--limit", "1").stderr


def test_recorded_escapes_do_nothing(tracking_root: Path) -> None:
    """What a recorded text could do to a terminal does not come out of it."""
    text = "a walrus \x1b]0;title\x07\x1b[31mred\x9b1m \ud800 end"
    synthetic.parse(synthetic.record(tracking_root, "a"), [Prompt(text=text.encode("utf-8", "replace").decode())])
    shown = run("search", "walrus").stdout
    assert "walrus" in shown
    assert all(char.isprintable() or char == "\n" for char in shown)


def test_what_was_found_is_in_sight() -> None:
    """In a narrow terminal the text before what was found is cut, not what was found."""
    text = "word " * 20 + "needle and more"
    snippet = Snippet(where="answers", seconds=None, text=text, highlights=((100, 106),))
    shown = highlighted(snippet, 40)
    assert shown.plain.startswith("…")
    assert "needle" in shown.plain[:40]
    assert [shown.plain[span.start : span.end] for span in shown.spans if "red" in str(span.style)] == ["needle"]
    assert highlighted(snippet, None).plain == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("登入", "登入"),
        ("login", "login"),  # beside signs of another script
        ("エラー", "エラー"),
        ('"修復 登入"', "修復登入"),
        ("頁*", "頁"),
        ("ภาษา", "ภาษา"),
        ("入登", None),
        ("登面", None),
    ],
)
def test_words_of_scripts_without_blanks(tracking_root: Path, text: str, found: str | None) -> None:
    """A word is found within a sentence that has no blanks, as somebody who reads it would find it."""
    prompt = "請修復登入頁面loginのエラー ภาษาไทย"
    synthetic.parse(synthetic.record(tracking_root, "a"), [Prompt(text=prompt, seconds=1.0)])
    hits = find(tracking_root, text).hits
    assert len(hits) == (found is not None)
    for hit in hits:
        (snippet,) = hit.snippets
        assert snippet.text.strip("…") in prompt
        assert [snippet.text[start:end] for start, end in snippet.highlights] == [found]
