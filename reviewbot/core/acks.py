"""`/reviewbot ack FINDING reason`: a person with write access takes a finding on himself."""

import re
from typing import NamedTuple

MOST_REASON = 300  # characters
_COMMAND = re.compile(r"/reviewbot[ \t]+ack[ \t]+`?([0-9a-f]{10})`?(?:[ \t]+(.*))?")


class Ack(NamedTuple):
    """An acknowledgement as it was written; whether its author may is for the forge to say."""

    finding: str  # as `review.finding_id`: it holds for one head only
    reason: str
    login: str


def acks_in(body: str, login: str) -> list[Ack]:
    """Return the acknowledgements in a comment: a line each, outside quotes, with a reason."""
    found = []
    for line in body[:20_000].splitlines():
        match = _COMMAND.fullmatch(line.strip())
        if match and (reason := " ".join((match[2] or "").split())):
            found.append(Ack(match[1], reason[:MOST_REASON], login))
    return found
