"""Token features -> line features, for training and scoring."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reviewbot.arrays import Array, Indices
from reviewbot.encoders.spans import Span
from reviewbot.encoders.states import SIGNALS, layer_norm, sinks
from reviewbot.scoring.sae import SparseCoder, encode_normed
from reviewbot.scoring.surface import SURFACE_NAMES, surface

SURPRISAL_NAMES = (
    "surprisal, sum",
    *(f"{signal}, {how}" for signal in SIGNALS for how in ("mean", "greatest")),
)

STATE_GROUPS = ("state_mean", "state_last", "sae_max", "sae_mean")  # made by `pool`
BLOCK_NAMES = tuple(
    f"{signal} of the block, {how}" for how in ("mean", "at its end") for signal in SIGNALS
)


def group_sizes(width: int, features: int) -> dict[str, int]:
    """Name every group of line features with its number of columns.

    width     D of the states
    features  F of the autoencoder
    """
    return {
        "sae_max": features,  # did it fire anywhere in the line, and how strongly
        "sae_mean": features,
        "state_mean": width,  # of the layer-normed states of the line's tokens
        "state_last": width,  # of the token at the line's end: the choice of PtTrust
        "deep_mean": width,  # of the states of the later decoder block
        "deep_max": width,
        "deep_last": width,
        "block_end": width,  # deep state of the last token of the line's block of added lines
        "block": len(BLOCK_NAMES),
        "surface": len(SURFACE_NAMES),
        "surprisal": len(SURPRISAL_NAMES),
    }


@dataclass(frozen=True, slots=True)
class LineTokens:
    """The tokens of some lines, layer-normed, attention sinks left out."""

    normed_TD: Array  # the lines' tokens, line after line
    counts_L: Indices  # tokens of each line; 0 for a line of sinks


def line_tokens(values_TD: Array, token_spans: Sequence[Span]) -> LineTokens:
    """Gather the states of some lines of a window.

    values_TD    states of the window's T tokens
    token_spans  L spans in tokens of the window
    """
    sink_T = sinks(values_TD)
    lines = [[t for t in range(*span) if not sink_T[t]] for span in token_spans]
    tokens_T = np.array([t for tokens in lines for t in tokens], np.intp)
    counts_L = np.array([len(tokens) for tokens in lines], np.intp)
    return LineTokens(layer_norm(values_TD[tokens_T]), counts_L)


def pool(
    tokens: LineTokens, coder: SparseCoder | None, names: Collection[str] = STATE_GROUPS
) -> dict[str, Array]:
    """Pool the tokens of L lines into line features.

    coder    None leaves the "sae_" groups out
    names    groups to make, all by default; names outside `STATE_GROUPS` are ignored
    returns  group name -> (L, columns); a line without tokens pools to zeros
    """
    groups = {}
    if not {"state_mean", "state_last"}.isdisjoint(names):
        groups["state_mean"], _, groups["state_last"] = _dense(tokens)
    if coder is not None and not {"sae_max", "sae_mean"}.isdisjoint(names):
        groups |= _pool_sparse(coder, tokens, names)
    return {name: part for name, part in groups.items() if name in names}


def pool_deep(deep_TD: Array, token_spans: Sequence[Span]) -> dict[str, Array]:
    """Pool the states of the later block over L lines, attention sinks left out."""
    mean_LD, max_LD, last_LD = _dense(line_tokens(deep_TD, token_spans))
    return {"deep_mean": mean_LD, "deep_max": max_LD, "deep_last": last_LD}


def pool_blocks(
    deep_TD: Array,
    signals_TS: Array | None,
    block_spans: Sequence[Span],
    block_of: Sequence[int],
) -> dict[str, Array]:
    """Return for each of L lines the features of its block.

    block_spans  E spans in tokens of the window; the mark that ends a piece belongs to its block
    block_of     the block of each line
    """
    ends = [span.end - 1 for span in block_spans]
    groups = {"block_end": layer_norm(deep_TD[ends])}
    if signals_TS is not None:
        signals = [
            np.append(signals_TS[slice(*span)].mean(axis=0), signals_TS[span.end - 1])
            for span in block_spans
        ]
        groups["block"] = _stack(signals).astype(np.float32)
    return {name: part[list(block_of)] for name, part in groups.items()}


def pool_surprisal(signals_TS: Array, token_spans: Sequence[Span]) -> Array:
    """Summarise the output head's signals of L lines, (L, len(SURPRISAL_NAMES)).

    token_spans  L spans in tokens of the window, none empty
    """
    rows = []
    for span in token_spans:
        part_TS = signals_TS[slice(*span)]
        both = np.stack([part_TS.mean(axis=0), part_TS.max(axis=0)], axis=1)
        rows.append(np.append(part_TS[:, 0].sum(), both).astype(np.float32))
    return _stack(rows)


def columns(
    groups: Mapping[str, Array], names: Sequence[str], lines: Sequence[str], prose: Sequence[bool]
) -> Array:
    """Concatenate the groups in `names`, in that order; "surface" is computed from `lines`.

    prose    whether each line is nothing but comment or docstring (`diff.languages.prose`)
    returns  (L, N)
    """
    parts = [surface(lines, prose) if name == "surface" else groups[name] for name in names]
    return np.concatenate(parts, axis=1)


def _dense(tokens: LineTokens) -> tuple[Array, Array, Array]:
    """Return mean, maximum and last state of each line, (L, D); zeros without tokens."""
    zeros_1D = np.zeros((1, tokens.normed_TD.shape[1]), np.float32)
    states = np.split(tokens.normed_TD, np.cumsum(tokens.counts_L))[:-1]
    per_line = [x_TD if len(x_TD) else zeros_1D for x_TD in states]
    return (
        _stack([x_TD.mean(axis=0) for x_TD in per_line]),
        _stack([x_TD.max(axis=0) for x_TD in per_line]),
        _stack([x_TD[-1] for x_TD in per_line]),
    )


def _pool_sparse(
    coder: SparseCoder, tokens: LineTokens, names: Collection[str]
) -> dict[str, Array]:
    sparse = encode_normed(coder, tokens.normed_TD)
    lines, features = len(tokens.counts_L), coder.features
    # The place of each value in the flattened result: numpy is fast with one plain index.
    line_T1 = np.repeat(np.arange(lines), tokens.counts_L)[:, None]
    place_N = (line_T1 * features + sparse.indices_TK).ravel()
    value_N = sparse.values_TK.ravel()
    groups = {}
    if "sae_max" in names:
        groups["sae_max"] = max_LF = np.zeros((lines, features), np.float32)
        with np.errstate(invalid="ignore"):  # NaN stays NaN and fails its line
            np.maximum.at(max_LF.reshape(-1), place_N, value_N)
    if "sae_mean" in names:
        groups["sae_mean"] = mean_LF = np.zeros((lines, features), np.float32)
        np.add.at(mean_LF.reshape(-1), place_N, value_N)
        mean_LF /= np.maximum(tokens.counts_L, 1).astype(np.float32)[:, None]
    return groups


def _stack(rows: Sequence[Array]) -> Array:
    return np.stack(rows) if rows else np.zeros((0, 0), np.float32)
