"""Which windows are read together: rows of like length, padded to the longest. Pure."""

from collections.abc import Sequence

WASTE = 0.25  # of a batch's tokens may be padding


def pack(lengths: Sequence[int], most: int) -> list[tuple[int, ...]]:
    """Group windows into batches, each for one forward pass.

    lengths  tokens of each window, at least 1
    most     tokens that a batch may hold, padding included; a longer window is a batch of its own
    returns  indices into `lengths`, each once, the longest windows first; of no batch is more than
             `WASTE` padding
    raises   ValueError for a window without tokens
    """
    if lengths and min(lengths) < 1:
        raise ValueError("a window must hold at least one token")
    batches: list[tuple[int, ...]] = []
    longest = tokens = 0  # of the batch that is being filled
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        rows = batches[-1] if batches else ()
        padded = (len(rows) + 1) * longest
        if rows and padded <= most and padded - tokens - lengths[index] <= WASTE * padded:
            batches[-1] = (*rows, index)
        else:
            batches.append((index,))
            longest, tokens = lengths[index], 0
        tokens += lengths[index]
    return batches
