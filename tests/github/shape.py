"""Is a request as GitHub's OpenAPI description has it? The description is cut to what we send."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator

SPEC: dict[str, Any] = json.loads((Path(__file__).parent / "openapi.json").read_text())
GRAPHQL = "/graphql"


def _resolved(value: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in value:
        found: Any = SPEC
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def _pattern(path: str) -> re.Pattern[str]:
    # The path of a file holds slashes; nothing else does.
    parts = [
        (f"(?P<{part[1:-1]}>.+)" if part == "{path}" else f"(?P<{part[1:-1]}>[^/]+)")
        if part.startswith("{")
        else re.escape(part)
        for part in path.split("/")
    ]
    return re.compile("/".join(parts))


ROUTES = [(_pattern(path), path) for path in sorted(SPEC["paths"], key=lambda p: p.count("{"))]


def operation(verb: str, path: str) -> tuple[str, dict[str, str]] | None:
    """Return the path's template and its parameters; None for what we never should ask."""
    for pattern, template in ROUTES:
        match = pattern.fullmatch(path)
        if match and verb.lower() in SPEC["paths"][template]:
            return template, {key: unquote(value) for key, value in match.groupdict().items()}
    return None


def faults(verb: str, path: str, query: dict[str, str], body: object) -> list[str]:
    """Return what is wrong with a request; [] where it is as described."""
    found = operation(verb, path)
    if found is None:
        return [f"no operation {verb} {path}"]
    template, values = found
    described = SPEC["paths"][template][verb.lower()]
    wrong = []
    parameters = [_resolved(p) for p in described.get("parameters", ())]
    for parameter in parameters:
        place = values if parameter["in"] == "path" else query
        if parameter["in"] not in ("path", "query"):
            continue
        value = place.get(parameter["name"])
        if value is None:
            if parameter.get("required"):
                wrong.append(f"{parameter['name']} is missing")
            continue
        wrong += _check(value, parameter["schema"], parameter["name"], text=True)
    known = {p["name"] for p in parameters if p["in"] == "query"}
    wrong += [f"the query has no {name}" for name in query.keys() - known]
    content = described.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return wrong + (["a body where none is described"] if body else [])
    return wrong + _check(body, content["schema"], "body")


def _check(value: object, schema: dict[str, Any], name: str, *, text: bool = False) -> list[str]:
    if text and schema.get("type") == "integer" and isinstance(value, str) and value.isdigit():
        value = int(value)
    errors = Draft202012Validator({**schema, "components": SPEC["components"]}).iter_errors(value)
    return [f"{name}: {'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in errors]
