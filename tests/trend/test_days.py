"""The day of each report, also where a clock is false."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.trend.made import LINES, Dates, about, head_of, record, run, shown, write


def test_a_record_of_the_day_goes_before_the_commit_and_that_before_the_name(
    folder: Path, tmp_path: Path
) -> None:
    made = Dates(tmp_path / "repo")
    head = made.commit(0, "one", {"a.py": "x = 1\n"})  # 2026-01-01
    write(folder, "2026-11-02-two.json", about(head, *LINES))

    by_commit = shown(folder, "--root", made.repo.root, "--weeks", "60")
    record(folder, {"record": "date", "report": "2026-11-02-two.json", "date": "2026-06-01"})
    by_record = shown(folder, "--root", made.repo.root, "--weeks", "60")

    assert by_commit["weeks"][0]["week"] == "2026-W01"
    assert by_record["weeks"][0]["week"] == "2026-W23"


def test_a_report_without_a_day_is_counted_and_said_but_not_guessed(folder: Path) -> None:
    write(folder, "undated.json", about("worktree", *LINES))

    result = run(folder, "--format", "json")

    assert result.exit_code == 0
    assert json.loads(result.stdout)["left_out"]["undated"] == ["undated.json"]
    assert "left out: undated.json: no day is known of it" in result.stderr


def test_where_no_day_is_known_nothing_is_shown(tmp_path: Path) -> None:
    write(tmp_path, "undated.json", about("worktree", *LINES))

    result = run(tmp_path)

    assert result.exit_code == 2
    assert "nothing was shown: no day that can be used is known" in result.stderr
    assert result.stdout == ""


def test_a_day_for_a_report_that_is_not_there_is_said(folder: Path) -> None:
    record(folder, {"record": "date", "report": "../x.json", "date": "2026-11-23"})

    assert (
        "1 record of a day for no report that is here, such as ../x.json" in shown(folder)["notes"]
    )


def test_a_day_of_the_future_hides_no_week_and_is_said(folder: Path, tmp_path: Path) -> None:
    made = Dates(tmp_path / "repo")
    head = made.commit(26_000, "of 2097", {"a.py": "x = 1\n"})
    before = shown(folder)["weeks"]
    write(folder, "r.json", about(head, *LINES))
    write(folder, "2097-01-01.json", about(head_of(3), *LINES))

    result = run(folder, "--root", made.repo.root, "--format", "json")

    why = "its day, {}, lies more than a day after this run"
    assert json.loads(result.stdout)["weeks"] == before
    assert json.loads(result.stdout)["left_out"]["broken"] == [
        {"file": "2097-01-01.json", "why": why.format("2097-01-01")},
        {"file": "r.json", "why": why.format("2097-03-09")},
    ]
    assert f"left out: r.json: {why.format('2097-03-09')}" in result.stderr


def test_where_a_commit_has_a_false_clock_the_name_tells_the_day(
    folder: Path, tmp_path: Path
) -> None:
    made = Dates(tmp_path / "repo")
    head = made.commit(26_000, "of 2097", {"a.py": "x = 1\n"})
    write(folder, "2026-11-03.json", about(head, *LINES))

    found = shown(folder, "--root", made.repo.root)

    assert [week["reports"] for week in found["weeks"]] == [2, 1]
    assert [note for note in found["notes"] if note.endswith("does not count: 2026-11-03.json")]
    assert [note for note in found["notes"] if note.startswith("1 commit of the branch dated")]


def test_the_clock_decides_only_what_is_too_late(folder: Path) -> None:
    noon = datetime(2026, 11, 8, 12, tzinfo=UTC)

    assert run(folder, now=noon).stdout == run(folder, now=noon + timedelta(days=999)).stdout
    assert shown(folder, now=noon - timedelta(days=1))["total"]["reports"] == 1
    none = run(folder, now=noon - timedelta(days=99))
    assert none.exit_code == 2
    assert "no day that can be used is known of any of the 2 reports" in none.stderr


def test_a_commit_of_an_absurd_time_has_no_day(folder: Path, tmp_path: Path) -> None:
    made = Dates(tmp_path / "repo")
    made.commit(0, "near", {"a.py": "x = 1\n"})
    near = made.repo.git("cat-file", "commit", "HEAD")
    for name, time in (("far", 9_000_000_000), ("further", 2**60)):
        raw = near.replace(str(Dates.START), str(time)).encode()
        head = made.repo.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw)
        write(folder, f"{name}.json", about(head, *LINES))

    assert shown(folder, "--root", made.repo.root)["left_out"]["undated"] == [
        "far.json",
        "further.json",
    ]
