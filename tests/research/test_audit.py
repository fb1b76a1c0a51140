"""A planted tell is found and named with its side; where form says nothing, nothing is found."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from research.audit import audit as command
from research.audit import csv_rows
from research.audit_measures import audit, verdict
from reviewbot.errors import UsageError
from reviewbot.train.dataset import Table
from reviewbot.train.predictor_fit import FitResult, fit
from reviewbot.train.replay import Replayed
from tests.research.versions import laid, replayed

Versions = Callable[[int], tuple[list[str], list[str]]]
NAMES = "kmnpqrstuv"


def same_form(i: int) -> tuple[list[str], list[str]]:
    """Return versions that differ in one letter or digit of no meaning to any tell."""
    head, tail = f"x = {NAMES[i % 10]}", f"z = {NAMES[i % 7]}"
    return [head, "y = a", tail], [head, "y = b", tail]


def made(
    versions: Versions, *, name: str = "mine", rows: int = 40, sound: bool = False
) -> list[Replayed]:
    """Return changes of ten groups; the wrong line starts with "y". sound: that survived."""
    found = []
    for i in range(rows):
        lines, fixed = versions(i)
        found.append(
            replayed(
                f"{name}/{i}",
                lines,
                None if sound else fixed,
                risky=[k for k, line in enumerate(lines) if line.startswith("y") and not sound],
                set_name=name,
                group=f"{name}{i % 10}",
            )
        )
    return found


def test_form_that_never_differs_gives_one_half_and_no_verdict() -> None:
    found = audit(laid(*made(same_form)), samples=50)["sets"]["mine"]["pairs"]["normalised"]

    assert found["places"] == 40
    for entry in found["tells"].values():
        for trained in entry.values():
            assert trained["paired"]["value"] == 0.5
            assert trained["differs"] == 0
            assert trained["verdict"] == ""


def test_a_blank_first_line_of_the_wrong_version_is_a_tell_for_all_places_alone() -> None:
    def leading(i: int) -> tuple[list[str], list[str]]:
        lines, fixed = same_form(i)
        return ["", *lines], fixed

    found = audit(laid(*made(leading)), samples=50)["sets"]["mine"]["pairs"]

    both = found["all places"]["tells"]
    assert both["first line blank"]["pairs"]["paired"]["value"] == 1.0
    assert both["first line blank"]["pairs"]["verdict"] == "a tell, wrong above"
    assert both["all together"]["pairs"]["verdict"] == "a tell, wrong above"
    assert both["quotes"]["pairs"]["verdict"] == ""
    assert found["all places"]["columns"]["first line is blank"]["paired"]["value"] == 1.0
    assert "skipped" in found["normalised"]  # two places differ, so no row is normalised


def test_a_fit_of_which_nothing_comes_is_named_and_the_rest_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails_on_quotes(table: Table, names: list[str], **more: Any) -> FitResult:
        if names[0] == "double quotes":
            raise UsageError("the fit gave scores that are no numbers", fix="give more rows")
        return fit(table, names, **more)

    def quoted(i: int) -> tuple[list[str], list[str]]:
        return ["x = 1", "y = 'a'", "z = 2"], ["x = 1", 'y = "a"', "z = 2"]

    monkeypatch.setattr("research.audit_measures.fit", fails_on_quotes)
    found = audit(laid(*made(quoted)), samples=20)["sets"]["mine"]

    entry = found["pairs"]["normalised"]["tells"]["quotes"]["pairs"]
    assert (entry["paired"], entry["verdict"]) == (None, "not fitted")
    assert found["within"]["quotes"] is None
    assert found["pairs"]["normalised"]["tells"]["all together"]["pairs"]["paired"]["value"] == 1.0
    assert found["within"]["line length"]["value"] > 0.9


def test_a_tell_in_few_pairs_is_rare_and_not_lost_in_the_mean() -> None:
    def seldom(i: int) -> tuple[list[str], list[str]]:
        lines, fixed = same_form(i)
        return [*lines[:1], lines[1] + (" " if i % 20 < 2 else ""), *lines[2:]], fixed

    rows = made(seldom, rows=100)
    found = audit(laid(*rows), samples=50)["sets"]["mine"]["pairs"]["all places"]

    entry = found["tells"]["trailing blanks"]["pairs"]
    assert entry["differs"] == pytest.approx(0.1)
    assert entry["paired"]["value"] == pytest.approx(0.55)
    assert entry["where it differs"]["value"] == 1.0
    assert entry["verdict"] == "a rare tell, wrong above"


def test_longer_corrections_turn_what_is_learnt_from_lines_against_the_pairs() -> None:
    def longer(i: int) -> tuple[list[str], list[str]]:
        wrong = f"y = {'a' * 30}"
        return ["x = 1", wrong, "z = 2"], ["x = 1", wrong + " + bcde", "z = 2"]

    found = audit(laid(*made(longer)), samples=50)["sets"]["mine"]["pairs"]["normalised"]

    entry = found["tells"]["line length"]
    assert entry["lines"]["verdict"] == "a tell, wrong below"  # wrong lines are long, fixes longer
    assert entry["pairs"]["verdict"] == "a tell, wrong above"
    assert found["columns"]["characters"]["verdict"] == "a tell, wrong below"
    assert (found["wrong shorter"], found["wrong longer"]) == (40, 0)
    assert entry["pairs"]["length balanced"] is None  # no pair whose wrong version is the longer


def test_a_length_that_beats_the_pairs_gives_one_half_balanced() -> None:
    def mostly_longer(i: int) -> tuple[list[str], list[str]]:
        short, long = "y = aa", "y = aaaa"
        return ["x = 1", *([long] if i % 4 == 3 else [short])], [
            "x = 1",
            *([short] if i % 4 == 3 else [long]),
        ]

    rows = made(mostly_longer, rows=80)
    found = audit(laid(*rows), samples=50)["sets"]["mine"]["pairs"]["normalised"]["tells"]

    entry = found["all together"]["pairs"]
    assert entry["paired"]["value"] == 0.75
    assert entry["length balanced"]["value"] == 0.5
    assert entry["length balanced"]["count"] == 80


@pytest.mark.parametrize(
    ("low", "high", "rare", "said"),
    [
        (0.56, 0.9, None, "a tell, wrong above"),
        (0.55, 0.9, None, "open"),
        (0.1, 0.44, None, "a tell, wrong below"),
        (0.1, 0.45, None, "open"),
        (0.46, 0.54, None, ""),
        (0.46, 0.54, 9, ""),  # too few pairs in which it differs
        (0.46, 0.54, 10, "a rare tell, wrong above"),
    ],
)
def test_the_interval_decides(low: float, high: float, rare: int | None, said: str) -> None:
    differing = {"value": 0.99, "low": 0.98, "high": 1.0, "count": rare} if rare else None

    assert verdict({"value": 0.5, "low": low, "high": high, "count": 99}, differing) == said


def test_without_an_interval_nothing_is_claimed() -> None:
    assert verdict({"value": 1.0, "count": 9}, None) == "too few groups"
    assert verdict(None, None) == ""


def test_inside_snippets_and_between_wrong_and_clean_sets_form_is_measured_too() -> None:
    def commented(i: int) -> tuple[list[str], list[str]]:
        lines, _ = same_form(i)
        return [lines[0], lines[1] + "  # so", lines[2]], lines

    def longer(i: int) -> tuple[list[str], list[str]]:
        lines, fixed = same_form(i)
        return [*lines, "w = 1"], fixed

    wrong, clean = made(commented, name="bad"), made(longer, name="good", sound=True)
    found = audit(laid(*wrong, *clean), mixed={"both": ("bad", "good")}, samples=50)

    assert found["sets"]["bad"]["within"]["comments"]["value"] == 1.0
    assert found["sets"]["bad"]["within"]["quotes"]["value"] == 0.5
    assert "skipped" in found["sets"]["good"]["within"]
    assert found["sets"]["good"]["pairs"] == {}
    assert found["mixtures"]["both"]["number of lines"]["value"] == 1.0
    assert found["mixtures"]["both"]["quotes"]["verdict"] == ""


def test_the_command_writes_figures_twice_and_needs_no_model(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    with file.open("w") as opened:
        for i in range(12):
            lines, fixed = same_form(i)
            row = {"id": str(i), "set": "a,b", "lang": "python", "group": f"g{i % 10}"}
            print(json.dumps(row | {"lines": lines, "risky": [1], "fixed": fixed}), file=opened)
    out, table = tmp_path / "audit.json", tmp_path / "audit.csv"

    done = CliRunner().invoke(
        command,
        ["--labels", str(file), "--samples", "20", "--out", str(out), "--csv", str(table)],
    )

    assert done.exit_code == 0, done.output
    report = json.loads(out.read_text())
    assert table.read_text() == done.stdout == csv_rows(report)
    lines = table.read_text().splitlines()
    assert 'paired accuracy,"a,b",normalised,pairs,quotes,12,10,,0.500,0.500,0.500' in lines
    assert report["labels"] == ["mine.jsonl"]


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["--labels", "missing", "--out", str(tmp_path)])

    assert done.exit_code == 2
    assert "no place for a file" in done.output
