"""What happens to a secret that the screen shows and the recorded bytes hold only in scattered pieces."""

from __future__ import annotations

from pathlib import Path

from parsers.session_folder import read_folder
from tests.secrets_of import planted
from with_tracking import privacy
from with_tracking.settings import Privacy
from with_tracking.store import artifacts

SECRET = planted()["github-token"][0]


def _scattered(folder: Path) -> None:
    """Record a screen on which the secret appears four characters at a time, with a status drawn elsewhere between."""
    drawn = "".join(
        f"\x1b[3;{1 + at}H{SECRET[at : at + 4]}\x1b[20;1Hworking, step {at}" for at in range(0, len(SECRET), 4)
    )
    data = f'Script started on 2026-11-20 09:00:00+00:00 [COLUMNS="100" LINES="24"]\n{drawn}\r\n'
    folder.mkdir()
    (folder / "typescript").write_bytes(data.encode())
    (folder / "timing.log").write_text(f"O 1.0 {len(drawn) + 2}\n")


def test_a_recording_that_cannot_be_masked_is_kept_here_and_not_logged(tmp_path: Path) -> None:
    """The file stays as it is, is named as withheld, left out of the artifacts, and the session says so."""
    folder = tmp_path / "session"
    _scattered(folder)
    parsed = privacy.protect(folder, read_folder(folder), Privacy())
    assert SECRET not in parsed.transcript
    assert privacy.withheld(folder) == {"typescript"}
    assert any("could not be masked in typescript" in problem for problem in parsed.session.parse.problems)
    with artifacts.laid_out(folder, "", tmp_path / "workshop") as place:
        assert not (place / "raw" / "typescript.gz").exists()
        assert (place / "raw" / "timing.log.gz").exists()
