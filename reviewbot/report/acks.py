"""`/reviewbot ack FINDING reason`: a person with write access accepts a finding."""

import re
from typing import NamedTuple

MAX_REASON = 300  # characters
_COMMAND = re.compile(r"/reviewbot[ \t]+ack[ \t]+`?([0-9a-f]{20})`?(?:[ \t]+(.*))?")
_LINE_END = re.compile(r"\r\n|\r|\n")  # U+2028 and others end no line on GitHub
_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCE = re.compile(r" {0,3}(?:```|~~~)")


class Ack(NamedTuple):
    """An acknowledgement as it was written. Only the forge knows if its author is allowed to."""

    finding: str  # see `comment_sync.finding_id`
    reason: str
    login: str


def acks_in(body: str, login: str) -> list[Ack]:
    """Return the acknowledgements in a comment: one per line, with a reason.

    Quotes, fenced code and HTML comments do not count: a reader does not take them for the author's
    own words. Lines end where GitHub shows that they end.
    """
    acks = []
    fenced = False
    for line in _LINE_END.split(_HIDDEN.sub("\0", body[:20_000])):
        if _FENCE.match(line):
            fenced = not fenced
        match = _COMMAND.fullmatch(line.strip(" \t"))
        if fenced or not line.replace("\t", " ").isprintable():
            continue
        if match and (reason := " ".join((match[2] or "").split())):
            acks.append(Ack(match[1], reason[:MAX_REASON], login))
    return acks
