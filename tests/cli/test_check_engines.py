"""`check` with the int8 engine: what it imports and opens; tests/slow/cli has torch's part."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from reviewbot.models.ensure import ensure_model
from reviewbot.models.verify import MANIFEST
from reviewbot.scoring.artifact import ArtifactModel
from tests import tiny
from tests.bare import ALL
from tests.cli.small import environ

DIFF = """\
diff --git a/a.py b/a.py
index 1111111..2222222 100644
--- a/a.py
+++ b/a.py
@@ -1 +1,3 @@
 x = 1
+y = f(x, 2)
+z = [y for _ in range(x)]
"""
# Tell afterwards which of some packages were imported, and which files were opened.
CODE = (
    f"HEAVY = {sorted(ALL | {'onnxruntime', 'onnx', 'gguf'})}\n"
    + """
import json, sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from reviewbot.cli import main
try:
    main()
finally:
    seen = [[name for name in HEAVY if name in sys.modules], opened]
    with open("seen.json", "w") as file:
        json.dump(seen, file)
"""
)


@dataclass
class Done:
    code: int
    report: bytes
    said: list[str]  # lines on stderr
    imported: set[str]
    opened: set[str]  # names of files in the cache

    @property
    def dtype(self) -> str:
        return str(json.loads(self.report)["model"]["dtype"])


@dataclass
class Workspace:
    """A folder with a change, a model, an artifact for it, and a cache of its own."""

    folder: Path
    model: Path

    def check(self, *flags: str) -> Done:
        sha256 = ensure_model(
            str(self.model), environ={"REVIEWBOT_CACHE": str(self.folder / "ids")}
        ).sha256
        artifact = self.folder / sha256[:8]
        if not artifact.exists():
            tiny.tiny_artifact(
                artifact, model=ArtifactModel("tiny", sha256, tiny.LAYER, tiny.WIDTH)
            )
        named = (f"--artifact={artifact}", f"--model={self.model}", "--threads=1", "--max-risk=1")
        fixed = ("--diff=change.diff", "--root=.", "--format=json", "--server=never")
        done = subprocess.run(
            [sys.executable, "-c", CODE, "check", *fixed, *named, *flags],
            cwd=self.folder,
            env=environ() | {"REVIEWBOT_CACHE": str(self.folder / "cache")},
            capture_output=True,
            timeout=120,
        )
        imported, opened = json.loads((self.folder / "seen.json").read_text())
        inside = {Path(name).name for name in opened if str(self.folder / "cache") in name}
        said = done.stderr.decode().splitlines()
        return Done(done.returncode, done.stdout, said, set(imported), inside)

    @property
    def engine(self) -> Path:
        (found,) = (self.folder / "cache" / "converted").glob("*-onnx-*")
        return found


@pytest.fixture
def workspace(tmp_path: Path, tiny_model: Path) -> Workspace:
    (tmp_path / "change.diff").write_text(DIFF)
    (tmp_path / "a.py").write_text("x = 1\ny = f(x, 2)\nz = [y for _ in range(x)]\n")
    return Workspace(tmp_path, Path(shutil.copytree(tiny_model, tmp_path / "model")))


def test_the_int8_engine_needs_no_torch_and_what_was_read_no_engine(workspace: Workspace) -> None:
    first = workspace.check("--engine=onnx")
    second = workspace.check("--engine=onnx")

    assert (first.code, first.dtype) == (0, "int8"), first.said
    assert any("converting 2 layers to int8, once" in line for line in first.said)
    assert first.imported == {"onnxruntime", "onnx"}
    assert second.report == first.report
    assert (second.code, second.said, second.imported) == (0, [], set())
    assert MANIFEST in second.opened
    assert second.opened.isdisjoint({"trunk.onnx", "embedding.safetensors", "probe.safetensors"})


def test_where_no_line_is_kept_every_line_is_read_and_the_report_is_the_same(
    workspace: Workspace,
) -> None:
    first = workspace.check("--engine=onnx", "--line-cache=0")
    second = workspace.check("--engine=onnx", "--line-cache=0")
    third = workspace.check("--engine=onnx")

    assert first.report == second.report == third.report
    assert "onnxruntime" in second.imported
    assert not any(name.startswith("lines") for name in second.opened)


def test_a_damaged_engine_is_no_reason_to_read_with_another(workspace: Workspace) -> None:
    assert workspace.check("--line-cache=0").dtype == "int8"
    path = workspace.engine / "trunk.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    auto = workspace.check("--line-cache=0")

    assert (auto.code, auto.report) == (4, b"")
    assert "is damaged: trunk.onnx has SHA-256" in auto.said[-2]
