"""The change that a push or a merge group is about."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.app.failures import worded
from reviewbot.app.inputs import FILES, intake
from reviewbot.github.events import Target

if TYPE_CHECKING:
    from reviewbot.git.request import ChangeRequest


@worded("nothing was reviewed")
def commits_of(folder: Path, target: Target) -> "tuple[ChangeRequest, str | None]":
    """Return the change, and the commit whose settings count for it (None: its base).

    folder  the checkout
    raises  UsageError where the checkout lacks a commit that is needed
    """
    from reviewbot.git.changes import between
    from reviewbot.git.repository import open_repository
    from reviewbot.git.request import ChangeRequest
    from reviewbot.github.push_event import pushed

    if target.deleted:
        nothing = f"nothing to check: {target.ref or 'the ref'} was deleted"
        return ChangeRequest(root=folder, base=None, head=FILES, diff="", nothing=nothing), None
    if target.event != "push":
        range_ = f"{target.base}..{target.head}"
        return intake(folder, range_, staged=False, diff=None), target.base
    repo = open_repository(folder, needs_worktree=False)
    found = pushed(repo, target)
    request = between(repo, found.base, found.head)
    if found.note and request.nothing:
        request = replace(request, nothing=f"nothing to check: {found.note}")
    elif found.note:
        request = replace(request, notes=(found.note, *request.notes))
    return request, found.policy
