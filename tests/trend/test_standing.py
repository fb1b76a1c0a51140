"""Lines above the limit: as the gate counted them, and as limits say where a report does not."""

from dataclasses import replace
from pathlib import Path

import pytest

from reviewbot.cli import strangers
from reviewbot.cli.gather import gather
from reviewbot.core.report import ChangeInfo
from tests.render.reports import scored
from tests.trend.made import LINES, about, aged, head_of, shown, write


@pytest.mark.parametrize(
    ("limits", "path", "why"),
    [
        (("*a*a*a*ab=0.1",), "x.py", "too many stars"),
        (("**/a/**/a/**/*a*b=0.1",), "x.py", "too many stars"),
        (("x=0.1",) * 51, "x.py", "too many"),
        (("x" * 300 + "=0.1",), "x.py", "too many"),
        (("x=2",), "x.py", "cannot be read"),
        (("*a*a*b=0.1",), "a" * 5000, "too long"),
    ],
)
def test_limits_of_a_stranger_cannot_take_for_ever(
    folder: Path, limits: tuple[str, ...], path: str, why: str
) -> None:
    made = about(head_of(3), scored(1, "a", 0.9, path))
    made = replace(made, policy=replace(made.policy, max_risk_for=limits))
    write(folder, "2026-11-03.json", aged(made))

    (row,) = shown(folder)["left_out"]["broken"]

    assert why in row["why"]


def test_the_limits_of_all_reports_together_have_their_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(1, 8):
        path = f"{day}{'a' * 240}"
        made = about(head_of(day + 10), scored(1, "a", 0.9, path))
        texts = tuple(f"*a*a*ab{n}=0.5" for n in range(20))
        made = replace(made, policy=replace(made.policy, max_risk_for=texts))
        write(folder, f"2026-10-0{day}.json", aged(made))
    assert len(gather(folder).digests) == 9
    monkeypatch.setattr(strangers, "MOST_SECONDS", -1.0)

    got = gather(folder)

    assert len(got.digests) == 2  # those without limits by path
    assert {why for _, why in got.broken} == {"its limits by path or author take too long to apply"}


def test_a_line_that_the_gate_did_not_count_stands_apart(folder: Path) -> None:
    made = about(head_of(3), *LINES, counts=lambda line: line.number == 1)
    write(folder, "2026-11-16.json", made)
    write(folder, "2026-11-23.json", aged(replace(made, change=ChangeInfo(None, head_of(4)))))

    rows = [(week["over"], week["not_counted"]) for week in shown(folder)["weeks"]]

    assert rows == [(2, 0), (1, 0), (1, 1), (2, 0)]


def test_limits_are_not_applied_where_a_report_says_where_its_lines_stand(folder: Path) -> None:
    made = about(head_of(3), scored(1, "a", 0.9), scored(9, "b", 0.1))
    texts = ("*a*a*a*ab=0", "author:unknown=0")  # the first would make an older report unusable
    write(folder, "3.json", replace(made, policy=replace(made.policy, max_risk_for=texts)))

    assert {one.file: one.over for one in gather(folder).digests}["3.json"] == 1


def test_lines_of_an_older_report_are_counted_by_the_limits_of_their_path_and_author(
    folder: Path,
) -> None:
    made = about(head_of(3), scored(1, "a", 0.3, "auth/a.py"), scored(1, "b", 0.3, "b.py"))
    for name, limit, over in (("3", "auth/**=0.2", 1), ("4", "author:unknown=0.2", 2)):
        one = replace(made, policy=replace(made.policy, max_risk_for=(limit,)))
        one = replace(one, change=replace(one.change, head=head_of(int(name))))
        write(folder, f"2026-12-0{name}.json", aged(one))

        found = {one.file: one.over for one in gather(folder).digests}
        assert found[f"2026-12-0{name}.json"] == over
