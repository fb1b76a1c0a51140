"""`check` with torch: what it imports, and what it says where the int8 engine is unfit."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from reviewbot.models.verify import MANIFEST, STAMP
from tests import tiny
from tests.cli.test_check_engines import Workspace, workspace
from tests.tiny import edit_json

__all__ = ["workspace"]  # the fixture


def test_torch_reads_what_it_reads_and_is_not_imported_for_lines_that_are_kept(
    workspace: Workspace,
) -> None:
    onnx, first, second = (workspace.check(f"--engine={e}") for e in ("onnx", "torch", "torch"))

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
    name: str, workspace: Workspace
) -> None:
    change, why = UNFIT[name]
    change(workspace.model)
    auto, named = workspace.check(), workspace.check("--engine=onnx")

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
    assert not list((workspace.folder / "cache").glob("converted/*"))


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


def test_a_processor_that_computes_something_else_is_not_used(workspace: Workspace) -> None:
    assert workspace.check("--engine=onnx", "--line-cache=0").code == 0
    spoil_probe(workspace.engine)
    auto, named = workspace.check(), workspace.check("--engine=onnx")
    torch_alone = workspace.check("--engine=torch")

    assert (auto.code, auto.dtype) == (0, "fp32"), auto.said
    (line,) = auto.said
    assert line.startswith("on this processor int8 results are not close to float32 (state_2")
    assert line.endswith("; reading with torch instead")
    assert (named.code, named.report) == (4, b"")
    assert "nothing was scored: on this processor" in named.said[-2]
    assert torch_alone.report == auto.report
    assert torch_alone.imported == set()  # its lines were kept under its own name
