"""SIGKILL to any process of a session at any time: what was on the screen is recorded, and logged once."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.bin.conftest import Bench, until
from tests.pseudo_terminal import PseudoTerminal
from tests.runs import runs_in
from with_tracking import archive, sync
from with_tracking.store import local_store

pytestmark = [pytest.mark.xdist_group("mlflow"), pytest.mark.slow]

COUNTING = """#!/bin/bash
for ((n = 0; n < 40; n++)); do
    until [[ $n != 39 || -e $REPORT.end ]]; do sleep 0.1; done
    printf 'line %02d\\r\\n' $n
    sleep 0.03
done
printf 'the end\\r\\n'
"""
LAST = 39


def kill(bench: Bench, terminal: PseudoTerminal, victim: str) -> bool:
    """Kill one of the processes. Returns whether it was still there."""
    if victim == "recorder":
        pids = [terminal._pid] if terminal.status is None else []
    else:
        beginning = {"script": "script ", "assistant": f"/bin/bash {bench.stubs}/claude"}[victim]
        pids = [pid for pid, line in bench.processes().items() if line.startswith(beginning)][:1]
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(pids)


@pytest.mark.usefixtures("ready_store")
@pytest.mark.parametrize("line", [0, 15, LAST])
@pytest.mark.parametrize("victim", ["recorder", "script", "assistant"])
def test_killed(bench: Bench, tracking_root: Path, victim: str, line: int) -> None:
    """Whoever is killed, and whenever: nothing keeps running, all that was shown is kept, and there is one run."""
    bench.stub("claude", COUNTING)
    if line == LAST:
        Path(f"{bench.environ['REPORT']}.end").touch()
    with bench.start([bench.wrapper()]) as terminal:
        shown = f"line {line:02}"
        terminal.wait_for(shown)
        # script(1) writes to the terminal first, then to its log: killed in between, nobody has those bytes.
        typescript_file = bench.session()[0] / "typescript"
        assert until(lambda: shown.encode() in typescript_file.read_bytes())
        assert kill(bench, terminal, victim) or line == LAST, "it has ended before it was killed"
        terminal.wait_for_end()
    assert until(lambda: not bench.processes()), bench.processes()
    folder = bench.session()[0]
    assert shown.encode() in (folder / "typescript").read_bytes()
    typescript = (folder / "typescript").read_bytes()
    for _ in range(2):
        assert sync.sync(archive.pending(tracking_root), lambda session_id: None).pending == 0
    (run,) = runs_in(local_store.uri(tracking_root / "mlflow.db"))
    assert run.data.tags["session_id"] == folder.name
    assert run.data.metrics["transcript_bytes"] == len(typescript)
    assert (folder / "typescript").read_bytes() == typescript
