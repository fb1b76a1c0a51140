"""What stage one costs for larger models: tokens, bytes, GPU hours and money, as a table.

    python -m research.cost
    python -m research.cost --peak 312 --share 0.3 --price 1.5    # another GPU

The arithmetic is counted from the models' sizes. How fast a GPU does it, and what its hour costs,
are assumptions: no GPU was at hand.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import click

from research.benchmarks.arithmetic import Shape, flops, matrices

TOKENS = {"10 million": 10**7, "1 billion": 10**9, "100 billion": 10**11}
WINDOW = 1_024  # tokens of a forward pass
FEATURES = 8  # times the width of the states
K = 32  # features of a token that are not zero
CODE = 4.3  # bytes of source code for a token: 394,487 tokens of Python's standard library


@dataclass(frozen=True, slots=True)
class Model:
    """A decoder and its depth."""

    shape: Shape
    layers: int

    @property
    def read(self) -> int:
        """Decoder blocks below the states: a quarter, as in PtTrust."""
        return self.layers // 4


# Qwen2.5-Coder, from the config.json of each.
MODELS = {
    "0.5B": Model(Shape(896, 4_864, 14, 2, 64, 151_936), 24),
    "1.5B": Model(Shape(1_536, 8_960, 12, 2, 128, 151_936), 28),
    "7B": Model(Shape(3_584, 18_944, 28, 4, 128, 152_064), 28),
    "32B": Model(Shape(5_120, 27_648, 40, 8, 128, 152_064), 64),
}


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU: what its maker promises, what of that is reached, and its price."""

    peak: float  # TFLOP/s in bf16, dense
    share: float  # of the peak
    price: float  # US dollars an hour

    def hours(self, operations: float) -> float:
        """Return how long it computes."""
        return operations / (self.peak * 1e12 * self.share) / 3_600


def reading(model: Model) -> float:
    """Return the operations to read one token."""
    return flops(model.shape, model.read, [WINDOW]) / WINDOW


def training(model: Model, epochs: int) -> float:
    """Return the operations to train the autoencoder on one token.

    The encoder's product is dense, forward and for the gradient of its weights (its input needs
    none). What is decoded is sparse: three products with K features.
    """
    width = model.shape.hidden
    return epochs * (2 * 2 * width * FEATURES * width + 3 * 2 * width * K)


def weights(model: Model, bits: int) -> float:
    """Return the bytes of the blocks that are read, and of the embedding in bf16."""
    blocks = model.read * sum(wide * out for wide, out in matrices(model.shape))
    return blocks * bits / 8 + 2 * model.shape.vocabulary * model.shape.hidden


def rows(gpu: Gpu, epochs: int) -> Iterator[str]:
    """Yield the lines of the table."""
    heads = ("model", "read", "weights bf16, 4 bit", "tokens", "code", "states, if kept")
    yield f"| {' | '.join([*heads, 'GPU hours', 'US $'])} |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, model in MODELS.items():
        sizes = ", ".join(f"{weights(model, bits) / 1e9:.1f} GB" for bits in (16, 4))
        for said, tokens in TOKENS.items():
            hours = gpu.hours(tokens * (reading(model) + training(model, epochs)))
            stored = tokens * 2 * model.shape.hidden
            cells = [
                *(name, f"{model.read} of {model.layers}", sizes, said),
                *(_bytes(tokens * CODE), _bytes(stored)),
                *(_number(hours), _number(hours * gpu.price)),
            ]
            yield f"| {' | '.join(cells)} |"


def _bytes(count: float) -> str:
    power = next(power for power in (5, 4, 3, 2) if count >= 1_000**power or power == 2)
    return f"{count / 1_000**power:.3g} {' KMGTP'[power]}B"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--peak", type=float, default=989, help="TFLOP/s, bf16 (H100 SXM)")
    parser.add_argument("--share", type=float, default=0.4, help="of the peak that is reached")
    parser.add_argument("--price", type=float, default=3.0, help="US dollars for a GPU hour")
    parser.add_argument("--epochs", type=int, default=1, help="of the autoencoder over each token")
    given = parser.parse_args()
    gpu = Gpu(given.peak, given.share, given.price)
    click.echo("\n".join(rows(gpu, given.epochs)))


if __name__ == "__main__":
    main()
