"""Labelled changes -> the lines that `check` would read, by the same code.

The changes become commits of a temporary bare repository, two or three each: base, head, and the
head with the wrong lines corrected.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reviewbot.app.load_change import ChangeSource, attributes_of, load_change
from reviewbot.app.select_lines import code_files, select
from reviewbot.config.schema import Settings
from reviewbot.errors import EnvironmentFailure, UsageError
from reviewbot.git.changes import between
from reviewbot.git.process import complaint, git, start
from reviewbot.git.repository import Repository, open_repository
from reviewbot.scoring.line_features import CodeFile
from reviewbot.train.changes import LabelledChange
from reviewbot.train.corrections import Corrections, compare

ELSEWHERE = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"}
_AUTHOR = b"A <a@example.com> 1 +0000"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A labelled change as `check` sees it."""

    change: LabelledChange
    files: tuple[CodeFile, ...]  # those with a wanted line
    corrections: Mapping[str, Corrections]  # by path, where the file has any
    description: str  # subjects of its commits

    @property
    def corrected(self) -> tuple[CodeFile, ...]:
        """The corrected files; wanted are the lines that differ or that a pair needs."""
        return tuple(one.file for one in self.corrections.values() if one.file.wanted)


def replay(changes: Sequence[LabelledChange], settings: Settings) -> Iterator[Replayed]:
    """Yield every change as `check` would see it with these settings.

    raises  EnvironmentFailure if git fails
    """
    with tempfile.TemporaryDirectory(prefix="reviewbot-") as directory:
        repo, commits = _repository(Path(directory), changes)
        for change, (base, head, fixed) in zip(changes, commits, strict=True):
            files, description = _wanted(repo, base, head, settings)
            corrections = {}
            if fixed:
                after, _ = _wanted(repo, base, fixed, settings)
                corrections = _corrections(change, files, after)
            yield Replayed(change, files, corrections, description)


def _wanted(
    repo: Repository, base: str, head: str, settings: Settings
) -> tuple[tuple[CodeFile, ...], str]:
    request = between(repo, base, head)
    change = load_change(ChangeSource(request=request, settings=settings, root=Path(repo.top)))
    files = code_files(select(change, attributes_of(change)))
    return tuple(files), "\n".join(request.subjects)


def _corrections(
    change: LabelledChange, files: Sequence[CodeFile], after: Sequence[CodeFile]
) -> dict[str, Corrections]:
    before = {file.path: file for file in files}
    known = {file.path for file in change.files if file.corrected is not None}
    return {
        file.path: compare(before[file.path], file, change.labels)
        for file in after
        if file.path in known and file.path in before
    }


def _repository(
    directory: Path, changes: Sequence[LabelledChange]
) -> tuple[Repository, list[tuple[str, str, str | None]]]:
    """Make the commits: for each change base, head, and the corrected head if there is one."""
    if elsewhere := sorted(ELSEWHERE & os.environ.keys()):
        raise UsageError(
            f"{elsewhere[0]} is set, so git would read another repository; nothing was read",
            fix=f"unset {elsewhere[0]}",
        )
    stream, marks = directory / "stream", directory / "marks"
    with stream.open("wb") as file:
        for number, change in enumerate(changes):
            file.writelines(_commits(3 * number + 1, change))
    git(directory, "init", "--quiet", "--bare", ".")
    with stream.open("rb") as source, (directory / "errors").open("w+b") as errors:
        flags = ("--quiet", f"--export-marks={marks}")
        process = start(
            directory, "fast-import", *flags, stdin=source.fileno(), stderr=errors.fileno()
        )
        process.communicate()
        errors.seek(0)
        problem = errors.read(10_000).decode("utf-8", "replace")
    if process.returncode:
        raise EnvironmentFailure(
            f"git could not take the labelled changes, nothing was read: {complaint(problem)}",
            fix="check the paths of the files, and the space in the temporary directory",
        )
    stream.unlink()
    names = dict(line.split(" ") for line in marks.read_text(encoding="ascii").splitlines())
    of = [[names.get(f":{3 * n + k}") for k in (1, 2, 3)] for n in range(len(changes))]
    repo = open_repository(directory, needs_worktree=False)
    return repo, [(str(base), str(head), fixed) for base, head, fixed in of]


def _commits(mark: int, change: LabelledChange) -> Iterator[bytes]:
    """Write the commits of a change in the format of `git fast-import`."""
    bases = {
        file.base_path or file.path: file.base for file in change.files if file.base is not None
    }
    heads = {file.path: file.head for file in change.files}
    fixed = {file.path: file.corrected for file in change.files if file.corrected is not None}
    message = change.message.encode()
    yield b"reset refs/heads/change\n\n"
    yield from _commit(mark, b"base", None, bases)
    yield from _commit(mark + 1, message, mark, heads)
    if fixed:
        yield from _commit(mark + 2, message, mark, heads | fixed)


def _commit(
    mark: int, message: bytes, parent: int | None, files: Mapping[str, str]
) -> Iterator[bytes]:
    yield b"commit refs/heads/change\nmark :%d\ncommitter %s\n" % (mark, _AUTHOR)
    yield b"data %d\n%s\n" % (len(message), message)
    if parent is not None:
        yield b"from :%d\ndeleteall\n" % parent
    for path, text in files.items():
        data = text.encode()
        quoted = path.replace("\\", "\\\\").replace('"', '\\"').encode()
        yield b'M 100644 inline "%s"\ndata %d\n%s\n' % (quoted, len(data), data)
    yield b"\n"
