"""A GitHub in this process: it enforces what the real one does, over HTTP, on a real repository.

Anchors, atomic reviews, body limits, pagination, tokens that may only read, rate limits, answers
that get lost. Every request is checked against GitHub's OpenAPI description; what is wrong with one
is in `faults`.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.github.fake_parts import Pull, Refused, Trouble
from tests.github.graphql import graphql
from tests.github.listing import blob, git, hunks, listed
from tests.github.shape import GRAPHQL, faults

BOT = "github-actions[bot]"
MAX_BODY = 65_536
LINE = "Pull request review thread line must be part of the diff"
Answer = tuple[int, Any, dict[str, str]]  # status, value, headers
SAME_HUNK = "Pull request review thread start line must be part of the same hunk as the line."


@dataclass
class FakeGitHub:
    """The state of one repository, `o/r`."""

    root: Path
    prefix: str = ""  # "/api/v3" on a GitHub server
    token: str = "t0ken"  # noqa: S105 - no password
    may_write: bool = True
    pulls: dict[int, Pull] = field(default_factory=dict)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)  # on lines
    issue_comments: list[dict[str, Any]] = field(default_factory=list)
    check_runs: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    minimised: list[str] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)
    permissions: dict[str, str] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    before: Callable[[str, str], None] = lambda _verb, _path: None
    files_shown: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = lambda files: files
    # Verb, path, query or body, and the true answer; what it returns is sent.
    alter: Callable[[str, str, Any, Answer], Answer] = lambda _verb, _path, _asked, real: real
    url: str = ""
    _next: int = 100
    _known: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)

    # What tests ask

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The requests that were to change something."""
        return [(verb, path) for verb, path in self.requests if verb != "GET"]

    def say(self, login: str, body: str, number: int = 1) -> dict[str, Any]:
        """Let somebody comment under a pull request."""
        comment = {"id": self._id(), "body": body, "user": {"login": login}, "number": number}
        self.issue_comments.append(comment)
        return comment

    # HTTP

    def answer(self, verb: str, path: str, query: dict[str, str], body: Any, token: str) -> Answer:
        """Carry out one request."""
        self.requests.append((verb, path))
        self.before(verb, path)
        if path != GRAPHQL:
            self.faults += [f"{verb} {path}: {f}" for f in faults(verb, path, query, body)]
        trouble = next((t for t in self.troubles if t.verb == verb and t.part in path), None)
        if trouble:
            self.troubles.remove(trouble)
            if not trouble.after:
                return trouble.status, {"message": trouble.message}, trouble.headers
        try:
            if token != self.token:
                raise Refused(401, "Bad credentials")
            if verb != "GET" and not self.may_write:
                raise Refused(403, "Resource not accessible by integration")
            real = graphql(self, body) if path == GRAPHQL else self._rest(verb, path, query, body)
        except Refused as exc:
            return exc.status, exc.body, exc.headers
        if trouble:
            return trouble.status, {"message": trouble.message}, trouble.headers
        return self.alter(verb, path, body or query, real)

    def _rest(self, verb: str, path: str, query: dict[str, str], body: Any) -> Answer:
        prefix = "/repos/o/r/"
        if not path.startswith(prefix):
            raise Refused(404, "Not Found")
        parts = [unquote(part) for part in path.removeprefix(prefix).split("/")]
        match (verb, parts):
            case ("GET", ["pulls"]):
                owner, _, branch = query["head"].partition(":")
                found = [
                    self._pull(p)
                    for p in self.pulls.values()
                    if p.branch == branch
                    and (p.head_repo or "").startswith(f"{owner}/")
                    and p.state == query.get("state", "open")
                ]
                return self._page(path, query, found)
            case ("GET", ["pulls", number]):
                return 200, self._pull(self._get(number)), {}
            case ("GET", ["pulls", number, "files"]):
                return self._page(path, query, self._files(self._get(number)))
            case ("GET", ["pulls", number, "reviews"]):
                return self._page(path, query, self._of(self.reviews, number))
            case ("POST", ["pulls", number, "reviews"]):
                return 200, self._review(self._get(number), body), {}
            case ("GET", ["pulls", number, "comments"]):
                return self._page(path, query, self._of(self.comments, number))
            case ("PATCH", ["pulls", "comments", name]):
                return 200, self._edit(self.comments, name, body), {}
            case ("DELETE", ["pulls", "comments", name]):
                self.comments.remove(self._find(self.comments, name))
                return 204, None, {}
            case ("GET", ["issues", number, "comments"]):
                return self._page(path, query, self._of(self.issue_comments, number))
            case ("POST", ["issues", number, "comments"]):
                self._bound(body["body"])
                return 201, self.say(BOT, body["body"], int(number)), {}
            case ("PATCH", ["issues", "comments", name]):
                return 200, self._edit(self.issue_comments, name, body), {}
            case ("POST", ["issues", number, "labels"]):
                pull = self._get(number)
                pull.labels += [name for name in body["labels"] if name not in pull.labels]
                return 200, [{"name": name} for name in pull.labels], {}
            case ("DELETE", ["issues", number, "labels", name]):
                pull = self._get(number)
                if name not in pull.labels:
                    raise Refused(404, "Label does not exist")
                pull.labels.remove(name)
                return 200, [], {}
            case ("POST", ["check-runs"]):
                if body["status"] == "completed" and "conclusion" not in body:
                    raise Refused(422, "Invalid request.")
                run = {"id": self._id(), **body, "annotations": body["output"]["annotations"]}
                self.check_runs.append(run)
                return 201, {"id": run["id"]}, {}
            case ("PATCH", ["check-runs", name]):
                run = self._find(self.check_runs, name)
                run["annotations"] = run["annotations"] + body["output"]["annotations"]
                return 200, {"id": run["id"]}, {}
            case ("GET", ["commits", ref, "check-runs"]):
                runs = [
                    {
                        "id": run["id"],
                        "external_id": run.get("external_id"),
                        "output": {"annotations_count": len(run["annotations"])},
                    }
                    for run in self.check_runs
                    if run["head_sha"] == ref and run["name"] == query["check_name"]
                ]
                return 200, {"total_count": len(runs), "check_runs": runs}, {}
            case ("POST", ["statuses", sha]):
                self.statuses.append({"sha": sha, **body})
                return 201, {"id": self._id()}, {}
            case ("GET", ["compare", span]):
                sha = git(self.root, "merge-base", *span.split("..."))
                return 200, {"merge_base_commit": {"sha": sha}}, {}
            case ("GET", ["contents", *rest]):
                return 200, self._content("/".join(rest), query["ref"]), {}
            case ("GET", ["collaborators", login, "permission"]):
                return 200, {"permission": self.permissions.get(login, "read")}, {}
        raise Refused(404, "Not Found")

    def _page(self, path: str, query: dict[str, str], found: list[Any]) -> Answer:
        size, page = min(int(query.get("per_page", 30)), 100), int(query.get("page", 1))
        more = len(found) > size * page
        link = f'<{self.url}{path}?per_page={size}&page={page + 1}>; rel="next"'
        return 200, found[size * (page - 1) : size * page], {"Link": link} if more else {}

    # What GitHub knows

    def _pull(self, pull: Pull) -> dict[str, Any]:
        count = len(self._files(pull)) if pull.changed_files is None else pull.changed_files
        return pull.answer(self.url, count)

    def _files(self, pull: Pull) -> list[dict[str, Any]]:
        key = (pull.base, pull.head)
        if key not in self._known:
            self._known[key] = listed(self.root, pull.base, pull.head)
        return self.files_shown(self._known[key])

    def _shown(self, pull: Pull, path: str) -> list[tuple[range, range]]:
        """Return the lines of each hunk, left and right, that a comment may stand on."""
        file = next((f for f in self._files(pull) if f["filename"] == path), None)
        return hunks(file.get("patch", "") if file else "")

    def _review(self, pull: Pull, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("event") in ("COMMENT", "REQUEST_CHANGES") and not body.get("body"):
            raise Refused(422, "Unprocessable Entity", errors=["Body can't be blank"])
        self._bound(body.get("body", ""))
        comments = body.get("comments", [])
        errors = [error for comment in comments for error in self._anchor(pull, comment)]
        if errors:  # all or nothing
            raise Refused(422, "Unprocessable Entity", errors=errors)
        review = {
            "id": self._id(),
            "user": {"login": BOT},
            "body": body["body"],
            "commit_id": body["commit_id"],
            "state": "COMMENTED",
            "number": pull.number,
        }
        self.reviews.append(review)
        for comment in comments:
            name = self._id()
            self.comments.append(
                {
                    **comment,
                    "id": name,
                    "node_id": f"PRRC_{name}",
                    "user": {"login": BOT},
                    "pull_request_review_id": review["id"],
                    "commit_id": body["commit_id"],
                    "reactions": {"total_count": 0},
                    "number": pull.number,
                }
            )
        return review

    def _anchor(self, pull: Pull, comment: dict[str, Any]) -> list[str]:
        self._bound(comment["body"])
        side = comment.get("side", "RIGHT")
        if side not in ("LEFT", "RIGHT"):
            return ["side is not included in the list"]
        hunks = [pair[side == "RIGHT"] for pair in self._shown(pull, comment["path"])]
        hunk = next((h for h in hunks if comment.get("line") in h), None)
        if hunk is None:
            return [LINE]
        start = comment.get("start_line")
        if start is not None and (start not in hunk or start >= comment["line"]):
            return [SAME_HUNK]
        return []

    def _content(self, path: str, ref: str) -> dict[str, Any]:
        found = blob(self.root, path, ref)
        if found is None:
            raise Refused(404, "Not Found")
        return {
            "type": "file",
            "encoding": "base64",
            "size": len(found),
            "name": path.rpartition("/")[2],
            "path": path,
            "sha": "0" * 40,
            "url": f"{self.url}/repos/o/r/contents/{path}",
            "content": b64encode(found).decode(),
        }

    # Small things

    def _id(self) -> int:
        self._next += 1
        return self._next

    def _get(self, number: str) -> Pull:
        if int(number) not in self.pulls:
            raise Refused(404, "Not Found")
        return self.pulls[int(number)]

    def _of(self, found: list[dict[str, Any]], number: str) -> list[dict[str, Any]]:
        return [one for one in found if one["number"] == int(number)]

    def _find(self, found: list[dict[str, Any]], name: str) -> dict[str, Any]:
        one = next((one for one in found if one["id"] == int(name)), None)
        if one is None:
            raise Refused(404, "Not Found")
        return one

    def _edit(self, found: list[dict[str, Any]], name: str, body: Any) -> dict[str, Any]:
        self._bound(body["body"])
        one = self._find(found, name)
        one["body"] = body["body"]
        return one

    def _bound(self, text: str) -> None:
        if len(text) > MAX_BODY:
            raise Refused(422, f"Body is too long (maximum is {MAX_BODY} characters)")
