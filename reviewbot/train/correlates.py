"""What the firing of features goes with: languages, and how deep a line is indented."""

from dataclasses import dataclass

import numpy as np

from reviewbot.arrays import Array, Indices, Mask
from reviewbot.scoring.feature_evidence import MAX_LANGUAGES
from reviewbot.train.firings import Line

DETECTS_SHARE = 0.5  # of its firing, that one language has at least
DETECTS_SCORE = 0.75  # balanced accuracy with which its firing alone tells that language


@dataclass(frozen=True, slots=True)
class Correlates:
    """Of one feature."""

    languages: tuple[tuple[str, float], ...]  # shares of its firing if all had as many lines
    detects: str | None  # the language that its firing tells
    indentation: float | None  # correlation of firing with depth, within languages


def correlates(lines: tuple[Line, ...], fires_LF: Mask) -> list[Correlates]:
    """Return what goes with each feature.

    fires_LF  truth values: does it fire anywhere in the line

    A feature "detects" a language where it fires on most of its lines and on few others: such a one
    says where the code is written, not what is wrong with it.
    """
    names = sorted({line.language for line in lines})
    language_L = np.array([names.index(line.language) for line in lines])
    rate_GF = np.stack([fires_LF[language_L == place].mean(axis=0) for place in range(len(names))])
    total_F = rate_GF.sum(axis=0)
    share_GF = rate_GF / np.maximum(total_F, 1e-12)
    indent_F = _indentation(lines, language_L, fires_LF)
    found = []
    for feature in range(fires_LF.shape[1]):
        order = np.argsort(-share_GF[:, feature], kind="stable")[:MAX_LANGUAGES]
        shares = tuple((names[g], round(float(share_GF[g, feature]), 4)) for g in order)
        first = order[0]
        others = (total_F[feature] - rate_GF[first, feature]) / max(len(names) - 1, 1)
        score = (rate_GF[first, feature] + 1 - others) / 2
        one = len(names) > 1 and shares[0][1] >= DETECTS_SHARE and score >= DETECTS_SCORE
        depth = indent_F[feature]
        found.append(
            Correlates(
                tuple((name, share) for name, share in shares if share > 0),
                names[first] if one else None,
                None if np.isnan(depth) else round(float(depth), 4),
            )
        )
    return found


def _indentation(lines: tuple[Line, ...], language_L: Indices, fires_LF: Mask) -> Array:
    """Correlate firing and depth, each less its mean in the line's language; NaN for no firing."""
    depth_L = np.array([_depth("".join(line.tokens)) for line in lines], np.float64)
    centred_LF = fires_LF.astype(np.float32)
    for language in np.unique(language_L):
        here = language_L == language
        depth_L[here] -= depth_L[here].mean()
        centred_LF[here] -= centred_LF[here].mean(axis=0)
    norm_F = np.sqrt((centred_LF**2).sum(axis=0, dtype=np.float64)) * np.sqrt((depth_L**2).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((depth_L.astype(np.float32) @ centred_LF) / norm_F, np.float32)


def _depth(text: str) -> int:
    wide = text.expandtabs(4)
    return min(len(wide) - len(wide.lstrip()), 40)
