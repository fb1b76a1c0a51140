"""What is generated from the settings table: parts of action.yml and docs/settings.md, a schema.

`pytest tests/config --update-golden` writes them.
"""

import json
import re
from typing import Any

from reviewbot.cli.options import values
from reviewbot.config.choices import OptionGroup, Surface
from reviewbot.config.load import toml_value
from reviewbot.config.schema import SETTINGS, Setting, settings_on

TYPES = {int: "integer", float: "number", bool: "boolean", tuple: "array"}
BEGIN, END = "begin: {} from tests/config/derived.py", "end: {}"


def _replaced(text: str, name: str, lines: list[str]) -> str:
    """Replace the lines between the two comments that name a generated part."""
    begin, end = re.escape(BEGIN.format(name)), re.escape(END.format(name))
    body = "".join(f"{line}\n" for line in lines)
    new, count = re.subn(
        rf"(?ms)(^[^\n]*{begin}[^\n]*\n).*?(^[^\n]*{end})", lambda m: m[1] + body + m[2], text
    )
    assert count == 1, name
    return new


def action_yml(text: str) -> str:
    """Return action.yml with its inputs for settings; a default lives in the table, never here."""
    names = settings_on(Surface.ACTION)
    inputs = [f'  {n}: {{ default: "", description: {_described(SETTINGS[n])} }}' for n in names]
    variables = [
        f"        INPUT_{SETTINGS[name].field.upper()}: ${{{{ inputs.{name} }}}}" for name in names
    ]
    return _replaced(_replaced(text, "inputs", inputs), "variables", variables)


def _described(setting: Setting) -> str:
    more = "[true or false]" if setting.type is bool else values(setting, "one per line")
    return json.dumps(f"{setting.help} {more}".rstrip())


def settings_md(text: str) -> str:
    """Return docs/settings.md with a table for each group of settings."""
    lines = []
    for group in OptionGroup:
        lines += ["", f"### {group}", "", "| key | default | value | effect |", "|---|---|---|---|"]
        for setting in SETTINGS.values():
            if setting.group is group:
                default = setting.default
                shown = "unset" if default is None else f"`{toml_value(default)}`"
                lines.append(f"| `{setting.name}` | {shown} | {setting.expects} | {setting.help} |")
    return _replaced(text, "tables", [*lines, ""])


def settings_schema() -> str:
    """Return the JSON Schema of `.reviewbot.toml`."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:reviewbot:settings:1",
        "title": "reviewbot settings, version 1",
        "$comment": "Of .reviewbot.toml, and of [tool.reviewbot] in pyproject.toml.",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _property(setting) for name, setting in SETTINGS.items()},
    }
    return json.dumps(schema, indent=2) + "\n"


def _property(setting: Setting) -> dict[str, Any]:
    kind = TYPES.get(setting.type, "string")
    found: dict[str, Any] = {"description": setting.help, "type": kind}
    if setting.choices:
        found["enum"] = setting.choices
    elif kind in ("integer", "number"):
        found |= dict(zip(("minimum", "maximum"), setting.bounds, strict=True))
    elif kind == "array":
        found["items"] = {"type": "string", "minLength": 1}
    elif kind == "string":
        found["minLength"] = 1
    return found if setting.default is None else {**found, "default": setting.default}
