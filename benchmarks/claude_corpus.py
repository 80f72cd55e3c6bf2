"""A corpus of Claude Code logs for measuring: sessions as the program writes them, and the token totals they hold.

Everything follows from the seed. Sizes are those of real logs: file contents and command output make up most bytes;
streamed partials repeat their usage, some records are copies in a resumed session's file, some answers are a
sub-agent's, some cache writes are kept for an hour, some lines are broken.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MODELS = ("claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001")
SENTENCES = (
    "the store keeps issues and closes them when the report is written;",
    "tests cover paging, labels and dates. «déjà fermée» 課題を閉じる ✅",
    "def close_issue(self, number): return self._issues[number] # see 583",
    '    raise ValueError(f"page must be >= 1, not {page!r}")',
)


@dataclass
class Totals:
    """The tokens of a corpus, each answer counted once."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def add(self, usage: dict[str, Any]) -> None:
        """Count one answer."""
        self.input += usage["input_tokens"]
        self.output += usage["output_tokens"]
        self.cache_read += usage["cache_read_input_tokens"]
        self.cache_write += usage["cache_creation_input_tokens"]


@dataclass
class Corpus:
    """What was written where, and what it holds."""

    root: Path
    bytes: int = 0
    sessions: int = 0
    totals: Totals = field(default_factory=Totals)


def write_corpus(root: Path, *, megabytes: int, seed: int = 583) -> Corpus:
    """Write sessions below `root/projects` until there are that many megabytes."""
    corpus, chance = Corpus(root), random.Random(seed)
    while corpus.bytes < megabytes * 1_000_000:
        _Session(corpus, chance).write()
        corpus.sessions += 1
    return corpus


class _Session:
    """One session's file, perhaps with a sub-agent's beside it, perhaps resumed in another that begins with copies."""

    def __init__(self, corpus: Corpus, chance: random.Random) -> None:
        self.corpus, self.chance = corpus, chance
        self.id = self._uuid()
        self.project = f"-home-dev-projects-p{chance.randrange(12)}"
        self.at = START + timedelta(hours=corpus.sessions)
        self.model = chance.choice(MODELS)

    def write(self) -> None:
        folder = self.corpus.root / "projects" / self.project
        lines = [line for _ in range(self.chance.randrange(2, 9)) for line in self._turn(None)]
        self._save(folder / f"{self.id}.jsonl", lines)
        if self.chance.random() < 0.25:
            agent = self._uuid().replace("-", "")[:17]
            lines_below = list(self._turn(f"a{agent}"))
            self._save(folder / self.id / "subagents" / f"agent-a{agent}.jsonl", lines_below)
        if self.chance.random() < 0.1:  # versions before 2.1 resume into a new file that begins with copies
            other = self._uuid()
            copies = [line.replace(self.id, other) for line in lines if line.endswith("}")]
            self.id = other
            self._save(folder / f"{other}.jsonl", [*copies, *self._turn(None)])

    def _save(self, file: Path, lines: list[str]) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        if self.chance.random() < 0.02:
            lines.append('{"type":"assistant","message":{"id":"msg_half')
        text = "\n".join(lines) + "\n"
        data = text.encode()
        file.write_bytes(data)
        self.corpus.bytes += len(data)

    def _turn(self, agent: str | None) -> Iterator[str]:
        yield self._record("user", agent, message={"role": "user", "content": self._text(40)})
        for _ in range(self.chance.randrange(3, 22)):
            yield from self._answer(agent)
        if agent is None:
            yield self._record("system", agent, subtype="turn_duration", durationMs=1000, isMeta=False)
            snapshot = {"messageId": self._uuid(), "trackedFileBackups": {}}
            yield json.dumps({"type": "file-history-snapshot", "snapshot": snapshot, "isSnapshotUpdate": False})

    def _answer(self, agent: str | None) -> Iterator[str]:
        """Yield an answer: thinking, text and a call, each a record with the usage so far; then the call's result."""
        usage = self._usage()
        self.corpus.totals.add(usage)
        message = {"id": f"msg_{self._uuid()}", "type": "message", "role": "assistant", "model": self.model}
        request, call = f"req_{self._uuid()}", f"toolu_{self._uuid()}"
        name, given, result, detail = self._call()
        blocks = [
            {"type": "thinking", "thinking": self._text(60), "signature": "RXpO" * 60},
            {"type": "text", "text": self._text(50)},
            {"type": "tool_use", "id": call, "name": name, "input": given},
        ]
        for position, block in enumerate(blocks):
            last = position == len(blocks) - 1
            so_far = usage if last or self.chance.random() < 0.5 else usage | {"output_tokens": 1}
            content = message | {"content": [block], "stop_reason": "tool_use" if last else None, "usage": so_far}
            yield self._record("assistant", agent, requestId=request, message=content)
        block = {"type": "tool_result", "tool_use_id": call, "content": result, "is_error": False}
        content = {"role": "user", "content": [block]}
        yield self._record("user", agent, message=content, toolUseResult=detail)

    def _usage(self) -> dict[str, Any]:
        write, hour = self.chance.randrange(4000), self.chance.random() < 0.3
        return {
            "input_tokens": self.chance.randrange(1, 40),
            "cache_creation_input_tokens": write,
            "cache_read_input_tokens": self.chance.randrange(90_000),
            "cache_creation": {
                "ephemeral_5m_input_tokens": 0 if hour else write,
                "ephemeral_1h_input_tokens": write if hour else 0,
            },
            "output_tokens": self.chance.randrange(2, 2000),
            "service_tier": "standard",
        }

    def _call(self) -> tuple[str, dict[str, Any], str, dict[str, Any]]:
        path = f"/home/dev/projects/app/module_{self.chance.randrange(90)}.py"
        kind = self.chance.random()
        if kind < 0.45:
            text = self._text(self.chance.randrange(5, 700))
            return (
                "Bash",
                {"command": "pytest -q", "description": "Run the tests"},
                text,
                {"stdout": text, "stderr": ""},
            )
        if kind < 0.8:
            text = self._text(self.chance.randrange(100, 2500))
            detail = {"type": "text", "file": {"filePath": path, "content": text, "numLines": 60}}
            return "Read", {"file_path": path}, text, detail
        old, new, whole = self._text(20), self._text(25), self._text(self.chance.randrange(200, 2000))
        lines = [f" {self._text(8)}", f"-{old}", f"+{new}"]
        detail = {
            "filePath": path,
            "oldString": old,
            "newString": new,
            "originalFile": whole,
            "structuredPatch": [{"lines": lines}],
        }
        return "Edit", {"file_path": path, "old_string": old, "new_string": new}, "The file has been updated.", detail

    def _record(self, kind: str, agent: str | None, **more: Any) -> str:
        self.at += timedelta(milliseconds=self.chance.randrange(20, 4000))
        record = {
            "parentUuid": self._uuid(),
            "isSidechain": agent is not None,
            "userType": "external",
            "cwd": "/home/dev/projects/app",
            "sessionId": self.id,
            "version": "2.1.328",
            "gitBranch": "main",
            "type": kind,
            "uuid": self._uuid(),
            "timestamp": self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        if agent is not None:
            record["agentId"] = agent
        return json.dumps(record | more, ensure_ascii=False, separators=(",", ":"))

    def _uuid(self) -> str:
        digits = f"{self.chance.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def _text(self, words: int) -> str:
        return "\n".join(self.chance.choices(SENTENCES, k=max(1, words // 12)))
