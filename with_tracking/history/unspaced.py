"""Scripts that are written without blanks between words: for the search each of their characters is a word."""

from __future__ import annotations

import re

SPLIT = "\x04"
"""Put around such a character: the tokenizer ends a word there."""
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"  # kana, Han
)


def split_words(text: str) -> str:
    """Return a text in which the tokenizer finds each character of these scripts, and in others the words."""
    return text if text.isascii() else _UNSPACED.sub(rf"{SPLIT}\g<0>{SPLIT}", text)
