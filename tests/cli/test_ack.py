"""`ack-top` and `reviewbot ack`: the riskiest places block until somebody has read them."""

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reviewbot.app.local_acks import LocalAcks
from reviewbot.cli import main
from reviewbot.report.acks import Ack
from tests.cli.small import environ, outside_ci
from tests.cli.test_check import as_json, check, git, repo
from tests.github.conftest import two_lines

__all__ = ["repo"]
CRITICAL = "value = compute(first, second, third) + other(fourth, fifth)"
MEDIUM = "total = left + right"
LOW = "x = 1\n"
COMMAND = re.compile(r"^   reviewbot ack ([0-9a-f]{20}) REASON$", re.MULTILINE)
TOP = ("--ack-top", "2", "--fail-on", "never")


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    outside_ci(monkeypatch)
    monkeypatch.setenv("GIT_AUTHOR_NAME", "A")


@pytest.fixture
def change(repo: Path) -> Path:
    """Three places far from each other: critical, medium, and a lower medium."""
    gap = LOW * 40  # more than what a fingerprint takes from below its line
    (repo / "a.py").write_text(f"{LOW}{MEDIUM}\n{gap}{CRITICAL}\n{gap}{MEDIUM[:-1]}\n")
    return repo


def ack(*args: str) -> Result:
    return CliRunner().invoke(main, ["ack", *args])


def test_the_riskiest_places_block_until_each_is_acknowledged(change: Path) -> None:
    before = check(*TOP)
    names = COMMAND.findall(before.stdout)

    assert before.exit_code == 1
    assert "BLOCK (exit 1): 2 of the 2 riskiest places are not acknowledged" in before.stdout
    places = re.findall(r"^\d\. (\S+)", before.stdout, re.MULTILINE)
    assert places[:2] == ["a.py:43", "a.py:2"]

    first = ack(names[0], "the", "order is right")
    half = check(*TOP)
    assert (first.exit_code, first.stderr) == (0, "acknowledged: a.py:43\n")
    assert half.exit_code == 1
    assert "1 of the 2 riskiest places is not acknowledged (ack-top 2)" in half.stdout
    assert "acknowledged: the order is right" in half.stdout
    assert COMMAND.findall(half.stdout) == names[1:]

    ack(names[1], "sum")
    both = check(*TOP)
    assert both.exit_code == 0, both.output
    assert "the 2 riskiest places are acknowledged (ack-top 2)" in both.stdout
    assert COMMAND.findall(both.stdout) == []


def test_commits_and_amends_keep_an_acknowledgement_and_an_edit_ends_it(change: Path) -> None:
    for name in COMMAND.findall(check(*TOP).stdout):
        ack(name, "read")
    git(change, "checkout", "-q", "-b", "topic")
    git(change, "commit", "-qam", "work")
    committed = check("main..topic", *TOP).exit_code
    git(change, "commit", "-q", "--amend", "-m", "better words")
    amended = check("main..topic", *TOP).exit_code
    git(change, "worktree", "add", "-q", "--detach", str(change.parent / "linked"), "topic")
    linked = check("main..HEAD", "--root", str(change.parent / "linked"), *TOP).exit_code

    (change / "a.py").write_text((change / "a.py").read_text().replace("fifth", "fiftieth"))
    edited = check("main", *TOP)

    assert (committed, amended, linked) == (0, 0, 0)
    assert edited.exit_code == 1
    assert "1 of the 2 riskiest places is not acknowledged" in edited.stdout


def test_a_finding_that_blocks_by_its_level_can_be_acknowledged_as_well(change: Path) -> None:
    blocked = check("--fail-on", "critical")
    (name,) = COMMAND.findall(blocked.stdout)
    ack(name, "read")

    assert blocked.exit_code == 1
    assert check("--fail-on", "critical").exit_code == 0
    assert check("--fail-on", "critical", "--ack-top", "1").exit_code == 0


def test_without_a_place_of_the_level_medium_the_check_passes_and_says_so(repo: Path) -> None:
    (repo / "a.py").write_text(LOW * 3)

    result = check(*TOP)

    assert result.exit_code == 0
    words = " ".join(result.stdout.split())
    assert "no place is medium or above: nothing to acknowledge (ack-top 2)" in words


def test_neighbouring_lines_are_one_place_and_less_than_asked_for_is_enough(repo: Path) -> None:
    (repo / "a.py").write_text(f"{LOW}{MEDIUM}\n{CRITICAL}\n{LOW}{MEDIUM}\n")

    result = check("--ack-top", "9", "--fail-on", "never")

    assert "the riskiest place is not acknowledged (ack-top 9)" in result.stdout
    assert len(COMMAND.findall(result.stdout)) == 1


@pytest.mark.parametrize("style", ["json", "sarif", "markdown", "html", "junit", "gcc"])
def test_every_format_shows_who_is_waited_for_and_the_reason(change: Path, style: str) -> None:
    first, _ = COMMAND.findall(check(*TOP).stdout)
    ack(first, "because <b>it</b> is right")
    result = check(*TOP, "--format", style)
    text = result.stdout.replace("&lt;", "<").replace("&gt;", ">")

    assert result.exit_code == 1
    assert "because <b>it</b> is right" in text
    if style == "json":
        report = as_json(result)
        lines = [line for file in report["files"] for line in file["lines"]]
        standings = [line["standing"] for line in lines]
        assert standings.count("unacknowledged") == standings.count("not counted") == 1
        assert [one["acknowledged"] for one in report["findings"]] == [
            "because <b>it</b> is right",
            None,
        ]
        assert report["policy"]["ack_top"] == 2
    else:
        assert "must be acknowledged" in text


def test_the_first_digits_name_a_finding_if_they_name_one(change: Path) -> None:
    name, other = COMMAND.findall(check(*TOP).stdout)
    asked = change / ".git" / "reviewbot" / "asked.jsonl"
    twin = name[:6] + "0" * 14
    asked.write_text(asked.read_text() + json.dumps({"finding": twin, "place": "z.py:9"}) + "\n")

    for short, words in (
        (name[:6], f"2 findings begin with '{name[:6]}': "),
        (other[:3], "no check has asked for finding"),
        (f"{other[:19]}x", "no check has asked for finding"),
    ):
        refused = ack(short, "read")
        assert (refused.exit_code, two_lines(refused.stderr)) == (2, True)
        assert words in refused.stderr
    assert name in ack(name[:6], "read").stderr
    assert "z.py:9" in ack(name[:6], "read").stderr
    assert "acknowledged: a.py:2" in ack(other[:4], "read").stderr
    assert COMMAND.findall(check(*TOP).stdout) == [name]


@pytest.mark.parametrize("variable", ["CI", "JENKINS_URL", "GITHUB_ACTIONS"])
def test_in_ci_no_local_acknowledgement_counts_and_none_is_taken(
    change: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    names = COMMAND.findall(check(*TOP).stdout)
    for name in names:
        ack(name, "read")
    assert check(*TOP).exit_code == 0

    if variable != "CI":
        monkeypatch.setenv("CI", "false")
    monkeypatch.setenv(variable, "true")
    result, refused = check(*TOP), ack(names[0], "read")

    assert result.exit_code == 1
    assert COMMAND.findall(result.stdout) == []
    assert refused.exit_code == 2
    assert two_lines(refused.stderr)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "no finding is named"),
        (("0123456789abcdef0123",), "a reason is missing"),
        (("0123456789abcdef0123", "why"), "run `reviewbot check` first"),
        (("../../x", "why"), "run `reviewbot check` first"),
        (("KNOWN", "x" * 301), "one line of 1 to 300 printable characters"),
        (("KNOWN", "two\nlines"), "one line of 1 to 300 printable characters"),
        (("KNOWN", " "), "one line of 1 to 300 printable characters"),
    ],
)
def test_what_cannot_be_acknowledged(change: Path, args: tuple[str, ...], words: str) -> None:
    known = COMMAND.findall(check(*TOP).stdout)[0]

    result = ack(*(known if arg == "KNOWN" else arg for arg in args))

    assert result.exit_code == 2
    assert two_lines(result.stderr)
    assert words in result.stderr
    assert not (change / ".git/reviewbot/acks.jsonl").exists()


@pytest.mark.parametrize(
    "raw",
    [
        b"what\n",
        b'{"record": "ack", "finding": "short", "reason": "x"}\n',
        b'{"record": "ack", "finding": "0123456789abcdef0123"}\n',
        b"[" * 100_000,
        b"\n" * 1_000_001,
    ],
    ids=["words", "finding", "no-reason", "deep", "large"],
)
def test_a_broken_record_stops_the_check_and_does_not_grow(change: Path, raw: bytes) -> None:
    name = COMMAND.findall(check(*TOP).stdout)[0]
    file = change / ".git/reviewbot/acks.jsonl"
    file.write_bytes(raw)

    results = check(*TOP), ack(name, "read")

    for result in results:
        assert result.exit_code == 2
        assert two_lines(result.stderr), result.stderr
        assert "acks.jsonl" in result.stderr
    assert file.read_bytes() == raw


def test_a_record_names_who_wrote_it_and_a_cut_off_line_does_not_swallow_the_next(
    change: Path,
) -> None:
    git(change, "config", "user.name", "Jäne")
    first, second = COMMAND.findall(check(*TOP).stdout)
    ack(first, "one")
    file = change / ".git/reviewbot/acks.jsonl"
    file.write_bytes(file.read_bytes().rstrip(b"\n"))
    ack(second, "two")

    records = [json.loads(line) for line in file.read_text().splitlines()]
    assert records == [
        {"record": "ack", "finding": first, "by": "Jäne", "reason": "one"},
        {"record": "ack", "finding": second, "by": "Jäne", "reason": "two"},
    ]


def test_writers_at_the_same_time_lose_no_record(change: Path) -> None:
    names = COMMAND.findall(check(*TOP).stdout)
    with ThreadPoolExecutor(8) as pool:
        acks = [Ack(names[n % 2], f"reason {n}", "x") for n in range(40)]
        list(pool.map(lambda one: LocalAcks(change / ".git").add(one), acks))

    lines = (change / ".git/reviewbot/acks.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["reason"] for line in lines) == sorted(a.reason for a in acks)


def test_the_command_runs_as_a_process_and_outside_git_it_says_so(
    change: Path, tmp_path: Path
) -> None:
    name = COMMAND.findall(check(*TOP).stdout)[0]
    call = [sys.executable, "-m", "reviewbot", "ack", name, "read"]
    env = {**environ(), "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    done = subprocess.run(call, cwd=change, env=env, capture_output=True, text=True, check=False)
    outside = subprocess.run(
        call, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "acknowledged: a.py:43\n")
    assert outside.returncode == 2
    assert outside.stderr.startswith("error: nothing was acknowledged: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_git_directory_that_is_read_only_still_has_a_report(change: Path) -> None:
    (change / ".git").chmod(0o500)
    try:
        result = check(*TOP)
    finally:
        (change / ".git").chmod(0o700)

    assert result.exit_code == 1
    assert "will not know these findings" in result.stderr


def test_a_change_cannot_ask_for_fewer_places_than_its_base(repo: Path) -> None:
    (repo / ".reviewbot.toml").write_text('ack-top = 2\nfail-on = "never"\n')
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "settings")
    git(repo, "checkout", "-q", "-b", "topic")
    gap = LOW * 40  # more than what a fingerprint takes from below its line
    (repo / "a.py").write_text(f"{LOW}{MEDIUM}\n{gap}{CRITICAL}\n{gap}{MEDIUM}s\n")
    (repo / ".reviewbot.toml").write_text('ack-top = 0\nfail-on = "never"\n')
    git(repo, "commit", "-qam", "less")
    less = check("main..topic")
    (repo / ".reviewbot.toml").write_text('ack-top = 3\nfail-on = "never"\n')
    git(repo, "commit", "-qam", "more")
    more = check("main..topic")

    assert "2 of the 2 riskiest places are not acknowledged (ack-top 2)" in less.stdout
    assert "3 of the 3 riskiest places are not acknowledged (ack-top 3)" in more.stdout


def test_a_change_that_edits_what_scores_it_is_refused(
    change: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Path(shutil.copytree(os.environ["REVIEWBOT_ARTIFACT"], change / "art"))
    git(change, "add", "-A")
    git(change, "commit", "-qm", "an artifact of our own")
    git(change, "checkout", "-qb", "topic")
    (change / "b.py").write_text(f"{LOW}{CRITICAL}\n")
    git(change, "add", "-A")
    git(change, "commit", "-qm", "work")
    monkeypatch.setenv("REVIEWBOT_ARTIFACT", "./art")
    honest = check("main..HEAD")

    (own / "manifest.json").write_text((own / "manifest.json").read_text() + "\n")
    git(change, "commit", "-qam", "lower our own risk")
    result = check("main..HEAD")

    assert honest.exit_code == 1, honest.output
    assert result.exit_code == 2
    assert "the change edits art/manifest.json, which is part of the artifact" in result.stderr
    assert two_lines(result.stderr)


def test_a_tag_with_the_name_of_the_base_is_refused(change: Path) -> None:
    git(change, "commit", "-qam", "before")
    git(change, "checkout", "-qb", "topic")
    (change / "b.py").write_text(f"{LOW}{CRITICAL}\n")
    git(change, "add", "-A")
    git(change, "commit", "-qm", "work")
    honest = check("main..HEAD")
    git(change, "tag", "main")

    result = check("main..HEAD")

    assert honest.exit_code == 1
    assert result.exit_code == 2
    assert "'main' names a tag and a branch" in result.stderr
    assert check("refs/heads/main..HEAD").exit_code == 1
