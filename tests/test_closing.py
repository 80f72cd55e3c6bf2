"""What a person is told when a session ends."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from parsers.session import ParseCounts
from tests import synthetic
from with_tracking import closing


def test_a_log_that_was_not_understood_is_told(
    tracking_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """When an assistant's log has changed so much that nothing is understood, that is said at once, not found later."""
    session = synthetic.parsed(tracking_root, "a").session
    changed = msgspec.structs.replace(session, parse=ParseCounts(problems=("the format may have changed",)))
    monkeypatch.setattr(closing, "log_in_background", lambda folder: None)
    monkeypatch.delenv("WITH_TRACKING_QUIET", raising=False)
    closing.close_session(tracking_root, lambda: changed)
    assert capsys.readouterr().err.splitlines()[1:] == ["with-tracking: the format may have changed"]
    closing.close_session(tracking_root, lambda: session)
    assert len(capsys.readouterr().err.splitlines()) == 1
