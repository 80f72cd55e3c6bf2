"""A secret is masked however it is drawn, wrapped or written; what stands around it stays."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from tests.secrets_of import planted
from with_tracking.masking import Secrets, drawn_text
from with_tracking.redaction import Redactor, built_in_rules

REDACTOR = Redactor(built_in_rules())
PLANTED = planted()
SECRET = PLANTED["github-token"][0]
PASSWORD = "p&ss/w+rd=7X"


def _rows(text: str, width: int, left: str = "", right: str = "") -> str:
    rows = [text[at : at + width] for at in range(0, len(text), width)]
    return "\r\n".join(f"{left}{row:{width}}{right}".rstrip() for row in rows)


DRAWN = {
    "a box": _rows(f"it is {SECRET} now", 32, "│ ", " │"),
    "a box that is set apart": _rows(f"it is {SECRET} now", 32, "│ ", " │").replace("\r\n", "\n\n"),
    "an indented paragraph": _rows(f"it is {SECRET} now", 34, "  "),
    "a title": f"\x1b]0;{SECRET}\x07 and \x1b]8;;https://x/?{SECRET}\x1b\\link\x1b]8;;\x1b\\",
    "a title in the middle": f"{SECRET[:20]}\x1b]0;working\x07{SECRET[20:]}",
    "colours": "".join(f"\x1b[3{n % 8}m{letter}\x1b[0m" for n, letter in enumerate(SECRET)),
    "moves": "".join(f"\x1b[5;{1 + at}H{SECRET[at : at + 5]}" for at in range(0, len(SECRET), 5)),
    "typing": "".join(f"\r\x1b[2K> {SECRET[:end]}" for end in range(1, len(SECRET) + 1)),
    "scrolling": f"\x1b[7;1H\x1b[2K{SECRET[:21]}\x1b[8;1H\x1b[2K{SECRET[21:]} x\x1b[1;1H\x1b[2K{SECRET[21:]} x",
    "a message of another kind": f"\x1b_{SECRET}\x1b\\",
}


@pytest.mark.parametrize("way", DRAWN)
def test_no_piece_of_a_drawn_secret_stays(way: str) -> None:
    """Twelve characters of it in a row are nowhere, the file is as long as before, its sequences are untouched."""
    drawn = DRAWN[way]
    secrets = Secrets.gather(REDACTOR, [drawn_text(drawn), f"as {SECRET} elsewhere"])
    masked = secrets.mask_bytes(drawn.encode())
    assert len(masked) == len(drawn.encode())
    assert masked.count(b"\x1b") == drawn.count("\x1b")
    left = "".join(drawn_text(masked.decode()).translate(dict.fromkeys(map(ord, " │\r\n"))).split())
    assert [SECRET[n : n + 12] for n in range(len(SECRET) - 11) if SECRET[n : n + 12] in left] == []


@pytest.mark.parametrize("way", ["a box", "a box that is set apart", "an indented paragraph"])
def test_a_secret_that_is_nowhere_whole_is_known(way: str) -> None:
    """Broken over full rows, it is recognised without another place where it stands in one piece."""
    masked = Secrets.gather(REDACTOR, [DRAWN[way]]).mask_text(DRAWN[way])
    assert SECRET[:10] not in masked
    assert SECRET[-6:] not in masked


WRITTEN = {
    "JSON": json.dumps(PASSWORD).replace("/", "\\/").replace("&", "\\u0026").replace("+", "\\u002b"),
    "JSON in JSON": json.dumps(json.dumps({"a": PASSWORD})),
    "an address": quote(PASSWORD, safe=""),
    **{f"base64 {n}": base64.b64encode(b"x" * n + b":" + PASSWORD.encode() + b"!").decode() for n in range(3)},
}


@pytest.mark.parametrize("way", WRITTEN)
def test_a_secret_is_known_in_other_ways_of_writing(way: str) -> None:
    """Escaped as in JSON or an address, or in base64 whatever stands before it."""
    secrets = Secrets.gather(REDACTOR, [f"DB_PASSWORD='{PASSWORD}'"])
    text = f"before {WRITTEN[way]} after"
    assert secrets.stand_in(text)
    assert "[redacted:password]" in secrets.mask_text(text)
    assert not secrets.stand_in(secrets.mask_bytes(text.encode()).decode())


def test_a_piece_that_begins_like_another_secret_is_masked() -> None:
    """Keys of one vendor begin alike: a cut one is compared with all of them."""
    common, one, other = "sk-ant-api03-aaaabbbbcccc", "1111222233334444", "5555666677778888"
    secrets = Secrets({common + one: "anthropic-key", common + other: "anthropic-key"})
    for at in range(8):
        masked = secrets.mask_text(f"{'.' * at}{common[-6:]}{other[:8]} and {common[-6:]}{one[:8]}")
        assert masked == f"{'.' * at}[redacted:anthropic-key] and [redacted:anthropic-key]"


def test_a_word_that_was_joined_with_a_secret_stays() -> None:
    """A full row that ends with a key seems to go on in the next one: what begins there is masked nowhere else."""
    text = "X-Api-Key: KPcAPRzMW7L0GMlzbxDzDMUS24WkRPTT\nAuthorization: none"
    secrets = Secrets.gather(REDACTOR, [text])
    assert "KPcAPRzMW7L0" not in secrets.mask_text(text)
    assert secrets.mask_text("an Authorization header") == "an Authorization header"


def test_ordinary_words_beside_a_secret_stay() -> None:
    """Masking goes by pieces of twelve characters: shorter ones that happen to be the same are words."""
    secrets = Secrets.gather(REDACTOR, ["API_KEY=connection-4711-pool-x9"])
    assert secrets.mask_text("the connection to the pool") == "the connection to the pool"
