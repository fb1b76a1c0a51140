"""`reviewbot stats` as a user calls it, on directories of reports that may be untrusted."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from reviewbot.app import past_reports
from reviewbot.cli import main
from reviewbot.config.levels import Level
from reviewbot.errors import UsageError
from reviewbot.git import addressed
from reviewbot.report import ack_log
from reviewbot.report.ack_log import parse_acks
from reviewbot.report.comment_sync import finding_id
from reviewbot.report.json_v1 import json_v1
from reviewbot.report.model import Report
from reviewbot.report.stats import Outcome as Became
from reviewbot.report.stats import day_in_name
from reviewbot.scoring.outcomes import ArtifactInfo, Outcome
from tests.authorship.repos import Repo
from tests.cli.small import environ
from tests.render.examples import failed, report, scored

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "stats"
SCHEMA = json.loads((ROOT / "reviewbot/schemas/stats_v1.json").read_text())
LINES = (scored(1, "a", 0.9), scored(2, "low", 0.1), scored(20, "c", 0.8))
BASE = "b" * 40
BAD = (
    "</code></style></script><script>alert(1)</script><img src=x onerror=alert(1)> "
    "\" onload='x' &lt; {{ 7*7 }} \x1b[2J\u202e\u2028 ##[error]x"
)


def about(head: str, *lines: Outcome, base: str | None = BASE, artifact: str = "tiny") -> Report:
    """A report about a head; findings are the lines above 0.5."""
    made = report(*lines)
    return replace(
        made,
        change=replace(made.change, base=base, head=head),
        artifact=ArtifactInfo(artifact, "cd" * 32),
    )


def head_of(number: int) -> str:
    """A commit's name that no repository holds."""
    return f"{number:040x}"


def write(folder: Path, name: str, made: Report) -> Report:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json_v1(made))
    return made


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["stats", *map(str, args)])


def counted(*args: str | Path) -> Any:
    """The JSON of a run that must succeed."""
    result = run(*args, "--format", "json")
    assert result.exit_code == 0, result.output
    assert result.stdout.isascii()
    value = json.loads(result.stdout)
    jsonschema.validate(value, SCHEMA)
    return value


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two reports with a day in their names, and no git repository around."""
    write(tmp_path / "reports", "2026-11-02-one.json", about(head_of(1), *LINES))
    write(tmp_path / "reports", "deep/2026-11-09/r.json", about(head_of(2), LINES[0], failed(3)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return tmp_path / "reports"


def test_lines_are_counted_by_week_and_a_finding_that_comes_back_counts_once(folder: Path) -> None:
    write(folder, "worktree.json", about("worktree", *LINES))

    (group,) = counted(folder)["groups"]

    assert group["weeks"] == [
        {"week": "2026-W45", "reports": 1, "scored": 3, "unread": 0, "risky": 2},
        {"week": "2026-W46", "reports": 1, "scored": 1, "unread": 1, "risky": 1},
        {"week": "no date", "reports": 1, "scored": 3, "unread": 0, "risky": 2},
    ]
    assert group["total"] == {"reports": 3, "scored": 7, "unread": 1, "risky": 5}
    assert group["findings"] == 2


def test_reports_of_other_artifacts_and_limits_are_not_added_up(folder: Path) -> None:
    write(folder, "2026-11-10.json", about(head_of(3), *LINES, artifact="small"))
    other = about(head_of(4), *LINES)
    shown = replace(other.policy, show=Level.CRITICAL)
    write(folder, "2026-11-11.json", replace(other, policy=shown))
    asked = about(head_of(5), *LINES)
    asked = replace(asked, policy=replace(asked.policy, ack_top=5))
    write(folder, "2026-11-12.json", asked)

    groups = counted(folder)["groups"]

    keys = ("artifact", "show", "ack_top")
    assert [tuple(one["config"][key] for key in keys) for one in groups] == [
        ("small", "high", 0),
        ("tiny", "critical", 0),
        ("tiny", "high", 0),
        ("tiny", "high", 5),
    ]
    assert [one["total"]["reports"] for one in groups] == [1, 1, 2, 1]


def test_of_several_reports_of_a_head_the_one_that_found_most_counts(folder: Path) -> None:
    write(folder, "2026-11-30-less.json", about(head_of(1), LINES[1]))
    write(folder, "same.json", about(head_of(1), *LINES))

    value = counted(folder)

    assert value["groups"][0]["total"]["risky"] == 3
    assert value["repeated"] == 2


def test_acknowledgements_count_for_the_findings_beside_them(
    folder: Path,
) -> None:
    made = write(folder, "deep/2026-11-09/more.json", about(head_of(5), scored(9, "d", 0.9)))
    records = [
        {"record": "ack", "finding": finding_id(head_of(5), made.findings[0]), "by": "octocat"},
        {"record": "ack", "finding": "0" * 20},
    ]
    text = "".join(f"{json.dumps(one)}\n\n" for one in records)
    (folder / "deep" / "outcomes.jsonl").write_text(text)

    value = counted(folder)

    assert value["groups"][0]["findings"] == 3
    assert value["groups"][0]["acknowledged"] == {"count": 1, "n": 2}
    assert "acknowledgements of findings in none of these reports: 1" in value["notes"]


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b'{"record": "x", "finding": "00000000000000000000"}',
        b'{"record": "ack", "finding": "0000000000000000000A"}',
        b'{"record": "ack", "finding": "00000000000000000000", "more": 1}',
    ],
)
def test_a_wrong_record_stops_the_count_and_its_line_is_named(folder: Path, line: bytes) -> None:
    (folder / "outcomes.jsonl").write_bytes(b"\n" + line)

    result = run(folder)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "nothing was counted: line 2 of outcomes.jsonl" in result.stderr


def test_records_are_files_and_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "outcomes.jsonl").symlink_to("/dev/null")
    assert run(folder).exit_code == 2
    monkeypatch.setattr(ack_log, "MAX_BYTES", 10)
    with pytest.raises(UsageError, match="y is not a regular file, or all files"):
        parse_acks([("x", b" " * 9), ("y", b" " * 9)])


class Project:
    """A repository with a pull request of two findings, `a` and `c`, reported once."""

    BODY = "a\nlow\n" + "\n" * 17 + "c\nmore = 1\nend = 2\n"

    def __init__(self, tmp_path: Path) -> None:
        self.repo = Repo(tmp_path / "repo")
        self.repo.root.mkdir()
        self.repo.git("init", "-q", "-b", "main")
        self.base = self.repo.commit("base", {"src/app.py": "old\n", "x.py": "x = 1\n"})
        self.repo.git("checkout", "-q", "-b", "topic")
        self.head = self.repo.commit("add", {"src/app.py": f"old\n{self.BODY}"})
        texts = self.BODY.split("\n")
        lines = [scored(n, texts[n - 1], 0.9 if n in (1, 20) else 0.1) for n in (1, 2, 20, 21, 22)]
        self.reports = tmp_path / "reports"
        write(self.reports, "r.json", about(self.head, *lines, base=self.base))
        self.repo.git("checkout", "-q", "main")
        self.repo.commit("other work", {"x.py": "x = 2\n", "src/app.py": "older\n"})

    def fix(self, *changed: tuple[str, str]) -> None:
        body = self.BODY
        for old, new in changed:
            body = body.replace(f"{old}\n", f"{new}\n")
        self.repo.git("checkout", "-q", "topic")
        self.repo.commit("review", {"src/app.py": f"old\n{body}"})
        self.repo.git("checkout", "-q", "main")

    def merge(self, how: str) -> None:
        self.repo.git("merge", "-q", "-s", "recursive", "-X", "theirs", how, "topic")
        self.repo.git("commit", "-q", "--allow-empty", "-m", "add (#1)")

    def group(self) -> Any:
        return counted(self.reports, "--root", self.repo.root)["groups"][0]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.parametrize("how", ["--no-ff", "--squash"])
def test_a_finding_whose_line_changed_before_the_merge_is_addressed(
    project: Project, how: str
) -> None:
    project.fix(("a", "better"))
    project.merge(how)
    project.repo.commit("after the merge", {"src/app.py": "all new\n"})

    group = project.group()
    assert group["addressed"] == {"count": 1, "n": 2}
    assert re.fullmatch(r"20\d\d-W\d\d", group["weeks"][0]["week"])  # of the head commit
    words = run(project.reports, "--root", project.repo.root).stdout
    assert "addressed     1 of 2 findings, 50 % (95 % interval 9 to 91 %)" in words


def test_the_same_line_indented_or_moved_in_its_file_is_unchanged(project: Project) -> None:
    project.fix(("a", "    a"), ("c", ""), ("end = 2", "end = 2\nc"))
    project.merge("--squash")

    assert project.group()["addressed"] == {"count": 0, "n": 2}


def test_the_outcome_is_unknown_if_not_merged_or_merged_before(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_unknown(why: Became) -> bool:
        group = project.group()
        return group["addressed"] is None and group["unknown"] == {why: 2}

    assert is_unknown(Became.NOT_MERGED)
    project.repo.git("checkout", "-q", "topic")
    assert is_unknown(Became.AFTER_MERGE)
    project.repo.git("checkout", "-q", "main")
    project.merge("--squash")
    for name in ("MAX_SECONDS", "MAX_CANDIDATES", "MAX_FILES"):
        with monkeypatch.context() as patch:
            patch.setattr(addressed, name, 0)
            assert is_unknown(Became.LIMIT)
    project.repo.git("mv", "src/app.py", "src/b.py")
    project.repo.git("commit", "-q", "--amend", "-m", "add (#1)")
    assert is_unknown(Became.NOT_MERGED)


@pytest.mark.parametrize(
    ("base", "head", "path", "why"),
    [
        (None, head_of(1), "a.py", Became.NO_COMMIT),
        (BASE, "worktree", "a.py", Became.NO_COMMIT),
        ("--all", head_of(1), "a.py", Became.NO_COMMIT),
        (BASE, head_of(1), "a.py", Became.NOT_HELD),
        ("", head_of(1), "../a.py", Became.LIMIT),
        ("", head_of(1), "\0", Became.LIMIT),
        ("", head_of(1), "\ud800", Became.LIMIT),
        ("", head_of(1), "a" * 2000, Became.LIMIT),
        ("", head_of(1), "src", Became.NOT_MERGED),
    ],
)
def test_git_gets_only_plain_paths_of_a_report(
    project: Project, base: str | None, head: str, path: str, why: Became
) -> None:
    made = about(head, scored(1, "a", 0.9, path), base=project.base if base == "" else base)
    write(project.reports, "r.json", made)
    file = project.reports / "r.json"
    file.write_text(file.read_text().replace(r"\ufffd", r"\ud800"))  # what json_v1 never writes

    assert project.group()["unknown"] == {why: 1}


def test_a_finding_whose_file_is_gone_at_the_merge_is_not_known(project: Project) -> None:
    lines = (scored(1, "z", 0.9, "gone.py"), scored(1, "a", 0.1), scored(2, "low", 0.1))
    write(project.reports, "r.json", about(head_of(1), *lines, base=project.base))
    project.merge("--squash")

    assert project.group()["unknown"] == {Became.GONE: 1}


def test_a_head_that_is_no_commit_has_no_day(project: Project) -> None:
    tree = project.repo.git("rev-parse", "HEAD^{tree}")
    write(project.reports, "r.json", about(tree, *LINES, base=project.base))

    assert [week["week"] for week in project.group()["weeks"]] == ["no date"]


def test_broken_files_are_named_and_the_others_are_counted(folder: Path) -> None:
    (folder / "junk.json").write_text("{")
    (folder / "other.json").write_text('{"schema": "reviewbot/2"}')
    (folder / "link.json").symlink_to(folder / "2026-11-02-one.json")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.json")
    (folder / "notes.txt").write_text("not looked at")
    (folder / os.fsdecode(b"\x1b]0;x\x07##[error]y\n::error::\xff.json")).write_text("{}")
    old = json.loads((folder / "2026-11-02-one.json").read_text())
    for line in old["files"][0]["lines"]:
        del line["standing"]
    (folder / "old.json").write_text(json.dumps(old))

    result = run(folder)
    value = counted(folder)

    names = [one["file"] for one in value["broken"]]
    evil = "\x1b]0;x\x07##[error]y\n::error::\\xff.json"
    assert names == [evil, "junk.json", "link.json", "old.json", "other.json", "pipe.json"]
    assert value["groups"][0]["total"]["reports"] == 2
    assert "left out: junk.json: it is not JSON" in result.stderr
    assert not {"\x1b", "\x07"} & set(result.output)
    assert "##[" not in result.output
    assert not any(line.startswith("::") for line in result.output.splitlines())


def test_a_directory_without_a_usable_report_is_an_error_of_two_lines(tmp_path: Path) -> None:
    empty, gone = run(tmp_path), run(tmp_path / "gone")

    for result in (empty, gone):
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("error: nothing was counted: ")
        assert len(result.stderr.splitlines()) == 2


def test_number_and_bytes_are_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MAX_FILES", 1), ("MAX_TOTAL", 10)):
        with monkeypatch.context() as patch:
            patch.setattr(past_reports, name, value)
            found = counted(folder)
        assert (found["not_read"], found["groups"][0]["total"]["reports"]) == (1, 1)
    monkeypatch.setattr(past_reports, "MAX_ENTRIES", 1)
    assert run(folder).exit_code == 2


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2026-11-20-x.json", "2026-11-20"),
        ("20261120T101500Z.json", "2026-11-20"),
        ("a/2026-11-20/r.json", "2026-11-20"),
        ("2026-11-20/a/r.json", None),
        ("20261120abcdef.json", None),
        ("2026-13-20.json", None),
    ],
)
def test_a_day_is_read_from_the_start_of_a_name(name: str, day: str | None) -> None:
    assert str(day_in_name(name)) == str(day)


def test_text_of_a_report_does_nothing_in_any_format(folder: Path) -> None:
    made = about(head_of(3), scored(1, BAD, 0.9, BAD), artifact=BAD)
    made = replace(made, policy=replace(made.policy, fail_on_for=(BAD,)))
    made = replace(made, model=replace(made.model, name="\ud800" + BAD))
    write(folder, "2026-11-10.json", made)
    (folder / f"{BAD.replace('/', '')}.json").write_text("{")

    page, text = run(folder, "--format", "html").stdout, run(folder).stdout
    tags = "".join(re.findall("<[^>]*>", page))

    assert counted(folder)["groups"][0]["config"]["artifact"] == BAD
    assert not re.search(r"<(script|img|iframe|object|base|form)|\s(on\w+|src|style)=", tags)
    assert re.findall('href="(.*?)"', tags) == ["data:,"]
    assert not re.search("https?:", page)
    for output in (page, text):
        assert not {"\x1b", "\u202e", "\u2028"} & set(output)
        assert "##[" not in text


@pytest.mark.parametrize("style", ["terminal", "json", "html"])
def test_each_format_is_the_golden_file(
    folder: Path, golden: Callable[[Path, str], None], style: str
) -> None:
    made = write(folder, "2026-11-10/r.json", about(head_of(3), *LINES, artifact="small"))
    name = finding_id(head_of(3), made.findings[1])
    record = json.dumps({"record": "ack", "finding": name, "by": "octocat", "reason": "read it"})
    (folder / "2026-11-10" / "outcomes.jsonl").write_text(f"{record}\n")
    (folder / "junk <b>.json").write_text("{")

    run(folder, "--format", style, "--output", "out")
    text = Path("out").read_text()

    assert text == run(folder, "--format", style).stdout
    golden(GOLDEN / f"stats.{style.replace('terminal', 'txt')}", text)


def test_no_model_and_no_forge_is_loaded(folder: Path) -> None:
    code = (
        "import sys; from reviewbot.cli import main\n"
        f"try: main(['stats', {str(folder)!r}, '--output', 'p.txt'])\n"
        "except SystemExit as exc: assert exc.code == 0\n"
        "print([n for n in ('torch', 'onnxruntime', 'github', 'rich') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ(), cwd=folder, capture_output=True, text=True
    )

    assert done.stdout.strip() == "[]", done.stderr
