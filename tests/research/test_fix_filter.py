"""The filter of blamed lines is fitted and measured by repository."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import research.fix_filter
import research.fix_filter_measures
from research.fix_filter import chosen_penalty, fit, folds, main, table
from research.fix_filter_measures import precision_at_half

TEXTS = ("    if a < b:", "    total = one", "    log('x')", "    return total")


def row(group: str, number: int) -> dict[str, Any]:
    """Return a change with a one-line fix, at fault, and a fix of three lines that were not."""
    fixes = [("a", (0,), "wrong", 1), ("b", (1, 2, 3), "related", 9)]
    faulty = [
        {
            "path": "a.py",
            "line": line + 1,
            "text": TEXTS[line],
            "becomes": TEXTS[line].replace("<", "<=").replace("total", "result"),
            "fix_sha": f"{name}{number}",
            "fix_subject": "fix: wrong limit",
            "fix_strength": 2,
            "lag_days": 3.5,
            "fix_deleted": deleted,
            "fix_added": deleted + number % 3,
            "verdict": verdict,
        }
        for name, lines, verdict, deleted in fixes
        for line in lines
    ]
    unread = faulty[-1] | {"line": 4, "fix_sha": "c", "verdict": None}
    files = [{"path": "a.py", "head": "\n".join(TEXTS)}]
    return {"group": group, "files": files, "faulty": [*faulty, unread]}


@pytest.fixture
def changes(tmp_path: Path) -> Path:
    for group in range(12):
        with gzip.open(tmp_path / f"{group}.jsonl.gz", "wt", encoding="utf-8") as file:
            for number in range(2 + group % 3):
                file.write(json.dumps(row(f"group {group}", number)) + "\n")
    return tmp_path


def test_precision_is_read_where_half_of_the_wrong_lines_are_found() -> None:
    y_L, one_L = np.array([True, False, True, False]), np.ones(4)

    assert precision_at_half(y_L, np.array([4.0, 3.0, 2.0, 1.0]), one_L) == 1
    assert precision_at_half(y_L, np.array([3.0, 4.0, 2.0, 1.0]), one_L) == 0.5
    assert precision_at_half(y_L, np.zeros(4), one_L) == 0.5  # tied: the base rate
    assert precision_at_half(y_L, np.zeros(4), np.array([3.0, 1.0, 3.0, 1.0])) == 0.75


def test_no_repository_is_in_two_folds_and_no_fold_is_empty() -> None:
    group_L = np.repeat([f"g{i}" for i in range(30)], np.arange(1, 31))

    for seed in range(5):
        fold_L = folds(group_L, 10, seed)
        assert all(len(set(fold_L[group_L == group])) == 1 for group in set(group_L))
        assert len(set(fold_L)) == 10
    assert (folds(group_L, 10, 0) != folds(group_L, 10, 1)).any()


def test_lines_that_nobody_read_are_siblings_and_no_labels(changes: Path) -> None:
    rows = table(changes)

    assert len(rows.wrong_L) == 4 * sum(2 + group % 3 for group in range(12))
    assert rows.wrong_L.mean() == 0.25


def test_a_penalty_is_chosen_without_the_lines_that_are_kept_back(changes: Path) -> None:
    rows = table(changes)
    train_L = rows.group_L != "group 3"
    before = chosen_penalty(rows, train_L, 0), fit(rows, train_L, 250.0).bias

    rows.wrong_L[~train_L] ^= True

    assert (chosen_penalty(rows, train_L, 0), fit(rows, train_L, 250.0).bias) == before


def test_the_command_measures_and_writes_weights(
    changes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(research.fix_filter, "SEEDS", 1)
    monkeypatch.setattr(research.fix_filter_measures, "SAMPLES", 20)
    out = changes / "made" / "filter.json"

    done = CliRunner().invoke(main, [str(changes), "--out", str(out)])

    assert done.exit_code == 0, done.output
    assert "| the filter | by line | 1.000 (1.000 to 1.000) | 1.000 (1.000 to 1.000) |" in (
        done.output
    )
    assert "| random: the base rate | by line | 0.250" in done.output
    stored = json.loads(out.read_text())
    assert stored["columns"]["fix_deleted"][2] < 0


def test_too_few_repositories_are_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, [str(tmp_path)])

    assert done.exit_code == 2
    assert "fewer than 10 repositories" in done.output
