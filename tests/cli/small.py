"""An artifact and a model small enough to read: the risk of a line follows its length."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

import reviewbot
from reviewbot.app.ci import CI_VARIABLES
from reviewbot.encoders.encoder import Tokens
from reviewbot.encoders.spans import Span
from reviewbot.encoders.states import HiddenStates
from reviewbot.scoring.surface import SURFACE_NAMES

WIDTH, FEATURES = 4, 3
MODEL_SHA = "ab" * 32


def outside_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Local acknowledgements count only outside CI, where tests run too."""
    for name in ("CI", *CI_VARIABLES):
        monkeypatch.delenv(name, raising=False)


def environ() -> dict[str, str]:
    """The environment for a process that finds the package, and buffers as Python usually does."""
    kept = {name: text for name, text in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return {**kept, "PYTHONPATH": str(Path(reviewbot.__file__).parents[1])}


class ByteEncoder:
    """One token per character; a token's state is its code point in four numbers.

    head  run an output head, too: it expects "*" at every "+", 400 times as likely
    """

    width = WIDTH
    dtype = "fp32"
    engine = "bytes"

    _head = False  # a subclass need not call __init__

    def __init__(self, *, head: bool = False) -> None:
        self._head = head

    def tokenize(self, text: str) -> Tokens:
        return Tokens([ord(c) for c in text], [Span(i, i + 1) for i in range(len(text))])

    def token(self, number: int) -> str:
        return chr(number)

    def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
        column_T = np.array(ids[first:], np.float32)
        states_TD = np.stack([column_T % m for m in (3, 5, 7, 11)], axis=1) + 1
        if not self._head:
            return HiddenStates(states_TD)
        plus_T = column_T == ord("+")
        signals_TS = np.outer(plus_T, np.log([500, 2, 401, 2])).astype(np.float32)
        return HiddenStates(states_TD, None, signals_TS, np.where(plus_T, ord("*"), column_T))


def write_artifact(
    where: Path,
    *,
    name: str = "small",
    letters: int = 20,
    critical: float = 0.9,
    margin: float | None = None,
) -> Path:
    """Write an artifact whose only weight lies on the length of the line.

    letters   of a line with a risk of 0.5
    critical  a risk above it is critical, one above 0.5 is high, above 0.25 medium
    margin    from which expectations are shown, for an encoder with a head; None: none is
    """
    count = len(SURFACE_NAMES)
    reference = np.repeat(np.array([0, 0.25, 0.5, critical, 1], np.float32), [475, 475, 40, 8, 2])
    weight_N = np.zeros(count, np.float32)
    weight_N[0] = 10.0
    centre_N = np.zeros(count, np.float32)
    centre_N[0] = np.log1p(letters)
    files = {
        "sae/cfg.json": json.dumps(
            {
                "architecture": "topk",
                "normalize_activations": "layer_norm",
                "apply_b_dec_to_input": True,
                "rescale_acts_by_decoder_norm": False,
                "d_in": WIDTH,
                "d_sae": FEATURES,
                "k": 1,
                "metadata": {"hf_hook_name": "model.layers.0"},
            }
        ).encode(),
        "sae/sae_weights.safetensors": save(
            {
                "W_enc": np.ones((WIDTH, FEATURES), np.float32),
                "W_dec": np.ones((FEATURES, WIDTH), np.float32),
                "b_enc": np.zeros(FEATURES, np.float32),
                "b_dec": np.zeros(WIDTH, np.float32),
            }
        ),
        "predictor.safetensors": save(
            {
                "weight": weight_N,
                "centre": centre_N,
                "scale": np.ones(count, np.float32),
                "reference": reference,
            }
        ),
        "features.json": json.dumps({"features": {}}).encode(),
    }
    for file, data in files.items():
        (where / file).parent.mkdir(parents=True, exist_ok=True)
        (where / file).write_bytes(data)
    manifest: dict[str, Any] = {
        "format": "reviewbot-artifact/1",
        "name": name,
        "model": {"name": "letters", "sha256": MODEL_SHA, "layer": 1, "width": WIDTH},
        "plan": {},
        "predictor": {"groups": {"surface": count}, "slope": 1.0, "offset": 0.0, "bias": 0.0},
        "files": {file: hashlib.sha256(data).hexdigest() for file, data in files.items()},
    }
    if margin is not None:
        manifest |= {"expectations": {"margin": margin}}
        manifest["model"] |= {"full": True}
    (where / "manifest.json").write_text(json.dumps(manifest))
    return where
