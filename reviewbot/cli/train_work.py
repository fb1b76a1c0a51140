"""What `train predictor` and `train evaluate` share: what both do first."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.app.progress import say
from reviewbot.cli.train_options import counter, open_reader

if TYPE_CHECKING:
    from reviewbot.arrays import Array
    from reviewbot.train.baseline_fit import Recipe, Sources
    from reviewbot.train.dataset import Table
    from reviewbot.train.features import Reader
    from reviewbot.train.predictor_fit import FitResult
    from reviewbot.train.prepare import Laid
    from reviewbot.train.stages import BlockStage
    from reviewbot.train.suites import Suites


class Work:
    """Rows, reader and autoencoder of the flags; lines and columns are made when asked for."""

    def __init__(self, flags: dict[str, Any]) -> None:
        """Take the flags of `train_flags` and `train_options.reading_flags`, by their names."""
        from reviewbot.scoring.artifact import unread
        from reviewbot.scoring.pooling import group_sizes
        from reviewbot.train.export import read_sae, require_fit
        from reviewbot.train.snippets import read_some

        self.flags = flags
        self.cs = _numbers(flags["cs"])
        self.groups = [name.strip() for name in flags["groups"].split(",")]
        known = group_sizes(1, 1)
        if not set(self.groups) <= set(known) or len(set(self.groups)) < len(self.groups):
            raise click.UsageError(f"--groups: name some of {', '.join(known)}, each once")
        self.boost = _factors(flags["boost"])
        self.rows = read_some(flags["labels"], flags["seed"])
        self.data = [label_file(label) for label in flags["labels"]]
        self.sae_files, self.coder = read_sae(Path(flags["sae"]))
        self.cache = Path(flags["cache"])
        # Flags of reading that are left out are off: what they add, most recipes do not need.
        self.reader, self.model = self._open(
            full=bool(flags.get("full")) or not {"surprisal", "block"}.isdisjoint(self.groups),
            deep=flags.get("deep"),
        )
        reader = self.reader
        if lacking := unread(self.groups, deep=reader.deep, full=reader.full):
            raise click.UsageError(f"--groups: {lacking} needs --deep")
        require_fit(self.sae_files, layer=reader.layer, width=reader.encoder.width)

    @cached_property
    def laid(self) -> "Laid":
        """The lines that take part, without columns."""
        from reviewbot.train.prepare import lay_out

        return lay_out(self.rows)

    @cached_property
    def table(self) -> "Table":
        """The lines with the columns of --groups, and of the surface beside them.

        They are large; `del work.table` lets go of them.
        """
        from reviewbot.train.prepare import columns_of

        columns = [*self.groups, *(["surface"] if "surface" not in self.groups else [])]
        sae = self.sae_files["sae/sae_weights.safetensors"]
        return columns_of(
            self.laid,
            self.reader,
            self.coder,
            hashlib.sha256(sae).hexdigest(),
            columns,
            self.cache,
            counter("snippets"),
        )

    @cached_property
    def suites(self) -> "Suites":
        """What --hunks, --clean and --mixed say, less what --held-out keeps from calibration.

        A command without one of them leaves it unset. UsageError for a set that is not there, and
        where --held-out leaves a kind of them empty.
        """
        from reviewbot.train.suites import chosen_suites, without

        words = {name: self.flags.get(name, ()) for name in ("hunks", "clean", "mixed")}
        return without(chosen_suites(self.laid.table, **words), self.held_out, self.sets)

    def nested(self, result: "FitResult") -> dict[str, Any]:
        """Measure calibration and thresholds on the folds left out, by the rule that ships.

        Says so, and why, where that cannot be measured.
        """
        from reviewbot.errors import UsageError
        from reviewbot.train.calibrate import rule
        from reviewbot.train.calibrators import by_platt
        from reviewbot.train.nested import nested

        confidence = self.flags["confidence"]
        try:
            found = nested(
                self.laid.table,
                result.oof_L,
                result.fold_L,
                self.suites,
                by_platt,
                confidence=confidence,
                seed=self.flags["seed"],
            )
        except UsageError as exc:
            found = {"failed": str(exc).partition("\n")[0]}
            say(f"operating points on folds left out: {found['failed']}")
        return {"rule": rule(confidence), "calibrator": "platt", **found}

    @property
    def sets(self) -> set[str]:
        """The sets that have a line to score."""
        return set(self.laid.table.set_L.tolist())

    def _open(self, *, full: bool, deep: int | None = None) -> tuple["Reader", str]:
        keys = ("model", "layer", "dtype", "device", "quantize", "threads", "description")
        common = {key: self.flags[key] for key in keys}
        return open_reader(**common, full=full, deep=deep)

    def fit(self) -> "FitResult":
        """Choose C on grouped folds and fit on everything."""
        from reviewbot.train.stages import fit_stages

        return fit_stages(
            self.table,
            self.groups,
            corrections=self.flags["corrections"],
            stage=self.stage,
            pairwise=self.flags["pairwise"],
            boost=self.boost,
            cs=self.cs,
            folds=self.flags["folds"],
            seed=self.flags["seed"],
            train_sets=self.train_sets,
        )

    @property
    def stage(self) -> "BlockStage":
        """How groups of blocks are fitted."""
        from reviewbot.train.stages import BlockStage

        share, pairwise = self.flags.get("block_share"), self.flags.get("block_pairwise")
        given = {"share": share, "pairwise": pairwise}
        return BlockStage(**{key: value for key, value in given.items() if value is not None})

    @cached_property
    def held_out(self) -> set[str]:
        """The sets of --held-out: neither learned from nor calibrated on, only measured."""
        text = self.flags.get("held_out") or ""
        held_out = {name.strip() for name in text.split(",") if name.strip()}
        if strange := sorted(held_out - self.sets):
            raise click.UsageError(f"--held-out: no set is named {strange[0]!r}")
        return held_out

    @property
    def train_sets(self) -> tuple[str, ...]:
        """The sets to learn from: all but those of --held-out."""
        return tuple(sorted(self.sets - self.held_out))

    def recipe(self) -> "Recipe":
        """Return what baselines share with `fit`."""
        from reviewbot.train.baseline_fit import Recipe

        return Recipe(
            corrections=self.flags["corrections"],
            folds=self.flags["folds"],
            seed=self.flags["seed"],
            pairwise=self.flags["pairwise"],
            boost=self.boost,
            groups=tuple(self.groups),
            stage=self.stage,
            train_sets=self.train_sets,
        )

    def sources(self, surprisal_sets: set[str]) -> "Sources":
        """Return where the columns of baselines come from."""
        from reviewbot.train.baseline_fit import Sources

        return Sources(
            laid=self.laid,
            surprisal=(lambda: self.surprisal(surprisal_sets)) if surprisal_sets else None,
        )

    def surprisal(self, sets: set[str]) -> "Array":
        """Return the summed surprisal of each line of the named sets, NaN elsewhere."""
        import numpy as np

        from reviewbot.scoring.pooling import SURPRISAL_NAMES
        from reviewbot.train.prepare import prepare

        reader = self.reader if self.reader.full else self._open(full=True)[0]
        part = prepare(
            [row for row in self.rows if row.set in sets],
            reader,
            None,
            "",
            ["surprisal"],
            self.cache,
            counter("snippets, whole model"),
        )
        score_L = np.full(len(self.laid.table), np.nan, np.float32)
        column = SURPRISAL_NAMES.index("surprisal, sum")
        score_L[np.isin(self.laid.table.set_L, sorted(sets))] = part.columns_LN[:, column]
        return score_L


def label_file(label: str) -> dict[str, Any]:
    """Say which label file, by name and hash, and how many rows of it `FILE@N` means."""
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
