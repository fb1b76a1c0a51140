"""What we read from GitHub's API, as plain values. Every call goes through `Calls`.

PyGithub's requester is used directly for lists and pull requests: its objects would request each
item again as soon as an optional key is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from github import Auth, Github

from reviewbot.authorship.model import PullRequest
from reviewbot.errors import UsageError
from reviewbot.github.events import pull_request_signals
from reviewbot.github.retry import Calls, Missing
from reviewbot.report.comment_sync import Posted, marked_finding, marked_review

API = "https://api.github.com"
PER_PAGE = 100
MAX_PAGES = 100


@dataclass(frozen=True, slots=True)
class Pull:
    """The present state of a pull request."""

    number: int
    head: str  # commit
    base: str  # commit: the tip of the base branch, not the merge base
    base_ref: str
    state: str  # open or closed
    changed_files: int
    signals: PullRequest


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of a pull request. GitHub gives no patch of binary and very large files."""

    path: str
    base_path: str | None
    status: str  # added, removed, modified, renamed, copied, changed, unchanged
    added: int
    removed: int
    patch: str | None
    blob: str = ""  # hash of the content in git


@dataclass(frozen=True, slots=True)
class IssueComment:
    """A comment under the pull request."""

    id: int
    login: str
    body: str


def web_page(url: str, repository: str) -> str:
    """Return the address of a repository's page on the server with this API.

    url  "https://api.github.com" or, on a server of one's own, "https://HOST/api/v3"
    """
    split = urlsplit(url.rstrip("/"))
    path = split.path.removesuffix("/api/v3")
    return f"{split.scheme}://{split.netloc.removeprefix('api.')}{path}/{repository}"


class GitHubApi:
    """One repository. `login` is the user of the token: only their comments are ours."""

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
        self.web = web_page(url, repository)
        self.login = login
        self.calls = calls
        self.repo = self.github.get_repo(repository)

    def request(
        self, verb: str, path: str, value: Mapping[str, Any] | None = None, **query: Any
    ) -> Any:
        """Send a request about the repository and return the answer. Use it inside of `calls`."""
        return self._send(verb, path, value, query)[1]

    def _send(
        self, verb: str, path: str, value: Mapping[str, Any] | None, query: dict[str, Any]
    ) -> tuple[dict[str, Any], Any]:
        return self.github.requester.requestJsonAndCheck(
            verb,
            f"/repos/{self.repository}/{path}",
            parameters=query or None,
            input=dict(value) if value is not None else None,
        )

    def _list(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Return all pages of a list."""
        items: list[dict[str, Any]] = []
        for page in range(1, MAX_PAGES + 1):
            paging = {"per_page": PER_PAGE, "page": page}
            headers, value = self._send("GET", path, None, query | paging)
            items += value
            if len(value) < PER_PAGE and 'rel="next"' not in headers.get("link", ""):
                break
        return items

    def pull(self, number: int) -> Pull:
        """Return the pull request. raises Missing, and what `Calls.read` raises"""

        def call() -> Pull:
            value = self.request("GET", f"pulls/{number}")
            return Pull(
                number=value["number"],
                head=value["head"]["sha"],
                base=value["base"]["sha"],
                base_ref=value["base"]["ref"],
                state=value["state"],
                changed_files=value["changed_files"],
                signals=pull_request_signals(value),
            )

        return self.calls.read(f"pull request {number}", call)

    def pull_of(self, owner: str, branch: str, head: str) -> int:
        """Return the number of the open pull request from a branch whose head is this commit.

        raises  UsageError if there is not exactly one
        """
        numbers = self.calls.read(
            "the open pull requests of a branch",
            lambda: [
                int(pull["number"])
                for pull in self._list("pulls", state="open", head=f"{owner}:{branch}")
                if pull["head"]["sha"] == head
            ],
        )
        if len(numbers) != 1:
            many = "more than one" if numbers else "no"
            raise UsageError(
                f"nothing was posted: {many} open pull request has the head {head[:10]}",
                fix="nothing if it has newer commits: their run posts",
            )
        return numbers[0]

    def files(self, number: int) -> list[ListedFile]:
        """Return the files of a pull request; GitHub lists at most 3,000."""
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
        """Return a file of a commit, at most limit + 1 bytes; None if there is no such file."""

        def call() -> bytes | None:
            found = self.repo.get_contents(path, ref=commit)
            if isinstance(found, list) or found.type != "file":
                return None
            if found.size > limit or found.encoding != "base64":  # none above 1 MB
                return b" " * (limit + 1)
            return found.decoded_content

        try:
            return self.calls.read(f"the file {path[:200]!r}", call)
        except Missing:
            return None

    def merge_base(self, base: str, head: str) -> str:
        """Return the merge base of two commits."""
        return self.calls.read(
            "the merge base",
            lambda: self.repo.compare(base, head).merge_base_commit.sha,
        )

    def may_write(self, login: str) -> bool:
        """Return True if a person may push to the repository."""

        try:
            permission = self.calls.read(
                f"the permission of {login[:60]!r}",
                lambda: self.repo.get_collaborator_permission(login),
            )
        except Missing:
            return False
        return permission in ("admin", "write")

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
        """Return the commits that have a review of ours."""

        def call() -> set[str]:
            reviews = self._list(f"pulls/{number}/reviews")
            bodies = (r.get("body") or "" for r in reviews if self.is_ours(_login(r)))
            return {head for head in map(marked_review, bodies) if head}

        return self.calls.read("the reviews", call)

    def is_ours(self, login: str) -> bool:
        """Return True if this is the token's user; GitHub ignores case."""
        return login.casefold() == self.login.casefold()


def _login(value: Mapping[str, Any]) -> str:
    return str((value.get("user") or {}).get("login", ""))  # null for a deleted user
