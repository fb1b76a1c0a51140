"""What we write to GitHub: each write once, even if its call is retried."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from reviewbot.github.client import GitHubApi, IssueComment
from reviewbot.github.retry import Missing
from reviewbot.report.comment_sync import SUMMARY_MARK, NewComment, Posted

_THREADS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id isResolved comments(first: 1) { nodes { databaseId } } }
      }
    }
  }
}
"""


class CheckRun(NamedTuple):
    """A check run of ours, and how many annotations it has."""

    id: int
    annotations: int


class Poster:
    """Writes to one repository."""

    def __init__(self, api: GitHubApi) -> None:
        self.api = api

    def create_review(
        self, number: int, head: str, body: str, comments: Sequence[NewComment]
    ) -> None:
        """Post a review of a commit, once.

        raises  Rejected if GitHub refuses one of the anchors; then nothing is posted
        """
        value = {
            "commit_id": head,
            "body": body,
            "event": "COMMENT",
            "comments": [_review_comment(comment) for comment in comments],
        }
        self.api.calls.write(
            f"a review with {len(comments)} comments",
            lambda: bool(self.api.request("POST", f"pulls/{number}/reviews", value)["id"]),
            again=lambda: True if head in self.api.reviewed(number) else None,
        )

    def edit_comment(self, comment: Posted, body: str) -> None:
        """Change the text of a comment on a line; a deleted comment stays deleted."""
        what = f"edit of the comment on {comment.path[:200]!r}"
        self._send(what, "PATCH", f"pulls/comments/{comment.id}", {"body": body}, missing_ok=True)

    def delete_comment(self, comment: Posted) -> None:
        """Delete a comment on a line, if it still exists."""
        what = f"removal of the comment on {comment.path[:200]!r}"
        self._send(what, "DELETE", f"pulls/comments/{comment.id}", missing_ok=True)

    def fold(self, comment: Posted, body: str) -> None:
        """Minimise a comment that has replies or reactions as outdated, and say so in its text."""
        self._mutate(
            f"folding of the comment on {comment.path[:200]!r}",
            "minimizeComment",
            {"subjectId": comment.node_id, "classifier": "OUTDATED"},
            "minimizedComment { isMinimized }",
        )
        self.edit_comment(comment, body)

    def put_summary(self, number: int, body: str) -> None:
        """Edit our summary, or post it if there is none."""
        summary = self._summary(number)
        if summary is None:
            self.api.calls.write(
                "the summary",
                lambda: bool(
                    self.api.request("POST", f"issues/{number}/comments", {"body": body})["id"]
                ),
                again=lambda: self.has_summary(number) or None,
            )
        elif summary.body.strip() != body.strip():
            path = f"issues/comments/{summary.id}"
            self._send("edit of the summary", "PATCH", path, {"body": body})

    def has_summary(self, number: int) -> bool:
        """Return True if the pull request has a summary of ours."""
        return self._summary(number) is not None

    def _summary(self, number: int) -> IssueComment | None:
        for comment in self.api.comments(number):
            if self.api.is_ours(comment.login) and comment.body.rstrip().endswith(SUMMARY_MARK):
                return comment
        return None

    def unfold(self, comment: Posted) -> None:
        """Show a comment again that we minimised: its finding is back."""
        self._mutate(
            f"unfolding of the comment on {comment.path[:200]!r}",
            "unminimizeComment",
            {"subjectId": comment.node_id},
            "unminimizedComment { isMinimized }",
        )

    def resolve(self, number: int, comments: Sequence[Posted], *, resolved: bool = True) -> None:
        """Resolve the threads of these comments, or open them again; needs contents: write."""
        wanted, after = {comment.id for comment in comments}, None
        mutation = "resolveReviewThread" if resolved else "unresolveReviewThread"
        while True:
            threads, after = self._threads(number, after)
            for name, ids, is_resolved in threads:
                if ids & wanted and is_resolved != resolved:
                    what = {"threadId": name}
                    self._mutate("a review thread", mutation, what, "thread { isResolved }")
            if after is None:
                return

    def _threads(
        self, number: int, after: str | None
    ) -> tuple[list[tuple[str, set[int], bool]], str | None]:
        """Return a page of review threads (id, first comment, resolved) and the next cursor."""
        owner, _, name = self.api.repository.partition("/")
        variables = {"owner": owner, "name": name, "number": number, "after": after}

        def call() -> tuple[list[tuple[str, set[int], bool]], str | None]:
            _, value = self.api.github.requester.graphql_query(_THREADS, variables)
            threads = value["data"]["repository"]["pullRequest"]["reviewThreads"]
            found = [
                (
                    str(thread["id"]),
                    {int(one["databaseId"]) for one in thread["comments"]["nodes"] if one},
                    bool(thread["isResolved"]),
                )
                for thread in threads["nodes"]
                if thread
            ]
            page = threads["pageInfo"]
            return found, str(page["endCursor"]) if page["hasNextPage"] else None

        return self.api.calls.read("the review threads", call)

    def create_check_run(self, value: Mapping[str, Any]) -> CheckRun:
        """Create a check run, or return our newest one if it has the same content.

        value  its `external_id` identifies the content
        """

        def create() -> CheckRun:
            answer = self.api.request("POST", "check-runs", value)
            return CheckRun(int(answer["id"]), len(value["output"]["annotations"]))

        def existing() -> CheckRun | None:
            return self._check_run(value)

        run = self.api.calls.read("the check runs", existing)
        return run or self.api.calls.write("the check run", create, again=existing)

    def _check_run(self, value: Mapping[str, Any]) -> CheckRun | None:
        """Return our newest check run of a commit if its content is that of `value`."""
        path = f"commits/{value['head_sha']}/check-runs"
        answer = self.api.request("GET", path, check_name=value["name"])
        ours = [
            (int(run["id"]), str(run["external_id"]), int(run["output"]["annotations_count"]))
            for run in answer["check_runs"]
            if str(run.get("external_id") or "").startswith("reviewbot:")
        ]
        number, external_id, count = max(ours, default=(0, "", 0))
        return CheckRun(number, count) if external_id == value["external_id"] else None

    def extend_check_run(
        self, first: Mapping[str, Any], run: int, at: int, value: Mapping[str, Any]
    ) -> None:
        """Add annotations to a check run that has `at` of them; GitHub appends.

        first  what the check run was created with
        """

        def extended() -> bool | None:
            existing = self._check_run(first)
            return True if existing and existing.annotations > at else None

        self.api.calls.write(
            "annotations of the check run",
            lambda: bool(self.api.request("PATCH", f"check-runs/{run}", value)),
            again=extended,
        )

    def set_status(self, commit: str, value: Mapping[str, Any]) -> None:
        """Set a commit status; GitHub shows the newest of a context."""
        self._send("the commit status", "POST", f"statuses/{commit}", value)

    def set_label(self, number: int, label: str, *, wanted: bool) -> None:
        """Add or remove a label of the pull request."""
        path = f"issues/{number}/labels"
        if wanted:
            self._send("the label", "POST", path, {"labels": [label]})
        else:
            path += f"/{quote(label, safe='')}"
            self._send("removal of the label", "DELETE", path, missing_ok=True)

    def _mutate(self, what: str, name: str, value: dict[str, Any], answer: str) -> None:
        """Run a GraphQL mutation that is safe to retry."""
        self.api.calls.write(
            what,
            lambda: self.api.github.requester.graphql_named_mutation(name, value, answer),
            again=None,
        )

    def _send(
        self,
        what: str,
        verb: str,
        path: str,
        value: Mapping[str, Any] | None = None,
        *,
        missing_ok: bool = False,
    ) -> None:
        """Send a write that is safe to retry; `missing_ok`: its object may be gone already."""
        try:
            self.api.calls.write(what, lambda: self.api.request(verb, path, value), again=None)
        except Missing:
            if not missing_ok:
                raise


def _review_comment(comment: NewComment) -> dict[str, Any]:
    found: dict[str, Any] = {
        "path": comment.anchor.path,
        "body": comment.body,
        "line": comment.anchor.line,
        "side": "RIGHT",
    }
    if comment.anchor.start_line is not None:
        found |= {"start_line": comment.anchor.start_line, "start_side": "RIGHT"}
    return found
