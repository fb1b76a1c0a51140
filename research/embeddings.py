"""Context-free columns of a line: the model's token embeddings, without running the model.

What a probe on them can do, it does by knowing words; what a state adds must show above it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from reviewbot.arrays import Array, Indices
from reviewbot.encoders.encoder import Tokens
from reviewbot.encoders.spans import Span, line_spans
from reviewbot.encoders.states import layer_norm
from reviewbot.errors import ModelUnavailable
from reviewbot.train.features import Snippet

NAMES = ("model.embed_tokens.weight", "embed_tokens.weight")  # with and without an output head
NEIGHBOURS = (-1, 0, 1)


@dataclass(frozen=True, slots=True, eq=False)
class TokenLines:
    """The tokens of a snippet, split as the reader splits them."""

    ids_T: Indices
    spans: tuple[Span, ...]  # in tokens, one per line of the snippet
    wanted: tuple[int, ...]  # 0-based lines


def token_lines(tokenize: Callable[[str], Tokens], snippet: Snippet) -> TokenLines:
    """Tokenize a snippet; a token that crosses a line end belongs to both lines."""
    text = "\n".join(snippet.lines) + "\n"
    tokens = tokenize(text)
    spans = line_spans(tokens.offsets, text)
    return TokenLines(np.array(tokens.ids, np.intp), tuple(spans), snippet.wanted)


def embed(
    checkpoint: Path, snippets: Sequence[TokenLines], *, neighbours: bool = False
) -> npt.NDArray[np.float16]:
    """Return the mean embedding of each wanted line's tokens, each token layer-normed.

    That is what `state_mean` would be at layer 0, sinks included.
    checkpoint  a directory of safetensors that holds the embedding matrix
    neighbours  the previous line, this one and the next one side by side, as they stand in their
                own version of the snippet, context before it included, scored or not
    returns     (W, D) or (W, 3 D) for the W wanted lines, one snippet after the other; zeros for a
                line without a token, and beyond the snippet's ends. float16, as features are kept
    raises      ModelUnavailable where the checkpoint has no such matrix
    """
    shifts = NEIGHBOURS if neighbours else (0,)
    parts = [
        _ids(snippet, line + shift)
        for snippet in snippets
        for line in snippet.wanted
        for shift in shifts
    ]
    ids_T = np.concatenate(parts) if parts else np.zeros(0, np.intp)
    used_V, place_T = np.unique(ids_T, return_inverse=True)
    rows_VD = layer_norm(embedding_rows(checkpoint, used_V))
    mean_XD = np.zeros((len(parts), rows_VD.shape[1]), np.float16)
    ends_X = np.cumsum([len(part) for part in parts])
    for x, (part, end) in enumerate(zip(parts, ends_X.tolist(), strict=True)):
        if len(part):
            mean_XD[x] = rows_VD[place_T[end - len(part) : end]].mean(axis=0)
    return mean_XD.reshape(len(parts) // len(shifts), len(shifts) * mean_XD.shape[1])


def embedding_rows(checkpoint: Path, ids_V: Indices) -> Array:
    """Read the embeddings of these tokens, (V, D) in float32; no other row enters memory.

    raises  ModelUnavailable where no file of the directory holds the matrix, or it is too short
    """
    fix = "run `reviewbot model verify`, or choose a Qwen2 or Llama checkpoint"
    try:
        for path in sorted(checkpoint.glob("*.safetensors")):
            with safe_open(path, framework="pt") as file:
                name = next((name for name in NAMES if name in file.keys()), None)  # noqa: SIM118
                if name is None:
                    continue
                matrix: Any = file.get_slice(name)
                tokens, width = matrix.get_shape()
                if len(ids_V) and not 0 <= ids_V.min() <= ids_V.max() < tokens:
                    raise ModelUnavailable(
                        f"the embedding of {path.name} has {tokens} rows, token {ids_V.max()} is "
                        "asked for; nothing was measured",
                        fix=fix,
                    )
                rows_VD = np.empty((len(ids_V), width), np.float32)
                for v, token in enumerate(ids_V.tolist()):
                    rows_VD[v] = matrix[token : token + 1].float().numpy()[0]
                return rows_VD
    except (OSError, SafetensorError) as exc:
        raise ModelUnavailable(
            f"the embedding of {str(checkpoint)!r} cannot be read, nothing was measured: {exc}",
            fix=fix,
        ) from exc
    raise ModelUnavailable(
        f"{str(checkpoint)!r} holds no {NAMES[0]!r}, nothing was measured", fix=fix
    )


def _ids(snippet: TokenLines, line: int) -> Indices:
    """Return the tokens of a line; none beyond the snippet's ends."""
    if not 0 <= line < len(snippet.spans):
        return snippet.ids_T[:0]
    return snippet.ids_T[slice(*snippet.spans[line])]
