"""A GitHub event as values: what to check, and the pull request. No call, no token."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reviewbot.authorship.model import PullRequest
from reviewbot.errors import UsageError

MAX_BYTES = 25_000_000  # GitHub's own limit for a payload
MAX_TEXT = 65_536  # characters
MAX_LABELS = 100
SHA = re.compile("[0-9a-f]{40,64}")
QUEUED = re.compile(r"(?:refs/heads/)?gh-readonly-queue/.+/pr-([1-9]\d{0,9})-[0-9a-f]{40,64}")
REF = re.compile(r"[^\s\x00-\x20\x7f~^:?*\[\\-][^\s\x00-\x20\x7f~^:?*\[\\]{0,254}")
REPOSITORY = re.compile(r"[A-Za-z0-9_-]{1,100}/(?!\.\.?$)[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What to check. What it says of a pull request must be confirmed by the API."""

    event: str
    repository: str  # owner/name
    number: int | None = None  # of a pull request
    base: str | None = None  # commit
    head: str | None = None  # commit
    head_owner: str | None = None  # of the branch, if the event names no number
    head_branch: str | None = None
    queued: int | None = None  # the pull request in a merge group
    ref: str | None = None  # the pushed ref: "refs/heads/x", "refs/tags/x"
    default_branch: str | None = None  # of the repository, if a push names it
    deleted: bool = False  # the push deleted its ref: there is no head

    @property
    def is_commits(self) -> bool:
        """Commits without a pull request: a push, or a merge group."""
        return self.number is None and self.event in ("push", "merge_group")


def read_event(environ: Mapping[str, str]) -> tuple[object, str | None]:
    """Return the event that GITHUB_EVENT_PATH names, and why it could not be read, or None.

    Without that variable: (None, None)
    """
    path = environ.get("GITHUB_EVENT_PATH")
    if not path:
        return None, None
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            return None, "the event of the workflow was not read: it is too large"
        return json.loads(raw), None
    except (OSError, ValueError, RecursionError):
        return None, "the event of the workflow was not read: it is not a JSON file"


def pull_request_of(environ: Mapping[str, str]) -> tuple[PullRequest | None, str | None]:
    """Return the pull request of the workflow's event, and why it could not be read, or None.

    Without GITHUB_EVENT_PATH, or if the event has no pull request: (None, None)
    """
    event, unread = read_event(environ)
    value = event.get("pull_request") if isinstance(event, dict) else None
    return (pull_request_signals(value) if isinstance(value, dict) else None), unread


def pull_request_signals(value: Mapping[str, Any]) -> PullRequest:
    """Return what a pull request of the API, or of an event, says about its authors."""
    head, base, user = (_dict(value.get(name)) for name in ("head", "base", "user"))
    base_repo, head_repo = _dict(base.get("repo")), _dict(head.get("repo"))
    labels = value.get("labels")
    return PullRequest(
        branch=_text(head.get("ref")),
        author_login=_text(user.get("login")),
        author_is_bot=user.get("type") == "Bot",
        labels=tuple(
            _text(_dict(label).get("name"))
            for label in (labels[:MAX_LABELS] if isinstance(labels, list) else ())
        ),
        body=_text(value.get("body")),
        # A deleted fork has no repository.
        from_fork=not base_repo.get("full_name")
        or head_repo.get("full_name") != base_repo["full_name"],
    )


def target_of(name: str, event: object, repository: str, number: int | None = None) -> Target:
    """Return what an event asks to check.

    name     GITHUB_EVENT_NAME
    event    the parsed payload
    number   of a pull request, if the user names one; wins over the event
    raises   UsageError if the event is of an unknown kind, or lacks something required
    """
    if not REPOSITORY.fullmatch(repository):
        what = f"{repository[:100]!r} is not OWNER/NAME" if repository else "no repository is named"
        fix = "give --repository OWNER/NAME and --pr NUMBER; without GitHub, run `reviewbot check`"
        raise _wrong(what, fix)
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
                raise _wrong("the comment is not on a pull request", "nothing needs to be done")
            return Target(event=name, repository=repository, number=_number(issue.get("number")))
        case "workflow_run":
            return _workflow_run(repository, _dict(value.get("workflow_run")))
        case "merge_group":
            group = _dict(value.get("merge_group"))
            ref = group.get("head_ref")  # a branch that only GitHub can write
            queued = QUEUED.fullmatch(ref) if isinstance(ref, str) else None
            return Target(
                event=name,
                repository=repository,
                base=_sha(group.get("base_sha")),
                head=_sha(group.get("head_sha")),
                queued=int(queued[1]) if queued else None,
            )
        case "push":
            return _push(repository, value)
        case "workflow_dispatch":
            raise _wrong("a workflow started by hand names no pull request", "give --pr NUMBER")
        case _:
            raise _wrong(f"the event {name[:60]!r} has no change", "give --pr NUMBER")


def _push(repository: str, value: Mapping[str, Any]) -> Target:
    deleted = value.get("deleted") is True and _is_zeros(value.get("after"))
    before = value.get("before")
    return Target(
        event="push",
        repository=repository,
        base=None if _is_zeros(before) else _sha(before),  # zeros: the ref is new
        head=None if deleted else _sha(value.get("after")),
        ref=_ref(value.get("ref"), "refs/"),
        default_branch=_ref(_dict(value.get("repository")).get("default_branch")),
        deleted=deleted,
    )


def _workflow_run(repository: str, run: Mapping[str, Any]) -> Target:
    pulls = run.get("pull_requests")
    # With several pull requests the event does not say which one: the API decides, or refuses.
    first = _dict(pulls[0]) if isinstance(pulls, list) and len(pulls) == 1 else {}
    owner = _dict(_dict(run.get("head_repository")).get("owner")).get("login")
    branch = run.get("head_branch")
    return Target(
        event="workflow_run",
        repository=repository,
        number=_number(first["number"]) if "number" in first else None,  # none for a fork
        head=_sha(run.get("head_sha")),
        head_owner=owner if isinstance(owner, str) else None,
        head_branch=branch if isinstance(branch, str) else None,
    )


def _number(value: object) -> int:
    if type(value) is not int or value < 1:
        raise _wrong("the event names no pull request", "give --pr NUMBER")
    return value


def _is_zeros(value: object) -> bool:
    return isinstance(value, str) and bool(SHA.fullmatch(value)) and not value.strip("0")


def _ref(value: object, start: str = "") -> str | None:
    """Return the name of a ref; None if git would read it as something else."""
    fits = isinstance(value, str) and REF.fullmatch(value) and value.startswith(start)
    return str(value) if fits and ".." not in str(value) and "@{" not in str(value) else None


def _sha(value: object) -> str:
    if not isinstance(value, str) or not SHA.fullmatch(value) or not value.strip("0"):
        raise _wrong("the event names no commit", "give a range to `reviewbot check` instead")
    return value


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def _wrong(what: str, fix: str) -> UsageError:
    return UsageError(f"nothing was reviewed: {what}", fix=fix)
