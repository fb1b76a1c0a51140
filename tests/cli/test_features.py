"""`reviewbot explain --features`: what an artifact knows, as a table, a search and a page."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from reviewbot.cli import main
from reviewbot.render.features import search
from reviewbot.scoring.feature_catalog import FeatureInfo
from reviewbot.scoring.feature_evidence import Tally
from tests.cli.explained import SCHEMAS
from tests.known import add_evidence, evidence, exemplar


@pytest.fixture
def artifact(tmp_path: Path, tiny_artifact: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two features with evidence, of which one detects a language; the others have none."""
    where = Path(shutil.copytree(tiny_artifact, tmp_path / "artifact"))
    plain = evidence("sae:3", label="divides")
    rust = replace(
        evidence("sae:5", label="", detects="rust", tally=Tally(41, 30, 5_210, 900, 3.0)),
        languages=(("rust", 0.97),),
        exemplars=(exemplar(("let mut x\x1b", 1.0), path="src/LIB.rs", source="serde 1.0"),),
    )
    add_evidence(where, [plain, rust])
    monkeypatch.setenv("REVIEWBOT_ARTIFACT", str(where))
    monkeypatch.chdir(tmp_path)
    return where


def features(*args: str) -> Result:
    return CliRunner().invoke(main, ["explain", "--features", *args])


def as_json(*args: str) -> Any:
    result = features(*args, "--format", "json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    jsonschema.validate(found, SCHEMAS["features"])
    return found


def names(*args: str) -> list[str]:
    return [one["feature"] for one in as_json(*args)["features"]]


def test_the_list_shows_the_greatest_lift_first(artifact: Path) -> None:
    rows = features().stdout.splitlines()

    assert rows[0].split()[:2] == ["feature", "weight"]
    assert rows[1].startswith("sae:5 ")
    assert "only rust" in rows[1]
    assert "feature 5 (unlab" in rows[1]
    assert rows[2].startswith("sae:3 ")
    assert "3.2" in rows[2]
    assert "0.27 %" in rows[2]
    assert "go 81 %" in rows[2]
    assert rows[2].endswith("divides")


def test_only_a_terminal_is_shown_the_first_ones(
    artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = len(names())
    monkeypatch.setenv("NO_COLOR", "1")
    assert len(features().stdout.splitlines()) == 1 + every
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)

    rows = features().stdout.splitlines()

    assert len(rows) == 22
    assert rows[-1] == f"{every - 20} more features: --output FILE has all"
    assert features("--output", "all.txt").exit_code == 0
    assert len(Path("all.txt").read_text().splitlines()) == 1 + every


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("DIVIDES", "in its label"),
        ("let MUT", "fires on it: serde 1.0 (Apache-2.0) src/LIB.rs:77  ‹let mut x<U+001B>›"),
        ("total =", "in an example: requests 2.34.2 (Apache-2.0) requests/api.py:77"),
        ("lib.rs", "in the path of an example: serde"),
        ("rust", "by language: mostly rust, 97 %"),
    ],
)
def test_a_search_looks_at_labels_examples_paths_and_languages(
    text: str, where: str, artifact: Path
) -> None:
    result = features(text)

    assert result.exit_code == 0
    assert where in " ".join(result.stdout.split()).replace("rs:77 ", "rs:77  ")
    assert "\x1b" not in result.stdout
    assert as_json(text)["features"][0]["matches"]


def test_a_search_shows_labels_first_then_what_fires() -> None:
    def made(number: int, lift: float, where: str, **parts: Any) -> FeatureInfo:
        bare = replace(
            evidence(f"sae:{number}", label="", tally=Tally(41, 30, 5_210, 900, 30 / lift)),
            languages=(),
            exemplars=(exemplar((where, 1.0), (" + b", 0.0), path="x/a.py", source="s"),),
        )
        return FeatureInfo(f"sae:{number}", replace(bare, **parts), 0.1, 0.2)

    path = (exemplar(("b", 1.0), path="wanted/a.py"),)
    found = search(
        [
            made(0, 9, "a", exemplars=path),
            made(1, 8, "a", languages=(("wanted", 0.9),)),
            made(2, 7, "a", exemplars=(exemplar(("wan", 0.0), ("ted", 0.0), (" b", 1.0)),)),
            made(3, 5, "a", exemplars=(exemplar(("b wan", 0.0), ("TED", 0.5)), *path)),
            made(4, 6, "wanted"),
            made(5, 1, "a", label="what is  Wanted", exemplars=path),
            made(6, 9, "a"),
        ],
        " WANTED",
    )

    assert [one.feature for one, _ in found] == [f"sae:{n}" for n in (5, 4, 3, 2, 1, 0)]
    assert [[place.split(":")[0] for place in places] for _, places in found] == [
        ["in its label", "in the path of an example"],
        ["fires on it"],
        ["fires on it", "in the path of an example"],
        ["in an example"],
        ["by language"],
        ["in the path of an example"],
    ]


def test_a_search_that_finds_nothing_says_so(artifact: Path) -> None:
    assert names("qqqq") == []
    assert features("qqqq").stdout == "no feature matches\n"


def test_an_artifact_without_evidence_works_and_says_how_to_make_it(
    tiny_artifact: Path, artifact: Path
) -> None:
    listed = features("--artifact", str(tiny_artifact))
    page = features("--format=html", "--artifact", str(tiny_artifact), "--output", "page.html")

    assert "reviewbot train evidence" in listed.stdout
    assert [r.exit_code for r in (listed, page)] == [0, 0]
    assert "reviewbot train evidence" in Path("page.html").read_text()


def test_the_page_is_written_to_a_file_or_stdout(artifact: Path) -> None:
    assert features("--format=html", "--output", "page.html").exit_code == 0

    page = Path("page.html").read_text()
    assert page == features("--format=html", "--output", "-").stdout
    assert 'id="sae:3"' in page
    assert 'id="sae:5"' in page


def test_the_page_of_a_search_has_only_what_was_found(artifact: Path) -> None:
    page = features("divides", "--format=html").stdout

    assert 'id="sae:3"' in page
    assert 'id="sae:5"' not in page


def test_a_damaged_artifact_is_an_error(artifact: Path) -> None:
    (artifact / "evidence.jsonl.gz").write_bytes(b"x")

    assert features().exit_code == 4


@pytest.mark.parametrize(
    ("output", "fix"),
    [
        ("none/page.html", "create its directory first"),
        ("file/page.html", "below a directory"),
        ("folder", "not a directory"),
        ("x" * 300 + "/y", "shorter name"),
    ],
)
def test_an_output_that_cannot_be_written_is_an_error_with_advice(
    artifact: Path, output: str, fix: str
) -> None:
    Path("file").write_text("x")
    Path("folder").mkdir()

    result = features("--format=html", "--output", output)

    assert (result.exit_code, len(result.stderr.splitlines())) == (4, 2)
    assert fix in result.stderr.splitlines()[1]
