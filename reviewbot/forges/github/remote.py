"""A pull request without a checkout: the diff put together from GitHub's list of files.

GitHub lists 3,000 files at most, and gives no patch of binary files and of very large ones. Those
become binary files here, so that the coverage of code among them is incomplete, never silently
complete.
"""

from collections.abc import Sequence
from pathlib import Path

from reviewbot.forges.github.api import GitHubApi, ListedFile, Pull
from reviewbot.forges.request import ChangeRequest

NO_FILE = "/dev/null"


def diff_of(files: Sequence[ListedFile]) -> str:
    """Return the files as one unified diff, as git would write it."""
    return "".join(_section(file) for file in files)


def _section(file: ListedFile) -> str:
    base = file.base_path if file.status in ("renamed", "copied") else file.path
    old, new = _quoted(f"a/{base or file.path}"), _quoted(f"b/{file.path}")
    lines = [f"diff --git {old} {new}"]
    match file.status:
        case "added":
            lines.append("new file mode 100644")
        case "removed":
            lines.append("deleted file mode 100644")
        case "renamed" | "copied" as how if base:
            word = "rename" if how == "renamed" else "copy"
            lines += [f"{word} from {_quoted(base)}", f"{word} to {_quoted(file.path)}"]
    if file.patch:
        lines.append(f"--- {NO_FILE if file.status == 'added' else old}")
        lines.append(f"+++ {NO_FILE if file.status == 'removed' else new}")
        lines.append(file.patch)
    elif file.added or file.removed or file.status in ("added", "modified", "changed"):
        here = NO_FILE if file.status == "added" else old
        there = NO_FILE if file.status == "removed" else new
        lines.append(f"Binary files {here} and {there} differ")
    return "\n".join(lines) + "\n"


def _quoted(path: str) -> str:
    """Quote a path as git does where it has to."""
    if path.isprintable() and '"' not in path and "\\" not in path:
        return path
    raw = path.encode("utf-8", "surrogatepass")
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}" for byte in raw
    )
    return f'"{escaped}"'


def numstat_of(files: Sequence[ListedFile]) -> dict[str, tuple[int, int] | None]:
    """Return GitHub's own count of the lines of each file; None where it shows no lines."""
    return {file.path: (file.added, file.removed) if file.patch else None for file in files}


def remote_request(api: GitHubApi, pull: Pull, root: Path) -> tuple[ChangeRequest, int]:
    """Return a pull request as a change, and how many of its files GitHub does not list."""
    files = api.files(pull.number)
    request = ChangeRequest(
        root=root,
        base=api.merge_base(pull.base, pull.head),
        head=pull.head,
        diff=diff_of(files),
        numstat=numstat_of(files),
        branch=pull.signals.branch,
    )
    return request, max(0, pull.changed_files - len(files))
