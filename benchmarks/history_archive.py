"""An archive of made-up sessions: texts with the word frequencies of real ones, files as the parser writes them."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from parsers import metrics, summary
from parsers.session import (
    AssistantText,
    Category,
    Detection,
    Event,
    ModelCall,
    Prompt,
    Session,
    Source,
    Tokens,
    ToolUse,
)
from parsers.session_header import Git, SessionHeader, Terminal

BEGAN = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
PROVIDERS = {"claude_code": "claude", "openai_codex": "codex", "gemini_cli": "gemini", "aider": "aider"}
MODELS = {"claude_code": "claude-opus-4-5", "openai_codex": "gpt-5.1", "gemini_cli": "gemini-3-pro", "aider": "gpt-5.1"}
PROCEDURES = ("close-issue", "review-pr", "fix-ci", "write-tests")
COMMANDS = (
    "pytest -q",
    "git status",
    "git diff",
    "npm test",
    "cargo build",
    "make",
    "rg -n",
    "ls -la",
    "git commit -m",
)
WORDS = 12_000
"""Different words that are used again and again; names, numbers and hashes come on top."""

REPAINT = (
    "\x1b[0m\r\n\x1b[2K\x1b[1A\x1b[2K\x1b[G\x1b[38;5;246m✻ Thinking… (12s · esc to interrupt)\x1b[39m\r\n"
    "\x1b[38;5;246m╭──────────────────────────────╮\x1b[39m\r\n\x1b[2m? for shortcuts\x1b[22m\x1b[4A\x1b[G"
)
"""What an assistant draws anew with every line. Real recordings are up to 37 times as long as the text that is read."""


class Writer:
    """Makes up texts; the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        vocabulary = random.Random(1)
        syllables = [a + b for a in "bcdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "er", "an", "ing", "st")]
        self.words = ["".join(vocabulary.choices(syllables, k=vocabulary.randint(1, 4))) for _ in range(WORDS)]
        self.weights = list(itertools.accumulate(1 / rank for rank in range(1, WORDS + 1)))  # Zipf's law

    def sentence(self, length: int) -> str:
        """Return so many words."""
        return " ".join(self.random.choices(self.words, cum_weights=self.weights, k=length)).capitalize() + "."

    def path(self) -> str:
        """Return a file's path."""
        return f"src/{self.random.choice(self.words[:60])}/{self.random.choice(self.words[:900])}.py"

    def output(self, lines: int) -> str:
        """Return what a command prints: places in files, numbers, sometimes a hash."""
        kinds = [self._place, self._result, self._commit]
        return "\n".join(self.random.choices(kinds, weights=(6, 3, 1))[0]() for _ in range(lines))

    def _place(self) -> str:
        return f"{self.path()}:{self.random.randint(1, 999)}: {self.sentence(7)}"

    def _result(self) -> str:
        return f"{self.sentence(4)} {self.random.randint(0, 5000)} passed in {self.random.uniform(0, 99):.2f}s"

    def _commit(self) -> str:
        return f"{self.random.randrange(16**9):09x} {self.sentence(6)}"


def make(root: Path, count: int) -> Iterator[tuple[Session, int]]:
    """Write session folders; yield each session and the size of its text in bytes."""
    writer = Writer(seed=583)
    for number in range(count):
        began = BEGAN + timedelta(minutes=45 * number)
        session_id = f"{began:%Y%m%d-%H%M%S}-{number:08x}"
        events = tuple(_events(writer))
        folder = root / "sessions" / f"{began:%Y/%m/%d}" / session_id
        folder.mkdir(parents=True)
        yield _write(folder, writer, began, events)


def _events(writer: Writer) -> Iterator[Event]:
    """Yield some turns: prompt, thinking aloud, commands and edits, answer."""
    pick, now = writer.random, 1.0
    for _ in range(pick.randint(1, 3)):
        task = f"{pick.choice(PROCEDURES)} {pick.randint(1, 900)}"
        yield Prompt(text=task if pick.random() < 0.5 else writer.sentence(25), seconds=now)
        for _ in range(pick.randint(3, 9)):
            now += pick.uniform(2, 30)
            tokens = Tokens(input=pick.randint(5, 900), output=pick.randint(50, 2000), cache_read=20_000)
            yield ModelCall(model="", tokens=tokens, seconds=now, duration_seconds=2.0)
            yield AssistantText(text=writer.sentence(pick.randint(8, 40)), seconds=now)
            yield _tool(writer, now)
        yield AssistantText(text="\n".join(writer.sentence(20) for _ in range(4)), seconds=now + 1)


def _tool(writer: Writer, now: float) -> ToolUse:
    pick, path = writer.random, writer.path()
    if pick.random() < 0.6:
        ok = pick.random() < 0.85
        return ToolUse(
            name="Bash",
            category=Category.SHELL,
            command=f"{pick.choice(COMMANDS)} {path}",
            ok=ok,
            exit_code=0 if ok else 1,
            output=writer.output(pick.randint(2, 25)),
            start_seconds=now,
            duration_seconds=0.4,
            source=Source.BOTH,
        )
    return ToolUse(
        name="Edit",
        category=Category.EDIT,
        files=(path,),
        ok=True,
        lines_added=pick.randint(1, 60),
        lines_removed=pick.randint(0, 30),
        start_seconds=now,
        source=Source.BOTH,
    )


def _write(folder: Path, writer: Writer, began: datetime, events: tuple[Event, ...]) -> tuple[Session, int]:
    pick = writer.random
    provider = pick.choice(list(PROVIDERS))
    transcript = "\n".join(_lines(events)) + "\n"
    seconds = max(event.seconds or 0.0 for event in events) + 5
    header = SessionHeader(
        session_id=folder.name,
        provider=provider,
        wrapper=PROVIDERS[provider],
        argv=(PROVIDERS[provider],),
        cwd="/home/dev/shop",
        started_at=began,
        ended_at=began + timedelta(seconds=seconds),
        exit_code=int(pick.random() < 0.1),
        end_reason="exited",
        interactive=True,
        terminal=Terminal(rows=40, cols=120, term="xterm-256color"),
        git=Git(root=f"/home/dev/{pick.choice(('shop', 'blog', 'api'))}", branch=f"fix-{pick.randint(1, 50)}"),
        host="laptop",
    )
    facts = summary.Facts(
        provider=provider,
        detection=Detection(method="wrapper", confidence=1.0),
        model=MODELS[provider],
        duration_seconds=seconds,
        active_seconds=seconds / 2,
    )
    cost = pick.uniform(0.01, 2.0)
    session = summary.summarise(events, header, facts, session_id=folder.name, cost_usd=cost)
    raw = transcript.replace("\n", REPAINT).encode()
    session = metrics.with_metrics(session, events, transcript_bytes=len(raw))
    files = {
        "session.json": msgspec.json.encode(header),
        "typescript": raw,
        "timing.log": b"O 1.000000 %d\n" % len(raw),
        "transcript.txt": transcript.encode(),
        "events.jsonl": b"".join(msgspec.json.encode(event) + b"\n" for event in events),
        "parsed.json": msgspec.json.encode(session),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return session, len(transcript.encode())


def _lines(events: tuple[Event, ...]) -> Iterator[str]:
    """Yield what a screen shows of it."""
    for event in events:
        if isinstance(event, Prompt):
            yield f"❯ {event.text}\n"
        elif isinstance(event, AssistantText):
            yield f"● {event.text}\n"
        elif isinstance(event, ToolUse):
            yield f"● {event.name}({event.command or event.files[0]})\n  ⎿ {event.output or 'done'}\n"
