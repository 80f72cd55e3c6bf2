"""Command lines that script(1) noted, split into words again."""

import pytest

from parsers.quoted_words import words_of


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("codex exec 'fix it'", ("codex", "exec", "fix it")),
        (r"codex exec $'fix it:\nnow\tor \'never\''", ("codex", "exec", "fix it:\nnow\tor 'never'")),
        (r"codex $'na\303\257ve'", ("codex", "naïve")),
        (r"codex costs$'5", ()),
        (r"codex 'in $'", ("codex", "in $")),
        (r"codex $'a \9 b'", ("codex", "a 9 b")),
        ("", ()),
    ],
)
def test_words(command: str, words: tuple[str, ...]) -> None:
    """A prompt of several lines is one word; what does not split is none."""
    assert words_of(command) == words
