"""The commits that blame named, in one `git log`: who made them, and what they say."""

import re
from collections.abc import Iterable
from pathlib import Path

from reviewbot.authorship.history import Commit, Identity
from reviewbot.errors import ReviewbotError
from reviewbot.git.process import git

MAX_OUTPUT = 64_000_000  # bytes, all messages together
MAX_MESSAGE = 65_536  # characters of a message
HALF = MAX_MESSAGE // 2
CUT = "\n\n[reviewbot left the middle of this message out]\n\n"
MAX_NAME = 500  # characters of a name or an address
_FIELDS = ("%H", "%P", "%an", "%ae", "%cn", "%ce", "%B")  # as written: no .mailmap, see below
_HASH = re.compile("[0-9a-f]{40,64}")


def commits(root: Path, hashes: Iterable[str]) -> tuple[dict[str, Commit], str | None]:
    """Return the commits by hash, and why they could not be read, or None.

    Of a message that is too long the start and the end are kept, with CUT between.

    Names and addresses are those in the commit: .mailmap lies in the tree, where the change could
    turn an agent's address into a person's.
    """
    wanted = sorted({name for name in hashes if _HASH.fullmatch(name)})
    if not wanted:
        return {}, None
    try:
        out = git(
            root,
            "log",
            "--no-walk=unsorted",
            "-z",
            "--no-color",
            "--no-notes",
            "--no-mailmap",
            f"--format={'%x00'.join(_FIELDS)}",
            "--stdin",
            stdin="".join(f"{name}\n" for name in wanted).encode(),
            limit=MAX_OUTPUT,
        )
    except ReviewbotError as exc:
        return {}, f"commit messages were not read: {exc.what.removeprefix('nothing was scored: ')}"
    return parse_log(out), None


def parse_log(raw: bytes) -> dict[str, Commit]:
    """Read the log. raises ValueError if it is not of our format.

    A message cannot hold a NUL, so the fields cannot be forged.
    """
    fields = raw.decode("utf-8", "replace").split("\0")
    if fields and fields[-1] == "":
        fields.pop()
    if len(fields) % len(_FIELDS):
        raise ValueError("not the output of git log in our format")
    found = {}
    for at in range(0, len(fields), len(_FIELDS)):
        name, parents, *people, message = fields[at : at + len(_FIELDS)]
        author, author_mail, committer, committer_mail = (text[:MAX_NAME] for text in people)
        found[name] = Commit(
            name,
            tuple(parents.split()),
            Identity(author, author_mail),
            Identity(committer, committer_mail),
            message if len(message) <= MAX_MESSAGE else f"{message[:HALF]}{CUT}{message[-HALF:]}",
        )
    return found
