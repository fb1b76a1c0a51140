"""The model that training reads with, and what it is shown."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from reviewbot.encoders.encoder import Encoder
from reviewbot.encoders.prompt import ReadingPlan
from reviewbot.models.verify import CONVERTER, EXPORTER
from reviewbot.scoring.feature_cache import DiskCache
from reviewbot.scoring.line_features import FeatureReader
from reviewbot.scoring.sae import SparseCoder
from reviewbot.server.compatibility import kernel_variables

MAX_CACHE = 64 << 30  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """An encoder and everything that decides what it sees."""

    encoder: Encoder
    plan: ReadingPlan
    model_sha256: str
    layer: int
    full: bool
    deep: int | None = None

    def features(
        self, coder: SparseCoder | None, coder_sha256: str, sizes: Mapping[str, int], cache: Path
    ) -> FeatureReader:
        """Return what reads line features as `check` does.

        sizes  group -> columns, of `pooling.group_sizes`
        cache  directory that keeps them by content: a second experiment takes seconds
        """
        names = sorted(sizes.keys() - {"surface", "surprisal"})  # these two cost nothing to keep
        parts = [self.model_sha256, self.layer, self.deep, self.full, coder_sha256, names]
        # What the engine's name leaves out, as in `app.artifact.line_cache`.
        others = (version("numpy"), sorted(kernel_variables(os.environ).items()))
        material = f"training {parts} {(CONVERTER, EXPORTER)} {others}"
        scope = hashlib.sha256(material.encode()).hexdigest()
        return FeatureReader(
            encoder=self.encoder,
            plan=self.plan,
            coder=coder,
            groups=sizes,
            cache=DiskCache(cache, scope, MAX_CACHE),
        )
