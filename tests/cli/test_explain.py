"""`reviewbot explain` on a real git repository; only the model is small."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.diff.model import ChangedLine
from reviewbot.encoders.encoder import Encoder
from reviewbot.render.explain import sum_words
from reviewbot.scoring.outcomes import LineScore, Reason
from tests.cli.explained import ROOT, SCHEMAS, explain, refused, run
from tests.cli.small import ByteEncoder, write_artifact
from tests.cli.test_check import LONG, git


def test_every_line_has_the_score_that_a_check_of_the_whole_change_gives_it(
    explained: Path,
) -> None:
    whole = json.loads(run("check", "--format", "json").stdout)

    seen = 0
    for file in whole["files"]:
        for line in file["lines"]:
            if line["status"] != "scored":
                continue
            found = explain(f"{file['path']}:{line['number']}")
            same = ("risk", "percentile", "rest", "recent", "text", "author", "standing")
            assert {key: found["line"][key] for key in same} == {key: line[key] for key in same}
            bare = [
                {key: reason[key] for key in ("feature", "label", "contribution", "activation")}
                for reason in found["reasons"]
            ]
            assert bare == line["reasons"]
            seen += 1
    assert seen >= 10


def test_only_the_file_of_the_line_is_read(
    explained: Path, tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    tokenize = tiny_encoder.tokenize

    def spy(text: str) -> Any:
        read.append(text)
        return tokenize(text)

    monkeypatch.setattr(tiny_encoder, "tokenize", spy)
    explain("src/code.py:2")

    assert any("def add(" in text for text in read)
    assert not any("def other(" in text for text in read)


def test_a_person_sees_line_risk_reasons_evidence_and_the_sum(explained: Path) -> None:
    out = run("explain", "src/code.py:2").stdout

    assert out.startswith("src/code.py:2\n")
    assert " > 2     return left + right" in out
    assert re.search(r"^   1 def add\(left, right\):$", out, re.M)
    assert re.search(r"^\w+: riskier than [\d.]+ % of changed lines \(risk 0\.\d+\)$", out, re.M)
    assert "because: " in out
    assert re.search(r"without it the risk would be 0\.\d+, not 0\.\d+", out)
    assert "9 of 41 risky lines" in " ".join(out.split())
    assert "fires on the tokens in ‹ ›:" in out
    assert "total = ‹cents› ‹/› 100" in " ".join(out.split())
    assert "and not on:" in out
    assert re.search(
        r"^everything else -?\d+\.\d\d( \+ \d+\.\d\d)* = -?\d+\.\d\d log-odds, risk", out, re.M
    )


@given(
    st.lists(st.floats(0.001, 9), max_size=3),
    st.floats(-20, 20),
)
@settings(max_examples=200, deadline=None)
def test_the_sum_that_is_shown_holds(parts: list[float], rest: float) -> None:
    reasons = tuple(Reason(f"sae:{n}", "", part, None) for n, part in enumerate(parts))
    text = sum_words(LineScore(ChangedLine("a", 1, ""), 0.5, 50.0, reasons, None, rest))

    left, _, right = (
        text.removeprefix("everything else ").partition(" log-odds")[0].partition(" = ")
    )
    assert sum(map(float, left.split(" + "))) == pytest.approx(float(right), abs=1e-6)
    assert float(right) == pytest.approx(rest + sum(parts), abs=0.006)


def test_a_line_that_blocks_is_explained_with_exit_code_0(
    explained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEWBOT_MAX_RISK", "0")

    assert run("check").exit_code == 1
    assert run("explain", "src/code.py:2").exit_code == 0


@pytest.mark.parametrize(
    ("text", "standing", "words"),
    [
        ("max-risk = 1.0\n", "below", r"\(risk 0\.\d+\)\n"),
        ("max-risk = 0.0\n", "above", r"\(risk 0\.\d+; counts for the gate\)"),
        (
            'max-risk = 0.0\ngate-scope = "ai"\n',
            "not counted",
            r"\(risk 0\.\d+; not counted by the gate\)",
        ),
        ('max-risk = 1.0\nfail-on-for = ["src/**=0"]\n', "above", r"; counts for the gate\)"),
    ],
)
def test_the_gate_status_of_the_line_is_shown(
    text: str, standing: str, words: str, explained: Path
) -> None:
    (explained / ".reviewbot.toml").write_text(text)
    run("check", "--format", "json", "--output", "r.json")

    for more in ((), ("--report", "r.json")):
        assert explain("src/code.py:2", *more)["line"]["standing"] == standing
        assert re.search(words, run("explain", "src/code.py:2", *more).stdout)


def test_a_line_outside_of_the_change_has_no_gate_status(
    explained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEWBOT_MAX_RISK", "0")

    assert explain("old.py:2")["line"]["standing"] == "above"
    assert explain("old.py:1")["line"]["standing"] is None
    assert "for the gate" not in run("explain", "old.py:1").stdout


def test_an_invalid_report_is_refused(explained: Path) -> None:
    run("check", "--format", "json", "--output", "r.json")
    report = json.loads((explained / "r.json").read_text())
    (file,) = (file for file in report["files"] if file["path"] == "src/code.py")
    file["lines"][1]["reasons"][0]["contribution"] = 9.0
    (explained / "r.json").write_text(json.dumps(report))

    why = refused("src/code.py:2", "--report", "r.json")
    assert "nothing was explained: the report cannot be used: the parts of a risk" in why
    (explained / "r.json").write_text('{"schema": "reviewbot/2"}')
    assert "the report cannot be used" in refused("old.py:1", "--report", "r.json")


def test_a_report_is_explained_without_any_model(
    explained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "r.json"
    monkeypatch.setenv("REVIEWBOT_MAX_RISK", "0")
    run("check", "--format", "json", "--output", str(report))
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


def test_an_artifact_without_evidence_says_how_to_make_it(
    explained: Path, tmp_path: Path, tiny_artifact: Path
) -> None:
    result = run("explain", "src/code.py:2", "--artifact", str(tiny_artifact))
    feature = run("explain", "--feature", "3", "--artifact", str(tiny_artifact))

    assert (result.exit_code, feature.exit_code) == (0, 0)
    assert "reviewbot train evidence" in result.stdout
    assert "reviewbot train evidence" in feature.stdout
    assert explain("src/code.py:2", "--artifact", str(tiny_artifact))["has_evidence"] is False


def test_a_settings_file_may_name_a_format_that_explanations_do_not_have(explained: Path) -> None:
    (explained / ".reviewbot.toml").write_text('format = "sarif"\n')

    assert run("explain", "src/code.py:2").exit_code == 0


@pytest.mark.parametrize("name", ["17", "sae:17", "surface:line length", "Line Length", "state"])
def test_a_feature_is_explained_without_a_model(
    name: str, explained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the model was loaded for nothing")

    monkeypatch.setattr("reviewbot.app.check.load_model", never)
    shown = run("explain", "--feature", name)
    found = json.loads(run("explain", "--feature", name, "--format", "json").stdout)

    assert (shown.exit_code, shown.stderr) == (0, "")
    jsonschema.validate(found, SCHEMAS["features"])
    assert len(found["features"]) == 1
    if name == "17":
        assert "fires on 9 of 41 risky lines and 14 of 5,210 others" in " ".join(
            shown.stdout.split()
        )
        assert "log-odds per standard deviation" in shown.stdout


def test_an_unknown_feature_is_an_error_with_near_ones(explained: Path) -> None:
    result = run("explain", "--feature", "line lenght")
    far = run("explain", "--feature", "nonsense")

    assert "did you mean" not in far.stderr
    assert "`reviewbot explain --features` lists them" in far.stderr
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


def test_a_small_artifact_explains_too(explained: Path, tmp_path: Path) -> None:
    """The only weight lies on the length of the line: without it, half of the risk is left."""
    artifact = write_artifact(tmp_path / "small")
    (explained / "long.py").write_text(f"{LONG}\n")
    git(explained, "add", ".")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reviewbot.app.check.load_model", lambda *_: ByteEncoder())
        found = explain("long.py:1", "--artifact", str(artifact))

    assert [reason["feature"] for reason in found["reasons"]] == ["surface:line length"]
    assert found["reasons"][0]["risk_without"] == 0.5


def test_the_average_line_is_shown_with_the_sum_also_from_a_report(
    explained: Path, tmp_path: Path
) -> None:
    report = tmp_path / "r.json"
    run("check", "--max-risk", "0", "--format", "json", "--output", str(report))
    found = explain("src/code.py:2")
    average = found["artifact"]["average"]

    assert json.loads(report.read_text())["artifact"]["average"] == average
    assert explain("src/code.py:2", "--report", str(report))["artifact"]["average"] == average
    out = " ".join(run("explain", "src/code.py:2", "--report", str(report)).stdout.split())
    rises = found["line"]["log_odds"] > average and found["reasons"]
    assert (f"an average line has {average:.2f}; th" in out) == bool(rises)
    old = json.loads(report.read_text())
    del old["artifact"]["average"]
    report.write_text(json.dumps(old))
    assert "an average line" not in run("explain", "src/code.py:2", "--report", str(report)).stdout
