"""JUnit XML as Jenkins, GitLab and the reporters for GitHub read it.

It is red exactly where our exit code is not 0. The first suite has one test, the gate, so that an
incomplete report is an error by itself and an empty change has a result; its output lists the
places to read first. Then each file is a suite:
a finding that blocks is a failure, another one passes; what should have been read and was not is an
error, or skipped where the policy allows it.

Every element and attribute is in Jenkins' schema (junit-10.xsd). Untrusted text goes through
`visible`, which removes everything that XML 1.0 forbids.
"""

from collections import Counter
from collections.abc import Iterable
from xml.etree import ElementTree

from reviewbot.escape import inert, visible
from reviewbot.render.findings import Severity
from reviewbot.render.issues import RISKY, WHOLE, Issue, issues, places_text
from reviewbot.render.ledger import compared, deep_line, ledger_line, verdict_word
from reviewbot.render.phrasing import numbers, plural
from reviewbot.report.change_level import change_words
from reviewbot.report.gate import Status
from reviewbot.report.model import FileReport, Report
from reviewbot.scoring.outcomes import LineScore

Node = ElementTree.Element


def junit(report: Report) -> str:
    """Return the report as JUnit XML: same report, same bytes."""
    files = {file.path: file for file in report.files}
    by_path: dict[str, list[Issue]] = {path: [] for path in files}
    for issue in issues(report):
        by_path.setdefault(issue.path, []).append(issue)
    gate = _suite("reviewbot", [_gate(report)])
    gate.insert(0, _properties(report))
    suites = [gate]
    for path, found in by_path.items():
        cases = [_case(issue) for issue in sorted(found, key=lambda issue: issue.start or 0)]
        suites.append(_suite(_name(path), cases or [_no_finding(path, files[path])], file=path))
    root = ElementTree.Element("testsuites", name="reviewbot")
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
    root.extend(suites)
    ElementTree.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, "unicode")}\n'


def _gate(report: Report) -> Node:
    verdict = report.verdict
    reasons = inert("; ".join(map(visible, verdict.reasons)))
    parts = [f"{verdict_word(report)} (exit {verdict.exit_code}): {reasons}", ledger_line(report)]
    parts += [change_words(report.change.level)] if report.change.level else []
    text = "\n".join(parts)
    places = places_text(report)
    if verdict.exit_code == 0:
        return _testcase("reviewbot", "gate", "system-out", "\n".join([text, *places]))
    kind = "error" if verdict.status is Status.INCOMPLETE else "failure"
    more = {"type": verdict.status.value, "message": reasons}
    case = _testcase("reviewbot", "gate", kind, text, more)
    if places:
        ElementTree.SubElement(case, "system-out").text = _inert("\n".join(places))
    return case


def _properties(report: Report) -> Node:
    node = ElementTree.Element("properties")
    values: dict[str, object] = {
        "verdict": report.verdict.status.value,
        "exit_code": report.verdict.exit_code,
        "coverage": round(report.ledger.coverage, 6),
        "compared": compared(report),
        "model": report.model.name,
        "artifact": report.artifact.name,
    }
    if report.deep:
        values |= {"deep": deep_line(report)}
    for name, value in values.items():
        ElementTree.SubElement(node, "property", name=name, value=_name(str(value)))
    return node


def _case(issue: Issue) -> Node:
    """Return a test case; its name is unique in its suite, since GitLab keeps one per name."""
    if issue.start is None or issue.end is None:
        name = "the change" if issue.path == WHOLE else "the file"
    else:
        name = f"line{'s' * (issue.start != issue.end)} {numbers(issue.start, issue.end)}"
    risky = issue.rule == RISKY
    if issue.severity is Severity.ERROR:
        kind = "failure" if risky else "error"
    else:
        kind = "system-out" if risky else "skipped"
    # Indented as in a stack trace: reporters find file and line by that.
    text = f"{issue.message}\n at {_name(issue.path)}:{issue.worst or 1}"
    more = {} if kind == "system-out" else {"type": issue.rule, "message": issue.message}
    return _testcase(_name(issue.path), name if risky else f"{name}, not read", kind, text, more)


def _no_finding(path: str, file: FileReport) -> Node:
    """Return the only test case of a file without issues."""
    outcomes = [line.outcome for line in file.lines]
    scored = sum(isinstance(outcome, LineScore) for outcome in outcomes)
    reasons = Counter(outcome.why for outcome in outcomes if not isinstance(outcome, LineScore))
    notes = [file.note] if file.note and file.note not in reasons else []
    parts = [*notes, *(f"{reason}, {plural(count, 'line')}" for reason, count in reasons.items())]
    why = inert(visible("; ".join(parts))) or "nothing to read"
    if not scored:
        more = {"type": "not-read", "message": f"not read: {why}"}
        return _testcase(_name(path), "no finding", "skipped", "", more)
    rest = f"; not read: {why}" if parts else ""
    text = f"{plural(scored, 'line')} scored, no finding{rest}"
    return _testcase(_name(path), "no finding", "system-out", text)


def _testcase(
    classname: str, name: str, kind: str, text: str, attributes: dict[str, str] | None = None
) -> Node:
    case = ElementTree.Element("testcase", classname=classname, name=name)
    result = ElementTree.SubElement(case, kind, attributes or {})
    result.text = _inert(text) or None
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


def _inert(text: str) -> str:
    return "\n".join(map(inert, text.split("\n")))


def _name(text: str) -> str:
    return inert(visible(text))  # a reporter for GitHub prints names at the start of a line
