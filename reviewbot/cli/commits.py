"""The change that a push or a merge group is about."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.cli.asked import FILES, intake
from reviewbot.core.target import Target

if TYPE_CHECKING:
    from reviewbot.forges.request import ChangeRequest


def commits_of(folder: Path, target: Target) -> "tuple[ChangeRequest, list[str]]":
    """Return the change, and notes for its report.

    folder  the checkout
    raises  UsageError where the checkout lacks a commit that is needed
    """
    from reviewbot.forges.local import between, top_of
    from reviewbot.forges.push_event import pushed
    from reviewbot.forges.request import ChangeRequest

    if target.deleted:
        nothing = f"nothing to check: {target.ref or 'the ref'} was deleted"
        return ChangeRequest(root=folder, base=None, head=FILES, diff="", nothing=nothing), []
    if target.event != "push":
        return intake(folder, f"{target.base}..{target.head}", staged=False, diff=None), []
    top = top_of(folder, needs_worktree=False)
    found = pushed(top, target)
    request = between(top, found.base, found.head)
    if found.note and request.nothing:
        return replace(request, nothing=f"nothing to check: {found.note}"), []
    return request, [found.note] if found.note else []
