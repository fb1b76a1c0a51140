"""What `train predictor` and `train evaluate` do first: read labels and model, and fit."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.app.progress import say
from reviewbot.cli.train_options import READING, counter, label_file, require_places
from reviewbot.cli.train_reader import open_reader
from reviewbot.errors import UsageError

if TYPE_CHECKING:
    from reviewbot.arrays import Array
    from reviewbot.scoring.artifact import Artifact
    from reviewbot.train.dataset import Table
    from reviewbot.train.predictor_fit import FitResult
    from reviewbot.train.prepare import Laid
    from reviewbot.train.suites import Suites


class Work:
    """Changes, reader and autoencoder that the flags name; lines and columns are made on demand."""

    def __init__(self, flags: dict[str, Any]) -> None:
        """Take the options `train_options.FITTING` and `READING`, and --labels."""
        from reviewbot.scoring.artifact import unread
        from reviewbot.scoring.pooling import group_sizes
        from reviewbot.train.export import read_sae, require_fit
        from reviewbot.train.label_files import read_files

        self.flags = flags
        self.cs = _numbers(flags["c"])
        self.groups = [name.strip() for name in flags["groups"].split(",")]
        known = group_sizes(1, 1)
        if not set(self.groups) <= set(known) or len(set(self.groups)) < len(self.groups):
            raise click.UsageError(f"--groups: name some of {', '.join(known)}, each once")
        self.boost = _factors(flags["boost"])
        require_places(directory=flags["cache"])
        self.changes = read_files(flags["labels"], flags["seed"])
        self.data = [label_file(label) for label in flags["labels"]]
        self.sae_files, self.coder = read_sae(Path(flags["sae"]))
        self.cache = Path(flags["cache"])
        reading = {name: flags[name] for name in READING if name != "seed"}
        reading["full"] = flags["full"] or not {"surprisal", "block"}.isdisjoint(self.groups)
        self.reader, self.model = open_reader(**reading)
        if lacking := unread(self.groups, deep=self.reader.deep, full=self.reader.full):
            raise click.UsageError(f"--groups: {lacking} needs --deep")
        self.draw: int | None = flags["sample"]
        require_fit(self.sae_files, layer=self.reader.layer, width=self.reader.encoder.width)

    @cached_property
    def laid(self) -> "Laid":
        """The lines that take part, without columns."""
        from reviewbot.train.changes import Verdict
        from reviewbot.train.prepare import prepare

        related = self.flags["related"]
        laid = prepare(self.changes, related=related, draw=self.draw, progress=counter("changes"))
        labels = [label for change in self.changes for label in change.labels]
        labelled = sum(label.verdict is not Verdict.MASKED for label in labels)
        unread = labelled - int(laid.table.blamed_L.sum())
        if unread and self.draw is None:
            say(f"labelled lines left out, because `check` would not read them: {unread}")
        return laid

    def columns(self, groups: Sequence[str]) -> "Table":
        """Return the lines with the columns of these groups."""
        from reviewbot.scoring.pooling import group_sizes
        from reviewbot.train.prepare import columns_of

        known = group_sizes(self.reader.encoder.width, self.coder.features)
        read = dict.fromkeys([*self.groups, *groups])  # --groups too: one reading serves all
        reader = self.reader.features(
            self.coder, self.coder_sha256, {name: known[name] for name in read}, self.cache
        )
        return columns_of(
            self.laid, reader, {name: known[name] for name in groups}, counter("files")
        )

    @property
    def coder_sha256(self) -> str:
        """The SHA-256 of the autoencoder's weights."""
        return hashlib.sha256(self.sae_files["sae/sae_weights.safetensors"]).hexdigest()

    def scores_of(self, artifact: "Artifact") -> "Array":
        """Return the log-odds that another artifact gives the lines.

        raises  UsageError if it reads another model, or reads it in another way
        """
        import numpy as np

        from reviewbot.scoring.predictor import log_odds
        from reviewbot.train.prepare import CHUNK

        name, reader = artifact.info.name, self.reader
        its = (artifact.model.sha256, artifact.model.layer, artifact.plan)
        if its != (reader.model_sha256, reader.layer, reader.plan):
            raise UsageError(
                f"the artifact {name!r} reads another model, or another layer of it; it was not "
                "measured",
                fix="give the --model, --layer and --description that it was trained with",
            )
        if artifact.manifest["files"]["sae/sae_weights.safetensors"] != self.coder_sha256:
            raise UsageError(
                f"the artifact {name!r} has another autoencoder than --sae; it was not measured",
                fix="give its own directory as --sae",
            )
        columns_LN = self.columns(list(artifact.predictor.groups)).columns_LN
        parts = [
            log_odds(artifact.predictor, columns_LN[start : start + CHUNK])
            for start in range(0, len(columns_LN), CHUNK)
        ]
        return np.concatenate(parts)

    @cached_property
    def table(self) -> "Table":
        """The lines with the columns of --groups and "surface"; large, `del` frees it."""
        return self.columns(list(dict.fromkeys([*self.groups, "surface"])))

    @property
    def sets(self) -> set[str]:
        """The sets that have a line to score."""
        return set(self.laid.table.set_L.tolist())

    @cached_property
    def held_out(self) -> set[str]:
        """The sets of --held-out: never learned from or calibrated on, only measured."""
        return self._sets("held_out")

    def _sets(self, flag: str) -> set[str]:
        names = {name.strip() for name in self.flags[flag].split(",") if name.strip()}
        if unknown := sorted(names - self.sets):
            raise click.UsageError(f"--{flag.replace('_', '-')}: no set is named {unknown[0]!r}")
        return names

    @cached_property
    def suites(self) -> "Suites":
        """The sets of --hunks and --clean, without those of --held-out."""
        from reviewbot.train.suites import chosen_suites, without

        words = {name: self.flags[name] for name in ("hunks", "clean")}
        return without(chosen_suites(self.laid.table, **words), self.held_out, self.sets)

    def options(self) -> dict[str, Any]:
        """Return the arguments of `predictor_fit.fit` that the model and a baseline share."""
        return {
            "corrections": True,
            "pairwise": self.flags["pairwise"],
            "folds": self.flags["folds"],
            "seed": self.flags["seed"],
            "train_sets": tuple(sorted(self.sets - self.held_out)),
        }

    def fit(self) -> "FitResult":
        """Choose C by cross-validation over groups, and fit on everything."""
        from reviewbot.train.stages import fit_stages

        return fit_stages(
            self.table,
            self.groups,
            boost=self.boost,
            cs=self.cs,
            block_sets=tuple(sorted(self._sets("block_sets"))),
            **self.options(),
        )


def _factors(texts: Sequence[str]) -> dict[str, float]:
    try:
        return {name: float(factor) for name, factor in (text.split("=") for text in texts)}
    except ValueError as exc:
        raise click.UsageError("--boost: write GROUP=FACTOR") from exc


def _numbers(text: str) -> Sequence[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as exc:
        raise click.UsageError(f"--c: {text!r} is no list of numbers") from exc
