"""`reviewbot explain --features` and `--feature`: what an artifact knows of its features."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reviewbot.app.failures import worded
from reviewbot.app.inputs import settings_root
from reviewbot.cli.console import deliver, keep_off_terminal, stdout_is_terminal
from reviewbot.config.load import from_files, load_settings
from reviewbot.errors import UsageError

if TYPE_CHECKING:
    from reviewbot.scoring.artifact import Artifact
    from reviewbot.scoring.feature_catalog import FeatureInfo

TOP = 20  # features that a terminal shows


def explain_features(
    text: str, root: Path, flags: Mapping[str, Any], style: str, output: str | None
) -> None:
    """Show all features, greatest lift first, or those that a search finds.

    text    searched in labels, examples, languages and paths; blank: all features
    root    the directory whose settings apply
    style   "terminal", "json" or "html", which is the feature browser
    raises  UsageError for a page on a terminal
    """
    from reviewbot.render.features import FeatureMatch, features_json, features_terminal, search
    from reviewbot.render.features_html import features_html
    from reviewbot.scoring.feature_catalog import by_lift

    keep_off_terminal(style, output)
    artifact, known = _known_features(flags, root)
    has = bool(artifact.packed_evidence)
    found = search(known, text) if text.strip() else [FeatureMatch(i) for i in by_lift(known)]
    top = TOP if output in (None, "-") and stdout_is_terminal() else len(found)

    def render(look: tuple[int, bool]) -> str:
        if style == "json":
            return features_json(artifact.info, _evidence_facts(artifact), found)
        if style == "html":
            names = {match.info.feature for match in found}
            shown = [info for info in known if info.feature in names]  # the page sorts them
            return features_html(shown, artifact.info, has_evidence=has)
        hidden = max(0, len(found) - top)
        width, color = look
        return features_terminal(
            found[:top], hidden=hidden, has_evidence=has, width=width, color=color
        )

    deliver(render, output, os.environ)


def explain_feature(
    name: str, root: Path, flags: Mapping[str, Any], style: str, output: str | None
) -> None:
    """Show everything an artifact knows of one feature.

    root    the directory whose settings apply
    raises  UsageError for an unknown feature
    """
    from reviewbot.render.features import FeatureMatch, feature_terminal, features_json
    from reviewbot.scoring.feature_catalog import near_names, resolve_name

    artifact, known = _known_features(flags, root)
    by_name = {info.feature: info for info in known}
    resolved = resolve_name(name, list(by_name))
    if resolved is None:
        near = near_names(name, list(by_name))
        ours = f"{artifact.info.name} has {len(by_name)}"
        raise UsageError(
            f"nothing was explained: no feature is named {name[:100]!r}; {ours}",
            fix=f"did you mean {', '.join(near)}?"
            if near
            else "`reviewbot explain --features` lists them",
        )
    info, has = by_name[resolved], bool(artifact.packed_evidence)

    def render(look: tuple[int, bool]) -> str:
        if style == "json":
            return features_json(artifact.info, _evidence_facts(artifact), [FeatureMatch(info)])
        return feature_terminal(info, has_evidence=has, width=look[0], color=look[1])

    deliver(render, output, os.environ)


def _known_features(
    flags: Mapping[str, Any], root: Path
) -> "tuple[Artifact, tuple[FeatureInfo, ...]]":
    """Load the artifact that flags, environment and settings files name, and its features.

    raises  UsageError, or ArtifactError if it is damaged or missing
    """
    from reviewbot.app.artifact import artifact_for
    from reviewbot.scoring.feature_catalog import known_features

    files = from_files(settings_root(root, has_git=True))
    settings = load_settings(os.environ, flags, files)
    with worded("nothing was shown"):
        artifact = artifact_for(settings)
        evidence = artifact.evidence()
    return artifact, known_features(
        artifact.predictor, artifact.notes, evidence, artifact.coder.features
    )


def _evidence_facts(artifact: "Artifact") -> Mapping[str, Any] | None:
    from reviewbot.scoring.feature_evidence import evidence_facts

    return evidence_facts(artifact.packed_evidence) if artifact.packed_evidence else None
