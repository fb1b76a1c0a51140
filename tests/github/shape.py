"""Is a request as GitHub's OpenAPI description has it? The description is cut to what we send."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator

SPEC: dict[str, Any] = json.loads((Path(__file__).parent / "openapi.json").read_text())
GRAPHQL = "/graphql"


def _pattern(path: str) -> re.Pattern[str]:
    # The path of a file holds slashes; nothing else does.
    named = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))
    return re.compile(named.replace("(?P<path>[^/]+)", "(?P<path>.+)"))


ROUTES = [(_pattern(path), path) for path in sorted(SPEC["paths"], key=lambda p: p.count("{"))]


def faults(verb: str, path: str, query: dict[str, str], body: object) -> list[str]:
    """Return what is wrong with a request; [] where it is as described."""
    for pattern, template in ROUTES:
        match, described = pattern.fullmatch(path), SPEC["paths"][template].get(verb.lower())
        if match and described:
            break
    else:
        return [f"no operation {verb} {path}"]
    wrong, known = [], set()
    for parameter in described.get("parameters", ()):
        if "$ref" in parameter:
            parameter = SPEC["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
        name, in_path = parameter["name"], parameter["in"] == "path"
        if not in_path:
            known.add(name)
        text = unquote(match[name]) if in_path else query.get(name)
        if text is not None:
            is_number = parameter["schema"].get("type") == "integer" and text.isdigit()
            wrong += _check(int(text) if is_number else text, parameter["schema"], name)
        elif parameter.get("required"):
            wrong.append(f"{name} is missing")
    wrong += [f"the query has no {name}" for name in query.keys() - known]
    content = described.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return wrong + (["a body where none is described"] if body else [])
    return wrong + _check(body, content["schema"], "body")


def _check(value: object, schema: dict[str, Any], name: str) -> list[str]:
    errors = Draft202012Validator({**schema, "components": SPEC["components"]}).iter_errors(value)
    return [f"{name}: {'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in errors]
