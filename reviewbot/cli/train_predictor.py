"""`reviewbot train predictor`: labelled lines in, an artifact out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.app.progress import say
from reviewbot.cli.train_options import (
    FITTING,
    READING,
    THRESHOLDS,
    commit_of_code,
    options,
    require_packages,
)
from reviewbot.cli.train_work import Work

LIKELY = 0.8  # probability of what was expected; of less likely tokens several would do

if TYPE_CHECKING:
    from reviewbot.train.predictor_fit import FitResult


@click.command()
@click.option("--name", default="custom", show_default=True, help="Name of the artifact.")
@click.option(
    "--expect",
    type=click.FloatRange(0, min_open=True),
    metavar="NATS",
    help="Margin from which reasons say what the model expected; unset: never. Needs --full.",
)
@options("out", "labels", *FITTING, *THRESHOLDS, *READING)
def predictor(out: str, name: str, expect: float | None, **flags: Any) -> None:
    """Fit the line-risk predictor and write an artifact.

    Cross-validation that never splits a group chooses the penalty. Probabilities and thresholds
    come from scores of lines that the fitted model had not seen. The manifest states the rule that
    set the thresholds, and how good the same rule is on folds that did not set them ("nested").
    """
    require_packages()
    from reviewbot.scoring.artifact import ArtifactModel
    from reviewbot.train.calibrate import calibrate, calibrated
    from reviewbot.train.change_sums import change_sums
    from reviewbot.train.export import artifact_files, require_replaceable, write_directory
    from reviewbot.train.predictor_fit import shares

    require_replaceable(Path(out))
    work = Work(flags)
    if expect is not None and not work.reader.full:
        raise click.UsageError("--expect needs --full")
    suites = work.suites  # refuses an unknown set before the long work
    result = work.fit()
    confidence = flags["confidence"]
    fitted, numbers = calibrate(work.table, result, suites=suites, confidence=confidence)
    numbers["nested"] = nested_points(work, result, numbers["rule"])
    points = {key: entry["risk"] for key, entry in numbers["thresholds"].items()}
    reader = work.reader
    facts: dict[str, Any] = {
        "data": work.data,
        "dtype": reader.encoder.dtype,
        "fit": result.report,
        "shares": shares(work.table, fitted),
        "calibration": numbers,
        "code": commit_of_code(),
    }
    if expect is not None:
        facts["expectations"] = {"margin": expect, "likely": LIKELY}
    if sums := change_sums(work.table, calibrated(fitted, result.oof_L)):
        facts["changes"] = sums
    files = artifact_files(
        work.sae_files,
        fitted,
        name=name,
        model=ArtifactModel(
            work.model,
            reader.model_sha256,
            reader.layer,
            reader.encoder.width,
            deep=reader.deep,
            full=reader.full,
        ),
        plan=reader.plan,
        report_threshold=points["show"],
        block_threshold=points["gate"],
        facts=facts,
    )
    write_directory(Path(out), files)
    size = sum(map(len, files.values())) / 1e6
    say(
        f"wrote {out} ({size:.1f} MB): {work.table.y_L.sum()} risky of {len(work.table)} lines, "
        f"C {result.c:g}, show above {points['show']:.4f}, gate above {points['gate']:.4f} "
        f"({numbers['rule'].partition(':')[0]}); share of the score: "
        + ", ".join(f"{name} {share:.0%}" for name, share in facts["shares"].items())
    )


def nested_points(work: Work, result: "FitResult", rule: str) -> dict[str, Any]:
    """Return the operating points on the folds that did not set them; "failed" says why not."""
    from reviewbot.errors import UsageError
    from reviewbot.train.nested import nested

    facts: dict[str, Any] = {"rule": rule, "calibrator": "platt"}
    try:
        figures, _ = nested(
            work.table,
            result.oof_L,
            result.fold_L,
            work.suites,
            confidence=work.flags["confidence"],
            seed=work.flags["seed"],
        )
    except UsageError as exc:
        say(f"operating points on folds left out: {exc.what}")
        return facts | {"failed": exc.what}
    return facts | {key: figures[key] for key in ("points", "unstated")}
