"""The forge that hosts a repository, from the URL of its remote.

A URL can contain a password, so only its host is ever shown.
"""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from reviewbot.git.process import status
from reviewbot.git.repository import Repository

GITHUB = "GitHub"
GITLAB = "GitLab"
_FORGES = (  # name, domains, and the word in a host name of an own server ("gitlab.example.org")
    (GITHUB, ("github.com", "ghe.com"), "github"),
    (GITLAB, ("gitlab.com",), "gitlab"),
    ("Bitbucket", ("bitbucket.org",), "bitbucket"),
    ("Azure DevOps", ("dev.azure.com", "visualstudio.com"), "azure"),
    ("Forgejo", ("codeberg.org",), "forgejo"),
    ("Gitea", ("gitea.com",), "gitea"),
    ("SourceHut", ("sr.ht",), "sourcehut"),
)
_SCP = re.compile(r"(?:[^/@]*@)?([\w.-]{2,}):(?!//)")  # user@host:path; one letter is a drive


class Forge(NamedTuple):
    """Where a repository is hosted."""

    host: str  # lower case; "" for a path, or without a remote
    name: str  # "" if the host does not tell


def forge_of(url: str) -> Forge:
    """Return the forge that a remote's URL names. Pure."""
    host = ""
    if "://" in url:
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:  # a broken IPv6 address
            host = ""
    elif match := _SCP.match(url):
        host = match[1].lower()
    for name, domains, word in _FORGES:
        inside = any(host == domain or host.endswith(f".{domain}") for domain in domains)
        if inside or word in host.split("."):
            return Forge(host, name)
    return Forge(host, "")


def name_in(url: str) -> str:
    """Return "owner/name" of a remote's URL or path, or its last part; without user and host."""
    path = url.partition("://")[2].partition("/")[2] if "://" in url else _SCP.sub("", url)
    return "/".join(path.rstrip("/").removesuffix(".git").split("/")[-2:])


def name_of(repo: Repository) -> str:
    """Return the name of a repository: that in the URL of `origin`, else its directory's."""
    urls = repo.config("remote.origin.url")
    return name_in(urls[-1]) if urls else repo.top.resolve().name


def forge(repo: Repository) -> Forge:
    """Return the forge of the remote `origin`, else of the only remote.

    raises  EnvironmentFailure if git cannot list the remotes
    """
    remotes = repo.remotes
    name = "origin" if "origin" in remotes else remotes[0] if len(remotes) == 1 else ""
    if not name:
        return Forge("", "")
    # Unlike `git config`, this applies url.*.insteadOf ("gh:owner/name").
    code, out, _ = status(repo.top, "remote", "get-url", "--", name)
    return forge_of(out.decode("utf-8", "replace").strip()) if code == 0 else Forge("", "")
