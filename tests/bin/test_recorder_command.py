"""What is run: a configured command, else the usual names on PATH, never the wrapper itself."""

from __future__ import annotations

import os
import shutil
import time
import tomllib
from pathlib import Path

import pytest

from tests.bin.conftest import CHECKOUT, WRAPPERS, Bench

SPEAK = '#!/bin/sh\necho {name} "$@"\n'


def speak(bench: Bench, name: str) -> Path:
    """Put an assistant on PATH that says its name and arguments."""
    return bench.stub(name, SPEAK.format(name=name))


@pytest.mark.parametrize("name", [each for each in WRAPPERS if each not in ("gpt", "demo")])
def test_the_assistant_of_that_name_is_run(bench: Bench, name: str) -> None:
    """Each wrapper runs its own assistant and says so in the header."""
    speak(bench, name)
    providers = {
        "claude": "claude_code",
        "codex": "openai_codex",
        "gemini": "gemini_cli",
        "aider": "aider",
        "opencode": "opencode",
        "copilot": "github_copilot",
    }
    assert bench.run([bench.wrapper(name), "x"]).stdout == f"{name} x\n".encode()
    header = bench.session()[1]
    assert (header.provider, header.wrapper, header.argv) == (providers[name], name, (name, "x"))


@pytest.mark.parametrize("installed", [("sgpt",), ("llm", "sgpt"), ("chatgpt", "llm"), ("gpt", "chatgpt")])
def test_gpt_has_several_programs(bench: Bench, installed: tuple[str, ...]) -> None:
    """gpt-with-tracking takes gpt, chatgpt, llm or sgpt, in this order."""
    for name in installed:
        speak(bench, name)
    assert bench.run([bench.wrapper("gpt")]).stdout == f"{installed[0]}\n".encode()
    assert bench.session()[1].provider == "gpt"
    assert bench.session()[1].argv == (installed[0],)


def test_the_providers_tag_names_the_command_too(bench: Bench) -> None:
    """Either name works; the wrapper's own goes first."""
    for name in ("one", "other"):
        bench.stub(name, f'#!/bin/sh\nprintf "{name}\\n"\n')
    assert bench.run([bench.wrapper()], WITH_TRACKING_CLAUDE_CODE_COMMAND="one").stdout == b"one\n"
    both = {"WITH_TRACKING_CLAUDE_CODE_COMMAND": "one", "WITH_TRACKING_CLAUDE_COMMAND": "other"}
    assert bench.run([bench.wrapper()], **both).stdout == b"other\n"


def test_a_configured_command(bench: Bench) -> None:
    """WITH_TRACKING_<PROVIDER>_COMMAND is shell words: a program by name or path, and its first arguments."""
    program = bench.stub("my own claude", SPEAK.format(name="own"))
    done = bench.run([bench.wrapper(), "x y"], WITH_TRACKING_CLAUDE_COMMAND=f"'{program}' --model 'opus 5'")
    assert done.stdout == b"own --model opus 5 x y\n"
    assert bench.session()[1].argv == (str(program), "--model", "opus 5", "x y")


@pytest.mark.parametrize("configured", ["no-such-program --x", "'unclosed", "claude-with-tracking"])
def test_a_wrong_configured_command(bench: Bench, configured: str) -> None:
    """A command that cannot be run, or would be the wrapper again, gives one line and 127."""
    done = bench.run([bench.wrapper()], WITH_TRACKING_CLAUDE_COMMAND=configured, PATH=f"{bench.tools}:/usr/bin:/bin")
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (127, b"", 1)
    assert b"WITH_TRACKING_CLAUDE_COMMAND" in done.stderr


@pytest.mark.parametrize("name", ["claude", "gpt", "mine"])
def test_not_found(bench: Bench, name: str) -> None:
    """Nothing to run: one line that says what to install or set, exit 127, nothing recorded."""
    (bench.tools / "mine-with-tracking").symlink_to("claude-with-tracking")
    done = bench.run([bench.wrapper(name)])
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (127, b"", 1)
    assert done.stderr.startswith(b"Error: ")
    assert f"WITH_TRACKING_{name.upper()}_COMMAND".encode() in done.stderr
    assert b"install" in done.stderr
    assert not bench.folders()


@pytest.mark.parametrize("disguise", ["symlink", "symlink to recorder", "copy", "hard link", "shim"])
def test_never_the_wrapper_itself(bench: Bench, disguise: str) -> None:
    """A wrapper that is on PATH under the assistant's own name is passed over, whatever way it got there."""
    first = bench.folder / "first"
    first.mkdir()
    shadow = first / "claude"
    if disguise.startswith("symlink"):
        shadow.symlink_to(bench.tools / ("record-with-tracking" if "recorder" in disguise else "claude-with-tracking"))
    elif disguise == "copy":
        shutil.copy2(bench.wrapper(), shadow)
    elif disguise == "hard link":
        os.link(bench.wrapper(), shadow)
    else:
        shadow.write_text('#!/bin/sh\nexec claude-with-tracking "$@"\n')
        shadow.chmod(0o755)
    path = f"{first}:{bench.tools}:{bench.environ['PATH']}"
    assert bench.run([bench.wrapper()], PATH=path).returncode == 127
    speak(bench, "claude")
    for command in (bench.wrapper(), str(shadow)):
        assert bench.run([command, "x"], PATH=path).stdout == b"claude x\n"


def test_an_assistant_that_calls_another_wrapper_is_run(bench: Bench) -> None:
    """Only a script of the same name counts as a shim: an agent of one's own may use other wrappers."""
    bench.stub("claude", "#!/bin/sh\n# starts codex-with-tracking later\necho agent\n")
    assert bench.run([bench.wrapper()]).stdout == b"agent\n"


@pytest.mark.parametrize("kind", ["symlink", "relative symlink", "chain", "copy", "symlink to recorder"])
def test_an_assistant_of_ones_own(bench: Bench, kind: str) -> None:
    """A symlink or copy named <name>-with-tracking runs <name>, read with the generic patterns."""
    speak(bench, "mytool")
    mine = bench.folder / "mine" / "mytool-with-tracking"
    mine.parent.mkdir()
    path = bench.environ["PATH"]
    if kind == "symlink":
        mine.symlink_to(bench.wrapper())
    elif kind == "symlink to recorder":
        mine.symlink_to(bench.tools / "record-with-tracking")
    elif kind == "relative symlink":
        mine.symlink_to(os.path.relpath(bench.wrapper("gemini"), mine.parent))
    elif kind == "chain":
        (mine.parent / "between").symlink_to(bench.wrapper())
        mine.symlink_to("between")
    else:
        shutil.copy2(bench.wrapper("codex"), mine)
        path = f"{bench.tools}:{path}"
    assert bench.run([str(mine), "a b"], PATH=path).stdout == b"mytool a b\n"
    header = bench.session()[1]
    assert (header.provider, header.wrapper, header.argv) == ("generic", "mytool", ("mytool", "a b"))


def test_disabled(bench: Bench) -> None:
    """WITH_TRACKING_DISABLED=1 runs the assistant as if there were no wrapper, and keeps nothing."""
    bench.reporter()
    with bench.start([bench.wrapper(), "a b"], WITH_TRACKING_DISABLED="1") as terminal:
        assert terminal.wait_for_end() == 0
    assert bench.report().argv() == [b"a b"]
    assert "WITH_TRACKING_SESSION_ID" not in bench.report().variables()
    assert not bench.root.exists()


def test_names_of_builtins_and_functions(bench: Bench) -> None:
    """An assistant may be called like a builtin of bash or a function of the recorder."""
    for name in ("test", "finish", "exec", "say"):
        speak(bench, name)
        link = bench.folder / f"{name}-with-tracking"
        link.symlink_to(bench.wrapper())
        with bench.start([str(link), "x"]) as terminal:
            terminal.wait_for(f"{name} x")
            assert terminal.wait_for_end() == 0


def test_the_folder_one_is_in_is_not_python_path(checkout_bench: Bench) -> None:
    """A project with packages named like ours, or like the standard library's, is not what reads the session."""
    bench = checkout_bench
    speak(bench, "claude")
    for package in ("parsers", "with_tracking", "json"):
        (bench.folder / package).mkdir()
        (bench.folder / package / "__init__.py").write_text("raise SystemExit('the wrong one')\n")
    done = bench.run([bench.wrapper(), "close-issue 583"], PYTHONPATH=str(bench.folder), WITH_TRACKING_MLFLOW="0")
    assert (done.returncode, done.stdout) == (0, b"claude close-issue 583\n")
    assert done.stderr.count(b"\n") == 1
    assert b"with-tracking show" in done.stderr
    deadline = time.monotonic() + 120
    while not (bench.session()[0] / "parsed.json").exists():  # written by a process that nobody waits for
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize(
    "text",
    [
        "[providers.codex]\ncommand = 'x'\n[providers.claude]\ncommand = \"'{0}' --model \\\"opus 5\\\"\"  # mine\n",
        '[ providers."claude" ]\ncommand=\'"{0}" --model "opus 5"\'\n[mlflow]\ncommand = "x"',
    ],
    ids=["basic string", "literal string"],
)
def test_command_of_the_configuration(bench: Bench, text: str) -> None:
    """[providers.claude] command in the person's file is what runs; the environment goes before it."""
    program = bench.stub("my claude", SPEAK.format(name="mine"))
    file = Path(bench.environ["HOME"]) / ".config" / "with-tracking" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text.replace("{0}", str(program)))
    assert bench.run([bench.wrapper(), "x"]).stdout == b"mine --model opus 5 x\n"
    speak(bench, "other")
    assert bench.run([bench.wrapper(), "x"], WITH_TRACKING_CLAUDE_COMMAND="other").stdout == b"other x\n"
    assert tomllib.loads(file.read_text())["providers"]["claude"]["command"].startswith(("'", '"'))


def test_a_byte_order_mark_hides_no_section(bench: Bench) -> None:
    """Some editors begin a file with one; the first section is read all the same."""
    program = speak(bench, "mine")
    file = Path(bench.environ["HOME"]) / ".config" / "with-tracking" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(f"[providers.claude]\ncommand = '{program}'\n", encoding="utf-8-sig")
    assert bench.run([bench.wrapper(), "x"]).stdout == b"mine x\n"


def test_wrong_command_of_the_configuration_is_named(bench: Bench) -> None:
    """What cannot be run is named with the file that says so."""
    file = Path(bench.environ["HOME"]) / ".config" / "with-tracking" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[providers.claude]\ncommand = 'no-such-program'\n")
    done = bench.run([bench.wrapper()])
    assert done.returncode == 127
    assert b"config.toml ([providers.claude]) names 'no-such-program'" in done.stderr


def test_the_recorder_tells_its_usage(bench: Bench) -> None:
    """--help goes to stdout, no argument is a mistake; neither is taken for an assistant's name."""
    recorder = CHECKOUT / "bin" / "record-with-tracking"
    for arguments, status in (([], 2), (["--help"], 0), (["-h"], 0)):
        shown = bench.run([str(recorder), *arguments])
        assert shown.returncode == status
        assert (shown.stdout or shown.stderr).startswith(b"Usage: record-with-tracking NAME-with-tracking")
