"""`reviewbot explain`, run in this process."""

import json
from pathlib import Path
from typing import Any

import jsonschema
from click.testing import CliRunner, Result

from reviewbot.cli import main

ROOT = Path(__file__).parents[2]
SCHEMAS = {
    name: json.loads((ROOT / f"reviewbot/schemas/{name}_v1.json").read_text())
    for name in ("explain", "features", "report")
}


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


def explain(*args: str) -> Any:
    """What `explain` says as JSON, which keeps its schema."""
    result = run("explain", *args, "--format", "json")
    assert result.stdout, result.stderr
    found = json.loads(result.stdout)
    jsonschema.validate(found, SCHEMAS["explain"])
    return found


def refused(*args: str) -> str:
    result = run("explain", *args)
    lines = result.stderr.splitlines()
    assert (result.exit_code, len(lines), result.stdout) == (2, 2, ""), result.output
    assert lines[1].startswith("  fix: ")
    return lines[0]
