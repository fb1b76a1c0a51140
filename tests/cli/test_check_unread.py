"""What a check did not read never looks as if it had been read. Real repositories, a small model.

A character is a token here, and a window holds 2,048; the comment line with the path takes 7.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from reviewbot.cli import assemble
from reviewbot.core.states import HiddenStates
from reviewbot.render import RENDERERS
from tests.cli.small import ByteEncoder
from tests.cli.test_check import as_json, check, git, repo

__all__ = ["repo"]  # the fixture

FITS, TOO_LONG = "f" * 2_040, "l" * 2_041


class Watched(ByteEncoder):
    """Remembers the text of each window."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def states(self, ids: Sequence[int]) -> HiddenStates:
        self.seen.append("".join(map(chr, ids)))
        return super().states(ids)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The windows that the model reads."""
    encoder = Watched()
    monkeypatch.setattr(assemble, "load_model", lambda *_: encoder)
    monkeypatch.setenv("REVIEWBOT_LINE_CACHE", "0")
    return encoder.seen


def write(where: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        (where / name).write_bytes(text.encode())
    git(where, "add", "--intent-to-add", ".")


@pytest.mark.parametrize("before", [0, 1, 150, 300, 500])
def test_a_line_is_scored_only_where_all_of_it_was_read(
    repo: Path, seen: list[str], before: int
) -> None:
    write(repo, {"a.py": "x = 1\n" * before + f"{FITS}\n{TOO_LONG}\n{'p' * 53_000}\n"})

    found = as_json(check("--format", "json", "--max-risk", "1"))

    lines = found["files"][0]["lines"][-3:]
    assert [line["why"] for line in lines] == [None, "line too long", "line too long"]
    assert any(f"{FITS}\n" in window for window in seen)
    assert max(map(len, seen)) <= 2_048
    assert (found["ledger"]["failed"], found["verdict"]["exit_code"]) == (2, 3)


@pytest.mark.parametrize("style", [name for name in RENDERERS if name != "annotations"])
def test_every_format_names_a_line_that_is_too_long(repo: Path, style: str) -> None:
    write(repo, {"a.py": f"x = 1\ny = 2\n{TOO_LONG}\n"})

    result = check("--format", style)

    assert result.exit_code == 3
    assert "line too long" in result.stdout


@pytest.mark.parametrize(("lines", "ledger"), [(100, (1, 1, 0, 0)), (400, (1, 0, 1, 3))])
def test_carriage_returns_end_no_line_and_hide_nothing(
    repo: Path, lines: int, ledger: tuple[int, ...]
) -> None:
    write(repo, {"n.py": "# a\r" + "x = 1\r" * lines})

    found = as_json(check("--format", "json", "--max-risk", "1"))

    counts = [found["ledger"][key] for key in ("added", "scored", "failed")]
    assert (*counts, found["verdict"]["exit_code"]) == ledger
    assert [line["number"] for line in found["files"][0]["lines"]] == [1]
