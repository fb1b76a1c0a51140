"""A change does not choose the attributes that it is read with: those of the base count."""

import subprocess
from pathlib import Path

import pytest

from reviewbot.git.attributes import attributes
from reviewbot.git.changes import ChangeRequest, between, collect
from reviewbot.git.repository import open_repository
from tests.git.test_changes import _own_configuration, added, commit, git, play, repo

__all__ = ["_own_configuration", "repo"]
HIDE = "*.py -diff\n"
LINES = "".join(f"line {number} of a file that is moved\n" for number in range(20))


@pytest.fixture
def hiding(repo: Path) -> ChangeRequest:
    """What a range holds before anything hides its lines; topic hides them from then on."""
    git(repo, "checkout", "-q", "-f", "topic")
    commit(repo, "four", old_py=LINES)
    (repo / "sub").mkdir()
    play(repo, "branch -qf main topic; mv old.py new.py; write sub/g.py g")
    commit(repo, "five", f_py="a\nb\nc\n", new_py=LINES + "more\n")
    plain = collect(repo, "main..topic")
    assert sorted(added(plain)) == ["c", "g", "more"]
    return plain


def hide(root: Path) -> str:
    (root / "sub" / ".gitattributes").write_text("*.py binary\n")
    return commit(root, "six", **{".gitattributes": HIDE})


def code_of(request: ChangeRequest) -> dict[str, tuple[int, int] | None]:
    return {path: n for path, n in request.numstat.items() if path.endswith(".py")}


@pytest.mark.parametrize("out", ["topic", "main"])
def test_lines_of_a_range_cannot_be_hidden_by_its_head(
    repo: Path, hiding: ChangeRequest, out: str
) -> None:
    hide(repo)
    git(repo, "checkout", "-q", out)

    found = collect(repo, "main..topic")

    assert code_of(found) == hiding.numstat
    assert set(added(found)) == {"c", "g", "more", HIDE.strip(), "*.py binary"}


@pytest.mark.parametrize("stage", [False, True])
def test_nor_by_a_file_that_is_not_committed(
    repo: Path, hiding: ChangeRequest, stage: bool
) -> None:
    (repo / ".gitattributes").write_text(HIDE)
    if stage:
        git(repo, "add", ".gitattributes")
        (repo / ".gitattributes").unlink()

    assert collect(repo, "main..topic") == hiding
    assert between(open_repository(repo), hiding.base, hiding.head, "topic") == hiding


def test_nor_in_a_linked_or_a_bare_checkout(
    repo: Path, hiding: ChangeRequest, tmp_path: Path
) -> None:
    hide(repo)
    git(repo, "checkout", "-q", "main")
    git(repo, "worktree", "add", "-q", "../linked", "topic")
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare")

    for place in ("linked", "bare"):
        assert code_of(collect(tmp_path / place, "main..topic")) == hiding.numstat


def test_nor_where_a_hook_names_repository_and_index(
    repo: Path, hiding: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(repo)
    monkeypatch.chdir(repo)
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")

    assert code_of(collect(repo, "main..topic")) == hiding.numstat


def test_the_first_commits_do_not_choose_their_own_either(repo: Path) -> None:
    (repo / "f.py").write_text("a\n")
    head = commit(repo, "all", **{".gitattributes": HIDE})

    assert code_of(between(open_repository(repo), None, head)) == {"f.py": (1, 0)}


def test_what_the_base_hides_stays_hidden_and_the_head_cannot_show_it(repo: Path) -> None:
    (repo / "sub").mkdir()
    commit(repo, "hide", **{"sub/.gitattributes": HIDE, "sub/g.py": "g\n"})
    git(repo, "branch", "-qf", "main", "topic")
    git(repo, "rm", "-q", "sub/.gitattributes")
    commit(repo, "show", **{"sub/g.py": "g\nmore\n"})

    assert code_of(collect(repo, "main..topic")) == {"sub/g.py": None}


def test_the_users_own_attributes_count(repo: Path) -> None:
    (repo / ".git" / "info").mkdir(exist_ok=True)
    (repo / ".git" / "info" / "attributes").write_text(HIDE)

    assert collect(repo, "main..topic").numstat == {"f.py": None}


def test_attributes_are_read_from_the_working_tree_or_from_a_commit(repo: Path) -> None:
    (repo / ".gitattributes").write_text(
        "gen/** linguist-generated\nven/** linguist-vendored=true\nf.py -linguist-generated\n"
    )
    paths = ["gen/a.py", "ven/a.py", "f.py", "odd\nname"]

    here = {
        "gen/a.py": {"linguist-generated"},
        "ven/a.py": {"linguist-vendored"},
        "f.py": {"-linguist-generated"},
        "odd\nname": set(),
    }
    opened = open_repository(repo)
    assert attributes(opened, paths) == here
    assert attributes(opened, paths, commit="HEAD") == {path: set() for path in paths}
    commit(repo, "attributes")
    assert attributes(open_repository(repo), paths, commit="HEAD") == here
    assert attributes(opened, []) == {}


def test_a_name_that_no_file_system_takes_stops_no_check(repo: Path) -> None:
    def made(*args: str, given: str) -> str:
        done = subprocess.run(
            ["git", *args], cwd=repo, input=given.encode(), capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    blob = made("hash-object", "-w", "--stdin", given="*.py -diff\n")
    inner = made("mktree", given=f"100644 blob {blob}\t.gitattributes\n")
    tree = made("mktree", given=f"040000 tree {inner}\t{'d' * 300}\n")

    assert attributes(open_repository(repo), ["a.py"], tree) == {"a.py": frozenset()}
