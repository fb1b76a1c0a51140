"""Use case `map`: many changes of many repositories -> a directory with a report of each.

A result is named after all that decides its bytes and appears whole or not at all, so any number of
processes may work on a directory, and a run that was stopped goes on where it was.
"""

import hashlib
import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from reviewbot import __version__
from reviewbot.app.check import check_change
from reviewbot.app.failures import describe
from reviewbot.app.load_change import ChangeSource
from reviewbot.app.map_items import DIGITS, DOING, FIXED, Item, Share
from reviewbot.app.progress import say, untimed
from reviewbot.app.warm import Warm
from reviewbot.authorship.model import PullRequest
from reviewbot.config.choices import Surface
from reviewbot.config.load import load_settings
from reviewbot.config.schema import SETTINGS, settings_on
from reviewbot.errors import (
    EXIT_ENVIRONMENT,
    EnvironmentFailure,
    ReviewbotError,
    UsageError,
    os_fix,
)
from reviewbot.git.bases import settled
from reviewbot.git.changes import collect
from reviewbot.git.merged_changes import merged_changes
from reviewbot.git.remotes import name_of
from reviewbot.git.repository import Repository, open_repository
from reviewbot.models.cache import write_json
from reviewbot.report.json_v1 import json_v1

SCHEMA = "reviewbot-map/1"
# Not part of a result's name: the artifact's hash is, and says which model it needs.
UNNAMED = ("artifact", "model", "threads", "cache-dir")


class Scorer:
    """Scores one item after the other and keeps the model loaded."""

    def __init__(self, flags: Mapping[str, Any], root: Path, last: int) -> None:
        """Load the artifact. The files of the repositories are untrusted, and give no settings.

        flags   as of `check`; those of FIXED do not count
        root    directory that relative paths start from
        last    how many merged changes an item without a range means
        raises  UsageError for a wrong setting, ArtifactError
        """
        self._settings = load_settings(os.environ, {**flags, **FIXED})
        self._root, self._last, self._warm = root, last, Warm()
        self._artifacts = self._warm.artifacts(self._settings)
        named = [name for name in settings_on(Surface.CHECK) if name not in UNNAMED]
        values = [getattr(self._settings, SETTINGS[name].field) for name in named]
        text = json.dumps([__version__, self._artifacts.identity, *values])
        self.run = hashlib.sha256(text.encode("ascii")).hexdigest()

    def prepare(self) -> None:
        """Find the model, so that its absence stops a run and not each item.

        raises  what `load_model` raises
        """
        for artifact in filter(None, (self._artifacts.first, self._artifacts.deep)):
            self._warm.encoder(self._settings, artifact, untimed)

    def results(
        self, line: Item, is_done: Callable[[str], bool] = lambda _key: False
    ) -> Iterator[tuple[str, dict[str, Any] | None]]:
        """Yield key and result of each item of a line; None if `is_done` says True of its key.

        A result holds the item and its "report"; else an "error", with the "exit_code" of `check`.
        raises  what `prepare` raises
        """
        try:
            items = self._items(line)
        except Exception as exc:  # noqa: BLE001 - go on with the next repository
            yield line.key(self.run), self._failure(line, exc)
            return
        for item in items:
            key = item.key(self.run)
            if is_done(key):
                yield key, None
                continue
            self.prepare()
            try:
                report = self._report(item)
                value = {"schema": SCHEMA, "item": item.json, "report": report}
            except Exception as exc:  # noqa: BLE001 - go on with the next item
                value = self._failure(item, exc)
            yield key, value

    def _items(self, line: Item) -> list[Item]:
        """Return the items that a line of the manifest means, newest first."""
        if line.range:
            return [line]
        repo = self._open(line)
        found = merged_changes(repo, settled(repo))[: self._last]
        if not found:
            raise UsageError(
                f"{DOING}: {line.repo} has no merged change",
                fix="give it a range, fetch its history, or leave it out",
            )
        return [Item(line.repo, f"{one.base}..{one.head}") for one in found]

    def _report(self, item: Item) -> Any:
        """Return the report of an item with a range, as `check --format json` does."""
        repo = self._open(item)
        request = collect(repo.top, item.range)
        # Without signals, the event of a CI run would count, which is about another change.
        signals = PullRequest(branch=request.branch, from_fork=False)
        source = ChangeSource(
            request=request,
            settings=self._settings,
            root=repo.top,
            signals=signals,
            name=name_of(repo),
        )
        return json.loads(json_v1(check_change(source, warm=self._warm)))

    def _failure(self, item: Item, exc: Exception) -> dict[str, Any]:
        """Return what is written about an item that failed, and say so."""
        if not isinstance(exc, ReviewbotError):
            self._warm.forget()
        text, code = describe(exc)
        say(f"{item.repo} {item.range}: {text.splitlines()[-2]}")  # the last line is advice
        return {"schema": SCHEMA, "item": item.json, "error": text, "exit_code": code}

    def _open(self, item: Item) -> Repository:
        folder = item.folder(self._root)
        repo = open_repository(folder, needs_worktree=False)
        if repo.top.resolve() != folder.resolve():  # git looks in the directories above, too
            what = f"{DOING}: {folder} is no repository, only a directory inside of one"
            raise UsageError(what, fix="name the top of a repository")
        return repo


class Results:
    """The directory of the results: KEY.json of an item that was scored, else KEY.error.json."""

    def __init__(self, out: Path) -> None:
        """Create the directory if needed. raises EnvironmentFailure"""
        self._out = out
        with _disk_errors(out):
            out.mkdir(parents=True, exist_ok=True)
            # Unfinished files of killed processes. The process that does the item removes them.
            self._partial = {path.name[1 : 1 + DIGITS]: path for path in out.glob(".*")}

    def has(self, key: str) -> bool:
        """Return True if an item was scored."""
        return (self._out / f"{key}.json").exists()

    def write(self, key: str, value: Mapping[str, Any]) -> None:
        """Write what `Scorer.results` yields. raises EnvironmentFailure"""
        self.clear(key)
        name = f"{key}.error.json" if "error" in value else f"{key}.json"
        with _disk_errors(self._out):
            write_json(self._out / name, value)

    def clear(self, key: str) -> None:
        """Remove what earlier runs left of an item besides its result. raises EnvironmentFailure"""
        with _disk_errors(self._out):
            (self._out / f"{key}.error.json").unlink(missing_ok=True)
            if leftover := self._partial.pop(key, None):
                leftover.unlink(missing_ok=True)


@contextmanager
def _disk_errors(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        what = f"scoring stopped: {exc.filename or out}: {exc.strerror or exc}"
        fix = f"{os_fix(exc, 'check that path')}, then start it again: what is done is kept"
        raise EnvironmentFailure(what, fix=fix) from exc


def score_all(
    lines: Sequence[Item],
    share: Share,
    out: Path,
    flags: Mapping[str, Any],
    root: Path,
    last: int,
) -> Counter[str]:
    """Score what has no result yet among the lines of a share; count items done, skipped, failed.

    out     directory of the results
    others  as for `Scorer`
    raises  what `Scorer` and its `prepare` raise; EnvironmentFailure if a result cannot be written
    """
    scorer, results, counts = Scorer(flags, root, last), Results(out), Counter[str]()
    for line in filter(share.holds, lines):
        results.clear(line.key(scorer.run))
        for key, value in scorer.results(line, results.has):
            if value is None:
                counts["skipped"] += 1
            else:
                results.write(key, value)
                counts["failed" if "error" in value else "done"] += 1
    return counts


def score_in_processes(
    workers: int, lines: Sequence[Item], share: Share, *others: Any
) -> Counter[str]:
    """Do the same in `workers` processes, which divide the share.

    others  the other arguments of `score_all`
    raises  the same, and EnvironmentFailure if a process was killed
    """
    if workers == 1:
        return score_all(lines, share, *others)
    context = multiprocessing.get_context("spawn")  # a fork would copy threads' locks
    try:
        with ProcessPoolExecutor(workers, context, _end_with_parent) as pool:
            shares = [share.part(rank, workers) for rank in range(workers)]
            parts = [pool.submit(score_all, lines, part, *others) for part in shares]
            return sum((part.result() for part in parts), Counter[str]())
    except BrokenProcessPool as exc:
        raise EnvironmentFailure(
            "not every item was scored: a worker was killed, perhaps for want of memory",
            fix="start it again, with fewer --workers: what is done is kept",
        ) from exc


def _end_with_parent() -> None:
    """Let this worker end when its parent is killed: the pool would wait for it for ever."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(EXIT_ENVIRONMENT)  # a result is whole or not there

    Thread(target=watch, daemon=True).start()
