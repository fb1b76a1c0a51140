"""`reviewbot trend` as a user calls it, on directories that may be a stranger's."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from reviewbot.cli import gather as gathering
from reviewbot.cli.gather import gather
from tests.cli.small import environ
from tests.render.reports import scored
from tests.trend.made import LINES, Dates, about, head_of, record, run, shown, write
from tests.trend.test_page import SCHEMA


def test_the_numbers_of_a_directory(folder: Path) -> None:
    found = shown(folder)

    jsonschema.validate(found, SCHEMA)
    assert [(w["week"], w["reports"], w["over"]) for w in found["weeks"]] == [
        ("2026-W45", 1, 2),
        ("2026-W46", 1, 1),
    ]
    assert found["total"]["unknown"] == 2
    assert found["notes"] == ["no git repository: neither days nor outcomes were looked up in one"]


def test_the_page_goes_to_stdout_or_to_a_file(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"

    assert run(folder).stdout.startswith("<!doctype html>")
    assert run(folder, "--output", out).stdout == ""
    assert out.read_text() == run(folder).stdout


def test_the_same_directory_gives_the_same_bytes(folder: Path) -> None:
    first = run(folder).stdout
    os.utime(folder / "2026-11-02-one.json", (0, 0))

    assert run(folder).stdout == first


def test_outcomes_are_found_in_the_repository(folder: Path, tmp_path: Path) -> None:
    made = Dates(tmp_path / "repo")
    made.commit(0, "base", {"src/app.py": "\n"})
    body = "a\n" + "\n" * 18 + "c\n"
    head = made.commit(1, "add", {"src/app.py": body})
    made.commit(3, "fix a", {"src/app.py": body.replace("a", "b")})
    made.commit(90, "later", {"other.py": "x = 1\n"})
    reports = tmp_path / "theirs"
    write(reports, "r.json", about(head, *LINES))

    found = shown(reports, "--root", made.repo.root)
    late = shown(reports, "--root", made.repo.root, "--days", "365")

    assert (found["total"]["fixed"], found["total"]["fine"]) == (1, 1)
    assert found["total"]["precision"]["n"] == 2
    assert (late["total"]["fixed"], late["total"]["fine"], late["total"]["unknown"]) == (0, 0, 2)
    assert found["unknown_outcomes"] == {}


def test_ten_young_findings_of_which_one_is_fixed_have_no_precision_yet(
    tmp_path: Path,
) -> None:
    made = Dates(tmp_path / "repo")
    made.commit(0, "base", {"src/app.py": "\n"})
    rows = [f"x{n} = 1\n" if n % 10 == 0 else "\n" for n in range(1, 101)]
    head = made.commit(1, "add", {"src/app.py": "".join(rows)})
    made.commit(9, "fix x10", {"src/app.py": "".join(rows).replace("x10 = 1", "x10 = 2")})
    reports = tmp_path / "reports"
    report = about(head, *(scored(n, rows[n - 1], 0.9) for n in range(10, 101, 10)))
    write(reports, "r.json", report)

    young = shown(reports, "--root", made.repo.root)
    place = {"head": head, "path": "src/app.py", "fingerprint": report.findings[0].fingerprint}
    record(reports, {"record": "outcome", **place, "outcome": "fixed"})
    told = shown(reports, "--root", made.repo.root)
    made.commit(61, "later", {"other.py": "x = 1\n"})
    (reports / "outcomes.jsonl").unlink()
    old = shown(reports, "--root", made.repo.root)

    assert (young["total"]["findings"], young["total"]["unknown"]) == (10, 10)
    assert young["total"]["precision"] is None
    assert told["total"]["precision"]["n"] == 1  # somebody has said so
    assert (old["total"]["fixed"], old["total"]["fine"]) == (1, 9)


def test_a_finding_that_was_seen_before_the_weeks_shown_counts_in_none_of_them(
    folder: Path,
) -> None:
    write(folder, "2026-08-10.json", about(head_of(3), *LINES))
    write(folder, "2026-11-23.json", about(head_of(4), *LINES))

    found = shown(folder, "--weeks", "1")["total"]

    assert (found["findings"], found["fixed"] + found["fine"] + found["unknown"]) == (2, 0)


def test_recorded_acknowledgements_and_outcomes_are_counted(folder: Path, tmp_path: Path) -> None:
    report = json.loads((folder / "2026-11-02-one.json").read_text())
    names = [
        {"head": head_of(1), "path": f["path"], "fingerprint": f["fingerprint"]}
        for f in report["findings"]
    ]
    records = record(
        tmp_path,
        {"record": "ack", **names[0]},
        {"record": "outcome", **names[1], "outcome": "fixed"},
        {"record": "ack", "finding": "0" * 20},
    )

    found = shown(folder, "--outcomes", records)

    assert (found["total"]["acks"], found["total"]["fixed"]) == (1, 1)
    assert found["unmatched_records"] == 1


def test_records_lie_beside_their_report_at_any_depth_and_a_named_file_counts_more(
    folder: Path, tmp_path: Path
) -> None:
    name = {"head": head_of(1), "path": "src/app.py"}
    report = json.loads((folder / "2026-11-02-one.json").read_text())
    name["fingerprint"] = report["findings"][0]["fingerprint"]
    record(
        folder / "deep/2026-11-09",
        {"record": "date", "report": "report.json", "date": "2026-11-23"},
        {"record": "outcome", **name, "outcome": "fixed"},
    )
    more = record(tmp_path, {"record": "outcome", **name, "outcome": "fine"})

    found, other = shown(folder), shown(folder, "--outcomes", more)

    assert [week["week"] for week in found["weeks"] if week["reports"]] == ["2026-W45", "2026-W48"]
    assert (found["total"]["fixed"], other["total"]["fixed"], other["total"]["fine"]) == (1, 0, 1)


def test_a_record_that_is_wrong_is_an_error(folder: Path) -> None:
    record(folder, {"record": "ack"})

    result = run(folder)

    assert result.exit_code == 2
    assert "outcomes.jsonl cannot be used: line 1" in result.stderr
    (folder / "outcomes.jsonl").unlink()
    (folder / "outcomes.jsonl").symlink_to("/dev/null")
    assert run(folder).exit_code == 2
    (folder / "outcomes.jsonl").unlink()
    assert run(folder, "--outcomes", folder / "gone").exit_code == 2


def test_broken_files_are_named_and_the_others_are_shown(folder: Path, tmp_path: Path) -> None:
    (folder / "junk.json").write_text("{")
    (folder / "other.json").write_text('{"schema": "reviewbot/2"}')
    (folder / "link.json").symlink_to(folder / "2026-11-02-one.json")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.json")
    (folder / "dir.json").mkdir()
    (folder / "notes.txt").write_text("not looked at")
    evil = b"\x1b[2J<b>\xff\n.json"
    (folder / os.fsdecode(evil)).write_text("{}")

    result = run(folder, "--format", "json")

    assert result.exit_code == 0
    broken = [row["file"] for row in json.loads(result.stdout)["left_out"]["broken"]]
    assert broken == ["\x1b[2J<b>\\xff\n.json", "junk.json", "link.json", "other.json", "pipe.json"]
    assert json.loads(result.stdout)["total"]["reports"] == 2
    assert "left out: junk.json: it is not JSON" in result.stderr
    assert "\x1b" not in result.stderr
    assert "&lt;U+001B&gt;[2J&lt;b&gt;" in run(folder).stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_named(folder: Path) -> None:
    (folder / "2026-11-02-one.json").chmod(0)
    (folder / "deep").chmod(0)
    try:
        assert run(folder).exit_code == 2
    finally:
        (folder / "deep").chmod(0o755)
    assert [row["file"] for row in shown(folder)["left_out"]["broken"]] == ["2026-11-02-one.json"]


def test_a_directory_without_a_usable_report_is_an_error(tmp_path: Path) -> None:
    empty = run(tmp_path)
    (tmp_path / "junk.json").write_text("{")
    junk = run(tmp_path)

    assert (empty.exit_code, junk.exit_code, run(tmp_path / "gone").exit_code) == (2, 2, 2)
    assert "junk.json: it is not JSON" in junk.stderr
    assert empty.stdout == junk.stdout == ""


def test_number_and_bytes_are_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MOST_FILES", 1), ("MOST_BYTES", 10)):
        with monkeypatch.context() as patch:
            patch.setattr(gathering, name, value)
            got = gather(folder)
        assert [one.file for one in got.digests] == ["deep/2026-11-09/report.json"]
        assert got.passed == 1
    monkeypatch.setattr(gathering, "MAX_BYTES", 10)
    assert [why for _, why in gather(folder).broken] == ["it is not JSON"] * 2


def test_a_name_of_a_file_does_nothing_to_a_terminal_or_a_ci_log(folder: Path) -> None:
    evil = "\x1b]0;x\x07##[error]y\n::error::z\u202e.json"
    (folder / evil).write_text("{")
    (folder / "only").mkdir()
    (folder / "only" / evil).write_text("{")

    one, none = run(folder), run(folder / "only")

    for said in (one.stderr, none.stderr):
        assert "error" in said
        assert not {"\x1b", "\x07", "\u202e"} & set(said)
        assert "##[" not in said
        assert not any(line.startswith("::") for line in said.splitlines())


def test_the_same_bytes_twice_are_one_report(folder: Path) -> None:
    write(folder, "again.json", about(head_of(1), *LINES))

    found = shown(folder)

    assert found["total"]["reports"] == 2
    assert found["left_out"]["repeated"] == 1


def test_a_root_that_is_named_must_be_a_repository(folder: Path) -> None:
    result = run(folder, "--root", folder)

    assert result.exit_code == 2
    assert "nothing was shown" in result.stderr


def test_a_reader_that_goes_away_is_no_success(folder: Path) -> None:
    command = [sys.executable, "-m", "reviewbot", "trend", str(folder)]
    read, write_end = os.pipe()
    os.close(read)
    done = subprocess.run(
        command, stdout=write_end, stderr=subprocess.PIPE, env=environ(), cwd=folder, text=True
    )
    os.close(write_end)

    assert done.returncode == 4
    assert "not written in full" in done.stderr


def test_no_model_and_no_forge_is_loaded(folder: Path) -> None:
    code = (
        "import sys; from reviewbot.cli import main\n"
        f"try: main(['trend', {str(folder)!r}, '--output', 'p.html'])\n"
        "except SystemExit as exc: assert exc.code == 0\n"
        "print([n for n in ('torch', 'onnxruntime', 'github', 'rich') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environ(),
        cwd=folder.parent,
        capture_output=True,
        text=True,
    )

    assert done.stdout.strip() == "[]", done.stderr
