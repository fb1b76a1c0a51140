"""JUnit XML as Jenkins, GitLab and the reporters for GitHub read it.

It is red exactly where our exit code is not 0. The first suite holds one test, the gate, so that an
incomplete report is an error by itself and a change without any line has a result. Each file of the
change is a suite behind it: a finding that keeps the change from merging is a failure, another one
passes; what should have been read and was not is an error, or skipped where the policy allows it.

There is no element or attribute that Jenkins' schema (junit-10.xsd) does not know. All foreign text
goes through `visible`, which leaves nothing that XML 1.0 forbids.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from reviewbot.escape import inert, visible
from reviewbot.render.flat import RISKY, WHOLE, Diagnostic, diagnostics
from reviewbot.render.ledger import compared, ledger_line, verdict_word
from reviewbot.render.phrasing import plural
from reviewbot.render.severity import Severity
from reviewbot.report.gate import Status
from reviewbot.report.model import FileReport, Report
from reviewbot.scoring.outcomes import LineScore

Node = ElementTree.Element
KINDS = ("failure", "error", "skipped")


def junit(report: Report) -> str:
    """Return the report as JUnit XML: same report, same bytes."""
    files: dict[str, list[FileReport]] = {}
    for file in report.files:  # a path may stand twice in a stranger's
        files.setdefault(file.path, []).append(file)
    places: dict[str, list[Diagnostic]] = {path: [] for path in files}
    for one in diagnostics(report):
        places.setdefault(one.path, []).append(one)
    gate = _suite("reviewbot", [_gate(report)])
    gate.insert(0, _properties(report))
    suites = [gate]
    for path, found in places.items():
        cases = [_case(one) for one in sorted(found, key=lambda one: one.start or 0)]
        suites.append(_suite(_name(path), cases or [_quiet(path, files[path])], file=path))
    root = ElementTree.Element("testsuites", name="reviewbot")
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
    root.extend(suites)
    ElementTree.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, "unicode")}\n'


def _gate(report: Report) -> Node:
    verdict = report.verdict
    said = inert("; ".join(visible(reason) for reason in verdict.reasons))
    text = f"{verdict_word(report)} (exit {verdict.exit_code}): {said}\n{ledger_line(report)}"
    case = ElementTree.Element("testcase", classname="reviewbot", name="gate")
    if verdict.exit_code == 0:
        return _saying(case, "system-out", text)
    kind = "error" if verdict.status is Status.INCOMPLETE else "failure"
    return _saying(case, kind, text, type=verdict.status.value, message=said)


def _properties(report: Report) -> Node:
    node = ElementTree.Element("properties")
    for name, value in {
        "verdict": report.verdict.status.value,
        "exit_code": report.verdict.exit_code,
        "coverage": round(report.ledger.coverage, 6),
        "compared": compared(report),
        "model": report.model.name,
        "artifact": report.artifact.name,
    }.items():
        ElementTree.SubElement(node, "property", name=name, value=inert(visible(str(value))))
    return node


def _case(one: Diagnostic) -> Node:
    """Return a test case; its name is alone in its suite, since GitLab keeps one of a name."""
    where = f"lines {one.start}-{one.end}" if one.start != one.end else f"line {one.start}"
    if one.start is None:
        where = "the change" if one.path == WHOLE else "the file"
    name = where if one.rule == RISKY else f"{where}, not read"
    case = ElementTree.Element("testcase", classname=_name(one.path), name=name)
    # Behind a blank, as in a stack trace: that is how reporters find a file and its line.
    text = f"{one.message}\n at {_name(one.path)}:{one.worst or 1}"
    if one.severity is Severity.ERROR:
        kind = "failure" if one.rule == RISKY else "error"
    else:
        kind = "system-out" if one.rule == RISKY else "skipped"
    return _saying(case, kind, text, type=one.rule, message=one.message)


def _quiet(path: str, files: Sequence[FileReport]) -> Node:
    """Return the one test case of a file without findings where all was read that should be."""
    case = ElementTree.Element("testcase", classname=_name(path), name="no finding")
    outcomes = [line.outcome for file in files for line in file.lines]
    scored = sum(isinstance(outcome, LineScore) for outcome in outcomes)
    reasons = Counter(outcome.why for outcome in outcomes if not isinstance(outcome, LineScore))
    notes = [file.note for file in files if file.note and file.note not in reasons]
    why = [*notes, *(f"{reason}, {plural(count, 'line')}" for reason, count in reasons.items())]
    said = inert(visible("; ".join(why))) or "nothing to read"
    if not scored:
        return _saying(case, "skipped", "", type="not-read", message=f"not read: {said}")
    rest = f"; not read: {said}" if why else ""
    return _saying(case, "system-out", f"{plural(scored, 'line')} scored, no finding{rest}")


def _saying(case: Node, kind: str, text: str, **attributes: str) -> Node:
    node = ElementTree.SubElement(case, kind, attributes if kind in KINDS else {})
    node.text = "\n".join(map(inert, text.split("\n"))) or None
    return case


def _suite(name: str, cases: Iterable[Node], file: str | None = None) -> Node:
    suite = ElementTree.Element("testsuite", name=name)
    suite.extend(cases)
    counts = Counter(node.tag for case in suite for node in case)
    suite.set("tests", str(len(suite)))
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(key, str(counts[tag]))
    if file is not None and file != WHOLE:
        suite.set("file", _name(file))
    return suite


def _name(path: str) -> str:
    return inert(visible(path))  # a reporter for GitHub prints it where a line starts
