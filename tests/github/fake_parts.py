"""What the fake GitHub is made of: pull requests, refusals, troubles."""

from dataclasses import dataclass, field
from typing import Any


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, message: str, *, errors: Any = None, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message, "documentation_url": "https://docs.github.com/rest"}
        if errors is not None:
            self.body["errors"] = errors
        self.headers = {key.replace("_", "-"): value for key, value in headers.items()}


@dataclass
class Trouble:
    """Something that goes wrong, once: before the request is carried out, or after."""

    verb: str
    part: str  # of the path
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "Server Error"
    after: bool = False  # it is carried out, and the answer is lost


@dataclass
class Pull:
    """A pull request between commits of the repository."""

    number: int
    head: str
    base: str
    head_repo: str | None = "o/r"
    branch: str = "topic"
    state: str = "open"
    body: str = ""
    login: str = "dev"
    labels: list[str] = field(default_factory=list)
    changed_files: int | None = None

    def answer(self, url: str, count: int) -> dict[str, Any]:
        """Return what the API says of it."""
        return {
            "url": f"{url}/repos/o/r/pulls/{self.number}",
            "issue_url": f"{url}/repos/o/r/issues/{self.number}",
            "number": self.number,
            "state": self.state,
            "changed_files": count,
            "body": self.body,
            "user": {"login": self.login, "type": "Bot" if "[bot]" in self.login else "User"},
            "labels": [{"name": name} for name in self.labels],
            "head": {
                "ref": self.branch,
                "sha": self.head,
                "repo": self.head_repo and {"full_name": self.head_repo},
            },
            "base": {"ref": "main", "sha": self.base, "repo": {"full_name": "o/r"}},
        }
