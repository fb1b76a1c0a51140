"""Our entry in `.pre-commit-config.yaml`: the user's bytes stay, and YAML agrees on the rest."""

import re
from pathlib import Path
from typing import Any

import pytest

from reviewbot.app.pre_commit import has_hooks, new_file, with_hooks

ROOT = Path(__file__).parents[2]
SAMPLE = """\
# See https://pre-commit.com for more information
repos:
-   repo: https://github.com/pre-commit/pre-commit-hooks
    rev: v3.2.0
    hooks:
    -   id: trailing-whitespace
    -   id: check-yaml
"""
PROJECT = """\
---
default_install_hook_types: [pre-commit, pre-push]
repos:  # ours
  # the usual ones
  - repo: https://github.com/astral-sh/ruff-pre-commit
    rev: v0.9.0
    hooks:
      - id: ruff
        exclude: |
          (?x)^(
            a/.*|
            # not b
            b/.*
          )$

  - repo: local
    hooks:
      - id: x
        name: x
        entry: x
        language: system
        files: |
          (?x)
          # the last line of a block scalar

  # - repo: https://example.org/later

# what the service does
ci:
  autofix_prs: false
"""
SHAPES = {
    "sample": SAMPLE,
    "project": PROJECT,
    "no last newline": SAMPLE.rstrip(),
    "CRLF": PROJECT.replace("\n", "\r\n"),
    "blank lines at the end": SAMPLE + "\n\n",
    "a key before and after": "fail_fast: true\n" + SAMPLE + "exclude: '^a'\n",
    "wide": "repos:\n    - repo: local\n      hooks:\n          - {id: a}\n      # - id: b\n",
    "a comment of the next key": SAMPLE + "# about ci\nci: {}\n",
}
UNKNOWN = {
    "empty": "",
    "no repos": "ci: {}\n",
    "flow": "repos: []\n",
    "flow items": "repos:\n  - {repo: local, hooks: []}\n",
    "nothing below": "repos:\n\nci: {}\n",
    "old list": "- repo: local\n  hooks: []\n",
    "two": SAMPLE + SAMPLE,
    "two documents": SAMPLE + "---\na: 1\n",
    "document in front": "a: 1\n---\n" + SAMPLE,
    "tab": "repos:\n- repo: local\n\thooks: []\n",
    "flow at the margin": "repos:\n- repo: local\n  hooks: [\n]\n",
    "quoted key": '"repos":\n- repo: local\n  hooks: []\n',
    "mixed line ends": SAMPLE.replace("\n", "\r\n", 1),
    "blank lines count": SAMPLE + "    -   id: a\n        args: |+\n          x\n\n\nci: {}\n",
    "entries of two depths": "repos:\n  - repo: a\n    hooks: []\n - repo: b\n",
    "byte order mark": "\ufeff" + SAMPLE,
}


def loaded(text: str) -> Any:
    yaml = pytest.importorskip("yaml", reason="PyYAML (of pre-commit) is not installed")
    return yaml.safe_load(text)


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_the_entry_is_added_after_the_last_one_and_nothing_else_changes(text: str) -> None:
    after = with_hooks(text)

    assert after is not None
    newline = "\r\n" if "\r\n" in text else "\n"
    own, lines = text.split(newline), after.split(newline)
    at = next(number for number, line in enumerate(lines) if "example.org/reviewbot" in line)
    assert lines[:at] + (lines[at + 5 :] if len(own) > at else []) == own
    (entry,) = loaded(new_file())["repos"]
    before = loaded(text)
    assert loaded(after) == {**before, "repos": [*before["repos"], entry]}
    assert has_hooks(after)


def test_the_entry_has_the_indentation_of_the_others() -> None:
    assert str(with_hooks(SAMPLE)).removeprefix(SAMPLE).splitlines()[:4] == [
        "-   repo: https://example.org/reviewbot   # where you have it from",
        re.search("rev: .*", new_file())[0].rjust(15),  # type: ignore[index]
        "    hooks:",
        "    -   id: reviewbot           # before a push: pre-commit install -t pre-push",
    ]


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN)
def test_another_shape_is_not_touched(text: str) -> None:
    assert with_hooks(text) is None


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("- repo: https://example.org/a/reviewbot", True),
        ("      - id: reviewbot-staged", True),
        ("  - {id: x, entry: reviewbot check}", True),
        ("# - repo: https://example.org/a/reviewbot", False),
        ("        files: ^reviewbot/", False),
        ("- repo: https://example.org/a/myreviewbots", False),
    ],
)
def test_reviewbot_is_found_where_a_hook_runs_it(line: str, found: bool) -> None:
    assert has_hooks(f"repos:\n{line}\n") is found


def test_the_docs_show_the_file_that_init_writes() -> None:
    assert f"```yaml\n{new_file()}```\n" in (ROOT / "docs/hooks.md").read_text("utf-8")
