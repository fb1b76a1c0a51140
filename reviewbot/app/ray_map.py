"""`map` for Ray Data: a class for `ray.data.Dataset.map_batches`; docs/map.md shows a program.

It imports no ray: a batch is a dictionary of columns, and Ray makes one object per actor.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import repeat
from pathlib import Path
from typing import Any

from reviewbot.app.map_changes import Scorer
from reviewbot.app.map_items import item_from


class ScoreItems:
    """Scores a batch of items after the other and keeps the model loaded."""

    def __init__(self, root: str = ".", last: int = 20, **flags: Any) -> None:
        """Find the model. Arguments and errors as for `Scorer`.

        flags   names with '_'; by default one thread, as an actor has one core
        """
        self._scorer = Scorer({"threads": "1", **flags}, Path(root), last)
        self._scorer.prepare()

    def __call__(self, batch: Mapping[str, Iterable[Any]]) -> dict[str, list[str]]:
        """Return a row for each change of a batch: "repo", "range", "report" and "error".

        batch    the column "repo", and "range" or none
        returns  a "report" as JSON or an "error" of two lines; the other one is ""
        raises   UsageError for a row that is no item
        """
        lines = [
            # Ray fills a missing range with None or NaN.
            item_from({"repo": repo} | ({"range": of} if isinstance(of, str) else {}), "a row")
            for repo, of in zip(batch["repo"], batch.get("range", repeat(None)), strict=False)
        ]
        found = [value for line in lines for _, value in self._scorer.results(line) if value]
        return {
            "repo": [one["item"]["repo"] for one in found],
            "range": [one["item"].get("range", "") for one in found],
            "report": [json.dumps(one["report"]) if "report" in one else "" for one in found],
            "error": [one.get("error", "") for one in found],
        }
