"""`reviewbot train predictor` and `train evaluate`: labelled lines in, weights or tables out."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reviewbot.cli.output import write_file
from reviewbot.cli.talk import say
from reviewbot.cli.train_options import commit_of_code, counter, open_reader, reading_flags

if TYPE_CHECKING:
    from reviewbot.train.features import Reader

F = TypeVar("F", bound=Callable[..., Any])

# The surface baseline has few columns and chooses from its own range: ours would hold it down.
BASELINE_CS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)

_FITTING = (
    click.option(
        "--labels",
        multiple=True,
        required=True,
        metavar="FILE",
        help="Label rows, .jsonl or .jsonl.gz; FILE@N takes N rows of it. Repeatable.",
    ),
    click.option("--sae", required=True, metavar="DIR", help="What `train sae` wrote."),
    click.option("--cache", required=True, metavar="DIR", help="Where line features are kept."),
    click.option(
        "--groups",
        default="sae_max,surface",
        show_default=True,
        help="Feature groups of the predictor, comma-separated.",
    ),
    click.option(
        "--corrections/--no-corrections",
        default=True,
        show_default=True,
        help="Take corrected lines as negatives.",
    ),
    click.option(
        "--pairwise",
        type=click.FloatRange(0),
        default=0.0,
        show_default=True,
        help="Weight of ranking a wrong line above its correction.",
    ),
    click.option(
        "--boost",
        multiple=True,
        metavar="GROUP=FACTOR",
        help="Penalise a group less: its columns count FACTOR times. Repeatable.",
    ),
    click.option("--folds", type=click.IntRange(2), default=5, show_default=True),
    click.option(
        "--c",
        "cs",
        default="1e-6,3e-6,1e-5,3e-5",
        show_default=True,
        help="Inverse penalties to choose from, comma-separated.",
    ),
)


def fitting_flags(command: F) -> F:
    """Add the flags that decide what is fitted on what."""
    for option in reversed(_FITTING):
        command = option(command)
    return command


@click.command()
@click.option("--out", required=True, metavar="DIR", help="Where the artifact goes.")
@click.option("--name", default="custom", show_default=True, help="What the artifact is called.")
@fitting_flags
@reading_flags
def predictor(out: str, name: str, **flags: Any) -> None:
    """Fit the line-risk predictor and write an artifact for `check --artifact`.

    C is chosen by cross-validation that never splits a group; probabilities and thresholds come
    from scores of lines that the fitted model had not seen.
    """
    from reviewbot.artifacts import ArtifactModel
    from reviewbot.train.calibrate import calibrate
    from reviewbot.train.export import artifact_files, require_replaceable, write_directory

    require_replaceable(Path(out))
    work = _Work(flags)
    result = work.fit()
    fitted, numbers = calibrate(work.table, result)
    points = {key: entry["risk"] for key, entry in numbers["thresholds"].items()}
    reader = work.reader
    facts = {
        "data": work.data,
        "dtype": reader.encoder.dtype,
        "fit": result.report,
        "calibration": numbers,
        "code": commit_of_code(),
    }
    files = artifact_files(
        work.sae_files,
        fitted,
        name=name,
        model=ArtifactModel(work.model, reader.model_sha256, reader.layer, reader.encoder.width),
        plan=reader.plan,
        show_above=points["show"],
        gate_above=points["gate"],
        facts=facts,
    )
    write_directory(Path(out), files)
    size = sum(map(len, files.values())) / 1e6
    say(
        f"wrote {out} ({size:.1f} MB): {work.table.y_L.sum()} risky of {len(work.table)} lines, "
        f"C {result.c:g}, show above {points['show']:.4f}, gate above {points['gate']:.4f}"
    )


@click.command()
@click.option("--out", required=True, metavar="FILE", help="Where the figures go, as JSON.")
@click.option("--markdown", metavar="FILE", help="Where the tables go.")
@click.option(
    "--surprisal-sets",
    default="",
    metavar="NAMES",
    help="Sets that the whole model reads too, for that baseline; comma-separated.",
)
@click.option(
    "--cluster",
    type=click.Choice(["group", "commit"]),
    default="group",
    show_default=True,
    help="What intervals resample.",
)
@fitting_flags
@reading_flags
def evaluate(
    out: str, markdown: str | None, surprisal_sets: str, cluster: str, **flags: Any
) -> None:
    """Measure the recipe on held-back groups, beside random, length, position, surface, surprisal.

    Every line is scored by a model that saw nothing of its group. Nothing is shipped from here.
    """
    from reviewbot.train import tables
    from reviewbot.train.calibrate import calibrate, calibrated
    from reviewbot.train.evaluate import baselines, default_suites
    from reviewbot.train.evaluate import evaluate as measure

    wanted = {name.strip() for name in surprisal_sets.split(",") if name.strip()}
    for file in filter(None, (out, markdown)):
        if Path(file).is_dir() or not Path(file).absolute().parent.is_dir():
            raise click.UsageError(f"{file!r} is no place for a file")
    work = _Work(flags)
    if strange := sorted(wanted - set(work.table.set_L.tolist())):
        raise click.UsageError(f"--surprisal-sets: no set is named {strange[0]!r}")
    result = work.fit()
    fitted, numbers = calibrate(work.table, result)
    points = {key: entry["risk"] for key, entry in numbers["thresholds"].items()}
    options: dict[str, Any] = {
        "corrections": flags["corrections"],
        "cs": BASELINE_CS,
        "folds": flags["folds"],
        "seed": flags["seed"],
    }
    scores = {"ours": result.oof_L, **baselines(work.table, **options)}
    common: dict[str, Any] = {
        "fold_L": result.fold_L,
        "probabilities": {"ours": calibrated(fitted, result.oof_L)},
        "thresholds": points,
        "cluster": cluster,
        "seed": flags["seed"],
    }
    suites = default_suites(work.table)
    with_surprisal = {title: sets for title, sets in suites.items() if wanted.issuperset(sets)}
    without = {title: sets for title, sets in suites.items() if title not in with_surprisal}
    report = measure(work.table, scores, suites=without, **common) if without else None
    if with_surprisal:
        scores["surprisal"] = work.surprisal(wanted)
        second = measure(work.table, scores, suites=with_surprisal, **common)
        second["suites"] = second["suites"] | (report["suites"] if report else {})
        report = second
    if report is None:
        raise click.UsageError("no suite is left to measure")
    report |= {
        "fit": result.report,
        "calibration": numbers,
        "data": work.data,
        "dtype": work.reader.encoder.dtype,
        "code": commit_of_code(),
    }
    write_file(Path(out), json.dumps(report, indent=1, sort_keys=True) + "\n")
    text = tables.markdown(report)
    if markdown:
        write_file(Path(markdown), text + "\n")
    click.echo(text)


class _Work:
    """What both commands do first: rows, reader, autoencoder, table."""

    def __init__(self, flags: dict[str, Any]) -> None:
        from reviewbot.core.pooling import group_sizes
        from reviewbot.train.export import read_sae, require_fit
        from reviewbot.train.prepare import prepare
        from reviewbot.train.snippets import read_some

        self.flags = flags
        self.cs = _numbers(flags["cs"])
        self.groups = [name.strip() for name in flags["groups"].split(",")]
        known = group_sizes(1, 1)
        if not set(self.groups) <= set(known) or len(set(self.groups)) < len(self.groups):
            raise click.UsageError(f"--groups: name some of {', '.join(known)}, each once")
        self.boost = _factors(flags["boost"])
        self.rows = read_some(flags["labels"], flags["seed"])
        self.data = [_named(label) for label in flags["labels"]]
        self.sae_files, self.coder = read_sae(Path(flags["sae"]))
        self.cache = Path(flags["cache"])
        self.reader, self.model = self._open(full="surprisal" in self.groups)
        require_fit(self.sae_files, layer=self.reader.layer, width=self.reader.encoder.width)
        columns = [*self.groups, *(["surface"] if "surface" not in self.groups else [])]
        self.table = prepare(
            self.rows,
            self.reader,
            self.coder,
            hashlib.sha256(self.sae_files["sae/sae_weights.safetensors"]).hexdigest(),
            columns,
            self.cache,
            counter("snippets"),
        )

    def _open(self, *, full: bool) -> tuple["Reader", str]:
        keys = ("model", "layer", "dtype", "threads", "description")
        return open_reader(**{key: self.flags[key] for key in keys}, full=full)

    def fit(self) -> Any:
        """Choose C on grouped folds and fit on everything."""
        from reviewbot.train.predictor_fit import fit

        return fit(
            self.table,
            self.groups,
            corrections=self.flags["corrections"],
            pairwise=self.flags["pairwise"],
            boost=self.boost,
            cs=self.cs,
            folds=self.flags["folds"],
            seed=self.flags["seed"],
        )

    def surprisal(self, sets: set[str]) -> Any:
        """Return the summed surprisal of each line of the named sets, 0 elsewhere."""
        import numpy as np

        from reviewbot.core.pooling import SURPRISAL_NAMES
        from reviewbot.train.prepare import prepare

        rows = [row for row in self.rows if row.set in sets]
        reader, _ = self._open(full=True)
        part = prepare(
            rows,
            reader,
            self.coder,
            "",
            ["surprisal"],
            self.cache,
            counter("snippets, whole model"),
        )
        score_L = np.zeros(len(self.table), np.float32)
        column = SURPRISAL_NAMES.index("surprisal, sum")
        score_L[np.isin(self.table.set_L, sorted(sets))] = part.columns_LN[:, column]
        return score_L


def _named(label: str) -> dict[str, Any]:
    path, _, most = label.rpartition("@")
    name = Path(path or label)
    return {
        "name": name.name,
        "sha256": hashlib.sha256(name.read_bytes()).hexdigest(),
        "most_rows": int(most) if path else None,
    }


def _factors(given: Sequence[str]) -> dict[str, float]:
    try:
        return {name: float(factor) for name, factor in (text.split("=") for text in given)}
    except ValueError as exc:
        raise click.UsageError("--boost: write GROUP=FACTOR") from exc


def _numbers(text: str) -> Sequence[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as exc:
        raise click.UsageError(f"--c: {text!r} is no list of numbers") from exc
