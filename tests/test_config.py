"""Settings: the person's file, the project's, the environment; what is wrong is named and does no harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from with_tracking import config


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
