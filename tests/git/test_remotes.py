"""Which forge a remote's URL means."""

from pathlib import Path

import pytest

from reviewbot.git.remotes import forge, forge_of, name_in
from reviewbot.git.repository import open_repository
from tests.git.test_changes import _own_configuration, git

__all__ = ["_own_configuration"]


@pytest.mark.parametrize(
    ("url", "host", "name"),
    [
        ("https://github.com/a/b.git", "github.com", "GitHub"),
        ("https://user:secret@GitHub.com/a/b", "github.com", "GitHub"),
        ("git@github.com:a/b.git", "github.com", "GitHub"),
        ("ssh://git@ssh.github.com:443/a/b.git", "ssh.github.com", "GitHub"),
        ("https://github.example.org/a/b", "github.example.org", "GitHub"),
        ("git@gitlab.example.org:a/b.git", "gitlab.example.org", "GitLab"),
        ("https://a@dev.azure.com/a/b/_git/c", "dev.azure.com", "Azure DevOps"),
        ("https://bitbucket.org/a/b", "bitbucket.org", "Bitbucket"),
        ("https://notgithub.com/a/b", "notgithub.com", ""),
        ("https://git.example.org/github.com/b", "git.example.org", ""),
        ("../there.git", "", ""),
        ("/srv/github.com:x/there.git", "", ""),
        ("C:\\there", "", ""),
        ("file:///srv/there.git", "", ""),
        ("https://[::1/a", "", ""),
    ],
)
def test_the_host_decides(url: str, host: str, name: str) -> None:
    assert forge_of(url) == (host, name)


def test_origin_wins_else_the_only_remote_and_short_names_are_expanded(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert forge(open_repository(tmp_path)).name == ""

    git(tmp_path, "config", "url.git@gitlab.com:.insteadOf", "gl:")
    git(tmp_path, "remote", "add", "a", "gl:a/b")
    assert forge(open_repository(tmp_path)).name == "GitLab"

    git(tmp_path, "remote", "add", "b", "git@github.com:a/b")
    assert forge(open_repository(tmp_path)).name == ""

    git(tmp_path, "remote", "rename", "b", "origin")
    assert forge(open_repository(tmp_path)).name == "GitHub"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://user:secret@github.com/o/n.git", "o/n"),
        ("git@gitlab.example.org:group/part/n.git", "part/n"),
        ("ssh://git@host:22/o/n/", "o/n"),
        ("/srv/git/n.git", "git/n"),
        ("n", "n"),
        ("https://secret@host", ""),
    ],
)
def test_the_name_of_a_repository_has_no_host_and_no_password(url: str, name: str) -> None:
    assert name_in(url) == name
