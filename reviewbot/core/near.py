"""What somebody may have meant by a name that does not exist. Pure."""

from collections.abc import Iterable
from difflib import get_close_matches

MOST_CHARS = 100  # of an unknown name that are looked at


def did_you_mean(word: str, names: Iterable[str], cutoff: float = 0.6) -> str:
    """Return "did you mean 'NAME'? " with the name most like `word`; "" where none is like it.

    Case does not count. The space at the end is for what else an error advises.
    cutoff  share of characters in common, see `difflib.get_close_matches`
    """
    known = {name.lower(): name for name in names}
    near = get_close_matches(word[:MOST_CHARS].lower(), known, n=1, cutoff=cutoff)
    return f"did you mean {known[near[0]]!r}? " if near else ""
