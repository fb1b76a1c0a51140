"""What others read of the settings is what the table says."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from action.main import LISTS, POSTING, SWITCHES
from reviewbot.cli import main
from reviewbot.cli.options import values
from reviewbot.config.choices import OptionGroup, Surface
from reviewbot.config.load import from_files, settings_from
from reviewbot.config.schema import SETTINGS, settings_on
from tests.config.derived import action_yml, settings_md, settings_schema

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "reviewbot" / "schemas" / "settings_v1.json"
DOCS = ROOT / "docs" / "settings.md"
NOT_SETTINGS = {"pr", "repository"}  # inputs that are flags of a command
Golden = Callable[[Path, str], None]


@pytest.mark.parametrize(
    ("name", "made"), [("action.yml", action_yml), ("docs/settings.md", settings_md)]
)
def test_generated_parts_are_up_to_date(
    name: str, made: Callable[[str], str], golden: Golden
) -> None:
    golden(ROOT / name, made((ROOT / name).read_text(encoding="utf-8")))


def test_the_schema_is_up_to_date(golden: Golden) -> None:
    golden(SCHEMA, settings_schema())


def test_the_action_knows_which_inputs_are_lists_switches_or_about_posting() -> None:
    def names(*, of: Surface = Surface.ACTION, type_: type | None = None) -> set[str]:
        return {n for n in settings_on(of) if type_ in (None, SETTINGS[n].type)}

    assert set(LISTS) == names(type_=tuple)
    assert set(SWITCHES) == names(type_=bool)
    assert set(POSTING) == names() - names(of=Surface.CHECK) | NOT_SETTINGS


def test_the_example_in_the_documentation_can_be_used(tmp_path: Path) -> None:
    text = DOCS.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    (tmp_path / ".reviewbot.toml").write_text(text)

    assert settings_from(*from_files(tmp_path)).fail_on_for == ("auth/**=medium", "tests/**=never")
    assert faults(tomllib.loads(text)) == []


def faults(value: Any) -> list[str]:
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("engine", "tourch"),
        ("max-risk", 2),
        ("show", "never"),
        ("exclude", "*.md"),
        ("max_risk", 0.5),
    ],
)
def test_an_editor_with_the_schema_refuses_what_reviewbot_refuses(key: str, value: object) -> None:
    assert faults({key: value})


def help_of(command: str) -> str:
    return CliRunner().invoke(main, [command, "--help-all"], terminal_width=300).stdout


@pytest.mark.parametrize("surface", [s for s in Surface if s is not Surface.ACTION])
def test_help_lists_the_settings_of_a_command_in_groups_with_choices_and_defaults(
    surface: Surface,
) -> None:
    text = help_of(surface)
    words = " ".join(text.split())

    headings = re.findall(r"^(\w[\w ]+):$", text, re.M)
    assert headings == [group for group in OptionGroup if group in headings]
    for name, setting in SETTINGS.items():
        if (surface, name) == (Surface.EXPLAIN, "format"):  # an option of its own: two formats
            continue
        assert (f"  --{name} " in text) == (surface in setting.surfaces)
        assert (f"{setting.help} {values(setting)}".strip() in words) == (
            surface in setting.surfaces
        )
