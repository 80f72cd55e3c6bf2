"""Real assistants from the npm registry, kept outside the repository, and the little that lets them start at once.

They are installed once into `$XDG_CACHE_HOME/with-tracking-test-assistants` (without XDG_CACHE_HOME: the temporary
folder); remove that folder to get their newest versions. What is written into the test's own HOME answers the
questions that a first start asks: theme, key, trust in the folder.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

KEY = "sk-scripted-0123456789-0123456789-0123456789"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or tempfile.gettempdir()) / "with-tracking-test-assistants"
PLATFORM = f"{sys.platform}-{ {'x86_64': 'x64', 'aarch64': 'arm64'}.get(platform.machine(), platform.machine()) }"
INSTALL_SECONDS = 300
CLAUDE_SETTINGS = {"permissions": {"defaultMode": "default", "allow": ["Bash"]}}  # 2.1.329: else "auto", asks a server


@dataclass(frozen=True)
class Assistant:
    """One real assistant: what to install, how to make it talk to a scripted model, how to leave it.

    `collapses_commands`: its screen ends up saying only how many commands ran. `prepare` writes its settings for (home,
    repository, server address) and returns what to add to the environment.
    """

    name: str
    provider: str
    package: str
    program: str
    prepare: Callable[[Path, Path, str], Mapping[str, str]]
    leave: tuple[str, ...]
    collapses_commands: bool = False


def prepare_claude(home: Path, repository: Path, address: str) -> Mapping[str, str]:
    """Answer Claude Code's first questions and allow its shell tool."""
    state = {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
        "projects": {str(repository): {"hasTrustDialogAccepted": True}},
    }
    (home / ".claude.json").write_text(json.dumps(state))
    (home / ".claude").mkdir()
    (home / ".claude" / "settings.json").write_text(json.dumps(CLAUDE_SETTINGS))
    return {
        "ANTHROPIC_BASE_URL": address,
        "ANTHROPIC_API_KEY": KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }


def prepare_codex(home: Path, repository: Path, address: str) -> Mapping[str, str]:
    """Give Codex a model provider on loopback and let it run commands."""
    (home / ".codex").mkdir()
    (home / ".codex" / "config.toml").write_text(
        f"""
model = "scripted-model"
model_provider = "scripted"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.scripted]
name = "Scripted"
base_url = "{address}/v1"
wire_api = "responses"
env_key = "SCRIPTED_KEY"

[projects."{repository}"]
trust_level = "trusted"
"""
    )
    return {"SCRIPTED_KEY": KEY}


ASSISTANTS = (
    Assistant(
        name="claude",
        provider="claude_code",
        package=f"@anthropic-ai/claude-code-{PLATFORM}",  # the program itself; the package above it only picks this one
        program=f"@anthropic-ai/claude-code-{PLATFORM}/claude",
        prepare=prepare_claude,
        leave=("\x03", "\x03"),
        collapses_commands=True,  # 2.1.329: "Ran 2 shell commands · 1 failed"
    ),
    Assistant(
        name="codex",
        provider="openai_codex",
        package="@openai/codex",
        program="@openai/codex/bin/codex.js",
        prepare=prepare_codex,
        leave=("/quit", "\r"),
    ),
)


def installed(assistant: Assistant) -> Path:
    """Return a folder for PATH with the assistant in it, installed if need be. Skips where that is impossible."""
    if shutil.which("npm") is None:
        pytest.skip("npm is missing, so no real assistant can be installed")
    folder = CACHE / assistant.name
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "node_modules" / assistant.program
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            install(assistant.package, folder)
        if not program.exists():
            pytest.skip(f"{assistant.package} has no {assistant.program} for this machine")
        bin_folder = folder / "bin"
        bin_folder.mkdir(exist_ok=True)
        link = bin_folder / assistant.name
        if not link.is_symlink():
            link.symlink_to(program)
    return bin_folder


def install(package: str, folder: Path) -> None:
    """Install an npm package with what it depends on; its scripts do not run."""
    command = ["npm", "install", "--prefix", str(folder), "--ignore-scripts", "--no-save", package]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install {package} within {INSTALL_SECONDS} s")
    if done.returncode:
        pytest.skip(f"npm cannot install {package}: {done.stderr.strip().splitlines()[-1:]}")


def version_of(assistant: Assistant, folder: Path) -> str:
    """Return the version number that the installed program says of itself."""
    done = subprocess.run([folder / assistant.name, "--version"], capture_output=True, text=True, check=True)
    return next(word for word in done.stdout.split() if word[0].isdigit())
