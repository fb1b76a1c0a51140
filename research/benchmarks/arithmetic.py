"""How much arithmetic a model needs for some windows, from its config alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a decoder with grouped attention and a gated MLP, as Qwen2 and Llama are."""

    hidden: int
    mlp: int
    heads: int
    kv_heads: int
    head: int  # width of one head
    vocabulary: int


def shape_of(config: Mapping[str, Any]) -> Shape:
    """Read a checkpoint's config.json. Raises KeyError where it is of another kind."""
    heads = int(config["num_attention_heads"])
    return Shape(
        hidden=int(config["hidden_size"]),
        mlp=int(config["intermediate_size"]),
        heads=heads,
        kv_heads=int(config.get("num_key_value_heads") or heads),
        head=int(config.get("head_dim") or config["hidden_size"] // heads),
        vocabulary=int(config["vocab_size"]),
    )


def matrices(shape: Shape) -> list[tuple[int, int]]:
    """Return the weight matrices of one layer as (columns in, columns out)."""
    queries, keys = shape.heads * shape.head, shape.kv_heads * shape.head
    attention = [(shape.hidden, queries), *[(shape.hidden, keys)] * 2, (queries, shape.hidden)]
    return [*attention, *[(shape.hidden, shape.mlp)] * 2, (shape.mlp, shape.hidden)]


def flops(shape: Shape, layers: int, windows: Sequence[int], *, output_head: bool = False) -> int:
    """Return how many floating point operations the windows need; a multiply-add counts as two.

    layers       decoder blocks that are run
    windows      tokens of each forward pass

    Two per weight and token, and in each head the products of every token with itself and all
    tokens before it: the causal half, whatever the library computes beyond it. Norms, activations,
    the softmax, the embedding and the autoencoder are left out: under one part in a hundred. The
    output head runs for every token but the last of a window.
    """
    weights = sum(wide * out for wide, out in matrices(shape))
    tokens = sum(windows)
    pairs = sum(size * (size + 1) // 2 for size in windows)
    total = layers * (2 * weights * tokens + 2 * 2 * shape.heads * shape.head * pairs)
    if output_head:
        total += 2 * shape.hidden * shape.vocabulary * sum(max(size - 1, 0) for size in windows)
    return total
