"""The change that a push or a merge group is about."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.cli.asked import FILES, intake
from reviewbot.cli.failures import worded
from reviewbot.core.target import Target

if TYPE_CHECKING:
    from reviewbot.forges.request import ChangeRequest


@worded("nothing was reviewed")
def commits_of(folder: Path, target: Target) -> "ChangeRequest":
    """Return the change.

    folder  the checkout
    raises  UsageError where the checkout lacks a commit that is needed
    """
    from reviewbot.forges.local import between, top_of
    from reviewbot.forges.push_event import pushed
    from reviewbot.forges.request import ChangeRequest

    if target.deleted:
        nothing = f"nothing to check: {target.ref or 'the ref'} was deleted"
        return ChangeRequest(root=folder, base=None, head=FILES, diff="", nothing=nothing)
    if target.event != "push":
        return intake(folder, f"{target.base}..{target.head}", staged=False, diff=None)
    top = top_of(folder, needs_worktree=False)
    found = pushed(top, target)
    request = between(top, found.base, found.head)
    if found.note and request.nothing:
        return replace(request, nothing=f"nothing to check: {found.note}")
    return replace(request, notes=(found.note, *request.notes)) if found.note else request
