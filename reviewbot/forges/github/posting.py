"""What we write to GitHub: each write once, however often a call has to be repeated."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from reviewbot.core.review import SUMMARY_MARK, NewComment, Posted
from reviewbot.forges.github.api import GitHubApi, IssueComment
from reviewbot.forges.github.calls import Missing

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


class Poster:
    """Writes to one repository."""

    def __init__(self, api: GitHubApi) -> None:
        self.api = api

    def create_review(
        self, number: int, head: str, body: str, comments: Sequence[NewComment]
    ) -> None:
        """Post a review of a commit, once: before a repetition we look whether it is there.

        raises  Rejected, and nothing is posted, if GitHub takes one of the anchors for wrong
        """
        wanted = [_review_comment(comment) for comment in comments]
        self.api.calls.write(
            f"a review with {len(comments)} comments",
            lambda: bool(
                self.api.api_pull(number).create_review(
                    commit=self.api.repo.get_commit(head),
                    body=body,
                    event="COMMENT",
                    comments=wanted,  # type: ignore[arg-type]
                )
            ),
            again=lambda: True if head in self.api.reviewed(number) else None,
        )

    def edit_comment(self, comment: Posted, body: str) -> None:
        """Change the text of a comment on a line; what somebody has deleted stays deleted."""
        try:
            self._send(
                f"edit of the comment on {comment.path[:200]!r}",
                "PATCH",
                f"pulls/comments/{comment.id}",
                {"body": body},
            )
        except Missing:
            return

    def delete_comment(self, comment: Posted) -> None:
        """Take a comment on a line away; gone already is gone."""
        try:
            self._send(
                f"removal of the comment on {comment.path[:200]!r}",
                "DELETE",
                f"pulls/comments/{comment.id}",
                None,
            )
        except Missing:
            return

    def fold(self, comment: Posted, body: str) -> None:
        """Minimise a comment that somebody has answered, as outdated, and say so in its text."""
        self.api.calls.write(
            f"folding of the comment on {comment.path[:200]!r}",
            lambda: self.api.github.requester.graphql_named_mutation(
                "minimizeComment",
                {"subjectId": comment.node_id, "classifier": "OUTDATED"},
                "minimizedComment { isMinimized }",
            ),
            again=None,
        )
        self.edit_comment(comment, body)

    def put_summary(self, number: int, body: str | None) -> None:
        """Edit our summary, or post it where there is none; None only edits, to nothing new."""
        mine = self._summary(number)
        if mine is None and body is not None:
            self.api.calls.write(
                "the summary",
                lambda: self.api.api_pull(number).create_issue_comment(body).id,
                again=lambda: found.id if (found := self._summary(number)) else None,
            )
        elif mine is not None and body is not None and mine.body.strip() != body.strip():
            self._send("edit of the summary", "PATCH", f"issues/comments/{mine.id}", {"body": body})

    def has_summary(self, number: int) -> bool:
        """Tell whether our summary stands under the pull request."""
        return self._summary(number) is not None

    def _summary(self, number: int) -> IssueComment | None:
        return next(
            (
                comment
                for comment in self.api.comments(number)
                if self.api.is_ours(comment.login) and comment.body.rstrip().endswith(SUMMARY_MARK)
            ),
            None,
        )

    def resolve(self, number: int, comments: Sequence[Posted]) -> None:
        """Resolve the threads of these comments; needs contents: write."""
        owner, _, name = self.api.repository.partition("/")
        wanted, after = {comment.id for comment in comments}, None
        while True:
            variables = {"owner": owner, "name": name, "number": number, "after": after}
            _, value = self.api.calls.read(
                "the review threads",
                lambda v=variables: self.api.github.requester.graphql_query(_THREADS, v),  # type: ignore[misc]
            )
            threads = value["data"]["repository"]["pullRequest"]["reviewThreads"]
            for thread in threads["nodes"]:
                ids = {node["databaseId"] for node in thread["comments"]["nodes"]}
                if ids & wanted and not thread["isResolved"]:
                    self.api.calls.write(
                        "resolving of a thread",
                        lambda t=thread: self.api.github.requester.graphql_named_mutation(  # type: ignore[misc]
                            "resolveReviewThread", {"threadId": t["id"]}, "thread { isResolved }"
                        ),
                        again=None,
                    )
            if not threads["pageInfo"]["hasNextPage"]:
                return
            after = threads["pageInfo"]["endCursor"]

    def create_check_run(self, value: Mapping[str, Any]) -> int | None:
        """Create a check run and return its id; None where the newest of ours says the same.

        value  its `external_id` names what it says
        """

        def newest() -> tuple[int, str] | None:
            place = f"/repos/{self.api.repository}/commits/{value['head_sha']}/check-runs"
            _, answer = self.api.github.requester.requestJsonAndCheck(
                "GET", place, parameters={"check_name": value["name"]}
            )
            ours = [
                (int(run["id"]), str(run["external_id"]))
                for run in answer["check_runs"]
                if str(run.get("external_id") or "").startswith("reviewbot:")
            ]
            return max(ours, default=None)

        def call() -> int:
            _, answer = self.api.github.requester.requestJsonAndCheck(
                "POST", f"/repos/{self.api.repository}/check-runs", input=dict(value)
            )
            return int(answer["id"])

        def there() -> int | None:
            found = newest()
            return found[0] if found and found[1] == value["external_id"] else None

        if self.api.calls.read("the check runs", there) is not None:
            return None
        return self.api.calls.write("the check run", call, again=there)

    def extend_check_run(self, run: int, value: Mapping[str, Any]) -> None:
        """Add annotations to a check run."""
        self._send("annotations of the check run", "PATCH", f"check-runs/{run}", dict(value))

    def set_status(self, commit: str, value: Mapping[str, Any]) -> None:
        """Set a commit status; the newest of a context counts."""
        self._send("the commit status", "POST", f"statuses/{commit}", dict(value))

    def set_label(self, number: int, label: str, *, wanted: bool) -> None:
        """Put a label on the pull request, or take it off; off already is off."""
        if wanted:
            self._send("the label", "POST", f"issues/{number}/labels", {"labels": [label]})
            return
        try:
            place = f"issues/{number}/labels/{quote(label, safe='')}"
            self._send("removal of the label", "DELETE", place, None)
        except Missing:
            return

    def _send(self, what: str, verb: str, place: str, value: dict[str, Any] | None) -> None:
        """Send a write that may be repeated as it is."""
        self.api.calls.write(
            what,
            lambda: self.api.github.requester.requestJsonAndCheck(
                verb, f"/repos/{self.api.repository}/{place}", input=value
            ),
            again=None,
        )


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
