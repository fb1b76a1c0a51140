"""Was a line that SZZ blames at fault, or did it only change along with the fix?

Strict SZZ is right about three times in ten (1,601 lines, read one by one). This is a logistic
regression on what the fix did to the line, fitted on the read lines by
`python -m research.fix_filter`; its weights are in fix_filter.json.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from reviewbot.train.fix_features import Doubles, FixedLine, columns

__all__ = ["FixedLine", "Weights", "probabilities", "standard"]

CLIP = 2.0  # deviations


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Weights:
    """The log odds that a line is at fault: bias + sum of weight times `standard`."""

    names: tuple[str, ...]  # of the N columns
    centre_N: Doubles
    scale_N: Doubles
    weight_N: Doubles
    bias: float

    def log_odds(self, x_LN: Doubles) -> Doubles:
        """Return the log odds of each line, (L,)."""
        return np.asarray(standard(x_LN, self.centre_N, self.scale_N) @ self.weight_N + self.bias)


def standard(x_LN: Doubles, centre_N: Doubles, scale_N: Doubles) -> Doubles:
    """Return the columns in deviations from their mean, within CLIP: a huge fix is a large fix."""
    return np.clip((x_LN - centre_N) / scale_N, -CLIP, CLIP)


def probabilities(lines: Sequence[FixedLine]) -> list[float]:
    """Return, for each line, the calibrated probability that it was itself at fault.

    lines  all the blamed lines of one repository: lines of one fix inform each other

    Fitted on fixes of at most four source files and 25 deleted lines, without comments, imports,
    brackets, signatures and moved lines. Of other lines it says little.
    """
    if not lines:
        return []
    weights = _shipped()
    names, x_LN = columns(lines)
    place = {name: index for index, name in enumerate(names)}
    odds_L = weights.log_odds(x_LN[:, [place[name] for name in weights.names]])
    return [float(p) for p in 1 / (1 + np.exp(-odds_L))]


@cache
def _shipped() -> Weights:
    file = resources.files("reviewbot.train") / "fix_filter.json"
    stored = json.loads(file.read_text(encoding="utf-8"))
    table = stored["columns"]
    return Weights(
        names=tuple(table),
        centre_N=np.array([row[0] for row in table.values()]),
        scale_N=np.array([row[1] for row in table.values()]),
        weight_N=np.array([row[2] for row in table.values()]),
        bias=stored["bias"],
    )
