"""`train evidence`, end to end with the tiny model: the same scores, and reasons one can check."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from reviewbot.cli import main
from reviewbot.scoring.artifact import load_artifact
from reviewbot.scoring.feature_evidence import evidence_facts
from reviewbot.train.provenance import Origin, provenance
from tests import tiny
from tests.train.test_cli_train import write_labels

Run = Callable[..., Result]


@pytest.fixture
def run(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command on a repository of 45 files, an artifact of random weights, and labels."""
    from reviewbot.models.ensure import ensure_model
    from reviewbot.scoring.artifact import ArtifactModel

    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0})
    monkeypatch.chdir(tmp_path)
    corpus = tmp_path / "mine"
    (corpus / "sub").mkdir(parents=True)
    for i in range(30):
        text = tiny.TEXT.replace("value", f"value_{i}") + "unit = 'ವಸ್ತು'\n"
        (corpus / "sub" / f"part{i}.py").write_text(text)
        code = f"func add{i}(a int) int {{\n\treturn a + {i}\n}}\n"
        (corpus / "sub" / f"part{i}.go").write_text(code)
    commit(corpus)
    sha = ensure_model(str(tiny_model), 2, environ={"REVIEWBOT_CACHE": str(tmp_path / "c")}).sha256
    model = ArtifactModel("tiny", sha, tiny.LAYER, tiny.WIDTH)
    tiny.tiny_artifact(tmp_path / "artifact", model=model)
    write_labels(tmp_path / "mine.jsonl", risky=True)
    write_labels(tmp_path / "good.jsonl", risky=False)

    def invoke(*args: str) -> Result:
        common = ("--artifact", "artifact", "--cache", "cache", "--out", "made", "--threads", "1")
        full = ("train", "evidence", *common, "--model", str(tiny_model), *args)
        return CliRunner().invoke(main, [*full, "--tokens", "100000"])

    return invoke


def commit(where: Path) -> str:
    """Make a repository of what lies there; return its commit."""
    me = ("-c", "user.name=A", "-c", "user.email=a@b.c")
    for args in (("init", "-q"), ("add", "."), (*me, "commit", "-qm", "one")):
        subprocess.run(["git", "-C", str(where), *args], check=True)
    done = subprocess.run(
        ["git", "-C", str(where), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


LABELS = ("--labels", "mine.jsonl", "--labels", "good.jsonl")


def test_an_artifact_with_evidence_scores_the_same_and_knows_its_features(run: Run) -> None:
    result = run("--corpus", "mine", *LABELS)

    assert result.exit_code == 0, result.stderr
    before, after = load_artifact(Path("artifact")), load_artifact(Path("made"))
    np.testing.assert_array_equal(before.predictor.weight_N, after.predictor.weight_N)
    found = after.evidence()
    head = subprocess.run(
        ["git", "-C", "mine", "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    sparse = [one for name, one in found.items() if name.startswith("sae:")]
    assert sparse
    for one in sparse:
        assert one.exemplars
        assert len(one.exemplars) <= 5
        assert len(one.near_misses) <= 2
        assert len({line.text.strip() for line in one.exemplars}) == len(one.exemplars)
        for line in one.exemplars:
            shown = Path("mine", line.path).read_text().split("\n")[line.line - 1]
            assert shown == line.text
            assert shown.isascii()  # a character of several tokens would come up several times
            assert max(line.activations) > 0
            assert (line.source, line.revision, line.licence) == ("mine", head, "")
        assert all(max(line.activations) == 0 for line in one.near_misses)
        assert max(one.exemplars[0].activations) == max(max(e.activations) for e in one.exemplars)
        assert one.tally is not None
        assert one.tally.risky == 12
        assert one.tally.sound == 2 * 12 * 5 - 12
    assert {name for name in found if name.startswith("surface:")}
    assert found["state"].exemplars == ()
    assert after.notes.keys() == {int(one.feature[4:]) for one in sparse}


def test_the_same_code_gives_the_same_bytes(run: Run) -> None:
    first = run("--corpus", "mine", *LABELS)
    kept = Path("made", "evidence.jsonl.gz").read_bytes()
    second = run("--corpus", "mine", *LABELS)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert Path("made", "evidence.jsonl.gz").read_bytes() == kept
    facts = evidence_facts(kept)
    assert facts["corpus"]["sources"] == 1
    assert [row["name"] for row in facts["labels"]] == ["mine.jsonl", "good.jsonl"]


def test_code_whose_origin_nobody_can_say_is_not_shown(run: Run) -> None:
    Path("strange").mkdir()
    Path("strange", "a.py").write_text(tiny.TEXT)

    assert_refused(run("--corpus", "strange"), "'strange' is no git checkout")


def test_of_a_checkout_only_what_its_commit_holds_is_shown(run: Run) -> None:
    mine = Path("mine")
    (mine / ".gitignore").write_text(".venv/\n")
    (mine / "dirty.py").write_text("before = 1\n")
    (mine / "link.py").symlink_to("dirty.py")
    (mine / ".gitattributes").write_text("*.py filter=evil\n")
    subprocess.run(["git", "-C", "mine", "config", "filter.evil.clean", "tee ../ran"], check=True)
    commit(mine)
    Path("ran").unlink(missing_ok=True)
    (mine / "dirty.py").write_text("secret = 2\n")
    (mine / ".venv" / "gpl").mkdir(parents=True)
    (mine / ".venv" / "gpl" / "m.py").write_text("theirs = 3\n")
    (mine / "new.py").write_text("untracked = 4\n")
    # The same text as a file of the commit: that file is not taken for its copy.
    (mine / "a_copy.go").write_text((mine / "sub" / "part0.go").read_text())

    result = run("--corpus", "mine")

    assert result.exit_code == 0, result.stderr
    assert "left out 4 source files that the commit does not hold" in result.stderr
    assert not Path("ran").exists()
    found = load_artifact(Path("made")).evidence().values()
    shown = {line.path for one in found for line in (*one.exemplars, *one.near_misses)}
    assert shown
    assert all(path.startswith("sub/") for path in shown)
    assert all(one.tally is None for one in found)  # no labels were given


def test_of_a_directory_in_a_checkout_paths_are_the_repository_s(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.py").write_text("x = 1\n")
    head = commit(tmp_path)

    found = provenance(tmp_path / "sub")

    assert found.names == frozenset({"a.py"})
    assert found.origin("a.py") == Origin("sub", head, "", "sub/a.py")


def test_a_checkout_of_which_nothing_is_left_is_a_usage_error(run: Run) -> None:
    for path in Path("mine", "sub").iterdir():
        path.write_text(path.read_text() + "\n")

    result = run("--corpus", "mine")

    assert_refused(result, "the corpus holds no source file")
    assert result.stderr.startswith("left out 60 source files")


@pytest.mark.parametrize("text", ["\n\n   \n", "# ವಸ್ತು\n"], ids=["blank", "not ASCII"])
def test_code_of_which_no_line_can_be_shown_is_a_usage_error(run: Run, text: str) -> None:
    Path("strange").mkdir()
    Path("strange", "a.py").write_text(text)
    commit(Path("strange"))

    assert_refused(run("--corpus", "strange"), "no line of the corpus can be shown")


def assert_refused(result: Result, words: str) -> None:
    """Check that a run ended with a usage error of two lines, and wrote nothing."""
    assert result.exit_code == 2
    *_, problem, fix = result.stderr.splitlines()
    assert words in problem
    assert "Traceback" not in result.stderr
    assert fix
    assert not Path("made").exists()
