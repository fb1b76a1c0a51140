"""The text features in plain words, as a reason names them."""

# Name in `surface.SURFACE_NAMES` -> words for a line that has more, and less, than an average line.
_WORDS = {
    "line length": ("a long line", "a short line"),
    "indentation": ("deeply indented", "hardly indented"),
    "words": ("many words", "few words"),
    "distinct words": ("many different words", "few different words"),
    "longest word": ("a long word", "only short words"),
    "numbers": ("numbers in the code", "few numbers"),
    "calls": ("calls functions", "few calls"),
    "text in quotes": ("much text in quotes", "little text in quotes"),
    "comparisons": ("a comparison", "few comparisons"),
    "arithmetic signs": ("arithmetic", "little arithmetic"),
    "assignment": ("an assignment", "few assignments"),
    "index or slice": ("an index or slice", "few indices"),
    "attribute access": ("uses attributes", "uses few attributes"),
    "brackets opened more than closed": ("opens a bracket", "opens few brackets"),
    "deepest bracket": ("nested brackets", "hardly nested brackets"),
    "commas": ("many commas", "few commas"),
    "ends with an opening sign": ("starts a block or list", "starts a block or list"),
    "comment": ("a comment", "a comment"),
    "capital letters": ("many capital letters", "few capital letters"),
    "logic signs": ("logic signs (&, |, !)", "few logic signs"),
    "comment or docstring": ("a comment or docstring", "a comment or docstring"),
    "keyword: branch": ("a branch (if, else, case)", "few branches"),
    "keyword: loop": ("a loop", "few loops"),
    "keyword: leave": ("leaves a function or loop", "few exits"),
    "keyword: raise": ("raises or catches errors", "few errors raised or caught"),
    "keyword: define": ("defines a function or type", "few definitions"),
    "keyword: import": ("an import", "few imports"),
    "keyword: logic": ("logic (and, or, not, null)", "little logic"),
    "keyword: constant": ("true or false", "few truth values"),
}


def words_of(name: str, *, above: bool) -> str:
    """Return a text feature in plain words; `above`: the line has more of it than an average one.

    raises  KeyError for a name that is not in `surface.SURFACE_NAMES`
    """
    more, less = _WORDS[name]
    return more if above else less
