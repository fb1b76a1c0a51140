"""An install without extras scores, finds authors, gates and posts, and says what it lacks."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from reviewbot.cli import COMMANDS
from reviewbot.errors import EXTRAS, MissingExtra, install, require
from reviewbot.models.ensure import ensure_model
from reviewbot.report.comment_sync import SUMMARY_MARK
from reviewbot.scoring.artifact import ArtifactModel
from tests import tiny
from tests.authorship.repos import CLAUDE, Repo, repo_at
from tests.bare import ALL, python, reviewbot
from tests.cli.small import write_artifact
from tests.github.fake import BOT, FakeGitHub
from tests.github.fake_parts import Pull
from tests.github.server import serving

ROOT = Path(__file__).parents[1]
MODULES = {  # distribution -> module, where the names differ
    "detect-secrets": "detect_secrets",
    "license-expression": "license_expression",
    "scikit-learn": "sklearn",
}
CODE = "def f(x):\n    return x / 0\n"
TRAIN = {  # what each command must be given
    "sae": ("--corpus", ".", "--out", "o", "--work", "w"),
    "predictor": ("--labels", "l", "--sae", "s", "--cache", "c", "--out", "o"),
    "evaluate": ("--labels", "l", "--sae", "s", "--cache", "c", "--out", "o"),
}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Settings of nobody's, an empty cache, and an artifact for a model that is not there."""
    none = dict.fromkeys(("GITHUB_EVENT_PATH", "GITHUB_EVENT_NAME", "CI"), "")
    cache, artifact = tmp_path / "cache", write_artifact(tmp_path / "artifact")
    return none | {"REVIEWBOT_CACHE": str(cache), "REVIEWBOT_ARTIFACT": str(artifact)}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A branch that adds two lines of prose, which nobody scores."""
    repo = repo_at(tmp_path / "repo")
    repo.commit(f"Describe\n\n{CLAUDE}", {"LICENSE": "Do as\nyou like.\n"})
    return repo


def missing(done: subprocess.CompletedProcess[str], extra: str) -> bool:
    """Return True if a process ended with exit code 4 and two lines that name the extra."""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert done.returncode == 4, done.stdout + done.stderr
    assert len(lines) == 2, done.stderr
    return lines[0].startswith("error: ") and lines[1].startswith(f"  fix: {install(extra)}")


def brought(extra: str) -> set[str]:
    """The modules that pyproject.toml brings with an extra, through others too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = set()
    for wanted in map(Requirement, project["optional-dependencies"][extra]):
        if wanted.name == project["name"]:
            found |= {module for other in wanted.extras for module in brought(other)}
        else:
            found.add(MODULES.get(wanted.name, wanted.name))
    return found


def test_every_command_explains_itself() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from reviewbot.cli import main\n"
        "for name in sys.argv[1:]:\n"
        "    done = CliRunner().invoke(main, [*name.split(), '--help'], prog_name='reviewbot')\n"
        "    assert (done.exit_code, done.stderr) == (0, ''), (name, done.output)\n"
        "    assert done.stdout.startswith(f'Usage: reviewbot {name}'), name\n"
        "    print(name)\n"
    )
    names = [*COMMANDS, "train corpus", *(f"train {name}" for name in TRAIN)]

    done = python(code, *names)

    assert done.stdout.splitlines() == names, done.stderr
    assert reviewbot("--help").stdout.startswith("Usage: reviewbot [")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("who", "main..topic"), "2 added lines: 2 AI (claude 2)\n"),
        (("model", "list"), "smollm2-135m-8"),
    ],
)
def test_authors_are_found_and_models_listed(
    repo: Repo, env: dict[str, str], args: tuple[str, ...], words: str
) -> None:
    done = reviewbot(*args, cwd=repo.root, env=env)

    assert (done.returncode, done.stderr) == (0, "")
    assert words in done.stdout


def test_a_change_in_which_nothing_is_scored_is_gated_and_its_report_posted(
    repo: Repo, env: dict[str, str], tmp_path: Path
) -> None:
    base, head = repo.git("rev-parse", "main"), repo.git("rev-parse", "topic")
    github = FakeGitHub(repo.root, pulls={1: Pull(1, head, base)})
    github.say(BOT, f"of an earlier push\n\n{SUMMARY_MARK}")  # without it there is nothing to say
    report = tmp_path / "report.json"

    checked = reviewbot(
        *("check", "main..topic", "--format", "json", "--output", str(report)),
        cwd=repo.root,
        env=env,
    )
    with serving(github):
        told = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": github.token}
        named = ("--repository", "o/r", "--pr", "1")
        posted = reviewbot("review", "--from-report", str(report), *named, env=env | told)

    assert checked.returncode == 0, checked.stderr
    assert json.loads(report.read_text())["ledger"]["skipped"] == 2
    assert posted.returncode == 0, posted.stderr
    assert github.faults == []
    (summary,) = github.issue_comments
    assert summary["body"].startswith("### reviewbot: PASS: ")


def test_code_is_scored_in_int8(
    repo: Repo, env: dict[str, str], tiny_model: Path, tmp_path: Path
) -> None:
    repo.commit("code", {"a.py": CODE})
    sha256 = ensure_model(str(tiny_model), environ=env).sha256
    trained_on = ArtifactModel("tiny", sha256, tiny.LAYER, tiny.WIDTH)
    artifact = tiny.tiny_artifact(tmp_path / "tiny", model=trained_on)

    flags = (f"--artifact={artifact}", f"--model={tiny_model}", "--format=json", "--max-risk=1")
    done = reviewbot("check", "main..topic", *flags, cwd=repo.root, env=env)

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["model"]["dtype"] == "int8"
    assert (report["ledger"]["scored"], report["ledger"]["failed"]) == (2, 0)


@pytest.mark.parametrize(
    ("flags", "extra"),
    [
        ("--engine torch", "torch"),
        ("--engine torch --artifact deep", "torch"),
        ("--engine torch --model someone/model@main", "torch"),
        ("--device cuda", "torch"),
        ("--dtype bf16", "torch"),
        ("--device cuda --quantize 4bit", "quantize"),
    ],
)
def test_what_only_torch_can_do_names_its_extra_and_nothing_is_fetched(
    repo: Repo, env: dict[str, str], flags: str, extra: str
) -> None:
    repo.commit("code", {"a.py": CODE})

    done = reviewbot("check", "main..topic", *flags.split(), cwd=repo.root, env=env)

    assert missing(done, extra)
    assert "nothing was fetched, nothing was scored: not installed: torch" in done.stderr
    assert not list(Path(env["REVIEWBOT_CACHE"]).rglob("*.*"))


@pytest.mark.parametrize("module", ["torch", "transformers"])
def test_a_missing_engine_names_its_extra(module: str, tiny_model: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from reviewbot.cli.console import report_failure\n"
        "from reviewbot.encoders.encoder import EncoderSpec, load_encoder\n"
        "spec = EncoderSpec(directory=Path(sys.argv[1]), engine='torch', layer=1)\n"
        "try: load_encoder(spec)\n"
        "except Exception as exc: sys.exit(report_failure(exc))\n"
    )
    assert missing(python(code, str(tiny_model), without=[module]), "torch")


@pytest.mark.parametrize("command", TRAIN)
def test_training_lacks_its_extra_before_anything_is_read(
    command: str, env: dict[str, str], tmp_path: Path
) -> None:
    for without in (ALL, ["scipy"]):  # scipy is used at the very end only
        done = reviewbot("train", command, *TRAIN[command], without=without, cwd=tmp_path, env=env)
        assert missing(done, "train")
        assert "nothing was trained" in done.stderr


def test_a_corpus_lacks_its_extra(env: dict[str, str], tmp_path: Path) -> None:
    done = reviewbot("train", "corpus", ".", "--out", "o", cwd=tmp_path, env=env)

    assert missing(done, "corpus")
    assert "no corpus was written: not installed: datasets, detect_secrets" in done.stderr


def test_the_table_of_extras_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    always = {Requirement(text).name for text in project["dependencies"]}

    assert {name: set(modules) for name, modules in EXTRAS.items()} == {
        name: brought(name) for name in EXTRAS
    }
    assert set(project["optional-dependencies"]) == {*EXTRAS, "dev"}
    assert brought("dev") >= ALL - {"accelerate", "bitsandbytes", "ray"}
    assert not {MODULES.get(name, name) for name in always} & ALL


def test_what_is_there_is_not_missing_and_is_not_imported() -> None:
    require(["json", "scipy"], "nothing was done", extra="train")
    with pytest.raises(MissingExtra, match=re.escape("nothing was done: not installed: no_such_")):
        require(["json", "no_such_module"], "nothing was done", extra="train")
