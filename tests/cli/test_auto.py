"""`--artifact auto`: quick scores every line, deep the riskiest ones again, within its budget."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reviewbot.app.artifact import artifacts_for
from reviewbot.app.calibrate import replay
from reviewbot.app.serve import serve_model
from reviewbot.cli import main
from reviewbot.config.schema import Settings
from reviewbot.encoders.states import HiddenStates
from reviewbot.errors import ModelUnavailable
from reviewbot.lsp.check import Reader
from reviewbot.lsp.document_queue import Document
from reviewbot.report.json_reader import parse_report
from reviewbot.report.json_v1 import json_v1
from reviewbot.scoring.artifact import PRESETS, Artifact
from tests.cli.small import ByteEncoder, write_artifact
from tests.cli.test_check import as_json, check, git, repo, with_changes

__all__ = ["repo"]  # the fixture
RISKS = {"a.py": 40, "b.py": 30, "c.py": 20}  # letters of each file's one line
COSTS = {path: len(f"# {path}\n") + letters + 1 for path, letters in RISKS.items()}  # tokens


class Counting(ByteEncoder):
    """Remembers the tokens of each forward pass."""

    def __init__(self, passes: list[int]) -> None:
        self.passes = passes

    def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
        self.passes.append(len(ids))
        return super().states(ids, first)


@pytest.fixture
def passes(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    """Two presets, and a change of three files; the tokens that each artifact's model reads."""
    read: dict[str, list[int]] = {"quick": [], "deep": []}
    monkeypatch.setenv("REVIEWBOT_ARTIFACT", "auto")
    monkeypatch.setenv("REVIEWBOT_CACHE", str(tmp_path / "cache"))
    # Deep gives 35 letters a risk of a half; a risk that is critical to it is not to quick.
    quick = write_artifact(tmp_path / "quick", name="quick", critical=0.99)
    deep = write_artifact(tmp_path / "deep", name="deep", letters=35, critical=0.7)
    monkeypatch.setitem(PRESETS, "quick", quick)
    monkeypatch.setitem(PRESETS, "deep", deep)

    def load(_settings: Settings, artifact: Artifact, _clock: object) -> Counting:
        return Counting(read[artifact.info.name])

    monkeypatch.setattr("reviewbot.app.check.load_model", load)
    monkeypatch.setattr("reviewbot.app.warm.load_model", load)
    for path, letters in RISKS.items():
        (repo / path).write_text(f"{'x' * letters}\n")
    git(repo, "add", ".")
    return read


def scored_by(found: Any) -> dict[str, str]:
    return {file["path"]: file["lines"][0]["scored_by"] for file in found["files"]}


def test_deep_reads_the_riskiest_lines_up_to_its_budget(passes: dict[str, list[int]]) -> None:
    budget = COSTS["a.py"] + COSTS["b.py"]

    found = as_json(check("--format=json", f"--deep-tokens={budget}"))

    assert scored_by(found) == {"a.py": "deep", "b.py": "deep", "c.py": "quick"}
    assert passes["deep"] == [COSTS["a.py"], COSTS["b.py"]]
    assert sum(passes["deep"]) == found["deep"]["tokens"] == found["deep"]["budget"] == budget
    assert found["ledger"]["deep"] == 2
    less = as_json(check("--format=json", f"--deep-tokens={budget - 1}"))
    assert scored_by(less) == {"a.py": "deep", "b.py": "quick", "c.py": "quick"}
    assert less["deep"]["tokens"] == COSTS["a.py"]


def test_of_equal_risks_the_first_path_is_read_deep(
    repo: Path, passes: dict[str, list[int]]
) -> None:
    for path in RISKS:
        (repo / path).write_text(f"{'x' * 30}\n")

    found = as_json(check("--format=json", f"--deep-tokens={COSTS['b.py'] + 1}"))

    assert scored_by(found) == {"a.py": "deep", "b.py": "quick", "c.py": "quick"}


def test_each_line_has_the_risk_and_the_level_of_its_artifact(
    passes: dict[str, list[int]],
) -> None:
    both, alone = (
        as_json(check("--format=json", *flags))
        for flags in ((f"--deep-tokens={COSTS['a.py']}",), ("--artifact=deep",))
    )

    risks = {file["path"]: file["lines"][0]["risk"] for file in both["files"]}
    assert risks["a.py"] == alone["files"][0]["lines"][0]["risk"] < risks["b.py"]
    levels = {file["path"]: file["lines"][0]["level"] for file in both["files"]}
    assert levels == {"a.py": "critical", "b.py": "high", "c.py": "medium"}
    standing = {file["path"]: file["lines"][0]["standing"] for file in both["files"]}
    assert standing == {"a.py": "above", "b.py": "below", "c.py": "below"}
    assert both["findings"][0]["path"] == "a.py"  # its risk is not the highest
    assert both["verdict"]["reasons"] == ["1 line is critical (fail-on critical, 0 allowed)"]


def test_the_figure_of_the_change_sums_what_counts_and_compares_with_what_quick_knows(
    passes: dict[str, list[int]],
) -> None:
    with_changes(PRESETS["quick"])
    first = as_json(check("--format=json", "--deep-tokens=1"))
    found = as_json(check("--format=json", f"--deep-tokens={COSTS['a.py']}"))

    risks = [file["lines"][0]["risk"] for file in found["files"]]
    level = found["change"]["level"]
    assert level["expected"] == pytest.approx(sum(risks), abs=3e-6)
    assert level["expected"] < first["change"]["level"]["expected"]
    assert (level["percentile"], level["labelled"]) == (99, 76)
    alone = as_json(check("--format=json", "--artifact=deep"))["change"]["level"]
    assert (alone["percentile"], alone["labelled"]) == (None, None)


def test_what_is_cached_counts_like_what_is_not(passes: dict[str, list[int]]) -> None:
    flags = ("--format=json", f"--deep-tokens={COSTS['a.py'] + 5}")
    first = check(*flags)
    read = {name: list(tokens) for name, tokens in passes.items()}

    again = check(*flags)

    assert read["deep"] == [COSTS["a.py"]]
    assert passes == read  # nothing was read a second time
    assert again.stdout == first.stdout
    assert check(*flags, "--line-cache=0").stdout == first.stdout


def test_without_the_deep_model_the_check_fails(
    passes: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_settings: Settings, artifact: Artifact, _clock: object) -> Counting:
        if artifact.info.name == "deep":
            raise ModelUnavailable("nothing was scored: no model", fix="pull it")
        return Counting(passes["quick"])

    monkeypatch.setattr("reviewbot.app.check.load_model", load)

    result = check("--format=json")

    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr == "error: nothing was scored: no model\n  fix: pull it\n"


def test_every_format_says_how_many_lines_were_read_deep(passes: dict[str, list[int]]) -> None:
    words = "1 of 3 scored lines read deep, by letters (layer 1, fp32), scored by deep: 48 of at"
    for style in ("terminal", "markdown", "html", "junit"):
        assert words in " ".join(check(f"--format={style}", "--deep-tokens=60").stdout.split())
    sarif = json.loads(check("--format=sarif", "--deep-tokens=60").stdout)
    assert sarif["runs"][0]["properties"]["deepLines"] == 1


def test_a_report_is_read_back_as_it_was_written_and_names_its_artifacts(
    passes: dict[str, list[int]],
) -> None:
    text = check("--format=json", "--deep-tokens=60").stdout

    assert json_v1(parse_report(text.encode())) == text
    for was, instead in (
        ('"scored_by": "deep"', '"scored_by": "other"'),
        ('"budget": 60', '"budget": 6'),
    ):
        assert was in text
        with pytest.raises(Exception, match="the report cannot be used"):
            parse_report(text.replace(was, instead).encode())


def explain(*args: str) -> Result:
    return CliRunner().invoke(main, ["explain", *args])


def test_explain_reads_what_the_check_of_the_whole_change_reads(
    passes: dict[str, list[int]], tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    report.write_text(check("--format=json", f"--deep-tokens={COSTS['a.py']}").stdout)

    for path, name in {"a.py": "deep", "b.py": "quick"}.items():
        live = explain(f"{path}:1", f"--deep-tokens={COSTS['a.py']}")
        assert f"scored by {name}." in live.stdout
        assert live.stdout == explain(f"{path}:1", f"--report={report}").stdout


def test_calibrate_compares_changes_that_were_read_like_the_check(
    repo: Path, passes: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviewbot.app.calibrate.MIN_CHANGES", 1)
    git(repo, "commit", "-m", "second")
    flags = {"artifact": "auto", "deep_tokens": COSTS["a.py"]}

    found = replay(repo, Settings(**flags), 3, {})  # type: ignore[arg-type]

    assert passes["deep"] == [COSTS["a.py"]]
    risks = [line.risk for line in found.changes[0].lines]
    (repo / "a.py").write_text(f"{'x' * 40}\ny = 1\n")
    again = artifacts_for(Settings(**flags))  # type: ignore[arg-type]
    assert found.calibration().artifact == again.identity
    assert found.calibration().lines == tuple(sorted(round(risk, 6) for risk in risks))
    for other in (Settings(artifact="auto", deep_tokens=9), Settings(artifact="deep")):
        assert artifacts_for(other).identity != again.identity


def test_the_language_server_reads_with_quick(repo: Path, passes: dict[str, list[int]]) -> None:
    # One document is no change: a limit for changes says nothing about it.
    reader = Reader({"REVIEWBOT_FAIL_ON_CHANGE": "50"}, {"artifact": "auto"}, lambda: None)

    answer = reader.read(Document("u", 1, repo / "a.py", f"{'x' * 40}\n"))

    assert answer.failure == ""
    assert [len(passes["quick"]), passes["deep"]] == [1, []]


def test_the_server_and_a_pull_are_for_the_model_of_deep(
    passes: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def specs(_settings: Settings, artifact: Artifact) -> object:
        asked.append(artifact.info.name)
        raise ModelUnavailable("stop here", fix="")

    monkeypatch.setattr("reviewbot.app.serve.specs", specs)
    with pytest.raises(ModelUnavailable):
        serve_model(Settings(artifact="auto"), 1.0)

    assert asked == ["deep"]
    deep = CliRunner().invoke(main, ["model", "path", "--artifact=deep"])
    for args in (["--artifact=auto"], []):
        assert CliRunner().invoke(main, ["model", "path", *args]).stderr == deep.stderr
    assert "letters" in deep.stderr


def test_a_command_that_needs_one_artifact_refuses_auto(passes: dict[str, list[int]]) -> None:
    result = CliRunner().invoke(main, ["explain", "--features"])

    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "error: nothing was shown: auto is two artifacts, and here one is needed",
        "  fix: give --artifact quick or deep, or an artifact's directory",
    ]
