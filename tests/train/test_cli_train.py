"""`train sae`, `train predictor` and `train evaluate`, end to end with the tiny model."""

import json
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reviewbot.cli import main
from reviewbot.scoring.artifact import load_artifact
from reviewbot.scoring.pooling import SURPRISAL_NAMES
from reviewbot.train.sae_checkpoint import save_checkpoint
from reviewbot.train.text_shards import TextShard, pack, read_manifest

Run = Callable[..., Result]

SAE = ("train", "sae", "--corpus", "corpus", "--work", "work", "--tokens", "3000")
SIZE = ("--features", "24", "--k", "4", "--epochs", "2", "--buffer", "1")
LABELS = ("--labels", "mine.jsonl", "--labels", "humaneval_pass.jsonl")
BOTH = " ".join(LABELS)
FIT = ("--sae", "sae", "--cache", "cache", "--folds", "3", "--c", "1e-3,1e-2")
PREDICTOR = ("train", "predictor", "--out", "made", *FIT)
EVALUATE = ("train", "evaluate", "--out", "figures.json", *FIT)


def write_labels(path: Path, *, risky: bool) -> None:
    """Write twelve small functions; a risky one reads one item too far, and has its correction."""
    rows = []
    for i in range(12):
        head = [f"def item{i}(items, n):", f"    n = n + {i}", "    if n > len(items):"]
        tail = ["    return n"]
        row = {"id": f"{path.stem}/{i}", "set": path.stem, "lang": "python", "group": f"p{i}"}
        lines = [*head, "        return items[len(items)]", *tail]
        fixed = [*head, "        return items[len(items) - 1]", *tail]
        more = {"risky": [3], "fixed": fixed} if risky else {"risky": []}
        rows.append(json.dumps({**row, "lines": lines if risky else fixed, **more}))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


@pytest.fixture
def run(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a training command with the tiny model in a directory with a corpus and labels."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpus").mkdir()
    for i in range(85):
        text = "".join(f"def work_{i}_{j}(left):\n    return left + {j}\n\n" for j in range(3))
        (tmp_path / "corpus" / f"part{i}.py").write_text(text, encoding="utf-8")
    write_labels(tmp_path / "mine.jsonl", risky=True)
    write_labels(tmp_path / "humaneval_pass.jsonl", risky=False)

    def invoke(*args: str) -> Result:
        reading = ("--model", str(tiny_model), "--layer", "2", "--threads", "1")
        return CliRunner().invoke(main, [*args, *reading])

    return invoke


@pytest.fixture(scope="module")
def sae(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An autoencoder's directory of random weights for the tiny model. Do not write into it."""
    from reviewbot.train.export import sae_files, write_directory
    from tests import tiny

    files = sae_files(tiny.coder(), {}, model="tiny", layer=tiny.LAYER, context=256, training={})
    directory = tmp_path_factory.mktemp("sae") / "sae"
    write_directory(directory, files)
    return directory


@pytest.fixture
def with_sae(run: Run, sae: Path) -> Run:
    """The same, beside an autoencoder called "sae"."""
    Path("sae").symlink_to(sae)
    return run


def refused(result: Result, code: int, words: str) -> None:
    """Expect two lines, the exit code, these words, and nothing left behind."""
    progress = ("changes: ", "files: ", "tokens: ", "trained: ")
    lines = [line for line in result.stderr.splitlines() if not line.startswith(progress)]
    lines = [line for line in lines if "to int8, once" not in line]
    assert result.exit_code == code, result.stderr
    assert len(lines) == 2, result.stderr
    assert lines[0].startswith("error: ")
    assert lines[1].startswith("  fix: ")
    assert words in result.stderr
    assert not Path("made").exists()
    assert not [path for path in Path().rglob("*") if path.name.endswith((".tmp", ".old"))]


def test_the_three_commands_lead_from_a_corpus_and_labels_to_an_artifact_and_figures(
    run: Run,
) -> None:
    first = run(*SAE, "--out", "sae", *SIZE)
    second = run(*PREDICTOR, *LABELS)
    third = run(*EVALUATE, *LABELS, "--markdown", "t.md", "--against", "made")

    assert [first.exit_code, second.exit_code, third.exit_code] == [0, 0, 0], third.stderr
    artifact = load_artifact(Path("made"))
    assert dict(artifact.predictor.groups) == {"sae_max": 24, "surface": 29}
    assert [entry["name"] for entry in artifact.manifest["data"]] == [
        "mine.jsonl",
        "humaneval_pass.jsonl",
    ]
    report = json.loads(Path("figures.json").read_text())
    wrong = report["parts"]["wrong lines"]
    assert (wrong["changes"], wrong["hits"]) == (12, 12)
    assert list(wrong["scores"]) == ["length", "made", "model", "random", "surface"]
    assert wrong["scores"]["surface"]["within auroc, over surface"]["value"] == 0
    assert list(report["parts"]) == [
        "alarms",
        "changes",
        "lines that a fix changed",
        "pairs",
        "wrong lines",
    ]
    assert [entry["name"] for entry in report["data"]] == ["mine.jsonl", "humaneval_pass.jsonl"]
    assert third.stdout == Path("t.md").read_text()


def test_an_artifact_that_reads_otherwise_is_not_measured(with_sae: Run) -> None:
    result = with_sae(*EVALUATE, *LABELS, "--against", "quick")

    refused(result, 2, "'quick' reads another model")


def test_surprisal_is_a_baseline_where_the_whole_model_is_read(with_sae: Run) -> None:
    result = with_sae(*EVALUATE, "--labels", "mine.jsonl", "--full")

    assert result.exit_code == 0, result.stderr
    report = json.loads(Path("figures.json").read_text())
    figures = report["parts"]["wrong lines"]["scores"]["surprisal"]
    assert figures["within auroc"]["value"] is not None


@pytest.mark.parametrize(
    ("command", "more", "words"),
    [
        (EVALUATE, ("--out", "nowhere/figures.json"), "no place for a file"),
        (EVALUATE, ("--markdown", "corpus"), "no place for a file"),
        (PREDICTOR, ("--clean", "fine=absent"), "no set is named 'absent'"),
        (PREDICTOR, ("--held-out", "humaneval_pass"), "leaves no set of 'passing programs'"),
        (PREDICTOR, ("--held-out", "absent"), "named 'absent'"),
    ],
)
def test_names_and_places_are_refused_before_the_long_work(
    with_sae: Run, command: tuple[str, ...], more: tuple[str, ...], words: str
) -> None:
    refused(with_sae(*command, *LABELS, *more), 2, words)
    assert not Path("figures.json").exists()
    assert not Path("cache").exists()


def test_a_stopped_pre_training_goes_on_and_ends_as_if_it_had_not_been_stopped(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save_and_stop(*args: object) -> None:
        save_checkpoint(*args)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("reviewbot.train.sae_fit.save_checkpoint", save_and_stop)
        assert run(*SAE, "--out", "sae", *SIZE).exit_code == 130
    assert not Path("sae").exists()
    assert run(*SAE, "--out", "sae", *SIZE).exit_code == 0
    Path("work").rename("stopped")
    assert run(*SAE, "--out", "whole", *SIZE).exit_code == 0

    weights = "sae/sae_weights.safetensors"
    assert Path("sae", weights).read_bytes() == Path("whole", weights).read_bytes()


def test_a_damaged_shard_stops_the_run_and_the_next_one_repairs_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pack_and_damage(*args: Any) -> list[TextShard]:
        shards = pack(*args)
        path = Path("work", "text", shards[1].name)
        path.write_bytes(path.read_bytes()[:-10])
        return shards

    assert run(*SAE, "--out", "whole", *SIZE).exit_code == 0
    Path("work").rename("undamaged")
    with monkeypatch.context() as patch:
        patch.setattr("reviewbot.train.text_shards.pack", pack_and_damage)
        result = run(*SAE, "--out", "made", *SIZE)
    checkpoint = Path("work", "checkpoint.safetensors")

    refused(result, 4, f"'{read_manifest(Path('work', 'text'))[1].name}' is damaged")
    assert checkpoint.is_file()  # of the buffer before
    assert run(*SAE, "--out", "made", *SIZE).exit_code == 0
    assert checkpoint.read_bytes() == Path("undamaged", "checkpoint.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ((*SIZE, "--k", "25"), 2, "more than --features"),
        ((*SIZE, "--corpus", "nowhere"), 2, "no directory"),
        ((*SIZE, "--device", "cuda"), 4, "sees no GPU"),
        ((*SIZE, "--work", "mine.jsonl"), 4, "was not written"),
        ((*SIZE, "--out", "mine.jsonl"), 2, "name another --out"),
        ((*SIZE, "--out", "corpus"), 2, "name another --out"),
    ],
)
def test_pre_training_refuses_what_cannot_work(
    run: Run, more: tuple[str, ...], code: int, words: str
) -> None:
    refused(run(*SAE, "--out", "made", *more), code, words)
    assert len(list(Path("corpus").iterdir())) == 85


@pytest.mark.parametrize(("limit", "left"), [(500, []), (8_000, ["text"])])
def test_a_full_disk_leaves_no_half_written_shard_or_checkpoint(
    run: Run, limit: int, left: list[str]
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        result = run(*SAE, "--out", "made", *SIZE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    refused(result, 4, "was not written")
    assert [path.name for path in Path("work").iterdir() if any(path.iterdir())] == left


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ("--labels nope.jsonl", 4, "cannot be read"),
        ("--labels mine.jsonl@x", 2, "no number of rows"),
        ("--labels mine.jsonl@0", 2, "no number of rows"),
        ("--labels mine.jsonl@" + "9" * 5000, 2, "write FILE@N"),
        ("--labels mine.jsonl --labels mine.jsonl@3", 2, "is already at mine.jsonl:1"),
        ("--labels humaneval_pass.jsonl", 2, "all of one class"),
        ("--labels mine.jsonl", 2, "clean code"),
        (f"{BOTH} --groups nonsense", 2, "name some of sae_max"),
        (f"{BOTH} --groups surface,surface", 2, "each once"),
        (f"{BOTH} --groups deep_mean,surface", 2, "deep_mean needs --deep"),
        (f"{BOTH} --boost surface=nan", 2, "above 0"),
        (f"{BOTH} --boost surface", 2, "GROUP=FACTOR"),
        (f"{BOTH} --c nan", 2, "above 0"),
        (f"{BOTH} --c ,", 2, "no list of numbers"),
        (f"{BOTH} --folds 100", 2, "12 groups"),
        (f"{BOTH} --sae nowhere", 4, "train sae"),
        (f"{BOTH} --sae corpus", 4, "train sae"),
        (f"{BOTH} --cache mine.jsonl", 2, "is no directory"),
        (f"{BOTH} --layer 1", 4, "block 1"),
    ],
)
def test_fitting_refuses_what_cannot_work(
    with_sae: Run, tiny_model: Path, more: str, code: int, words: str
) -> None:
    model = ("--model", str(tiny_model), "--layer", "2", "--threads", "1")
    refused(CliRunner().invoke(main, [*PREDICTOR, *model, *more.split()]), code, words)


@pytest.mark.parametrize("name", ["sae/cfg.json", "sae/sae_weights.safetensors", "features.json"])
def test_a_damaged_autoencoder_is_refused(with_sae: Run, name: str) -> None:
    target = Path("damaged")
    for known in ("sae/cfg.json", "sae/sae_weights.safetensors", "features.json"):
        copy = target / known
        copy.parent.mkdir(parents=True, exist_ok=True)
        data = Path("sae", known).read_bytes()
        copy.write_bytes(data[:10] if known == name else data)

    refused(with_sae(*PREDICTOR, *LABELS, "--sae", "damaged"), 4, "damaged")


def test_a_directory_that_holds_something_of_the_users_is_never_replaced(with_sae: Run) -> None:
    thesis = Path("made", "sae", "thesis.txt")
    thesis.parent.mkdir(parents=True)
    thesis.write_text("years of work")

    result = with_sae(*PREDICTOR, *LABELS)

    assert result.exit_code == 2
    assert "'sae/thesis.txt', which was not written by us" in result.stderr
    assert thesis.read_text() == "years of work"


def test_an_older_artifact_is_replaced_and_a_predictor_may_use_surprisal(with_sae: Run) -> None:
    assert with_sae(*PREDICTOR, *LABELS, "--name", "old").exit_code == 0
    more = ("--name", "new", "--groups", "surprisal,surface")
    assert with_sae(*PREDICTOR, *LABELS, *more).exit_code == 0

    artifact = load_artifact(Path("made"))
    assert artifact.info.name == "new"
    assert dict(artifact.predictor.groups) == {"surprisal": len(SURPRISAL_NAMES), "surface": 29}


@pytest.mark.parametrize(
    ("more", "rule"), [((), "plain quantile"), (("--confidence", "0.8"), "bounded")]
)
def test_the_manifest_says_by_which_rule_thresholds_were_set(
    with_sae: Run, more: tuple[str, ...], rule: str
) -> None:
    assert with_sae(*PREDICTOR, *LABELS, *more).exit_code == 0

    calibration = load_artifact(Path("made")).manifest["calibration"]
    show = calibration["thresholds"]["show"]
    assert calibration["rule"].startswith(rule)
    assert calibration["nested"]["rule"] == calibration["rule"]
    assert set(calibration["nested"]["points"]) >= {"show", "gate"}
    assert show["confidence"] == (0.8 if more else None)
    assert show["risk"] >= show["quantile"] if more else show["risk"] == show["quantile"]
