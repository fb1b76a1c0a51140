"""Which label sets are real hunks, and which are clean code.

The only module that knows sets by name. Other sets are named with
`--clean "passing programs=my_passing_set" --hunks "mine=set_a,set_b"`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reviewbot.arrays import Mask
from reviewbot.errors import UsageError
from reviewbot.train.dataset import Table

# Pooled AUROC means something only where wrong and sound lines come from like sources.
HUNKS: Mapping[str, tuple[str, ...]] = {
    "ai changes": ("ai_changes",),
    "ai hunks": ("szz_ai_hunks", "clean_ai_hunks"),
    "human hunks": ("szz_human_hunks", "clean_human_hunks"),
}
# Kinds of clean code. A threshold must hold on each of them, not on their average.
CLEAN: Mapping[str, tuple[str, ...]] = {
    "survived changes": ("ai_changes",),
    "clean hunks": ("clean_ai_hunks", "clean_human_hunks"),
    "passing programs": ("humaneval_pass",),
}
MIXED: Mapping[str, tuple[str, ...]] = {
    **HUNKS,
    "humaneval, wrong and passing": ("humaneval_llm", "humaneval_pass"),
}
ALL = "all sets"  # the only suite of hunks where none was named


@dataclass(frozen=True, slots=True, kw_only=True)
class Suites:
    """Titles, each with the sets that make it up."""

    hunks: Mapping[str, tuple[str, ...]]  # what probabilities and percentiles are measured on
    clean: Mapping[str, tuple[str, ...]]  # kinds of clean code: what thresholds are measured on
    mixed: Mapping[str, tuple[str, ...]]  # wrong and sound code of like sources, ranked together
    inferred: tuple[str, ...] = ()  # which of the fields were guessed from the labels


def chosen_suites(table: Table, *, hunks: Sequence[str] = (), clean: Sequence[str] = ()) -> Suites:
    """Build the suites from words of a command line; the rest is known by name, or inferred.

    hunks, clean  "title=set,set"; a set alone is its own title
    raises        UsageError for an unknown set, an empty name, or a title given twice

    `HUNKS` and `CLEAN` apply if the table holds one of their sets. Otherwise every set with a
    change that survived is a kind of clean code, and all sets together are the hunks; `inferred`
    names the fields that were guessed so.
    """
    known = np.unique(table.set_L).tolist()
    inferred = []
    named_hunks = _parse("hunks", hunks, known) or _present(HUNKS, known)
    if not named_hunks:
        named_hunks = {ALL: tuple(known)}
        inferred.append("hunks")
    named_clean = _parse("clean", clean, known) or _present(CLEAN, known)
    if not named_clean:
        named_clean = {name: (name,) for name in np.unique(table.set_L[table.survived_L]).tolist()}
        inferred.append("clean")
    mixed = {title: sets for title, sets in MIXED.items() if set(sets) <= set(known)}
    return Suites(hunks=named_hunks, clean=named_clean, mixed=mixed, inferred=tuple(inferred))


def without(suites: Suites, held_out: Collection[str], known: Collection[str]) -> Suites:
    """Take sets out of calibration; they are still measured.

    known    the sets of the labels
    returns  hunks and clean kinds without the held-out sets. Hunks that lose a set are called
             "TITLE, not held out", and whole they become a mixed suite. A kind of clean code that
             was inferred is dropped with its set
    raises   UsageError where no set of the hunks or of a kind of clean code is left
    """
    usable = set(known) - set(held_out)
    hunks, clean, mixed = {}, {}, dict(suites.mixed)
    for title, members in suites.hunks.items():
        left = _left("hunks", title, members, held_out, usable)
        cut = len(left) < len(members)
        hunks[f"{title}, not held out" if cut else title] = left
        if cut and "hunks" not in suites.inferred:
            mixed.setdefault(title, members)
    for title, members in suites.clean.items():
        if "clean" not in suites.inferred or usable.intersection(members):
            clean[title] = _left("clean", title, members, held_out, usable)
    return replace(suites, hunks=hunks, clean=clean, mixed=mixed)


def _left(
    option: str, title: str, members: tuple[str, ...], held_out: Collection[str], usable: set[str]
) -> tuple[str, ...]:
    left = tuple(name for name in members if name not in held_out)
    if len(left) < len(members) and not usable.intersection(left):
        raise UsageError(
            f"--held-out leaves no set of {title!r}, nothing was calibrated",
            fix=f"hold out fewer sets, or name others with --{option}",
        )
    return left


def _parse(option: str, texts: Sequence[str], known: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read texts "title=set,set"."""
    suites: dict[str, tuple[str, ...]] = {}
    for text in texts:
        title, equals, names = text.partition("=")
        members = tuple(name.strip() for name in (names if equals else title).split(","))
        title = title.strip()
        fix = f"write --{option} 'title=set,set' with sets among: {', '.join(known)}"
        if not title or not all(members) or title in suites:
            what = "is given twice" if title in suites else "leaves a name empty"
            raise UsageError(f"--{option} {text!r} {what}, nothing was calibrated", fix=fix)
        if strange := sorted(set(members) - set(known)):
            raise UsageError(
                f"--{option}: no set is named {strange[0]!r}, nothing was calibrated", fix=fix
            )
        suites[title] = members
    return suites


def _present(
    suites: Mapping[str, tuple[str, ...]], known: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Return all suites if any of their sets is known, else none."""
    names = {name for members in suites.values() for name in members}
    return dict(suites) if names & set(known) else {}


def hunk_lines(table: Table, suites: Suites) -> Mask:
    """Return the lines that probabilities are fitted on: clear lines of the hunks."""
    members = [name for sets in suites.hunks.values() for name in sets]
    return np.asarray(np.isin(table.set_L, members) & table.clear(), np.bool_)


def clean_kinds(table: Table, suites: Suites) -> dict[str, Mask]:
    """Return the lines of every kind of clean code that has any."""
    sound_L = table.clear() & table.survived_L
    kinds = {
        title: np.isin(table.set_L, list(members)) & sound_L
        for title, members in suites.clean.items()
    }
    return {title: kind_L for title, kind_L in kinds.items() if kind_L.any()}
