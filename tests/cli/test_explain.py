"""`reviewbot explain`, from a real git repository to what it says; only the model is small."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.cli import assemble, main
from reviewbot.core.change import ChangedLine
from reviewbot.core.findings import LineScore
from reviewbot.core.reasons import Reason
from reviewbot.encoders.hf import TransformersEncoder
from reviewbot.render.explain import _sum
from tests import tiny
from tests.changes import CODE
from tests.cli.small import write_artifact
from tests.cli.test_check import LONG, git
from tests.known import add_evidence, evidence

ROOT = Path(__file__).parents[2]
SCHEMAS = {
    name: json.loads((ROOT / f"reviewbot/schemas/{name}_v1.json").read_text())
    for name in ("explain", "features", "report")
}
OTHER = "def other(a, b):\n    return [a, b]\n"


@pytest.fixture
def encoder(tiny_model: Path) -> TransformersEncoder:
    return tiny.encoder(tiny_model)


@pytest.fixture
def repo(
    tmp_path: Path,
    tiny_artifact: Path,
    encoder: TransformersEncoder,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A repository whose working tree adds three files, and an artifact that holds evidence."""
    artifact = Path(shutil.copytree(tiny_artifact, tmp_path / "artifact"))
    found = [evidence(f"sae:{n}", label="") for n in range(tiny.FEATURES)]
    add_evidence(artifact, [*found, evidence("state", label="all", detects="go")])
    monkeypatch.setenv("REVIEWBOT_ARTIFACT", str(artifact))
    monkeypatch.setenv("REVIEWBOT_LINE_CACHE", "0")
    monkeypatch.setattr(assemble, "load_model", lambda *_: encoder)
    where = tmp_path / "repo"
    (where / "src").mkdir(parents=True)
    git(where, "init", "-b", "main")
    (where / "old.py").write_text("first = 1\nsecond = 2\n\nthird = 3\n")
    (where / "README.md").write_text("Read.\n")
    git(where, "add", ".")
    git(where, "commit", "-m", "first")
    (where / "src" / "code.py").write_bytes(CODE)
    (where / "other.py").write_text(OTHER)
    (where / "old.py").write_text("first = 1\nsecond = 4\n\nthird = 3\n\n")
    git(where, "add", ".")
    monkeypatch.chdir(where)
    return where


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


def explain(*args: str) -> Any:
    """What `explain` says as JSON, which keeps its schema."""
    result = run("explain", *args, "--format", "json")
    assert result.stdout, result.stderr
    found = json.loads(result.stdout)
    jsonschema.validate(found, SCHEMAS["explain"])
    return found


def refused(*args: str) -> str:
    result = run("explain", *args)
    lines = result.stderr.splitlines()
    assert (result.exit_code, len(lines), result.stdout) == (2, 2, ""), result.output
    assert lines[1].startswith("  fix: ")
    return lines[0]


def test_every_line_has_the_score_that_a_check_of_the_whole_change_gives_it(repo: Path) -> None:
    whole = json.loads(run("check", "--format", "json").stdout)

    seen = 0
    for file in whole["files"]:
        for line in file["lines"]:
            if line["status"] != "scored":
                continue
            found = explain(f"{file['path']}:{line['number']}")
            same = ("risk", "percentile", "rest", "recent", "text", "author")
            assert {key: found["line"][key] for key in same} == {key: line[key] for key in same}
            bare = [
                {key: reason[key] for key in ("feature", "label", "contribution", "activation")}
                for reason in found["reasons"]
            ]
            assert bare == line["reasons"]
            seen += 1
    assert seen >= 10


def test_only_the_file_of_the_line_is_read(
    repo: Path, encoder: TransformersEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    tokenize = encoder.tokenize

    def spy(text: str) -> Any:
        read.append(text)
        return tokenize(text)

    monkeypatch.setattr(encoder, "tokenize", spy)
    explain("src/code.py:2")

    assert any("def add(" in text for text in read)
    assert not any("def other(" in text for text in read)


def test_a_person_sees_line_risk_reasons_evidence_and_the_sum(repo: Path) -> None:
    out = run("explain", "src/code.py:2").stdout

    assert out.startswith("src/code.py:2\n")
    assert " > 2     return left + right" in out
    assert re.search(r"^   1 def add\(left, right\):$", out, re.M)
    assert re.search(r"^risk 0\.\d+, riskier than \d+ % of changed lines we know$", out, re.M)
    assert "because: " in out
    assert re.search(r"without it the risk would be 0\.\d+", out)
    assert "9 of 41 risky lines" in " ".join(out.split())
    assert "where it fires, on what stands in ‹ ›:" in out
    assert "total = ‹cents› ‹/› 100" in " ".join(out.split())
    assert "and not on:" in out
    assert re.search(r"^rest -?\d+\.\d\d( \+ \d+\.\d\d)* = -?\d+\.\d\d log-odds, risk", out, re.M)


@given(
    st.lists(st.floats(0.001, 9), max_size=3),
    st.floats(-20, 20),
)
@settings(max_examples=200, deadline=None)
def test_the_sum_that_is_shown_holds(parts: list[float], rest: float) -> None:
    reasons = tuple(Reason(f"sae:{n}", "", part, None) for n, part in enumerate(parts))
    text = _sum(LineScore(ChangedLine("a", 1, ""), 0.5, 50.0, reasons, None, rest))

    left, _, right = text.removeprefix("rest ").partition(" log-odds")[0].partition(" = ")
    assert sum(map(float, left.split(" + "))) == pytest.approx(float(right), abs=1e-6)
    assert float(right) == pytest.approx(rest + sum(parts), abs=0.006)


def test_a_line_that_blocks_is_explained_with_exit_code_0(repo: Path) -> None:
    assert run("check", "--max-risk", "0").exit_code == 1
    assert run("explain", "src/code.py:2", "--max-risk", "0").exit_code == 0


def test_ranges_and_what_is_staged_are_asked_about_as_for_check(repo: Path) -> None:
    git(repo, "commit", "-m", "second")
    ranged = explain("src/code.py:2", "HEAD~1..HEAD")
    (repo / "src" / "code.py").write_bytes(CODE + b"tail = 1\n")
    git(repo, "add", ".")

    staged = explain("src/code.py:12", "--staged")

    assert len(ranged["change"]["head"]) == 40
    assert staged["change"]["head"] == "index"
    assert staged["line"]["text"] == "tail = 1"


def test_a_line_outside_of_the_change_is_read_as_if_its_file_were_added(repo: Path) -> None:
    found = explain("old.py:1")

    assert found["line"]["status"] == "scored"
    assert "line 1 is not part of the change" in found["notes"][0]
    assert [row["number"] for row in found["around"]] == [1, 2, 3]
    assert "note: line 1 is not part of the change" in run("explain", "old.py:1").stdout
    assert explain("old.py:2")["notes"] == []


def test_a_line_that_is_not_read_on_purpose_says_why_with_exit_code_0(repo: Path) -> None:
    result = run("explain", "old.py:5")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "not read, on purpose: blank or punctuation only" in result.stdout
    assert explain("old.py:5")["line"]["why"] == "blank or punctuation only"
    assert explain("README.md:1")["line"]["why"] == "not code"


def test_a_line_that_should_have_been_read_ends_with_exit_code_3(repo: Path) -> None:
    large = run("explain", "src/code.py:2", "--max-file-lines", "3")
    wrong = "--- a/old.py\n+++ b/old.py\n@@ -1 +1,2 @@\n first = 1\n+not there\n"
    (repo / "x.diff").write_text(f"diff --git a/old.py b/old.py\n{wrong}")
    failed = run("explain", "old.py:2", "--diff", "x.diff")

    assert large.exit_code == 3
    assert "not read, on purpose: too large" in large.stdout
    assert failed.exit_code == 3
    assert "the diff does not match the head file" in failed.stdout


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (("nothing.py:1",), "there is no file nothing.py"),
        (("old.py:99",), "old.py has no line 99, its last is 5"),
        (("old.py",), "'old.py' is not PATH:LINE"),
        (("old.py:0",), "is not PATH:LINE"),
        (("old.py:1-2",), "is not PATH:LINE"),
        ((":3",), "is not PATH:LINE"),
        (("old.py:" + "9" * 5_000,), "is not PATH:LINE"),
        (("../repo-other/x.py:1",), "there is no file"),
        ((".git/config:1",), "there is no file"),
        ((), "name either a line or a feature"),
        (("old.py:1", "--feature", "1"), "name either a line or a feature"),
        (("old.py:1", "--staged", "--report", "r.json"), "exclude a change"),
        (("--feature", "1", "--report", "r.json"), "asks an artifact, not a report"),
        (("old.py:1", "--report", "none.json"), "none.json: No such file"),
        (("old.py:1", "--format", "sarif"), "explanations have no format 'sarif'"),
    ],
)
def test_what_cannot_be_explained_is_an_error_of_two_lines(
    args: tuple[str, ...], what: str, repo: Path
) -> None:
    assert what in refused(*args)


@pytest.mark.parametrize("name", ["C:\\a.py", "a:7.py", "with space.py", "caf\u00e9\u202e.py", "7"])
def test_the_last_colon_is_the_one_in_front_of_the_line(name: str, repo: Path) -> None:
    (repo / name).write_text("#!/usr/bin/env python3\nx = compute(1)\n")
    git(repo, "add", ".")

    found = explain(f"{name}:2")

    assert (found["line"]["path"], found["line"]["text"]) == (name, "x = compute(1)")
    assert "\u202e" not in run("explain", f"{name}:2").stdout


def test_a_path_may_count_from_where_one_stands(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo / "src")

    assert explain("code.py:2")["line"]["path"] == "src/code.py"
    assert explain("./code.py:2")["line"]["path"] == "src/code.py"
    assert explain(f"{repo}/src/code.py:2")["line"]["path"] == "src/code.py"
    assert explain("src/code.py:2")["line"]["path"] == "src/code.py"


def test_a_name_that_is_not_utf_8_goes_by_its_bytes_or_as_reports_write_it(repo: Path) -> None:
    (repo / "caf\udce9.py").write_text("x = compute(1)\n")
    git(repo, "add", ".")

    assert explain("caf\\xe9.py:1")["line"]["status"] == "scored"
    assert explain("caf\udce9.py:1")["line"]["status"] == "scored"


def test_a_report_is_explained_without_any_model(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "r.json"
    run("check", "--max-risk", "0", "--format", "json", "--output", str(report))
    alive = explain("src/code.py:2")
    monkeypatch.setenv("REVIEWBOT_ARTIFACT", "/nowhere")
    monkeypatch.chdir(tmp_path)

    found = explain("src/code.py:2", "--report", str(report))

    odds = found["line"].pop("log_odds"), alive["line"].pop("log_odds")
    assert odds[0] == pytest.approx(odds[1], abs=3e-4)  # the report's numbers are rounded
    assert found["line"] == alive["line"]
    for kept, was in zip(found["reasons"], alive["reasons"], strict=True):
        assert kept["risk_without"] == pytest.approx(was["risk_without"], abs=1e-4)
        assert kept["evidence"] == was["evidence"]
    assert "has no line src/code.py:99" in refused("src/code.py:99", "--report", str(report))


def test_a_report_of_another_kind_is_refused(repo: Path) -> None:
    (repo / "r.json").write_text('{"schema": "reviewbot/2"}')

    assert "the report cannot be used" in refused("old.py:1", "--report", "r.json")


def test_an_artifact_without_evidence_says_how_to_make_it(
    repo: Path, tmp_path: Path, tiny_artifact: Path
) -> None:
    result = run("explain", "src/code.py:2", "--artifact", str(tiny_artifact))
    feature = run("explain", "--feature", "3", "--artifact", str(tiny_artifact))

    assert (result.exit_code, feature.exit_code) == (0, 0)
    assert "reviewbot train evidence" in result.stdout
    assert "reviewbot train evidence" in feature.stdout
    assert explain("src/code.py:2", "--artifact", str(tiny_artifact))["has_evidence"] is False


def test_a_settings_file_may_name_a_format_that_explanations_do_not_have(repo: Path) -> None:
    (repo / ".reviewbot.toml").write_text('format = "sarif"\n')

    assert run("explain", "src/code.py:2").exit_code == 0


@pytest.mark.parametrize("name", ["17", "sae:17", "surface:line length", "Line Length", "state"])
def test_a_feature_is_explained_without_a_model(
    name: str, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the model was loaded for nothing")

    monkeypatch.setattr(assemble, "load_model", never)
    shown = run("explain", "--feature", name)
    found = json.loads(run("explain", "--feature", name, "--format", "json").stdout)

    assert (shown.exit_code, shown.stderr) == (0, "")
    jsonschema.validate(found, SCHEMAS["features"])
    assert len(found["features"]) == 1
    if name == "17":
        assert "fires on 9 of 41 risky lines and 14 of 5,210 others" in " ".join(
            shown.stdout.split()
        )
        assert "log-odds for each standard deviation" in shown.stdout


def test_an_unknown_feature_is_an_error_with_near_ones(repo: Path) -> None:
    result = run("explain", "--feature", "line lenght")

    assert result.exit_code == 2
    assert "no feature is named 'line lenght'" in result.stderr
    assert "did you mean surface:line length" in result.stderr
    assert "no feature is named '99'" in refused("--feature", "99")


def test_the_shared_parts_of_the_schemas_are_the_same() -> None:
    for name in ("explain", "features"):
        for part, value in SCHEMAS[name]["$defs"].items():
            assert value == SCHEMAS["report"]["$defs"][part], (name, part)


def test_the_documentation_names_every_key() -> None:
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")

    def keys(part: Any) -> set[str]:
        inner = part.get("items", part)
        found = set(inner.get("properties", {}))
        return found.union(*(keys(each) for each in inner.get("properties", {}).values()))

    named = {key for name in ("explain", "features") for key in keys(SCHEMAS[name])}
    assert [key for key in sorted(named) if f"`{key}`" not in text] == []


def test_a_small_artifact_explains_too(repo: Path, tmp_path: Path) -> None:
    """The only weight lies on the length of the line: without it, half of the risk is left."""
    from tests.cli.small import ByteEncoder

    artifact = write_artifact(tmp_path / "small")
    (repo / "long.py").write_text(f"{LONG}\n")
    git(repo, "add", ".")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assemble, "load_model", lambda *_: ByteEncoder())
        found = explain("long.py:1", "--artifact", str(artifact))

    assert [reason["feature"] for reason in found["reasons"]] == ["surface:line length"]
    assert found["reasons"][0]["risk_without"] == 0.5
