"""`check` with each engine: what it imports, what it opens, and what it says where one is unfit."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from reviewbot.artifacts import ArtifactModel
from reviewbot.store.checkpoint import MANIFEST, STAMP
from reviewbot.store.ready import ready
from tests import tiny
from tests.cli.small import environ
from tests.tiny import edit_json

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
CODE = """
import json, sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from reviewbot.cli import main
try:
    main()
finally:
    heavy = ("torch", "transformers", "onnxruntime", "onnx", "gguf")
    seen = [[name for name in heavy if name in sys.modules], opened]
    with open("seen.json", "w") as file:
        json.dump(seen, file)
"""


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
class Place:
    """A folder with a change, a model, an artifact for it, and a cache of its own."""

    folder: Path
    model: Path

    def check(self, *flags: str) -> Done:
        sha256 = ready(
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
def place(tmp_path: Path, tiny_model: Path) -> Place:
    (tmp_path / "change.diff").write_text(DIFF)
    (tmp_path / "a.py").write_text("x = 1\ny = f(x, 2)\nz = [y for _ in range(x)]\n")
    return Place(tmp_path, Path(shutil.copytree(tiny_model, tmp_path / "model")))


def test_the_int8_engine_needs_no_torch_and_what_was_read_no_engine(place: Place) -> None:
    first = place.check("--engine=onnx")
    second = place.check("--engine=onnx")

    assert (first.code, first.dtype) == (0, "int8"), first.said
    assert any("converting 2 layers to int8, once" in line for line in first.said)
    assert first.imported == {"onnxruntime", "onnx"}
    assert second.report == first.report
    assert (second.code, second.said, second.imported) == (0, [], set())
    assert MANIFEST in second.opened
    assert second.opened.isdisjoint({"trunk.onnx", "embedding.safetensors", "probe.safetensors"})


def test_where_no_line_is_kept_every_line_is_read_and_the_report_is_the_same(place: Place) -> None:
    first = place.check("--engine=onnx", "--line-cache=0")
    second = place.check("--engine=onnx", "--line-cache=0")
    third = place.check("--engine=onnx")

    assert first.report == second.report == third.report
    assert "onnxruntime" in second.imported
    assert not any(name.startswith("lines") for name in second.opened)


def test_torch_reads_what_it_reads_and_is_not_imported_for_lines_that_are_kept(
    place: Place,
) -> None:
    onnx, first, second = (place.check(f"--engine={e}") for e in ("onnx", "torch", "torch"))

    assert (first.code, first.dtype) == (0, "fp32"), first.said
    assert "torch" in first.imported
    assert second.report == first.report != onnx.report
    assert second.imported == set()


def unknown(model: Path) -> None:
    path = model / "model.safetensors"
    tensors = {name: t for name, t in load_file(path).items() if not name.endswith("bias")}
    save_file(tensors, path, {"format": "pt"})
    config = json.loads((model / "config.json").read_text())
    config |= {"model_type": "mistral", "architectures": ["MistralForCausalLM"]}
    config["head_dim"] = tiny.WIDTH // tiny.HEADS
    del config["layer_types"]
    (model / "config.json").write_text(json.dumps(config))


def scaled(model: Path) -> None:
    rope = {"rope_type": "linear", "factor": 2.0, "rope_theta": 10_000.0}
    edit_json(model / "config.json", rope_parameters=rope)


def half(model: Path) -> None:
    path = model / "model.safetensors"
    tensors = {name: t.to(torch.bfloat16) for name, t in load_file(path).items()}
    save_file(tensors, path, {"format": "pt"})


UNFIT: dict[str, tuple[Callable[[Path], None], str]] = {
    "another architecture": (unknown, "the engine onnx does not know a model of type 'mistral'"),
    "a scaled rope": (scaled, "the engine onnx does not know a scaled rotary embedding"),
    "numbers of another format": (half, "was not converted: model.embed_tokens.weight is BF16"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_model_that_int8_does_not_know_is_read_with_torch_and_one_line_says_so(
    name: str, place: Place
) -> None:
    change, why = UNFIT[name]
    change(place.model)
    auto, named = place.check(), place.check("--engine=onnx")

    assert auto.code == 0, auto.said
    assert auto.dtype == "fp32"
    (line,) = auto.said
    assert why in line
    assert line.endswith("; reading with torch instead")
    assert "nothing was scored" not in line
    assert (named.code, named.report) == (4, b"")
    assert why in named.said[-2]
    assert named.said[-2].startswith("error: nothing was scored")
    assert named.said[-1] == "  fix: use --engine torch"
    assert not list((place.folder / "cache").glob("converted/*"))


def spoil_probe(engine: Path) -> None:
    """Let the probe say something else, and the manifest agree."""
    from safetensors.numpy import load_file as load
    from safetensors.numpy import save

    probe: dict[str, Any] = load(engine / "probe.safetensors")
    probe["state_2"] = np.ascontiguousarray(probe["state_2"][:, ::-1])
    data = save(probe)
    (engine / "probe.safetensors").write_bytes(data)
    files = json.loads((engine / MANIFEST).read_text())["files"]
    files["probe.safetensors"] = hashlib.sha256(data).hexdigest()
    edit_json(engine / MANIFEST, files=files)
    (engine / STAMP).unlink()


def test_a_processor_that_computes_something_else_is_not_used(place: Place) -> None:
    assert place.check("--engine=onnx", "--line-cache=0").code == 0
    spoil_probe(place.engine)
    auto, named = place.check(), place.check("--engine=onnx")
    torch_alone = place.check("--engine=torch")

    assert (auto.code, auto.dtype) == (0, "fp32"), auto.said
    (line,) = auto.said
    assert line.startswith("on this processor int8 does not compute what float32 does (state_2")
    assert line.endswith("; reading with torch instead")
    assert (named.code, named.report) == (4, b"")
    assert "nothing was scored: on this processor" in named.said[-2]
    assert torch_alone.report == auto.report
    assert torch_alone.imported == set()  # its lines were kept under its own name


def test_a_damaged_engine_is_no_reason_to_read_with_another(place: Place) -> None:
    assert place.check("--line-cache=0").dtype == "int8"
    path = place.engine / "trunk.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    auto = place.check("--line-cache=0")

    assert (auto.code, auto.report) == (4, b"")
    assert "is damaged: trunk.onnx has SHA-256" in auto.said[-2]
