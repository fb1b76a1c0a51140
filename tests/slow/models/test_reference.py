"""The plain arithmetic on the packaged model."""

from pathlib import Path

import numpy as np

from reviewbot.encoders.encoder import EncoderSpec, load_encoder
from reviewbot.models.ensure import ensure_model
from reviewbot.models.packaged import packaged_file
from reviewbot.models.reference import states
from reviewbot.models.registry import SMOL_CUT
from reviewbot.models.sources import gguf_source
from tests import tiny


def test_the_packaged_model_gives_what_torch_gives(tmp_path: Path) -> None:
    made = ensure_model(SMOL_CUT.name, environ={"REVIEWBOT_CACHE": str(tmp_path)})
    spec = EncoderSpec(directory=made.directory, layer=8, deep=4, threads=1)
    torch_encoder = load_encoder(spec)
    ids = torch_encoder.tokenize(tiny.TEXT).ids
    right = torch_encoder.states(ids)
    with packaged_file(SMOL_CUT) as path:
        source = gguf_source(path, SMOL_CUT)
        embedded_TD = source.get("embed_tokens.weight")[ids]
        found = states(source.shape, source.get, embedded_TD, (4, 8), head=False)

    assert right.deep_TD is not None
    for found_TD, right_TD in (
        (found["state_8"], right.values_TD),
        (found["state_4"], right.deep_TD),
    ):
        length_T1 = np.linalg.norm(right_TD, axis=1, keepdims=True)
        assert np.abs((found_TD - right_TD) / length_T1).max() < 1e-4
