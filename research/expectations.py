"""How often what the model expected is the correction, and how often it is shown on sound code.

python -m research.expectations --labels FILE... --cache CACHE [--layout infill --sample N ...]
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from research.command import Command
from research.csv_figures import Row, csv_text
from reviewbot.cli.train_options import READING, counter, options
from reviewbot.cli.train_predictor import LIKELY
from reviewbot.cli.train_reader import open_reader
from reviewbot.config.schema import Settings
from reviewbot.encoders.encoder import Encoder
from reviewbot.escape import visible
from reviewbot.render.expectations import expectation_line
from reviewbot.scoring.expectations import LEAST, Rule
from reviewbot.scoring.line_features import CodeFile, FeatureReader, LineFeatures
from reviewbot.scoring.outcomes import Expectation
from reviewbot.train import sampling
from reviewbot.train.bootstrap import figure, ratio, resample
from reviewbot.train.label_files import read_files
from reviewbot.train.replay import Replayed, replay

RULE = Rule(LEAST, LIKELY)
MARGINS = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0)  # nats
_TOKENS = re.compile(r"\w+|[^\w\s]+")


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line with what the model expected in it."""

    set: str
    group: str
    place: str  # change, path and number
    text: str
    corrected: str | None  # None: the line survived
    expected: tuple[Expectation, ...]  # of at least `LEAST` nats

    def shown(self, margin: float) -> list[Expectation]:
        """Return the expectations from a margin on."""
        return [one for one in self.expected if margin_of(one) >= margin]

    def is_right(self, one: Expectation) -> bool:
        """Return True if the line with what was expected is its correction, blanks aside."""
        line = self.text[: one.start] + one.expected + self.text[one.end :]
        return "".join(line.split()) == "".join((self.corrected or "").split())


def margin_of(one: Expectation) -> float:
    """Return the margin in nats."""
    return math.log(one.expected_probability) - math.log(one.found_probability)


def differ_in_one_token(wrong: str, corrected: str) -> bool:
    """Return True if two lines differ in one word, number or run of signs."""
    left, right = _TOKENS.findall(wrong), _TOKENS.findall(corrected)
    pairs = zip(left, right, strict=False)
    return len(left) == len(right) and sum(a != b for a, b in pairs) == 1


def read_all(changes: Iterable[Replayed], reader: FeatureReader) -> Iterator[ReadLine]:
    """Yield the wrong lines that one token corrects, and all lines of changes that survived."""
    for one in changes:
        for file in one.files:
            pairs = _pairs(one, file)
            wanted = tuple(w for w in file.wanted if one.change.survived or w.number in pairs)
            if not wanted:
                continue
            for part in reader.read([replace(file, wanted=wanted)], one.description):
                if isinstance(part, LineFeatures):
                    yield from _lines(one, part, pairs, reader.encoder)


def _pairs(one: Replayed, file: CodeFile) -> dict[int, str]:
    """Return the corrections of a file's lines that differ from them in one token, by number."""
    known = one.corrections.get(file.path)
    found = {}
    for block in known.blocks if known else ():
        if known and len(block.wrong) == len(block.corrected):
            for old, new in zip(block.wrong, block.corrected, strict=True):
                wrong, corrected = file.head[old - 1], known.file.head[new - 1]
                if differ_in_one_token(wrong, corrected):
                    found[old] = corrected
    return found


def _lines(
    one: Replayed, part: LineFeatures, pairs: dict[int, str], encoder: Encoder
) -> Iterator[ReadLine]:
    for row, line in enumerate(part.lines):
        expected = part.expectations(row, encoder.token, RULE)
        place = f"{one.change.id} {line.path}:{line.number}"
        corrected = pairs.get(line.number)
        yield ReadLine(one.change.set, one.change.group, place, line.text, corrected, expected)


def measure(lines: Sequence[ReadLine], seed: int = 0) -> list[Row]:
    """Return rows of figures by set and margin, for `csv_text`.

    On lines with a correction: the share of lines with an expectation (shown), and of these the
    share of which one is the correction (precision). On lines that survived: expectations on 100
    lines (false).
    """
    rows: list[Row] = []
    for name in sorted({line.set for line in lines}):
        for is_wrong in (True, False):
            part = [
                one for one in lines if one.set == name and (one.corrected is not None) == is_wrong
            ]
            if not part:
                continue
            group_I = np.array([line.group for line in part])
            draws = resample(group_I, seed=seed)
            for margin in MARGINS:
                shown = [line.shown(margin) for line in part]
                has_I = np.array([bool(some) for some in shown], np.float64)
                count_I = np.array([100.0 * len(some) for some in shown])
                right_I = np.array(
                    [any(map(line.is_right, some)) for line, some in zip(part, shown, strict=True)],
                    np.float64,
                )
                figures: dict[str, Any] = {
                    "false": figure(draws, count_I.mean(), ratio(draws, group_I, count_I))
                }
                if is_wrong:
                    precision = right_I.sum() / has_I.sum() if has_I.any() else math.nan
                    figures = {
                        "shown": figure(draws, has_I.mean(), ratio(draws, group_I, has_I)),
                        "precision": figure(
                            draws, precision, ratio(draws, group_I, right_I, has_I)
                        ),
                    }
                cells = (name, "pairs" if is_wrong else "survived", len(part), len(draws.names_G))
                rows.append(((*cells, margin, int(has_I.sum())), figures))
    return rows


def examples(lines: Sequence[ReadLine], most: int) -> Iterator[str]:
    """Yield the strongest expectations that are right, and those that are not, with their lines."""
    every = [(line, one) for line in lines for one in line.expected]
    every.sort(key=lambda pair: (-margin_of(pair[1]), pair[0].place))
    for title, wanted in (("right", True), ("not right", False)):
        chosen = [pair for pair in every if pair[0].is_right(pair[1]) == wanted]
        for line, one in chosen[:most]:
            corrected = (
                "survived" if line.corrected is None else f"-> {visible(line.corrected.strip())}"
            )
            yield f"{title}, {margin_of(one):.1f} nats: {expectation_line(one)}"
            yield f"  {visible(line.place)}  {visible(line.text.strip())}  {corrected}"


@click.command(cls=Command)
@options("labels", "cache", "sample", *READING)
@click.option("--examples", "most", type=click.IntRange(0), default=10, help="Of each kind.")
def expectations(
    labels: tuple[str, ...],
    cache: str,
    sample: int | None,
    seed: int,
    most: int,
    **flags: Any,
) -> None:
    """Measure expectations by margin; print CSV, then the strongest examples, good and bad.

    Pairs are lines that one token corrects. The output head is always run.
    """
    changes = read_files(labels, seed)
    reader, _ = open_reader(**flags | {"full": True})
    progress = counter("changes")
    lines: list[ReadLine] = []
    features = reader.features(None, "", {}, Path(cache))
    for done, one in enumerate(replay(changes, Settings()), 1):
        part = one if sample is None else sampling.sample(one, sample)
        lines += read_all([part], features)
        progress(done, len(changes))
    heads = ("set", "lines", "count", "groups", "margin", "with one")
    click.echo(csv_text(heads, measure(lines, seed)), nl=False)
    for text in examples(lines, most):
        click.echo(text)


if __name__ == "__main__":
    expectations()
