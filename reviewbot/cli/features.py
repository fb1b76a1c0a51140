"""`reviewbot features list|search|html`: what an artifact knows of its features."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reviewbot.app.failures import worded
from reviewbot.app.inputs import settings_root
from reviewbot.cli.console import deliver, keep_off_terminal, stdout_is_terminal, write_file
from reviewbot.cli.group import Group
from reviewbot.cli.setting_flags import PATH, setting_flags
from reviewbot.config.load import from_files, load_settings
from reviewbot.errors import UsageError

if TYPE_CHECKING:
    from reviewbot.scoring.artifact import Artifact
    from reviewbot.scoring.feature_catalog import FeatureInfo

SORTS = (
    "lift",
    "false-fire",
    "density",
    "weight",
    "id",
)  # as `scoring.feature_catalog.SORTS`, which needs more
TOP = 20
F = TypeVar("F", bound=Callable[..., Any])


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def features() -> None:
    """List, search and show the features behind the reasons. Loads no model."""


def _asking(command: F) -> F:
    for add in (
        click.option(
            "--output",
            metavar="FILE",
            type=PATH,
            help="Write there instead of to stdout.",
        ),
        click.option(
            "--format",
            "style",
            type=click.Choice(["terminal", "json"]),
            default="terminal",
            show_default=True,
            help="For a person, or reviewbot-features/1.",
        ),
        click.option(
            "--top",
            type=click.IntRange(1),
            metavar="N",
            help=f"How many at most; a terminal is shown {TOP}, JSON has all.",
        ),
        setting_flags("artifact"),
    ):
        command = add(command)
    return command


@features.command("list")
@_asking
@click.option("--sort", type=click.Choice(SORTS), help="By lift; without evidence, by weight.")
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

    weight: log-odds for a deviation more; at most: log-odds at its strongest; lift: how much more
    often it fires on risky lines; false: on how many of the others. docs/reasons.md says more.
    """
    from reviewbot.render.features import FeatureMatch, features_json, features_terminal
    from reviewbot.scoring.feature_catalog import order

    artifact, known = _known(flags)
    sort = sort or ("lift" if artifact.packed_evidence else "weight")
    kept = [
        FeatureMatch(one)
        for one in order(known, sort)
        if labelled in (None, bool(one.evidence.label))
    ]
    shown = kept[: _most(top, style, output)]

    def render(width: int, color: bool) -> str:
        if style == "json":
            return features_json(artifact.info, _about(artifact), shown)
        hidden, has = len(kept) - len(shown), bool(artifact.packed_evidence)
        return features_terminal(shown, hidden=hidden, has_evidence=has, width=width, color=color)

    deliver(lambda look: render(*look), output, os.environ)


@features.command()
@click.argument("text")
@_asking
def search(text: str, top: int | None, style: str, output: str | None, **flags: Any) -> None:
    """Find features by TEXT; case does not count.

    First those with it in their label, then those that fire on it, then those with it in the code
    of an example, their languages, a path; each by lift.
    """
    if not text.strip():
        raise UsageError("nothing was searched: the text is empty", fix="give a word")
    from reviewbot.render.features import features_json, features_terminal
    from reviewbot.render.features import search as search_in

    artifact, known = _known(flags)
    found = search_in(known, text)
    shown = found[: _most(top, style, output)]

    def render(width: int, color: bool) -> str:
        if style == "json":
            return features_json(artifact.info, _about(artifact), shown)
        hidden, has = len(found) - len(shown), bool(artifact.packed_evidence)
        return features_terminal(shown, hidden=hidden, has_evidence=has, width=width, color=color)

    deliver(lambda look: render(*look), output, os.environ)


@features.command()
@click.option(
    "--output",
    metavar="FILE",
    type=PATH,
    required=True,
    help="The page; - is stdout.",
)
@setting_flags("artifact")
def html(output: str, **flags: Any) -> None:
    """Write the feature browser: one page that needs nothing else."""
    from reviewbot.cli.console import emit
    from reviewbot.render.features_html import features_html

    keep_off_terminal("html", output)
    artifact, known = _known(flags)
    page = features_html(known, artifact.info, has_evidence=bool(artifact.packed_evidence))
    if output == "-":
        emit(page)
    else:
        write_file(Path(output), page)


def explain_feature(
    name: str, root: Path, flags: Mapping[str, Any], style: str, output: str | None
) -> None:
    """Say all that an artifact knows of one feature.

    root    whose settings count
    raises  UsageError for an unknown feature
    """
    from reviewbot.render.features import FeatureMatch, feature_terminal, features_json
    from reviewbot.scoring.feature_catalog import near_names, resolve_name

    artifact, known = _known(flags, root)
    by_name = {one.feature: one for one in known}
    found = resolve_name(name, list(by_name))
    if found is None:
        near = near_names(name, list(by_name))
        ours = f"{artifact.info.name} has {len(by_name)}"
        raise UsageError(
            f"nothing was explained: no feature is named {name[:100]!r}; {ours}",
            fix=f"did you mean {', '.join(near)}?"
            if near
            else "`reviewbot features list` lists them",
        )
    one = by_name[found]

    def render(width: int, color: bool) -> str:
        if style == "json":
            return features_json(artifact.info, _about(artifact), [FeatureMatch(one)])
        has = bool(artifact.packed_evidence)
        return feature_terminal(one, has_evidence=has, width=width, color=color)

    deliver(lambda look: render(*look), output, os.environ)


def _most(top: int | None, style: str, output: str | None) -> int | None:
    """Return how many features are shown; None for all: only a person wants the first ones."""
    watched = output in (None, "-") and stdout_is_terminal()
    return TOP if top is None and style != "json" and watched else top


def _known(
    flags: Mapping[str, Any], root: Path = Path()
) -> "tuple[Artifact, tuple[FeatureInfo, ...]]":
    """Load the artifact that flags, environment and settings files name, and what it knows.

    raises  UsageError, or ArtifactError for one that is damaged or is not there
    """
    from reviewbot.app.load import artifact_for
    from reviewbot.scoring.feature_catalog import known_features

    files = from_files(settings_root(root, has_git=True))
    settings = load_settings(os.environ, flags, files)
    with worded("nothing was shown"):
        artifact = artifact_for(settings)
        found = artifact.evidence()
    return artifact, known_features(
        artifact.predictor, artifact.notes, found, artifact.coder.features
    )


def _about(artifact: "Artifact") -> Mapping[str, Any] | None:
    from reviewbot.scoring.feature_evidence import evidence_facts

    return evidence_facts(artifact.packed_evidence) if artifact.packed_evidence else None
