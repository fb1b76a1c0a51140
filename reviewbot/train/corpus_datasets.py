"""Candidates for a corpus from a Hugging Face dataset, row by row. No code of it is executed."""

from collections.abc import Iterator, Mapping
from typing import Any

from datasets import load_dataset
from datasets.exceptions import DatasetsError

from reviewbot.diff.languages import LANGUAGES
from reviewbot.errors import EnvironmentFailure, UsageError
from reviewbot.train.corpus import MAX_BYTES
from reviewbot.train.corpus_licences import in_column
from reviewbot.train.corpus_sources import Candidate

PREFIX = "hf:"
TEXTS = ("content", "code", "text")  # columns, the first that there is
PATHS = ("path", "max_stars_repo_path", "file_path", "filename")
LICENCES = ("license", "licenses", "max_stars_repo_licenses")
_LANGUAGE = ("language", "lang")
_ALIASES = {"c++": "cpp", "c#": "csharp"}
_EXTENSION = {one.name: one.extensions[0] for one in LANGUAGES if one.extensions}


def rows(source: str) -> Iterator[Candidate]:
    """Yield the rows of a dataset as files.

    source  "hf:OWNER/NAME[:SPLIT[:COLUMN]]"; NAME may be a directory of JSON lines or Parquet
    raises  UsageError for a column that is not there; EnvironmentFailure where the dataset cannot
            be read
    """
    name, _, rest = source.removeprefix(PREFIX).partition(":")
    split, _, column = rest.partition(":")
    try:
        dataset = load_dataset(name, split=split or "train", streaming=True)
        for number, row in enumerate(dataset):
            yield _candidate(name.rstrip("/").rpartition("/")[2], number, row, column)
    except (OSError, ValueError, RuntimeError, DatasetsError) as exc:
        raise EnvironmentFailure(
            f"no corpus was written: {source!r} cannot be read: {type(exc).__name__} "
            f"{str(exc)[:300]}",
            fix="check the dataset's name, its split and the network",
        ) from exc


def _candidate(name: str, number: int, row: Mapping[str, Any], column: str) -> Candidate:
    text = _first(row, (column,) if column else TEXTS)
    if not isinstance(text, str):
        raise UsageError(
            f"no corpus was written: row {number} of {name!r} has no text in "
            f"{column or ', '.join(TEXTS)}; its columns are {', '.join(map(str, row))[:300]}",
            fix="name the column: hf:OWNER/NAME:SPLIT:COLUMN",
        )
    path = _first(row, PATHS)
    if not isinstance(path, str):
        language = str(_first(row, _LANGUAGE) or "").lower()
        path = f"{number}{_EXTENSION.get(_ALIASES.get(language, language), '')}"
    data = text[: MAX_BYTES + 1].encode("utf-8", "surrogatepass")[: MAX_BYTES + 1]
    found = in_column(_first(row, LICENCES))
    return Candidate(name, path, lambda: data, lambda: found)


def _first(row: Mapping[str, Any], columns: tuple[str, ...]) -> Any:
    return next((row[one] for one in columns if row.get(one) is not None), None)
