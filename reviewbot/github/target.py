"""Which pull request, or which commits, an event of GitHub is about. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reviewbot.errors import UsageError

SHA = re.compile("[0-9a-f]{40,64}")
QUEUED = re.compile(r"(?:refs/heads/)?gh-readonly-queue/.+/pr-([1-9]\d{0,9})-[0-9a-f]{40,64}")
REF = re.compile(r"[^\s\x00-\x20\x7f~^:?*\[\\-][^\s\x00-\x20\x7f~^:?*\[\\]{0,254}")
REPOSITORY = re.compile(r"[A-Za-z0-9_-]{1,100}/(?!\.\.?$)[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an event asks to be looked at. The forge must confirm what it says of a pull request."""

    event: str
    repository: str  # owner/name
    number: int | None = None  # of a pull request
    base: str | None = None  # commit
    head: str | None = None  # commit
    head_owner: str | None = None  # of the branch, where the event tells of no number
    head_branch: str | None = None
    queued: int | None = None  # the pull request that a merge group brings
    ref: str | None = None  # that was pushed: "refs/heads/x", "refs/tags/x"
    default_branch: str | None = None  # of the repository, where a push names it
    deleted: bool = False  # the push has deleted its ref: there is no head

    @property
    def is_commits(self) -> bool:
        """Whether it is about commits without a pull request: a push, or a merge group."""
        return self.number is None and self.event in ("push", "merge_group")


def target_of(name: str, event: object, repository: str, number: int | None = None) -> Target:
    """Read an event.

    name     GITHUB_EVENT_NAME
    event    the parsed payload
    number   of a pull request, where the user names one; wins over the event

    raises   UsageError where the event is none that we know, or lacks what it must have
    """
    if not REPOSITORY.fullmatch(repository):
        raise _wrong("no repository is named", "set GITHUB_REPOSITORY, or give --repository")
    value = event if isinstance(event, dict) else {}
    if number is not None:
        return Target(event=name, repository=repository, number=number)
    match name:
        case "pull_request" | "pull_request_target":
            pull = _dict(value.get("pull_request"))
            return Target(
                event=name,
                repository=repository,
                number=_number(pull.get("number")),
                base=_sha(_dict(pull.get("base")).get("sha")),
                head=_sha(_dict(pull.get("head")).get("sha")),
            )
        case "issue_comment":
            issue = _dict(value.get("issue"))
            if not isinstance(issue.get("pull_request"), dict):
                raise _wrong("the comment is not on a pull request", "nothing is to be done")
            return Target(event=name, repository=repository, number=_number(issue.get("number")))
        case "workflow_run":
            return _workflow_run(repository, _dict(value.get("workflow_run")))
        case "merge_group":
            group = _dict(value.get("merge_group"))
            return Target(
                event=name,
                repository=repository,
                base=_sha(group.get("base_sha")),
                head=_sha(group.get("head_sha")),
                queued=_queued(group.get("head_ref")),
            )
        case "push":
            return _push(repository, value)
        case "workflow_dispatch":
            raise _wrong("a workflow started by hand names no pull request", "give --pr NUMBER")
        case _:
            raise _wrong(f"the event {name[:60]!r} is about no change", "give --pr NUMBER")


def _push(repository: str, value: Mapping[str, Any]) -> Target:
    deleted = value.get("deleted") is True and _is_zeros(value.get("after"))
    before = value.get("before")
    return Target(
        event="push",
        repository=repository,
        base=None if _is_zeros(before) else _sha(before),  # zeros: the ref is new
        head=None if deleted else _sha(value.get("after")),
        ref=_name(value.get("ref"), "refs/"),
        default_branch=_name(_dict(value.get("repository")).get("default_branch")),
        deleted=deleted,
    )


def _workflow_run(repository: str, run: Mapping[str, Any]) -> Target:
    pulls = run.get("pull_requests")
    # Of several the event does not say which it is: the forge is asked, and refuses to choose.
    first = _dict(pulls[0]) if isinstance(pulls, list) and len(pulls) == 1 else {}
    owner = _dict(_dict(run.get("head_repository")).get("owner")).get("login")
    branch = run.get("head_branch")
    return Target(
        event="workflow_run",
        repository=repository,
        number=_number(first["number"]) if "number" in first else None,  # a fork's run names none
        head=_sha(run.get("head_sha")),
        head_owner=owner if isinstance(owner, str) else None,
        head_branch=branch if isinstance(branch, str) else None,
    )


def _queued(ref: object) -> int | None:
    """Read the number out of the branch of a merge queue, which only GitHub can write."""
    match = QUEUED.fullmatch(ref) if isinstance(ref, str) else None
    return int(match[1]) if match else None


def _number(value: object) -> int:
    if type(value) is not int or value < 1:
        raise _wrong("the event names no pull request", "give --pr NUMBER")
    return value


def _is_zeros(value: object) -> bool:
    return isinstance(value, str) and bool(SHA.fullmatch(value)) and not value.strip("0")


def _name(value: object, start: str = "") -> str | None:
    """Return the name of a ref; None where git would read it as something else."""
    fits = isinstance(value, str) and REF.fullmatch(value) and value.startswith(start)
    return str(value) if fits and ".." not in str(value) and "@{" not in str(value) else None


def _sha(value: object) -> str:
    if not isinstance(value, str) or not SHA.fullmatch(value) or not value.strip("0"):
        raise _wrong("the event names no commit", "give a range to `reviewbot check` instead")
    return value


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _wrong(what: str, fix: str) -> UsageError:
    return UsageError(f"nothing was reviewed: {what}", fix=fix)
