"""A share with its confidence interval, so that no percentage appears without its total."""

import math
from dataclasses import dataclass

Z = 1.959964  # 97.5 % point of the normal distribution: two-sided 95 %


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, in [0, 1]; `of` is at least 1.

    source  Wilson 1927, J. Am. Stat. Assoc. 22:209; takes the counted things as independent.
    """
    centre = hits + Z * Z / 2
    half = Z * math.sqrt(hits * (of - hits) / of + Z * Z / 4)
    low, high = (centre - half) / (of + Z * Z), (centre + half) / (of + Z * Z)
    return max(0.0, low), min(1.0, high)


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `of`, where `of` is at least 1."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """In [0, 1]."""
        return self.hits / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """See `wilson`."""
        return wilson(self.hits, self.of)


def share(hits: int, of: int) -> Share | None:
    """Return a share; None if `of` is 0."""
    return Share(hits, of) if of else None
