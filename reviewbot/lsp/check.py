"""Checks one open document for the language server."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from reviewbot.app.artifact import AUTO
from reviewbot.app.check import check_change
from reviewbot.app.failures import describe
from reviewbot.app.load_change import ChangeSource
from reviewbot.app.warm import Warm
from reviewbot.config.load import SETTINGS_FILES, from_files, load_settings
from reviewbot.lsp.diagnostics import diagnostics, not_read
from reviewbot.lsp.document_queue import Answer, Document, Stale


class Reader:
    """Checks one document after another with a model that stays loaded."""

    def __init__(
        self,
        environ: Mapping[str, str],
        flags: Mapping[str, Any],
        require_wanted: Callable[[], None],
    ) -> None:
        """Load nothing yet.

        require_wanted  raises Stale if the document that is being read is no longer wanted
        """
        self._environ, self._flags = environ, flags
        self._warm = Warm(require_wanted)

    def read(self, document: Document) -> Answer:
        """Return the risky lines of a document among those that HEAD does not have.

        If a line should have been read and was not, the first line has a diagnostic that says so.
        raises Stale, and nothing else
        """
        try:
            return self._read(document)
        except Stale:
            raise
        except Exception as exc:  # noqa: BLE001 - go on with the next document
            self._warm.forget()
            text, _ = describe(exc)
            first, *_ = text.removeprefix("error: ").split("\n")
            why = first if not first.startswith("Traceback") else text.rstrip().split("\n")[-2]
            return Answer((not_read(why.removeprefix("nothing was scored: ")),), failure=text)

    def _read(self, document: Document) -> Answer:
        from reviewbot.lsp.buffer import Outside, change_of, locate
        from reviewbot.lsp.head_fingerprint import file_fingerprint, head_fingerprint

        location = locate(document.file)
        if isinstance(location, Outside):
            return Answer(remark=f"not read: {location.why}")
        beside = [location.top / name for name in SETTINGS_FILES]

        def stamp() -> tuple[object, ...]:
            return *head_fingerprint(location.git_dir, location.common), *file_fingerprint(beside)

        before = stamp()  # before anything is read: a commit may come meanwhile

        def is_outdated() -> bool:
            return stamp() != before

        settings = load_settings(self._environ, self._flags, from_files(location.top))
        if settings.artifact == AUTO:  # one document has no share of a change's budget
            settings = replace(settings, artifact="quick")
        # Nor has it the riskiest places of a change, or a place among changes.
        settings = replace(settings, ack_top=0, fail_on_change=None)
        if (request := change_of(location, document.text)) is None:
            return Answer(is_outdated=is_outdated)
        source = ChangeSource(request=request, settings=settings, root=location.top)
        report = check_change(source, warm=self._warm)
        skipped = [f"not read: {file.note}" for file in report.files if file.note]
        return Answer(
            diagnostics(report),
            remark="; ".join([*skipped, *report.notes]),
            is_outdated=is_outdated,
        )
