"""The few questions and mutations of GraphQL that the fake GitHub knows."""

from typing import TYPE_CHECKING, Any

from tests.github.fake_parts import Refused

if TYPE_CHECKING:
    from tests.github.fake import FakeGitHub


def graphql(fake: "FakeGitHub", body: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
    """Carry out one request."""
    query, variables = body["query"], body.get("variables", {})
    if "unminimizeComment" in query:
        fake.minimised.remove(variables["input"]["subjectId"])
        answer: Any = {"unminimizeComment": {"unminimizedComment": {"isMinimized": False}}}
    elif "minimizeComment" in query:
        name = variables["input"]["subjectId"]
        fake.minimised.append(name)
        answer = {"minimizeComment": {"minimizedComment": {"isMinimized": True}}}
    elif "unresolveReviewThread" in query:
        fake.resolved.remove(variables["input"]["threadId"])
        answer = {"unresolveReviewThread": {"thread": {"isResolved": False}}}
    elif "resolveReviewThread" in query:
        fake.resolved.append(variables["input"]["threadId"])
        answer = {"resolveReviewThread": {"thread": {"isResolved": True}}}
    elif "reviewThreads" in query:
        nodes = [
            {
                "id": f"T{comment['id']}",
                "isResolved": f"T{comment['id']}" in fake.resolved,
                "comments": {"nodes": [{"databaseId": comment["id"]}]},
            }
            for comment in fake.comments
            if "in_reply_to_id" not in comment
        ]
        threads = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": nodes}
        answer = {"repository": {"pullRequest": {"reviewThreads": threads}}}
    else:
        raise Refused(400, "Problems parsing GraphQL")
    return 200, {"data": answer}, {}
