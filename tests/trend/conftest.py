"""A directory of reports."""

from pathlib import Path

import pytest

from tests.trend.made import LINES, about, head_of, write


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with two reports that have a day in their names; the current one is no git."""
    made = tmp_path / "reports"
    write(made, "2026-11-02-one.json", about(head_of(1), *LINES))
    write(made, "deep/2026-11-09/report.json", about(head_of(2), *LINES[:1]))
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return made
