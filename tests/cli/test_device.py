"""The settings `device`, `quantize` and `dtype` on their way to the encoder."""

import os
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
from click.testing import CliRunner, Result

from reviewbot.cli import main
from reviewbot.cli.train_reader import open_reader
from reviewbot.encoders.encoder import Encoder, EncoderSpec
from reviewbot.models.ensure import ensure_model
from reviewbot.scoring.artifact import ArtifactModel
from tests import tiny

DIFF = """diff --git a/a.py b/a.py
new file mode 100644
--- /dev/null
+++ b/a.py
@@ -0,0 +1,2 @@
+x = 1
+y = x
"""


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The check of a small change with the tiny model, where torch sees no GPU."""
    monkeypatch.setenv("REVIEWBOT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    sha256 = ensure_model(str(tiny_model), environ=os.environ).sha256
    model = ArtifactModel("tiny", sha256, tiny.LAYER, tiny.WIDTH)
    tiny.tiny_artifact(tmp_path / "artifact", model=model)
    (tmp_path / "a.py").write_text("x = 1\ny = x\n")
    (tmp_path / "change.diff").write_text(DIFF)
    where = (f"--diff={tmp_path / 'change.diff'}", f"--root={tmp_path}", "--threads=1")
    what = (f"--model={tiny_model}", f"--artifact={tmp_path / 'artifact'}", "--max-risk=1")
    return lambda *flags: CliRunner().invoke(main, ["check", *where, *what, *flags])


def test_without_a_gpu_device_cuda_is_exit_4_and_no_report(run: Run) -> None:
    assert run().exit_code == 0

    result = run("--device=cuda")

    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr.splitlines()[-2].startswith("error: nothing was scored: device is cuda")
    assert result.stderr.splitlines()[-1].startswith("  fix: ")


def test_quantized_weights_on_a_cpu_are_wrong_usage(run: Run) -> None:
    result = run("--quantize=8bit")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "needs a GPU" in result.stderr


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ((), ("cpu", "none", "fp32")),
        (("--device=cuda",), ("cuda", "none", "auto")),
        (("--device=cuda", "--dtype=fp32"), ("cuda", "none", "fp32")),
        (("--device=cuda", "--quantize=4bit"), ("cuda", "4bit", "auto")),
        (("--dtype=auto",), ("cpu", "none", "auto")),
    ],
)
def test_a_gpu_chooses_its_numbers_unless_somebody_did(
    run: Run, flags: tuple[str, ...], expected: tuple[str, str, str], tiny_model: Path
) -> None:
    asked: list[EncoderSpec] = []

    def load(spec: EncoderSpec, _waiting: object = None) -> Encoder:
        asked.append(spec)
        return tiny.encoder(tiny_model)

    with (
        patch("reviewbot.encoders.encoder.load_encoder", load),
        patch("reviewbot.encoders.gpu_encoder.require_gpu", lambda: None),
        patch("reviewbot.encoders.quantization.check_packages", lambda _: None),
    ):
        assert run(*flags).exit_code == 0
        open_reader(
            model=str(tiny_model),
            layer=None,
            dtype=next((flag[8:] for flag in flags if flag.startswith("--dtype=")), None),
            threads=1,
            description=False,
            device=expected[0],
            quantize=expected[1],
        )

    assert [(spec.device, spec.quantize, spec.dtype) for spec in asked] == [expected] * 2
