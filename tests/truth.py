"""What really happened in a recording (`truth.json`), compared with what was read of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parsers.session import Session
from parsers.tool_calls import category_of

RECORDINGS = Path(__file__).parent / "recordings"
FOLDERS = sorted(file.parent for file in RECORDINGS.rglob("truth.json"))
PROVIDERS = {
    "claude": "claude_code",
    "codex": "openai_codex",
    "gemini": "gemini_cli",
    "llm": "gpt",
    "shell-gpt": "gpt",
    "copilot": "github_copilot",
    "qwen": "qwen_code",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One kind of fact: how many are true, which were missed, and which were reported though they never happened."""

    about: str
    true: int
    missed: tuple[str, ...]
    invented: tuple[str, ...]

    def __str__(self) -> str:
        """Return a line for a golden file, with what was missed and invented below it."""
        head = f"{self.about}: {self.true - len(self.missed)} of {self.true}"
        return "\n".join((head, *(f"  missed {t}" for t in self.missed), *(f"  INVENTED {t}" for t in self.invented)))


def name_of(folder: Path) -> str:
    """Return a recording's name: claude/01-basic."""
    return folder.relative_to(RECORDINGS).as_posix()


def truth_of(folder: Path) -> dict[str, Any]:
    """Return what really happened."""
    truth: dict[str, Any] = json.loads((folder / "truth.json").read_text("utf-8"))
    return truth


def differences(session: Session, truth: dict[str, Any], *, cut: bool) -> Iterator[Difference]:
    """Compare prompts, commands, git operations, files, tool uses and errors.

    With `cut`, a command that the screen cut off (…) counts as found if it begins like the true one.
    """
    cwd = truth.get("cwd") or ""
    tools = [f"{_category(t)} {'ok' if t.get('ok', True) else 'failed'}" for t in truth["tool_uses"]]
    found_tools = [f"{t.category} {'failed' if t.ok is False else 'ok'}" for t in session.tool_uses]
    yield _difference("prompts", truth["user_prompts"], session.user_prompts)
    yield _difference("commands", truth["commands"], session.commands, cut=cut)
    yield _difference("git operations", truth["git_operations"], session.git_operations, cut=cut)
    yield _difference("files edited", _paths(truth["files_edited"], cwd), _paths(session.files_edited, cwd))
    yield _difference("files written", _paths(truth["files_written"], cwd), _paths(session.files_written, cwd))
    yield _difference("tool uses", tools, found_tools)
    yield _difference("errors", [e["kind"] for e in truth["errors"]], [e.kind.value for e in session.errors])


def _category(tool: dict[str, Any]) -> str:
    return category_of(tool.get("logical_name") or tool["name"]).value


def _paths(paths: Iterable[str], cwd: str) -> list[str]:
    """Return paths as seen from the working directory, each once."""
    return sorted({p.removeprefix(cwd.rstrip("/") + "/") for p in paths})


def _difference(about: str, true: Iterable[str], found: Iterable[str], *, cut: bool = False) -> Difference:
    missing, invented = list(true), []
    total = len(missing)
    for text in found:
        match = next((t for t in missing if _same(text, t, cut=cut)), None)
        if match is None:
            invented.append(_one_line(text))
        else:
            missing.remove(match)
    return Difference(about, total, tuple(map(_one_line, missing)), tuple(invented))


def _same(found: str, true: str, *, cut: bool) -> bool:
    left, right = "".join(found.split()), "".join(true.split())
    return left == right or (cut and left.endswith("…") and len(left) > 8 and right.startswith(left.rstrip("…")))


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:99]}…"


def repeated(transcript: str, truth: dict[str, Any]) -> list[str]:
    """Return the paragraphs of answers that stand in the transcript more often than they were written."""
    body, known = _letters(transcript), _letters(json.dumps(truth, ensure_ascii=False))
    return [p for p, n in _paragraphs(truth).items() if body.count(p) > max(n, known.count(p))]


def unseen(transcript: str, truth: dict[str, Any]) -> list[str]:
    """Return the paragraphs of answers that the transcript lacks."""
    body = _letters(transcript)
    return [p for p in _paragraphs(truth) if p not in body]


def _paragraphs(truth: dict[str, Any]) -> Counter[str]:
    """Return the beginnings of the paragraphs that the assistant wrote, letters and digits only."""
    texts = [t if isinstance(t, str) else t["text"] for t in truth["assistant_texts"]]
    lines = [line for text in texts for line in text.splitlines() if "|" not in line and "](" not in line]
    return Counter(letters[:60] for line in lines if len(letters := _letters(line)) >= 24)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
