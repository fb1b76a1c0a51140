"""`train evaluate` on whole changes with the tiny model: figures, or a reason why not."""

import json
from pathlib import Path

import pytest

from tests.train.changes_made import Row, file, label, whole
from tests.train.test_cli_train import EVALUATE, Run, refused, run, sae, with_sae

__all__ = ["run", "sae", "with_sae"]  # the fixtures

TEXT = (
    "def item{n}(items):\n    first = items[{n}]\n    last = items[len(items)]\n    return last\n"
)


def rows(*, status: str, verdict: str | None = None, repositories: int = 6) -> list[Row]:
    """Changes that add a function to a file; the third line is blamed where they are faulty."""
    made = []
    for n in range(12):
        text = TEXT.format(n=n)
        more = {"becomes": "    last = items[len(items) - 1]"} if verdict == "wrong" else {}
        blamed = [label(6, verdict, "a.py", **more)] if status == "faulty" else []
        made.append(
            whole(
                f"{status}/{verdict}/{n}",
                group=f"repo {n % repositories}",
                status=status,
                files=[file("a.py", f"top = {n}\n\n\n{text}", f"top = {n}\n")],
                faulty=blamed,
                visible="line" if verdict == "wrong" else None,
            )
        )
    return made


def write(*given: Row) -> tuple[str, ...]:
    Path("changes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in given))
    return ("--labels", "changes.jsonl")


def test_labels_that_check_would_not_read_are_counted(with_sae: Run) -> None:
    given = rows(status="faulty", verdict="wrong")
    given[0]["faulty"].append(label(2, "related", "a.py"))  # a blank line
    result = with_sae(*EVALUATE, *write(*given))

    assert result.exit_code == 0, result.stderr
    assert "labelled lines left out, because `check` would not read them: 1" in result.stderr


@pytest.mark.parametrize(
    ("survived", "related", "parts"),
    [
        (True, True, ["wrong lines", "wrong lines, visible: line", "pairs", "alarms", "changes"]),
        (False, False, ["wrong lines", "wrong lines, visible: line", "pairs"]),
    ],
)
def test_changes_are_measured_by_change(
    with_sae: Run, *, survived: bool, related: bool, parts: list[str]
) -> None:
    given = rows(status="faulty", verdict="wrong")
    given += rows(status="clean") if survived else []
    given += rows(status="faulty", verdict="related") if related else []
    result = with_sae(*EVALUATE, *write(*given), "--related", "0.5")

    assert result.exit_code == 0, result.stderr
    found = json.loads(Path("figures.json").read_text())["parts"]
    assert sorted(found) == sorted([*parts, "lines that a fix changed"])
    assert (found["wrong lines"]["changes"], found["wrong lines"]["lines"]) == (12, 48)
    assert found["lines that a fix changed"]["hits"] == (24 if related else 12)
    assert found["pairs"]["scores"]["random"]["paired, normalised"]["value"] == 0.5
    assert "**wrong lines**: 12 changes, 48 lines, 12 hits, 6 groups" in result.stdout


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (rows(status="faulty", verdict="related"), "all of one class"),
        (rows(status="clean"), "all of one class"),
        (
            rows(status="faulty", verdict="wrong", repositories=1),
            "folds cannot be made of 1 groups",
        ),
        (
            [whole(files=[file("a.md", "words\n")], faulty=[])],
            "no line of the labels can be scored",
        ),
    ],
    ids=["related only", "survived only", "one repository", "no code"],
)
def test_changes_that_cannot_be_learned_from_are_refused(
    with_sae: Run, given: list[Row], words: str
) -> None:
    refused(with_sae(*EVALUATE, *write(*given)), 2, words)


def test_lines_that_nobody_read_are_learned_from_and_measured_as_blamed(with_sae: Run) -> None:
    result = with_sae(*EVALUATE, *write(*rows(status="faulty")))

    assert result.exit_code == 0, result.stderr
    found = json.loads(Path("figures.json").read_text())["parts"]
    assert found["wrong lines"] == {"changes": 0, "lines": 0, "groups": 0, "hits": 0, "scores": {}}
    assert found["lines that a fix changed"]["hits"] == 12
    assert "**lines that a fix changed**" in result.stdout
    assert "**wrong lines**" not in result.stdout
