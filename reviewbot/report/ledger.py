"""The ledger: how many added lines ended where, whatever the gate makes of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reviewbot.diff.skip_rules import SkipReason
from reviewbot.scoring.outcomes import Failed, LineScore, Outcome, Skipped

# Code that a rule kept from the model. An author can cause all but the first.
WITHHELD = frozenset(
    (SkipReason.EXCLUDED, SkipReason.GENERATED, SkipReason.VENDORED, SkipReason.SUPPRESSED)
)


@dataclass(frozen=True, slots=True)
class Ledger:
    """How many added lines ended where; `added` equals `git diff --numstat`."""

    added: int
    scored: int
    skipped: int
    failed: int
    unread: int  # skipped only because of our limits: counts against coverage
    unread_files: int  # code files whose lines git does not show at all
    by_reason: Mapping[str, int]  # why not scored -> lines, by name
    deep: int = 0  # of the scored lines: how many `auto` read deep
    withheld: frozenset[str] = frozenset((SkipReason.EXCLUDED,))  # see `all_withheld`

    @property
    def all_withheld(self) -> bool:
        """Whether no line was read, and one was skipped for a reason among `withheld`.

        That is `exclude`; with `ack-top` every rule that skips code: nobody could be asked to read
        a place of it.
        """
        others = self.scored + self.failed + self.unread
        return not others and not self.withheld.isdisjoint(self.by_reason)

    @property
    def coverage(self) -> float:
        """Share of the lines that should have been read and were; 1.0 if there were none.

        Withheld lines count only if nothing else could be read: then it is 0.0.
        """
        should = self.scored + self.failed + self.unread
        return self.scored / should if should else float(not self.all_withheld)


def count(outcomes: Sequence[Outcome], unread_files: int = 0, ack_top: int = 0) -> Ledger:
    """Count the outcomes of all added lines; `ack_top` as in the policy."""
    reasons = Counter(o.why for o in outcomes if not isinstance(o, LineScore))
    return Ledger(
        added=len(outcomes),
        scored=sum(isinstance(o, LineScore) for o in outcomes),
        skipped=sum(isinstance(o, Skipped) for o in outcomes),
        failed=sum(isinstance(o, Failed) for o in outcomes),
        unread=sum(isinstance(o, Skipped) and o.counts_as_unread for o in outcomes),
        unread_files=unread_files,
        by_reason=dict(sorted(reasons.items())),
        deep=sum(isinstance(o, LineScore) and o.deep for o in outcomes),
        withheld=WITHHELD if ack_top else frozenset((SkipReason.EXCLUDED,)),
    )


def is_all_merged(ledger: Ledger) -> bool:
    """Return True if lines were added, and another parent of an unfinished merge has them all."""
    return (
        bool(ledger.added)
        and not ledger.unread_files
        and ledger.by_reason == {SkipReason.MERGED: ledger.added}
    )
