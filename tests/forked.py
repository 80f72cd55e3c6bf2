"""What a process that a test forked off does first."""

from __future__ import annotations

import os
from collections.abc import Mapping


def take_over(environ: Mapping[str, str]) -> None:
    """Have the test's environment and nothing else: the fork server still has that of the test that started it."""
    os.environ.clear()
    os.environ.update(environ)
