"""Made-up secrets of every kind that the rules know, in the words around them; none was ever valid."""

from __future__ import annotations

import random
import string

LETTERS, DIGITS, HEX = string.ascii_letters, string.digits, "0123456789abcdef"
ANY = LETTERS + DIGITS


def planted(seed: int = 583) -> dict[str, tuple[str, str]]:
    """Return name → (the secret, a text that shows it), the same for the same seed."""
    chance = random.Random(seed)

    def some(length: int, alphabet: str = ANY) -> str:
        return "".join(chance.choice(alphabet) for _ in range(length))

    tokens = {
        "github-token": f"ghp_{some(36)}",
        "github-token fine-grained": f"github_pat_{some(22)}_{some(59)}",
        "gitlab-token": f"glpat-{some(20)}",
        "anthropic-key": f"sk-ant-api03-{some(93)}AA",
        "openai-key": f"sk-proj-{some(74)}T3BlbkFJ{some(74)}",
        "google-key": f"AIza{some(35)}",
        "groq-key": f"gsk_{some(52)}",
        "huggingface-token": f"hf_{some(34, LETTERS)}",
        "aws-key": f"AKIA{some(16, string.ascii_uppercase + '234567')}",
        "slack-token": f"xoxb-{some(12, DIGITS)}-{some(12, DIGITS)}-{some(24)}",
        "stripe-key": f"sk_live_{some(24)}",
        "npm-token": f"npm_{some(36)}",
        "pypi-token": f"pypi-AgEIcHlwaS5vcmc{some(80)}",
        "sendgrid-key": f"SG.{some(22)}.{some(43)}",
        "digitalocean-token": f"dop_v1_{some(64, HEX)}",
        "jwt": f"eyJhbGciOiJIUzI1NiJ9.eyJ{some(40)}.{some(43)}",
    }
    shown = {name: (token, f"it is {token} now") for name, token in tokens.items()}
    around = {
        "aws-secret": ("aws_secret_access_key = {}", some(40)),
        "password-in-url": ("postgres://app:{}@db.internal:5432/shop", some(14)),
        "authorization-header": ('curl -H "Authorization: Bearer {}" http://x', some(32)),
        "password option": ("mysql --password={} shop", some(12)),
        "secret in an environment": ("DB_PASSWORD={}", some(14)),
        "secret in JSON": ('{{"client_secret": "{}"}}', some(30)),
        "secret of hex digits": ("SECRET_KEY_BASE={}", some(64, HEX)),
        "secret with signs": ("password: '{}'", f"{some(5)}&{some(4)}!{some(3)}"),
        "private-key": ("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", some(64)),
    }
    return shown | {name: (secret, text.format(secret)) for name, (text, secret) in around.items()}
