"""Settings: the person's file, the project's, the environment; what is wrong is named and does no harm."""

from __future__ import annotations

import json
import os
import re
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from parsers.parse_ai_session import parse_folder
from with_tracking import config, privacy, quantities, redaction
from with_tracking.cli.config_ import command
from with_tracking.store.logged import without_password


@pytest.fixture
def user_file(home: Path) -> Path:
    """Return the person's config.toml (not made yet)."""
    file = home / ".config" / "with-tracking" / "config.toml"
    file.parent.mkdir(parents=True)
    return file


def load(home: Path, cwd: Path, **environ: str) -> config.Config:
    """Load the settings for a working directory."""
    return config.load({"HOME": str(home), **environ}, cwd)


def test_defaults(home: Path, tmp_path: Path) -> None:
    """Without files everything has a default that works."""
    assert load(home, tmp_path) == config.Config()
    assert config.load({}, Path("/nowhere/at/all")) == config.Config()


def test_environment_over_project_over_person(home: Path, user_file: Path, tmp_path: Path) -> None:
    """The nearest word counts; run_tags of both files come together."""
    user_file.write_text(
        '[mlflow]\ntracking_uri = "http://user"\nexperiment_name = "user"\n'
        'traces = false\nrun_tags = {team = "a", n = 1}\n'
    )
    project = tmp_path / "project"
    (project / "src" / "deep").mkdir(parents=True)
    (project / ".with-tracking.toml").write_text('[mlflow]\nexperiment_name = "project"\nrun_tags.team = "b"\n')
    found = load(home, project / "src" / "deep", MLFLOW_TRACKING_URI="http://environment").mlflow
    assert (found.tracking_uri, found.experiment_name, found.traces) == ("http://environment", "project", False)
    assert found.run_tags == {"team": "b", "n": "1"}
    assert load(home, tmp_path).mlflow.experiment_name == "user"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[mlflow]\nenabled = true\n\nexperiment = 'x'\n", "config.toml:4: unknown setting mlflow.experiment"),
        ("[mlflow]\nenabled = 'yes'\n", "config.toml:2: mlflow.enabled must be true or false"),
        ("[mlflow]\nrun_tags = 'a'\n", "config.toml:2: mlflow.run_tags must be a table of texts"),
        ("\n[mlfow]\nenabled = true\n", "config.toml:2: unknown setting mlfow"),
        ("colour = 'red'\n", "config.toml:1: unknown setting colour"),
        ("[mlflow]\nenabled = \n", "(at line 2, column 11)"),
        ("[prices.'m']\ninput = 1\n", "config.toml:1: prices.m: input and output are needed"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    home: Path, user_file: Path, tmp_path: Path, text: str, problem: str
) -> None:
    """An unknown key, a wrong type or no TOML at all: one sentence with file and line, and the default is used."""
    user_file.write_text(text)
    found = load(home, tmp_path)
    assert len(found.problems) == 1
    assert problem in found.problems[0]
    assert str(user_file) in found.problems[0]
    assert found.mlflow == config.Mlflow()


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("sqlite:///mlflow.db", "sqlite:///{cwd}/mlflow.db"),
        ("sqlite:////data/mlflow.db", "sqlite:////data/mlflow.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("http://localhost:5000", "http://localhost:5000"),
    ],
)
def test_a_database_is_named_from_where_the_session_was(home: Path, tmp_path: Path, address: str, whole: str) -> None:
    """The process that logs works elsewhere: MLflow alone would make a store wherever that is."""
    found = load(home, tmp_path, MLFLOW_TRACKING_URI=address).mlflow.tracking_uri
    assert found == whole.format(cwd=tmp_path)


def test_switches_of_the_environment(home: Path, tmp_path: Path) -> None:
    """Switches understand 0 and 1, true and false, and say so if they do not."""
    assert not load(home, tmp_path, WITH_TRACKING_MLFLOW="0").mlflow.enabled
    assert not load(home, tmp_path, WITH_TRACKING_TRACES="off").mlflow.traces
    odd = load(home, tmp_path, WITH_TRACKING_MLFLOW="maybe")
    assert odd.mlflow.enabled
    assert odd.problems == ("WITH_TRACKING_MLFLOW must be true or false",)


def test_unreadable_file(home: Path, user_file: Path, tmp_path: Path) -> None:
    """A file that is no text does no harm."""
    user_file.write_bytes(b"\xff\xfe\x00")
    assert len(load(home, tmp_path).problems) == 1


WHOLE = """\
[mlflow]
run_tags = {team = "a"}

[retention]
older_than = "90d"
keep_raw = "2w"
max_size = "5GB"

[providers.claude]
command = "npx @anthropic-ai/claude-code"
patterns.prompt = '» (?P<text>.+)'

[procedures]
release = '^ship (?P<issue>\\d+)'

[prices."my-model"]
input = 1.5
output = 6
"""


def test_every_section_and_where_it_was_set(home: Path, user_file: Path, tmp_path: Path) -> None:
    """Ages and sizes are read, names are free where the person gives them, and each setting's place is known."""
    user_file.write_text(WHOLE)
    (tmp_path / ".with-tracking.toml").write_text("[mlflow]\nrun_tags.stage = 'x'\n")
    found = load(home, tmp_path, MLFLOW_EXPERIMENT_NAME="mine")
    assert found.problems == ()
    assert found.retention == config.Retention(timedelta(days=90), timedelta(days=14), 5_000_000_000)
    prompt = {"prompt": re.compile("» (?P<text>.+)")}
    assert found.providers == {"claude": config.Provider("npx @anthropic-ai/claude-code", prompt)}
    assert found.procedures["release"].match("ship 12")
    places = {name: origin.replace(str(user_file), "user") for name, origin in found.origins.items()}
    assert places == {
        "mlflow.run_tags": f"user:2, {tmp_path}/.with-tracking.toml:2",
        "mlflow.experiment_name": "$MLFLOW_EXPERIMENT_NAME",
        "retention.older_than": "user:5",
        "retention.keep_raw": "user:6",
        "retention.max_size": "user:7",
        "providers.claude.command": "user:10",
        "providers.claude.patterns": "user:11",
        "procedures.release": "user:14",
        "prices.my-model": "user:16",
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[retention]\nolder_than = 90\n", ":2: retention.older_than must be an age"),
        ("[retention]\nmax_size = 'much'\n", ":2: retention.max_size must be a size"),
        ("[procedures]\na = '^a'\nb = '('\n", ":3: procedures.b must be a regular expression"),
        ("[providers.codex]\ncomand = 'x'\n", ":2: unknown setting providers.codex.comand"),
        ("[providers.x.patterns]\ntool = '>'\n", ":1: providers.x.patterns must be a table of regular expressions"),
        ("[providers]\ncodex = 'x'\n", ":2: unknown setting providers.codex"),
        ("[privacy]\nallow = ['(']\n", ":2: privacy.allow: '(' is no regular expression"),
        ("[privacy]\ncontent = 'none'\n", ":2: privacy.content must be one of full, no-prompts, metrics-only"),
    ],
)
def test_wrong_values_of_other_sections(home: Path, user_file: Path, tmp_path: Path, text: str, problem: str) -> None:
    """They are named with file and line, like any other."""
    user_file.write_text(text)
    (found,) = load(home, tmp_path).problems
    assert found.startswith(f"{user_file}{problem}")


def test_a_byte_order_mark_is_no_mistake(home: Path, user_file: Path, tmp_path: Path) -> None:
    """Some editors begin a file with one."""
    user_file.write_bytes(b"\xef\xbb\xbf[mlflow]\nenabled = false\n")
    found = load(home, tmp_path)
    assert found.problems == ()
    assert not found.mlflow.enabled


def test_what_is_no_settings_file_is_named_and_not_waited_for(home: Path, user_file: Path, tmp_path: Path) -> None:
    """A pipe would never end, a folder cannot be read, a file of megabytes holds no settings."""
    os.mkfifo(user_file)
    assert load(home, tmp_path).problems == (f"{user_file}: is no file",)
    user_file.unlink()
    user_file.mkdir()
    assert load(home, tmp_path).problems == (f"{user_file}: is no file",)
    user_file.rmdir()
    user_file.write_text("[procedures]\n" + "".join(f"p{n} = 'a'\n" for n in range(100_000)))
    assert load(home, tmp_path).problems == (f"{user_file}: is larger than 1 MB",)


@pytest.mark.skipif(not redaction.HAS_RE2, reason="Python's re has no guarantee")
def test_a_project_cannot_stop_the_reading_with_a_pattern() -> None:
    """Patterns of one's own are searched for in linear time."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)  # re would not come back
    signal.alarm(30)
    redactor = privacy.redactor_of(config.Privacy(patterns={"slow": "(a+)+$"}))
    assert redactor.redact("a" * 5000 + "b") == "a" * 5000 + "b"
    signal.alarm(0)


@pytest.mark.parametrize(
    "text", ["[providers.claude]\ncommand = 'rm -rf /'\n", "[retention]\nolder_than = '1s'\n", "[privacy]\nallow=['.']"]
)
def test_a_cloned_project_decides_little(home: Path, tmp_path: Path, text: str) -> None:
    """A project's file says neither what is run, nor what is deleted, nor what is no secret."""
    (tmp_path / ".with-tracking.toml").write_text(text)
    found = load(home, tmp_path)
    assert (found.providers, found.retention, found.privacy) == ({}, config.Retention(), config.Privacy())
    assert "counts only in your own config.toml" in found.problems[0]


def test_a_project_may_keep_less_but_not_more(home: Path, user_file: Path, tmp_path: Path) -> None:
    """[privacy] content of a project holds where it is the stricter one."""
    project = tmp_path / ".with-tracking.toml"
    user_file.write_text("[privacy]\ncontent = 'no-prompts'\n")
    for said, holds in (("full", "no-prompts"), ("metrics-only", "metrics-only")):
        project.write_text(f"[privacy]\ncontent = '{said}'\n")
        assert load(home, tmp_path).privacy.content == holds


def test_config_command(home: Path, user_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`with-tracking config` shows each value with its place, and what was ignored; --json has the same."""
    user_file.write_text(
        "[mlflow]\ntracking_uri = 'http://me:secret@host'\ncolour = 1\n[retention]\nkeep_raw = '336h'\n"
    )
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(command, standalone_mode=False)
    lines = {line.split()[0]: line.split()[1:] for line in shown.stdout.splitlines()}
    assert lines["mlflow.tracking_uri"] == ["http://host", f"{user_file}:2"]
    assert lines["mlflow.enabled"] == ["true", "default"]
    assert lines["root"][1] == "$WITH_TRACKING_HOME"
    short = [line for line in shown.stdout.splitlines() if line.endswith(" default")]
    assert short
    assert all(len(line) <= 80 for line in short)  # those with long values do not push the others aside
    assert f"Ignored: {user_file}:3: unknown setting mlflow.colour" in shown.stderr
    as_json = json.loads(CliRunner().invoke(command, ["--json"], standalone_mode=False).stdout)
    assert {"name": "retention.keep_raw", "value": "14d", "origin": f"{user_file}:5"} in as_json["settings"]
    assert len(as_json["problems"]) == 1


@pytest.mark.parametrize(("text", "count"), [("5GB", 5 * 10**9), ("1.5 MiB", 3 * 2**19), ("7", 7), ("2kB", 2000)])
def test_sizes(text: str, count: int) -> None:
    """Sizes are read in the usual units; what is written of them is read back."""
    assert quantities.size(text) == count
    assert quantities.size(quantities.size_text(count)) == pytest.approx(count, rel=0.05)


@pytest.mark.parametrize("text", ["", "d", "-5GB", "5 parsecs", "1e9", "90", "5d5h"])
def test_what_is_neither_age_nor_size(text: str) -> None:
    """What is no age is refused."""
    with pytest.raises(ValueError, match="an age"):
        quantities.age(text)


def test_settings_that_help_reading(user_file: Path, tmp_path: Path) -> None:
    """A session of an assistant that nobody knows is read with the person's patterns and procedures."""
    user_file.write_text(
        "[procedures]\nship = '^ship it'\n[providers.odd.patterns]\nprompt = '\\[me\\] (?P<text>.+)'\n"
    )
    header = {"provider": "generic", "wrapper": "odd", "argv": ["odd"], "interactive": False}
    (tmp_path / "session.json").write_text(json.dumps(header))
    (tmp_path / "stdout.txt").write_text("odd 1.0\n[me] ship it\n")
    session = parse_folder(tmp_path).session
    assert (session.user_prompts, session.procedure_name) == (("ship it",), "ship")


@pytest.mark.parametrize("password", ["secret", "se@cret", "se:cr@et"])
def test_no_password_of_an_address_is_told(password: str) -> None:
    """Whatever signs it holds."""
    text = f"asked http://me:{password}@host:5000/x, got nothing"
    assert without_password(text) == "asked http://host:5000/x, got nothing"
