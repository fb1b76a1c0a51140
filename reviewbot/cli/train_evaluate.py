"""`reviewbot train evaluate`: labelled lines in, figures and tables out."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reviewbot.app.progress import say
from reviewbot.cli.output import write_file
from reviewbot.cli.setting_flags import PATH
from reviewbot.cli.train_flags import fitting_flags, require_places, threshold_flags
from reviewbot.cli.train_options import commit_of_code, reading_flags
from reviewbot.cli.train_work import Work

if TYPE_CHECKING:
    from reviewbot.arrays import Array
    from reviewbot.train.baseline_fit import Baseline, Recipe, Sources
    from reviewbot.train.predictor_fit import FitResult

F = TypeVar("F", bound=Callable[..., Any])
S = TypeVar("S", bound="Sources")

_MEASURING = (
    click.option(
        "--out",
        required=True,
        metavar="FILE",
        type=PATH,
        help="Where the figures go, as JSON.",
    ),
    click.option("--markdown", metavar="FILE", type=PATH, help="Where the tables go."),
    click.option(
        "--suite",
        "suite_names",
        multiple=True,
        metavar="NAME",
        help="A set, or a mixture of sets, to measure; unset: all that the labels hold. "
        "Repeatable.",
    ),
    click.option(
        "--surprisal-sets",
        default="",
        metavar="NAMES",
        help="Sets that the whole model reads too, for that baseline; comma-separated.",
    ),
    click.option(
        "--cluster",
        type=click.Choice(["group", "commit"]),
        default="group",
        show_default=True,
        help="What intervals resample.",
    ),
)


def measuring_flags(command: F) -> F:
    """Add the flags that say what is measured, and where the figures go."""
    for option in reversed(_MEASURING):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The report, and the values that plots are drawn from."""

    report: dict[str, Any]  # JSON-able
    result: "FitResult"
    scores: "Mapping[str, Array]"  # per line of the table, by name
    probabilities: "Mapping[str, Array]"


@click.command()
@measuring_flags
@click.option(
    "--baselines",
    "baseline_names",
    default="all",
    show_default=True,
    metavar="NAMES|all",
    help="Scores to measure beside ours, comma-separated: random, length, surface, surprisal.",
)
@fitting_flags
@threshold_flags
@reading_flags
def evaluate(
    out: str,
    markdown: str | None,
    suite_names: tuple[str, ...],
    baseline_names: str,
    surprisal_sets: str,
    cluster: str,
    **flags: Any,
) -> None:
    """Measure the recipe on held-back groups, beside every baseline on the same folds.

    Every line is scored by a model that saw nothing of its group. Nothing is shipped from here.
    """
    from reviewbot.train import tables
    from reviewbot.train.baselines import BASELINES, chosen
    from reviewbot.train.evaluate import AGAINST

    require_places(out, markdown)
    work = Work(flags)
    read = sets_to_read(work, surprisal_sets)
    suites = suites_to_measure(work, suite_names)
    names = chosen(baseline_names, surprisal=bool(read))
    measured = measure(
        work,
        suites,
        lambda _result: fit_baselines(BASELINES, names, work.sources(read), work.recipe()),
        against=AGAINST,
        cluster=cluster,
    )
    write_report(measured.report, tables.markdown(measured.report), out, markdown)


def sets_to_read(work: Work, surprisal_sets: str) -> set[str]:
    """Return the sets of --surprisal-sets; all, where our own groups need the whole model."""
    wanted = {name.strip() for name in surprisal_sets.split(",") if name.strip()}
    if strange := sorted(wanted - work.sets):
        raise click.UsageError(f"--surprisal-sets: no set is named {strange[0]!r}")
    return work.sets if "surprisal" in work.groups else wanted


def suites_to_measure(work: Work, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the suites of --suite, or all, each with its sets."""
    from reviewbot.train.evaluate import suites_of

    mixed = dict(work.suites.mixed)
    if "hunks" not in work.suites.inferred:
        mixed |= work.suites.hunks
    return suites_of(work.sets, names, mixed)


def measure(
    work: Work,
    suites: Mapping[str, Sequence[str]],
    baselines: "Callable[[FitResult], Mapping[str, Baseline]]",
    *,
    against: Sequence[str],
    cluster: str,
) -> Measured:
    """Fit on grouped folds, make the baselines, and measure all scores on every suite.

    baselines  called once ours is fitted
    against    names of baselines: ours minus each is reported
    """
    from reviewbot.train.evaluate import evaluate as measure_scores
    from reviewbot.train.suites import clean_kinds

    result = work.fit()
    del work.table  # the baselines bring columns of their own
    probabilities, numbers = _calibrated(work, result)
    made = baselines(result)
    scores = {"ours": result.oof_L, **{name: found.score_L for name, found in made.items()}}
    kinds = clean_kinds(work.laid.table, work.suites)
    report = measure_scores(
        work.laid.table,
        scores,
        fold_L=result.fold_L,
        probabilities=probabilities,
        thresholds={key: entry["risk"] for key, entry in numbers.get("thresholds", {}).items()},
        against=against,
        suites=suites,
        kinds=kinds,
        confidence=work.flags["confidence"],
        cluster=cluster,
        seed=work.flags["seed"],
    )
    report |= {
        "fit": result.report,
        "baselines": {name: found.fit for name, found in made.items()},
        "calibration": numbers,
        "nested": work.nested(result) if kinds else {},
        "data": work.data,
        "dtype": work.reader.encoder.dtype,
        "code": commit_of_code(),
    }
    return Measured(report, result, scores, probabilities)


def fit_baselines(
    known: "Mapping[str, Callable[[S, Recipe], Baseline]]",
    names: Sequence[str],
    sources: S,
    recipe: "Recipe",
) -> "dict[str, Baseline]":
    """Make the named scores one after the other, saying how long each took."""
    made = {}
    for name in names:
        start = time.monotonic()
        made[name] = known[name](sources, recipe)
        fit = made[name].fit
        text = f", C {fit['c']:g}" if fit and "c" in fit else ""
        if fit and fit.get("c_at_edge"):
            text += ": the end of its range, a better one may lie beyond"
        if fit and "failed" in fit:
            text += f", not measured: {fit['failed']}"
        say(f"baseline {name}: {time.monotonic() - start:.1f} s{text}")
    return made


def write_report(report: Mapping[str, Any], text: str, out: str, markdown: str | None) -> None:
    """Write the figures as JSON, and the tables where they are asked for and to stdout."""
    write_file(Path(out), json.dumps(report, indent=1, sort_keys=True) + "\n")
    if markdown:
        write_file(Path(markdown), text + "\n")
    click.echo(text)


def _calibrated(work: Work, result: "FitResult") -> "tuple[dict[str, Array], dict[str, Any]]":
    """Return our probabilities and how they came about; nothing where no clean code is there."""
    from reviewbot.errors import UsageError
    from reviewbot.train.calibrate import calibrate, calibrated
    from reviewbot.train.suites import clean_kinds

    if not clean_kinds(work.laid.table, work.suites):
        say("no clean code among the labels: no operating point and no shipped risk is measured")
        return {}, {}
    try:
        fitted, numbers = calibrate(
            work.laid.table, result, suites=work.suites, confidence=work.flags["confidence"]
        )
    except UsageError as exc:  # nothing could be shipped, but rankings can be measured
        why = str(exc).partition("\n")[0]
        say(f"no shipped risk is measured: {why}")
        return {}, {"failed": why}
    return {"ours": calibrated(fitted, result.oof_L)}, numbers
