"""`reviewbot lsp` where no editor can be served, and what it keeps between two documents."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from reviewbot.app import warm as module
from reviewbot.app.warm import MODEL_SETTINGS, Warm
from reviewbot.cli import main
from reviewbot.config.schema import Settings
from reviewbot.encoders.states import HiddenStates
from reviewbot.lsp.check import Reader
from reviewbot.lsp.document_queue import Document, Stale
from reviewbot.server.client import RemoteEncoder
from tests.authorship.repos import Repo, repo_at
from tests.bare import reviewbot
from tests.cli.small import ByteEncoder, environ, write_artifact

BASE = "one = 1\ntwo = 2\nthree = 3\n"  # a.py of repo_at
RISKY = "a_long_name = another + one\n"


def nothing() -> None:
    """A document that is still wanted."""


def quiet(_step: str) -> None:
    """A clock that nobody looks at."""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return repo_at(tmp_path / "repo")


@pytest.fixture
def flags(tmp_path: Path) -> dict[str, str]:
    return {"artifact": str(write_artifact(tmp_path / "artifact")), "line_cache": "0"}


def test_without_its_extra_it_is_two_lines_that_name_it() -> None:
    done = reviewbot("lsp", without=["pygls"])

    assert done.returncode == 4
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "error: no editor is served: not installed: pygls",
        "  fix: pip install 'reviewbot-risk[lsp]'",
    ]


def test_a_wrong_flag_is_told_before_an_editor_says_hello() -> None:
    done = reviewbot("lsp", "--max-risk", "2", without=[])

    assert (done.returncode, done.stdout) == (2, "")
    assert "max-risk" in done.stderr


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("redirection", "why"),
    [
        ("", "stdin is a terminal"),
        ("<&-", "stdin is closed"),
        ("</dev/null", "stdin ended before the editor sent `initialize`"),
        ("<<<hello", "stdin ended before the editor sent `initialize`"),
        ("0>/dev/null", "stdin cannot be read: Bad file descriptor"),
    ],
)
def test_without_an_editor_on_stdin_it_says_why_none_is_served(redirection: str, why: str) -> None:
    outer, inner = os.openpty()
    done = subprocess.run(
        ["bash", "-c", f'exec "$0" -m reviewbot lsp {redirection}', sys.executable],
        stdin=inner,
        env=environ(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    os.close(outer)
    os.close(inner)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        f"error: no editor is served: {why}",
        "  fix: let the editor start `reviewbot lsp`",
    ]


def test_every_setting_that_makes_another_model_is_a_flag_of_serve() -> None:
    text = CliRunner().invoke(main, ["serve", "--help-all"]).stdout

    assert all(f"--{key}" in text for key in MODEL_SETTINGS)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of threads that each model was loaded for."""
    threads: list[int] = []

    def load(settings: Settings, *_: object) -> ByteEncoder:
        threads.append(settings.threads)
        return ByteEncoder()

    monkeypatch.setattr(module, "load_model", load)
    return threads


def test_the_artifact_and_the_model_are_loaded_once(
    repo: Repo, flags: dict[str, str], loaded: list[int]
) -> None:
    reader = Reader({}, flags, nothing)
    for version in range(3):
        answer = reader.read(Document("u", version, repo.root / "a.py", RISKY * (version + 1)))
        assert answer.diagnostics[0].code == "risky-line"
    reader.read(Document("u", 4, repo.root / "a.py", BASE))

    assert len(loaded) == 1


def test_no_model_is_loaded_for_a_document_that_adds_no_code(
    repo: Repo, flags: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "load_model", lambda *_: pytest.fail("loaded for nothing"))
    reader = Reader({}, flags, nothing)

    for name, text in (("a.py", BASE), ("b.py", "\n\n"), ("c.md", "x\n")):
        assert reader.read(Document("u", 1, repo.root / name, text)).diagnostics == ()


def test_other_settings_are_another_model_and_a_failure_loads_anew(
    flags: dict[str, str], loaded: list[int]
) -> None:
    warm = Warm()
    one, two = Settings(artifact=flags["artifact"]), Settings(artifact=flags["artifact"], threads=2)
    artifact = warm.artifacts(one).first
    for settings in (one, one, two, two):
        warm.encoder(settings, artifact, quiet)
    assert warm.artifacts(two).first is artifact
    warm.forget()
    warm.encoder(two, artifact, quiet)

    assert loaded == [0, 2, 2]
    assert warm.artifacts(two).first is not artifact


def test_a_servers_model_is_asked_for_each_time(
    flags: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[object] = []

    def load(_settings: Settings, artifact: object, _clock: object) -> object:
        loaded.append(artifact)
        return RemoteEncoder.__new__(RemoteEncoder)

    monkeypatch.setattr(module, "load_model", load)
    warm, settings = Warm(), Settings(artifact=flags["artifact"])
    for _ in range(2):
        warm.encoder(settings, warm.artifacts(settings).first, quiet)

    assert len(loaded) == 2


def test_reading_stops_between_two_forward_passes(
    repo: Repo, flags: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[int] = []

    class Counted(ByteEncoder):
        def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
            passes.append(len(ids))
            return super().states(ids, first)

    def wanted() -> None:
        if passes:
            raise Stale

    monkeypatch.setattr(module, "load_model", lambda *_: Counted())
    reader = Reader({}, flags, wanted)
    with pytest.raises(Stale):
        reader.read(Document("u", 1, repo.root / "b.py", RISKY * 2_000))

    assert len(passes) == 1


def test_a_commit_while_a_document_is_read_is_noticed(
    repo: Repo, flags: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = BASE + RISKY
    ours = Document("u", 1, repo.root / "a.py", text)

    class Committing(ByteEncoder):
        def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
            repo.commit("while it is read", {"a.py": text})
            return super().states(ids, first)

    monkeypatch.setattr(module, "load_model", lambda *_: Committing())
    reader = Reader({}, flags, nothing)
    during = reader.read(ours)
    after = reader.read(ours)

    assert (len(during.diagnostics), during.is_outdated()) == (1, True)
    assert (after.diagnostics, after.is_outdated()) == ((), False)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("linked", [False, True])
def test_commits_are_noticed_also_without_reflogs_and_settings_too(
    repo: Repo, flags: dict[str, str], tmp_path: Path, packed: bool, linked: bool
) -> None:
    repo.git("config", "core.logAllRefUpdates", "false")
    if linked:
        repo.git("worktree", "add", "-q", "-b", "beside", str(tmp_path / "linked"))
        repo = Repo(tmp_path / "linked")
    if packed:
        repo.git("pack-refs", "--all")
    reader = Reader({}, flags, nothing)
    ours = Document("u", 1, repo.root / "a.py", BASE)
    answer = reader.read(ours)
    assert answer.is_outdated() is False

    repo.commit("a commit", {})
    assert answer.is_outdated() is True

    answer = reader.read(ours)
    repo.git("checkout", "-q", "--detach")
    assert answer.is_outdated() is True

    answer = reader.read(ours)
    assert answer.is_outdated() is False
    repo.write({".reviewbot.toml": "max-risk = 0.5\n"})
    assert answer.is_outdated() is True


def test_a_temporary_directory_that_cannot_be_written_is_told(
    repo: Repo, flags: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryDirectory", full)
    answer = Reader({}, flags, nothing).read(Document("u", 1, repo.root / "a.py", RISKY))

    (found,) = answer.diagnostics
    assert found.message == "not read in full: nothing was checked: No space left on device"
    assert answer.failure.endswith("  fix: free some disk space")
