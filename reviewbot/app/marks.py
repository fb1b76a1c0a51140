"""The verdict beside the exit code: as check run, commit status and label of a head."""

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reviewbot.render.phrasing import plural

if TYPE_CHECKING:
    from reviewbot.config.schema import Settings
    from reviewbot.github.writes import Poster
    from reviewbot.render.findings import FindingView
    from reviewbot.report.model import Report

BATCH = 50  # annotations that GitHub takes in one request
MAX_ANNOTATIONS = 200
MAX_TEXT = 60_000  # characters of a check run's summary
MAX_WORDS = 140  # characters of a commit status

Step = tuple[str, Callable[[], None]]  # what it posts, and the write


def marks(report: "Report", settings: "Settings", *, on_pull: bool) -> list[str]:
    """Return what `gate_steps` would set, in words; on_pull: there is a pull request to label."""
    passed = report.verdict.exit_code == 0
    word = "success" if passed else "failure"
    found = []
    if name := settings.check_run:
        count = min(len(report.findings), MAX_ANNOTATIONS)
        found.append(f"check run {name}: {word}, {plural(count, 'annotation')}")
    if context := settings.commit_status:
        found.append(f"commit status {context}: {word}, {_reasons(report)[:MAX_WORDS]}")
    if on_pull and (label := settings.label):
        found.append(f"label {label}: {'removed, if set' if passed else 'set'}")
    return found


def gate_steps(
    report: "Report", head: str, number: int | None, poster: "Poster", settings: "Settings"
) -> list[Step]:
    """Return the steps that show the verdict beside the exit code: check run, status, label."""
    steps: list[Step] = []
    passed = report.verdict.exit_code == 0
    if name := settings.check_run:
        steps.append(("the check run", lambda: _check_run(report, head, name, poster)))
    if context := settings.commit_status:
        state = "success" if passed else "failure"
        value = {"state": state, "context": context, "description": _reasons(report)[:MAX_WORDS]}
        steps.append(("the commit status", lambda: poster.set_status(head, value)))
    if number is not None and (label := settings.label):
        steps.append(("the label", lambda: poster.set_label(number, label, wanted=not passed)))
    return steps


def _check_run(report: "Report", head: str, name: str, poster: "Poster") -> None:
    from reviewbot.render.findings import finding_views
    from reviewbot.render.ledger import verdict_word
    from reviewbot.render.markdown import markdown

    views = finding_views(report, report.findings[:MAX_ANNOTATIONS])
    notes = [_annotation(view) for view in views]
    title = f"{verdict_word(report)}: {_reasons(report)}"[:255]
    output = {"title": title, "summary": markdown(report, MAX_TEXT)[:MAX_TEXT]}
    first = {
        "name": name,
        "head_sha": head,
        "status": "completed",
        "conclusion": "success" if report.verdict.exit_code == 0 else "failure",
        "output": {**output, "annotations": notes[:BATCH]},
    }
    content = json.dumps([first["conclusion"], title, notes], sort_keys=True)
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    first["external_id"] = f"reviewbot:{digest}"
    run = poster.create_check_run(first)  # or the newest of ours, if it is the same
    for start in range(run.annotations, len(notes), BATCH):
        more = {"output": {**output, "annotations": notes[start : start + BATCH]}}
        poster.extend_check_run(first, run.id, start, more)


def _reasons(report: "Report") -> str:
    return "; ".join(report.verdict.reasons)


def _annotation(view: "FindingView") -> dict[str, Any]:
    from reviewbot.render.issues import finding_message

    return {
        "path": view.finding.path,
        "start_line": view.finding.start,
        "end_line": view.finding.end,
        "annotation_level": "warning",
        "title": "Look here before you merge",
        "message": finding_message(view),
    }
