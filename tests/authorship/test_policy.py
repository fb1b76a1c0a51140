"""Whose lines are read and counted: the gate on real repositories, with marks that may lie."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from reviewbot.cli import main
from reviewbot.report.json_v1 import schema
from tests.authorship.repos import CLAUDE, Repo, note_text
from tests.cli.small import ByteEncoder, write_artifact

LONG = "value = compute(first, second, third) + other(fourth, fifth)\n"
HUMAN = note_text(
    "h.py\n  h_31dce776f88375 1", humans={"h_31dce776f88375": {"author": "Jane <jane@x.org>"}}
)


@pytest.fixture(autouse=True)
def _small_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REVIEWBOT_ARTIFACT", str(write_artifact(tmp_path / "artifact")))
    monkeypatch.setattr("reviewbot.app.check.load_model", lambda *_: ByteEncoder())


def check(repo: Repo, *args: str) -> Any:
    result = CliRunner().invoke(
        main,
        [
            "check",
            "main..topic",
            "--root",
            str(repo.root),
            "--format=json",
            "--fail-on=critical",
            *args,
        ],
    )
    assert result.exit_code in (0, 1, 3), result.output
    found = json.loads(result.stdout)
    jsonschema.validate(found, schema())
    return found


def read(found: Any) -> list[str]:
    """The files of which a line was scored."""
    return [f["path"] for f in found["files"] if f["lines"][0]["status"] == "scored"]


@pytest.fixture
def authored(repo: Repo) -> Repo:
    """A change of risky lines: ai.py by an agent, h.py by an attested human, u.py by nobody."""
    repo.commit(f"AI\n\n{CLAUDE}", {"ai.py": LONG})
    repo.note(repo.commit("human", {"h.py": LONG}), HUMAN)
    repo.commit("unknown", {"u.py": LONG})
    return repo


def test_by_default_all_is_read_and_its_authors_are_in_the_report(authored: Repo) -> None:
    found = check(authored)

    authors = {f["path"]: f["lines"][0]["author"]["kind"] for f in found["files"]}
    assert authors == {"ai.py": "ai", "h.py": "human", "u.py": "unknown"}
    assert read(found) == ["ai.py", "h.py", "u.py"]
    assert found["authors"]["ai"] == {"lines": 1, "tools": {"claude": 1}}
    assert (found["policy"]["scope"], found["policy"]["gate_scope"]) == ("all", "all")


@pytest.mark.parametrize(
    ("args", "files"),
    [
        (["--scope=ai"], ["ai.py"]),
        (["--scope=ai+unknown"], ["ai.py", "h.py", "u.py"]),  # a human's mark may be forged
        (["--scope=ai+unknown", "--trust-human"], ["ai.py", "u.py"]),
        (["--scope=ai", "--unknown-as-ai=u.*"], ["ai.py", "u.py"]),
        (["--scope=ai", "--unknown-as-ai=h.*"], ["ai.py", "h.py"]),
        (["--scope=ai", "--unknown-as-ai=*", "--trust-human"], ["ai.py", "u.py"]),
        (["--scope=ai", "--assume=ai"], ["ai.py", "h.py", "u.py"]),
        (["--scope=ai", "--assume=ai", "--trust-human"], ["ai.py", "h.py", "u.py"]),
    ],
)
def test_the_scope_says_which_lines_are_read(
    authored: Repo, args: list[str], files: list[str]
) -> None:
    found = check(authored, *args)

    assert read(found) == files
    skipped = 3 - len(files)
    assert found["ledger"]["by_reason"].get("author out of scope", 0) == skipped
    assert found["ledger"]["added"] == 3
    assert any("refs/notes/ai" in n or "git-ai notes" in n for n in found["notes"])


def test_the_gates_scope_says_which_lines_can_block_and_all_are_shown(authored: Repo) -> None:
    found = check(authored, "--gate-scope=ai")

    assert read(found) == ["ai.py", "h.py", "u.py"]
    assert len(found["findings"]) == 3
    assert {file["path"]: file["lines"][0]["standing"] for file in found["files"]} == {
        "ai.py": "above",
        "h.py": "not counted",
        "u.py": "not counted",
    }
    assert found["verdict"]["reasons"] == [
        "1 line is critical (fail-on critical, 0 allowed),"
        " not counting 2 (of authors outside the gate's scope)"
    ]


def test_a_forged_attestation_does_not_take_an_agents_line_out_of_scope(repo: Repo) -> None:
    commit = repo.commit(f"AI\n\n{CLAUDE}", {"h.py": LONG})
    repo.note(commit, HUMAN)

    found = check(repo, "--scope=ai", "--trust-human")

    assert found["files"][0]["lines"][0]["author"]["kind"] == "human"
    assert read(found) == ["h.py"]


def test_a_note_that_cannot_be_read_does_not_take_a_line_out_of_scope(repo: Repo) -> None:
    repo.note(repo.commit("x", {"h.py": LONG}), "garbage")

    found = check(repo, "--scope=ai")

    assert read(found) == ["h.py"]
    assert found["verdict"]["exit_code"] == 1


def test_another_bots_name_does_not_take_a_line_out_of_scope(repo: Repo) -> None:
    bot = ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com")
    repo.commit("Bump x", {"h.py": LONG}, author=bot)

    assert read(check(repo, "--scope=ai+unknown")) == ["h.py"]
    assert read(check(repo, "--scope=ai+unknown", "--trust-human")) == []


@pytest.mark.parametrize(
    ("head", "files"), [("o/r", []), ("someone/r", ["h.py"]), (None, ["h.py"])]
)
def test_on_a_fork_nobody_is_trusted_whatever_the_settings_say(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: str | None, files: list[str]
) -> None:
    repo.note(repo.commit("human", {"h.py": LONG}), HUMAN)
    event = {
        "pull_request": {
            "head": {"ref": "x", "repo": head and {"full_name": head}},
            "base": {"repo": {"full_name": "o/r"}},
        }
    }
    (tmp_path / "event.json").write_text(json.dumps(event))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))

    assert read(check(repo, "--scope=ai+unknown", "--trust-human")) == files


def test_in_a_workflow_that_tells_of_no_pull_request_nobody_is_trusted(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.note(repo.commit("human", {"h.py": LONG}), HUMAN)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    assert read(check(repo, "--scope=ai+unknown", "--trust-human")) == ["h.py"]


def test_a_change_with_nothing_in_scope_passes_and_says_what_was_not_read(
    repo: Repo,
) -> None:
    repo.commit("x", {"u.py": LONG})

    found = check(repo, "--scope=ai")

    assert found["verdict"]["status"] == "pass"
    assert found["ledger"]["by_reason"] == {"author out of scope": 1}
    assert found["model"]["dtype"] == "none"


RULES = """
[[rule]]
paths = ["gen/**"]
author = "automation"
tool = "protoc"

[[rule]]
authors = ["*@agents.example"]
author = "ai"
tool = "in-house"

[[rule]]
trailers = ["X-Model: gpt*", "X-Agent"]
author = "ai"

[[rule]]
paths = ["*.py"]
authors = ["jane@example.org"]
author = "human"
"""


def test_rules_of_the_base_name_authors(repo: Repo) -> None:
    repo.git("checkout", "-q", "main")
    repo.commit("rules", {".reviewbot-authors.toml": RULES})
    repo.git("checkout", "-q", "-B", "topic")
    repo.commit("x", {"gen/x.py": "a\n"})
    repo.commit("x", {"b.py": "a\n"}, author=("Bot", "one@Agents.example"))
    repo.commit("x\n\nX-Model: GPT-9", {"c.py": "a\n"})
    repo.commit("x\n\nX-Model: other", {"d.py": "a\n"})
    repo.commit("x\n\nX-Agent: any", {"e.py": "a\n"})
    repo.commit("x", {"f.py": "a\n", "f.txt": "a\n"}, author=("Jane", "jane@example.org"))

    found = check(repo)

    authors = {f["path"]: f["lines"][0]["author"] for f in found["files"]}
    assert {path: (a["kind"], a["tool"]) for path, a in authors.items()} == {
        "gen/x.py": ("automation", "protoc"),
        "b.py": ("ai", "in-house"),
        "c.py": ("ai", None),
        "d.py": ("unknown", None),
        "e.py": ("ai", None),
        "f.py": ("human", None),
        "f.txt": ("unknown", None),
    }
    assert authors["b.py"]["evidence"] == ["rule 2 of .reviewbot-authors.toml"]


@pytest.mark.parametrize("asked", ["--staged", "main..topic"])  # the working tree's, a commit's
def test_one_byte_order_mark_in_front_of_settings_and_rules_is_dropped(
    repo: Repo, asked: str
) -> None:
    files = {
        "pyproject.toml": "[tool.reviewbot]\nmin-lines = 7\n",
        ".reviewbot.toml": "top = 3\nmax-risk = 0.123\n",
        ".reviewbot-authors.toml": RULES,
    }
    repo.git("checkout", "-q", "main")
    repo.commit("settings", {name: f"\ufeff{text}" for name, text in files.items()})
    repo.git("checkout", "-q", "-B", "topic")
    repo.write({"gen/x.py": "a\n"})
    repo.git("add", "-A")
    if asked != "--staged":
        repo.commit("x", {})

    command = ["check", asked, "--root", str(repo.root), "--format", "json"]
    found = json.loads(CliRunner().invoke(main, command).stdout)

    assert (found["policy"]["min_lines"], found["policy"]["max_risk"]) == (7, 0.123)
    assert [file["lines"][0]["author"]["kind"] for file in found["files"]] == ["automation"]
    for name, text in files.items():  # a second one is a mistake in the file
        repo.write({name: f"\ufeff\ufeff{text}"})
        result = CliRunner().invoke(main, ["check", "--staged", "--root", str(repo.root)])
        assert (result.exit_code, name in result.stderr) == (2, True)
        repo.write({name: text})


def test_a_change_cannot_bring_its_own_rules(repo: Repo) -> None:
    repo.commit("x", {".reviewbot-authors.toml": RULES, "gen/x.py": "a\n"})

    found = check(repo)

    assert {f["lines"][0]["author"]["kind"] for f in found["files"]} == {"unknown"}


@pytest.mark.parametrize(
    "text",
    [
        "[[rule]",
        "x = 1",
        "rule = 3",
        "[[rule]]\nauthor = 'ai'",
        "[[rule]]\npaths = ['a']\nauthor = 'unknown'",
        "[[rule]]\npaths = 'a'\nauthor = 'ai'",
        "[[rule]]\npaths = ['a']\nauthor = 'ai'\nwhy = 1",
        "[[rule]]\npaths = ['a']\nauthor = 'ai'\ntool = 1",
        "\udcff",
    ],
)
def test_a_rule_file_that_is_none_is_an_error_of_two_lines(repo: Repo, text: str) -> None:
    repo.write({".reviewbot-authors.toml": text.encode("utf-8", "surrogateescape"), "b.py": "b\n"})

    result = CliRunner().invoke(main, ["who", "--root", str(repo.root)])

    assert result.exit_code == 2
    assert result.stdout == ""
    first, second = result.stderr.splitlines()
    assert first.startswith(
        "error: no author was looked for: .reviewbot-authors.toml cannot be used: "
    )
    assert second.startswith("  fix: ")
