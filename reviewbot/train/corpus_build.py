"""Writes a corpus: which files of the sources are kept, and why the others are not."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from reviewbot.diff.languages import language_of
from reviewbot.diff.model import FileChange, FileKind
from reviewbot.diff.skip_rules import SkipReason, why_skipped_file
from reviewbot.errors import EnvironmentFailure, UsageError, os_fix
from reviewbot.train.corpus import MAX_BYTES, MAX_LINE
from reviewbot.train.corpus_licences import Allowed, in_header, joined
from reviewbot.train.corpus_secrets import has_private_key, redact
from reviewbot.train.corpus_sources import Candidate, candidates
from reviewbot.train.near_duplicates import NearDuplicates
from reviewbot.train.text_shards import SourceFile, pack

PROGRESS = 10_000  # files between two messages
SEEN, KEPT, SECRETS = "files seen", "kept", "secrets redacted"


class Selection:
    """Decides on one file after the other, and counts."""

    def __init__(self, allowed: Allowed) -> None:
        self.allowed = allowed
        self.texts = NearDuplicates()
        self.counts: Counter[str] = Counter()  # SEEN, KEPT, SECRETS, and why files were left out

    def take(self, candidate: Candidate) -> SourceFile | None:
        """Return the file as the corpus has it; None and a count if it is left out."""
        self.counts[SEEN] += 1
        try:
            source = self._read(candidate)
        except _LeftOut as exc:
            self.counts[str(exc)] += 1
            return None
        self.counts[KEPT] += 1
        return source

    def _read(self, candidate: Candidate) -> SourceFile:
        file = FileChange(candidate.path, FileKind.ADDED)
        skipped = partial(why_skipped_file, file, attributes=candidate.attributes)
        language = language_of(candidate.path)
        # First by the name alone: most of a repository's bytes are no code.
        if (reason := skipped(head=None)) or language is None:
            raise _LeftOut(reason or SkipReason.NOT_CODE)
        if (data := candidate.read()) is None:
            raise _LeftOut("link, or no regular file")
        if reason := skipped(head=data, max_bytes=MAX_BYTES):
            raise _LeftOut(reason)
        text = _text(data)
        found = [*candidate.licences(), *in_header(text)]
        if found not in self.allowed:
            raise _LeftOut("licence not allowed" if joined(found) else "no licence found")
        if has_private_key(text):
            raise _LeftOut("private key")
        if not self.texts.add(text):
            raise _LeftOut("near-duplicate")
        text, secrets = redact(text)
        self.counts[SECRETS] += secrets
        return SourceFile(f"{candidate.name}/{candidate.path}", language.name, text, joined(found))


class _LeftOut(Exception):
    """Why a file is not in the corpus."""


def _text(data: bytes) -> str:
    if b"\0" in data:
        raise _LeftOut(SkipReason.BINARY)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise _LeftOut("not UTF-8") from exc
    if not text.strip():
        raise _LeftOut("empty")
    if max(map(len, text.split("\n"))) > MAX_LINE:
        raise _LeftOut("long lines")
    return text


def require_new(out: Path) -> None:
    """Refuse a place that holds something: a corpus is not replaced. raises UsageError"""
    if os.path.lexists(out) and not (out.is_dir() and not any(out.iterdir())):
        raise UsageError(
            f"no corpus was written: {str(out)!r} exists already",
            fix="name another --out, or delete it",
        )


def build(
    sources: Sequence[str],
    out: Path,
    allowed: Allowed,
    *,
    shard_bytes: int,
    max_files: int,
    progress: Callable[[str], None],
) -> "Counter[str]":
    """Write the corpus of some sources, and return the counts of a `Selection`.

    sources    see `corpus_sources.candidates` and `corpus_datasets.rows`
    out        it appears when all of it is written; a stopped run leaves nothing there
    max_files  kept of each source; then the next one is read
    raises     UsageError where nothing is kept or `out` exists; EnvironmentFailure where it cannot
               be written, or a source cannot be read
    """
    out = out.absolute()
    require_new(out)
    selection = Selection(allowed)
    counts = selection.counts

    def kept_of(source: str) -> Iterator[SourceFile]:
        with tempfile.TemporaryDirectory(dir=temporary, prefix=".source-") as work:
            before = counts[KEPT]
            for candidate in _candidates(source, Path(work)):
                if file := selection.take(candidate):
                    yield file
                if counts[SEEN] % PROGRESS == 0:
                    progress(
                        f"{candidate.name}: {counts[SEEN]:,} files seen, {counts[KEPT]:,} kept"
                    )
                if counts[KEPT] - before == max_files:
                    progress(f"{candidate.name}: stopped after {max_files:,} files")
                    return

    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        temporary.mkdir(parents=True)
        pack(chain.from_iterable(map(kept_of, sources)), temporary, shard_bytes)
        if not counts[KEPT]:
            raise UsageError(
                f"no corpus was written: none of {counts[SEEN]} files is kept "
                f"({table(counts, '; ')})",
                fix="name other sources, or allow more with --licences",
            )
        temporary.rename(out)
    except OSError as exc:
        raise EnvironmentFailure(
            f"no corpus was written to {out}: {exc.strerror or exc}",
            fix=f"{os_fix(exc, 'check that path')}, or name another --out",
        ) from exc
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return counts


def _candidates(source: str, work: Path) -> Iterator[Candidate]:
    if not source.startswith("hf:"):
        return candidates(source, work)
    from reviewbot.train.corpus_datasets import rows  # takes seconds to import

    return rows(source)


def table(counts: "Counter[str]", end: str = "\n") -> str:
    """Return the counts as rows: seen, kept, secrets, then why files were left out, by number."""
    first = (SEEN, KEPT, SECRETS)
    rest = sorted(counts.keys() - {*first}, key=lambda name: (-counts[name], name))
    rows = [*((name, counts[name]) for name in first)]
    rows += [(f"left out: {name}", counts[name]) for name in rest]
    return end.join(f"{name} {count:,}" for name, count in rows)
