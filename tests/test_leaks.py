"""Secrets that a session showed, in every way a screen and a log can show them, are nowhere afterwards."""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked import CHECKOUT, run_in
from tests.pseudo_terminal import PseudoTerminal
from tests.secrets_of import planted
from with_tracking import privacy

PLANTED = planted()

DRAWING = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x20]|\xe2\x94\x82")
PRINTED = [["list", "--json"], ["show", "last"], ["show", "last", "--json"], ["search", "the", "--json"], ["report"]]
PRINTED += [["report", "--format", "html"], ["export", "--format", "csv"], ["export", "--format", "json"]]

# An assistant that draws as they do: plain, wrapped in a box, jumped over with the cursor, and typed with redraws.
ASSISTANT = """
import datetime, glob, json, os, sys, time
shown = json.load(open(sys.argv[1]))
def out(text): sys.stdout.write(text); sys.stdout.flush()
now = datetime.datetime.now(datetime.timezone.utc).isoformat()
for log in glob.glob(os.path.expanduser("~/.claude/projects/*/*.jsonl")):
    text = open(log).read().replace("NOW", now)
    open(log, "w").write(text)
out("\\u276f show me the keys\\r\\n\\r\\n")
for name, (secret, text) in shown.items():
    out(f"\\u25cf Bash(cat {name})\\r\\n")
    for line in text.split("\\n"): out(f"  \\u23bf  {line}\\r\\n")
for name, (secret, text) in shown.items():
    room = 40
    for start in range(0, len(secret), room):
        out(f"\\u2502 {secret[start:start + room]:{room}} \\u2502\\r\\n")
for name, (secret, text) in shown.items():
    for start in range(0, len(secret), 7):
        piece = secret[start:start + 7]
        out(f"\\x1b[1m{piece}\\x1b[0m\\x1b[K")
    out("\\r\\n")
if "type" in sys.argv:
    for name, (secret, text) in list(shown.items())[:2]:
        for end in range(1, len(secret) + 1):
            out(f"\\r\\x1b[2K> {secret[:end]}")
            time.sleep(0.001)
        out("\\r\\n")
"""


def _claude_log(home: Path, cwd: Path) -> None:
    """Write Claude Code's own log of the same session; the assistant fills in the time."""
    folder = home / ".claude/projects/-work"
    folder.mkdir(parents=True)
    common = {"sessionId": "1a289f89-b208-45ee-8d27-25832cb23c2a", "cwd": str(cwd), "version": "2.1.328"}
    records: list[dict[str, object]] = [
        {"type": "user", "uuid": "u0", "message": {"role": "user", "content": "show me the keys"}, **common}
    ]
    for number, (name, (secret, text)) in enumerate(PLANTED.items()):
        call = {"type": "tool_use", "id": f"t{number}", "name": "Bash", "input": {"command": f"cat {name} # {text}"}}
        answer = {"role": "assistant", "id": f"m{number}", "model": "claude-opus-5-5", "content": [call]}
        result = {"type": "tool_result", "tool_use_id": f"t{number}", "content": f"{text} and {secret}"}
        records.append({"type": "assistant", "uuid": f"a{number}", "message": answer, **common})
        records.append(
            {"type": "user", "uuid": f"r{number}", "message": {"role": "user", "content": [result]}, **common}
        )
    lines = (json.dumps({**record, "timestamp": "NOW"}) + "\n" for record in records)
    (folder / f"{common['sessionId']}.jsonl").write_text("".join(lines))


def _contents(root: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield everything that is kept below a folder: files, what is compressed in them, what databases hold."""
    for file in sorted(root.rglob("*")):
        if not file.is_file() or file.is_symlink():
            continue
        data = file.read_bytes()
        yield file, data
        if file.suffix == ".gz":
            yield file, gzip.decompress(data)
        if data.startswith(b"SQLite format 3"):
            with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
                yield file, "\n".join(database.iterdump()).encode("utf-8", "replace")


def _leaks(root: Path) -> list[str]:
    """Return which secrets, or pieces of them, stand where, also across line ends, box sides and escape sequences."""
    return [
        f"{name} in {file.relative_to(root)}"
        for file, data in _contents(root)
        for name in _secrets_in(data) | _secrets_in(DRAWING.sub(b"", data))
    ]


def _secrets_in(data: bytes) -> set[str]:
    return {name for name, (secret, _) in PLANTED.items() for piece in _pieces(secret) if piece.encode() in data}


def _pieces(secret: str) -> set[str]:
    middle = len(secret) // 2
    return {secret[:12], secret[middle : middle + 12] if len(secret) > 24 else secret[:12], secret[-12:]}


def _record(tmp_path: Path, *arguments: str) -> Path:
    """Record a session that shows the secrets, log it, and return the root of everything kept."""
    root, home, cwd = (tmp_path / name for name in ("root", "home", "project"))
    for folder in (cwd, tmp_path / "bin"):
        folder.mkdir()
    _claude_log(home, cwd)
    (tmp_path / "shown.json").write_text(json.dumps(PLANTED))
    (tmp_path / "assistant.py").write_text(ASSISTANT)
    token = PLANTED["github-token"][0]
    command = shlex.join([sys.executable, str(tmp_path / "assistant.py"), str(tmp_path / "shown.json"), *arguments])
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "WITH_TRACKING_HOME": str(root),
        "WITH_TRACKING_CLAUDE_COMMAND": command,
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    wrapper = [str(CHECKOUT / "bin/claude-with-tracking"), "--api-key", token, "show me the keys"]
    umask = os.umask(0)
    try:
        with PseudoTerminal(wrapper, cwd=cwd, environ=environ, cols=120) as terminal:
            assert terminal.wait_for_end(60) == 0
        _run(environ, "sync")
        later = environ | {"WITH_TRACKING_MLFLOW": "0"}  # not in the background: the sync below brings them to the run
        _run(later, "note", "last", f"it is {token}")
        _run(later, "tag", "last", f"key={PLANTED['openai-key'][0]}")
        _run(environ, "sync")
        for number, words in enumerate(PRINTED):
            (root / f"printed.{number}").write_text(_run(environ, *words))
            (root / f"printed.{number}").chmod(0o600)
    finally:
        os.umask(umask)
    return root


def _run(environ: dict[str, str], *words: str) -> str:
    """Run a command of ours and return what it prints."""
    done = run_in(environ, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_no_secret_is_kept_anywhere(tmp_path: Path) -> None:
    """Archive and MLflow store (runs, params, tags, traces, artifacts) hold none, in no file and at no byte."""
    root = _record(tmp_path)
    (folder,) = root.glob("sessions/*/*/*/*")
    assert (folder / "logged.json").exists()
    assert list(root.glob("artifacts/**/raw/typescript.gz"))
    assert "[redacted:github-token]" in (folder / "transcript.txt").read_text()
    assert "redacted:" in (folder / "typescript").read_text(errors="replace")
    assert _leaks(root) == []
    assert not privacy.withheld(folder)
    assert list(folder.glob("native/**/*.jsonl"))
    assert "it is [redacted:github-token]" in (folder / "remarks.json").read_text()
    assert [str(file) for file in root.rglob("*") if file.stat().st_mode & 0o077] == []


@pytest.mark.slow
def test_what_cannot_be_masked_is_not_logged(tmp_path: Path) -> None:
    """A secret that was typed key by key with the line redrawn each time cannot be masked: the recording stays here."""
    root = _record(tmp_path, "type")
    (folder,) = root.glob("sessions/*/*/*/*")
    assert "typescript" in privacy.withheld(folder) or _leaks(root) == []
    assert [leak for leak in _leaks(root) if not leak.endswith("/typescript")] == []
    if privacy.withheld(folder):
        assert not list(root.glob("artifacts/**/raw/typescript.gz"))
        assert "could not be masked" in (folder / "parsed.json").read_text()
