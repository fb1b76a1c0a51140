"""What the language server does for a document: read it, and say what came of it. Never fails."""

from collections.abc import Callable, Mapping
from typing import Any

from reviewbot.app.assemble import assemble
from reviewbot.app.failures import describe
from reviewbot.app.progress import timed
from reviewbot.app.warm import Warm
from reviewbot.config.settings import (
    SETTINGS_FILES,
    from_environ,
    from_files,
    from_flags,
    settings_from,
)
from reviewbot.lsp.diagnostics import diagnostics, not_read
from reviewbot.lsp.document import Answer, Document, Stale


class Reader:
    """Reads one document after another with a model that stays warm."""

    def __init__(
        self, environ: Mapping[str, str], flags: Mapping[str, Any], wanted: Callable[[], None]
    ) -> None:
        """Load nothing yet.

        wanted  returns if the document that is being read is still wanted, and raises Stale if not
        """
        self._environ, self._flags = environ, flags
        self._warm = Warm(wanted)

    def read(self, document: Document) -> Answer:
        """Say which lines of a document, that HEAD does not have, are risky.

        A document of which a line should have been read and was not is never without a diagnostic:
        its first line then says so. raises Stale, and nothing else
        """
        try:
            return self._read(document)
        except Stale:
            raise
        except Exception as exc:  # noqa: BLE001 - the next document may be readable
            self._warm.forget()
            text, _ = describe(exc)
            first, *_ = text.removeprefix("error: ").split("\n")
            why = first if not first.startswith("Traceback") else text.rstrip().split("\n")[-2]
            return Answer((not_read(why.removeprefix("nothing was scored: ")),), failure=text)

    def _read(self, document: Document) -> Answer:
        from reviewbot.lsp.buffer import Outside, change_of, place_of
        from reviewbot.lsp.head_fingerprint import files_stamp, head_stamp

        place = place_of(document.file)
        if isinstance(place, Outside):
            return Answer(remark=f"not read: {place.why}")
        beside = [place.top / name for name in SETTINGS_FILES]

        def stamp() -> tuple[object, ...]:
            return *head_stamp(place.git_dir, place.common), *files_stamp(beside)

        before = stamp()  # in front of everything that it stands for: a commit may come meanwhile

        def moved() -> bool:
            return stamp() != before

        files = from_files(place.top)
        settings = settings_from(*files, from_environ(self._environ), from_flags(self._flags))
        if (request := change_of(place, document.text)) is None:
            return Answer(moved=moved)
        with timed(False) as clock:
            made = assemble(settings, request, place.top, clock, warm=self._warm)
        report = made.report
        skipped = [f"not read: {file.note}" for file in report.files if file.note]
        return Answer(
            diagnostics(report),
            remark="; ".join([*skipped, *report.notes]),
            moved=moved,
        )
