"""Recordings of real assistants, read and compared with what really happened.

The goldens show for each recording what was read of the screen alone: which true facts the screen did not give, and the
readable transcript. Look at their difference after a change: a line more under `missed` is a loss, `INVENTED` a lie.
"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from parsers.session_folder import read_folder
from parsers.session_header import Terminal
from tests import synthetic
from tests.truth import FOLDERS, PROVIDERS, RECORDINGS, differences, name_of, repeated, truth_of, unseen

GOLDENS = Path(__file__).parent / "goldens"

# What neither screen nor log holds, or what the truth counts in its own way.
KNOWN_WITH_LOG = {
    "aider/06-api-recover": "retries inside of its API library are shown nowhere",
    "codex/03-interrupt": "a stream cut while steering leaves no trace",
    "codex/06-api-errors-recover": "retries of the HTTP layer are shown nowhere",
    "codex/06-api-never-exec": "retries of the HTTP layer are shown nowhere",
    "codex/08-parallel": "the truth counts a script that runs four commands as one tool use",
}


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_the_screen_alone(folder: Path, check_golden: Callable[[Path, str], None], tmp_path: Path) -> None:
    """Provider and exit code are right, nothing is told twice, and what is read is what the golden says."""
    truth = truth_of(folder)
    for file in folder.iterdir():
        if file.is_file() and file.name != "truth.json":
            shutil.copy(file, tmp_path / file.name)
    parsed = read_folder(tmp_path)
    session = parsed.session
    assert session.provider == PROVIDERS.get(truth["provider"], truth["provider"])
    if (truth["exit_code"] or -1) >= 0 and (folder / "typescript").exists():
        assert session.exit_code == truth["exit_code"]
    assert not repeated(parsed.transcript, truth)
    facts = [f"{session.provider} {session.provider_version} ({session.client}), {session.model}"]
    facts += [str(difference) for difference in differences(session, truth, cut=True)]
    facts += [f"paragraph missed: {paragraph}" for paragraph in unseen(parsed.transcript, truth)]
    golden = "\n".join((*facts, "-" * 100, parsed.transcript.rstrip(), ""))
    check_golden(GOLDENS / f"{name_of(folder)}.txt", golden)


@pytest.mark.parametrize("folder", [f for f in FOLDERS if (f / "native").is_dir()], ids=name_of)
def test_screen_and_log_together(folder: Path, tmp_path: Path) -> None:
    """With the assistant's own log every fact is exact, but for those that are known not to be in either."""
    truth = truth_of(folder)
    shutil.copytree(folder, tmp_path / "s", ignore=shutil.ignore_patterns("truth.json"))
    header = {
        "session_id": folder.name,
        "provider": PROVIDERS.get(truth["provider"], truth["provider"]),
        "argv": truth["argv"] if isinstance(truth["argv"], list) else shlex.split(truth["argv"]),
        "cwd": truth["cwd"],
        "exit_code": truth["exit_code"],
    }
    (tmp_path / "s" / "session.json").write_text(json.dumps(header), encoding="utf-8")
    session = read_folder(tmp_path / "s").session
    wrong = [str(d) for d in differences(session, truth, cut=False) if d.missed or d.invented]
    if name_of(folder) in KNOWN_WITH_LOG:
        assert wrong, f"no longer so: {KNOWN_WITH_LOG[name_of(folder)]}"
    else:
        assert not wrong, "\n".join(wrong)


def test_every_golden_has_its_recording() -> None:
    """A recording that was renamed or removed takes its golden along."""
    assert {p.relative_to(GOLDENS).with_suffix("").as_posix() for p in GOLDENS.rglob("*.txt")} == {
        name_of(folder) for folder in FOLDERS
    }
    assert RECORDINGS.is_dir()


def test_the_recorders_terminal_size_counts_where_the_recording_has_none(tmp_path: Path) -> None:
    """As BSD's script leaves it: what stands at the right of a wide terminal is not wrapped into the next line."""
    folder = synthetic.record(tmp_path, terminal=Terminal(rows=30, cols=200, term="xterm"), provider="demo")
    (folder / "typescript").write_bytes(b"\xe2\x9d\xaf ask\r\n\x1b[3;150Hfar right\r\n\x1b[4;1Hbelow\r\n")
    (folder / "timing.log").write_bytes(b"")
    shown = read_folder(folder).transcript.splitlines()
    assert " " * 149 + "far right" in shown
