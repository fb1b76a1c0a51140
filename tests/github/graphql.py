"""The few questions and mutations of GraphQL that the fake GitHub knows."""

from typing import TYPE_CHECKING, Any

from tests.github.fake_parts import Refused

if TYPE_CHECKING:
    from tests.github.fake import FakeGitHub

MUTATIONS = {  # the node it is about, the list that is changed, and whether the node is then in it
    "unminimizeComment": ("subjectId", "minimised", False),
    "minimizeComment": ("subjectId", "minimised", True),
    "unresolveReviewThread": ("threadId", "resolved", False),
    "resolveReviewThread": ("threadId", "resolved", True),
}


def graphql(fake: "FakeGitHub", body: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
    """Carry out one request."""
    query, variables = body["query"], body.get("variables", {})
    for name, (key, nodes, adds) in MUTATIONS.items():
        if name in query:
            found = getattr(fake, nodes)
            (found.append if adds else found.remove)(variables["input"][key])
            return 200, {"data": {name: {"clientMutationId": None}}}, {}
    if "reviewThreads" not in query:
        raise Refused(400, "Problems parsing GraphQL")
    threads = [
        {
            "id": f"T{comment['id']}",
            "isResolved": f"T{comment['id']}" in fake.resolved,
            "comments": {"nodes": [{"databaseId": comment["id"]}]},
        }
        for comment in fake.comments
        if "in_reply_to_id" not in comment
    ]
    page = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": threads}
    return 200, {"data": {"repository": {"pullRequest": {"reviewThreads": page}}}}, {}
