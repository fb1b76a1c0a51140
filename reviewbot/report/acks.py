"""`/reviewbot ack FINDING reason`: a person with write access takes a finding on himself."""

import re
from typing import NamedTuple

MAX_REASON = 300  # characters
_COMMAND = re.compile(r"/reviewbot[ \t]+ack[ \t]+`?([0-9a-f]{20})`?(?:[ \t]+(.*))?")
_LINE_END = re.compile(r"\r\n|\r|\n")  # others, as U+2028, end no line on GitHub
_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCE = re.compile(r" {0,3}(?:```|~~~)")


class Ack(NamedTuple):
    """An acknowledgement as it was written; whether its author may is for the forge to say."""

    finding: str  # as `review.finding_id`: it holds for one head only
    reason: str
    login: str


def acks_in(body: str, login: str) -> list[Ack]:
    """Return the acknowledgements in a comment: a line each, with a reason.

    Only what a reader takes for the author's own words: not in a quote, a fence or an HTML comment,
    and a line ends where GitHub shows that it ends.
    """
    found = []
    fenced = False
    for line in _LINE_END.split(_HIDDEN.sub("\0", body[:20_000])):
        if _FENCE.match(line):
            fenced = not fenced
        match = _COMMAND.fullmatch(line.strip(" \t"))
        if fenced or not line.replace("\t", " ").isprintable():
            continue
        if match and (reason := " ".join((match[2] or "").split())):
            found.append(Ack(match[1], reason[:MAX_REASON], login))
    return found
