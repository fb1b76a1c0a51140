"""Names in settings may be a stranger's: nothing waits for a pipe, or leaves the repository."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reviewbot.config.load import from_files, settings_from
from reviewbot.errors import UsageError
from tests.cli.small import environ, write_artifact

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
CALIBRATION = """
from reviewbot.app.artifact import calibration_for
from reviewbot.config.schema import Settings
import sys
calibration_for(Settings(calibration=sys.argv[1]), None, None)
"""
ARTIFACT = """
from pathlib import Path
from reviewbot.scoring.artifact import load_artifact
import sys
load_artifact(Path(sys.argv[1]))
"""
MODEL = """
from pathlib import Path
from reviewbot.models.verify import read_json
import sys
read_json(Path(sys.argv[1]))
"""


def failure(code: str, name: Path | str) -> str:
    """Run it in a process of its own with a stdin that never ends; it must end all the same."""
    command = [sys.executable, "-c", code, str(name)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environ(),
        text=True,
    ) as process:
        try:
            process.wait(timeout=60)
            assert process.stderr is not None
            return process.stderr.read()
        finally:
            process.kill()


@pytest.mark.parametrize("name", ["pipe", "/dev/stdin", "/dev/zero", "-"])
def test_a_calibration_is_read_from_a_regular_file_only(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    named = tmp_path / name if name == "pipe" else name

    said = failure(CALIBRATION, named)

    assert "is no regular file" in said or "there is no calibration file '-'" in said


def test_a_pipe_in_an_artifact_or_a_model_directory_is_refused(tmp_path: Path) -> None:
    where = write_artifact(tmp_path / "artifact")
    (where / "features.json").unlink()
    os.mkfifo(where / "features.json")
    os.mkfifo(tmp_path / "config.json")

    assert "features.json of the artifact is no regular file" in failure(ARTIFACT, where)
    assert "no regular file" in failure(MODEL, tmp_path / "config.json")


def test_a_settings_file_names_no_calibration_outside_its_repository(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "own.json").write_text("{}")
    (root / "link.json").symlink_to("../own.json")
    for name in ("/dev/stdin", "../own.json", "link.json", "deep/../../x", f"{root}x/y"):
        (root / ".reviewbot.toml").write_text(f'calibration = "{name}"\n')
        with pytest.raises(UsageError, match="leads out of"):
            from_files(root)
    for name in ("own.json", "off", "auto"):
        (root / ".reviewbot.toml").write_text(f'calibration = "{name}"\n')
        settings_from(*from_files(root))
