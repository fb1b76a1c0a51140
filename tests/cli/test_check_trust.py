"""What a hostile change must not be able to do to its own check."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reviewbot.cli import main
from reviewbot.errors import ArtifactError
from reviewbot.scoring.artifact import load_artifact
from tests.cli.test_check import LONG, as_json, git, repo

__all__ = ["repo"]  # the fixture


def committed(where: Path, files: dict[str, str]) -> None:
    git(where, "checkout", "-q", "-b", "topic")
    for name, text in files.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(where, "add", "-A")
    git(where, "commit", "-m", "topic")


def check(*args: str) -> Any:
    return CliRunner().invoke(main, ["check", "--format", "json", *args])


@pytest.mark.parametrize(
    "text",
    [
        'exclude = ["*"]\n',
        "max-file-lines = 1\nmin-coverage = 0.0\n",
        "max-lines-over = 99\n",
        'fail-on = "never"\n',
        'fail-on-for = ["*=never"]\n',
    ],
)
def test_commits_cannot_bring_the_settings_they_are_checked_with(
    repo: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REVIEWBOT_FAIL_ON")
    (repo / ".reviewbot.toml").write_text('fail-on = "critical"\n')
    git(repo, "add", ".")
    git(repo, "commit", "-m", "settings")
    committed(repo, {"n.py": f"{LONG}\n", ".reviewbot.toml": text})

    found = as_json(check("main..topic"))

    assert found["verdict"]["exit_code"] == 1
    assert found["ledger"]["scored"] == 1
    assert found["notes"] == ["the change edits reviewbot's settings; the base's were used"]


def test_commits_cannot_bring_the_attributes_they_are_checked_with(repo: Path) -> None:
    committed(repo, {"n.py": f"{LONG}\n", ".gitattributes": "*.py -diff linguist-generated\n"})

    found = as_json(check("main..topic", "--min-coverage", "0"))

    assert found["verdict"]["exit_code"] == 1
    assert (found["ledger"]["scored"], found["ledger"]["unread_files"]) == (1, 0)


def test_the_settings_of_the_base_count_for_commits(repo: Path) -> None:
    (repo / ".reviewbot.toml").write_text('exclude = ["n.py"]\n')
    git(repo, "add", ".")
    git(repo, "commit", "-m", "settings")
    committed(repo, {"n.py": f"{LONG}\n"})

    found = as_json(check("main..topic"))

    assert found["ledger"]["by_reason"] == {"excluded": 1}
    assert found["notes"] == []


def test_settings_that_are_being_edited_count_locally_and_the_report_says_so(repo: Path) -> None:
    (repo / ".reviewbot.toml").write_text('exclude = ["a.py"]\n')
    git(repo, "add", "-N", ".reviewbot.toml")
    (repo / "a.py").write_text(f"x = 1\n{LONG}\n")

    found = as_json(check())

    assert found["ledger"]["by_reason"]["excluded"] == 1
    assert found["notes"] == ["the change edits reviewbot's settings; the change's were used"]


def test_a_diff_is_checked_by_the_settings_beside_it_and_the_report_says_so(repo: Path) -> None:
    (repo / "a.py").write_text(f"x = 1\n{LONG}\n")
    git(repo, "diff", "--output=a.diff")

    assert as_json(check("--diff", "a.diff"))["notes"] == []
    (repo / ".reviewbot.toml").write_text('exclude = ["b.py"]\n')
    found = as_json(check("--diff", "a.diff"))

    (note,) = found["notes"]
    assert note.startswith(".reviewbot.toml in --root was used")


@pytest.mark.parametrize(
    ("here", "committed_there", "notes"),
    [
        (
            {".reviewbot.toml": "top = 3\n"},
            {},
            [".reviewbot.toml in the working tree is ignored: "],
        ),
        (
            {"pyproject.toml": "[tool.reviewbot]\ntop = 3\n"},
            {},
            ["pyproject.toml in the working tree is ignored: for commits, "],
        ),
        ({".reviewbot.toml": "top ="}, {}, ["unreadable settings in the working tree are ignored"]),
        (
            {".reviewbot.toml": "top = 3\n"},
            {".reviewbot.toml": "top = 4\n"},
            [
                "the change edits reviewbot's settings; the base's were used",
                ".reviewbot.toml in the working tree is ignored: ",
            ],
        ),
        (
            {},
            {".reviewbot.toml": "top = 4\n"},
            ["the change edits reviewbot's settings; the base's"],
        ),
        ({"pyproject.toml": "[project]\n"}, {}, []),
        (
            {".reviewbot-authors.toml": '[[rule]]\nauthor = "ai"\n'},
            {},
            [".reviewbot-authors.toml in the working tree is ignored: "],
        ),
        ({}, {".reviewbot-authors.toml": ""}, []),
    ],
)
def test_settings_that_do_not_count_for_commits_are_noted(
    repo: Path, here: dict[str, str], committed_there: dict[str, str], notes: list[str]
) -> None:
    committed(repo, {"n.py": "x = 1\n", **committed_there})
    for name, text in here.items():
        (repo / name).write_text(text)

    found = as_json(check("main..topic"))["notes"]

    assert len(found) == len(notes)
    assert all(map(str.startswith, found, notes))
    shown = check("main..topic", "--print-settings")
    assert shown.stderr == "".join(f"note: {note}\n" for note in found)


def test_code_that_is_moved_to_vendor_is_read_all_the_same(repo: Path) -> None:
    body = "".join(f"v{i} = {i}\n" for i in range(20))
    (repo / "a.py").write_text(body)
    git(repo, "commit", "-am", "body")
    committed(repo, {"vendor/a.py": f"{body}{LONG}\n"})
    git(repo, "rm", "-q", "a.py")
    git(repo, "commit", "-m", "moved")

    found = as_json(check("main..topic"))

    assert found["files"][0]["base_path"] == "a.py"
    assert found["ledger"]["scored"] == 1


def test_every_line_that_blocks_is_a_finding(repo: Path) -> None:
    (repo / "a.py").write_text(f"x = 1\ny = 2\n{LONG}\n")

    found = as_json(check("--max-risk", "0.0"))

    assert found["verdict"]["exit_code"] == 1
    shown = {n for f in found["findings"] for n in range(f["start"], f["end"] + 1)}
    assert shown == {line["number"] for f in found["files"] for line in f["lines"]}


def test_a_manifest_that_names_another_layer_than_its_autoencoder_is_refused(
    tiny_artifact: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny_artifact, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["model"]["layer"] += 1
    (copy / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(ArtifactError, match="layer"):
        load_artifact(copy)
