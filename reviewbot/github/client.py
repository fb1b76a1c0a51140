"""What we ask of GitHub's API, as plain values. Every call goes through `Calls`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from github import Auth, Github
from github.PullRequest import PullRequest as ApiPull
from github.Repository import Repository

from reviewbot.authorship.history import PullRequest
from reviewbot.errors import UsageError
from reviewbot.github.retry import Calls, Missing
from reviewbot.report.comment_sync import Posted, marked_finding, marked_review

API = "https://api.github.com"
PER_PAGE = 100
MAX_PAGES = 100


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request, as GitHub tells it now."""

    number: int
    head: str  # commit
    base: str  # commit: the tip of the base branch, not where the branch forked
    base_ref: str
    state: str  # open or closed
    changed_files: int
    signals: PullRequest


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of a pull request. Of binary and of very large ones GitHub gives no patch."""

    path: str
    base_path: str | None
    status: str  # added, removed, modified, renamed, copied, changed, unchanged
    added: int
    removed: int
    patch: str | None
    blob: str = ""  # the file's name in git's store


@dataclass(frozen=True, slots=True)
class IssueComment:
    """A comment under the pull request."""

    id: int
    login: str
    body: str


class GitHubApi:
    """One repository. `login` is whose comments are ours: the one the token writes as."""

    def __init__(
        self, token: str | None, repository: str, *, url: str, login: str, calls: Calls
    ) -> None:
        self.github = Github(
            auth=Auth.Token(token) if token else None,
            base_url=url.rstrip("/"),
            per_page=PER_PAGE,
            retry=None,
            lazy=True,
            seconds_between_requests=None,
            seconds_between_writes=None,
        )
        self.repository = repository
        self.login = login
        self.calls = calls
        self.repo: Repository = self.github.get_repo(repository)
        self._pulls: dict[int, ApiPull] = {}

    def api_pull(self, number: int) -> ApiPull:
        """Return PyGithub's own object for a pull request, asked for once."""
        if number not in self._pulls:
            self._pulls[number] = self.repo.get_pull(number)
        return self._pulls[number]

    def pull(self, number: int) -> Pull:
        """Return the pull request as it is now. raises Missing, and what `Calls.read` raises."""

        def call() -> Pull:
            _, value = self.github.requester.requestJsonAndCheck(
                "GET", f"/repos/{self.repository}/pulls/{number}"
            )
            return _pull(value)

        return self.calls.read(f"pull request {number}", call)

    def _list(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Return all pages of a list, as GitHub sends it.

        PyGithub's own objects would ask for each item again as soon as an optional key is missing.
        """
        found: list[dict[str, Any]] = []
        for page in range(1, MAX_PAGES + 1):
            headers, value = self.github.requester.requestJsonAndCheck(
                "GET",
                f"/repos/{self.repository}/{path}",
                parameters={**query, "per_page": PER_PAGE, "page": page},
            )
            found += value
            if len(value) < PER_PAGE and 'rel="next"' not in headers.get("link", ""):
                break
        return found

    def pull_of(self, owner: str, branch: str, head: str) -> int:
        """Return the number of the open pull request from a branch whose head is this commit.

        raises  UsageError where there is none, or more than one
        """
        found = self.calls.read(
            "the open pull requests of a branch",
            lambda: [
                int(pull["number"])
                for pull in self._list("pulls", state="open", head=f"{owner}:{branch}")
                if pull["head"]["sha"] == head
            ],
        )
        if len(found) != 1:
            many = "more than one" if found else "no"
            raise UsageError(
                f"nothing was posted: {many} open pull request has the head {head[:10]}",
                fix="nothing, if it has moved on; a newer run will post",
            )
        return found[0]

    def files(self, number: int) -> list[ListedFile]:
        """Return the files of a pull request: 3,000 at most, GitHub lists no more."""
        return self.calls.read(
            "the files of the pull request",
            lambda: [
                ListedFile(
                    file["filename"],
                    file.get("previous_filename"),
                    file["status"],
                    file["additions"],
                    file["deletions"],
                    file.get("patch"),
                    file.get("sha") or "",
                )
                for file in self._list(f"pulls/{number}/files")
            ],
        )

    def content(self, path: str, commit: str, limit: int) -> bytes | None:
        """Return a file of a commit, at most limit + 1 bytes; None where there is no such file."""

        def call() -> bytes | None:
            found = self.repo.get_contents(path, ref=commit)
            if isinstance(found, list) or found.type != "file":
                return None
            if found.size > limit or found.encoding != "base64":  # over 1 MB GitHub sends none
                return b" " * (limit + 1)
            return found.decoded_content

        try:
            return self.calls.read(f"the file {path[:200]!r}", call)
        except Missing:
            return None

    def merge_base(self, base: str, head: str) -> str:
        """Return the commit where the branch forked."""
        return self.calls.read(
            "the merge base",
            lambda: self.repo.compare(base, head).merge_base_commit.sha,
        )

    def may_write(self, login: str) -> bool:
        """Return True if a person may push to the repository."""

        def call() -> str:
            return self.repo.get_collaborator_permission(login)

        try:
            return self.calls.read(f"the permission of {login[:60]!r}", call) in ("admin", "write")
        except Missing:
            return False

    def comments(self, number: int) -> list[IssueComment]:
        """Return the comments under the pull request, oldest first."""
        return self.calls.read(
            "the comments of the pull request",
            lambda: [
                IssueComment(c["id"], _login(c), c.get("body") or "")
                for c in self._list(f"issues/{number}/comments")
            ],
        )

    def posted(self, number: int) -> list[Posted]:
        """Return our comments on lines."""

        def call() -> list[Posted]:
            everything = self._list(f"pulls/{number}/comments")
            replied = {comment.get("in_reply_to_id") for comment in everything}
            found = []
            for comment in everything:
                name = marked_finding(comment.get("body") or "")
                if name is None or not self.is_ours(_login(comment)):
                    continue
                reactions = comment.get("reactions") or {}
                answered = comment["id"] in replied or bool(reactions.get("total_count"))
                node = str(comment.get("node_id", ""))
                found.append(
                    Posted(comment["id"], node, comment["path"], name, comment["body"], answered)
                )
            return found

        return self.calls.read("the comments on lines", call)

    def reviewed(self, number: int) -> set[str]:
        """Return the commits of which a review of ours stands."""

        def call() -> set[str]:
            reviews = self._list(f"pulls/{number}/reviews")
            bodies = (r.get("body") or "" for r in reviews if self.is_ours(_login(r)))
            return {head for head in map(marked_review, bodies) if head}

        return self.calls.read("the reviews", call)

    def is_ours(self, login: str) -> bool:
        """Return True if this is who the token writes as; GitHub takes no notice of case."""
        return login.casefold() == self.login.casefold()


def _login(value: Mapping[str, Any]) -> str:
    return str((value.get("user") or {}).get("login", ""))  # a deleted user is none


def _pull(value: Mapping[str, Any]) -> Pull:
    head, base = value["head"], value["base"]
    ours, theirs = (base.get("repo") or {}), (head.get("repo") or {})
    user = value.get("user") or {}
    return Pull(
        number=value["number"],
        head=head["sha"],
        base=base["sha"],
        base_ref=base["ref"],
        state=value["state"],
        changed_files=value["changed_files"],
        signals=PullRequest(
            branch=head["ref"],
            author_login=user.get("login", ""),
            author_is_bot=user.get("type") == "Bot",
            labels=tuple(label["name"] for label in value.get("labels", ())),
            body=value.get("body") or "",
            from_fork=not theirs or theirs.get("full_name") != ours.get("full_name"),
        ),
    )
