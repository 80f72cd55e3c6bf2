"""One sync works, one waits, the others leave; what they would have logged is logged by the one that waits."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from with_tracking.turn_taking import turn


def somebody_waits(root: Path) -> bool:
    """Whether the place of the one who waits is taken."""
    place = (root / ".waiting").stat().st_ino
    return any(line.split()[-3].endswith(f":{place}") for line in Path("/proc/locks").read_text().splitlines())


def test_turns(tmp_path: Path) -> None:
    """The second waits until the first is done, the third is told to go, a fourth finds it free."""
    order: list[str] = []
    works, done = threading.Event(), threading.Event()

    def second() -> None:
        with turn(tmp_path) as ours:
            order.append(f"second {ours}")
            works.set()
            done.wait(60)

    with turn(tmp_path) as ours:
        order.append(f"first {ours}")
        thread = threading.Thread(target=second)
        thread.start()
        while not somebody_waits(tmp_path):
            time.sleep(0.01)
        with turn(tmp_path) as third:
            assert not third
        order.append("third goes")
        assert not works.is_set()
    assert works.wait(60)
    done.set()
    thread.join()
    with turn(tmp_path) as ours:
        order.append(f"fourth {ours}")
    assert order == ["first True", "third goes", "second True", "fourth True"]


def test_nothing_recorded_yet(tmp_path: Path) -> None:
    """Without a root there is nothing to wait for, and none is made."""
    with turn(tmp_path / "none") as ours:
        assert ours
    assert not (tmp_path / "none").exists()
