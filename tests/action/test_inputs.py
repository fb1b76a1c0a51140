"""Inputs of the action are the flags of the commands, and what it installs is pinned."""

import re
import tomllib

from packaging.requirements import Requirement

from action.main import REVIEWBOT, TOKEN, inputs_from
from reviewbot.config.choices import Surface
from reviewbot.config.schema import settings_on
from tests.action.runner import ACTION, ROOT

OTHERS = {"range", "from-report", "warm-up", "pr", "repository", "root", TOKEN}


def test_inputs_are_the_settings_of_the_action_and_what_names_a_change() -> None:
    assert set(ACTION["inputs"]) == {*settings_on(Surface.ACTION), *OTHERS}


def test_a_default_lives_in_the_settings_and_never_in_the_action() -> None:
    defaults = {name: value["default"] for name, value in ACTION["inputs"].items()}

    assert defaults.pop(TOKEN) == "${{ github.token }}"
    assert set(defaults.values()) == {""}


def test_every_input_reaches_the_command_by_a_variable_and_no_script_is_put_together() -> None:
    steps = ACTION["runs"]["steps"]
    (last,) = [step for step in steps if step.get("id") == "run"]
    given = {name: text for name, text in last["env"].items() if name.startswith("INPUT_")}
    names = [name for name in ACTION["inputs"] if name != "warm-up"]

    assert given == {
        "INPUT_" + name.upper().replace("-", "_"): "${{ inputs." + name + " }}" for name in names
    }
    assert inputs_from(dict.fromkeys(given, "x")) == dict.fromkeys(names, "x")
    assert all("${{" not in step.get("run", "") for step in steps)


def test_other_actions_are_pinned_and_the_model_is_saved_on_the_default_branch_only() -> None:
    steps = ACTION["runs"]["steps"]
    used = [step["uses"] for step in steps if "uses" in step]

    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name) for name in used)
    saves = [step for step in steps if step.get("uses", "").startswith("actions/cache/save@")]
    model, lines = saves  # what was read of lines is found by its content, whoever read it
    assert "github.event.repository.default_branch" in model["if"]
    assert lines["with"]["path"].endswith("/lines")


def test_what_is_installed_is_pinned_by_hash_and_fits_the_package() -> None:
    lock = (ROOT / "action" / "requirements.txt").read_text()
    pinned = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.M))
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, build = whole["project"], whole["build-system"]["requires"]
    (script,) = [s["run"] for s in ACTION["runs"]["steps"] if s.get("id") == "install"]
    installed = re.findall(r"uv pip install (.*) \|\| fail", script)

    for text in (*project["dependencies"], *build):
        wanted = Requirement(text)
        assert wanted.specifier.contains(pinned[wanted.name.lower()]), text
    assert {"torch", "transformers", "scipy"}.isdisjoint(pinned)
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert "://" not in lock
    assert installed == [
        "--quiet --require-hashes --no-deps -r action/requirements.txt",
        "--quiet --no-deps --no-build-isolation .",
    ]


def test_python_never_imports_from_the_pull_request() -> None:
    script = "\n".join(step.get("run", "") for step in ACTION["runs"]["steps"])

    calls = re.findall(r"bin/python\"? +(\S+)", script)
    assert calls == ["-I"] * 3
    assert REVIEWBOT[1] == "-I"
