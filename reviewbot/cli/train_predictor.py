"""`reviewbot train predictor`: labelled lines in, an artifact out."""

from pathlib import Path
from typing import Any

import click

from reviewbot.app.progress import say
from reviewbot.cli.setting_flags import PATH
from reviewbot.cli.train_flags import fitting_flags, threshold_flags
from reviewbot.cli.train_options import commit_of_code, reading_flags
from reviewbot.cli.train_work import Work


@click.command()
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=PATH,
    help="Where the artifact goes.",
)
@click.option("--name", default="custom", show_default=True, help="What the artifact is called.")
@fitting_flags
@threshold_flags
@reading_flags
def predictor(out: str, name: str, **flags: Any) -> None:
    """Fit the line-risk predictor and write an artifact for `check --artifact`.

    C is chosen by cross-validation that never splits a group; probabilities and thresholds come
    from scores of lines that the fitted model had not seen. The manifest states the rule that set
    the thresholds, and what the same rule is worth on folds that it did not see ("nested").
    """
    from reviewbot.scoring.artifact import ArtifactModel
    from reviewbot.train.calibrate import calibrate
    from reviewbot.train.export import artifact_files, require_replaceable, write_directory
    from reviewbot.train.shares import shares

    require_replaceable(Path(out))
    work = Work(flags)
    suites = work.suites  # a set that is not there is refused before the long work
    result = work.fit()
    fitted, numbers = calibrate(
        work.laid.table, result, suites=suites, confidence=flags["confidence"]
    )
    nested = work.nested(result)
    kept = ("rule", "calibrator", "failed", "points", "unstated")  # an artifact stays small
    numbers["nested"] = {key: nested[key] for key in kept if key in nested}
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
