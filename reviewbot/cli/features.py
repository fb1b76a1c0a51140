"""`reviewbot features list|search|html`: what an artifact knows of its features."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reviewbot.app.failures import worded
from reviewbot.app.inputs import settings_root
from reviewbot.cli import Group
from reviewbot.cli.console import deliver, keep_off_terminal, stdout_is_terminal
from reviewbot.cli.options import PATH, setting_flags
from reviewbot.config.load import from_files, load_settings
from reviewbot.errors import UsageError

if TYPE_CHECKING:
    from reviewbot.render.features import FeatureMatch
    from reviewbot.scoring.artifact import Artifact
    from reviewbot.scoring.feature_catalog import FeatureInfo

SORTS = ("lift", "false-fire", "density", "weight", "id")  # as in `scoring.feature_catalog`
TOP = 20
F = TypeVar("F", bound=Callable[..., Any])


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def features() -> None:
    """List, search and show the features behind the reasons. Loads no model."""


def _output_options(command: F) -> F:
    for add in (
        click.option(
            "--output",
            metavar="FILE",
            type=PATH,
            help="Write to FILE instead of stdout.",
        ),
        click.option(
            "--format",
            "style",
            type=click.Choice(["terminal", "json"]),
            default="terminal",
            show_default=True,
            help="Output format; json is reviewbot-features/1.",
        ),
        click.option(
            "--top",
            type=click.IntRange(1),
            metavar="N",
            help=f"Show at most N features; default: {TOP} on a terminal, else all.",
        ),
        setting_flags("artifact"),
    ):
        command = add(command)
    return command


@features.command("list")
@_output_options
@click.option(
    "--sort", type=click.Choice(SORTS), help="Sort by; default: lift, or weight without evidence."
)
@click.option("--labelled/--unlabelled", default=None, help="Only those with, or without, a label.")
def list_features(
    sort: str | None,
    labelled: bool | None,
    top: int | None,
    style: str,
    output: str | None,
    **flags: Any,
) -> None:
    """List features, greatest first.

    weight: log-odds per standard deviation; at most: log-odds at its strongest; lift: how much more
    often it fires on risky lines; false: share of the other lines on which it fires.
    docs/reasons.md explains them.
    """
    from reviewbot.render.features import FeatureMatch
    from reviewbot.scoring.feature_catalog import order

    artifact, known = _known_features(flags)
    ordered = order(known, sort or ("lift" if artifact.packed_evidence else "weight"))
    matches = [
        FeatureMatch(info) for info in ordered if labelled in (None, bool(info.evidence.label))
    ]
    _deliver(artifact, matches, top, style, output)


@features.command()
@click.argument("text")
@_output_options
def search(text: str, top: int | None, style: str, output: str | None, **flags: Any) -> None:
    """Find features by TEXT; case is ignored.

    Features with TEXT in their label come first, then features that fire on it, then features with
    it in the code of an example, their languages or a path; each group is sorted by lift.
    """
    if not text.strip():
        raise UsageError("nothing was searched: the text is empty", fix="give a word")
    from reviewbot.render.features import search as search_features

    artifact, known = _known_features(flags)
    _deliver(artifact, search_features(known, text), top, style, output)


@features.command()
@click.option(
    "--output", metavar="FILE", type=PATH, required=True, help="Write to FILE; - is stdout."
)
@setting_flags("artifact")
def html(output: str, **flags: Any) -> None:
    """Write the feature browser: one self-contained HTML page."""
    from reviewbot.render.features_html import features_html

    keep_off_terminal("html", output)
    artifact, known = _known_features(flags)
    page = features_html(known, artifact.info, has_evidence=bool(artifact.packed_evidence))
    deliver(lambda _look: page, output, os.environ)


def explain_feature(
    name: str, root: Path, flags: Mapping[str, Any], style: str, output: str | None
) -> None:
    """Show everything an artifact knows of one feature.

    root    the directory whose settings apply
    raises  UsageError for an unknown feature
    """
    from reviewbot.render.features import FeatureMatch, feature_terminal
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
            else "`reviewbot features list` lists them",
        )
    info, has = by_name[resolved], bool(artifact.packed_evidence)
    if style == "json":
        _deliver(artifact, [FeatureMatch(info)], None, style, output)
        return
    deliver(
        lambda look: feature_terminal(info, has_evidence=has, width=look[0], color=look[1]),
        output,
        os.environ,
    )


def _deliver(
    artifact: "Artifact",
    matches: "Sequence[FeatureMatch]",
    top: int | None,
    style: str,
    output: str | None,
) -> None:
    """Write the first `top` features; by default all, but only `TOP` on a terminal."""
    from reviewbot.render.features import features_json, features_terminal

    if top is None and style != "json" and output in (None, "-") and stdout_is_terminal():
        top = TOP
    shown = matches[:top]

    def render(look: tuple[int, bool]) -> str:
        if style == "json":
            return features_json(artifact.info, _evidence_facts(artifact), shown)
        hidden, has = len(matches) - len(shown), bool(artifact.packed_evidence)
        width, color = look
        return features_terminal(shown, hidden=hidden, has_evidence=has, width=width, color=color)

    deliver(render, output, os.environ)


def _known_features(
    flags: Mapping[str, Any], root: Path = Path()
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
