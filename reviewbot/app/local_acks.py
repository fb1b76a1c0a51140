"""Acknowledgements on this machine: `reviewbot ack` writes them, the next check honours them.

They are in the git directory, so that no commit can bring any, and linked worktrees share them.
`review` and checks in CI never read them, because a job there could forge them.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from reviewbot.app.ci import in_ci
from reviewbot.app.inputs import read_regular
from reviewbot.app.load_change import FILES, ChangeSource
from reviewbot.app.progress import say
from reviewbot.errors import EnvironmentFailure, UsageError, os_fix
from reviewbot.escape import visible
from reviewbot.render.findings import FindingView, ack_command, finding_views
from reviewbot.report.ack_log import ack_records, read_acks
from reviewbot.report.acks import MAX_REASON, Ack
from reviewbot.report.comment_sync import LOCAL, finding_id
from reviewbot.report.model import Report

FOLDER = "reviewbot"  # in the git directory
MAX_BYTES = 1_000_000  # of either file
MAX_ASKED = 1_000  # findings that checks have asked for, the newest
MAX_NAMED = 5  # findings in an error
MAX_PLACE = 500  # characters
LOCK_SECONDS = 10
CHECK_FIRST = "run `reviewbot check` first, and take the number that it prints"
MIN_PREFIX = 4  # digits of a finding's number, as git has it
_ID = re.compile(r"[0-9a-f]{20}")


def local_acks(source: ChangeSource, environ: Mapping[str, str]) -> "LocalAcks | None":
    """Return the acknowledgements that count for a change; None in CI, and without git."""
    if source.request.head == FILES or source.remote or in_ci(environ):
        return None
    return LocalAcks(source.request.repo.common_dir)


class LocalAcks:
    """The acknowledgements of a repository, and the findings that checks have asked for."""

    def __init__(self, git_dir: Path) -> None:
        """Read nothing yet.

        git_dir  the one that linked worktrees share
        """
        self._folder = git_dir / FOLDER
        self._acks = self._folder / "acks.jsonl"
        self._asked = self._folder / "asked.jsonl"

    def read(self, *, doing: str) -> dict[str, str]:
        """Return the reasons by finding; of several the latest counts.

        doing   what is not done if the file is refused
        raises  UsageError if a line is no record, or there are more than 1 MB
        """
        if not self._acks.exists():
            return {}
        name = str(self._acks)
        raw = read_regular(name, MAX_BYTES, doing=doing, what="acknowledgements")
        acks = read_acks([(name, raw)], doing)
        if any(not ack.reason.strip() for ack in acks):
            fix = "remove that record"
            raise UsageError(f"{doing}: a record in {name} gives no reason", fix=fix)
        return {ack.finding: ack.reason for ack in acks}

    def add(self, ack: Ack) -> str:
        """Record an acknowledgement; return the place that it is about.

        ack     `finding` may be the first digits of its number, if no other one begins so
        raises  UsageError if no check has asked for it, or for several, or the reason is not a
                printable line of at most 300 characters; EnvironmentFailure if it cannot be written
        """
        doing = "nothing was acknowledged"
        if not ack.reason.isprintable() or not 0 < len(ack.reason.strip()) <= MAX_REASON:
            raise UsageError(
                f"{doing}: a reason is one line of 1 to {MAX_REASON} printable characters",
                fix=f"say why the lines are right: reviewbot ack {ack.finding[:20]} REASON",
            )
        places, shown = self._places(), visible(ack.finding[:40])
        names = [name for name in places if name.startswith(ack.finding)]
        if not names or len(ack.finding) < MIN_PREFIX:
            raise UsageError(f"{doing}: no check has asked for finding {shown!r}", fix=CHECK_FIRST)
        if len(names) > 1:
            which = ", ".join(f"{name} ({places[name]})" for name in names[:MAX_NAMED])
            raise UsageError(
                f"{doing}: {len(names)} findings begin with {shown!r}: {which}",
                fix="give more digits of one of them",
            )
        ack = ack._replace(finding=names[0])
        try:
            with self._locked():
                self.read(doing=doing)  # a file that no check accepts must not grow
                before = self._acks.read_bytes() if self._acks.exists() else b""
                # A write that a crash cut off must not swallow this one.
                start = "\n" if before and not before.endswith(b"\n") else ""
                with self._acks.open("ab") as file:
                    file.write(f"{start}{ack_records([ack])}".encode("ascii"))
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as exc:
            what = f"{doing}: {exc.filename or self._acks}: {exc.strerror or exc}"
            fix = os_fix(exc, "make the git directory writable")
            raise EnvironmentFailure(what, fix=fix) from exc
        return places[ack.finding]

    def ask(self, report: Report) -> Report:
        """Return the report with a command for each finding that blocks; `add` then knows these."""
        report = replace(report, local_acks=True)
        views = [view for view in finding_views(report) if ack_command(view, report)]
        asked = {finding_id(LOCAL, view.finding): _place(view) for view in views}
        if not asked:
            return report
        try:
            with self._locked():
                old = {name: place for name, place in self._places().items() if name not in asked}
                rows = list({**old, **asked}.items())[-MAX_ASKED:]
                text = "".join(json.dumps({"finding": n, "place": p}) + "\n" for n, p in rows)
                temporary = self._asked.with_name(f".asked.{os.getpid()}")
                temporary.write_text(text, "ascii")
                temporary.replace(self._asked)
        except (OSError, EnvironmentFailure) as exc:  # the report does not depend on it
            why = exc.what if isinstance(exc, EnvironmentFailure) else exc
            say(f"note: `reviewbot ack` will not know these findings: {why}")
            return replace(report, local_acks=False)
        return report

    def _places(self) -> dict[str, str]:
        """Return what checks have asked for: finding -> place, oldest first.

        A line that is not ours is left out: the next check asks again.
        """
        found: dict[str, str] = {}
        if not self._asked.is_file():
            return found
        with self._asked.open("rb") as file:
            lines = file.read(MAX_BYTES).split(b"\n")
        for line in lines:
            try:
                value = json.loads(line)
                name, place = value["finding"], value["place"]
            except (ValueError, TypeError, KeyError, RecursionError):
                continue
            if isinstance(name, str) and _ID.fullmatch(name) and isinstance(place, str):
                found[name] = place[:MAX_PLACE]
        return found

    @contextmanager
    def _locked(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        self._folder.mkdir(exist_ok=True)
        try:
            with FileLock(self._folder / "lock", timeout=LOCK_SECONDS):
                yield
        except (Timeout, NotImplementedError) as exc:
            raise EnvironmentFailure(
                f"nothing was acknowledged: {self._folder / 'lock'} cannot be locked ({exc})",
                fix="end the other reviewbot, or try again",
            ) from exc


def _place(view: FindingView) -> str:
    return f"{visible(view.finding.path)}:{view.numbers}"[:MAX_PLACE]
