"""Secrets are found by their form or their place, and nothing else is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.secrets_of import planted
from tests.truth import RECORDINGS
from with_tracking import redaction
from with_tracking.masking import Secrets
from with_tracking.redaction import Redactor, Rule, built_in_rules, entropy

REDACTOR = Redactor(built_in_rules())
PLANTED = planted()


@pytest.mark.parametrize("kind", PLANTED)
def test_every_kind_of_secret_is_masked(kind: str) -> None:
    """Nothing of the secret is left, what stands around it is."""
    secret, text = PLANTED[kind]
    before, after = text.split(secret)
    masked = Secrets.gather(REDACTOR, [text]).mask_text(text)
    assert re.fullmatch(re.escape(before) + r"(\[redacted:[\w-]+\])+" + re.escape(after), masked)


@pytest.mark.parametrize(
    "text",
    [
        "password=os.environ['DB_PASSWORD']",
        "token: str | None = None",
        "API_KEY=your_api_key_here",
        "export TOKEN=$GITHUB_TOKEN",
        "secret: ${{ secrets.DEPLOY_KEY }}",
        "https://user:${PASSWORD}@example.com/x",
        "tokens: 1234567 input, 98765 output",
        "commit 3b18e512dba79e4c8300dd08aeb37f8e728b8dad",
        "session 1a289f89-b208-45ee-8d27-25832cb23c2a",
        "password_file = /run/secrets/postgres/password.txt",
        "const tokenCount = countTokens(messages)",
        "sk-learn and risk-management, task-1234567890",
        "Bearer authentication is described below",
        "max_tokens=4096, token_type=access",
        "postgres://postgres:postgres@localhost:5432/test",
        "mysql+pymysql://user:password@host/db",
        "passed = _parse_bool_value(raw_2)",
        'body["r2_temp_credentials"] = self.r2_temp_credentials',
        "to enable it, pass `full=True2`",
        "if (e.type === 'password' || x1)",
        "docker build --secret id=npmrc .",
    ],
)
def test_what_only_talks_of_secrets_is_left_alone(text: str) -> None:
    """Names, placeholders, variables, hashes and code are no secrets."""
    assert REDACTOR.findings(text) == []


def test_nothing_in_the_recordings_is_taken_for_a_secret() -> None:
    """Real sessions without secrets: no finding in any file (recorded bytes, logs, truths)."""
    for file in RECORDINGS.rglob("*"):
        if file.is_file():
            text = file.read_bytes().decode("utf-8", "replace")
            assert [text[f.start : f.end] for f in REDACTOR.findings(text)] == [], file


def test_python_finds_what_re2_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where RE2 is not installed the same secrets are masked."""
    monkeypatch.setattr(redaction, "HAS_RE2", False)
    slower = Redactor(built_in_rules.__wrapped__())
    texts = [text for _, text in PLANTED.values()]
    for text in (*texts, "\n".join(texts), "no secret in here"):
        assert slower.findings(text) == REDACTOR.findings(text)


def test_a_secret_is_masked_where_nothing_gives_it_away() -> None:
    """Known from one place, it is masked in all."""
    secret, text = PLANTED["secret in an environment"]
    secrets = Secrets.gather(REDACTOR, [text])
    assert secret not in secrets.mask_text(f"connecting with {secret}")


@pytest.mark.parametrize("break_at", [5, 17, 33])
def test_a_wrapped_secret_is_masked_whole(break_at: int) -> None:
    """Where a program broke it over two rows of a box, no piece stays."""
    secret, _ = PLANTED["github-token"]
    text = f"│ {'x' * 30}{secret[:break_at]} │\n│ {secret[break_at:]} and more │"
    masked = Secrets.gather(REDACTOR, [text, f" {secret} "]).mask_text(text)
    assert secret[:break_at] not in masked
    assert secret[break_at:] not in masked


def test_recorded_bytes_keep_their_length_and_their_drawing() -> None:
    """Cut by cursor moves and colours, the pieces are hidden and the sequences stay: timing logs still fit."""
    secret, _ = PLANTED["stripe-key"]
    pieces = [
        b"\x1b[1mX=",
        secret[:9].encode(),
        b"\x1b[0m\x1b[12C",
        secret[9:20].encode(),
        b"\r\n  ",
        secret[20:].encode(),
    ]
    data = b"".join((*pieces, b"\x1b]0;title\x07 and ", secret.encode()))
    masked = Secrets.gather(REDACTOR, [secret]).mask_bytes(data)
    assert len(masked) == len(data)
    assert b"\x1b[0m\x1b[12C" in masked
    assert b"\x1b]0;title\x07" in masked
    assert b"[redacted:stripe-key]" in masked
    assert not any(secret[n : n + 6].encode() in masked for n in range(len(secret) - 6))


@given(st.text(max_size=200))
def test_masking_twice_is_masking_once(text: str) -> None:
    """A mask is no secret."""
    text = f"{text} {PLANTED['github-token'][0]} {PLANTED['secret in JSON'][1]} {text}"
    once = Secrets.gather(REDACTOR, [text]).mask_text(text)
    assert Secrets.gather(REDACTOR, [once]).mask_text(once) == once


def test_own_patterns_and_exceptions() -> None:
    """A person's pattern needs no keyword; what is allowed is never masked."""
    own = Redactor((Rule("badge", (), re.compile(r"ACME-\d{6}")),), allowed=(re.compile("ACME-000000"),))
    assert own.redact("ACME-123456 ACME-000000") == "[redacted:badge] ACME-000000"


def test_entropy_is_in_bits_per_character() -> None:
    """One letter tells nothing, sixteen different hex digits four bits each."""
    assert entropy("aaaa") == 0
    assert entropy("0123456789abcdef") == 4
    assert entropy("") == 0
