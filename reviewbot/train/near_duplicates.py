"""Near-duplicates by MinHash, in memory: about 4 kB for each file that is kept."""

import re

from rensa import RMinHash, RMinHashDeduplicator

SIMILAR = 0.75  # share of token 5-grams in common (Jaccard) from which on a text is a duplicate
NGRAM = 5
PERMUTATIONS, BANDS, SEED = 128, 32, 42
_TOKEN = re.compile(r"\w+|[^\w\s]")


class NearDuplicates:
    """The texts so far. The same texts in the same order give the same answers."""

    def __init__(self) -> None:
        self._index = RMinHashDeduplicator(
            SIMILAR, PERMUTATIONS, use_lsh=True, num_bands=BANDS, seed=SEED
        )
        self._count = 0

    def add(self, text: str) -> bool:
        """Return True and remember the text, or return False if it resembles an earlier one."""
        tokens = _TOKEN.findall(text)
        last = max(1, len(tokens) - NGRAM + 1)
        sketch = RMinHash(PERMUTATIONS, SEED)
        sketch.update([" ".join(tokens[start : start + NGRAM]) for start in range(last)])
        self._count += 1
        return bool(self._index.add(str(self._count), sketch))
