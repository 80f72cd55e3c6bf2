"""Made-up secrets of every kind that the rules know, in the words around them; none was ever valid."""

from __future__ import annotations

import random
import string

LETTERS, DIGITS, HEX = string.ascii_letters, string.digits, "0123456789abcdef"
ANY = LETTERS + DIGITS


PLACES = (
    "export PGPASSWORD='{}'",
    "SSHPASS={} ssh host",
    "set -x DB_PASSWORD {}",
    "setenv DB_PASSWORD {}",
    "ENV DB_PASSWORD {}",
    '$env:DB_PASSWORD = "{}"',
    "spring.datasource.password={}",
    "<password>{}</password>",
    '<add key="Password" value="{}"/>',
    '"password" => "{}"',
    '{{\\"password\\": \\"{}\\"}}',
    'os.environ["DB_PASSWORD"] = "{}"',
    'os.environ.setdefault("DB_PASSWORD", "{}")',
    '- name: DB_PASSWORD\n  value: "{}"',
    '"name": "DB_PASSWORD", "value": "{}"',
    "Server=db;User Id=sa;Password={};",
    "SMTP_PASS={}",
    '"pass": "{}"',
    "| password | {} |",
    "password\t{}",
    "--http-password={}",
    "curl -uadmin:{} https://x",
    "curl --user 'admin:{}' https://x",
    "sshpass -p '{}' ssh x",
    "docker login -u x -p {} registry",
    "echo {} | docker login --password-stdin",
    "redis-cli -a {} ping",
    "mysql -u root -p{} shop",
    "openssl x -passin pass:{}",
    "CREATE USER 'a'@'%' IDENTIFIED BY '{}';",
    "ALTER USER a WITH PASSWORD '{}';",
    "machine x login y password {}",
    "gh secret set TOKEN --body '{}'",
    "kubectl create secret generic x --from-literal=password={}",
)
"""Places at which a password is one, whatever it looks like; a test of each is named after its place."""
PLACES_OF_TOKENS = (
    "X-Api-Key: {}",
    "Authorization: {}",
    "Authorization: ApiKey {}",
    "PRIVATE-TOKEN: {}",
    "Cookie: theme=dark; sessionid={}",
    "aider --openai-api-key {}",
    "--client-secret '{}'",
    "STRIPE_KEY={}",
    "RAILS_MASTER_KEY={}",
    "APP_KEY=base64:{}",
    "OAUTH={}",
    'token "{}"',
    "https://api.x.com/v1?key={}&q=1",
    "https://{}@github.com/a/b.git",
    "SENTRY_DSN=https://{}@o1.ingest.sentry.io/1",
    "wandb login {}",
    "ngrok config add-authtoken {}",
    "npm config set //registry.npmjs.org/:_authToken {}",
    "MISTRAL_API_KEY={}",
    "COHERE_API_KEY: {}",
)


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
    tokens |= {
        "anthropic-key admin": f"sk-ant-admin01-{some(93)}AA",
        "openai-key service account": f"sk-svcacct-{some(120)}",
        "openai-key legacy": f"sk-{some(20)}T3BlbkFJ{some(20)}",
        "google-key new": f"AQ.Ab8RN6{some(44)}",
        "huggingface-token with digits": f"hf_{some(34)}",
        "xai-key": f"xai-{some(80)}",
        "perplexity-key": f"pplx-{some(48)}",
        "replicate-token": f"r8_{some(37)}",
        "openrouter-key": f"sk-or-v1-{some(64, HEX)}",
        "nvidia": f"nvapi-{some(64)}",
        "cerebras": f"csk-{some(48, string.ascii_lowercase + DIGITS)}",
        "tavily": f"tvly-dev-{some(32)}",
        "pinecone": f"pcsk_{some(6)}_{some(63)}",
        "azure-openai-key": f"{some(52)}JQQJ99{some(30)}",
        "aws-bedrock-key": f"ABSK{some(128)}=",
        "github-token of an app": f"ghs_{some(10)}_{some(80)}",
        "slack-token of a browser": f"xoxc-{some(11, DIGITS)}-{some(11, DIGITS)}-{some(64, HEX)}",
        "airtable": f"pat{some(14)}.{some(64, HEX)}",
        "figma": f"figd_{some(40)}",
        "tailscale": f"tskey-auth-{some(11)}-{some(32)}",
        "private-key in base64": f"LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ{some(200)}",
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
    for text in PLACES:
        around[text] = (text, f"{some(3, string.ascii_uppercase)}#{some(8, string.ascii_lowercase)}7{some(2, LETTERS)}")
    for text in PLACES_OF_TOKENS:
        around[text] = (text, f"{some(9, LETTERS)}7{some(22)}")
    return shown | {name: (secret, text.format(secret)) for name, (text, secret) in around.items()}
