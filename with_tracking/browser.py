"""Showing an address in a browser, if there is one that has a window."""

from __future__ import annotations

import os
import sys
import webbrowser


def show(address: str) -> bool:
    """Open the address; False if there is nothing to open it in. One inside the terminal cannot show the UI."""
    return _has_screen() and webbrowser.open(address)


def _has_screen() -> bool:
    return sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))
