"""The reports of `research.evaluate` -> the files of research/results. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from research.csv_figures import Row, csv_text, number
from research.pairs import PAIRED, STRATA

CURVE = ("0.01", "0.02", "0.05", "0.1", "0.2")  # allowed shares of clean lines that are shown
COUNTS = ("snippets", "lines", "risky", "groups", "resampled")
Report = Mapping[str, Any]
Reports = Mapping[str, Report]  # by preset


def suites(reports: Reports) -> str:
    """How much each suite holds."""
    rows: list[Row] = [
        (
            (
                preset,
                title,
                *(suite[key] for key in COUNTS),
                number(suite["base_rate"]),
                *_pairs(suite["pairs"]),
            ),
            {},
        )
        for preset, report in reports.items()
        for title, suite in report["suites"].items()
    ]
    heads = ("base rate", "corrected places", "normalised", *STRATA)
    return csv_text(["preset", "suite", *COUNTS, *heads], rows)


def scores(reports: Reports, part: str = "scores") -> str:
    """Every metric of every score of every suite; part "differences": of ours less another."""
    rows: list[Row] = [
        ((preset, title, name), found)
        for preset, report in reports.items()
        for title, suite in report["suites"].items()
        for name, found in suite[part].items()
    ]
    return csv_text(["preset", "suite", "score"], rows)


def differences(reports: Reports) -> str:
    """Ours less each other score, paired by resample."""
    return scores(reports, "differences")


def peer(reports: Reports) -> str:
    """The figures of PtTrust, counted in tokens."""
    rows: list[Row] = [
        ((preset, title, name), found)
        for preset, report in reports.items()
        for title, suite in report.get("pttrust", {}).get("suites", {}).items()
        for name, found in suite.items()
    ]
    return csv_text(["preset", "suite", "score"], rows)


def fits(reports: Reports) -> str:
    """Which penalty each fitted baseline took, from which range."""
    rows: list[Row] = [
        (
            (preset, name, f"{fit['c']:g}" if "c" in fit else fit["failed"], listed(fit["cs"])),
            {"criterion": _criterion(fit)},
        )
        for preset, report in reports.items()
        for name, fit in report.get("baselines", {}).items()
        if fit
    ]
    return csv_text(["preset", "score", "C taken", "C tried"], rows)


def operating(reports: Reports) -> str:
    """What operating points are worth on folds that did not set them."""
    rows: list[Row] = []
    for preset, report in reports.items():
        nested = report.get("nested") or {}
        points = dict(nested.get("points", {}))
        curve = nested.get("curve", {})
        points |= {f"{float(share):.0%} allowed": curve[share] for share in CURVE if share in curve}
        for name, found in points.items():
            alarms = found["false alarms per 100"].items()
            by_kind = {f"false alarms per 100, {kind}": entry for kind, entry in alarms}
            for title in found["recall"]:
                measured = {key: found[key][title] for key in ("recall", "precision")}
                names = (preset, title, name, f"{100 * found['rate']:g}")
                rows.append((names, measured | by_kind))
    return csv_text(["preset", "suite", "point", "allowed per 100"], rows)


def calibration(reports: Reports) -> str:
    """How well probabilities hold on folds that fitted nothing."""
    rows: list[Row] = [
        ((preset, title), {metric: found.get(metric) for metric in ("brier skill", "ece")})
        for preset, report in reports.items()
        for title, found in (report.get("nested") or {}).get("suites", {}).items()
    ]
    return csv_text(["preset", "suite"], rows)


FILES: Mapping[str, Callable[[Reports], str]] = {
    "suites": suites,
    "scores": scores,
    "differences": differences,
    "peer": peer,
    "fits": fits,
    "operating": operating,
    "calibration": calibration,
}


def listed(values: Sequence[float]) -> str:
    """Write the range of a penalty: "1e-05 0.001"."""
    return " ".join(f"{value:g}" for value in values)


def _criterion(fit: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return None if fit.get("criterion") is None else {"value": fit["criterion"]}


def _pairs(counts: Mapping[str, int]) -> tuple[int, ...]:
    return (*(counts[name] for name in PAIRED[:2]), *(counts[name] for name in STRATA))
