"""A pull request without a checkout: the diff is assembled from GitHub's list of files.

GitHub lists at most 3,000 files, and gives no patch of binary and very large files. Those become
binary files here, so that the coverage is incomplete if they are code.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from reviewbot.git.changes import ChangeRequest
from reviewbot.github.client import GitHubApi, ListedFile, Pull

NO_FILE = "/dev/null"
EMPTY = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # git's name of a file without content
COMPARED = ("modified", "changed", "renamed", "copied")  # perhaps with only a new mode or name
CONTENT = ("added", *COMPARED)
MAX_COMPARED = 200  # files whose contents are compared
MAX_BYTES = 1_000_000  # above that GitHub sends no content


def diff_of(files: Sequence[ListedFile], same: Collection[str] = ()) -> str:
    """Return the files as one unified diff, as git would write it.

    same  paths whose content has not changed, only their mode
    """
    return "".join(
        _section(file, file.path in same) for file in files if file.status != "unchanged"
    )


def _section(file: ListedFile, same: bool) -> str:
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
    elif file.added or file.removed or (file.status in CONTENT and not same):
        # Without a patch, the content of a renamed file may have changed.
        here = NO_FILE if file.status == "added" else old
        there = NO_FILE if file.status == "removed" else new
        lines.append(f"Binary files {here} and {there} differ")
    elif file.status == "added":
        lines.append(f"index 0000000..{EMPTY[:7]}")
    elif file.status == "removed":
        lines.append(f"index {EMPTY[:7]}..0000000")
    elif file.status in ("renamed", "copied"):
        lines.insert(1, "similarity index 100%")
    else:
        lines[1:] = ["old mode 100644", "new mode 100755"]
    return "\n".join(lines) + "\n"


def _quoted(path: str) -> str:
    """Quote a path as git does, if it must."""
    if path.isprintable() and '"' not in path and "\\" not in path:
        return path
    raw = path.encode("utf-8", "surrogatepass")
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}" for byte in raw
    )
    return f'"{escaped}"'


def numstat_of(
    files: Sequence[ListedFile], same: Collection[str] = ()
) -> dict[str, tuple[int, int] | None]:
    """Return GitHub's line counts of each file; None if it shows no lines."""
    return {
        file.path: (file.added, file.removed) if file.patch or file.path in same else None
        for file in files
    }


def _same(api: GitHubApi, files: Sequence[ListedFile], base: str, head: str) -> set[str]:
    """Return the paths of files whose content did not change: empty, a new mode or name.

    GitHub lists them like binary files: without a patch, no lines added or removed.
    """
    bare = [file for file in files if not (file.patch or file.added or file.removed)]
    same = {file.path for file in bare if file.blob == EMPTY}
    for file in [f for f in bare if f.status in COMPARED and f.path not in same][:MAX_COMPARED]:
        there = api.content(file.base_path or file.path, base, MAX_BYTES)
        if there is None or len(there) > MAX_BYTES:
            continue
        if there == api.content(file.path, head, MAX_BYTES):
            same.add(file.path)
    return same


def remote_request(api: GitHubApi, pull: Pull, root: Path) -> tuple[ChangeRequest, int]:
    """Return a pull request as a change, and how many of its files GitHub does not list."""
    files = api.files(pull.number)
    base = api.merge_base(pull.base, pull.head)
    same = _same(api, files, base, pull.head)
    request = ChangeRequest(
        root=root,
        base=base,
        head=pull.head,
        diff=diff_of(files, same),
        numstat=numstat_of(files, same),
        branch=pull.signals.branch,
    )
    return request, max(0, pull.changed_files - len(files))
