"""Cut GitHub's OpenAPI description down to the requests that we make, for the tests.

    npm install --ignore-scripts @octokit/openapi
    python -m research.slim_openapi node_modules/@octokit/openapi/generated/api.github.com.json

Kept are parameters, request bodies and the status codes of answers; words, examples and the shapes
of answers are left out. The description is GitHub's, under the MIT licence.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OUT = Path(__file__).parents[1] / "tests" / "github" / "openapi.json"
WANTED = (
    ("get", "/repos/{owner}/{repo}/pulls"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}/files"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"),
    ("post", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}/comments"),
    ("patch", "/repos/{owner}/{repo}/pulls/comments/{comment_id}"),
    ("delete", "/repos/{owner}/{repo}/pulls/comments/{comment_id}"),
    ("get", "/repos/{owner}/{repo}/issues/{issue_number}/comments"),
    ("post", "/repos/{owner}/{repo}/issues/{issue_number}/comments"),
    ("patch", "/repos/{owner}/{repo}/issues/comments/{comment_id}"),
    ("post", "/repos/{owner}/{repo}/issues/{issue_number}/labels"),
    ("delete", "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}"),
    ("post", "/repos/{owner}/{repo}/check-runs"),
    ("patch", "/repos/{owner}/{repo}/check-runs/{check_run_id}"),
    ("get", "/repos/{owner}/{repo}/commits/{ref}/check-runs"),
    ("post", "/repos/{owner}/{repo}/statuses/{sha}"),
    ("get", "/repos/{owner}/{repo}/compare/{basehead}"),
    ("get", "/repos/{owner}/{repo}/contents/{path}"),
    ("get", "/repos/{owner}/{repo}/collaborators/{username}/permission"),
)
_WORDS = ("description", "example", "examples", "summary", "x-github", "externalDocs", "tags")


def slim(whole: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a description that says what our requests must look like."""
    paths: dict[str, Any] = {}
    for verb, path in WANTED:
        operation = whole["paths"][path][verb]
        kept = {key: operation[key] for key in ("parameters", "requestBody") if key in operation}
        kept["responses"] = {code: {} for code in operation["responses"]}
        paths.setdefault(path, {})[verb] = kept
    paths = _without_words(paths)
    found: dict[str, Any] = {}
    todo = list(_references(paths))
    while todo:
        name = todo.pop()
        if name in found:
            continue
        value: Any = whole
        for part in name.removeprefix("#/").split("/"):
            value = value[part]
        found[name] = _without_words(value)
        todo += _references(found[name])
    components: dict[str, Any] = {}
    for name, value in sorted(found.items()):
        _, kind, key = name.removeprefix("#/").split("/")
        components.setdefault(kind, {})[key] = value
    return {
        "openapi": whole["openapi"],
        "info": {"title": whole["info"]["title"], "version": whole["info"]["version"]},
        "paths": paths,
        "components": components,
    }


def _without_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _properties(part) if key == "properties" else _without_words(part)
            for key, part in value.items()
            if key not in _WORDS
        }
    return [_without_words(part) for part in value] if isinstance(value, list) else value


def _properties(value: dict[str, Any]) -> dict[str, Any]:
    """Keep every property, also one that is called "description"."""
    return {key: _without_words(part) for key, part in value.items()}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


if __name__ == "__main__":
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    OUT.write_text(json.dumps(slim(json.loads(text)), indent=1, sort_keys=True) + "\n")
