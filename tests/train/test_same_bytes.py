"""Training and serving agree: `check` and training read the same bytes of the same change."""

import json
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reviewbot.app.artifact import Artifacts, artifact_for
from reviewbot.app.check import score_source
from reviewbot.app.load_change import ChangeSource
from reviewbot.cli.train_reader import open_reader
from reviewbot.config.choices import Server
from reviewbot.config.schema import Settings
from reviewbot.encoders.prompt import ReadingPlan
from reviewbot.git.changes import between
from reviewbot.git.repository import open_repository
from reviewbot.models.ensure import ensure_model
from reviewbot.scoring.artifact import Artifact, ArtifactModel
from reviewbot.scoring.feature_cache import Groups
from reviewbot.scoring.line_features import LineFeatures
from reviewbot.train.label_files import read_files
from reviewbot.train.prepare import columns_of, prepare
from tests import tiny

MESSAGE = "Move the parser, and total what was read\n\nCloses #7.\n"
STEPS = "".join(
    f"def step_{n}(value, left):\n    total = value * {n} + left\n\n    return [total, left]\n\n"
    for n in range(110)
)
MOVED = "".join(f"    case {n}:\n        return parse_{n}(text)  # {n}\n" for n in range(30))
GO = "".join(f"func add{n}(a int) int {{\n\treturn a + {n}\n}}\n\n" for n in range(20))
FILES: dict[str, tuple[str | None, str | None, str]] = {  # head path: base path, base, head
    "src/steps.py": (None, None, STEPS),  # longer than a window
    "src/new/parse.py": (
        "src/old.py",
        MOVED,
        MOVED.replace("parse_7", "parse_seven").replace(
            "case 20:", "case 20 | 21:\n        # both"
        ),
    ),
    "go/add.go": (None, GO, GO.replace("a + 3", "a - 3").replace("a + 15", "a +\n\t\t15")),
    "src/unicode.py": (
        None,
        "x = 1\n",
        "x = 1\ns = 'e\u0301 \u2028 👩‍👩‍👧'\n\ty = '<|endoftext|>'\n",
    ),
    "README.md": (None, "old\n", "new\n"),
    "a b.js": (None, "one()\n\n}\n", "one()\ntwo(1)\n\n}\n" + "more(x)\n" * 60),
}


@dataclass
class Recorded:
    """A cache that keeps what it is given, and the columns of each line."""

    windows: dict[str, Groups] = field(default_factory=dict)
    columns: dict[tuple[str, int], bytes] = field(default_factory=dict)

    def get(self, name: str) -> Groups | None:
        return None

    def put(self, name: str, groups: Groups) -> None:
        self.windows[name] = groups

    def close(self) -> None:
        pass

    def bytes(self) -> dict[str, dict[str, tuple[tuple[int, ...], bytes]]]:
        return {
            name: {key: (part.shape, part.tobytes()) for key, part in groups.items()}
            for name, groups in self.windows.items()
        }


def repository(directory: Path) -> tuple[str, str]:
    """Make a repository of two commits; return them."""
    git(directory, "init", "-q")
    commits = []
    for side, message in ((1, "base"), (2, MESSAGE)):
        git(directory, "rm", "-rfq", "--ignore-unmatch", ".")
        for path, (base_path, *texts) in FILES.items():
            text = texts[side - 1]
            name = base_path or path if side == 1 else path
            if text is not None:
                (directory / name).parent.mkdir(parents=True, exist_ok=True)
                (directory / name).write_bytes(text.encode())
        git(directory, "add", "-A")
        git(directory, "-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-qm", message)
        commits.append(git(directory, "rev-parse", "HEAD"))
    return commits[0], commits[1]


def git(directory: Path, *args: str) -> str:
    done = subprocess.run(["git", *args], cwd=directory, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def checked(
    directory: Path, settings: Settings, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> Recorded:
    """Read the change as `check` does; record what it reads."""
    found = Recorded()
    columns = LineFeatures.columns

    def record(self: LineFeatures, names: Any) -> Any:
        columns_LN = columns(self, names)
        for line, row_N in zip(self.lines, columns_LN, strict=True):
            found.columns[line.path, line.number] = row_N.tobytes()
        return columns_LN

    with monkeypatch.context() as patch:
        patch.setattr("reviewbot.app.check.line_cache", lambda *_: found)
        patch.setattr("reviewbot.app.check.artifacts_for", lambda _: Artifacts(artifact))
        patch.setattr(LineFeatures, "columns", record)
        base, head = repository(directory)
        request = between(open_repository(directory), base, head)
        score_source(ChangeSource(request=request, settings=settings, root=directory))
    return found


def trained(directory: Path, model: str, artifact: Artifact) -> Recorded:
    """Read the change as training does, with the model that its flags open."""
    row = {"id": "1", "set": "s", "group": "g", "status": "clean", "message": MESSAGE, "files": []}
    for path, (base_path, base, head) in FILES.items():
        row["files"].append({"path": path, "base_path": base_path, "base": base, "head": head})  # type: ignore[attr-defined]
    labels = directory / "rows.jsonl"
    labels.write_text(json.dumps(row))
    found, sizes = Recorded(), dict(artifact.predictor.groups)
    known = artifact.model
    reader, _ = open_reader(
        model=model, layer=known.layer, deep=known.deep, full=known.full, dtype=None, threads=0
    )
    reader = replace(reader, plan=artifact.plan)
    features = reader.features(artifact.coder, "", sizes, directory / "cache")
    laid = prepare(read_files([str(labels)]))
    table = columns_of(laid, replace(features, cache=found), sizes)
    wanted = [line for file, _ in laid.files for line in file.wanted]
    for line, row_N in zip(wanted, table.columns_LN, strict=True):
        found.columns[line.path, line.number] = row_N.tobytes()
    assert (table.weight_L == 1).all()
    return found


def assert_same(check: Recorded, training: Recorded) -> None:
    paths = {path for path, _ in check.columns}
    assert paths == FILES.keys() - {"README.md"}
    lines, windows = len(check.columns), len(check.windows)
    different = len({*check.columns.values()})
    assert lines >= 200
    assert windows > len(paths)  # a file is longer than a window
    assert different > 100
    assert check.bytes() == training.bytes()
    assert check.columns == training.columns


@pytest.mark.parametrize("plan", [tiny.PLAN, replace(tiny.PLAN, description=True)])
def test_check_and_training_read_a_change_into_the_same_bytes(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch, plan: ReadingPlan
) -> None:
    monkeypatch.setenv("REVIEWBOT_CACHE", str(tmp_path / "cache"))
    sha256 = ensure_model(str(tiny_model), environ={"REVIEWBOT_CACHE": str(tmp_path / "id")}).sha256
    model = ArtifactModel("tiny", sha256, tiny.LAYER, tiny.WIDTH)
    where = tiny.tiny_artifact(tmp_path / "artifact", model=model, plan=plan)
    settings = Settings(artifact=str(where), model=str(tiny_model), server=Server.NEVER)
    (tmp_path / "repo").mkdir()
    artifact = artifact_for(settings)

    check = checked(tmp_path / "repo", settings, artifact, monkeypatch)
    training = trained(tmp_path, str(tiny_model), artifact)

    assert_same(check, training)
    assert all(np.isfinite(part).all() for one in check.windows.values() for part in one.values())
