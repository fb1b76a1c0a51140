"""Which windows a check reads, counted with an encoder that reads nothing.

    python -m research.benchmarks.counted FLAGS OF REVIEWBOT CHECK

A process of its own: a child of a large process would look as large. Prints JSON.
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import numpy as np

from research.benchmarks.arithmetic import flops, matrices, shape_of
from research.benchmarks.process import VERDICTS
from reviewbot.encoders.encoder import EncoderSpec, Tokens
from reviewbot.encoders.states import HEAD, HiddenStates
from reviewbot.encoders.tokenizer import load_tokenizer, token, tokenize


class Counter:
    """An encoder whose tokenizer is the model's and whose states are zeros."""

    dtype = engine = "none"

    def __init__(self, spec: EncoderSpec) -> None:
        """Read the config and the tokenizer; no weight is loaded."""
        self.config = json.loads((spec.directory / "config.json").read_text(encoding="utf-8"))
        self.width = int(self.config["hidden_size"])
        self.windows: list[int] = []
        self._spec, self._tokenizer = spec, load_tokenizer(spec.directory)

    def tokenize(self, text: str) -> Tokens:
        """Split a text as the model does."""
        return tokenize(self._tokenizer, text)

    def token(self, number: int) -> str:
        """Return the text of a token."""
        return token(self._tokenizer, number)

    def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
        """Count a window."""
        self.windows.append(len(ids))
        zeros_TD = np.zeros((len(ids) - first, self.width), np.float32)
        deep_TD = zeros_TD if self._spec.deep else None
        head_TS = np.zeros((len(zeros_TD), len(HEAD)), np.float32) if self._spec.full else None
        return HiddenStates.of(zeros_TD, deep_TD, head_TS)

    @property
    def layers(self) -> int:
        """How many decoder blocks the real encoder runs."""
        stored = int(self.config["num_hidden_layers"])
        return stored if self._spec.full else max(self._spec.layer, self._spec.deep or 0)

    def facts(self) -> dict[str, Any]:
        """Return what the windows need, and in which matrices."""
        shape = shape_of(self.config)
        return {
            "tokens": sum(self.windows),
            "windows": len(self.windows),
            "layers": self.layers,
            "flops": flops(shape, self.layers, self.windows, output_head=self._spec.full),
            "matrices": matrices(shape),
        }


def run_check(arguments: Sequence[str]) -> None:
    """Run one check in this process. Raises SystemExit where there is no verdict."""
    from reviewbot.cli.check import check

    with tempfile.TemporaryDirectory() as folder:
        try:
            check.main([*arguments, f"--output={folder}/report"], standalone_mode=False)
        except SystemExit as exc:
            if exc.code not in VERDICTS:
                raise


def count(arguments: Sequence[str]) -> dict[str, Any]:
    """Return the facts of one check. Raises SystemExit where there is no verdict."""
    from reviewbot.encoders import encoder as encoders

    made: list[Counter] = []

    def load(spec: EncoderSpec, _waiting: object = None) -> Counter:
        made.append(Counter(spec))
        return made[-1]

    with patch.object(encoders, "load_encoder", load):
        run_check(arguments)
    if not made:
        raise SystemExit("the check loaded no encoder: there is nothing to measure")
    return made[-1].facts()


if __name__ == "__main__":
    print(json.dumps(count(sys.argv[1:])))
