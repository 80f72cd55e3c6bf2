"""One sync works, one waits, the others leave; what they would have logged is logged by the one that waits."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from with_tracking.turn_taking import turn


def test_turns(tmp_path: Path) -> None:
    """The second waits until the first is done, the third is told to go, a fourth finds it free."""
    order: list[str] = []
    waits, works, done = threading.Event(), threading.Event(), threading.Event()

    def second() -> None:
        waits.set()
        with turn(tmp_path) as ours:
            order.append(f"second {ours}")
            works.set()
            done.wait(10)

    with turn(tmp_path) as ours:
        order.append(f"first {ours}")
        thread = threading.Thread(target=second)
        thread.start()
        waits.wait(10)
        time.sleep(0.3)  # the second takes its place
        with turn(tmp_path) as third:
            assert not third
        order.append("third goes")
        assert not works.is_set()
    assert works.wait(10)
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
