"""The int8 engine on the packaged model."""

from dataclasses import replace
from pathlib import Path

from reviewbot.encoders.encoder import EncoderSpec, load_encoder
from reviewbot.encoders.states import sinks
from reviewbot.models.ensure import ensure_model
from reviewbot.models.registry import SMOL_CUT
from tests import tiny
from tests.encoders.test_onnx_encoder import close
from tests.models.trunks import encoder


def test_the_packaged_model_reads_code_as_torch_does(tmp_path: Path) -> None:
    environ = {"REVIEWBOT_CACHE": str(tmp_path)}
    made = ensure_model(SMOL_CUT.name, 8, taps=(8, None), environ=environ)
    found = encoder(made.directory, 8)
    plain = EncoderSpec(
        directory=ensure_model(SMOL_CUT.name, 8, environ=environ).directory, layer=8
    )
    right = load_encoder(replace(plain, threads=1))
    tokens = found.tokenize(tiny.TEXT)
    right_TD = right.states(tokens.ids).values_TD
    sink_T = sinks(right_TD)

    assert tokens == right.tokenize(tiny.TEXT)
    found_TD = found.states(tokens.ids).values_TD
    close(found_TD[~sink_T], right_TD[~sink_T], 0.95)
